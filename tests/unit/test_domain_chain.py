"""What one of their statements carries into the next is told once. Tables as ``ledger_language`` reads them."""

from __future__ import annotations

from tests.unit.ledger_teller import scenario


@scenario
def test_what_is_carried_from_month_to_month_is_told_once() -> None:
    """
    order  2026-01-10  INV-1001  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 109.00
      1 INV-1001 2026-01-10 109.00
    statement S-2 2026-02-01..2026-02-28 opening 109.00 closing 109.00
    statement S-3 2026-03-01..2026-03-31 opening 109.00 closing 109.00
    => balance 100.00
    => AMOUNT_MISMATCH S-1 line 1 9.00
    => CLOSING_BALANCE_BREAK S-1 9.00
    => bridge S-3 -9.00 opening COMPARE_EARLIER
    """


@scenario
def test_what_comes_to_what_is_carried_is_told_where_it_came() -> None:
    """
    order  2026-01-10  INV-1001  100.00
    order  2026-02-10  INV-1002   50.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 109.00
      1 INV-1001 2026-01-10 109.00
    statement S-2 2026-02-01..2026-02-28 opening 109.00 closing 161.00
      1 INV-1002 2026-02-10  52.00
    statement S-3 2026-03-01..2026-03-31 opening 161.00 closing 161.00
    => balance 150.00
    => AMOUNT_MISMATCH S-1 line 1 9.00
    => CLOSING_BALANCE_BREAK S-1 9.00
    => AMOUNT_MISMATCH S-2 line 1 2.00
    => CLOSING_BALANCE_BREAK S-2 11.00
    """


@scenario
def test_the_statement_before_comes_late_and_takes_it_upon_itself() -> None:
    """
    order  2026-01-10  INV-1001  100.00
    statement S-2 2026-02-01..2026-02-28 opening 109.00 closing 109.00
    => balance 100.00
    => OPENING_BALANCE_BREAK S-2 9.00
    => CLOSING_BALANCE_BREAK S-2 9.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 109.00
      1 INV-1001 2026-01-10 109.00
    -> RETRACTED OPENING_BALANCE_BREAK S-2 9.00
    -> RETRACTED CLOSING_BALANCE_BREAK S-2 9.00
    -> OPENED AMOUNT_MISMATCH "S-1 line 1" 9.00
    -> OPENED CLOSING_BALANCE_BREAK S-1 9.00
    => balance 100.00
    => AMOUNT_MISMATCH S-1 line 1 9.00
    => CLOSING_BALANCE_BREAK S-1 9.00
    """


@scenario
def test_the_statement_before_is_replaced_and_this_one_still_opens_as_before() -> None:
    """
    order  2026-01-10  INV-1001  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 109.00
      1 INV-1001 2026-01-10 109.00
    statement S-2 2026-02-01..2026-02-28 opening 109.00 closing 109.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 100.00 replaced v 2 id e-second
      1 INV-1001 2026-01-10 100.00
    => balance 100.00
    => OPENING_BALANCE_BREAK S-2 9.00
    => CLOSING_BALANCE_BREAK S-2 9.00
    => bridge S-2 -9.00 opening ASK_TO_CORRECT
    """


@scenario
def test_what_people_have_corrected_before_is_no_explanation_of_the_opening() -> None:
    """
    order  2026-01-10  INV-1001  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 109.00
      1 INV-1001 2026-01-10 109.00
    statement S-2 2026-02-01..2026-02-28 opening 109.00 closing 109.00
    adjustment 2026-02-03 A-1 0.00 type statement_line line S-1 1 reads INV-1001 2026-01-10 100.00 by ann bob
    => balance 100.00
    => OPENING_BALANCE_BREAK S-2 9.00
    => CLOSING_BALANCE_BREAK S-2 9.00
    """


@scenario
def test_a_write_off_of_the_month_is_no_break_where_they_agreed_to_an_earlier_one() -> None:
    """
    order       2026-01-10  INV-1001  100.00
    adjustment  2026-01-20  ADJ-1       2.00  type write_off  side CREDIT  target INV-1001
    adjustment  2026-02-20  ADJ-2       3.00  type write_off  side CREDIT  target INV-1001
    statement S-2 2026-02-01..2026-02-28 opening 98.00 closing 98.00
    => balance 95.00
    => bridge S-2 -3.00 ADJ-2 NONE
    """


@scenario
def test_a_write_off_is_no_break_beside_what_is_carried() -> None:
    """
    order       2026-01-10  INV-1001  100.00
    adjustment  2026-02-20  ADJ-1       2.00  type write_off  side CREDIT  target INV-1001
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 109.00
      1 INV-1001 2026-01-10 109.00
    statement S-2 2026-02-01..2026-02-28 opening 109.00 closing 109.00
    => balance 98.00
    => AMOUNT_MISMATCH S-1 line 1 9.00
    => CLOSING_BALANCE_BREAK S-1 9.00
    """


@scenario
def test_a_wrong_opening_that_the_month_sets_right_is_no_break_at_its_end() -> None:
    """
    order       2026-01-10  INV-1001  100.00
    adjustment  2026-02-20  ADJ-1       2.00  type write_off  side CREDIT  target INV-1001
    order       2026-03-20  INV-1002    1.00
    statement S-2 2026-02-01..2026-02-28 opening 107.00 closing 100.00
      1 "" 2026-02-10 -7.00
    => balance 99.00
    => OPENING_BALANCE_BREAK S-2 7.00
    => MISSING_IN_LEDGER S-2 line 1 7.00
    """
