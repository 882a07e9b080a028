"""CSV: one table for all that a statement says, one kind of record per row.

``record`` is OPENING, LINE, TOTAL, CLOSING, OPEN_ITEM, AGEING or PROOF. Machines read it, so column names
are English and amounts are plain decimals with all decimals of the currency; descriptions are in the
reader's language. RFC 4180: comma, CRLF, quotes where needed, UTF-8; texts from data are never formulas.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from domain import money
from services.reports.document import Section, StatementDocument
from services.reports.localise import Localiser, localiser
from services.reports.plain_text import inert
from services.reports.present import bucket_name, sources_sentence

COLUMNS = (
    "record",
    "statement_no",
    "customer_id",
    "currency",
    "date",
    "document_no",
    "description",
    "debit",
    "credit",
    "balance",
    "due_date",
    "original",
    "allocated",
    "open",
)


def render_csv(document: StatementDocument, *, bom: bool = True) -> bytes:
    """The CSV file of a document. ``bom`` writes the mark by which Excel knows UTF-8."""
    words = localiser(document.language, document.customer.role)
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for section in document.sections:
        for row in _rows(section, words):
            row["statement_no"] = inert(section.statement_no)
            row["customer_id"] = inert(section.statement.customer_id)
            row["currency"] = section.statement.currency
            writer.writerow(row)
    return buffer.getvalue().encode("utf-8-sig" if bom else "utf-8")


def _rows(section: Section, words: Localiser) -> Iterator[dict[str, str]]:
    statement = section.statement
    end = statement.period.end.isoformat()

    def text(amount_minor: int) -> str:
        return money.to_text(amount_minor, statement.currency)

    yield {
        "record": "OPENING",
        "date": statement.period.start.isoformat(),
        "description": words.text("summary", "opening"),
        "balance": text(statement.opening_minor),
    }
    for line in statement.lines:
        yield {
            "record": "LINE",
            "date": line.date.isoformat(),
            "document_no": inert(line.document_no),
            "description": inert(words.description(line.kind, line.role)),
            "debit": text(line.debit_minor),
            "credit": text(line.credit_minor),
            "balance": text(line.balance_minor),
        }
    yield {
        "record": "TOTAL",
        "date": end,
        "description": words.text("lines", "totals"),
        "debit": text(statement.debit_minor),
        "credit": text(statement.credit_minor),
    }
    yield {
        "record": "CLOSING",
        "date": end,
        "description": words.text("summary", "closing"),
        "balance": text(statement.closing_minor),
    }
    for item in statement.open_items:
        yield {
            "record": "OPEN_ITEM",
            "date": item.business_date.isoformat(),
            "document_no": inert(item.document_no),
            "description": inert(words.description(item.kind, "POSTED")),
            "due_date": item.due_date.isoformat(),
            "original": text(item.original_minor),
            "allocated": text(item.allocated_minor),
            "open": text(item.open_minor),
        }
    for bucket in statement.ageing.buckets:
        yield {
            "record": "AGEING",
            "date": end,
            "description": bucket_name(bucket.name, words),
            "open": text(bucket.amount_minor),
        }
    yield {
        "record": "PROOF",
        "date": end,
        "document_no": statement.digest,
        "description": inert(sources_sentence(statement, words)),
        "balance": text(statement.closing_minor),
    }
