"""Which line of theirs means which document of ours?

The bulk of a statement agrees: a number that is ours alone and theirs once, the same amount, a near date. Such
pairs are found in columns and leave no objects. Only the rest is looked at line by line; where a looser reference
leads it to a document of the bulk, that pair is taken out and looked at together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, repeat
from operator import eq
from typing import Final

import msgspec

from domain.comparison.entries import OurDocument, OurSide, figures_of, index_of
from domain.comparison.verdict import signed
from domain.events import StatementLine
from domain.facts import StatementFact
from domain.matching.references import DocumentIndex, squeeze

#: turns marks 0 and 1 round
_NOT: Final = bytes([1, 0]) + bytes(254)


class Agreement(msgspec.Struct):
    """The pairs that agree in number, amount and near date: the bulk of a statement, without an object per pair."""

    row_of_place: list[int]
    """Per line of theirs the row of ours that it agrees with, or -1."""
    taken: bytearray
    """Per row of ours 1 where a line agrees with it."""

    def count(self) -> int:
        return self.taken.count(1)

    def take_back(self, rows: Iterable[int]) -> list[tuple[int, int]]:
        """Undo the pairs of these rows; returns them as (place, row)."""
        undone = {row for row in rows if self.taken[row]}
        if not undone:
            return []
        pairs = [(place, row) for place, row in enumerate(self.row_of_place) if row in undone]
        for place, row in pairs:
            self.row_of_place[place] = -1
            self.taken[row] = 0
        return pairs


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
    lines = statement.lines
    amounts = [line.debit_minor - line.credit_minor for line in lines]
    agreed, rest = _agreeing(side, statement, amounts, window_days)
    documents, index = _documents_meant(side, [lines[place] for place in rest])
    meant = {place: _document_for(lines[place], statement, documents, index) for place in rest}
    key_of_row = {
        side.row_of_number.get(documents[key].document_no, -1): key
        for key in meant.values()
        if key is not None
    }
    meant |= {place: key_of_row[row] for place, row in agreed.take_back(key_of_row)}
    on_document: dict[str, list[StatementLine]] = {}
    loose = []
    for place, meaning in sorted(meant.items(), key=lambda pair: pair[0]):
        if meaning is None:
            loose.append(lines[place])
        else:
            on_document.setdefault(meaning, []).append(lines[place])
    laid = {key: document for key, document in documents.items() if key in on_document}
    unlisted = _unlisted(side, statement, agreed, laid)
    return Laid(agreed, on_document, loose, laid, unlisted, sum(amounts))


def _agreeing(
    side: OurSide, statement: StatementFact, amounts: list[int], window_days: int
) -> tuple[Agreement, list[int]]:
    """The pairs that agree, and the places of the lines that are in none.

    A second line on a row is left over, whatever it shows: its number leads it back to the document.
    """
    first, last = statement.period_start.toordinal(), statement.period_end.toordinal()
    days = [line.date.toordinal() for line in statement.lines]
    figures: Sequence[int | None] = figures_of(amounts, days)
    if days and not (first <= min(days) and max(days) <= last):
        figures = [
            figure if first <= day <= last else None for figure, day in zip(figures, days, strict=True)
        ]
    rows = list(map(side.row_of_number.get, [line.document_no for line in statement.lines], repeat(-1)))
    taken = bytearray(len(side.figures))
    same = bytes(map(eq, map(side.figures.__getitem__, rows), figures))
    for row in compress(rows, same):
        taken[row] = 1
    others = list(compress(range(len(rows)), same.translate(_NOT)))
    if taken.count(1) < len(rows) - len(others):  # a row has two such lines: the second is left over
        others = sorted((*others, *_second_lines(rows, same)))
    rest = []
    for place in others:  # the same amount on another day
        row = rows[place]
        if (
            row >= 0
            and not taken[row]
            and side.entries.amounts[row] == amounts[place]
            and first <= side.days[row] <= last
            and abs(side.days[row] - days[place]) <= window_days
        ):
            taken[row] = 1
        else:
            rows[place] = -1
            rest.append(place)
    return Agreement(rows, taken), rest


def _second_lines(rows: Sequence[int], same: bytes) -> list[int]:
    """The places of lines whose row an earlier line of the same figures has already."""
    seen: set[int] = set()
    second = []
    for place in compress(range(len(rows)), same):
        if rows[place] in seen:
            second.append(place)
        seen.add(rows[place])
    return second


def _documents_meant(
    side: OurSide, lines: Sequence[StatementLine]
) -> tuple[dict[str, OurDocument], DocumentIndex]:
    """The documents that any reference of the lines could mean, and a look-up among them."""
    references = [r for line in lines for r in (line.document_no, line.their_reference) if r]
    documents = side.entries.documents(sorted(side.rows_answering(references))) if references else {}
    return documents, index_of(documents)


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
    side: OurSide, statement: StatementFact, agreed: Agreement, laid: Mapping[str, OurDocument]
) -> dict[str, OurDocument]:
    start, end = statement.period_start, statement.period_end
    first, last = start.toordinal(), end.toordinal()
    left = compress(range(len(side.days)), agreed.taken.translate(_NOT))
    rows = {row for row in left if first <= side.days[row] <= last}
    documents = side.entries.documents(sorted(side.whole_documents(rows)))
    return {
        key: document
        for key, document in documents.items()
        if key not in laid and document.net_minor(start, end)
    }
