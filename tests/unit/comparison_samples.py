"""Comparisons for the tests of their documents: told as scenarios, made by the domain, as the store would give them."""

from __future__ import annotations

import datetime as dt

from domain.comparison.rows import Overview, overview
from domain.discrepancies.explanations import explain
from services.queries.comparisons import ComparedLine, ComparisonRow
from services.reports.comparisons.document import ComparisonDocument
from services.reports.document import Customer, Letterhead
from tests.unit.ledger_language import parse
from tests.unit.ledger_teller import Teller, compared_statements

CHANGED = dt.datetime(2026, 2, 3, 8, 0, 0, tzinfo=dt.UTC)
EVERY_KIND = """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-06  INV-1002  200.00
    order    2026-01-07  INV-1003  300.00
    order    2026-01-08  INV-1004  400.00
    order    2026-02-02  INV-1005  500.00
    order    2026-01-09  INV-1006  1234567.89
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
"""
AGREEING = """
    order    2026-03-05  INV-2001  121.00
    statement S-2 2026-03-01..2026-03-31 opening 0 closing 121.00
      1 INV-2001 2026-03-05 121.00
"""


def rows_of(table: str) -> list[ComparisonRow]:
    """The comparisons that a scenario ends in, by statement."""
    told = parse(table)
    teller = Teller(told.rules)
    for delivery in told.deliveries:
        teller.tell(delivery)
    compared = compared_statements(teller.book, told.rules)
    return [
        _row(overview(one), teller.book.customer_id, one.wording.currency)
        for _, one in sorted(compared.items())
    ]


def _row(found: Overview, customer_id: str, currency: str) -> ComparisonRow:
    lines = [
        ComparedLine(
            **{name: getattr(row, name) for name in row.__struct_fields__ if name != "reason_arguments"},
            reason_arguments=dict(row.reason_arguments),
            explanation=explain(row.reason_code, row.reason_arguments),
        )
        for row in found.rows
    ]
    figures = {name: getattr(found, name) for name in found.__struct_fields__ if name != "rows"}
    return ComparisonRow(
        customer_id=customer_id,
        currency=currency,
        difference_minor=found.ours_closing_minor - found.theirs_closing_minor,
        occurred_at=CHANGED,
        lines=lines,
        **figures,
    )


def document(*tables: str, language: str = "en", customer: Customer | None = None) -> ComparisonDocument:
    return ComparisonDocument(
        language=language,
        letterhead=Letterhead(name="Tieout Demo Ltd", address="12 Finance Street\nLondon"),
        customer=customer or Customer(customer_id="C-1", name="Blue Harbour 蓝港贸易"),
        comparisons=tuple(row for table in tables or (EVERY_KIND,) for row in rows_of(table)),
    )
