"""What one of their statements carries into the next: each break says whether it comes from there."""

from __future__ import annotations

import pytest

from domain.comparison.chain import preceding
from domain.discrepancies.against_statement import balance_breaks
from domain.discrepancies.explanations import explain
from tests.unit.ledger_language import parse
from tests.unit.ledger_teller import Teller, compared_statements, scenario

WRONG_IN_JANUARY = """
    order  2026-01-10  INV-1001  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 109.00
      1 INV-1001 2026-01-10 109.00
"""


def breaks(text: str) -> list[tuple[str, int, str]]:
    """(statement, minor units, reason) of each balance that differs."""
    told = parse(text)
    teller = Teller(told.rules)
    for delivery in told.deliveries:
        teller.tell(delivery)
    found = []
    for compared in compared_statements(teller.book, told.rules).values():
        for finding in balance_breaks(compared):
            assert "{" not in explain(finding.reason, finding.arguments)
            found.append((compared.statement.statement_id, finding.amount_minor, finding.reason))
    return found


def test_what_is_carried_from_month_to_month_comes_from_the_statement_before() -> None:
    assert breaks(f"""{WRONG_IN_JANUARY}
        statement S-2 2026-02-01..2026-02-28 opening 109.00 closing 109.00
        statement S-3 2026-03-01..2026-03-31 opening 109.00 closing 109.00
    """) == [
        ("S-1", 900, "closing_differs"),
        ("S-2", 900, "opening_differs_before"),
        ("S-2", 900, "closing_differs_before"),
        ("S-3", 900, "opening_differs_before"),
        ("S-3", 900, "closing_differs_before"),
    ]


def test_the_sentence_names_the_statement_before() -> None:
    told = parse(
        f"{WRONG_IN_JANUARY}    statement S-2 2026-02-01..2026-02-28 opening 109.00 closing 109.00\n"
    )
    teller = Teller(told.rules)
    for delivery in told.deliveries:
        teller.tell(delivery)
    compared = compared_statements(teller.book, told.rules)["S-2"]
    assert [s.statement_id for s in preceding(compared.side.statements, compared.statement)] == ["S-1"]
    assert [explain(f.reason, f.arguments) for f in balance_breaks(compared)] == [
        "The statement opens with 109.00 EUR, as statement S-1 closed; the books stood at 100.00 EUR the day before: "
        "the difference comes from there.",
        "The statement closes with 109.00 EUR; the books stood at 100.00 EUR on its last day: the difference comes "
        "from statement S-1.",
    ]


def test_what_comes_to_what_is_carried_is_of_this_month() -> None:
    assert breaks(f"""{WRONG_IN_JANUARY}
        order  2026-02-10  INV-1002   50.00
        statement S-2 2026-02-01..2026-02-28 opening 109.00 closing 161.00
          1 INV-1002 2026-02-10  52.00
        statement S-3 2026-03-01..2026-03-31 opening 161.00 closing 161.00
    """) == [
        ("S-1", 900, "closing_differs"),
        ("S-2", 900, "opening_differs_before"),
        ("S-2", 1_100, "closing_differs"),
        ("S-3", 1_100, "opening_differs_before"),
        ("S-3", 1_100, "closing_differs_before"),
    ]


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
    -> UPDATED OPENING_BALANCE_BREAK S-2 9.00
    -> UPDATED CLOSING_BALANCE_BREAK S-2 9.00
    -> OPENED AMOUNT_MISMATCH "S-1 line 1" 9.00
    -> OPENED CLOSING_BALANCE_BREAK S-1 9.00
    => balance 100.00
    => AMOUNT_MISMATCH S-1 line 1 9.00
    => CLOSING_BALANCE_BREAK S-1 9.00
    => OPENING_BALANCE_BREAK S-2 9.00
    => CLOSING_BALANCE_BREAK S-2 9.00
    """


@pytest.mark.parametrize(
    "mended",
    [
        """statement S-1 2026-01-01..2026-01-31 opening 0 closing 100.00 replaced v 2 id e-second
             1 INV-1001 2026-01-10 100.00
        """,
        "adjustment 2026-02-03 A-1 0.00 type statement_line  line S-1 1 reads INV-1001 2026-01-10 100.00 by ann bob",
    ],
    ids=["replaced", "corrected by people"],
)
def test_what_was_mended_before_is_no_explanation_of_the_opening(mended: str) -> None:
    found = breaks(f"""{WRONG_IN_JANUARY}
        statement S-2 2026-02-01..2026-02-28 opening 109.00 closing 109.00
        {mended}
    """)
    assert found[-2:] == [("S-2", 900, "opening_differs"), ("S-2", 900, "closing_differs")]


def test_a_gap_between_the_periods_explains_nothing() -> None:
    found = breaks(
        f"{WRONG_IN_JANUARY}    statement S-3 2026-03-01..2026-03-31 opening 109.00 closing 109.00\n"
    )
    assert found[-2:] == [("S-3", 900, "opening_differs"), ("S-3", 900, "closing_differs")]


def test_a_write_off_of_the_month_is_no_break_where_they_agreed_to_an_earlier_one() -> None:
    assert not breaks("""
        order       2026-01-10  INV-1001  100.00
        adjustment  2026-01-20  ADJ-1       2.00  type write_off  side CREDIT  target INV-1001
        adjustment  2026-02-20  ADJ-2       3.00  type write_off  side CREDIT  target INV-1001
        statement S-2 2026-02-01..2026-02-28 opening 98.00 closing 98.00
    """)


def test_beside_a_write_off_of_the_month_a_break_still_comes_from_before() -> None:
    found = breaks(f"""{WRONG_IN_JANUARY}
        adjustment  2026-02-20  ADJ-1  2.00  type write_off  side CREDIT  target INV-1001
        statement S-2 2026-02-01..2026-02-28 opening 109.00 closing 109.00
    """)
    assert found[-2:] == [("S-2", 900, "opening_differs_before"), ("S-2", 1_100, "closing_differs_before")]


def test_a_wrong_opening_that_the_month_sets_right_is_no_break_at_its_end() -> None:
    assert breaks("""
        order       2026-01-10  INV-1001  100.00
        adjustment  2026-02-20  ADJ-1       2.00  type write_off  side CREDIT  target INV-1001
        order       2026-03-20  INV-1002    1.00
        statement S-2 2026-02-01..2026-02-28 opening 107.00 closing 100.00
          1 "" 2026-02-10 -7.00
    """) == [("S-2", 700, "opening_differs")]
