"""The comparison to work with: a workbook with the bridge, and every line of theirs and document of ours.

The bridge sums the lines by live formulas and checks itself. Rows are written in order and not kept in memory, so a
statement of a million lines is written too; one that is longer than a sheet goes on in the next.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

import xlsxwriter

from services.queries.comparisons import ComparedLine, ComparisonRow
from services.reports.comparisons.document import ComparisonDocument, groups
from services.reports.comparisons.view import action_text, explanation, facts_of, outcome_text
from services.reports.localise import Localiser, localiser
from services.reports.workbook import OPTIONS, Formats, MoneySheet, fits

#: what a sheet of Excel holds, without its heading
SHEET_ROWS_MAX: Final = 1_048_576 - 1
_COLUMNS: Final = (
    *("line", "date", "document", "theirs", "our_date", "our_document", "our_kind", "ours"),
    *("step", "outcome", "action", "explanation"),
)
_WIDTHS: Final = (7, 12, 24, 16, 12, 24, 20, 16, 16, 20, 30, 60)
_AMOUNTS: Final = frozenset({"theirs", "ours", "step"})
_STEP, _OUTCOME = "I", "J"


def render_xlsx(document: ComparisonDocument, *, sheet_rows_max: int = SHEET_ROWS_MAX) -> bytes:
    """The workbook of a document: per statement a sheet of the bridge, and its lines behind it."""
    words = localiser(document.language, document.customer.role)
    buffer = io.BytesIO()
    options = OPTIONS | {"in_memory": False, "constant_memory": True}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties(
            {
                "title": f"{words.text('comparison', 'title')} {document.document_no}",
                "author": document.letterhead.name,
                "created": document.changed_at.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0),
            }
        )
        formats = Formats(book)
        several = len(document.comparisons) > 1
        for number, comparison in enumerate(document.comparisons, start=1):
            prefix = f"{number} " if several else ""
            _write(book, formats, words, document, comparison, prefix, sheet_rows_max)
    return buffer.getvalue()


def _write(
    book: Any,
    formats: Formats,
    words: Localiser,
    document: ComparisonDocument,
    comparison: ComparisonRow,
    prefix: str,
    sheet_rows_max: int,
) -> None:
    exact = all(fits(amount_minor) for amount_minor in _amounts(comparison))
    name = prefix + words.text("comparison", "sheet_lines")
    parts = list(_parts(comparison.lines, sheet_rows_max))
    names = [name if number == 1 else f"{name} {number}" for number in range(1, len(parts) + 1)]
    bridge = book.add_worksheet(prefix + words.text("comparison", "sheet_bridge"))
    _BridgeSheet(bridge, formats, words, comparison.currency, exact=exact).write(document, comparison, names)
    for title, lines in zip(names, parts, strict=True):
        _LinesSheet(book.add_worksheet(title), formats, words, comparison.currency, exact=exact).write(lines)


def _parts(lines: Sequence[ComparedLine], size: int) -> Iterator[list[ComparedLine]]:
    left = iter(lines)
    yield list(islice(left, size))
    while part := list(islice(left, size)):
        yield part


class _BridgeSheet(MoneySheet):
    def write(self, document: ComparisonDocument, comparison: ComparisonRow, line_sheets: list[str]) -> None:
        words, formats = self.words, self.formats
        self.sheet.set_column(0, 0, 34)
        self.sheet.set_column(1, 1, 12)
        self.sheet.set_column(2, 2, 20)
        self.text(0, 0, words.text("comparison", "title"), formats.title)
        customer = document.customer
        facts = [[words.text("comparison", "customer"), f"{customer.name} ({customer.number})"]]
        facts += [[words.text("title", "currency"), comparison.currency], *facts_of(comparison, words)]
        for row, (name, value) in enumerate(facts, start=1):
            self.text(row, 0, name)
            self.text(row, 1, value)
        head = len(facts) + 2
        self.heads(head, [("comparison", name) for name in ("kind", "lines", "amount")], right_from=1)
        self._steps(head + 1, comparison, line_sheets)

    def _steps(self, top: int, comparison: ComparisonRow, line_sheets: list[str]) -> None:
        words = self.words
        self.text(top, 0, words.text("comparison", "theirs_closing"), self.formats.bold)
        self.amount(top, 2, comparison.theirs_closing_minor, total=True)
        row = top
        for group in groups(comparison):
            row += 1
            self.text(row, 0, outcome_text(group.outcome, words))
            self.sheet.write_number(row, 1, len(group.lines))
            sums = "+".join(
                f"SUMIF('{name}'!${_OUTCOME}:${_OUTCOME},A{row + 1},'{name}'!${_STEP}:${_STEP})"
                for name in line_sheets
            )
            self.formula(row, 2, f"={sums}", group.step_minor, total=False)
        self.text(row + 1, 0, words.text("comparison", "ours_closing"), self.formats.bold)
        self.amount(row + 1, 2, comparison.ours_closing_minor, total=True)
        self.text(row + 2, 0, words.text("proof", "check"))
        self.check(row + 2, 2, f"C{row + 2}", f"SUM(C{top + 1}:C{row + 1})")


class _LinesSheet(MoneySheet):
    def write(self, lines: Sequence[ComparedLine]) -> None:
        words = self.words
        for column, width in enumerate(_WIDTHS):
            self.sheet.set_column(column, column, width)
        self.sheet.freeze_panes(1, 0)
        self.sheet.repeat_rows(0)
        self.sheet.autofilter(0, 0, max(len(lines), 1), len(_COLUMNS) - 1)
        for column, name in enumerate(_COLUMNS):
            look = self.formats.head_right if name in _AMOUNTS else self.formats.head
            self.text(0, column, words.text("comparison", name), look)
        for row, line in enumerate(lines, start=1):
            self._line(row, line)

    def _line(self, row: int, line: ComparedLine) -> None:
        words = self.words
        cells: tuple[int | dt.date | str | None, ...] = (
            line.line_no,
            line.date,
            line.document_no,
            line.theirs_minor,
            line.our_date,
            line.our_document_no,
            None if line.our_kind is None else words.description(line.our_kind, "POSTED"),
            line.ours_minor,
            line.step_minor,
            outcome_text(line.outcome, words),
            action_text(line.action, words),
            explanation(line, words),
        )
        for column, (name, value) in enumerate(zip(_COLUMNS, cells, strict=True)):
            if value is None or value == "":
                continue
            if isinstance(value, str):
                self.text(row, column, value)
            elif isinstance(value, dt.date):
                self.date(row, column, value)
            elif name in _AMOUNTS:
                self.amount(row, column, value)
            else:
                self.sheet.write_number(row, column, value)


def _amounts(comparison: ComparisonRow) -> Iterator[int]:
    yield from (comparison.theirs_closing_minor, comparison.ours_closing_minor)
    for line in comparison.lines:
        yield line.step_minor
    yield from (group.step_minor for group in groups(comparison))
