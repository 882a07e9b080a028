"""How the lines of a statement compare, and the bridge from their closing balance to ours."""

from __future__ import annotations

import pytest

from domain.comparison.normalised import squeezed_forms
from domain.comparison.rows import overview
from domain.rules import Rules
from tests.unit.ledger_language import parse
from tests.unit.ledger_teller import Teller, compared_statements, holds, scenario


@scenario
def test_a_statement_that_agrees_needs_no_bridge() -> None:
    """
    order    2026-01-05  INV-1001  121.00
    payment  2026-01-20  P-77      121.00  pays INV-1001 121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
      1 INV-1001 2026-01-05  121.00
      2 "p 77"   2026-01-21 -121.00
    => balance 0
    => lines S-1 1 MATCHED 2 MATCHED
    => bridge S-1 none
    """


@scenario
def test_every_kind_of_difference_is_a_step_with_its_action() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-06  INV-1002  200.00
    order    2026-01-07  INV-1003  300.00
    order    2026-01-08  INV-1004  400.00
    order    2026-02-02  INV-1005  500.00
    order    2026-01-09  INV-1006  600.00
    payment  2026-01-20  P-1        50.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 2345.00
      1 INV-1001 2026-01-05 100.00
      2 INV-1001 2026-01-05 100.00
      3 INV-1002 2026-01-06 215.00
      4 INV-1003 2026-01-17 300.00
      5 XX-7     2026-01-08 400.00
      6 INV-1005 2026-01-31 500.00
      7 ZZ-9     2026-01-10 800.00
      8 P-1      2026-01-20 -70.00
      9 P-999    2026-01-21  -7.00
    => balance 2050.00
    => DUPLICATE S-1 line 2 100.00
    => AMOUNT_MISMATCH S-1 line 3 15.00
    => DATE_MISMATCH S-1 line 4 300.00
    => REFERENCE_MISMATCH S-1 line 5 400.00
    => TIMING S-1 line 6 500.00
    => MISSING_IN_LEDGER S-1 line 7 800.00
    => AMOUNT_MISMATCH S-1 line 8 20.00
    => MISSING_IN_LEDGER S-1 line 9 7.00
    => MISSING_IN_STATEMENT S-1 INV-1006 600.00
    => STATEMENT_ARITHMETIC S-1 7.00
    => CLOSING_BALANCE_BREAK S-1 795.00
    => lines S-1 1 MATCHED 2 DUPLICATE 3 AMOUNT 4 DATE 5 REFERENCE 6 TIMING 7 MISSING_HERE 8 AMOUNT 9 MISSING_HERE
    => bridge S-1 -100.00 line 2 ASK_TO_CORRECT
    => bridge S-1  -15.00 line 3 AGREE_AMOUNT
    => bridge S-1 -500.00 line 6 WAIT
    => bridge S-1 -800.00 line 7 BOOK_DOCUMENT
    => bridge S-1   20.00 line 8 ASK_FOR_REMITTANCE
    => bridge S-1    7.00 line 9 ASK_FOR_REMITTANCE
    => bridge S-1  600.00 INV-1006 SEND_COPY
    => bridge S-1   -7.00 lines ASK_TO_CORRECT
    """


def test_a_difference_within_tolerance_is_proposed_for_write_off() -> None:
    holds(
        """
        order    2026-01-05  INV-1001  100.00
        statement S-1 2026-01-01..2026-01-31 opening 0 closing 100.04
          1 INV-1001 2026-01-05 100.04
        => balance 100.00
        => AMOUNT_MISMATCH S-1 line 1 0.04
        => CLOSING_BALANCE_BREAK S-1 0.04
        => bridge S-1 -0.04 line 1 WRITE_OFF
        """,
        Rules(tolerance_minor=5),
    )


@scenario
def test_two_spellings_of_one_document_are_seen_together() -> None:
    """
    order  2026-01-05  INV-1001  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 200.00
      1 "inv 1001" 2026-01-05 100.00
      2 INV-1001   2026-01-05 100.00
    => balance 100.00
    => DUPLICATE S-1 line 2 100.00
    => CLOSING_BALANCE_BREAK S-1 100.00
    => lines S-1 1 MATCHED 2 DUPLICATE
    """


@scenario
def test_each_of_three_statements_looks_for_what_it_lacks_on_the_others() -> None:
    """
    order  2026-01-31  INV-1001  10.00
    order  2026-02-28  INV-1002  20.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
    statement S-2 2026-02-01..2026-02-28 opening 10.00 closing 10.00
    statement S-3 2026-03-01..2026-03-31 opening 30.00 closing 30.00
      1 INV-1002 2026-03-01 20.00
      2 INV-1001 2026-03-02 10.00
    => balance 30.00
    => TIMING S-1 INV-1001 10.00
    => CLOSING_BALANCE_BREAK S-1 10.00
    => TIMING S-2 INV-1002 20.00
    => CLOSING_BALANCE_BREAK S-2 20.00
    => TIMING S-3 line 1 20.00
    => TIMING S-3 line 2 10.00
    => STATEMENT_ARITHMETIC S-3 30.00
    => bridge S-1 10.00 INV-1001 WAIT
    => bridge S-2 20.00 INV-1002 WAIT
    => bridge S-3 -20.00 line 1 COMPARE_EARLIER
    => bridge S-3 -10.00 line 2 COMPARE_EARLIER
    => bridge S-3  30.00 lines ASK_TO_CORRECT
    """


@scenario
def test_only_a_line_that_means_the_document_shows_it_on_another_statement() -> None:
    """
    order  2026-01-31  INV-1001  121.00
    order  2026-02-01  RE-1001    80.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 80.00
      1 RE-1001 2026-02-01 80.00
    => balance 201.00
    => MISSING_IN_STATEMENT S-1 INV-1001 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    => OPENING_BALANCE_BREAK S-2 121.00
    => CLOSING_BALANCE_BREAK S-2 121.00
    => bridge S-2 121.00 opening COMPARE_EARLIER
    """


@scenario
def test_an_opening_difference_comes_from_before_the_period() -> None:
    """
    order  2025-12-20  INV-0900  90.00
    statement S-1 2026-01-01..2026-01-31 opening 70.00 closing 70.00
    => balance 90.00
    => OPENING_BALANCE_BREAK S-1 20.00
    => CLOSING_BALANCE_BREAK S-1 20.00
    => bridge S-1 20.00 opening COMPARE_EARLIER
    """


@scenario
def test_an_opening_that_is_not_their_own_last_closing_is_theirs_to_correct() -> None:
    """
    order  2025-12-20  INV-0900  90.00
    statement S-0 2025-12-01..2025-12-31 opening 0 closing 90.00
      1 INV-0900 2025-12-20 90.00
    statement S-1 2026-01-01..2026-01-31 opening 70.00 closing 70.00
    => balance 90.00
    => OPENING_BALANCE_BREAK S-1 20.00
    => CLOSING_BALANCE_BREAK S-1 20.00
    => bridge S-0 none
    => bridge S-1 20.00 opening ASK_TO_CORRECT
    """


@scenario
def test_an_invoice_that_they_booked_a_month_late_is_one_cause_and_cancels() -> None:
    """
    order  2025-12-30  INV-0990  90.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 90.00
      1 INV-0990 2026-01-02 90.00
    => balance 90.00
    => OPENING_BALANCE_BREAK S-1 90.00
    => TIMING S-1 line 1 90.00
    => lines S-1 1 TIMING
    => bridge S-1 none
    """


@scenario
def test_a_document_that_stands_on_their_next_statement_waits() -> None:
    """
    order  2026-01-31  INV-1001  121.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 121.00
      1 INV-1001 2026-02-01 121.00
    => balance 121.00
    => CLOSING_BALANCE_BREAK S-1 121.00
    => TIMING S-1 INV-1001 121.00
    => OPENING_BALANCE_BREAK S-2 121.00
    => TIMING S-2 line 1 121.00
    => bridge S-1 121.00 INV-1001 WAIT
    => bridge S-2 none
    """


@scenario
def test_a_line_waits_until_our_source_has_passed_its_date() -> None:
    """
    order  2026-01-05  INV-1001  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 150.00
      1 INV-1001 2026-01-05 100.00
      2 INV-1002 2026-01-31  50.00
    => balance 100.00
    => lines S-1 1 MATCHED 2 PENDING
    => bridge S-1 -50.00 line 2 WAIT
    order  2026-02-03  INV-1003  10.00
    => balance 110.00
    => MISSING_IN_LEDGER S-1 line 2 50.00
    => CLOSING_BALANCE_BREAK S-1 50.00
    order  2026-01-31  INV-1002  50.00
    => balance 160.00
    => bridge S-1 none
    """


@scenario
def test_a_line_of_a_quiet_account_waits_until_its_day_has_passed() -> None:
    """
    order  2026-01-05  INV-1001  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 150.00
      1 INV-1001 2026-01-05 100.00
      2 INV-1002 2026-01-31  50.00
    clock 2026-01-31
    => balance 100.00
    => lines S-1 1 MATCHED 2 PENDING
    clock 2026-02-01
    -> OPENED MISSING_IN_LEDGER S-1 line 2 50.00
    -> OPENED CLOSING_BALANCE_BREAK S-1 50.00
    => balance 100.00
    => MISSING_IN_LEDGER S-1 line 2 50.00
    => CLOSING_BALANCE_BREAK S-1 50.00
    order  2026-01-31  INV-1002  50.00
    clock 2026-02-05
    clock 2026-02-03
    => balance 150.00
    => bridge S-1 none
    """


@scenario
def test_a_payment_waits_for_the_bank_and_not_for_the_shop() -> None:
    """
    order    2026-02-01  INV-1001  100.00  at 08:00
    payment  2026-01-20  P-1        30.00
    statement S-1 2026-01-01..2026-02-01 opening 0 closing 20.00
      1 INV-1001 2026-02-01 100.00
      2 P-1      2026-01-20 -30.00
      3 P-2      2026-02-01 -50.00
    => balance 70.00
    => lines S-1 1 MATCHED 2 MATCHED 3 PENDING
    """


@scenario
def test_waiting_explains_only_its_own_part_of_a_closing_difference() -> None:
    """
    order  2026-01-05  INV-1001  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 157.00
      1 INV-1001 2026-01-05 107.00
      2 INV-1002 2026-01-31  50.00
    => balance 100.00
    => AMOUNT_MISMATCH S-1 line 1 7.00
    => CLOSING_BALANCE_BREAK S-1 7.00
    => lines S-1 1 AMOUNT 2 PENDING
    """


@pytest.mark.parametrize(
    ("line", "reason", "gap", "days"),
    [
        ("1 XX-7 2026-01-20 100.00", "line_unknown_near", "0.00 EUR", "15"),
        ("1 XX-7 2026-01-06 109.00", "line_unknown_near", "9.00 EUR", "1"),
        ("1 XX-7 2026-01-05 250.00", "line_unknown", None, None),
    ],
)
def test_what_is_missing_names_the_nearest_candidate_and_how_far_it_is(
    line: str, reason: str, gap: str | None, days: str | None
) -> None:
    amount = line.split()[-1]
    table = f"""
        order  2026-01-05  INV-1001  100.00
        statement S-1 2026-01-01..2026-01-31 opening 0 closing {amount}
          {line}
        => balance 100.00
        => MISSING_IN_LEDGER S-1 line 1 {amount}
        => MISSING_IN_STATEMENT S-1 INV-1001 100.00
    """
    closing = {"100.00": "", "109.00": "9.00", "250.00": "150.00"}[amount]
    book = holds(table + (f"=> CLOSING_BALANCE_BREAK S-1 {closing}" if closing else ""))
    here, there = compared_statements(book, Rules())["S-1"].verdicts
    assert here.reason == reason
    assert (here.arguments.get("gap"), here.arguments.get("days")) == (gap, days)
    assert here.arguments.get("other") == (None if gap is None else "INV-1001")
    assert there.reason == reason.replace("line_unknown", "entry_unlisted")
    assert there.arguments.get("other") == (None if gap is None else "XX-7")


def test_a_number_with_a_line_break_is_normalised_like_any_other() -> None:
    assert squeezed_forms(["inv\n1001", "a-1"]) == ["INV1001", "A1"]


@scenario
def test_two_halves_of_a_document_agree_up_to_the_last_day_of_the_window() -> None:
    """
    order    2026-01-05  INV-1001  121.00
    order    2026-01-05  INV-1002  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 221.00
      1 INV-1001 2026-01-08 60.00
      2 INV-1001 2026-01-08 61.00
      3 INV-1002 2026-01-09 40.00
      4 INV-1002 2026-01-09 60.00
    => balance 221.00
    => DATE_MISMATCH S-1 line 3 40.00
    => lines S-1 1 MATCHED 2 MATCHED 3 DATE 4 DATE
    => bridge S-1 none
    """


@scenario
def test_a_write_off_of_ours_is_a_step_and_no_disagreement() -> None:
    """
    order       2026-01-05  INV-1001  121.00
    payment     2026-01-20  P-77      120.50  pays INV-1001 120.50
    adjustment  2026-01-31  ADJ-1       0.50  type write_off  side CREDIT  target INV-1001
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0.50
      1 INV-1001 2026-01-05  121.00
      2 P-77     2026-01-20 -120.50
    => balance 0
    => lines S-1 1 MATCHED 2 MATCHED
    => bridge S-1 -0.50 ADJ-1 NONE
    """


@pytest.mark.parametrize(("day", "outcome"), [("05", "MISSING_HERE"), ("31", "PENDING")])
def test_a_corrected_line_that_stays_unknown_is_two_rows_that_bridge(day: str, outcome: str) -> None:
    told = parse(f"""
        order  2026-01-06  INV-1001  10.00
        statement S-1 2026-01-01..2026-01-31 opening 0 closing 110.00
          1 INV-1001 2026-01-06  10.00
          2 UNK-1111 2026-01-{day} 100.00
        adjustment  2026-01-07  ADJ-1  0  type statement_line  line S-1 2 reads UNK-1111 2026-01-{day} 150.00
    """)
    teller = Teller(told.rules)
    for delivery in told.deliveries:
        teller.tell(delivery)
    [compared] = compared_statements(teller.book, told.rules).values()
    found = overview(compared)
    rows = [(row.line_no, row.outcome, row.theirs_minor, row.step_minor) for row in found.rows]
    assert rows == [
        (1, "MATCHED", 1_000, 0),
        (2, "CORRECTED", 10_000, 5_000),
        (2, outcome, 15_000, -15_000),
    ]
    assert found.theirs_closing_minor + sum(row.step_minor for row in found.rows) == found.ours_closing_minor
