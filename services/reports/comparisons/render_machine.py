"""The comparison for machines: CSV in one table, and JSON as canonical bytes.

CSV: ``record`` is THEIRS_CLOSING, LINE (of theirs), DOCUMENT (that only we have), BALANCE or OURS_CLOSING; names of
columns are English, amounts plain decimals, explanations in the reader's language. The ``step`` of all records but the
last sum to that of the last.
"""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterator

import msgspec

from domain import money
from domain.comparison.verdict import Outcome
from domain.statements import canonical_bytes
from services.queries.comparisons import ComparedLine, ComparisonRow
from services.reports.comparisons.document import ComparisonDocument
from services.reports.comparisons.view import explanation
from services.reports.localise import Localiser, localiser
from services.reports.plain_text import inert

COLUMNS = (
    *("record", "statement_id", "customer_id", "currency", "line_no", "date", "document_no", "theirs"),
    *("our_date", "our_document_no", "our_kind", "ours", "step", "outcome", "action", "explanation"),
)


def render_csv(document: ComparisonDocument) -> bytes:
    """One table of all statements; with the mark by which Excel knows UTF-8."""
    words = localiser(document.language, document.customer.role)
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for comparison in document.comparisons:
        common = {
            "statement_id": inert(comparison.statement_id),
            "customer_id": inert(comparison.customer_id),
            "currency": comparison.currency,
        }
        writer.writerows(common | record for record in _records(comparison, words))
    return buffer.getvalue().encode("utf-8-sig")


def _records(comparison: ComparisonRow, words: Localiser) -> Iterator[dict[str, str]]:
    def text(amount_minor: int | None) -> str:
        return "" if amount_minor is None else money.to_text(amount_minor, comparison.currency)

    def closing(record: str, amount_minor: int) -> dict[str, str]:
        return {"record": record, "date": comparison.period_end.isoformat(), "step": text(amount_minor)}

    yield closing("THEIRS_CLOSING", comparison.theirs_closing_minor)
    for line in comparison.lines:
        yield {
            "record": _record(line),
            "line_no": "" if line.line_no is None else str(line.line_no),
            "date": "" if line.date is None else line.date.isoformat(),
            "document_no": inert(line.document_no or ""),
            "theirs": text(line.theirs_minor),
            "our_date": "" if line.our_date is None else line.our_date.isoformat(),
            "our_document_no": inert(line.our_document_no or ""),
            "our_kind": line.our_kind or "",
            "ours": text(line.ours_minor),
            "step": text(line.step_minor),
            "outcome": line.outcome,
            "action": line.action,
            "explanation": inert(explanation(line, words)),
        }
    yield closing("OURS_CLOSING", comparison.ours_closing_minor)


def _record(line: ComparedLine) -> str:
    if line.line_no is not None:
        return "LINE"
    return "BALANCE" if line.outcome == Outcome.BALANCE else "DOCUMENT"


def render_json(document: ComparisonDocument) -> bytes:
    """One JSON object with a final newline: money in integers of minor units, the same in every language."""
    content = {
        "document_no": document.document_no,
        "issuer": document.letterhead.name,
        "customer_id": document.customer.customer_id,
        "customer_name": document.customer.name,
        "comparisons": [
            msgspec.to_builtins(dataclasses.asdict(comparison)) for comparison in document.comparisons
        ],
    }
    return canonical_bytes(content) + b"\n"
