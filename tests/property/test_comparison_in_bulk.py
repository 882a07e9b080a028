"""What is found for a million rows at once is what is found row by row."""

from __future__ import annotations

from collections import Counter
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.comparison import bulk, sieve
from domain.comparison.bulk import NUMBER_BYTES_MAX, BulkRows, equal_rows
from domain.comparison.entries import OurEntries, OurSide
from domain.comparison.normalised import cores, squeezed_text
from domain.comparison.sieve import sifted
from domain.events import Source
from domain.facts import EntryKind

FIRST, LAST = 100, 103
INT64 = 2**63
numbers = (
    st.sampled_from(
        ["INV-1", "INV-1 ", "inv-1", "", "1", "\n", "A\nB", "A\0B", "\0", "发票一", "é" * 16, "\ud800"]
    )
    | st.integers(6, NUMBER_BYTES_MAX + 2).map("INV-2026-0001".zfill)
    | st.text(max_size=40)
)
amounts = st.sampled_from([0, 1, -1, INT64 - 1, -INT64]) | st.integers(-INT64, INT64 - 1)
days = st.integers(FIRST - 1, LAST + 1)
rows = st.lists(st.tuples(numbers, amounts, days), min_size=1, max_size=30)


def _told_by_bytes(number: str) -> bool:
    length = len(number.encode("utf-8", "surrogatepass"))
    return 0 < length <= NUMBER_BYTES_MAX and not {"\n", "\0"} & set(number)


@given(rows, rows, st.data())
def test_the_pairs_are_the_rows_that_each_side_has_once(
    ours: list[tuple[str, int, int]], others: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    theirs = data.draw(st.permutations(ours + others).map(lambda mixed: mixed[: len(ours)]))
    unsure = data.draw(
        st.binary(min_size=len(ours), max_size=len(ours)).map(lambda b: bytes(x & 1 for x in b))
    )
    found = equal_rows(
        BulkRows(*zip(*ours, strict=True)), BulkRows(*zip(*theirs, strict=True)), FIRST, LAST, unsure
    )
    once_here, once_there = Counter(ours), Counter(theirs)
    wanted = {
        (theirs.index(row), place)
        for place, row in enumerate(ours)
        if once_here[row] == once_there[row] == 1
        and _told_by_bytes(row[0])
        and FIRST <= row[2] <= LAST
        and not unsure[place]
    }
    assert {(place, row) for place, row in enumerate(found.row_of) if row >= 0} == wanted
    assert {(place, row) for row, place in enumerate(found.place_of) if place >= 0} == wanted
    assert found.unpaired == set(range(len(ours))) - {row for _, row in wanted}
    assert found.others == sorted(set(range(len(theirs))) - {place for place, _ in wanted})


def test_rows_that_share_a_print_by_chance_are_no_pair() -> None:
    """Every print is the same without its factors: two rows that differ meet, and are told apart by their words."""
    with patch.object(bulk, "_MIX", np.uint64(0)):
        ours, theirs = BulkRows(["INV-1"], [100], [FIRST]), BulkRows(["INV-2"], [100], [FIRST])
        long = BulkRows(["INV-2026-0000-0001"], [100], [FIRST])
    for other in (theirs, long):
        for pair in ((ours, other), (other, ours)):
            found = equal_rows(*pair, FIRST, LAST, b"\0")
            assert (list(found.row_of), found.unpaired, found.others) == ([-1], {0}, [0])


@pytest.mark.parametrize("form", ["{:03d}-2026-{:03d}", "AB-2026-{:03d}-{:03d}", "AB2026{:03d}XY-{:03d}"])
def test_numbers_that_differ_where_words_end_keep_their_own_prints(form: str) -> None:
    numbers = [form.format(first, last) for first in range(300) for last in range(300)]
    rows = BulkRows(numbers, [100] * len(numbers), [FIRST] * len(numbers))
    assert len(set(rows.prints.tolist())) == len(numbers)


references = st.lists(
    st.text(max_size=12) | st.from_regex(r"[A-Za-z]{0,3}[-/ ]?0*[0-9A-Z]{0,10}", fullmatch=True), max_size=40
)


@given(references, references)
@example(["INV-00000000001"], ["1", "12345678901"])
def test_no_number_with_a_wanted_core_is_sifted_out(of_ours: list[str], asked: list[str]) -> None:
    wanted = set(cores(squeezed_text(asked))) - {""}
    with patch.object(sieve, "PIECE", 7):
        found = sifted(of_ours, wanted)
    assert found == sorted(set(found))
    forms = cores(squeezed_text(of_ours)) if of_ours else []
    assert set(found) >= {place for place, form in enumerate(forms) if form in wanted}


def test_few_pass_that_have_no_wanted_core() -> None:
    many = [f"INV-{number:07d}" for number in range(20_000)]
    found = sifted(many, {"12345", "777", "X9999999999"})
    assert {777, 12_345} <= set(found)
    assert len(found) < 500


@pytest.mark.parametrize("kept", [3, 100_000])
def test_large_and_small_accounts_answer_to_the_same_references(kept: int) -> None:
    entries = OurEntries()
    for number in ("INV-0001001", "1001", "RE-77", "INV\n1001", "发票一", "12", "ABC"):
        entries.add(EntryKind.INVOICE, number, (), [], Source("t", 0, 0))
    with patch("domain.comparison.entries.PIECE", kept):
        assert OurSide(entries).rows_answering(["inv 1001", "re77", "发票一", "12", "abc"]) == {
            0,
            1,
            2,
            3,
            4,
            5,
            6,
        }
