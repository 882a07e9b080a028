"""Amounts that a text states for each document that it names."""

from __future__ import annotations

import pytest

from domain.matching.forms import DocumentIndex
from domain.matching.stated import minor, stated
from tests.unit.ledger_teller import scenario

INDEX = DocumentIndex([("one", ["INV-10353"]), ("two", ["INV-10359"]), ("three", ["INV-7"])])


@scenario
def test_each_document_is_paid_the_amount_behind_it() -> None:
    """
    invoice  2026-01-05  INV-10353  146.80
    invoice  2026-01-06  INV-10359  900.00
    payment  2026-01-20  P-77       989.72  text "INV-10353 110.10 INV-10359 879.62"
    => balance 57.08
    => SHORT_PAYMENT INV-10353 36.70
    => SHORT_PAYMENT INV-10359 20.38
    => match P-77 INV-10353 110.10 confirmed remittance_text:exact_document
    => match P-77 INV-10359 879.62 confirmed remittance_text:exact_document
    """


@scenario
def test_more_than_is_open_of_a_document_is_too_much_there_and_pays_no_other() -> None:
    """
    invoice  2026-01-05  INV-10353  100.00
    invoice  2026-01-06  INV-10359  900.00
    payment  2026-01-20  P-77       989.72  text "RE 10353: EUR 110,10; RE 10359: EUR 879,62"
    => balance 10.28
    => OVERPAYMENT INV-10353 10.10
    => SHORT_PAYMENT INV-10359 20.38
    => match P-77 INV-10353 100.00 confirmed remittance_text:bare_number
    => match P-77 INV-10359 879.62 confirmed remittance_text:bare_number
    """


@scenario
def test_amounts_behind_a_credit_note_are_no_claims() -> None:
    """
    invoice      2026-01-05  INV-10353  146.80
    credit_note  2026-01-06  CN-10359    10.00
    payment      2026-01-20  P-77       120.00  text "INV-10353 110.00 CN-10359 10.00"
    => balance 16.80
    => SHORT_PAYMENT INV-10353 26.80
    => match CN-10359 INV-10353 10.00 suggested named_by_payment
    => match P-77 INV-10353 120.00 confirmed remittance_text:exact_document
    """


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("INV-10353 110.10 INV-10359 879.62", [11010, 87962]),
        (r"RMR*IV*10353**110.10\RMR*IV*10359**879.62", [11010, 87962]),
        (r"RMR*IV*10353**110.10*112.35*2.25\RMR*IV*10359**879.62*879.62*0.00", [11010, 87962]),
        ("INV-10353 989.72 total 989.72", []),
        ("10353 EUR 110,10 / 10359 EUR 879,62 / total EUR 989,72", [11010, 87962]),
        ("INV 10353 110,10 € INV 10359 879,62 €", [11010, 87962]),
        ("INV-10353 110.10 INV-10359 879.62, INV-7", []),
        ("INV-10353 110.10 INV-10353 879.62", []),
        ("INV-10353 INV-7 110.10 INV-10359 879.62", []),
        ("INV-10353 110.10 rest 879.62", []),
        ("INV-10353 110.10 INV-10359 879.63", []),
        ("INV-10353 110.10, INV-10359", []),
        ("INV-10353 0.00 INV-10359 989.72", []),
    ],
)
def test_what_a_text_states(text: str, amounts: list[int]) -> None:
    assert [amount for _, amount in stated(text, "EUR", 98972, INDEX)] == amounts


def test_whole_units_are_amounts_beside_their_currency() -> None:
    found = stated("INV-10353 JPY 1,157 INV-10359 292 JPY", "JPY", 1449, INDEX)
    assert [amount for _, amount in found] == [1157, 292]


@pytest.mark.parametrize(
    ("figures", "currency", "amount"),
    [
        ("1.157,10", "EUR", 115710),
        ("1,157", "EUR", 115700),
        ("1157", "EUR", 115700),
        ("1 157", "JPY", 1157),
        ("12.345", "KWD", 12345),
        ("1.10", "JPY", None),
        ("123.456.789.012.345", "EUR", None),
    ],
)
def test_figures_are_read_by_the_decimals_of_their_currency(
    figures: str, currency: str, amount: int | None
) -> None:
    assert minor(figures, currency) == amount
