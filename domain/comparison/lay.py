"""Which line of theirs means which document of ours?

The bulk of a statement agrees: a number that is ours alone and theirs once, the same amount, a near date. Such
pairs are found in columns and leave no objects. Only the rest is looked at line by line; where a looser reference
leads it to a document of the bulk, that pair is taken out and looked at together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress

import msgspec

from domain.comparison.entries import OurDocument, OurSide, index_of
from domain.comparison.verdict import signed
from domain.events import StatementLine
from domain.facts import StatementFact
from domain.matching.references import DocumentIndex, squeeze


class Agreement(msgspec.Struct):
    """The pairs that agree in number, amount and near date: the bulk of a statement, without an object per pair."""

    marks: bytearray
    """Per line of theirs 1 where it agrees."""
    unsigned: set[int]
    """Rows of ours whose signature no line has."""
    other_day: dict[int, int]
    """Place of a line -> its row, of the pairs that agree but for some days."""

    def count(self) -> int:
        return self.marks.count(1)

    def pairs(self, side: OurSide, statement: StatementFact) -> Iterator[tuple[int, int]]:
        """(place, row) of each, in the order of the lines."""
        row_of = dict(zip(side.signatures, range(len(side.signatures)), strict=True))
        signatures = statement.columns.signatures
        for place in compress(range(len(self.marks)), self.marks):
            row = self.other_day.get(place)
            yield place, row_of[signatures[place]] if row is None else row

    def rows_without(self) -> set[int]:
        """The rows of ours that are in no pair."""
        return self.unsigned.difference(self.other_day.values())

    def take_back(
        self, side: OurSide, statement: StatementFact, rows: Iterable[int]
    ) -> list[tuple[int, int]]:
        """Undo the pairs of these rows, of which no number is unsure; returns them as (place, row)."""
        wanted = set(rows)
        undone = [(place, row) for place, row in self.other_day.items() if row in wanted]
        columns = statement.columns
        signed = {side.signatures[row]: row for row in wanted - self.unsigned}
        undone += [(columns.repeated[s][0], row) for s, row in signed.items() if s in columns.repeated]
        once = signed.keys() - columns.repeated.keys()
        if once:
            places = compress(range(len(self.marks)), map(once.__contains__, columns.signatures))
            undone += [(place, signed[columns.signatures[place]]) for place in places]
        self.unsigned.update(signed.values())
        for place, _ in undone:
            self.marks[place] = 0
            self.other_day.pop(place, None)
        return undone


class Laid(msgspec.Struct):
    """One statement's lines, by what they mean."""

    agreed: Agreement
    on_document: dict[str, list[StatementLine]]
    """Other lines on a document of ours, by its key, in the statement's order."""
    loose: list[StatementLine]
    """Lines that mean no document of ours."""
    documents: dict[str, OurDocument]
    """The documents of ``on_document``."""
    unlisted: dict[str, OurDocument]
    """Documents with figures in the period that no line means."""
    movement_minor: int
    """Σ of all lines."""


def lay(side: OurSide, statement: StatementFact, window_days: int) -> Laid:
    """Lay every line of ``statement`` against the entries of ``side``. Cost: n log n of both together."""
    lines, entries = statement.lines, side.entries
    agreed, others = _same_signature(side, statement)
    named = _named(side, statement, agreed, others, window_days)
    rest = [place for place in others if place not in named and not agreed.marks[place]]
    references = [r for place in rest for r in (lines[place].document_no, lines[place].their_reference) if r]
    answering = sorted(side.rows_answering(references)) if references else []
    documents = entries.documents(answering)
    index = index_of(documents)
    meant = {place: _document_for(lines[place], statement, documents, index) for place in rest}
    meant |= {place: entries.key(row) for place, row in named.items()}
    documents |= entries.documents(sorted(set(named.values())))
    keys = set(meant.values())
    key_of_row = {
        row: key
        for row in {*answering, *named.values()}
        if (key := entries.key(row)) in keys and entries.numbers[row] not in side.unsure
    }
    meant |= {place: key_of_row[row] for place, row in agreed.take_back(side, statement, key_of_row)}
    on_document: dict[str, list[StatementLine]] = {}
    loose = []
    for place, meaning in sorted(meant.items(), key=lambda pair: pair[0]):
        if meaning is None:
            loose.append(lines[place])
        else:
            on_document.setdefault(meaning, []).append(lines[place])
    laid = {key: document for key, document in documents.items() if key in on_document}
    columns = statement.columns
    return Laid(
        agreed,
        on_document,
        loose,
        laid,
        _unlisted(side, statement, agreed.rows_without() - set(named.values()), laid),
        columns.debit_minor - columns.credit_minor,
    )


