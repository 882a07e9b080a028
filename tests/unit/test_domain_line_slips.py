"""Lines without a number of ours that are wrong in amount, side or day. Tables as ``ledger_language`` reads them."""

from __future__ import annotations

from tests.unit.ledger_teller import holds, scenario


@scenario
def test_a_line_of_a_later_day_is_one_finding() -> None:
    """
    order    2026-02-05  INV-1001  500.00
    order    2026-02-06  INV-1002   80.00
    payment  2026-03-20  P-9         1.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 580.00
      1 "" 2026-02-15 500.00
      2 "" 2026-02-17  80.00
    => balance 579.00
    => DATE_MISMATCH S-2 line 1 500.00
    => MISSING_IN_LEDGER S-2 line 2 80.00
    => MISSING_IN_STATEMENT S-2 INV-1002 80.00
    """


@scenario
def test_a_line_on_the_wrong_side_is_one_finding() -> None:
    """
    order  2026-02-05  INV-1001  500.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing -500.00
      1 "" 2026-02-07 -500.00
    => balance 500.00
    => AMOUNT_MISMATCH S-2 line 1 1000.00
    => CLOSING_BALANCE_BREAK S-2 1000.00
    """


@scenario
def test_two_figures_in_each_others_place_are_one_finding() -> None:
    """
    order  2026-02-05  INV-1001  1590.00
    order  2026-02-15  INV-1002  1234.00
    order  2026-02-25  INV-1003  1590.00
    order  2026-03-20  INV-1009     1.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 11384.00
      1 "" 2026-02-06 5190.00
      2 "" 2026-02-16 4231.00
      3 "" 2026-02-26 1963.00
    => balance 4415.00
    => AMOUNT_MISMATCH S-2 line 1 3600.00
    => MISSING_IN_LEDGER S-2 line 2 4231.00
    => MISSING_IN_STATEMENT S-2 INV-1002 1234.00
    => MISSING_IN_LEDGER S-2 line 3 1963.00
    => MISSING_IN_STATEMENT S-2 INV-1003 1590.00
    => CLOSING_BALANCE_BREAK S-2 6970.00
    """


@scenario
def test_what_we_have_booked_twice_stands_there_once() -> None:
    """
    order  2026-02-05  INV-1001  500.00
    order  2026-02-05  INV-1001  500.00  record shop/again  id e-again
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 500.00
      1 "" 2026-02-06 500.00
    => balance 1000.00
    => DUPLICATE INV-1001 500.00
    => AMOUNT_MISMATCH S-2 line 1 500.00
    => CLOSING_BALANCE_BREAK S-2 500.00
    """


@scenario
def test_another_amount_within_the_days_is_one_finding() -> None:
    """
    order    2026-02-01  INV-1001  1000.00
    payment  2026-02-10  P-1        980.00  pays INV-1001 980.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 0
      1 INV-1001 2026-02-01  1000.00
      2 Zahlung  2026-02-08 -1000.00
    => balance 20.00
    => SHORT_PAYMENT INV-1001 20.00
    => AMOUNT_MISMATCH S-2 line 2 20.00
    => CLOSING_BALANCE_BREAK S-2 20.00
    """


@scenario
def test_the_day_goes_before_the_days_around_it() -> None:
    """
    payment  2026-02-10  P-1   980.00
    payment  2026-02-12  P-2  1040.00
    payment  2026-03-12  P-3     1.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing -1000.00
      1 Zahlung  2026-02-10 -1000.00
    => balance -2021.00
    => AMOUNT_MISMATCH S-2 line 1 20.00
    => MISSING_IN_STATEMENT S-2 P-2 1040.00
    => CLOSING_BALANCE_BREAK S-2 1020.00
    """


@scenario
def test_two_that_are_as_like_stay_apart() -> None:
    """
    payment  2026-02-10  P-1   980.00
    payment  2026-02-12  P-2  1040.00
    payment  2026-03-12  P-3     1.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing -1000.00
      1 Zahlung  2026-02-11 -1000.00
    => balance -2021.00
    => MISSING_IN_LEDGER S-2 line 1 1000.00
    => MISSING_IN_STATEMENT S-2 P-1 980.00
    => MISSING_IN_STATEMENT S-2 P-2 1040.00
    => CLOSING_BALANCE_BREAK S-2 1020.00
    """


@scenario
def test_two_lines_that_are_as_like_stay_apart() -> None:
    """
    payment  2026-02-10  P-1  1000.00
    payment  2026-03-12  P-3     1.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing -2020.00
      1 Zahlung  2026-02-11  -980.00
      2 Zahlung  2026-02-12 -1040.00
    => balance -1001.00
    => MISSING_IN_LEDGER S-2 line 1 980.00
    => MISSING_IN_LEDGER S-2 line 2 1040.00
    => MISSING_IN_STATEMENT S-2 P-1 1000.00
    => CLOSING_BALANCE_BREAK S-2 1020.00
    """


@scenario
def test_a_number_that_is_none_of_theirs_is_no_slip() -> None:
    """
    order  2026-02-05  INV-1001  500.00
    order  2026-03-05  INV-1009    1.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 490.00
      1 XX-77 2026-02-05 490.00
    => balance 501.00
    => MISSING_IN_LEDGER S-2 line 1 490.00
    => MISSING_IN_STATEMENT S-2 INV-1001 500.00
    => CLOSING_BALANCE_BREAK S-2 10.00
    """


