"""Which receipts and credits settle which documents. Tables as ``ledger_language`` reads them."""

from __future__ import annotations

from tests.unit.ledger_teller import scenario


@scenario
def test_remittance_allocations_claim_their_amounts() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-06  INV-1002   50.00
    payment  2026-01-20  P-77      150.00  pays INV-1001 100.00  pays INV-1002 50.00
    => balance 0
    => match P-77 INV-1001 100.00 confirmed exact_document
    => match P-77 INV-1002 50.00 confirmed exact_document
    => item INV-1001 0 of 100.00 CLEARED due 2026-02-04
    => item INV-1002 0 of 50.00 CLEARED due 2026-02-05
    => item P-77 0 of 150.00 CLEARED due 2026-01-20
    """


@scenario
def test_what_a_payment_never_claims_is_unapplied_cash_and_no_discrepancy() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77      130.00  pays INV-1001 100.00
    payment  2026-01-21  P-78       10.00
    => balance -40.00
    => item INV-1001 0 of 100.00 CLEARED due 2026-02-04
    => item P-77 30.00 of 130.00 PARTIALLY_ALLOCATED due 2026-01-20
    => item P-78 10.00 of 10.00 OPEN due 2026-01-21
    """


@scenario
def test_a_document_answers_to_its_order_and_its_invoice_number() -> None:
    """
    order    2026-01-05  D-1   100.00  order_id SO-55  invoice_no INV-1001
    order    2026-01-05  D-2    50.00  order_id SO-56  invoice_no INV-1002
    payment  2026-01-20  P-77  150.00  pays SO-55 100.00  pays INV-1002 50.00
    => balance 0
    => match P-77 D-1 100.00 confirmed exact_document
    => match P-77 D-2 50.00 confirmed exact_document
    """


@scenario
def test_case_spaces_and_signs_do_not_matter() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77      100.00  pays "inv 1001" 100.00
    => balance 0
    => match P-77 INV-1001 100.00 confirmed normalised_document
    """


@scenario
def test_prefix_and_leading_zeros_do_not_matter() -> None:
    """
    order    2026-01-05  INV-001001  100.00
    payment  2026-01-20  P-77        100.00  pays 1001 100.00
    => balance 0
    => match P-77 INV-001001 100.00 confirmed bare_number
    """


@scenario
def test_two_digits_are_too_little_to_name_a_document() -> None:
    """
    order    2026-01-05  INV-42  100.00
    payment  2026-01-20  P-77    100.00  pays 42 100.00
    => balance 0
    => UNKNOWN_REFERENCE P-77 100.00
    """


@scenario
def test_the_exact_number_wins_over_a_normalised_one() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-06  INV1001   100.00
    payment  2026-01-20  P-77      100.00  pays INV1001 100.00
    => balance 100.00
    => match P-77 INV1001 100.00 confirmed exact_document
    """


@scenario
def test_an_ambiguous_reference_stays_suggested() -> None:
    """
    order    2026-01-05  INV-1001   100.00
    order    2026-01-06  RE-1001    100.00
    payment  2026-01-20  P-77       100.00  pays 1001 100.00
    => balance 100.00
    => match P-77 INV-1001 100.00 suggested bare_number
    => match P-77 RE-1001 100.00 suggested bare_number
    => item INV-1001 100.00 of 100.00 OPEN due 2026-02-04
    => item RE-1001 100.00 of 100.00 OPEN due 2026-02-05
    => item P-77 100.00 of 100.00 OPEN due 2026-01-20
    """


@scenario
def test_a_document_that_comes_late_makes_a_reference_ambiguous() -> None:
    """
    order    2026-01-05  INV-1001   100.00
    payment  2026-01-20  P-77       100.00  text "1001"
    => balance 0
    => match P-77 INV-1001 100.00 confirmed remittance_text:bare_number
    order    2026-01-04  RE-1001     60.00
    => balance 60.00
    => match P-77 INV-1001 100.00 suggested remittance_text:bare_number
    => match P-77 RE-1001 60.00 suggested remittance_text:bare_number
    """


@scenario
def test_nothing_is_suggested_for_a_document_of_amount_zero() -> None:
    """
    order    2026-01-05  INV-1001   100.00
    order    2026-01-06  RE-1001      0.00
    payment  2026-01-20  P-77       100.00  pays 1001 100.00
    => balance 0
    => match P-77 INV-1001 100.00 suggested bare_number
    """


