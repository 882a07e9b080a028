"""Matching by figures where hundreds of documents are open: few suggestions, short rows, numbers rarely compared."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter

import pytest

from domain.matching.candidates import Candidates, Document, Objection, Receipt, slips
from domain.matching.rows import in_a_row
from domain.matching.unreferenced import match
from domain.rules import MatchingRules, Rules

DAY = dt.date(2026, 3, 1)


def _document(number: int, open_minor: int) -> Document:
    date = DAY + dt.timedelta(days=number % 60)
    return Document(
        f"d{number:04}", open_minor, date, date + dt.timedelta(days=30), (f"INV{100_000 + number}",)
    )


def _receipt(key: str, left_minor: int, *named: str) -> Receipt:
    forms = tuple((name,) for name in named)
    objection = Objection.OTHER if named else Objection.NONE
    return Receipt(key, left_minor, 0, dt.date(2026, 5, 5), (), forms, 1_000_000, objection)


def _candidates(
    documents: list[Document],
    receipts: list[Receipt],
    misspelt: tuple[Receipt, ...] = (),
    **matching: int,
) -> Candidates:
    rules = Rules(matching=MatchingRules(**matching))  # type: ignore[arg-type]
    return Candidates(
        {r.key: r for r in receipts},
        {d.key: d for d in documents},
        rules,
        rules.matching.steps_max,
        misspelt={r.key: r for r in misspelt},
    )


@pytest.mark.parametrize("seed", range(3))
def test_large_payments_beside_hundreds_of_documents_have_few_suggestions(seed: int) -> None:
    rng = random.Random(seed)
    documents = [_document(n, rng.randint(5_000, 20_000)) for n in range(300)]
    receipts = [_receipt(f"r{n:02}", rng.randint(200_000, 1_800_000)) for n in range(20)]
    candidates = _candidates(documents, receipts)
    found = match(candidates)
    per_receipt = Counter(receipt for f in found for receipt in {r for r, _, _ in f.proposal.links})
    assert max(per_receipt.values(), default=0) <= 2
    assert (
        sum(len(f.proposal.links) for f in found)
        <= len(receipts) * candidates.rules.matching.candidates_max // 4
    )


@pytest.mark.parametrize(("length", "offered"), [(24, True), (25, False)])
def test_a_row_is_no_longer_than_a_search_is_wide(length: int, offered: bool) -> None:
    documents = [_document(n, 2 ** (n % 12) * 1_000 + n * n + 1) for n in range(60)]
    ordered = sorted(documents, key=lambda d: (d.due_date, d.date, d.key))
    receipt = _receipt("r", sum(d.open_minor for d in ordered[10 : 10 + length]))
    candidates = _candidates(documents, [receipt], steps_max=1_000_000)
    found = list(in_a_row(candidates, receipt, documents, share=0))
    assert [len(row.links) for row in found] == [length] * offered


def test_rows_short_of_a_deduction_are_offered_where_they_are_few() -> None:
    documents = [_document(0, 6_000), _document(1, 4_000), _document(2, 90_000)]
    receipt = _receipt("r", 9_850)
    found = list(in_a_row(_candidates(documents, [receipt]), receipt, documents, share=30_000))
    assert [row.links for row in found] == [(("r", "d0000", 6_000), ("r", "d0001", 3_850))]
    two = [*documents, _document(3, 5_000), _document(4, 5_060), _document(5, 80_000)]
    three = [*two, _document(6, 5_000), _document(7, 5_070), _document(8, 70_000)]
    four = [*three, _document(9, 5_000), _document(10, 5_080)]
    assert [len(_row(rows, 9_850)) for rows in (documents, two, three, four)] == [1, 2, 3, 0]


def test_of_rows_that_are_paid_in_full_only_one_is_offered() -> None:
    documents = [_document(0, 90_000), _document(1, 6_000), _document(2, 4_000), _document(3, 90_000)]
    assert _row(documents, 10_000) == [("d0001", "d0002")]
    receipt, two = _receipt("r", 10_000), [*documents, _document(4, 5_000), _document(5, 5_000)]
    assert not list(in_a_row(_candidates(two, [receipt]), receipt, two, share=0))


def _row(documents: list[Document], paid: int) -> list[tuple[str, ...]]:
    receipt = _receipt("r", paid)
    found = in_a_row(_candidates(documents, [receipt]), receipt, documents, share=30_000)
    return [tuple(document for _, document, _ in row.links) for row in found]


def test_a_row_less_a_usual_discount_to_the_cent_goes_before_rows_less_others() -> None:
    documents = [_document(0, 6_030), _document(1, 4_030), _document(2, 90_000), *_two_of(5_000)]
    assert _row(documents, 9_858) == [("d0000", "d0001")]  # 2 % of each, rounded to the nearest
    assert _row(documents, 9_862) == [("d0000", "d0001"), ("d0003", "d0004")]


def _two_of(figure: int) -> list[Document]:
    return [_document(3, figure), _document(4, figure + 30)]


def test_of_rows_less_a_usual_discount_the_one_from_the_oldest_on_is_offered() -> None:
    beside = [_document(2, 90_000), _document(3, 5_000), _document(4, 5_000)]
    assert _row([_document(0, 6_000), _document(1, 4_000), *beside], 9_800) == [("d0000", "d0001")]
    assert _row([_document(0, 90_000), _document(1, 6_000), *beside[1:]], 9_800) == [("d0003", "d0004")]
    middle = [_document(0, 90_001), _document(1, 6_000), _document(2, 4_000)]
    both = [("d0001", "d0002"), ("d0005", "d0006")]
    assert _row([*middle, *beside[:1], _document(5, 5_000), _document(6, 5_000)], 9_800) == both


def test_a_row_may_end_with_either_of_two_documents_that_fall_due_together() -> None:
    documents = [_document(0, 4_111), _document(1, 3_222), _document(61, 2_333), _document(2, 90_000)]
    assert _row(documents, 4_111 + 3_222) == [("d0000", "d0001")]
    assert _row(documents, 4_111 + 2_333) == [("d0000", "d0061")]


def test_no_row_is_offered_after_a_search_that_was_cut_off() -> None:
    documents = [_document(n, (1_000 if n < 9 else 2_900) + n) for n in range(12)]
    receipt = _receipt("r", sum(d.open_minor for d in documents[:8]))
    assert [f.stage for f in match(_candidates(documents, [receipt]))] == ["one_payment_many_documents"]
    assert match(_candidates(documents, [receipt], steps_max=10)) == []


def test_numbers_are_compared_only_where_the_figures_are_right() -> None:
    documents = [_document(n, 500_000 + n) for n in range(500)]
    strangers = tuple(_receipt(f"m{n:03}", 1_000 + n, f"INV{900_000 + n}") for n in range(100))
    part = _receipt("m999", 300_000, "INV100471")
    before = slips.cache_info()
    found = match(_candidates(documents, [_receipt("r", 200_417)], (part, *strangers)))
    after = slips.cache_info()
    assert [f.proposal.links for f in found] == [(("m999", "d0417", 300_000), ("r", "d0417", 200_417))]
    assert after.hits + after.misses - before.hits - before.misses <= 10
