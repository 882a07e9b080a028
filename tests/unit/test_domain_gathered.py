"""What belongs together though no one number says so: the stories that need more than a table, and the plain ones."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from domain.comparison import combined
from domain.comparison.named import names_any, packed, tags_of
from domain.comparison.rows import overview
from domain.comparison.texts import documents_in, parts_of
from domain.discrepancies.explanations import explain
from domain.matching.forms import DocumentIndex
from tests.unit.ledger_language import parse
from tests.unit.ledger_teller import Teller, compared_statements, holds, scenario

INDEX = DocumentIndex(
    (number, (number,))
    for number in (
        "INV-1001",
        "INV-1002",
        "INV-1003",
        "RE-2026-00120",
        "PB/004",
        "210040",
        "260105",
        "INV-2026",
    )
)


@pytest.mark.parametrize(
    ("reference", "named"),
    [
        ("Rechnung INV-1001", ("INV-1001",)),
        ("invoice 1001 dated 2026-01-05", ("INV-1001",)),
        ("Rg. RE-2026-00120 v. 05.01.26", ("RE-2026-00120",)),
        ("Rechnung RE 2026 00120", ("RE-2026-00120",)),
        ("发票 INV-1001 货款", ("INV-1001",)),
        ("INV-1001/1", ("INV-1001",)),
        ("INV-1001-B", ("INV-1001",)),
        ("INV-1001a", ("INV-1001",)),
        ("INV-1002, INV-1001", ("INV-1002", "INV-1001")),
        ("inv 1001 + 1002", ("INV-1001", "INV-1002")),
        ("INV-1001/INV-1002", ("INV-1001", "INV-1002")),
        ("INV-1001 - INV-1003", ("INV-1001", "INV-1003", "INV-1002")),
        ("Rechnungen INV-1001 bis 1003", ("INV-1001", "INV-1003", "INV-1002")),
        ("Zahlung 210040,00 EUR", ()),
        ("Miete Januar 2026", ()),
        ("Zahlung 05.01.26", ()),
        ("INV-1001 - INV-9001", ("INV-1001",)),
        ("RE-7/004", ()),
        ("X99887766", ()),
        ("", ()),
    ],
)
def test_numbers_inside_a_text(reference: str, named: tuple[str, ...]) -> None:
    assert set(documents_in(reference, INDEX)) == set(named)


def test_everything_that_may_be_a_number_can_be_looked_up() -> None:
    """What a text may name is among its parts, so that an event about it is known to concern the statement."""
    assert {"INV-1001", "1002"} <= set(parts_of("INV-1001, 1002"))
    assert {"INV-1001", "INV-1002", "INV-1003"} <= set(parts_of("INV-1001 - INV-1003"))
    assert {"INV-1001", "INV-2900"} <= set(parts_of("INV-1001 - INV-2900"))
    assert "INV-1002" not in parts_of("INV-1001 - INV-2900")
    assert parts_of("INV1001") == parts_of("INV-1001") == ()


def test_what_a_text_names_is_among_what_a_statement_names() -> None:
    names = packed(tags_of(["Rechnung INV-1001 v. 05.01.26", "INV-1002, INV-1003"]))
    assert names_any(names, tags_of(["INV-1001"]))
    assert names_any(names, tags_of(["INV-1003"]))
    assert not names_any(names, tags_of(["INV-1009"]))


COLLECTIVE = """
order  2026-01-05  INV-1001  610.20
order  2026-01-06  INV-1002  720.35
statement S-1 2026-01-01..2026-01-31 opening 0 closing 1330.55
  1 SR-55 2026-01-06 1330.55