@scenario
def test_a_suggestion_gives_way_to_what_is_booked() -> None:
    """
    order    2026-01-05  INV-1001   100.00
    order    2026-01-06  RE-1001    100.00
    payment  2026-01-20  P-77       100.00  pays 1001 40.00  pays INV-1001 60.00
    => balance 100.00
    => SHORT_PAYMENT INV-1001 40.00
    => match P-77 INV-1001 60.00 confirmed exact_document
    => match P-77 RE-1001 40.00 suggested bare_number
    """


@scenario
def test_the_same_document_claimed_twice_in_one_payment_adds_up() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77      100.00  pays INV-1001 60.00  pays INV-1001 40.00
    => balance 0
    => match P-77 INV-1001 100.00 confirmed exact_document
    """


@scenario
def test_a_text_that_names_one_document_claims_the_whole_amount_on_it() -> None:
    """
    order    2026-01-05  INV-1001  121.00
    payment  2026-01-20  P-77      120.50  text "inv 1001 less 0.50"
    => balance 0.50
    => SHORT_PAYMENT INV-1001 0.50
    => match P-77 INV-1001 120.50 confirmed remittance_text:normalised_document
    """


@scenario
def test_a_text_that_names_several_documents_pays_the_oldest_due_first() -> None:
    """
    order    2026-01-05  INV-1001  100.00  due 2026-03-01
    order    2026-01-06  INV-1002   50.00  due 2026-02-01
    payment  2026-01-20  P-77      120.00  text "INV-1001, INV-1002"
    => balance 30.00
    => SHORT_PAYMENT INV-1001 30.00
    => match P-77 INV-1002 50.00 confirmed remittance_text:exact_document
    => match P-77 INV-1001 70.00 confirmed remittance_text:exact_document
    """


@scenario
def test_what_a_text_pays_too_much_stays_on_the_last_document() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-06  INV-1002   50.00
    payment  2026-01-20  P-77      170.00  text "INV-1001+INV-1002"
    => balance -20.00
    => OVERPAYMENT INV-1002 20.00
    """


@scenario
def test_numbers_joined_by_a_slash_are_read_one_by_one() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-06  INV-1002   50.00
    payment  2026-01-20  P-77      150.00  text "Rechnungen 1001/1002"
    => balance 0
    => match P-77 INV-1001 100.00 confirmed remittance_text:bare_number
    => match P-77 INV-1002 50.00 confirmed remittance_text:bare_number
    """


@scenario
def test_references_are_found_in_chinese_text() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-06  FP-20260  80.00
    payment  2026-01-20  P-77      180.00  text "支付发票INV-1001和20260号货款"
    => balance 0
    => match P-77 INV-1001 100.00 confirmed remittance_text:exact_document
    => match P-77 FP-20260 80.00 confirmed remittance_text:bare_number
    """


@scenario
def test_amounts_and_dates_in_a_text_are_no_references() -> None:
    """
    order    2026-01-03  INV-2026  100.00
    order    2026-01-03  INV-1250  100.00
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77      100.00  text "INV-1001 of 2026-01 EUR 1250.00, 2026/01/20"
    => balance 200.00
    => match P-77 INV-1001 100.00 confirmed remittance_text:exact_document
    """


@scenario
def test_a_document_named_twice_in_a_text_is_one_claim() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77      100.00  text "INV-1001 (inv 1001)"
    => balance 0
    => match P-77 INV-1001 100.00 confirmed remittance_text:exact_document
    """


@scenario
def test_a_payment_does_not_pay_itself() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-777      40.00  text "our payment P-777"
    => balance 60.00
    => item INV-1001 100.00 of 100.00 OPEN due 2026-02-04
    => item P-777 40.00 of 40.00 OPEN due 2026-01-20
    """


