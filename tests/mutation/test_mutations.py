"""The suite is itself tested: with a defect put into the rules, the fast tests of the rules turn red.

Each mutation is made in a copy of the package and of its tests, and the tests run there in a process of their own.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.mutation.mutation import Mutation
from tests.mutation.mutations import MUTATIONS, SHOWN_BY_FAULT_TESTS

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
#: the tests of the rules that need no other room, quick ones first
SUITE = (
    "tests/unit/test_domain_*.py",
    "tests/property/test_books_*.py",
    "tests/property/test_comparison*.py",
)
HELPERS = ("tests/unit/ledger_*.py", "tests/property/*.py", "pyproject.toml")
NEEDS_STREAMS = "test_domain_stored_book.py"
TIMEOUT_S = 120

PASSED, FAILED = 0, 1  # exit codes of pytest; anything else would mean that no test was run


def suite() -> list[str]:
    found = [path for pattern in SUITE for path in sorted(ROOT.glob(pattern)) if path.name != NEEDS_STREAMS]
    return [str(path.relative_to(ROOT)) for path in found]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The rules and their tests, to be damaged."""
    shutil.copytree(ROOT / "domain", tmp_path / "domain", ignore=shutil.ignore_patterns("__pycache__"))
    for pattern in HELPERS:
        for path in ROOT.glob(pattern):
            _copied(path, tmp_path)
    for name in suite():
        _copied(ROOT / name, tmp_path)
    return tmp_path


def _copied(path: Path, target: Path) -> None:
    place = target / path.relative_to(ROOT)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, place)


def exit_code(copy: Path, tests: Iterable[str]) -> tuple[int, str]:
    """Run ``tests`` in the copy until the first one fails."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=line", "-p", "no:cacheprovider"]
    result = subprocess.run(
        [*command, "--hypothesis-profile=mutation", *tests],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return result.returncode, result.stdout + result.stderr


def test_the_copy_is_what_is_tested_and_it_is_green(copy: Path) -> None:
    probe = copy / "tests" / "unit" / "test_domain_probe.py"
    probe.write_text(
        "import domain.decide\nimport tests.unit.ledger_teller\n\n"
        "def test_probe():\n"
        f"    assert domain.decide.__file__.startswith({str(copy)!r})\n"
        f"    assert tests.unit.ledger_teller.__file__.startswith({str(copy)!r})\n"
    )
    code, output = exit_code(copy, [str(probe.relative_to(copy)), *suite()])
    assert code == PASSED, output


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name)
def test_the_suite_turns_red_when(copy: Path, mutation: Mutation) -> None:
    source = (copy / mutation.path).read_text(encoding="utf-8")
    (copy / mutation.path).write_text(source.replace(mutation.old, mutation.new), encoding="utf-8")
    code, output = exit_code(copy, suite())
    assert code == FAILED, f"nobody saw it\n{output}"


def test_the_names_of_mutations_are_unique() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.parametrize("defect", SHOWN_BY_FAULT_TESTS)
def test_the_defects_of_the_engine_have_their_fault_test(defect: str) -> None:
    path, _, name = SHOWN_BY_FAULT_TESTS[defect].partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    assert name in {node.name for node in tree.body if isinstance(node, functions)}
