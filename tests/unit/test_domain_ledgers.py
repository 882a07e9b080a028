"""How customers keep our account: under other numbers, together, in parts (scenarios: ``statements/ledgers``)."""

from __future__ import annotations

from tests.unit.ledger_teller import scenario


@scenario
def test_an_invoice_net_of_its_credit_note() -> None:
    """
    order        2026-01-05  INV-1001  100.00
    credit_note  2026-01-12  CN-7       15.00  of INV-1001
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 85.00
      1 INV-1001 2026-01-05 85.00
    => balance 85.00
    => lines S-1 1 MATCHED
    => bridge S-1 none
    """


@scenario
def test_a_write_off_is_not_netted() -> None:
    """
    order       2026-01-05  INV-1001  100.00
    adjustment  2026-01-31  ADJ-1       2.00  type write_off  side CREDIT  target INV-1001
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 98.00
      1 INV-1001 2026-01-05 98.00
    => balance 98.00
    => AMOUNT_MISMATCH S-1 line 1 2.00
    => bridge S-1  2.00 line 1 AGREE_AMOUNT
    => bridge S-1 -2.00 ADJ-1 NONE
    """


@scenario
def test_a_list_of_another_amount_stands_for_none() -> None:
    """
    order  2026-01-05  INV-1001  10.00
    order  2026-01-06  INV-1002  20.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 35.00
      1 "INV-1001, INV-1002"  2026-01-20 35.00
    order  2026-03-01  INV-1009  1.00
    => balance 31.00
    => MISSING_IN_LEDGER S-1 line 1 35.00
    => MISSING_IN_STATEMENT S-1 INV-1001 10.00
    => MISSING_IN_STATEMENT S-1 INV-1002 20.00
    => CLOSING_BALANCE_BREAK S-1 5.00
    """


@scenario
def test_a_line_of_all_of_a_list_goes_before_one_of_a_part() -> None:
    """
    order  2026-01-05  INV-1001  40.00
    order  2026-01-07  INV-1002  60.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 140.00
      1 "INV-1001, INV-1002" 2026-01-08   40.00
      2 "INV-1001, INV-1002" 2026-01-08  100.00
    => balance 100.00
    => lines S-1 1 MISSING_HERE 2 MATCHED
    => MISSING_IN_LEDGER S-1 line 1 40.00
    => CLOSING_BALANCE_BREAK S-1 40.00
    """


@scenario
def test_a_list_that_stands_twice_is_once_too_much() -> None:
    """
    order  2026-01-05  INV-1001  40.00
    order  2026-01-07  INV-1002  60.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 200.00
      1 "INV-1001, INV-1002" 2026-01-08  100.00
      2 "INV-1002, INV-1001" 2026-01-09  100.00
    => balance 100.00
    => lines S-1 1 MATCHED 2 MISSING_HERE
    => MISSING_IN_LEDGER S-1 line 2 100.00
    => CLOSING_BALANCE_BREAK S-1 100.00
    """


@scenario
def test_one_figure_needs_the_day() -> None:
    """
    order  2026-01-07  PB/004  30.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 31.00
      1 4 2026-01-27 31.00
    order  2026-03-01  INV-1009  1.00
    => balance 31.00
    => MISSING_IN_LEDGER S-1 line 1 31.00
    => MISSING_IN_STATEMENT S-1 PB/004 30.00
    => CLOSING_BALANCE_BREAK S-1 1.00
    """


@scenario
def test_a_line_without_a_number_is_no_wrong_number() -> None:
    """
    order    2026-01-05  INV-1001  121.00
    payment  2026-01-20  P-1       121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
      1 "" 2026-01-06  121.00
      2 -  2026-01-18 -121.00
    => balance 0
    => lines S-1 1 MATCHED 2 MATCHED
    """


@scenario
def test_equal_amounts_without_numbers() -> None:
    """
    order  2026-01-05  INV-1001  49.90
    order  2026-01-06  INV-1002  49.90
    order  2026-01-07  INV-1003  49.90
    order  2026-01-20  INV-1004  49.90
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 149.70
      1 "" 2026-01-06 49.90
      2 "" 2026-01-08 49.90
      3 "" 2026-01-20 49.90
    => balance 199.60
    => MISSING_IN_STATEMENT S-1 INV-1003 49.90
    => CLOSING_BALANCE_BREAK S-1 49.90
    => lines S-1 1 MATCHED 2 MATCHED 3 MATCHED
    => bridge S-1 49.90 INV-1003 SEND_COPY
    """


