"""Our books against the statements that a customer sends. Tables as ``ledger_language`` reads them."""

from __future__ import annotations

from tests.unit.ledger_teller import scenario


@scenario
def test_a_statement_that_agrees_gives_no_finding() -> None:
    """
    order    2026-01-05  INV-1001  121.00
    payment  2026-01-20  P-77      121.00  pays INV-1001 121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
      1 INV-1001 2026-01-05  121.00 running 121.00
      2 P-77     2026-01-20 -121.00 running 0
    => balance 0
    """


@scenario
def test_the_example_of_the_reference() -> None:
    """
    order    2026-01-05  INV-1001  121.00  due 2026-02-04
    payment  2026-01-20  P-77      120.50  text "inv 1001 less 0.50"
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
      1 INV-1001 2026-01-05 121.00
      2 P-77 2026-01-20 -121.00
    => balance 0.50
    => SHORT_PAYMENT INV-1001 0.50
    => AMOUNT_MISMATCH S-1 line 2 0.50
    => CLOSING_BALANCE_BREAK S-1 0.50
    """


@scenario
def test_a_line_that_our_books_do_not_know() -> None:
    """
    order  2026-01-05  INV-1001  121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 171.00
      1 INV-1001 2026-01-05 121.00
      2 INV-9999 2026-01-06  50.00
    => balance 121.00
    => MISSING_IN_LEDGER S-1 line 2 50.00
    => CLOSING_BALANCE_BREAK S-1 50.00
    """


@scenario
def test_a_line_on_a_payment_that_only_pends_is_missing_in_our_books() -> None:
    """
    payment.pending  2026-01-20  P-77  50.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing -50.00
      1 P-77 2026-01-20 -50.00
    => balance 0
    => MISSING_IN_LEDGER S-1 line 1 50.00
    => CLOSING_BALANCE_BREAK S-1 50.00
    payment.settled  2026-01-21  P-77  50.00  v 2
    => balance -50.00
    """


@scenario
def test_a_document_of_ours_that_they_do_not_list() -> None:
    """
    order  2026-01-05  INV-1001  121.00
    order  2026-02-05  INV-1002   80.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
    => balance 201.00
    => MISSING_IN_STATEMENT S-1 INV-1001 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    """


@scenario
def test_an_invoice_and_a_payment_of_one_number_that_they_do_not_list() -> None:
    """
    order    2026-01-05  1001  100.00
    payment  2026-01-20  1001   40.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
    => balance 60.00
    => MISSING_IN_STATEMENT S-1 1001 100.00
    => MISSING_IN_STATEMENT S-1 1001 40.00
    => CLOSING_BALANCE_BREAK S-1 60.00
    """


@scenario
def test_documents_that_come_to_nothing_need_not_be_listed() -> None:
    """
    order            2026-01-05  INV-1001  121.00
    order.cancelled  2026-01-09  INV-1001  121.00  v 2
    order            2026-01-10  INV-1002    0.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
    => balance 0
    """


@scenario
def test_a_line_on_a_document_that_came_to_nothing_differs_in_amount() -> None:
    """
    order            2026-01-05  INV-1001  121.00
    order.cancelled  2026-01-09  INV-1001  121.00  v 2
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 121.00
      1 INV-1001 2026-01-05 121.00
    => balance 0
    => AMOUNT_MISMATCH S-1 line 1 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    """


@scenario
def test_a_document_that_we_amended_is_compared_as_it_came_to() -> None:
    """
    order          2026-01-05  INV-1001  121.00
    order.amended  2026-01-10  INV-1001   99.00  v 2
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 99.00
      1 INV-1001 2026-01-05 121.00
      2 INV-1001 2026-01-10 -22.00
    => balance 99.00
    """


@scenario
def test_their_numbers_are_compared_as_references_are() -> None:
    """
    order    2026-01-05  INV-1001  121.00
    payment  2026-01-20  P-77      121.00  pays INV-1001 121.00  bank_reference WIRE-555
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
      1 "inv 001001" 2026-01-05  121.00
      2 OUT-1        2026-01-20 -121.00 ref WIRE-555
    => balance 0
    """


