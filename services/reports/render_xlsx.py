"""Excel: per currency a sheet of lines and one of open items and ageing; real numbers and live checks.

Same document, same bytes: the creation date is the date of issue, and the archive carries no clock.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable
from typing import Any

import xlsxwriter

from domain.statements import Statement
from services.reports.document import Section, StatementDocument
from services.reports.localise import Localiser, localiser
from services.reports.present import bucket_name, days_overdue, proof_sentence, sources_sentence
from services.reports.workbook import OPTIONS, Formats, MoneySheet, fits


def render_xlsx(document: StatementDocument) -> bytes:
    """The workbook of a document."""
    words = localiser(document.language, document.customer.role)
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, OPTIONS) as book:
        book.set_properties(
            {
                "title": f"{words.text('title', 'statement')} {document.document_no}",
                "author": document.letterhead.name,
                "created": document.issued_at.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0),
            }
        )
        formats = Formats(book)
        for section in document.sections:
            currency = section.statement.currency
            _LinesSheet(book.add_worksheet(currency), formats, words, section).write(document)
            _ItemsSheet(
                book.add_worksheet(f"{currency} {words.text('items', 'open')}"), formats, words, section
            ).write()
    return buffer.getvalue()


class _Sheet(MoneySheet):
    """A sheet of one section."""

    def __init__(self, sheet: Any, formats: Formats, words: Localiser, section: Section) -> None:
        self.section, self.statement = section, section.statement
        exact = all(fits(amount_minor) for amount_minor in _amounts(self.statement))
        super().__init__(sheet, formats, words, self.statement.currency, exact=exact)


class _LinesSheet(_Sheet):
    def write(self, document: StatementDocument) -> None:
        words, statement, formats = self.words, self.statement, self.formats
        self.sheet.set_column(0, 0, 12)
        self.sheet.set_column(1, 1, 24)
        self.sheet.set_column(2, 2, 30)
        self.sheet.set_column(3, 5, 18)
        self.text(0, 0, words.text("title", "statement"), formats.title)
        facts = [
            (words.text("title", "statement_no"), self.section.statement_no),
            (words.text("title", "from"), document.letterhead.name),
            (words.text("title", "to"), f"{document.customer.name} ({document.customer.number})"),
            (
                words.text("title", "period"),
                words.text(
                    "title",
                    "period_range",
                    start=statement.period.start.isoformat(),
                    end=statement.period.end.isoformat(),
                ),
            ),
            (words.text("title", "currency"), statement.currency),
        ]
        if self.section.version > 1:
            note = words.text("title", "restatement", number=self.section.version - 1)
            facts.append((words.text("title", "statement"), note))
        for row, (name, value) in enumerate(facts, start=1):
            self.text(row, 0, name)
            self.text(row, 1, value)
        head = len(facts) + 2
        names = ("date", "document", "description", "debit", "credit", "balance")
        self.heads(head, [("lines", name) for name in names], right_from=3)
        self.sheet.freeze_panes(head + 1, 0)
        self.sheet.repeat_rows(head)
        self._lines(head + 1)

    def _lines(self, opening: int) -> None:
        words, statement = self.words, self.statement
        self.date(opening, 0, statement.period.start)
        self.text(opening, 2, words.text("lines", "brought_forward"))
        self.amount(opening, 5, statement.opening_minor)
        row = opening
        for line in statement.lines:
            row += 1
            self.date(row, 0, line.date)
            self.text(row, 1, line.document_no)
            self.text(row, 2, words.description(line.kind, line.role))
            self.amount(row, 3, line.debit_minor)
            self.amount(row, 4, line.credit_minor)
            # Excel counts rows from 1, so the row above this one is number ``row``.
            self.formula(row, 5, f"=F{row}+D{row + 1}-E{row + 1}", line.balance_minor, total=False)
        total, closing = row + 1, row + 2
        self.text(total, 2, words.text("lines", "totals"), self.formats.bold)
        self.formula(total, 3, f"=SUM(D{opening + 1}:D{row + 1})", statement.debit_minor)
        self.formula(total, 4, f"=SUM(E{opening + 1}:E{row + 1})", statement.credit_minor)
        self.date(closing, 0, statement.period.end)
        self.text(closing, 2, words.text("lines", "carried_forward"), self.formats.bold)
        self.amount(closing, 5, statement.closing_minor, total=True)
        self.text(closing + 1, 2, words.text("proof", "check"))
        self.check(closing + 1, 5, f"F{closing + 1}", f"F{opening + 1}+D{total + 1}-E{total + 1}")
        proof = (
            proof_sentence(statement, words),
            sources_sentence(statement, words),
            words.text("proof", "digest", digest=statement.digest),
        )
        for offset, text in enumerate(proof, start=3):
            self.text(closing + offset, 0, text, self.formats.small)


class _ItemsSheet(_Sheet):
    def write(self) -> None:
        words, statement = self.words, self.statement
        end = statement.period.end
        self.sheet.set_column(0, 0, 12)
        self.sheet.set_column(1, 1, 24)
        self.sheet.set_column(2, 3, 16)
        self.sheet.set_column(4, 7, 18)
        heading = words.text("items", "heading", date=words.long_date(end))
        self.text(0, 0, f"{heading} · {statement.currency}", self.formats.title)
        names = [("lines", "date"), ("lines", "document"), ("lines", "description"), ("items", "due")]
        names += [("items", name) for name in ("days", "original", "allocated", "open")]
        self.heads(2, names, right_from=4)
        self.sheet.freeze_panes(3, 0)
        row = 2
        for item in statement.open_items:
            row += 1
            self.date(row, 0, item.business_date)
            self.text(row, 1, item.document_no)
            self.text(row, 2, words.description(item.kind, "POSTED"))
            self.date(row, 3, item.due_date)
            self.sheet.write_number(row, 4, days_overdue(item, end, statement.customer_id))
            self.amount(row, 5, item.original_minor)
            self.amount(row, 6, item.allocated_minor)
            self.amount(row, 7, item.open_minor)
        total = row + 1
        self.text(total, 0, words.text("items", "total"), self.formats.bold)
        self.formula(total, 7, f"=SUM(H3:H{row + 1})", statement.closing_minor)
        self._ageing(total + 2, total_cell=f"H{total + 1}")

    def _ageing(self, top: int, total_cell: str) -> None:
        words, statement = self.words, self.statement
        date = words.long_date(statement.period.end)
        self.text(top, 0, words.text("ageing", "heading", date=date), self.formats.title)
        self.text(top + 1, 0, words.text("ageing", "bucket"), self.formats.head)
        self.text(top + 1, 1, words.text("ageing", "amount"), self.formats.head_right)
        row = top + 1
        for bucket in statement.ageing.buckets:
            row += 1
            self.text(row, 0, bucket_name(bucket.name, words), self.formats.right)
            self.amount(row, 1, bucket.amount_minor)
        self.text(row + 1, 0, words.text("ageing", "total"), self.formats.bold)
        self.formula(row + 1, 1, f"=SUM(B{top + 3}:B{row + 1})", statement.closing_minor)
        self.text(row + 2, 0, words.text("proof", "check"))
        self.check(row + 2, 1, f"B{row + 2}", total_cell)


def _amounts(statement: Statement) -> Iterable[int]:
    yield from (
        statement.opening_minor,
        statement.debit_minor,
        statement.credit_minor,
        statement.closing_minor,
    )
    for line in statement.lines:
        yield from (line.debit_minor, line.credit_minor, line.balance_minor)
    for item in statement.open_items:
        yield from (item.original_minor, item.allocated_minor, item.open_minor)
    yield from (bucket.amount_minor for bucket in statement.ageing.buckets)
