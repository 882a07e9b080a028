"""What the next month sets right of this one. Tables as ``ledger_language`` reads them."""

from __future__ import annotations

from tests.unit.ledger_teller import scenario


@scenario
def test_they_book_the_difference_a_month_later() -> None:
    """
    order  2026-01-10  INV-1001  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 109.00
      1 INV-1001 2026-01-10 109.00
    statement S-2 2026-02-01..2026-02-28 opening 109.00 closing 100.00
      1 INV-1001 2026-02-20 -9.00
    => balance 100.00
    => OPENING_BALANCE_BREAK S-2 9.00
    => TIMING S-1 line 1 9.00
    => CLOSING_BALANCE_BREAK S-1 9.00
    => TIMING S-2 line 1 9.00
    => bridge S-1 -9.00 line 1 WAIT
    => bridge S-2 none
    """


@scenario
def test_they_take_the_line_back_and_book_it_anew() -> None:
    """
    order  2026-01-10  INV-1001  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 109.00
      1 INV-1001 2026-01-10 109.00
    statement S-2 2026-02-01..2026-02-28 opening 109.00 closing 100.00
      1 INV-1001 2026-02-20 -109.00
      2 INV-1001 2026-02-20  100.00
    => balance 100.00
    => OPENING_BALANCE_BREAK S-2 9.00
    => TIMING S-1 line 1 9.00
    => CLOSING_BALANCE_BREAK S-1 9.00
    => TIMING S-2 line 1 109.00
    => TIMING S-2 line 2 100.00
    """


@scenario
def test_they_take_back_what_they_had_twice() -> None:
    """
    order  2026-01-10  INV-1001  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 200.00
      1 INV-1001 2026-01-10 100.00
      2 INV-1001 2026-01-11 100.00
    => balance 100.00
    => DUPLICATE S-1 line 2 100.00
    => CLOSING_BALANCE_BREAK S-1 100.00
    statement S-2 2026-02-01..2026-02-28 opening 200.00 closing 100.00
      1 INV-1001 2026-02-20 -100.00
    -> RETRACTED DUPLICATE "S-1 line 2" 100.00
    -> OPENED TIMING "S-1 line 2" 100.00
    -> OPENED TIMING "S-2 line 1" 100.00
    -> OPENED OPENING_BALANCE_BREAK S-2 100.00
    => balance 100.00
    => OPENING_BALANCE_BREAK S-2 100.00
    => TIMING S-1 line 2 100.00
    => CLOSING_BALANCE_BREAK S-1 100.00
    => TIMING S-2 line 1 100.00
    => lines S-1 1 MATCHED 2 TIMING
    """


@scenario
def test_our_credit_note_gives_them_the_price_that_they_booked() -> None:
    """
    order        2026-01-10  INV-1001  109.00
    credit_note  2026-02-05  CN-7        9.00  of INV-1001
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 100.00
      1 INV-1001 2026-01-10 100.00
    statement S-2 2026-02-01..2026-02-28 opening 100.00 closing 100.00
    => balance 100.00
    => OPENING_BALANCE_BREAK S-2 9.00
    => TIMING S-1 line 1 9.00
    => CLOSING_BALANCE_BREAK S-1 9.00
    => TIMING S-2 CN-7 9.00
    => bridge S-1 9.00 line 1 WAIT
    => bridge S-2 none
    """


@scenario
def test_we_take_back_an_invoice_that_they_never_had() -> None:
    """
    order            2026-01-10  INV-1001  109.00
    order.cancelled  2026-02-05  INV-1001  109.00  v 2
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 0
    => balance 0
    => OPENING_BALANCE_BREAK S-2 109.00
    => TIMING S-1 INV-1001 109.00
    => CLOSING_BALANCE_BREAK S-1 109.00
    => TIMING S-2 INV-1001 109.00
    """


@scenario
def test_what_only_they_know_and_take_back() -> None:
    """
    order  2026-03-10  INV-1001  1.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 43.00
      1 XX-9 2026-01-10 50.00
      2 ""   2026-01-10 -7.00
    statement S-2 2026-02-01..2026-02-28 opening 43.00 closing 0
      1 XX-9 2026-02-10 -50.00
      2 ""   2026-02-10   7.00
    => balance 1.00
    => OPENING_BALANCE_BREAK S-2 43.00
    => TIMING S-1 line 1 50.00
    => MISSING_IN_LEDGER S-1 line 2 7.00
    => CLOSING_BALANCE_BREAK S-1 43.00
    => TIMING S-2 line 1 50.00
    => MISSING_IN_LEDGER S-2 line 2 7.00
    """


@scenario
def test_another_amount_sets_nothing_right() -> None:
    """
    order  2026-01-10  INV-1001  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 109.00
      1 INV-1001 2026-01-10 109.00
    statement S-2 2026-02-01..2026-02-28 opening 109.00 closing 101.00
      1 INV-1001 2026-02-20 -8.00
    => balance 100.00
    => OPENING_BALANCE_BREAK S-2 9.00
    => AMOUNT_MISMATCH S-1 line 1 9.00
    => CLOSING_BALANCE_BREAK S-1 9.00
    => MISSING_IN_LEDGER S-2 line 1 8.00
    => CLOSING_BALANCE_BREAK S-2 1.00
    """


@scenario
def test_money_that_never_came_is_not_set_right_by_the_invoice_of_its_number() -> None:
    """
    order    2026-01-10  1001  100.00
    payment  2026-02-10  1001  100.00  pays 1001 100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 0
    => balance 0
    => MISSING_IN_STATEMENT S-1 1001 100.00
    => CLOSING_BALANCE_BREAK S-1 100.00
    => OPENING_BALANCE_BREAK S-2 100.00
    => MISSING_IN_STATEMENT S-2 1001 100.00
    """


@scenario
def test_what_set_right_the_month_before_is_not_set_right_by_the_next() -> None:
    """
    order  2026-01-10  INV-1001  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 91.00
      1 INV-1001 2026-01-10 91.00
    statement S-2 2026-02-01..2026-02-28 opening 91.00 closing 100.00
      1 INV-1001 2026-02-20 9.00
    statement S-3 2026-03-01..2026-03-31 opening 100.00 closing 91.00
      1 INV-1001 2026-03-20 -9.00
    payment  2026-04-10  P-1  1.00
    => balance 99.00
    => OPENING_BALANCE_BREAK S-2 9.00
    => TIMING S-1 line 1 9.00
    => CLOSING_BALANCE_BREAK S-1 9.00
    => TIMING S-2 line 1 9.00
    => MISSING_IN_LEDGER S-3 line 1 9.00
    => CLOSING_BALANCE_BREAK S-3 9.00
    """
