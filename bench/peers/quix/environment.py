"""The environment of the Quix Streams peer: made once under the work folder from pinned versions."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def command(work: Path) -> list[str]:
    """The command line before the arguments. Installs the first time (needs the network). Blocks."""
    folder = work / f"quix-{hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()[:16]}"
    python, finished = folder / "bin" / "python", folder / "finished"
    if not finished.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "-r", str(_REQUIREMENTS)], check=True)
        finished.touch()
    return [str(python), "-m", "bench.peers.quix.quix_peer"]
