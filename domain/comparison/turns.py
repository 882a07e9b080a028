"""What lies at the turn of two periods under no number of ours: money and goods in transit.

What nobody's number tells is looked for, by amount and date, among what is left over on the other side of the turn: in
the statement that follows or precedes without a gap, and, where none follows, among our documents of the next days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import msgspec

from domain.comparison.chain import following, preceding
from domain.comparison.crossing import claimed_beyond
from domain.comparison.desk import Desk
from domain.comparison.elsewhere import listed_elsewhere
from domain.comparison.entries import OurDocument, OurSide
from domain.comparison.gathered import Gathered
from domain.comparison.twins import twins, unnumbered
from domain.events import StatementLine
from domain.facts import EntryKind, StatementFact
from domain.rules import Rules

_DAY = dt.timedelta(days=1)


class Turned(msgspec.Struct):
    """What a statement and our books have in other periods."""

    lines: dict[int, OurDocument] = {}
    """Line number -> the document that it is."""
    documents: dict[str, str] = {}
    """Key of a document -> the statement that has it."""


def turned(desk: Desk, statement: StatementFact, table: Gathered, rules: Rules) -> Turned:
    """What ``table`` has left over and another period explains."""
    found, side = Turned(), desk.side
    window = dt.timedelta(days=rules.transit_days)
    last, first = statement.period_end - window, statement.period_start + window
    late = [line for line in table.loose.values() if line.date > last]
    early = [line for line in table.loose.values() if line.date < first]
    late_documents = [d for d in table.of_both_sides() if table.day(d) > last.toordinal()]
    early_documents = [d for d in table.of_both_sides() if table.day(d) < first.toordinal()]
    if late or late_documents:
        later = following(side.statements, statement)
        for other in later:
            _, beyond = desk.sorted_out(other, rules)
            _claimed(found, table, beyond, other.statement_id, rules)
            _lines(found, late, beyond.of_both_sides(), beyond, rules)
            _documents(found, table, late_documents, beyond.loose.values(), other.statement_id, rules)
        if late and not later:
            _lines(found, late, _next_days(side, statement, table, window), table, rules)
    if early or early_documents:
        for other in preceding(side.statements, statement):
            _, beyond = desk.sorted_out(other, rules)
            _claimed(found, table, beyond, other.statement_id, rules)
            _lines(found, early, beyond.of_both_sides(), beyond, rules)
            _documents(found, table, early_documents, beyond.loose.values(), other.statement_id, rules)
    return found


def _claimed(found: Turned, table: Gathered, beyond: Gathered, statement_id: str, rules: Rules) -> None:
    """Payments under the invoices that they pay: of one transfer, a line for each."""
    for document, lines in claimed_beyond(table, beyond, rules.transit_days):
        for line in lines:
            found.lines.setdefault(line.line_no, document)
    for document, _ in claimed_beyond(beyond, table, rules.transit_days):
        found.documents.setdefault(document.key, statement_id)


def _lines(
    found: Turned,
    lines: Sequence[StatementLine],
    documents: Iterable[OurDocument],
    beyond: Gathered,
    rules: Rules,
) -> None:
    left = [line for line in lines if line.line_no not in found.lines]
    for at, document in _same(left, documents, beyond, rules):
        found.lines[left[at].line_no] = document


def _documents(
    found: Turned,
    table: Gathered,
    documents: Sequence[OurDocument],
    lines: Iterable[StatementLine],
    statement_id: str,
    rules: Rules,
) -> None:
    for _, document in _same(list(lines), documents, table, rules):
        found.documents.setdefault(document.key, statement_id)


def _same(
    lines: Sequence[StatementLine], documents: Iterable[OurDocument], table: Gathered, rules: Rules
) -> list[tuple[int, OurDocument]]:
    ours = [(document, *_figure(table, document)) for document in documents]
    nameless = {line.line_no for line in lines if unnumbered(line)}
    return [(at, ours[to][0]) for at, to in twins(lines, ours, rules.transit_days, nameless)]


def _figure(table: Gathered, document: OurDocument) -> tuple[int, int]:
    """Amount and day of a document in the table's period, or else of all of it."""
    if document.first_date(table.start, table.end) is not None:
        return table.net(document), table.day(document)
    return (
        sum(line.signed_minor for line in document.lines),
        min(line.date for line in document.lines).toordinal(),
    )


def _next_days(
    side: OurSide, statement: StatementFact, table: Gathered, window: dt.timedelta
) -> list[OurDocument]:
    """Our documents of the days after the period that no statement names."""
    first, last = statement.period_end + _DAY, statement.period_end + window
    days = range(first.toordinal(), last.toordinal() + 1)
    if not side.books_on(days):
        return []
    rows = {row for row, day in enumerate(side.days) if day in days}
    documents = [
        document
        for document in side.entries.documents(sorted(side.whole_documents(rows))).values()
        if document.key not in table.documents
        and document.kind is not EntryKind.WRITE_OFF
        and document.lines
        and first <= min(line.date for line in document.lines) <= last
    ]
    named = listed_elsewhere(side, documents, statement.statement_id)
    return [document for document in documents if document.key not in named]