@scenario
def test_as_many_lines_as_documents_go_together() -> None:
    """
    order  2026-01-05  INV-1001  49.90
    order  2026-01-06  INV-1002  49.90
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 99.80
      1 XX-7 2026-01-06 49.90
      2 XX-8 2026-01-08 49.90
    => balance 99.80
    => REFERENCE_MISMATCH S-1 line 1 49.90
    => REFERENCE_MISMATCH S-1 line 2 49.90
    => bridge S-1 none
    """


@scenario
def test_a_series_is_none_where_numbers_of_ours_stand() -> None:
    """
    order    2026-01-05  INV-1001  900.00
    payment  2026-01-10  P-1       100.00
    payment  2026-01-15  P-2       200.00
    payment  2026-01-20  P-3       300.00
    payment  2026-01-25  P-4       150.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 150.00
      1 INV-1001 2026-01-05  900.00
      2 P-1      2026-01-10 -100.00
      3 ZA-702   2026-01-14 -200.00
      4 ZA-703   2026-01-20 -300.00
      5 ZA-704   2026-01-25 -150.00
    => balance 150.00
    => REFERENCE_MISMATCH S-1 line 3 200.00
    => REFERENCE_MISMATCH S-1 line 4 300.00
    => REFERENCE_MISMATCH S-1 line 5 150.00
    """


@scenario
def test_one_voucher_in_several_lines() -> None:
    """
    order    2026-01-05  INV-1001  180.00
    payment  2026-01-20  P-1       180.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
      1 INV-1001 2026-01-05  180.00
      2 ZA-701   2026-01-19 -100.00
      3 ZA-701   2026-01-19  -80.00
    => balance 0
    => REFERENCE_MISMATCH S-1 line 2 180.00
    => lines S-1 1 MATCHED 2 REFERENCE 3 REFERENCE
    => bridge S-1 none
    """


@scenario
def test_the_number_of_another_invoice() -> None:
    """
    order  2026-01-05  INV-1001  100.00
    order  2026-01-09  INV-1002   80.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 180.00
      1 INV-1001 2026-01-05 100.00
      2 INV-1001 2026-01-09  80.00
    => balance 180.00
    => REFERENCE_MISMATCH S-1 line 2 80.00
    => lines S-1 1 MATCHED 2 REFERENCE
    => bridge S-1 none
    """


@scenario
def test_the_line_of_another_day_is_the_duplicate() -> None:
    """
    order  2026-01-05  INV-1001  121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 242.00
      1 INV-1001 2026-01-15 121.00
      2 INV-1001 2026-01-05 121.00
    => balance 121.00
    => DUPLICATE S-1 line 1 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    => lines S-1 1 DUPLICATE 2 MATCHED
    => bridge S-1 -121.00 line 1 ASK_TO_CORRECT
    """


@scenario
def test_their_own_reversal_of_a_double_booking_stays_with_it() -> None:
    """
    order  2026-01-05  INV-1001  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 100.00
      1 INV-1001 2026-01-05  100.00
      2 INV-1001 2026-01-07  100.00
      3 INV-1001 2026-01-08 -100.00
    => balance 100.00
    => lines S-1 1 MATCHED 2 MATCHED 3 MATCHED
    """


@scenario
def test_a_customer_who_dates_everything_later_makes_no_mistakes() -> None:
    """
    order  2026-01-02  INV-1001  10.00
    order  2026-01-03  INV-1002  20.00
    order  2026-01-04  INV-1003  30.00
    order  2026-01-05  INV-1004  40.00
    order  2026-01-06  INV-1005  50.00
    order  2026-01-31  INV-1006  60.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 210.00
      1 INV-1001 2026-01-31 10.00
      2 INV-1002 2026-01-31 20.00
      3 INV-1003 2026-01-31 30.00
      4 INV-1004 2026-01-31 40.00
      5 INV-1005 2026-01-31 50.00
      6 INV-1006 2026-01-31 60.00
    => balance 210.00
    => bridge S-1 none
    """


@scenario
def test_four_lines_of_other_dates_are_told() -> None:
    """
    order  2026-01-02  INV-1001  10.00
    order  2026-01-03  INV-1002  20.00
    order  2026-01-04  INV-1003  30.00
    order  2026-01-05  INV-1004  40.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 100.00
      1 INV-1001 2026-01-31 10.00
      2 INV-1002 2026-01-31 20.00
      3 INV-1003 2026-01-31 30.00
      4 INV-1004 2026-01-31 40.00
    => balance 100.00
    => DATE_MISMATCH S-1 line 1 10.00
    => DATE_MISMATCH S-1 line 2 20.00
    => DATE_MISMATCH S-1 line 3 30.00
    => DATE_MISMATCH S-1 line 4 40.00
    """


