"""Statements that do not add up, are replaced or withdrawn. Tables as ``ledger_language`` reads them."""

from __future__ import annotations

from tests.unit.ledger_teller import scenario


@scenario
def test_one_mistyped_running_balance_is_one_finding() -> None:
    """
    order  2026-01-05  INV-1001  100.00
    order  2026-01-06  INV-1002   50.00
    order  2026-01-07  INV-1003   25.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 175.00
      1 INV-1001 2026-01-05 100.00 running 100.00
      2 INV-1002 2026-01-06  50.00 running 105.00
      3 INV-1003 2026-01-07  25.00 running 175.00
    => balance 175.00
    => STATEMENT_ARITHMETIC S-1 line 2 45.00
    """


@scenario
def test_one_mistyped_amount_is_one_deviating_line_and_a_statement_that_does_not_add_up() -> None:
    """
    order  2026-01-05  INV-1001  100.00
    order  2026-01-06  INV-1002   50.00
    order  2026-01-07  INV-1003   25.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 175.00
      1 INV-1001 2026-01-05 100.00 running 100.00
      2 INV-1002 2026-01-06   5.00 running 150.00
      3 INV-1003 2026-01-07  25.00 running 175.00
    => balance 175.00
    => AMOUNT_MISMATCH S-1 line 2 45.00
    => STATEMENT_ARITHMETIC S-1 line 2 45.00
    => STATEMENT_ARITHMETIC S-1 45.00
    """


@scenario
def test_running_balances_that_carry_an_error_on_are_wrong_once() -> None:
    """
    order  2026-01-05  INV-1001  100.00
    order  2026-01-06  INV-1002   50.00
    order  2026-01-07  INV-1003   25.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 176.00
      1 INV-1001 2026-01-05 100.00 running 101.00
      2 INV-1002 2026-01-06  50.00 running 151.00
      3 INV-1003 2026-01-07  25.00 running 176.00
    => balance 175.00
    => STATEMENT_ARITHMETIC S-1 line 1 1.00
    => STATEMENT_ARITHMETIC S-1 1.00
    => CLOSING_BALANCE_BREAK S-1 1.00
    """


@scenario
def test_lines_without_a_running_balance_are_carried_over() -> None:
    """
    order  2026-01-05  INV-1001  100.00
    order  2026-01-06  INV-1002   50.00
    order  2026-01-07  INV-1003   25.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 175.00
      1 INV-1001 2026-01-05 100.00
      2 INV-1002 2026-01-06  50.00 running 150.00
      3 INV-1003 2026-01-07  25.00
    => balance 175.00
    """


@scenario
def test_opening_plus_lines_is_not_closing() -> None:
    """
    order  2026-01-05  INV-1001  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 90.00
      1 INV-1001 2026-01-05 100.00
    => balance 100.00
    => STATEMENT_ARITHMETIC S-1 10.00
    => CLOSING_BALANCE_BREAK S-1 10.00
    """


