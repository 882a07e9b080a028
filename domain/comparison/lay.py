"""Which line of theirs means which document of ours?

The bulk of a statement agrees: a number that is ours alone and theirs once, the same amount, a near date. Such
pairs are found in columns and leave no objects. Only the rest is looked at line by line; where a looser reference
leads it to a document of the bulk, that pair is taken out and looked at together.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

import msgspec

from domain.comparison.entries import OurDocument, OurSide, index_of
from domain.comparison.verdict import signed
from domain.events import StatementLine
from domain.facts import StatementFact
from domain.matching.references import DocumentIndex, squeeze


class Laid(msgspec.Struct):
    """One statement's lines, by what they mean."""

    agreed: array[int]
    """Per row of ours the place in the statement of the line that agrees in number, amount and near date; -1: none."""
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
    meant = [(place, _document_for(lines[place], statement, documents, index)) for place in rest]
    for key in {key for _, key in meant if key is not None}:
        row = side.row_of_number.get(documents[key].document_no)
        if row is not None and agreed[row] >= 0:
            meant.append((agreed[row], key))
            agreed[row] = -1
    on_document: dict[str, list[StatementLine]] = {}
    loose = []
    for place, meaning in sorted(meant, key=lambda pair: pair[0]):
        if meaning is None:
            loose.append(lines[place])
        else:
            on_document.setdefault(meaning, []).append(lines[place])
    laid = {key: document for key, document in documents.items() if key in on_document}
    unlisted = _unlisted(side, statement, agreed, laid)
    return Laid(agreed, on_document, loose, laid, unlisted, sum(amounts))


def _agreeing(
    side: OurSide, statement: StatementFact, amounts: list[int], window_days: int
) -> tuple[array[int], list[int]]:
    """The pairs that agree, and the places of the lines that are in none.

    A second line on a row is left over, whatever it shows: its number leads it back to the document.
    """
    first, last = statement.period_start.toordinal(), statement.period_end.toordinal()
    agreed = array("l", [-1]) * len(side.amounts)
    rest = []
    rows = map(side.row_of_number.get, [line.document_no for line in statement.lines])
    days = [line.date.toordinal() for line in statement.lines]
    our_days, our_amounts = side.days, side.amounts
    for place, (row, amount, day) in enumerate(zip(rows, amounts, days, strict=True)):
        if (
            row is not None
            and our_amounts[row] == amount
            and -window_days <= our_days[row] - day <= window_days
            and first <= our_days[row] <= last
            and agreed[row] < 0
        ):
            agreed[row] = place
        else:
            rest.append(place)
    return agreed, rest


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
    side: OurSide, statement: StatementFact, agreed: array[int], laid: Mapping[str, OurDocument]
) -> dict[str, OurDocument]:
    start, end = statement.period_start, statement.period_end
    first, last = start.toordinal(), end.toordinal()
    rows = {
        row
        for row, (place, day) in enumerate(zip(agreed, side.days, strict=True))
        if place < 0 and first <= day <= last
    }
    documents = side.entries.documents(sorted(side.whole_documents(rows)))
    return {
        key: document
        for key, document in documents.items()
        if key not in laid and document.net_minor(start, end)
    }
