"""Which line of theirs means which document of ours?

The bulk of a statement agrees: a number that is ours alone and theirs once, the same amount, a near date. Such
pairs are found in columns and leave no objects. Only the rest is looked at line by line; where a looser reference
leads it to a document of the bulk, that pair is taken out and looked at together.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from domain.comparison.entries import OurDocument, OurSide, index_of
from domain.comparison.texts import documents_in, parts_of
from domain.comparison.verdict import signed
from domain.events import StatementLine
from domain.facts import StatementFact
from domain.matching.forms import DocumentIndex, ReferenceRule, squeeze

UNPAIRED: Final = -1
#: rows from which on bulk pays
BULK_MIN: Final = 1_000


class Agreement(msgspec.Struct):
    """The pairs that agree in number, amount and near date, without an object per pair."""

    row_of: array[int]
    """Per line of theirs the row that it agrees with, or ``UNPAIRED``."""
    place_of: array[int]
    """Per row of ours the place of its line, or ``UNPAIRED``."""
    unpaired: set[int]
    """The rows of ours that are in no pair."""

    def count(self) -> int:
        return len(self.place_of) - len(self.unpaired)

    def pairs(self) -> Iterator[tuple[int, int]]:
        """(place, row) of each, in the order of the lines."""
        return ((place, row) for place, row in enumerate(self.row_of) if row != UNPAIRED)

    def pair(self, place: int, row: int) -> None:
        self.row_of[place], self.place_of[row] = row, place
        self.unpaired.remove(row)

    def take_back(self, rows: Iterable[int]) -> list[tuple[int, int]]:
        """Undo the pairs of these rows; returns them as (place, row)."""
        undone = [(place, row) for row in rows if (place := self.place_of[row]) != UNPAIRED]
        for place, row in undone:
            self.row_of[place] = self.place_of[row] = UNPAIRED
            self.unpaired.add(row)
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
    lists: list[tuple[StatementLine, tuple[str, ...]]]
    """Lines that name several documents of ours, with their keys."""
    listed: dict[str, OurDocument]
    """The documents of ``lists``."""


def lay(side: OurSide, statement: StatementFact, window_days: int) -> Laid:
    """Lay every line of ``statement`` against the entries of ``side``. Cost: n log n of both together."""
    lines, entries = statement.lines, side.entries
    agreed, others = _bulk(side, statement)
    named = _named(side, statement, agreed, others, window_days)
    rest = [place for place in others if place not in named and agreed.row_of[place] == UNPAIRED]
    references = [r for place in rest for r in (lines[place].document_no, lines[place].their_reference) if r]
    answering = sorted(side.rows_answering(references)) if references else []
    documents = entries.documents(answering)
    index = index_of(documents)
    meant = {place: _document_for(lines[place], statement, documents, index) for place in rest}
    meant |= {place: entries.key(row) for place, row in named.items()}
    documents |= entries.documents(sorted(set(named.values())))
    lists, in_texts = _read(side, statement, meant, documents)
    keys = set(meant.values())
    key_of_row = {
        row: key
        for row in {*answering, *named.values(), *in_texts}
        if (key := entries.key(row)) in keys and entries.numbers[row] not in side.unsure
    }
    meant |= {place: key_of_row[row] for place, row in agreed.take_back(key_of_row)}
    on_document: dict[str, list[StatementLine]] = {}
    loose = []
    for place, meaning in sorted(meant.items(), key=lambda pair: pair[0]):
        if place in lists:
            continue
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
        _unlisted(side, statement, agreed.unpaired.difference(named.values()), laid),
        columns.debit_minor - columns.credit_minor,
        [(lines[place], keys) for place, keys in lists.items()],
        {key: documents[key] for keys in lists.values() for key in keys},
    )


def _read(
    side: OurSide,
    statement: StatementFact,
    meant: dict[int, str | None],
    documents: dict[str, OurDocument],
) -> tuple[dict[int, tuple[str, ...]], Sequence[int]]:
    """Read as texts what is no number as a whole. What names one document means it.

    Returns the places of lines that name several, with their keys, and the rows that texts could mean.
    """
    texts: dict[int, list[str]] = {}
    for place, meaning in meant.items():
        if meaning is None:
            line = statement.lines[place]
            references = [r for r in (line.document_no, line.their_reference) if r and parts_of(r)]
            if references:
                texts[place] = references
    if not texts:
        return {}, ()
    numbers = [number for references in texts.values() for r in references for number in parts_of(r)]
    rows = sorted(side.rows_answering(numbers))
    named = side.entries.documents(rows)
    index = index_of(named)
    lists = {}
    for place, references in sorted(texts.items()):
        keys = next(filter(None, (documents_in(r, index) for r in references)), ())
        documents |= {key: named[key] for key in keys}
        if len(keys) == 1:
            meant[place] = keys[0]
        elif keys:
            lists[place] = keys
    return lists, rows


def _bulk(side: OurSide, statement: StatementFact) -> tuple[Agreement, list[int]]:
    """The pairs that are equal to the day, where there are many rows, and the places of the lines that are in none.

    It only saves looking: a few lines are all left to ``_named``, with the same outcome.
    """
    places, rows = len(statement.lines), len(side.days)
    if min(places, rows) < BULK_MIN:
        none = Agreement(array("q", [UNPAIRED]) * places, array("q", [UNPAIRED]) * rows, set(range(rows)))
        return none, list(range(places))
    # numpy, which only long statements need: a worker starts without it
    from domain.comparison.bulk import equal_rows

    first, last = statement.period_start.toordinal(), statement.period_end.toordinal()
    found = equal_rows(side.bulk, statement.columns.bulk, first, last, side.unsure_marks)
    return Agreement(found.row_of, found.place_of, found.unpaired), found.others


def _named(
    side: OurSide, statement: StatementFact, agreed: Agreement, others: Sequence[int], window_days: int
) -> dict[int, int]:
    """Place -> row of the other lines whose number is that of one row alone.

    The first of the row's amount near its date agrees with it, and is not among them; nor are those that follow it.
    """
    entries, days = side.entries, side.days
    first, last = statement.period_start.toordinal(), statement.period_end.toordinal()
    row_of = {number: row for row in agreed.unpaired if (number := entries.numbers[row]) not in side.unsure}
    named = {}
    for place in others:
        line = statement.lines[place]
        number = line.document_no.strip() or line.document_no
        row = row_of.get(number)
        if row is None:
            continue
        gap = abs(days[row] - line.date.toordinal())
        if entries.amounts[row] == signed(line) and first <= days[row] <= last and gap <= window_days:
            agreed.pair(place, row)
            del row_of[number]
        elif number:
            named[place] = row
    return named


def _document_for(
    line: StatementLine, statement: StatementFact, documents: Mapping[str, OurDocument], index: DocumentIndex
) -> str | None:
    """The document that a line means; of several under one number the one of its amount, then of its side.

    Figures alone are weak: their own running numbers come to ours by chance. So a reference that is a number of ours
    with its letters goes before them, and of two that are figures alone the one of the line's amount.
    """
    weak = []
    for reference in (line.document_no, line.their_reference):
        if not reference:
            continue
        resolved = index.resolve(reference)
        best = _best([documents[key] for key in resolved.keys], reference, statement, signed(line))
        if best is not None and resolved.rule is not ReferenceRule.BARE:
            return best.key
        if best is not None:
            weak.append(best)
    start, end = statement.period_start, statement.period_end
    right = [document for document in weak if document.net_minor(start, end) == signed(line)]
    return next((document.key for document in (*right, *weak)), None)


def _best(
    candidates: Sequence[OurDocument], reference: str, statement: StatementFact, signed_minor: int
) -> OurDocument | None:
    """The one of some documents under one number that fits a line of that amount best, if one does."""
    if not candidates:
        return None
    fits = [_fit(statement, document, signed_minor) for document in candidates]
    best = candidates[fits.index(max(fits))]
    return best if fits.count(max(fits)) == 1 or squeeze(best.document_no) == squeeze(reference) else None


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
