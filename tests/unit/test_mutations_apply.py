"""The list of mutations follows the code: each replaces a text that stands exactly once where it is said to stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.mutations import MUTATIONS, Mutation

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name)
def test_a_mutation_applies(mutation: Mutation) -> None:
    source = (ROOT / mutation.path).read_text(encoding="utf-8")
    assert source.count(mutation.old) == 1, "mend the list in tests/mutation/mutations.py"
    compile(source.replace(mutation.old, mutation.new), mutation.path, "exec")
