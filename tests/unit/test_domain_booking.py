"""What each event books: sides, lives, versions, minor units. Tables as ``ledger_language`` reads them."""

from __future__ import annotations

from tests.unit.ledger_teller import scenario


@scenario
def test_an_order_is_booked_as_a_debit_when_placed() -> None:
    """
    order  2026-01-05  INV-1001  121.00  due 2026-02-04
    => balance 121.00
    => balance 2026-01-04 0
    => balance 2026-01-05 121.00
    => item INV-1001 121.00 of 121.00 OPEN due 2026-02-04
    """


@scenario
def test_an_invoice_without_a_due_date_falls_due_after_the_terms() -> None:
    """
    invoice  2026-01-05  INV-1001  121.00
    => balance 121.00
    => item INV-1001 121.00 of 121.00 OPEN due 2026-02-04
    """


@scenario
def test_fulfilment_books_nothing_and_replaces_no_version() -> None:
    """
    order            2026-01-05  INV-1001  121.00
    order.fulfilled  2026-01-09  INV-1001   50.00  v 2  !noted
    => balance 121.00
    """


@scenario
def test_a_settled_payment_is_a_credit_due_on_its_own_date() -> None:
    """
    payment  2026-01-20  P-77  120.50
    => balance -120.50
    => item P-77 120.50 of 120.50 OPEN due 2026-01-20
    """