@scenario
def test_allocations_count_and_the_text_is_then_not_read() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-05  INV-1002  100.00
    payment  2026-01-20  P-77      100.00  pays INV-1001 100.00  text "INV-1002"
    => balance 100.00
    => match P-77 INV-1001 100.00 confirmed exact_document
    """


@scenario
def test_earlier_payments_are_served_first_whatever_arrives_first() -> None:
    """
    payment  2026-01-21  P-78      100.00  pays INV-1001 100.00
    payment  2026-01-20  P-77       80.00  pays INV-1001 80.00
    order    2026-01-05  INV-1001  100.00
    => balance -80.00
    => OVERPAYMENT INV-1001 80.00
    => match P-77 INV-1001 80.00 confirmed exact_document
    => match P-78 INV-1001 20.00 confirmed exact_document
    """


@scenario
def test_on_one_day_the_hour_decides_then_the_number() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-3        60.00  at 09:30  pays INV-1001 60.00
    payment  2026-01-20  P-2        50.00  at 10:30  pays INV-1001 50.00
    payment  2026-01-20  P-1        70.00  at 10:30  pays INV-1001 70.00
    => balance -80.00
    => OVERPAYMENT INV-1001 80.00
    => match P-3 INV-1001 60.00 confirmed exact_document
    => match P-1 INV-1001 40.00 confirmed exact_document
    """


@scenario
def test_a_credit_note_is_served_on_its_date_like_a_payment() -> None:
    """
    order        2026-01-05  INV-1001  100.00
    credit_note  2026-01-10  CN-1       30.00  of INV-1001
    payment      2026-01-20  P-77       80.00  pays INV-1001 80.00
    credit_note  2026-01-25  CN-2        5.00  of INV-1001
    => balance -15.00
    => OVERPAYMENT INV-1001 10.00
    => match CN-1 INV-1001 30.00 confirmed original_document
    => match P-77 INV-1001 70.00 confirmed exact_document
    => item INV-1001 0 of 100.00 CLEARED due 2026-02-04
    => item CN-1 0 of 30.00 CLEARED due 2026-01-10
    => item P-77 10.00 of 80.00 PARTIALLY_ALLOCATED due 2026-01-20
    => item CN-2 5.00 of 5.00 OPEN due 2026-01-25
    """


@scenario
def test_of_one_day_the_credit_note_comes_before_the_payment() -> None:
    """
    order        2026-01-05  INV-1001  100.00
    payment      2026-01-20  P-77       80.00  at 08:00  pays INV-1001 80.00
    credit_note  2026-01-20  CN-1       30.00  at 09:00  of INV-1001
    => balance -10.00
    => OVERPAYMENT INV-1001 10.00
    => match CN-1 INV-1001 30.00 confirmed original_document
    => match P-77 INV-1001 70.00 confirmed exact_document
    """


@scenario
def test_invoices_that_are_paid_less_a_credit_note_of_the_first_are_all_settled() -> None:
    """
    order        2026-01-05  INV-1001  100.00
    order        2026-01-06  INV-1002   50.00
    credit_note  2026-01-10  CN-1       30.00  of INV-1001
    payment      2026-01-20  P-77      120.00  text "INV-1001, INV-1002"
    => balance 0
    => match CN-1 INV-1001 30.00 confirmed original_document
    => match P-77 INV-1001 70.00 confirmed remittance_text:exact_document
    => match P-77 INV-1002 50.00 confirmed remittance_text:exact_document
    """


@scenario
def test_a_short_payment_that_a_return_makes_up_for_is_none() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77       80.00  pays INV-1001 80.00
    => balance 20.00
    => SHORT_PAYMENT INV-1001 20.00
    return   2026-01-25  RT-1       20.00  of INV-1001
    => balance 0
    -> RETRACTED SHORT_PAYMENT INV-1001 20.00
    => item INV-1001 0 of 100.00 CLEARED due 2026-02-04
    => item P-77 0 of 80.00 CLEARED due 2026-01-20
    => item RT-1 0 of 20.00 CLEARED due 2026-01-25
    """


@scenario
def test_a_credit_note_without_an_original_stays_open() -> None:
    """
    order        2026-01-05  INV-1001  100.00
    credit_note  2026-01-10  CN-1       30.00
    => balance 70.00
    => item INV-1001 100.00 of 100.00 OPEN due 2026-02-04
    => item CN-1 30.00 of 30.00 OPEN due 2026-01-10
    """


@scenario
def test_a_credit_note_of_an_ambiguous_original_is_not_applied() -> None:
    """
    order        2026-01-05  INV-1001  100.00
    order        2026-01-05  RE-1001   100.00
    credit_note  2026-01-10  CN-1       30.00  of 1001
    => balance 170.00
    => item INV-1001 100.00 of 100.00 OPEN due 2026-02-04
    => item RE-1001 100.00 of 100.00 OPEN due 2026-02-04
    => item CN-1 30.00 of 30.00 OPEN due 2026-01-10
    """
