"""Payments that they book under the invoices that they pay. Tables as ``ledger_language`` reads them."""

from __future__ import annotations

from tests.unit.ledger_teller import scenario


@scenario
def test_one_transfer_over_the_turn_is_a_line_per_invoice() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-06  INV-1002   80.00
    payment  2026-02-02  P-1       180.00  pays INV-1001 100.00  pays INV-1002 80.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
      1 INV-1001 2026-01-05  100.00
      2 INV-1002 2026-01-06   80.00
      3 INV-1001 2026-01-30 -100.00
      4 INV-1002 2026-01-30  -80.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 0
    => balance 0
    => OPENING_BALANCE_BREAK S-2 180.00
    => TIMING S-1 line 3 100.00
    => TIMING S-1 line 4 80.00
    => CLOSING_BALANCE_BREAK S-1 180.00
    => TIMING S-2 P-1 180.00
    => bridge S-2 none
    """


@scenario
def test_one_transfer_before_the_turn_is_a_line_per_invoice_after_it() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-06  INV-1002   80.00
    payment  2026-01-30  P-1       180.00  pays INV-1001 100.00  pays INV-1002 80.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 180.00
      1 INV-1001 2026-01-05  100.00
      2 INV-1002 2026-01-06   80.00
    statement S-2 2026-02-01..2026-02-28 opening 180.00 closing 0
      1 INV-1001 2026-02-02 -100.00
      2 INV-1002 2026-02-02  -80.00
    => balance 0
    => OPENING_BALANCE_BREAK S-2 180.00
    => TIMING S-1 P-1 180.00
    => CLOSING_BALANCE_BREAK S-1 180.00
    => TIMING S-2 line 1 100.00
    => TIMING S-2 line 2 80.00
    => bridge S-2 none
    """


@scenario
def test_a_payment_of_the_invoice_weeks_later_is_another_one() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-02-12  P-1       100.00  pays INV-1001 100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
      1 INV-1001 2026-01-05  100.00
      2 INV-1001 2026-01-30 -100.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 0
    => balance 0
    => OPENING_BALANCE_BREAK S-2 100.00
    => MISSING_IN_LEDGER S-1 line 2 100.00
    => CLOSING_BALANCE_BREAK S-1 100.00
    => MISSING_IN_STATEMENT S-2 P-1 100.00
    """


@scenario
def test_an_invoice_listed_twice_is_not_right_because_its_payments_come_to_it() -> None:
    """
    order        2026-01-05  INV-1001  100.00
    credit_note  2026-01-10  CN-7       20.00  of INV-1001
    payment      2026-01-20  P-1        80.00  pays INV-1001 80.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 100.00
      1 INV-1001 2026-01-05 100.00
      2 INV-1001 2026-01-05 100.00
      3 INV-1001 2026-01-10 -20.00
      4 INV-1001 2026-01-20 -80.00
    => balance 0
    => DUPLICATE S-1 line 2 100.00
    => CLOSING_BALANCE_BREAK S-1 100.00
    => lines S-1 1 MATCHED 2 DUPLICATE 3 MATCHED 4 MATCHED
    """


@scenario
def test_an_invoice_listed_twice_and_taken_back_once_is_right() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-1       100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
      1 INV-1001 2026-01-05  100.00
      2 INV-1001 2026-01-05  100.00
      3 INV-1001 2026-01-20 -100.00
      4 P-1      2026-01-20 -100.00
    => balance 0
    => lines S-1 1 MATCHED 2 MATCHED 3 MATCHED 4 MATCHED
    """


@scenario
def test_the_payment_of_an_invoice_listed_twice_does_not_take_it_back() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-1       100.00  pays INV-1001 100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 100.00
      1 INV-1001 2026-01-05  100.00
      2 INV-1001 2026-01-05  100.00
      3 INV-1001 2026-01-18 -100.00
    => balance 0
    => DUPLICATE S-1 line 2 100.00
    => CLOSING_BALANCE_BREAK S-1 100.00
    => lines S-1 1 MATCHED 2 DUPLICATE 3 MATCHED
    """


@scenario
def test_what_they_took_back_at_once_is_not_the_payment_of_weeks_later() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-26  P-1       100.00  pays INV-1001 100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 100.00
      1 INV-1001 2026-01-05  100.00
      2 INV-1001 2026-01-05  100.00
      3 INV-1001 2026-01-06 -100.00
    => balance 0
    => MISSING_IN_STATEMENT S-1 P-1 100.00
    => CLOSING_BALANCE_BREAK S-1 100.00
    => lines S-1 1 MATCHED 2 MATCHED 3 MATCHED
    """


@scenario
def test_a_payment_under_an_invoice_that_nobody_here_knows_bears_no_wrong_number() -> None:
    """
    order    2026-02-20  INV-1001   80.00
    payment  2026-01-20  P-1       100.00  pays INV-0999 100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
      1 INV-0999 2026-01-05  100.00
      2 ZA-701   2026-01-20 -100.00 ref "Rg. INV-0999"
    => balance -20.00
    => UNKNOWN_REFERENCE P-1 100.00
    => MISSING_IN_LEDGER S-1 line 1 100.00
    => CLOSING_BALANCE_BREAK S-1 100.00
    => lines S-1 1 MISSING_HERE 2 MATCHED
    """


@scenario
def test_the_part_of_a_payment_that_is_for_an_invoice_listed_twice_does_not_take_it_back() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-06  INV-1002   80.00
    payment  2026-01-20  P-1       180.00  pays INV-1001 100.00  pays INV-1002 80.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 100.00
      1 INV-1001 2026-01-05  100.00
      2 INV-1001 2026-01-05  100.00
      3 INV-1002 2026-01-06   80.00
      4 INV-1001 2026-01-19 -100.00
      5 INV-1002 2026-01-19  -80.00
    => balance 0
    => DUPLICATE S-1 line 2 100.00
    => CLOSING_BALANCE_BREAK S-1 100.00
    """