@scenario
def test_another_number_for_the_same_amount_on_the_same_day() -> None:
    """
    order  2026-01-05  INV-1001  121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 121.00
      1 RE-5555 2026-01-08 121.00
    => balance 121.00
    => REFERENCE_MISMATCH S-1 line 1 121.00
    """


@scenario
def test_more_than_three_days_apart_is_another_document() -> None:
    """
    order  2026-01-05  INV-1001  121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 121.00
      1 RE-5555 2026-01-09 121.00
    => balance 121.00
    => MISSING_IN_LEDGER S-1 line 1 121.00
    => MISSING_IN_STATEMENT S-1 INV-1001 121.00
    """


@scenario
def test_one_line_that_fits_two_documents_is_no_twin_of_either() -> None:
    """
    order  2026-01-05  INV-1001  121.00
    order  2026-01-06  INV-1002  121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 121.00
      1 RE-5555 2026-01-06 121.00
    => balance 242.00
    => MISSING_IN_LEDGER S-1 line 1 121.00
    => MISSING_IN_STATEMENT S-1 INV-1001 121.00
    => MISSING_IN_STATEMENT S-1 INV-1002 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    """


@scenario
def test_two_lines_that_fit_one_document_are_no_twins_of_it() -> None:
    """
    order  2026-01-05  INV-1001  121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 242.00
      1 RE-5555 2026-01-05 121.00
      2 RE-5556 2026-01-06 121.00
    => balance 121.00
    => MISSING_IN_LEDGER S-1 line 1 121.00
    => MISSING_IN_LEDGER S-1 line 2 121.00
    => MISSING_IN_STATEMENT S-1 INV-1001 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    """


@scenario
def test_a_number_that_could_be_two_documents_is_taken_by_its_amount() -> None:
    """
    order  2026-01-05  INV-1001  121.00
    order  2026-01-06  RE-1001    80.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 201.00
      1 1001 2026-01-05 121.00
      2 1001 2026-01-06  80.00
    => balance 201.00
    """


@scenario
def test_a_number_that_could_be_two_documents_of_one_amount_is_not_guessed() -> None:
    """
    order  2026-01-05  INV-1001  121.00
    order  2026-01-06  RE-1001   121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 121.00
      1 1001 2026-01-05 121.00
    => balance 242.00
    => MISSING_IN_LEDGER S-1 line 1 121.00
    => MISSING_IN_STATEMENT S-1 INV-1001 121.00
    => MISSING_IN_STATEMENT S-1 RE-1001 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    """


@scenario
def test_an_invoice_and_its_payment_under_one_number_are_told_apart_by_side() -> None:
    """
    order    2026-01-05  1001  100.00
    payment  2026-01-20  1001   90.00  pays 1001 90.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 15.00
      1 1001 2026-01-05 105.00
      2 1001 2026-01-20 -90.00
    => balance 10.00
    => SHORT_PAYMENT 1001 10.00
    => AMOUNT_MISMATCH S-1 line 1 5.00
    => CLOSING_BALANCE_BREAK S-1 5.00
    """


@scenario
def test_a_date_too_far_off() -> None:
    """
    order  2026-01-05  INV-1001  121.00
    order  2026-01-05  INV-1002  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 221.00
      1 INV-1001 2026-01-09 121.00
      2 INV-1002 2026-01-08 100.00
    => balance 221.00
    => DATE_MISMATCH S-1 line 1 121.00
    """


@scenario
def test_the_same_line_twice_is_a_duplicate_of_theirs() -> None:
    """
    order  2026-01-05  INV-1001  121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 242.00
      1 INV-1001 2026-01-05 121.00
      2 INV-1001 2026-01-07 121.00
    => balance 121.00
    => DUPLICATE S-1 line 2 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    """


@scenario
def test_a_repeated_line_with_another_amount_beside_it() -> None:
    """
    order  2026-01-05  INV-1001  121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 244.00
      1 INV-1001 2026-01-05 122.00
      2 INV-1001 2026-01-07 122.00
    => balance 121.00
    => DUPLICATE S-1 line 2 122.00
    => AMOUNT_MISMATCH S-1 line 1 1.00
    => CLOSING_BALANCE_BREAK S-1 123.00
    """