def _same_signature(side: OurSide, statement: StatementFact) -> tuple[Agreement, list[int]]:
    """The pairs that agree to the day, and the places of the lines that are in none.

    A second line of one signature is left over: its number leads it back to the document.
    """
    columns = statement.columns
    theirs = columns.signatures
    differing = set(side.sure_signatures)
    differing ^= columns.distinct
    differing = set(
        differing
    )  # a set keeps the table of its largest size: every question would go to cold memory
    first, last = statement.period_start.toordinal(), statement.period_end.toordinal()
    outside = {day for day in columns.distinct_days & side.distinct_days if not first <= day <= last}
    differing.update([theirs[place] for place in columns.places_on(outside)])
    places = range(len(theirs))
    others = list(compress(places, map(differing.__contains__, theirs)))
    if columns.repeated:
        others = sorted({*others, *(place for same in columns.repeated.values() for place in same[1:])})
    marks = bytearray(b"\1") * len(theirs)
    for place in others:
        marks[place] = 0
    return Agreement(marks, set(side.rows_signed(differing | side.unsure_signatures)), {}), others


def _named(
    side: OurSide, statement: StatementFact, agreed: Agreement, others: Sequence[int], window_days: int
) -> dict[int, int]:
    """Place -> row of the other lines whose number is that of one row alone.

    The first of the row's amount near its date agrees with it, and is not among them; nor are those that follow it.
    """
    entries, days = side.entries, side.days
    first, last = statement.period_start.toordinal(), statement.period_end.toordinal()
    row_of = {number: row for row in agreed.unsigned if (number := entries.numbers[row]) not in side.unsure}
    named = {}
    for place in others:
        line = statement.lines[place]
        number = line.document_no.strip() or line.document_no
        row = row_of.get(number)
        if row is None:
            continue
        gap = abs(days[row] - line.date.toordinal())
        if entries.amounts[row] == signed(line) and first <= days[row] <= last and gap <= window_days:
            agreed.marks[place] = 1
            agreed.other_day[place] = row
            del row_of[number]
        elif number:
            named[place] = row
    return named


def _document_for(
    line: StatementLine, statement: StatementFact, documents: Mapping[str, OurDocument], index: DocumentIndex
) -> str | None:
    """The document that a line means; of several under one number the one of its amount, then of its side."""
    for reference in (line.document_no, line.their_reference):
        if not reference:
            continue
        candidates = [documents[key] for key in index.resolve(reference).keys]
        if not candidates:
            continue
        fits = [_fit(statement, document, signed(line)) for document in candidates]
        best = candidates[fits.index(max(fits))]
        if fits.count(max(fits)) == 1 or squeeze(best.document_no) == squeeze(reference):
            return best.key
    return None


def _fit(statement: StatementFact, document: OurDocument, signed_minor: int) -> tuple[bool, bool, bool]:
    """How well a document fits a line of that amount: better ones compare greater."""
    net = document.net_minor(statement.period_start, statement.period_end)
    return (net == signed_minor, net != 0, (net > 0) == (signed_minor > 0))


def _unlisted(
    side: OurSide, statement: StatementFact, left: Iterable[int], laid: Mapping[str, OurDocument]
) -> dict[str, OurDocument]:
    start, end = statement.period_start, statement.period_end
    first, last = start.toordinal(), end.toordinal()
    rows = {row for row in left if first <= side.days[row] <= last}
    documents = side.entries.documents(sorted(side.whole_documents(rows)))
    return {
        key: document
        for key, document in documents.items()
        if key not in laid and document.net_minor(start, end)
    }
