"""Payments and credit notes under the number of an invoice, and what lies at the turn of two periods."""

from __future__ import annotations

import datetime as dt

import msgspec

from domain.comparison.unmoved import seen_until
from domain.rules import Rules
from tests.unit.ledger_teller import scenario
from tests.unit.test_domain_corrections import SENT


@scenario
def test_a_payment_is_found_under_its_invoice_whatever_its_date() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-06  INV-1002  100.00
    payment  2026-01-20  P-1       100.00  pays INV-1002 100.00
    payment  2026-01-20  P-2       100.00  pays INV-1001 100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
      1 INV-1001 2026-01-05  100.00
      2 INV-1002 2026-01-06  100.00
      3 INV-1001 2026-01-10 -100.00
      4 INV-1002 2026-01-30 -100.00
    => balance 0
    => lines S-1 1 MATCHED 2 MATCHED 3 MATCHED 4 MATCHED
    """


@scenario
def test_two_lines_of_one_invoice_are_two_payments_by_what_each_pays() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-05  INV-1002   70.00
    payment  2026-01-10  P-1        80.00  pays INV-1001 30.00  pays INV-1002 50.00
    payment  2026-01-20  P-2        90.00  pays INV-1001 70.00  pays INV-1002 20.00
    statement S-1 2026-01-01..2026-01-31 opening 170.00 closing 0
      1 INV-1001 2026-01-20 -70.00
      2 INV-1002 2026-01-22 -20.00
      3 INV-1001 2026-01-10 -30.00
      4 INV-1002 2026-01-12 -50.00
    => balance 0
    => MISSING_IN_STATEMENT S-1 INV-1001 100.00
    => MISSING_IN_STATEMENT S-1 INV-1002  70.00
    => OPENING_BALANCE_BREAK S-1 170.00
    => lines S-1 1 MATCHED 2 MATCHED 3 MATCHED 4 MATCHED
    """


@scenario
def test_all_lines_of_a_payment_that_come_to_it_are_it() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-06  INV-1002   80.00
    payment  2026-02-10  P-1       150.00  pays INV-1001 100.00  pays INV-1002 50.00
    statement S-2 2026-02-01..2026-02-28 opening 180.00 closing 30.00
      1 INV-1001 2026-02-20 -70.00
      2 INV-1002 2026-02-20 -80.00
    => balance 30.00
    => SHORT_PAYMENT INV-1002 30.00
    => lines S-2 1 MATCHED 2 MATCHED
    """


@scenario
def test_a_payment_far_from_the_amount_is_another_one() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-02-10  P-1        70.00  pays INV-1001 70.00
    statement S-2 2026-02-01..2026-02-28 opening 100.00 closing 0
      1 INV-1001 2026-02-10 -100.00
    => balance 30.00
    => SHORT_PAYMENT INV-1001 30.00
    => MISSING_IN_LEDGER S-2 line 1 100.00
    => MISSING_IN_STATEMENT S-2 P-1 70.00
    => CLOSING_BALANCE_BREAK S-2 30.00
    """


@scenario
def test_an_invoice_and_its_reversal_are_no_payment() -> None:
    """
    order            2026-01-05  INV-1001  100.00
    order.cancelled  2026-01-15  INV-1001  100.00  v 2
    payment          2026-01-15  P-1       100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
      1 INV-1001 2026-01-15 -100.00
      2 INV-1001 2026-01-05  100.00
    => balance -100.00
    => MISSING_IN_STATEMENT S-1 P-1 100.00
    => CLOSING_BALANCE_BREAK S-1 100.00
    => lines S-1 1 MATCHED 2 MATCHED
    """


@scenario
def test_a_payment_on_the_wrong_side_is_no_invoice_of_its_amount() -> None:
    """
    order    2026-01-20  INV-1001  30.00
    payment  2026-01-20  P-1       30.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 30.00
      1 P-1 2026-01-20 30.00
    => balance 0
    => AMOUNT_MISMATCH S-1 line 1 60.00
    => MISSING_IN_STATEMENT S-1 INV-1001 30.00
    => CLOSING_BALANCE_BREAK S-1 30.00
    """


@scenario
def test_an_invoice_on_the_wrong_side_is_no_payment_that_we_miss() -> None:
    """
    order  2026-01-05  INV-1001  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing -100.00
      1 INV-1001 2026-01-05 -100.00
    => balance 100.00
    => AMOUNT_MISMATCH S-1 line 1 200.00
    => CLOSING_BALANCE_BREAK S-1 200.00
    """


@scenario
def test_a_payment_of_last_months_invoice_is_not_timing() -> None:
    """
    order  2026-01-05  INV-1001  100.00
    order  2026-02-20  INV-1002   30.00
    statement S-2 2026-02-01..2026-02-28 opening 100.00 closing 30.00
      1 INV-1001 2026-02-09 -100.00
      2 INV-1002 2026-02-20   30.00
    => balance 130.00
    => MISSING_IN_LEDGER S-2 line 1 100.00
    => CLOSING_BALANCE_BREAK S-2 100.00
    """


