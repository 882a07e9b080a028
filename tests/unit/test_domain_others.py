"""Texts that name the first of several documents; a story is in ``tests/scenarios/matching/habits.md``."""

from __future__ import annotations

import pytest

from domain.matching.others import others_of
from tests.unit.ledger_teller import scenario


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("RE-26571 u.a.", 0),
        ("RE-26571 und weitere", 0),
        ("RE-26571 und 3 weitere", 3),
        ("RE-26571 ff.", 0),
        ("INV-26571 and others", 0),
        ("INV-26571 + 3 more", 3),
        ("INV-26571 etc", 0),
        ("FA-26571 et autres", 0),
        ("F-26571 e.a.", 0),
        ("F-26571 y 3 más", 3),
        ("FT-26571 ed altre 3", 3),
        ("FV-26571 i inne", 0),
        ("26571等", 0),
        ("26571等4张发票", 3),
        ("26571等0张发票", 0),
        ("26571及其他3张", 3),
        ("26571他3件", 3),
        ("26571ほか", 0),
        ("RE-26571 and RE-26572", None),
        ("lua 26571", None),
        ("UA26571", None),
        ("26571等待确认", None),
        ("et FA-26571", None),
    ],
)
def test_how_many_others_a_text_says_that_there_are(text: str, others: int | None) -> None:
    assert others_of(text) == others


@scenario
def test_what_falls_due_behind_the_named_document_goes_before_another_sum() -> None:
    """
    invoice  2026-01-01  INV-101  613.37
    invoice  2026-01-02  INV-102  610.87
    invoice  2026-01-03  INV-103  547.77
    invoice  2026-01-04  INV-104  300.01
    invoice  2026-01-05  INV-105  858.63
    invoice  2026-01-06  INV-106 1158.64
    payment  2026-01-15  P-1     1772.01  text "INV-101 u.a."
    => balance 2317.28
    => OVERPAYMENT INV-101 1158.64
    => match P-1 INV-101 613.37 confirmed remittance_text:exact_document
    => match P-1 INV-102 610.87 suggested paid_before
    => match P-1 INV-103 547.77 suggested paid_before
    """


@scenario
def test_nothing_is_behind_the_named_document_where_the_text_speaks_of_no_others() -> None:
    """
    invoice  2026-01-01  INV-101  613.37
    invoice  2026-01-02  RE-2102  610.87
    invoice  2026-01-03  XA-3103  547.77
    invoice  2026-01-04  KL-4104  300.01
    invoice  2026-01-05  MN-5105  858.63
    payment  2026-01-15  P-1     1772.01  text "INV-101"
    => balance 1158.64
    => OVERPAYMENT INV-101 1158.64
    => match P-1 INV-101 613.37 confirmed remittance_text:exact_document
    """


@scenario
def test_so_many_others_as_the_text_says_or_none() -> None:
    """
    invoice  2026-01-01  INV-101  613.37
    invoice  2026-01-02  INV-102  610.87
    invoice  2026-01-03  INV-103  547.77
    invoice  2026-01-04  INV-104  300.01
    invoice  2026-01-05  INV-105  858.63
    payment  2026-01-15  P-1     1772.01  text "INV-101 and 3 others"
    => balance 1158.64
    => OVERPAYMENT INV-101 1158.64
    => match P-1 INV-101 613.37 confirmed remittance_text:exact_document
    """


@scenario
def test_others_may_begin_behind_the_higher_number_of_two_that_fall_due_together() -> None:
    """
    invoice  2026-01-01  INV-101  613.37
    invoice  2026-01-01  INV-102  610.87
    invoice  2026-01-03  INV-103  547.77
    invoice  2026-01-04  INV-104  300.01
    invoice  2026-01-05  INV-105  861.13
    payment  2026-01-15  P-1     1772.01  text "INV-102 and others"
    => balance 1161.14
    => OVERPAYMENT INV-102 1161.14
    => match P-1 INV-101 613.37 suggested paid_before
    => match P-1 INV-102 610.87 confirmed remittance_text:exact_document
    => match P-1 INV-103 547.77 suggested paid_before
    """


@scenario
def test_others_are_behind_the_last_of_several_that_are_named() -> None:
    """
    invoice  2026-01-01  INV-101  613.37
    invoice  2026-01-02  INV-102  610.87
    invoice  2026-01-03  INV-103  547.77
    invoice  2026-01-04  INV-104  300.01
    invoice  2026-01-05  INV-105  847.78
    invoice  2026-01-06  INV-106  536.92
    payment  2026-01-15  P-1     2308.93  text "INV-101, INV-103 u.a."
    => balance 1147.79
    => OVERPAYMENT INV-103 1147.79
    => match P-1 INV-101 613.37 confirmed remittance_text:exact_document
    => match P-1 INV-103 547.77 confirmed remittance_text:exact_document
    => match P-1 INV-104 300.01 suggested paid_before
    => match P-1 INV-105 847.78 suggested paid_before
    """


@scenario
def test_others_may_stand_behind_the_named_document_by_their_dates() -> None:
    """
    invoice  2026-01-01  INV-101  613.37  due 2026-03-01
    invoice  2026-01-02  INV-102  610.87  due 2026-02-01
    invoice  2026-01-03  INV-103  547.77  due 2026-01-31
    invoice  2026-01-04  INV-104  300.01
    invoice  2026-01-05  INV-105  858.63
    payment  2026-01-15  P-1     1772.01  text "INV-101 u.a."
    => balance 1158.64
    => OVERPAYMENT INV-101 1158.64
    => match P-1 INV-101 613.37 confirmed remittance_text:exact_document
    => match P-1 INV-102 610.87 suggested paid_before
    => match P-1 INV-103 547.77 suggested paid_before
    """
