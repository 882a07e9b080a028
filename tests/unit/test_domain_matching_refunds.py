"""Refunds: which payment or credit note each one gives back."""

from __future__ import annotations

from tests.unit.ledger_teller import scenario


@scenario
def test_a_refund_takes_what_is_left_of_its_payment() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77      130.00  pays INV-1001 130.00
    => balance -30.00
    => OVERPAYMENT INV-1001 30.00
    refund   2026-01-25  R-1        30.00  of_payment P-77
    => balance 0
    -> RETRACTED OVERPAYMENT INV-1001 30.00
    => match P-77 INV-1001 100.00 confirmed exact_document
    => match P-77 R-1 30.00 confirmed refund_of_original
    """


@scenario
def test_a_refund_of_a_document_takes_from_its_payers_in_order() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-78      110.00  pays INV-1001 110.00
    payment  2026-01-21  P-77       20.00  pays INV-1001 20.00
    refund   2026-01-25  R-1        30.00  of INV-1001
    => balance 0
    => match P-78 INV-1001 100.00 confirmed exact_document
    => match P-78 R-1 10.00 confirmed refund_of_original
    => match P-77 R-1 20.00 confirmed refund_of_original
    """


@scenario
def test_a_refund_of_a_payment_and_a_document_takes_from_that_payment_alone() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77      110.00  pays INV-1001 110.00
    payment  2026-01-21  P-78       20.00  pays INV-1001 20.00
    refund   2026-01-25  R-1        20.00  of_payment P-78  of INV-1001
    => balance -10.00
    => OVERPAYMENT INV-1001 10.00
    => match P-77 INV-1001 100.00 confirmed exact_document
    => match P-78 R-1 20.00 confirmed refund_of_original
    """


@scenario
def test_a_refund_may_name_its_payment_as_the_document() -> None:
    """
    payment  2026-01-20  P-77  30.00
    refund   2026-01-25  R-1   30.00  of P-77
    => balance 0
    => match P-77 R-1 30.00 confirmed refund_of_original
    """


@scenario
def test_a_refund_takes_what_is_left_of_the_credit_notes_of_its_document() -> None:
    """
    order        2026-01-05  INV-1001  100.00
    payment      2026-01-20  P-77      100.00  pays INV-1001 100.00
    credit_note  2026-01-25  CN-1       30.00  of INV-1001
    refund       2026-01-28  R-1        30.00  of INV-1001
    => balance 0
    => match P-77 INV-1001 100.00 confirmed exact_document
    => match CN-1 R-1 30.00 confirmed refund_of_original
    """


@scenario
def test_a_refund_takes_from_the_credit_note_that_it_names() -> None:
    """
    order        2026-03-01  INV-1052  1000.00
    payment      2026-03-20  P-77      1000.00  text "INV-1052"
    credit_note  2026-03-25  CN-69      576.06  of INV-1052
    refund       2026-04-02  RF-1       576.06  of CN-69
    => balance 0
    => match P-77 INV-1052 1000.00 confirmed remittance_text:exact_document
    => match CN-69 RF-1 576.06 confirmed refund_of_original
    """


@scenario
def test_a_refund_that_names_two_credit_notes_at_once_takes_from_neither() -> None:
    """
    credit_note  2026-03-25  CN-1069  30.00
    credit_note  2026-03-26  CN/1069  40.00
    refund       2026-04-02  RF-1     10.00  of "CN 1069"
    => balance -60.00
    => item CN-1069 30.00 of 30.00 OPEN due 2026-03-25
    => item CN/1069 40.00 of 40.00 OPEN due 2026-03-26
    => item RF-1 10.00 of 10.00 OPEN due 2026-05-02
    """


@scenario
def test_a_refund_of_a_number_that_two_payments_bear_takes_from_the_earlier_one() -> None:
    """
    payment  2026-01-22  P-77  30.00  from till
    payment  2026-01-20  P-77  40.00  from bank
    refund   2026-01-25  R-1   10.00  of_payment P-77
    => balance -60.00
    => DUPLICATE P-77 30.00
    => item P-77 30.00 of 40.00 PARTIALLY_ALLOCATED due 2026-01-20
    => item P-77 30.00 of 30.00 OPEN due 2026-01-22
    => item R-1 0 of 10.00 CLEARED due 2026-02-24
    """


@scenario
def test_a_refund_that_names_two_payments_at_once_takes_from_neither() -> None:
    """
    payment  2026-01-20  P-1001   30.00
    payment  2026-01-20  WIRE-1001  30.00
    refund   2026-01-25  R-1      30.00  of_payment 1001
    => balance -30.00
    => item P-1001 30.00 of 30.00 OPEN due 2026-01-20
    => item WIRE-1001 30.00 of 30.00 OPEN due 2026-01-20
    => item R-1 30.00 of 30.00 OPEN due 2026-02-24
    """