@scenario
def test_totals_that_are_not_the_sums_of_the_lines_are_one_finding() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77       40.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 60.00 totals 110.00 44.00 count 3
      1 INV-1001 2026-01-05 100.00
      2 P-77     2026-01-20 -40.00
    => balance 60.00
    => STATEMENT_ARITHMETIC S-1 10.00
    """


@scenario
def test_a_credit_total_that_is_wrong_alone() -> None:
    """
    payment  2026-01-20  P-77  40.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing -40.00 totals 0 44.00
      1 P-77 2026-01-20 -40.00
    => balance -40.00
    => STATEMENT_ARITHMETIC S-1 4.00
    """


@scenario
def test_a_wrong_line_count_is_a_finding_without_an_amount() -> None:
    """
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0 count 1
    => balance 0
    => STATEMENT_ARITHMETIC S-1 0
    """


@scenario
def test_a_later_version_of_a_statement_counts_in_its_place() -> None:
    """
    order  2026-01-05  INV-1001  121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 100.00
      1 INV-1001 2026-01-05 100.00
    => balance 121.00
    => AMOUNT_MISMATCH S-1 line 1 21.00
    => CLOSING_BALANCE_BREAK S-1 21.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 121.00 replaced v 2
      1 INV-1001 2026-01-05 121.00
    -> RETRACTED AMOUNT_MISMATCH S-1 line 1 21.00
    -> RETRACTED CLOSING_BALANCE_BREAK S-1 21.00
    => balance 121.00
    """


@scenario
def test_an_older_version_that_comes_late_changes_nothing() -> None:
    """
    order  2026-01-05  INV-1001  121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 121.00 replaced v 2
      1 INV-1001 2026-01-05 121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 100.00
      1 INV-1001 2026-01-05 100.00
    => balance 121.00
    """


@scenario
def test_a_withdrawn_statement_does_not_count() -> None:
    """
    order  2026-01-30  INV-1001  121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 121.00
      1 INV-1001 2026-02-02 121.00
    => balance 121.00
    => TIMING S-1 INV-1001 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    => TIMING S-2 line 1 121.00
    => OPENING_BALANCE_BREAK S-2 121.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 121.00 withdrawn v 2
    => balance 121.00
    => MISSING_IN_STATEMENT S-1 INV-1001 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0 withdrawn v 2
    => balance 121.00
    """


@scenario
def test_a_withdrawal_under_the_same_version_number_counts() -> None:
    """
    order  2026-01-05  INV-1001  121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0 withdrawn
    => balance 121.00
    """


@scenario
def test_one_version_of_a_statement_with_two_contents_is_refused() -> None:
    """
    order  2026-01-05  INV-1001  121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 121.00
      1 INV-1001 2026-01-05 121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 121.00 !duplicate
      1 INV-1001 2026-01-05 121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0 !VERSION_CONFLICT
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0 v 2 currency USD !CURRENCY_CHANGED
    => balance 121.00
    """


@scenario
def test_a_late_entry_clears_what_a_statement_showed() -> None:
    """
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 71.00
      1 INV-1001 2026-01-05 121.00
      2 P-77     2026-01-20 -50.00
    => balance 0
    => MISSING_IN_LEDGER S-1 line 1 121.00
    => MISSING_IN_LEDGER S-1 line 2 50.00
    => CLOSING_BALANCE_BREAK S-1 71.00
    order    2026-01-05  INV-1001  121.00
    -> RETRACTED MISSING_IN_LEDGER S-1 line 1 121.00
    -> UPDATED CLOSING_BALANCE_BREAK S-1 50.00
    => balance 121.00
    => MISSING_IN_LEDGER S-1 line 2 50.00
    => CLOSING_BALANCE_BREAK S-1 50.00
    payment  2026-01-20  P-77  50.00
    -> RETRACTED MISSING_IN_LEDGER S-1 line 2 50.00
    -> RETRACTED CLOSING_BALANCE_BREAK S-1 50.00
    => balance 71.00
    """


@scenario
def test_a_version_that_comes_late_makes_an_old_statement_right() -> None:
    """
    order          2026-01-05  INV-1001  100.00
    order.amended  2026-03-01  INV-1001  130.00  v 3
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 120.00
      1 INV-1001 2026-01-05 100.00
      2 INV-1001 2026-01-20  20.00
    => balance 130.00
    => AMOUNT_MISMATCH S-1 line 2 20.00
    => CLOSING_BALANCE_BREAK S-1 20.00
    order.amended  2026-01-20  INV-1001  120.00  v 2
    => balance 130.00
    """


@scenario
def test_statements_in_two_currencies_are_laid_against_their_own_accounts() -> None:
    """
    order  2026-01-05  INV-1001  100.00
    order  2026-01-05  INV-2001  5000  currency JPY
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 100.00
      1 INV-1001 2026-01-05 100.00
    statement S-2 2026-01-01..2026-01-31 opening 0 closing 4000 currency JPY
      1 INV-2001 2026-01-05 4000
    => balance 100.00
    => balance 5000 JPY
    => AMOUNT_MISMATCH S-2 line 1 1000 JPY
    => CLOSING_BALANCE_BREAK S-2 1000 JPY
    """
