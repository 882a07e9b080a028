"""Letters that are taken for figures: O, I, l, S, B and Z."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.archive.notes import Notes
from domain.matching.forms import DocumentIndex, ReferenceRule, look_alikes
from domain.matching.open_numbers import OpenNumbers
from domain.matching.pointers import pointers
from tests.unit.ledger_teller import scenario

DAY = dt.date(2026, 4, 10)


@scenario
def test_letters_that_look_like_figures_are_such() -> None:
    """
    invoice  2026-01-01  RE-10035   932.46
    invoice  2026-01-02  RE-10059  1661.82
    invoice  2026-01-03  RE-10070   802.18
    invoice  2026-01-04  RE-10071   802.99
    payment  2026-01-18  P-77      3396.46  text "RE-1OO35, RE-1OO59, RE-1OO7O"
    => balance 802.99
    => match P-77 RE-10035 932.46 confirmed remittance_text:normalised_document
    => match P-77 RE-10059 1661.82 confirmed remittance_text:normalised_document
    => match P-77 RE-10070 802.18 confirmed remittance_text:normalised_document
    """


@scenario
def test_a_part_of_a_number_with_such_letters_is_a_part_of_its_document() -> None:
    """
    invoice  2025-11-30  0541035   932.46
    invoice  2025-12-09  0541059  1661.82
    payment  2025-12-18  P-77      500.00  text "O54IO35"
    => balance 2094.28
    => SHORT_PAYMENT 0541035 432.46
    => match P-77 0541035 500.00 confirmed remittance_text:normalised_document
    """


def meant(reference: str, *numbers: str) -> tuple[tuple[str, ...], ReferenceRule]:
    found = DocumentIndex([(number, [number]) for number in numbers]).resolve(reference)
    return found.keys, found.rule


def test_the_first_letters_may_be_the_prefix() -> None:
    assert meant("SI-lO035", "SI-10035") == (("SI-10035",), ReferenceRule.SQUEEZED)
    assert meant("S1OO35", "510035") == (("510035",), ReferenceRule.SQUEEZED)
    assert meant("SI0035", "SI-10035") == ((), ReferenceRule.EXACT)


def test_figures_alone_are_a_bare_number() -> None:
    assert meant("1OO35", "RE-10035") == (("RE-10035",), ReferenceRule.BARE)
    assert meant("FA-1OO35", "RE-10035") == ((), ReferenceRule.EXACT)


def test_of_two_documents_that_it_looks_like_it_is_neither() -> None:
    assert meant("SI-OO35", "510035", "SI-0035") == ((), ReferenceRule.EXACT)
    assert meant("1OO35", "RE-10035", "FA-10035") == ((), ReferenceRule.EXACT)


def test_letters_grown_on_are_no_figures() -> None:
    assert meant("INV-1001B", "INV-1001", "INV-10018") == ((), ReferenceRule.EXACT)
    assert meant("INV-1001B", "INV-10018") == (("INV-10018",), ReferenceRule.SQUEEZED)


@pytest.mark.parametrize("word", ["B2B", "SOS1", "BOBBI", "B1O", "ISO9", "10035", "RE-10035X"])
def test_a_word_of_few_figures_is_a_word(word: str) -> None:
    assert look_alikes(word) == ()


def test_sealed_records_are_asked_for_what_a_number_looks_like() -> None:
    asked, answered = Notes(), Notes()
    DocumentIndex([], asked).resolve("RE-1OO35")
    DocumentIndex([("D", ["RE-10035"])]).note_answers(answered)
    assert not asked.asked.isdisjoint(answered.answered)


@pytest.mark.parametrize(
    ("text", "found"),
    [("1OO35", ["RE-26-10035"]), ("10O35, l0036", ["RE-26-10035"]), ("1003B", [])],
)
def test_such_letters_between_figures_point_to_a_running_number(text: str, found: list[str]) -> None:
    numbers = OpenNumbers([(number, [number], DAY) for number in ("RE-26-10035", "RE-26-10038")], None)
    first = next(pointers(text, [], DAY, frozenset(), (), numbers))
    assert [key for pointer in first for key in pointer.keys] == found
    named = next(pointers(text, [], DAY, frozenset({"1OO35", "10O35"}), (), numbers))
    assert not [pointer for pointer in named if pointer.rule == "running_number"]