@scenario
def test_what_is_in_transit_is_no_other_amount() -> None:
    """
    payment  2026-02-27  P-1   980.00
    payment  2026-03-02  P-2  1000.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing -1000.00
      1 Zahlung  2026-02-27 -1000.00
    statement S-3 2026-03-01..2026-03-31 opening -1000.00 closing -1980.00
      1 Zahlung  2026-03-02  -980.00
    => balance -1980.00
    => OPENING_BALANCE_BREAK S-3 20.00
    => TIMING S-2 line 1 1000.00
    => TIMING S-2 P-1 980.00
    => CLOSING_BALANCE_BREAK S-2 20.00
    => TIMING S-3 line 1 980.00
    => TIMING S-3 P-2 1000.00
    """


@scenario
def test_a_line_in_transit_is_no_slip_of_what_is_missing() -> None:
    """
    payment  2026-02-27  P-1   980.00
    payment  2026-03-02  P-2  1000.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing -1000.00
      1 Zahlung  2026-02-27 -1000.00
    statement S-3 2026-03-01..2026-03-31 opening -1000.00 closing -1000.00
    => balance -1980.00
    => OPENING_BALANCE_BREAK S-3 20.00
    => TIMING S-2 line 1 1000.00
    => MISSING_IN_STATEMENT S-2 P-1 980.00
    => CLOSING_BALANCE_BREAK S-2 20.00
    => TIMING S-3 P-2 1000.00
    => CLOSING_BALANCE_BREAK S-3 980.00
    """


@scenario
def test_what_their_next_statement_lists_is_not_what_a_line_is_a_slip_of() -> None:
    """
    payment  2026-02-27  P-1   980.00
    payment  2026-03-20  P-2     1.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing -1000.00
      1 Zahlung  2026-02-27 -1000.00
    statement S-3 2026-03-01..2026-03-31 opening -1000.00 closing -1981.00
      1 P-1  2026-03-02  -980.00
      2 P-2  2026-03-20    -1.00
    => balance -981.00
    => OPENING_BALANCE_BREAK S-3 20.00
    => MISSING_IN_LEDGER S-2 line 1 1000.00
    => TIMING S-2 P-1 980.00
    => CLOSING_BALANCE_BREAK S-2 20.00
    => TIMING S-3 line 1 980.00
    => CLOSING_BALANCE_BREAK S-3 1000.00
    """


@scenario
def test_their_own_numbers_of_payments_say_nothing_of_invoices() -> None:
    """
    order    2026-02-05  INV-1001  500.00
    payment  2026-02-10  P-1       100.00
    payment  2026-02-15  P-2       200.00
    payment  2026-02-20  P-3       300.00
    order    2026-02-25  INV-1002   50.00
    order    2026-03-05  INV-1009    1.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing -60.00
      1 XX-77  2026-02-05  490.00
      2 ZA-701 2026-02-10 -100.00
      3 ZA-702 2026-02-15 -200.00
      4 ZA-703 2026-02-20 -300.00
      5 INV-1002 2026-02-25 50.00
    => balance -49.00
    => MISSING_IN_LEDGER S-2 line 1 490.00
    => MISSING_IN_STATEMENT S-2 INV-1001 500.00
    => CLOSING_BALANCE_BREAK S-2 10.00
    """


@scenario
def test_a_discount_that_they_took_and_we_gave_up_a_week_later() -> None:
    """
    order       2026-02-05  INV-1001  100.00
    payment     2026-02-15  P-1        98.00  pays INV-1001 98.00
    adjustment  2026-02-22  ADJ-1       2.00  type write_off  side CREDIT  target INV-1001
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 0
      1 INV-1001 2026-02-05 100.00
      2 P-1      2026-02-15 -98.00
      3 Skonto   2026-02-15  -2.00
    => balance 0
    => lines S-2 1 MATCHED 2 MATCHED 3 MATCHED
    => bridge S-2 none
    """


@scenario
def test_a_discount_of_another_amount_is_not_what_we_gave_up() -> None:
    """
    order       2026-02-05  INV-1001  100.00
    payment     2026-02-15  P-1        98.00  pays INV-1001 98.00
    adjustment  2026-02-16  ADJ-1       2.00  type write_off  side CREDIT  target INV-1001
    payment     2026-03-15  P-2         1.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 0.10
      1 INV-1001 2026-02-05 100.00
      2 P-1      2026-02-15 -98.00
      3 Skonto   2026-02-16  -1.90
    => balance -1.00
    => MISSING_IN_LEDGER S-2 line 3 1.90
    => CLOSING_BALANCE_BREAK S-2 0.10
    """


def test_among_very_many_of_near_days_none_is_looked_for() -> None:
    orders = "\n".join(f"order  2026-02-05  INV-{1001 + n}  {100 + n}.00" for n in range(25))
    missing = "\n".join(f"=> MISSING_IN_STATEMENT S-2 INV-{1001 + n} {100 + n}.00" for n in range(25))
    holds(
        f"""
{orders}
order  2026-03-05  INV-1099  1.00
statement S-2 2026-02-01..2026-02-28 opening 0 closing -100.00
  1 "" 2026-02-05 -100.00
payment 2026-03-05 P-1 1.00
=> balance 2800.00
=> MISSING_IN_LEDGER S-2 line 1 100.00
{missing}
=> CLOSING_BALANCE_BREAK S-2 2900.00
"""
    )
