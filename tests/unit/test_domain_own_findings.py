"""Discrepancies among our own events, and what is none. Tables as ``ledger_language`` reads them."""

from __future__ import annotations

from domain.rules import Rules
from tests.unit.ledger_teller import holds, scenario


@scenario
def test_a_payment_below_the_amount_is_short() -> None:
    """
    order    2026-01-05  INV-1001  121.00
    payment  2026-01-20  P-77      120.50  pays INV-1001 120.50
    => balance 0.50
    => SHORT_PAYMENT INV-1001 0.50
    """


@scenario
def test_instalments_are_no_duplicates() -> None:
    """
    order    2026-01-05  INV-1001  120.00
    payment  2026-01-20  P-77       40.00  pays INV-1001 40.00
    payment  2026-01-21  P-78       40.00  pays INV-1001 40.00
    => balance 40.00
    => SHORT_PAYMENT INV-1001 40.00
    payment  2026-01-22  P-79       40.00  pays INV-1001 40.00
    => balance 0
    """


@scenario
def test_an_unpaid_document_is_no_discrepancy() -> None:
    """
    order  2025-01-05  INV-1001  121.00
    => balance 121.00
    """


def test_what_the_tolerance_covers_is_not_short() -> None:
    table = """
    order    2026-01-05  INV-1001  121.00
    payment  2026-01-20  P-77      120.50  pays INV-1001 120.50
    order    2026-01-05  INV-1002  121.00
    payment  2026-01-20  P-78      120.49  pays INV-1002 120.49
    => balance 1.01
    => SHORT_PAYMENT INV-1002 0.51
    """
    holds(table, Rules(tolerance_minor=50))


@scenario
def test_a_payment_above_the_amount_is_an_overpayment() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77      110.00  pays INV-1001 110.00
    => balance -10.00
    => OVERPAYMENT INV-1001 10.00
    """


@scenario
def test_several_payments_that_are_too_much_together_are_one_overpayment() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77       90.00  pays INV-1001 90.00
    payment  2026-01-21  P-78       15.00  pays INV-1001 15.00
    payment  2026-01-22  P-79        7.00  pays INV-1001 7.00
    => balance -12.00
    => OVERPAYMENT INV-1001 12.00
    """


@scenario
def test_a_claim_beyond_the_money_claims_only_the_money() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77       60.00  pays INV-1001 100.00
    => balance 40.00
    => SHORT_PAYMENT INV-1001 40.00
    """


@scenario
def test_two_payments_with_one_end_to_end_id_are_duplicates() -> None:
    """
    order    2026-01-05  INV-1001  200.00
    payment  2026-01-20  P-77      100.00  end_to_end_id E-1  pays INV-1001 100.00
    payment  2026-01-24  P-78      100.00  end_to_end_id E-1  pays INV-1001 100.00
    => balance 0
    => DUPLICATE P-78 100.00
    """


@scenario
def test_two_payments_without_an_end_to_end_id_are_no_duplicates() -> None:
    """
    order    2026-01-05  INV-1001  200.00
    payment  2026-01-20  P-77      100.00  end_to_end_id NOTPROVIDED  bank_reference NONREF  pays INV-1001 100.00
    payment  2026-01-24  P-78      100.00  end_to_end_id NOTPROVIDED  bank_reference NONREF  pays INV-1001 100.00
    => balance 0
    """


@scenario
def test_two_payments_with_one_bank_reference_are_duplicates() -> None:
    """
    payment  2026-01-20  P-77  100.00  bank_reference B-1
    payment  2026-01-25  P-78  100.00  bank_reference B-1
    => balance -200.00
    => DUPLICATE P-78 100.00
    """


@scenario
def test_a_duplicate_transfer_is_found_once_though_both_references_agree() -> None:
    """
    payment  2026-01-20  P-77  100.00  bank_reference B-1  end_to_end_id E-1
    payment  2026-01-21  P-78  100.00  bank_reference B-1  end_to_end_id E-1
    => balance -200.00
    => DUPLICATE P-78 100.00
    """


@scenario
def test_after_the_window_a_transfer_reference_may_come_again() -> None:
    """
    payment  2026-01-20  P-77  100.00  bank_reference B-1
    payment  2026-01-26  P-78  100.00  bank_reference B-1
    => balance -200.00
    """


@scenario
def test_another_amount_under_the_same_reference_is_no_duplicate() -> None:
    """
    payment  2026-01-20  P-77  100.00  bank_reference B-1
    payment  2026-01-21  P-78  100.01  bank_reference B-1
    => balance -200.01
    """


@scenario
def test_a_document_paid_twice_in_full_is_a_duplicate_and_no_overpayment() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77      100.00  pays INV-1001 100.00
    payment  2026-01-22  P-78      100.00  text "INV-1001"
    => balance -100.00
    => DUPLICATE P-78 100.00
    """


