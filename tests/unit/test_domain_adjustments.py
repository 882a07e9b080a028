"""What adjustments do to the books. Tables as ``ledger_language`` reads them; told in other orders too."""

from __future__ import annotations

from tests.unit.ledger_teller import scenario


@scenario
def test_a_write_off_clears_what_is_left_open_and_the_discrepancy_with_it() -> None:
    """
    order       2026-01-05  INV-1001  121.00
    payment     2026-01-20  P-77      120.50  pays INV-1001 120.50
    => balance 0.50
    => SHORT_PAYMENT INV-1001 0.50
    adjustment  2026-02-01  ADJ-1       0.50  type write_off  side CREDIT  target INV-1001
    -> RESOLVED SHORT_PAYMENT INV-1001 0.50
    => balance 0
    => match P-77 INV-1001 120.50 confirmed exact_document
    => match ADJ-1 INV-1001 0.50 confirmed original_document
    """


@scenario
def test_a_reversal_takes_a_write_off_back_and_the_discrepancy_stands_again() -> None:
    """
    order                2026-01-05  INV-1001  121.00
    payment              2026-01-20  P-77      120.50  pays INV-1001 120.50
    adjustment           2026-02-01  ADJ-1       0.50  type write_off  side CREDIT  target INV-1001
    adjustment.reversed  2026-02-09  ADJ-1       0.50  type write_off  side CREDIT  target INV-1001
    => balance 0.50
    => balance 2026-02-08 0
    => SHORT_PAYMENT INV-1001 0.50
    """


@scenario
def test_a_write_off_of_what_was_paid_too_much() -> None:
    """
    order       2026-01-05  INV-1001  100.00
    payment     2026-01-20  P-77      100.30  pays INV-1001 100.30
    => balance -0.30
    => OVERPAYMENT INV-1001 0.30
    adjustment  2026-02-01  ADJ-1       0.30  type write_off  side DEBIT  target P-77
    => balance 0
    => match P-77 INV-1001 100.00 confirmed exact_document
    => match P-77 ADJ-1 0.30 confirmed refund_of_original
    """


@scenario
def test_manual_entries_book_on_their_side_and_settle_what_they_name() -> None:
    """
    order       2026-01-05  INV-1001  100.00
    adjustment  2026-01-06  ADJ-1      10.00  type credit  target INV-1001
    adjustment  2026-01-07  ADJ-2       3.00  type debit
    => balance 93.00
    => item INV-1001 90.00 of 100.00 PARTIALLY_ALLOCATED due 2026-02-04
    => item ADJ-1 0 of 10.00 CLEARED due 2026-01-06
    => item ADJ-2 3.00 of 3.00 OPEN due 2026-02-06
    """


@scenario
def test_an_entry_for_a_document_that_nobody_has_is_found() -> None:
    """
    adjustment  2026-01-06  ADJ-1  10.00  type credit  target INV-9
    => balance -10.00
    => UNKNOWN_REFERENCE ADJ-1 10.00
    """


@scenario
def test_a_reallocation_says_anew_what_a_payment_pays() -> None:
    """
    order       2026-01-05  INV-1001  100.00
    order       2026-01-06  INV-1002  100.00
    payment     2026-01-20  P-77      100.00  text "inv 1001"
    adjustment  2026-02-01  ADJ-1       0     type reallocation  target P-77  pays INV-1002 100.00
    => balance 100.00
    => match P-77 INV-1002 100.00 confirmed exact_document
    adjustment.reversed  2026-02-02  ADJ-1  0  type reallocation  target P-77  pays INV-1002 100.00
    => balance 100.00
    => match P-77 INV-1001 100.00 confirmed remittance_text:normalised_document
    """


@scenario
def test_an_unmatched_payment_is_unapplied_cash() -> None:
    """
    order       2026-01-05  INV-1001  100.00
    order       2026-01-05  INV-1002   20.00
    payment     2026-01-20  P-77      100.00  text "INV-1001"
    payment     2026-01-21  P-78       20.00  pays INV-1001 15.00  pays INV-1002 5.00
    adjustment  2026-02-01  ADJ-1       0     type unmatch  target P-77  bars INV-1001
    adjustment  2026-02-01  ADJ-2       0     type unmatch  target P-78  bars INV-1001
    => balance 0
    => match P-78 INV-1002 5.00 confirmed exact_document
    => item INV-1001 100.00 of 100.00 OPEN due 2026-02-04
    => item INV-1002 15.00 of 20.00 PARTIALLY_ALLOCATED due 2026-02-04
    => item P-77 100.00 of 100.00 OPEN due 2026-01-20
    => item P-78 15.00 of 20.00 PARTIALLY_ALLOCATED due 2026-01-21
    => SHORT_PAYMENT INV-1002 15.00
    """