@scenario
def test_what_is_in_transit_is_timing_on_both_sides_of_the_turn() -> None:
    """
    order    2026-01-05  INV-1001  121.00
    order    2026-01-30  INV-1002   50.00
    payment  2026-02-02  P-77      121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
      1 INV-1001 2026-01-05  121.00
      2 ZA-4711  2026-01-31 -121.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 50.00
      1 GR-55    2026-02-02   50.00
    => balance 50.00
    => TIMING S-1 line 2 121.00
    => TIMING S-1 INV-1002 50.00
    => TIMING S-2 line 1 50.00
    => TIMING S-2 P-77 121.00
    => CLOSING_BALANCE_BREAK S-1 171.00
    => OPENING_BALANCE_BREAK S-2 171.00
    => bridge S-1 121.00 line 2 WAIT
    => bridge S-1 50.00 INV-1002 WAIT
    => bridge S-2 none
    """


@scenario
def test_a_transfer_may_take_ten_days() -> None:
    """
    order    2026-01-05  INV-1001  121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
      1 INV-1001 2026-01-05  121.00
      2 ZA-4711  2026-01-31 -121.00
    order    2026-02-05  INV-1002   10.00
    payment  2026-02-10  P-77      121.00
    => balance 10.00
    => TIMING S-1 line 2 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    """


@scenario
def test_goods_may_take_ten_days() -> None:
    """
    order    2026-01-25  INV-1001  121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 121.00
      1 GR-55 2026-02-04 121.00
    => balance 121.00
    => TIMING S-1 INV-1001 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    => OPENING_BALANCE_BREAK S-2 121.00
    => TIMING S-2 line 1 121.00
    """


@scenario
def test_far_from_the_turn_nothing_is_in_transit() -> None:
    """
    order    2026-01-05  INV-1001  121.00
    payment  2026-02-11  P-77      121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
      1 INV-1001 2026-01-05  121.00
      2 ZA-4711  2026-01-31 -121.00
    => balance 0
    => MISSING_IN_LEDGER S-1 line 2 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    """


@scenario
def test_what_another_statement_names_is_not_in_transit() -> None:
    """
    order    2026-01-05  INV-1001  121.00
    payment  2026-02-02  P-77      121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
      1 INV-1001 2026-01-05  121.00
      2 ZA-4711  2026-01-31 -121.00
    statement S-3 2026-02-02..2026-02-28 opening 121.00 closing 0
      1 P-77     2026-02-02 -121.00
    => balance 0
    => MISSING_IN_LEDGER S-1 line 2 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    """


@scenario
def test_a_write_off_is_not_in_transit() -> None:
    """
    order       2026-01-05  INV-1001  121.00
    adjustment  2026-02-01  ADJ-1     121.00  type write_off  side CREDIT  target INV-1001
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
      1 INV-1001 2026-01-05  121.00
      2 ZA-4711  2026-01-31 -121.00
    => balance 0
    => MISSING_IN_LEDGER S-1 line 2 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    """


def test_a_comparison_sees_what_may_be_on_its_way_and_the_statement_that_follows() -> None:
    end, rules = SENT.period_end, Rules(date_window_days=3, transit_days=10)
    after, later = dt.timedelta(days=1), dt.timedelta(days=31)
    following = msgspec.structs.replace(SENT, period_start=end + after, period_end=end + later)
    apart = msgspec.structs.replace(following, period_start=end + 2 * after)
    assert seen_until(SENT, [apart], rules) == end + dt.timedelta(days=10)
    assert seen_until(SENT, [apart, following], rules) == end + later
    assert seen_until(SENT, [], rules, end + later) == end + later


@scenario
def test_a_text_in_another_statement_shows_the_document_there() -> None:
    """
    order  2026-01-30  INV-1001  121.00
    order  2026-01-31  INV-1002   79.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 0
    statement S-3 2026-03-01..2026-03-31 opening 0 closing 200.00
      1 "Rg. INV-1001 v. 30.01.26" 2026-03-12 121.00
      2 GR-55 2026-03-12 79.00 ref "Lieferung zu INV-1002"
    => balance 200.00
    => CLOSING_BALANCE_BREAK S-2 200.00
    => OPENING_BALANCE_BREAK S-3 200.00
    => OPENING_BALANCE_BREAK S-2 200.00
    => TIMING S-1 INV-1001 121.00
    => TIMING S-1 INV-1002 79.00
    => CLOSING_BALANCE_BREAK S-1 200.00
    => TIMING S-3 line 1 121.00
    => TIMING S-3 line 2 79.00
    """


@scenario
def test_a_payment_of_the_document_in_another_statement_does_not_show_it_there() -> None:
    """
    order    2026-01-30  INV-1001  121.00
    payment  2026-02-20  P-1       121.00  pays INV-1001 121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
    statement S-2 2026-02-01..2026-02-28 opening 0 closing -121.00
      1 INV-1001 2026-02-20 -121.00
    => balance 0
    => MISSING_IN_STATEMENT S-1 INV-1001 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    => OPENING_BALANCE_BREAK S-2 121.00
    => CLOSING_BALANCE_BREAK S-2 121.00
    => lines S-2 1 MATCHED
    """


@scenario
def test_a_payment_beyond_the_days_under_the_number_of_an_invoice_within_them_is_not_in_transit() -> None:
    """
    order    2026-02-01  B-7002   50.00
    payment  2026-02-11  B-7002  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing -100.00
      1 "" 2026-02-01 -100.00
    => balance -50.00
    => MISSING_IN_LEDGER S-1 line 1 100.00
    => CLOSING_BALANCE_BREAK S-1 100.00
    """