@scenario
def test_after_the_window_paying_twice_is_an_overpayment() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77      100.00  pays INV-1001 100.00
    payment  2026-01-26  P-78      100.00  pays INV-1001 100.00
    => balance -100.00
    => OVERPAYMENT INV-1001 100.00
    """


@scenario
def test_three_payments_of_one_transfer_are_two_duplicates() -> None:
    """
    payment  2026-01-20  P-77  100.00  end_to_end_id E-1
    payment  2026-01-21  P-78  100.00  end_to_end_id E-1
    payment  2026-01-26  P-79  100.00  end_to_end_id E-1
    => balance -300.00
    => DUPLICATE P-78 100.00
    => DUPLICATE P-79 100.00
    """


@scenario
def test_a_duplicate_that_was_paid_back_is_withdrawn() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77      100.00  pays INV-1001 100.00
    payment  2026-01-21  P-78      100.00  pays INV-1001 100.00
    => balance -100.00
    => DUPLICATE P-78 100.00
    refund   2026-01-28  R-1       100.00  of_payment P-78
    -> RETRACTED DUPLICATE P-78 100.00
    => balance 0
    """


@scenario
def test_one_number_on_two_records_of_a_kind_is_a_duplicate_document() -> None:
    """
    order  2026-01-05  INV-1001  100.00  from shop
    order  2026-01-07  INV-1001   90.00  from web
    => balance 190.00
    => DUPLICATE INV-1001 90.00
    """


@scenario
def test_a_payment_recorded_twice_under_its_number_is_one_finding() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77      100.00  pays INV-1001 100.00  end_to_end_id E-1  from bank
    payment  2026-01-20  P-77      100.00  pays INV-1001 100.00  end_to_end_id E-1  from till
    => balance -100.00
    => DUPLICATE P-77 100.00
    """


@scenario
def test_a_refund_recorded_twice_is_a_duplicate_that_exceeds_the_payment() -> None:
    """
    payment  2026-01-20  P-77  30.00
    refund   2026-01-25  R-1   30.00  of_payment P-77  from shop
    refund   2026-01-25  R-1   30.00  of_payment P-77  from till
    => balance 30.00
    => DUPLICATE R-1 30.00
    => REFUND_EXCEEDS_PAYMENT P-77 30.00
    """


@scenario
def test_an_invoice_and_a_payment_may_bear_one_number() -> None:
    """
    order    2026-01-05  1001  100.00
    payment  2026-01-20  1001  100.00  pays 1001 100.00
    => balance 0
    => match 1001 1001 100.00 confirmed exact_document
    """


@scenario
def test_a_duplicate_document_that_is_cancelled_is_none() -> None:
    """
    order            2026-01-05  INV-1001  100.00  from shop
    order            2026-01-07  INV-1001  100.00  from web
    => balance 200.00
    => DUPLICATE INV-1001 100.00
    order.cancelled  2026-01-08  INV-1001  100.00  from web  v 2
    -> RETRACTED DUPLICATE INV-1001 100.00
    => balance 100.00
    """


@scenario
def test_a_payment_for_a_document_that_nobody_has() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77      100.00  pays INV-1001 60.00  pays INV-9999 40.00
    => balance 0
    => SHORT_PAYMENT INV-1001 40.00
    => UNKNOWN_REFERENCE P-77 40.00
    """


@scenario
def test_one_unknown_document_claimed_twice_is_one_finding_of_the_sum() -> None:
    """
    payment  2026-01-20  P-77  100.00  pays INV-9999 30.00  pays INV-9999 40.00  pays INV-8888 5.00
    => balance -100.00
    => UNKNOWN_REFERENCE P-77 70.00
    => UNKNOWN_REFERENCE P-77 5.00
    """


@scenario
def test_a_text_with_a_number_that_nobody_has() -> None:
    """
    payment  2026-01-20  P-77  100.00  text "for INV-9999 of 2026-01-05, 100.00"
    payment  2026-01-21  P-78   50.00  text "payment of invoice 8888"
    payment  2026-01-22  P-79   40.00  text "付款 RE-7777 谢谢"
    => balance -190.00
    => UNKNOWN_REFERENCE P-77 100.00
    => UNKNOWN_REFERENCE P-78 50.00
    => UNKNOWN_REFERENCE P-79 40.00
    """


@scenario
def test_a_text_without_anything_like_a_number_is_no_finding() -> None:
    """
    payment  2026-01-20  P-77  100.00  text "many thanks, 2 items, 100.00, 8888"
    payment  2026-01-20  P-78  100.00  text "transfer E2E-4711 B-5555"  end_to_end_id E2E-4711  bank_reference B5555
    payment  2026-01-20  P-79  100.00
    => balance -300.00
    """