@scenario
def test_five_lines_of_other_dates_among_more_that_agree_are_told() -> None:
    """
    order  2026-01-02  INV-1001  10.00
    order  2026-01-03  INV-1002  20.00
    order  2026-01-04  INV-1003  30.00
    order  2026-01-05  INV-1004  40.00
    order  2026-01-06  INV-1005  50.00
    order  2026-01-31  INV-1006  60.00
    order  2026-01-31  INV-1007  60.00
    order  2026-01-31  INV-1008  60.00
    order  2026-01-31  INV-1009  60.00
    order  2026-01-31  INV-1010  60.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 450.00
      1 INV-1001 2026-01-31 10.00
      2 INV-1002 2026-01-31 20.00
      3 INV-1003 2026-01-31 30.00
      4 INV-1004 2026-01-31 40.00
      5 INV-1005 2026-01-31 50.00
      6 INV-1006 2026-01-31 60.00
      7 INV-1007 2026-01-31 60.00
      8 INV-1008 2026-01-31 60.00
      9 INV-1009 2026-01-31 60.00
      10 INV-1010 2026-01-31 60.00
    => balance 450.00
    => DATE_MISMATCH S-1 line 1 10.00
    => DATE_MISMATCH S-1 line 2 20.00
    => DATE_MISMATCH S-1 line 3 30.00
    => DATE_MISMATCH S-1 line 4 40.00
    => DATE_MISMATCH S-1 line 5 50.00
    """


@scenario
def test_a_line_twice_is_not_another_document_of_its_amount() -> None:
    """
    order  2026-01-05  INV-1001  99.00
    order  2026-01-08  INV-1002  99.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 198.00
      1 INV-1001 2026-01-05 99.00
      2 INV-1001 2026-01-09 99.00
    => balance 198.00
    => DUPLICATE S-1 line 2 99.00
    => MISSING_IN_STATEMENT S-1 INV-1002 99.00
    => lines S-1 1 MATCHED 2 DUPLICATE
    """


@scenario
def test_their_running_number_is_no_number_of_ours_where_the_reference_is() -> None:
    """
    order  2026-01-05  INV-1001  100.00  order_id PO-4681
    order  2026-02-06  INV-1002   80.00
    statement S-2 2026-02-01..2026-02-28 opening 100.00 closing 180.00
      1 V4681 2026-02-06 80.00 ref inv-1002
    => balance 180.00
    => lines S-2 1 MATCHED
    """


@scenario
def test_of_figures_alone_those_of_the_amount_are_meant() -> None:
    """
    order  2026-02-05  INV-1001  100.00
    order  2026-02-06  INV-1002   80.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 180.00
      1 V1001 2026-02-06  80.00 ref 1002
      2 1001  2026-02-05 100.00 ref 1002
    => balance 180.00
    => lines S-2 1 MATCHED 2 MATCHED
    """


@scenario
def test_a_number_of_another_month_with_an_amount_of_this_one_is_a_wrong_number() -> None:
    """
    order  2026-01-05  INV-1001  100.00
    order  2026-02-06  INV-1011   80.00
    statement S-2 2026-02-01..2026-02-28 opening 100.00 closing 180.00
      1 INV-1001 2026-02-06 80.00
    => balance 180.00
    => REFERENCE_MISMATCH S-2 line 1 80.00
    => bridge S-2 none
    """


@scenario
def test_a_number_of_another_month_with_its_amount_is_that_document() -> None:
    """
    order  2026-01-30  INV-1001  100.00
    order  2026-02-02  INV-1011  100.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 100.00
      1 INV-1001 2026-02-02 100.00
    => balance 200.00
    => OPENING_BALANCE_BREAK S-2 100.00
    => CLOSING_BALANCE_BREAK S-2 100.00
    => TIMING S-2 line 1 100.00
    => MISSING_IN_STATEMENT S-2 INV-1011 100.00
    """


@scenario
def test_equal_parts_that_do_not_come_to_the_document_are_one_amount_that_differs() -> None:
    """
    order  2026-02-05  INV-1001  300.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 200.00
      1 INV-1001 2026-02-05 100.00
      2 INV-1001 2026-02-15 100.00
    => balance 300.00
    => AMOUNT_MISMATCH S-2 line 2 100.00
    => CLOSING_BALANCE_BREAK S-2 100.00
    => bridge S-2 100.00 line 2 AGREE_AMOUNT
    """