@scenario
def test_of_instructions_about_one_payment_the_later_decides() -> None:
    """
    order       2026-01-05  INV-1001  100.00
    payment     2026-01-20  P-77      100.00  text "INV-1001"
    adjustment  2026-02-01  ADJ-1       0     type unmatch  target P-77  bars INV-1001
    adjustment  2026-02-02  ADJ-2       0     type reallocation  target P-77  pays INV-1001 100.00
    => balance 0
    => match P-77 INV-1001 100.00 confirmed exact_document
    """


@scenario
def test_an_instruction_about_a_payment_that_is_not_there_yet_waits_for_it() -> None:
    """
    order       2026-01-05  INV-1001  100.00
    adjustment  2026-02-01  ADJ-1       0     type unmatch  target P-77  bars INV-1001
    => balance 100.00
    payment     2026-01-20  P-77      100.00  text "INV-1001"
    => balance 0
    => item INV-1001 100.00 of 100.00 OPEN due 2026-02-04
    => item P-77 100.00 of 100.00 OPEN due 2026-01-20
    """


@scenario
def test_a_reallocation_resolves_what_it_clears_and_opens_what_it_leaves() -> None:
    """
    order       2026-01-05  INV-1001  100.00
    order       2026-01-06  INV-1002  100.00
    payment     2026-01-20  P-77       90.00  pays INV-1001 90.00
    => balance 110.00
    => SHORT_PAYMENT INV-1001 10.00
    adjustment  2026-02-01  ADJ-1       0     type reallocation  target P-77  pays INV-1002 90.00
    -> RESOLVED SHORT_PAYMENT INV-1001 10.00
    -> OPENED SHORT_PAYMENT INV-1002 10.00
    => balance 110.00
    => SHORT_PAYMENT INV-1002 10.00
    """


@scenario
def test_what_later_data_clears_is_retracted_even_after_an_adjustment() -> None:
    """
    order       2026-01-05  INV-1001  100.00
    payment     2026-01-20  P-77       90.00  pays INV-1001 90.00
    adjustment  2026-02-01  ADJ-1       4.00  type write_off  side CREDIT  target INV-1001
    -> UPDATED SHORT_PAYMENT INV-1001 6.00
    => balance 6.00
    => SHORT_PAYMENT INV-1001 6.00
    payment     2026-02-02  P-78        6.00  pays INV-1001 6.00
    -> RETRACTED SHORT_PAYMENT INV-1001 6.00
    => balance 0
    """


@scenario
def test_what_is_paid_after_it_was_written_off_is_told_until_the_write_off_is_reversed() -> None:
    """
    order       2026-01-05  INV-1001  100.00
    adjustment  2026-02-01  ADJ-1     100.00  type write_off  side CREDIT  target INV-1001
    => balance 0
    payment     2026-02-20  P-77       30.00  pays INV-1001 30.00
    -> OPENED OVERPAYMENT INV-1001 30.00
    => balance -30.00
    => OVERPAYMENT INV-1001 30.00
    adjustment.reversed  2026-02-21  ADJ-1  100.00  type write_off  side CREDIT  target INV-1001
    -> RESOLVED OVERPAYMENT INV-1001 30.00
    -> OPENED SHORT_PAYMENT INV-1001 70.00
    => balance 70.00
    => SHORT_PAYMENT INV-1001 70.00
    """


@scenario
def test_what_is_cancelled_after_it_was_written_off_is_told() -> None:
    """
    order            2026-01-05  INV-1001  100.00
    adjustment       2026-02-01  ADJ-1     100.00  type write_off  side CREDIT  target INV-1001
    order.cancelled  2026-02-20  INV-1001  100.00
    => balance -100.00
    => OVERPAYMENT INV-1001 100.00
    """


@scenario
def test_a_write_off_of_money_that_an_invoice_took_after_all_is_told() -> None:
    """
    payment     2026-01-20  P-77      100.00  text INV-1001
    adjustment  2026-02-01  ADJ-1     100.00  type write_off  side DEBIT  target P-77
    order       2026-01-05  INV-1001  100.00
    => balance 100.00
    => OVERPAYMENT P-77 100.00
    """


@scenario
def test_a_write_off_of_what_nobody_has_refers_to_nothing() -> None:
    """
    adjustment  2026-02-01  ADJ-1     100.00  type write_off  side CREDIT  target INV-1001
    => balance -100.00
    => UNKNOWN_REFERENCE ADJ-1 100.00
    """
