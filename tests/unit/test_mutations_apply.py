"""The list of mutations follows the code: each replaces a text that stands exactly once where it is said to stand."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutation.mutation import Mutation
from tests.mutation.mutations import MUTATIONS
from tests.mutation.trial import HELPERS, suite

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name)
def test_a_mutation_applies(mutation: Mutation) -> None:
    source = (ROOT / mutation.path).read_text(encoding="utf-8")
    assert source.count(mutation.old) == 1, "mend the list in tests/mutation/mutations.py"
    compile(source.replace(mutation.old, mutation.new), mutation.path, "exec")


@pytest.mark.parametrize("name", suite())
def test_what_the_tests_of_the_rules_import_is_in_the_copy(name: str) -> None:
    copied = {path for pattern in HELPERS for path in ROOT.glob(pattern)} | {ROOT / one for one in suite()}
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    modules = [node.module for node in tree.body if isinstance(node, ast.ImportFrom) and node.module]
    ours = [module for module in modules if module.startswith("tests.") and module != "tests.unit"]
    assert [m for m in ours if ROOT / f"{m.replace('.', '/')}.py" not in copied] == []
    assert not any(module.startswith(("services.", "streams.")) for module in modules)