@scenario
def test_a_text_that_names_a_known_document_may_hold_other_numbers() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77      100.00  text "INV-1001 your offer AN-55555"
    => balance 0
    """


@scenario
def test_a_text_that_names_another_payment_is_not_unknown() -> None:
    """
    payment  2026-01-20  P-777  100.00
    payment  2026-01-21  P-778   20.00  text "rest of P-777"
    => balance -120.00
    """


@scenario
def test_refunds_and_credits_of_an_unknown_original() -> None:
    """
    refund       2026-01-25  R-1   30.00  of_payment P-9
    credit_note  2026-01-25  CN-1  20.00  of INV-9999
    return       2026-01-25  RT-1  10.00  of INV-9999
    exchange     2026-01-25  X-1    5.00  of INV-9999  difference -5.00
    => balance -5.00
    => UNKNOWN_REFERENCE R-1 30.00
    => UNKNOWN_REFERENCE CN-1 20.00
    => UNKNOWN_REFERENCE RT-1 10.00
    => UNKNOWN_REFERENCE X-1 5.00
    """


@scenario
def test_a_refund_with_one_known_original_is_not_unknown() -> None:
    """
    order    2026-01-05  INV-1001  30.00
    payment  2026-01-06  P-77      30.00  pays INV-1001 30.00
    refund   2026-01-25  R-1       30.00  of_payment P-9  of INV-1001
    => balance 30.00
    """


@scenario
def test_a_document_of_another_currency_is_a_currency_mismatch() -> None:
    """
    order    2026-01-05  INV-1001  100.00  currency USD
    payment  2026-01-20  P-77       90.00  pays INV-1001 90.00
    => balance -90.00
    => balance 100.00 USD
    => CURRENCY_MISMATCH P-77 90.00
    """


@scenario
def test_the_document_of_another_currency_may_come_late() -> None:
    """
    payment  2026-01-20  P-77       90.00  text "INV-1001"
    => balance -90.00
    => UNKNOWN_REFERENCE P-77 90.00
    order    2026-01-05  INV-1001  100.00  currency USD
    -> RETRACTED UNKNOWN_REFERENCE P-77 90.00
    -> OPENED CURRENCY_MISMATCH P-77 90.00
    => balance -90.00
    => balance 100.00 USD
    => CURRENCY_MISMATCH P-77 90.00
    """


@scenario
def test_an_unrelated_document_of_another_currency_explains_nothing() -> None:
    """
    payment  2026-01-20  P-77      90.00  pays INV-1001 90.00
    order    2026-01-05  INV-2002  50.00  currency USD
    => balance -90.00
    => balance 50.00 USD
    => UNKNOWN_REFERENCE P-77 90.00
    """


@scenario
def test_a_refund_in_another_currency_than_its_payment() -> None:
    """
    payment  2026-01-20  P-77  90.00
    refund   2026-01-25  R-1   95.00  of_payment P-77  currency USD
    => balance -90.00
    => balance 95.00 USD
    => CURRENCY_MISMATCH R-1 95.00 USD
    """


@scenario
def test_a_payment_on_a_cancelled_document_is_money_to_give_back() -> None:
    """
    order            2026-01-05  INV-1001  100.00
    order.cancelled  2026-01-10  INV-1001  100.00  v 2
    payment          2026-01-20  P-77      100.00  pays INV-1001 100.00
    => balance -100.00
    => PAYMENT_ON_CANCELLED P-77 100.00
    refund           2026-01-25  R-1       100.00  of_payment P-77
    -> RETRACTED PAYMENT_ON_CANCELLED P-77 100.00
    => balance 0
    """


@scenario
def test_money_on_a_cancelled_document_that_another_document_takes_is_not_kept_there() -> None:
    """
    order            2026-01-05  INV-1001  100.00
    order.cancelled  2026-01-10  INV-1001  100.00  v 2
    order            2026-01-11  INV-1002   70.00
    payment          2026-01-20  P-77      100.00  pays INV-1001 100.00  pays INV-1002 70.00
    => balance -30.00
    => PAYMENT_ON_CANCELLED P-77 30.00
    """


@scenario
def test_refunds_of_a_payment_beyond_it() -> None:
    """
    payment  2026-01-20  P-77  100.00
    refund   2026-01-25  R-1    60.00  of_payment P-77
    => balance -40.00
    refund   2026-01-26  R-2    55.00  of_payment P-77
    => balance 15.00
    => REFUND_EXCEEDS_PAYMENT P-77 15.00
    """


@scenario
def test_refunds_of_a_document_beyond_what_was_paid_on_it() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77      110.00  pays INV-1001 110.00
    refund   2026-01-25  R-1       115.00  of INV-1001
    => balance 105.00
    => REFUND_EXCEEDS_PAYMENT INV-1001 5.00
    """


@scenario
def test_a_refund_of_an_unpaid_document_exceeds_nothing_paid() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    refund   2026-01-25  R-1        20.00  of INV-1001
    => balance 120.00
    => REFUND_EXCEEDS_PAYMENT INV-1001 20.00
    """