=> balance 1330.55
{found}
"""


def test_a_collective_line_is_not_looked_for_among_too_many() -> None:
    with patch.object(combined, "LOOKS_MAX", 1):
        holds(
            COLLECTIVE.format(
                found="=> MISSING_IN_LEDGER S-1 line 1 1330.55\n"
                "=> MISSING_IN_STATEMENT S-1 INV-1001 610.20\n"
                "=> MISSING_IN_STATEMENT S-1 INV-1002 720.35"
            )
        )
    holds(COLLECTIVE.format(found="=> REFERENCE_MISMATCH S-1 line 1 1330.55"))


@scenario
def test_two_lines_do_not_share_the_documents_of_a_collective_line() -> None:
    """
    order  2026-01-05  INV-1001  610.20
    order  2026-01-06  INV-1002  720.35
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 2661.10
      1 SR-55 2026-01-06 1330.55
      2 SR-56 2026-01-07 1330.55
    => balance 1330.55
    => MISSING_IN_LEDGER S-1 line 1 1330.55
    => MISSING_IN_LEDGER S-1 line 2 1330.55
    => MISSING_IN_STATEMENT S-1 INV-1001 610.20
    => MISSING_IN_STATEMENT S-1 INV-1002 720.35
    => CLOSING_BALANCE_BREAK S-1 1330.55
    """


@scenario
def test_a_small_sum_is_no_collective_line() -> None:
    """
    order  2026-01-05  INV-1001  0.60
    order  2026-01-06  INV-1002  0.70
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 1.30
      1 SR-55 2026-01-06 1.30
    => balance 1.30
    => MISSING_IN_LEDGER S-1 line 1 1.30
    => MISSING_IN_STATEMENT S-1 INV-1001 0.60
    => MISSING_IN_STATEMENT S-1 INV-1002 0.70
    """


@scenario
def test_one_figure_after_other_letters_is_another_number() -> None:
    """
    order  2026-01-06  PB/005  500.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 500.00
      1 ZA-5 2026-01-06 500.00
    => balance 500.00
    => REFERENCE_MISMATCH S-1 line 1 500.00
    """


@scenario
def test_of_a_series_of_their_own_only_what_is_too_many_is_left() -> None:
    """
    payment  2026-01-10  P-1  100.00
    payment  2026-01-15  P-2  200.00
    payment  2026-01-20  P-3  300.00
    payment  2026-01-25  P-4   50.00
    payment  2026-01-26  P-5   50.00
    payment  2026-01-27  P-6   50.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing -700.00
      1 ZA-1 2026-01-10 -100.00
      2 ZA-2 2026-01-15 -200.00
      3 ZA-3 2026-01-20 -300.00
      4 ZA-4 2026-01-26  -50.00
      5 ZA-5 2026-01-27  -50.00
    => balance -750.00
    => MISSING_IN_STATEMENT S-1 P-4 50.00
    => CLOSING_BALANCE_BREAK S-1 50.00
    """


@scenario
def test_a_line_beside_the_one_that_is_all_of_its_document_stays_if_it_is_nothing_else() -> None:
    """
    order  2026-01-05  INV-1001  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 120.00
      1 INV-1001 2026-01-05 100.00
      2 INV-1001 2026-01-09  20.00
    => balance 100.00
    => AMOUNT_MISMATCH S-1 line 2 20.00
    => CLOSING_BALANCE_BREAK S-1 20.00
    """


@scenario
def test_two_payments_of_one_invoice_are_not_guessed_between() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-1        48.00  pays INV-1001 48.00
    payment  2026-01-21  P-2        49.00  pays INV-1001 49.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 50.00
      1 INV-1001 2026-01-05 100.00
      2 INV-1001 2026-01-20 -50.00
    => balance 3.00
    => SHORT_PAYMENT INV-1001 3.00
    => MISSING_IN_LEDGER S-1 line 2 50.00
    => MISSING_IN_STATEMENT S-1 P-1 48.00
    => MISSING_IN_STATEMENT S-1 P-2 49.00
    => CLOSING_BALANCE_BREAK S-1 47.00
    """


@scenario
def test_a_cancelled_invoice_is_not_netted_with_a_missing_one_of_its_amount() -> None:
    """
    order            2026-01-05  INV-1001  100.00
    order.cancelled  2026-01-08  INV-1001  100.00  v 2
    order            2026-01-06  INV-1002  100.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 100.00
      1 INV-1001 2026-01-05 100.00
    => balance 100.00
    => AMOUNT_MISMATCH S-1 line 1 100.00
    => MISSING_IN_STATEMENT S-1 INV-1002 100.00
    """