@scenario
def test_the_gross_amount_is_booked_and_the_fee_is_between_us_and_the_bank() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77      100.00  fee 1.20  pays INV-1001 100.00
    => balance 0
    """


@scenario
def test_a_pending_payment_books_nothing_until_it_settles() -> None:
    """
    payment.pending  2026-01-19  P-77  50.00
    => balance 0
    payment.settled  2026-01-20  P-77  50.00  v 2
    => balance -50.00
    => balance 2026-01-19 0
    """


@scenario
def test_a_payment_that_fails_never_came() -> None:
    """
    order           2026-01-05  INV-1001  50.00
    payment.failed  2026-01-20  P-77      50.00  pays INV-1001 50.00
    => balance 50.00
    => item INV-1001 50.00 of 50.00 OPEN due 2026-02-04
    """


@scenario
def test_a_charge_back_takes_the_payment_back_on_its_own_date() -> None:
    """
    order                 2026-01-05  INV-1001  50.00
    payment               2026-01-20  P-77      50.00  pays INV-1001 50.00
    => balance 0
    => match P-77 INV-1001 50.00 confirmed exact_document
    payment.charged_back  2026-03-02  P-77      50.00  v 2
    => balance 50.00
    => balance 2026-03-01 0
    => item INV-1001 50.00 of 50.00 OPEN due 2026-02-04
    => item P-77 0 of 0 CANCELLED due 2026-03-02
    """


@scenario
def test_two_lives_under_one_version_number_are_two_versions() -> None:
    """
    order            2026-01-05  INV-1001  121.00
    order.amended    2026-01-06  INV-1001  100.00
    => balance 100.00
    order.cancelled  2026-01-07  INV-1001  100.00
    => balance 0
    => balance 2026-01-05 121.00
    => balance 2026-01-06 100.00
    """


@scenario
def test_an_amendment_reverses_the_old_amount_and_posts_the_new() -> None:
    """
    order          2026-01-05  INV-1001  121.00
    order.amended  2026-01-10  INV-1001   99.00  v 2
    => balance 99.00
    => balance 2026-01-09 121.00
    => item INV-1001 99.00 of 99.00 OPEN due 2026-02-09
    """


@scenario
def test_an_amendment_of_the_due_date_alone_moves_no_balance() -> None:
    """
    order          2026-01-05  INV-1001  121.00  due 2026-02-04
    order.amended  2026-01-05  INV-1001  121.00  due 2026-03-04  v 2
    => balance 121.00
    => balance 2026-01-05 121.00
    => balance 2026-01-04 0
    => item INV-1001 121.00 of 121.00 OPEN due 2026-03-04
    """


@scenario
def test_a_cancelled_order_is_taken_back_on_the_day_of_the_cancellation() -> None:
    """
    order            2026-01-05  INV-1001  121.00
    order.cancelled  2026-01-12  INV-1001  121.00  v 2
    => balance 0
    => balance 2026-01-11 121.00
    => item INV-1001 0 of 0 CANCELLED due 2026-01-12
    """


@scenario
def test_a_cancelled_order_can_be_placed_again() -> None:
    """
    order            2026-01-05  INV-1001  121.00
    order.cancelled  2026-01-12  INV-1001  121.00  v 2
    => balance 0
    order.amended    2026-01-20  INV-1001   80.00  v 3
    => balance 80.00
    => balance 2026-01-15 0
    """


@scenario
def test_a_cancellation_that_comes_first_books_nothing() -> None:
    """
    order.cancelled  2026-01-12  INV-1001  121.00  v 2
    => balance 0
    """


@scenario
def test_a_late_older_version_is_annulled() -> None:
    """
    order          2026-01-05  INV-1001  100.00
    order.amended  2026-03-05  INV-1001  130.00  v 3
    => balance 130.00
    => balance 2026-02-10 100.00
    order.amended  2026-02-05  INV-1001  120.00  v 2
    => balance 130.00
    => balance 2026-02-10 120.00
    => balance 2026-01-31 100.00
    """


@scenario
def test_a_version_between_two_equal_ones_is_booked_between_them() -> None:
    """
    order.amended  2026-01-05  INV-1001  100.00  v 3
    order          2026-01-05  INV-1001  100.00  v 1
    => balance 100.00
    order.amended  2026-01-05  INV-1001   90.00  v 2
    => balance 100.00
    order.amended  2026-01-05  INV-1001   95.00  v 4
    => balance 95.00
    """


@scenario
def test_the_number_of_a_document_may_be_amended() -> None:
    """
    order          2026-01-05  INV-1001  100.00  record o-1
    payment        2026-01-20  P-77      100.00  pays INV-1002 100.00
    => balance 0
    => UNKNOWN_REFERENCE P-77 100.00
    order.amended  2026-01-06  INV-1002  100.00  record o-1  v 2
    => balance 0
    => match P-77 INV-1002 100.00 confirmed exact_document
    """


@scenario
def test_a_settled_refund_is_a_debit() -> None:
    """
    refund.requested  2026-02-01  R-1  30.00
    => balance 0
    refund.settled    2026-02-03  R-1  30.00  v 2
    => balance 30.00
    => item R-1 30.00 of 30.00 OPEN due 2026-03-05
    refund.cancelled  2026-02-05  R-1  30.00  v 3
    => balance 0
    """


@scenario
def test_credit_notes_and_returns_are_credits() -> None:
    """
    credit_note  2026-02-01  CN-1  30.00
    return       2026-02-02  RT-1  12.00
    => balance -42.00
    """


@scenario
def test_an_exchange_books_the_difference_of_prices() -> None:
    """
    exchange  2026-02-01  X-1  80.00  difference 15.00
    exchange  2026-02-02  X-2  80.00  difference -20.00
    exchange  2026-02-03  X-3   7.00
    exchange  2026-02-04  X-4  80.00  difference 0
    => balance 2.00
    => balance 2026-02-01 15.00
    => balance 2026-02-02 -5.00
    """


@scenario
def test_a_cheaper_exchange_settles_its_original_document() -> None:
    """
    order     2026-01-05  INV-1001  100.00
    exchange  2026-02-01  X-1        80.00  difference -20.00  of INV-1001
    => balance 80.00
    => match X-1 INV-1001 20.00 confirmed original_document
    """


@scenario
def test_a_dearer_exchange_is_a_document_that_can_be_paid() -> None:
    """
    exchange  2026-02-01  X-1   80.00  difference 15.00
    payment   2026-02-10  P-77  15.00  pays X-1 15.00
    => balance 0
    => match P-77 X-1 15.00 confirmed exact_document
    """


@scenario
def test_a_document_of_amount_zero_is_legal_and_cleared_from_birth() -> None:
    """
    order    2026-01-05  INV-1001  0.00
    payment  2026-01-06  P-77      0.00  pays INV-1001 0.00
    => balance 0
    => item INV-1001 0 of 0 CLEARED due 2026-01-05
    """


@scenario
def test_yen_have_no_decimals() -> None:
    """
    currency JPY
    order    2026-01-05  INV-1001  12100
    payment  2026-01-20  P-77      12000  pays INV-1001 12000
    => balance 100
    => SHORT_PAYMENT INV-1001 100
    """


@scenario
def test_kuwaiti_dinars_have_three_decimals() -> None:
    """
    currency KWD
    order    2026-01-05  INV-1001  12.105
    payment  2026-01-20  P-77      12.100  pays INV-1001 12.100
    => balance 0.005
    => SHORT_PAYMENT INV-1001 0.005
    """


@scenario
def test_each_currency_has_an_account_of_its_own() -> None:
    """
    order    2026-01-05  INV-1001   100.00
    order    2026-01-05  INV-2001   5000    currency JPY
    payment  2026-01-20  P-77       100.00  pays INV-1001 100.00
    => balance 0
    => balance 5000 JPY
    """


@scenario
def test_the_same_event_twice_is_counted_once() -> None:
    """
    order  2026-01-05  INV-1001  121.00  id e-9
    order  2026-01-05  INV-1001  121.00  id e-9  !duplicate
    => balance 121.00
    """


@scenario
def test_the_same_version_under_another_event_id_is_a_duplicate_too() -> None:
    """
    order  2026-01-05  INV-1001  121.00  id e-8
    order  2026-01-05  INV-1001  121.00  id e-9  !duplicate
    order  2026-01-05  INV-1001  121.00  id e-9  !duplicate
    => balance 121.00
    """


@scenario
def test_one_event_id_with_two_contents_is_refused() -> None:
    """
    order  2026-01-05  INV-1001  121.00  id e-9
    order  2026-01-05  INV-1002   99.00  id e-9  !EVENT_ID_CONFLICT
    => balance 121.00
    """


@scenario
def test_a_duplicates_id_is_remembered_with_its_content() -> None:
    """
    order  2026-01-05  INV-1001  121.00  id e-8
    order  2026-01-05  INV-1001  121.00  id e-9  !duplicate
    order  2026-01-06  INV-1002   50.00  id e-9  !EVENT_ID_CONFLICT
    => balance 121.00
    """


@scenario
def test_one_version_with_two_contents_is_refused() -> None:
    """
    order  2026-01-05  INV-1001  121.00
    order  2026-01-05  INV-1001  122.00  !VERSION_CONFLICT
    => balance 121.00
    """


@scenario
def test_a_record_does_not_change_its_currency() -> None:
    """
    order          2026-01-05  INV-1001  121.00
    order.amended  2026-01-06  INV-1001  130.00  v 2  currency USD  !CURRENCY_CHANGED
    => balance 121.00
    """


@scenario
def test_two_sources_may_use_one_record_id() -> None:
    """
    order  2026-01-05  INV-1001  10.00  record 7  from shop
    order  2026-01-05  INV-2001  20.00  record 7  from web
    => balance 30.00
    """


@scenario
def test_an_order_and_a_payment_may_bear_one_record_id() -> None:
    """
    order    2026-01-05  INV-1001  10.00  record 7  from shop
    payment  2026-01-06  P-77      10.00  record 7  from shop  pays INV-1001 10.00
    => balance 0
    => item INV-1001 0 of 10.00 CLEARED due 2026-02-04
    => item P-77 0 of 10.00 CLEARED due 2026-01-06
    """
