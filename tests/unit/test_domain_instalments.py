"""Payments that say which part of a document they are, and name none."""

from __future__ import annotations

import pytest

from domain.matching.instalments import part_of
from tests.unit.ledger_teller import scenario


@scenario
def test_a_third_of_a_document_is_shown_with_it() -> None:
    """
    invoice  2026-01-15  F/664963  25444.04
    invoice  2026-01-16  F/664964   3444.04
    payment  2026-02-01  P-77       8481.35  text "rata 1/3"
    => balance 20406.73
    => match P-77 F/664963 8481.35 suggested instalment
    """


@scenario
def test_all_parts_together_are_still_booked() -> None:
    """
    invoice  2026-01-15  F/664963  25444.04
    invoice  2026-01-16  F/664964   3444.04
    payment  2026-02-01  P-77       8481.35  text "rata 1/3"
    payment  2026-03-01  P-78       8481.35  text "rata 2/3"
    payment  2026-03-30  P-79       8481.34  text "rata 3/3"
    => balance 3444.04
    => match P-77 F/664963 8481.35 confirmed many_payments_one_document
    => match P-78 F/664963 8481.35 confirmed many_payments_one_document
    => match P-79 F/664963 8481.34 confirmed many_payments_one_document
    """


@scenario
def test_the_next_part_of_a_document_of_which_the_first_is_paid() -> None:
    """
    invoice  2026-01-15  F/664963  300.00
    invoice  2026-01-16  F/664964  300.00
    payment  2026-02-01  P-77      100.00  text "F/664963 Rate 1"
    payment  2026-02-02  P-78       80.00  text "F/664964"
    payment  2026-03-01  P-79      100.00  text "2. Rate"
    => balance 320.00
    => SHORT_PAYMENT F/664963 200.00
    => SHORT_PAYMENT F/664964 220.00
    => match P-77 F/664963 100.00 confirmed remittance_text:exact_document
    => match P-78 F/664964 80.00 confirmed remittance_text:exact_document
    => match P-79 F/664963 100.00 suggested instalment
    """


@scenario
def test_beside_a_number_that_nobody_has_a_part_is_of_that() -> None:
    """
    invoice  2026-01-15  F/664963  300.00
    invoice  2026-01-16  F/664964  311.00
    invoice  2026-01-17  F/664965   50.00
    payment  2026-02-01  P-77      100.00  text "RE-77 Rate 1/3 PO-881920"
    payment  2026-02-01  P-78       50.00  text "F/664965"
    => balance 511.00
    => UNKNOWN_REFERENCE P-77 100.00
    => match P-78 F/664965 50.00 confirmed remittance_text:exact_document
    """


@scenario
def test_of_many_documents_it_may_be_a_part_of_none_is_shown() -> None:
    """
    invoice  2026-01-01  F/1  300.00
    invoice  2026-01-02  F/2  300.00
    invoice  2026-01-03  F/3  300.00
    invoice  2026-01-04  F/4  300.00
    invoice  2026-01-05  F/5  300.00
    invoice  2026-01-06  F/6  300.00
    invoice  2026-01-07  F/7   50.00
    payment  2026-02-01  P-77      100.00  text "rata 1/3"
    payment  2026-02-01  P-78       50.00  text "F/7"
    => balance 1700.00
    => match P-78 F/7 50.00 confirmed remittance_text:exact_document
    """


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rata 1/3", (1, (3,))),
        ("acompte 2/3", (2, (3,))),
        ("Rate 2 von 4", (2, (4,))),
        ("3. Rate", (3, tuple(range(3, 13)))),
        ("1º plazo", (1, tuple(range(2, 13)))),
        ("第2期/共6期", (2, (6,))),
        ("第2回", (2, tuple(range(2, 13)))),
        ("rata 4/3", (4, ())),
        ("rata 1/13", (1, ())),
        ("rata 1/1", (1, ())),
        ("1/3", None),
        ("Januar", None),
    ],
)
def test_parts_are_told_in_words(text: str, expected: tuple[int, tuple[int, ...]] | None) -> None:
    assert part_of(text) == expected