@scenario
def test_a_deducted_credit_note_of_another_invoice_is_netted() -> None:
    """
    order        2026-01-05  INV-1001  100.00
    credit_note  2026-01-12  CN-7       15.00
    payment      2026-01-20  P-1        85.00  pays INV-1001 85.00
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 0
      1 INV-1001 2026-01-05  100.00
      2 P-1      2026-01-20 -100.00
    => balance 0
    => SHORT_PAYMENT INV-1001 15.00
    => lines S-1 1 MATCHED 2 MATCHED
    => bridge S-1 none
    """


def test_each_document_of_a_collective_line_says_which_line_it_is_in() -> None:
    told = parse("""
        order  2026-01-05  INV-2001  121.00
        order  2026-01-07  INV-2002  234.50
        statement S-1 2026-01-01..2026-01-31 opening 0 closing 355.50
          1 "INV-2001, INV-2002" 2026-01-08 355.50
    """)
    teller = Teller(told.rules)
    for delivery in told.deliveries:
        teller.tell(delivery)
    [compared] = compared_statements(teller.book, told.rules).values()
    said = [
        (row.our_document_no, row.ours_minor, explain(row.reason_code, row.reason_arguments))
        for row in overview(compared).rows
    ]
    assert said == [
        ("INV-2001", 35_550, "Both sides agree: line 1 stands for INV-2001, INV-2002 together."),
        ("INV-2002", None, "INV-2002 is one of several documents that line 1 stands for."),
    ]


@scenario
def test_payments_and_credit_notes_are_one_series_of_theirs() -> None:
    """
    order        2026-02-01  INV-1001  500.00
    payment      2026-02-10  P-1       100.00
    credit_note  2026-02-15  CN-7       20.00
    payment      2026-02-20  P-2       300.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 80.00
      1 INV-1001 2026-02-01  500.00
      2 BK-701   2026-02-10 -100.00
      3 BK-702   2026-02-15  -20.00
      4 BK-703   2026-02-20 -300.00
    => balance 80.00
    => lines S-2 1 MATCHED 2 MATCHED 3 MATCHED 4 MATCHED
    """


@scenario
def test_where_nothing_bears_a_number_of_ours_they_number_everything() -> None:
    """
    order        2026-02-01  INV-1001  500.00
    credit_note  2026-02-15  CN-7       20.00
    order        2026-02-20  INV-1002  300.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 780.00
      1 BK-701   2026-02-01  500.00
      2 BK-702   2026-02-15  -20.00
      3 BK-703   2026-02-20  300.00
    => balance 780.00
    => lines S-2 1 MATCHED 2 MATCHED 3 MATCHED
    """


@scenario
def test_one_of_ten_may_bear_our_number_in_a_series_of_theirs() -> None:
    """
    payment  2026-02-05  P-1   110.00
    payment  2026-02-06  P-2   117.00
    payment  2026-02-07  P-3   124.00
    payment  2026-02-08  P-4   131.00
    payment  2026-02-09  P-5   138.00
    payment  2026-02-10  P-6   145.00
    payment  2026-02-11  P-7   152.00
    payment  2026-02-12  P-8   159.00
    payment  2026-02-13  P-9   166.00
    payment  2026-02-14  P-10  173.00
    payment  2026-02-20  P-11  300.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing -1725.00
      1 ZA-700 2026-02-05 -110.00
      2 ZA-701 2026-02-06 -117.00
      3 ZA-702 2026-02-07 -124.00
      4 ZA-703 2026-02-08 -131.00
      5 ZA-704 2026-02-09 -138.00
      6 ZA-705 2026-02-10 -145.00
      7 ZA-706 2026-02-11 -152.00
      8 ZA-707 2026-02-12 -159.00
      9 ZA-708 2026-02-13 -166.00
      10 ZA-709 2026-02-14 -173.00
      11 P-11 2026-02-20 -310.00
    => balance -1715.00
    => AMOUNT_MISMATCH S-2 line 11 10.00
    => CLOSING_BALANCE_BREAK S-2 10.00
    """
