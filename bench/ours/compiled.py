"""Our engine's hot files and the job, compiled by mypyc from the same sources: the optional build.

The product runs as plain Python; who needs more compiles these files and nothing else changes. What is built is kept
in the work folder under a digest of its sources. Needs a C compiler.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMPILED = (
    "streams/engine/fold.py",
    "streams/engine/seen.py",
    "streams/engine/state.py",
    "bench/ours/job.py",
)
_ROOMS = ("streams", "schemas", "runtime", "domain", "bench")
_BUILT_WITHIN_S = 600


def command(work: Path) -> list[str]:
    """What runs ``bench.ours.worker`` with the compiled files; compiles them first where that was not done."""
    folder = build(work)
    start = (
        f"import runpy, sys; sys.path.insert(0, {str(folder)!r}); "
        "runpy.run_module('bench.ours.worker', run_name='__main__', alter_sys=True)"
    )
    return [sys.executable, "-c", start]


def build(work: Path) -> Path:
    """A copy of the rooms that the worker imports, with ``COMPILED`` as extension modules. Blocks for a minute."""
    digest = hashlib.sha256(sys.version.encode())
    for room in _ROOMS:
        for source in sorted((ROOT / room).rglob("*.py")):
            digest.update(source.read_bytes())
    folder = work / f"compiled-{digest.hexdigest()[:16]}"
    if (folder / "done").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    for room in _ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__", "results"))
    subprocess.run(
        [sys.executable, "-m", "mypyc", *COMPILED],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=_BUILT_WITHIN_S,
    )
    (folder / "done").touch()
    return folder
