"""Of the rows of a key the newest, by columns as one by one, whatever the keys are and however many of them collide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.projector.columns import folding
from services.projector.columns.folding import Ints, Words
from services.projector.columns.table import Column, Numbers, Spans

#: the same up to a word's end or a zero byte, empty, beyond ASCII, longer than is read by words
NAMES = ["", "a", "a\0", "a\0\0", "C-1234567", "C-12345678", "C-123456789", "客户", "x" * 256, "x" * 257]
ROWS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES[:4]), st.integers(-1, 1), st.integers(1, 4)),
    max_size=40,
)


def columns_of(rows: Sequence[tuple[str, str, int, int]]) -> tuple[list[Column], Ints]:
    names, others, numbers, versions = zip(*rows, strict=True) if rows else ((), (), (), ())
    keys: list[Column] = [
        Spans.joined("text", [name.encode() for name in names]),
        Spans.joined("text", [other.encode() for other in others]),
        Numbers.of("int8", numbers),
    ]
    return keys, np.array(versions, np.int64)


def expected(rows: Sequence[tuple[str, str, int, int]]) -> list[int]:
    found: dict[tuple[str, str, int], int] = {}
    for place, (name, other, number, version) in enumerate(rows):
        known = found.setdefault((name, other, number), place)
        if rows[known][3] <= version:
            found[name, other, number] = place
    return list(found.values())


def places(found: Ints | None, count: int) -> list[int]:
    return list(range(count)) if found is None else found.tolist()


@given(rows=ROWS)
def test_by_columns_and_one_by_one_find_the_newest_of_each_key_in_the_order_of_the_keys(
    rows: list[tuple[str, str, int, int]],
) -> None:
    keys, versions = columns_of(rows)
    assert places(folding.newest_one_by_one(keys, versions), len(rows)) == expected(rows)
    if rows:
        assert places(folding.newest(keys, versions, few=1), len(rows)) == expected(rows)


@given(rows=ROWS.filter(lambda rows: len(rows) > 1))
def test_keys_that_collide_are_told_apart(rows: list[tuple[str, str, int, int]]) -> None:
    keys, versions = columns_of(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folding, "_hashes", lambda words: np.zeros_like(words[0]))
        assert places(folding.newest(keys, versions, few=1), len(rows)) == expected(rows)


def test_many_keys_need_no_dictionary(monkeypatch: pytest.MonkeyPatch) -> None:
    def unwanted(keys: object, versions: object) -> None:
        raise AssertionError("one by one")

    monkeypatch.setattr(folding, "newest_one_by_one", unwanted)
    rows = [(f"C-{n % 700}", "EUR", n % 2, 1 + n % 3) for n in range(5_000)]
    keys, versions = columns_of(rows)
    assert places(folding.newest(keys, versions), len(rows)) == expected(rows)
    assert folding.newest(*columns_of(rows[:700])) is None


@pytest.mark.parametrize("count", [1_000, 20_000])
def test_keys_that_are_alike_hash_apart(count: int) -> None:
    keys, _ = columns_of([(f"C-{n:07}", "EUR", n, 1) for n in range(count)])
    for key in keys[::2]:
        words: list[Words] | None = key.words()
        assert words is not None
        assert len(np.unique(folding._hashes(words))) == count