@scenario
def test_two_lines_of_one_amount_that_we_have_twice_are_right() -> None:
    """
    order  2026-01-05  INV-1001  121.00  from shop
    order  2026-01-06  INV-1001  121.00  from web
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 242.00
      1 INV-1001 2026-01-05 121.00
      2 INV-1001 2026-01-06 121.00
    => balance 242.00
    => DUPLICATE INV-1001 121.00
    """


@scenario
def test_a_third_line_of_what_we_have_twice_is_the_only_duplicate() -> None:
    """
    order  2026-01-05  INV-1001  121.00  from shop
    order  2026-01-06  INV-1001  121.00  from web
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 363.00
      1 INV-1001 2026-01-05 121.00
      2 INV-1001 2026-01-06 121.00
      3 INV-1001 2026-01-07 121.00
    => balance 242.00
    => DUPLICATE INV-1001 121.00
    => DUPLICATE S-1 line 3 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    """


@scenario
def test_a_line_that_we_date_in_another_period_is_a_matter_of_timing() -> None:
    """
    payment  2026-02-02  P-77  50.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing -50.00
      1 P-77 2026-01-30 -50.00
    => balance -50.00
    => TIMING S-1 line 1 50.00
    => CLOSING_BALANCE_BREAK S-1 50.00
    """


@scenario
def test_a_document_that_stands_in_their_next_statement_is_a_matter_of_timing() -> None:
    """
    order  2026-01-30  INV-1001  121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
    => balance 121.00
    => MISSING_IN_STATEMENT S-1 INV-1001 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 121.00
      1 X-1 2026-02-02 121.00 ref INV-1001
    -> RETRACTED MISSING_IN_STATEMENT S-1 INV-1001 121.00
    -> OPENED TIMING S-1 INV-1001 121.00
    -> OPENED TIMING S-2 line 1 121.00
    -> OPENED OPENING_BALANCE_BREAK S-2 121.00
    => balance 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    => TIMING S-1 INV-1001 121.00
    => TIMING S-2 line 1 121.00
    => OPENING_BALANCE_BREAK S-2 121.00
    """


@scenario
def test_what_no_other_statement_lists_stays_missing() -> None:
    """
    order  2026-01-30  INV-1001  121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
    statement S-2 2026-02-01..2026-02-28 opening 121.00 closing 171.00
      1 INV-9999 2026-02-02 50.00
    => balance 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    => MISSING_IN_STATEMENT S-1 INV-1001 121.00
    => MISSING_IN_LEDGER S-2 line 1 50.00
    => CLOSING_BALANCE_BREAK S-2 50.00
    """


@scenario
def test_an_opening_balance_that_is_not_ours_of_the_day_before() -> None:
    """
    order  2025-12-31  INV-0999   40.00
    order  2026-01-01  INV-1001  121.00
    statement S-1 2026-01-01..2026-01-31 opening 45.00 closing 166.00
      1 INV-1001 2026-01-01 121.00
    => balance 161.00
    => OPENING_BALANCE_BREAK S-1 5.00
    => CLOSING_BALANCE_BREAK S-1 5.00
    """


@scenario
def test_a_statement_with_a_credit_balance_agrees() -> None:
    """
    payment  2025-12-30  P-76  40.00
    statement S-1 2026-01-01..2026-01-31 opening -40.00 closing -40.00
    => balance -40.00
    """


@scenario
def test_a_statement_of_a_customer_without_any_entry() -> None:
    """
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 10.00
      1 INV-1 2026-01-05 10.00
    => balance 0
    => MISSING_IN_LEDGER S-1 line 1 10.00
    => CLOSING_BALANCE_BREAK S-1 10.00
    """


@scenario
def test_of_two_documents_with_one_figure_the_one_of_just_the_amount_is_meant() -> None:
    """
    order  2026-01-05  INV-1001  100.00
    order  2026-01-06  RE-1001   121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 100.00
      1 1001 2026-01-25 100.00
    => balance 221.00
    => DATE_MISMATCH S-1 line 1 100.00
    => MISSING_IN_STATEMENT S-1 RE-1001 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    """
