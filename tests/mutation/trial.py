"""Trying one mutation: the rules and their tests are copied, damaged, and run in a process of their own.

Which test file saw a mutation last is kept in ``killers.json`` and is tried first; only where it sees nothing do all
others run. So the file can be out of date without harm. Write it anew with

    python -m tests.mutation.trial
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.mutation.mutation import Mutation
from tests.mutation.mutations import MUTATIONS

ROOT: Final = Path(__file__).resolve().parents[2]
KILLERS: Final = Path(__file__).with_name("killers.json")
#: the tests of the rules that need no other room, quick ones first
SUITE: Final = (
    "tests/unit/test_domain_*.py",
    "tests/property/test_books_*.py",
    "tests/property/test_comparison*.py",
)
HELPERS: Final = ("tests/unit/ledger_*.py", "tests/property/*.py", "pyproject.toml")
NEEDS_STREAMS: Final = "test_domain_stored_book.py"
TIMEOUT_S: Final = 120

PASSED, FAILED = 0, 1  # exit codes of pytest; anything else would mean that no test was run
_SEEN_BY = re.compile(r"^FAILED ([^:\s]+)::", re.MULTILINE)


def suite() -> list[str]:
    """The files of the suite, from the root of the project."""
    found = [path for pattern in SUITE for path in sorted(ROOT.glob(pattern)) if path.name != NEEDS_STREAMS]
    return [str(path.relative_to(ROOT)) for path in found]


def copied(target: Path) -> Path:
    """The rules and their tests in ``target``, to be damaged."""
    shutil.copytree(ROOT / "domain", target / "domain", ignore=shutil.ignore_patterns("__pycache__"))
    helpers = [str(path.relative_to(ROOT)) for pattern in HELPERS for path in ROOT.glob(pattern)]
    for name in {*helpers, *suite()}:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target / name)
    return target


def outcome(copy: Path, tests: Iterable[str]) -> tuple[int, str]:
    """Run ``tests`` in the copy until the first one fails: pytest's exit code and what it printed."""
    tests = list(tests)
    # the profile is known where properties are
    profile = ["--hypothesis-profile=mutation"] * any(name.startswith("tests/property/") for name in tests)
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=line", "-p", "no:cacheprovider"]
    result = subprocess.run(
        [*command, *profile, *tests],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return result.returncode, result.stdout + result.stderr


def tried(copy: Path, mutation: Mutation, killers: dict[str, str]) -> tuple[int, str]:
    """Damage the copy; the outcome of the test file that saw this last, if it sees it still, else of all."""
    path = copy / mutation.path
    path.write_text(path.read_text(encoding="utf-8").replace(mutation.old, mutation.new), encoding="utf-8")
    first = killers.get(mutation.name)
    if first is not None:
        code, output = outcome(copy, [first])
        if code == FAILED:
            return code, output
    return outcome(copy, suite())


def killers() -> dict[str, str]:
    """Mutation -> the test file that saw it last."""
    return dict(json.loads(KILLERS.read_text(encoding="utf-8")))


def _seen_by(mutation: Mutation) -> tuple[str, str | None]:
    with tempfile.TemporaryDirectory() as folder:
        _, output = tried(copied(Path(folder)), mutation, killers())
    found = _SEEN_BY.search(output)
    return mutation.name, found[1] if found else None


def main() -> None:
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        seen = dict(pool.map(_seen_by, MUTATIONS))
    kept = {name: file for name, file in sorted(seen.items()) if file is not None}
    KILLERS.write_text(json.dumps(kept, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
    unseen = sorted(seen.keys() - kept.keys())
    if unseen:
        raise SystemExit(f"nobody saw: {'; '.join(unseen)}")


if __name__ == "__main__":
    main()
