"""Small and busy statements for the tests of the renderers, and readers of what they write."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import openpyxl
import pypdf

import services.reports
from domain.ageing import LedgerLine
from domain.ledger import EntryRole, Side
from domain.statements import Statement, build_statement, parse_period
from services.reports.document import Customer, Letterhead, Section, StatementDocument

JANUARY = parse_period("2011-01")
ISSUED = dt.datetime(2011, 2, 2, 8, 0, 0, 123456, tzinfo=dt.UTC)
TEXTS = Path(services.reports.__file__).parent / "texts"
HOSTILE = [
    '=HYPERLINK("http://x")',
    "#strong[x] #sys.inputs",
    '"#panic()"',
    "<script>alert(1)</script>",
    "{{ 7*7 }}",
    "{document}",
    "a & b < c",
    "@SUM(1)",
    "-1+1",
    "$ x^2 $",
    "*bold* _it_ `raw` \\ //",
]


def line(number: int, signed_minor: int, date: dt.date, document: str | None = None) -> LedgerLine:
    return LedgerLine(
        entry_id=f"e{number:05}",
        item_id=f"shop/{number}",
        kind="INVOICE" if signed_minor >= 0 else "PAYMENT",
        role=EntryRole.POSTED,
        side=Side.DEBIT if signed_minor >= 0 else Side.CREDIT,
        amount_minor=abs(signed_minor),
        document_no=document or f"INV-{number:05}",
        business_date=date,
        due_date=date + dt.timedelta(days=30) if signed_minor >= 0 else None,
        topic="tieout.orders",
        partition=1,
        offset=number,
    )


def statement_of(lines: list[LedgerLine], currency: str = "EUR") -> Statement:
    return build_statement(
        customer_id="C-1",
        currency=currency,
        period=JANUARY,
        lines=lines,
        allocations=[],
        control_total_minor=sum(entry.signed_minor for entry in lines),
    )


def small(currency: str = "EUR") -> Statement:
    return statement_of(
        [
            line(1, 1_234_550, dt.date(2010, 12, 1)),
            line(2, 50_005, dt.date(2011, 1, 5)),
            line(3, -2_000_000, dt.date(2011, 1, 20), "P-3"),
        ],
        currency,
    )


def busy(count: int = 120) -> Statement:
    """``count`` lines in the period: several pages."""
    return statement_of(
        [
            line(n, (7919 * n) % 5_000_000 - (900_000 if n % 3 else 0), dt.date(2011, 1, 1 + n * 31 // count))
            for n in range(count)
        ]
    )


def document(
    *statements: Statement, language: str = "en", customer: Customer | None = None, version: int = 1
) -> StatementDocument:
    return StatementDocument(
        document_no="ST-2011-01-EUR-C-1",
        language=language,
        letterhead=Letterhead(
            name="Tieout Demo Ltd",
            address="12 Finance Street\nLondon",
            tax_id="GB1",
            bank_details="IBAN GB33",
        ),
        customer=customer or Customer(customer_id="C-1", name="Blue Harbour 蓝港贸易", terms_days=30),
        period=JANUARY,
        sections=tuple(
            Section(
                statement_no=f"ST-2011-01-{statement.currency}-C-1",
                version=version,
                issued_at=ISSUED,
                statement=statement,
            )
            for statement in statements or (small(),)
        ),
    )


def pdf_pages(content: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def pdf_text(content: bytes) -> str:
    # A long word may be broken anywhere; the break is an invisible sign or a new line.
    return "".join("".join(pdf_pages(content)).replace("\u200b", "").split())


def workbook(content: bytes, *, values: bool = True) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


def cells(book: openpyxl.Workbook, sheet: str) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in book[sheet].iter_rows()]
