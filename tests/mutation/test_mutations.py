"""The suite is itself tested: with a defect put into the rules, the fast tests of the rules turn red."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutation.mutation import Mutation
from tests.mutation.mutations import MUTATIONS, SHOWN_BY_FAULT_TESTS
from tests.mutation.trial import FAILED, PASSED, ROOT, copied, killers, outcome, suite, tried

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return copied(tmp_path)


def test_the_copy_is_what_is_tested_and_it_is_green(copy: Path) -> None:
    probe = copy / "tests" / "unit" / "test_domain_probe.py"
    probe.write_text(
        "import domain.decide\nimport tests.unit.ledger_teller\n\n"
        "def test_probe():\n"
        f"    assert domain.decide.__file__.startswith({str(copy)!r})\n"
        f"    assert tests.unit.ledger_teller.__file__.startswith({str(copy)!r})\n"
    )
    code, output = outcome(copy, [str(probe.relative_to(copy)), *suite()])
    assert code == PASSED, output


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name)
def test_the_suite_turns_red_when(copy: Path, mutation: Mutation) -> None:
    code, output = tried(copy, mutation, killers())
    assert code == FAILED, f"nobody saw it\n{output}"


def test_the_names_of_mutations_are_unique() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.parametrize("defect", SHOWN_BY_FAULT_TESTS)
def test_the_defects_of_the_engine_have_their_fault_test(defect: str) -> None:
    path, _, name = SHOWN_BY_FAULT_TESTS[defect].partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    assert name in {node.name for node in tree.body if isinstance(node, functions)}
