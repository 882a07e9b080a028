"""Which line of theirs means which document of ours?

The bulk of a statement agrees: a number that is ours alone and theirs once, the same amount, a near date. Such
pairs are found in columns and leave no objects. Only the rest is looked at line by line; where a looser reference
leads it to a document of the bulk, that pair is taken out and looked at together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from domain.comparison.entries import OurDocument, OurSide, index_of
from domain.comparison.verdict import signed
from domain.events import StatementLine
from domain.facts import StatementFact
from domain.matching.references import DocumentIndex, squeeze


class Laid(msgspec.Struct):
    """One statement's lines, by what they mean."""

    agreed: dict[int, int]
    """Pairs that agree in number, amount and near date: row of ours -> place of the line in the statement."""
    on_document: dict[str, list[StatementLine]]
    """Other lines on a document of ours, by its key, in the statement's order."""
    loose: list[StatementLine]
    """Lines that mean no document of ours."""
    documents: dict[str, OurDocument]
    """The documents of ``on_document``."""
    unlisted: dict[str, OurDocument]
    """Documents with figures in the period that no line means."""


def lay(side: OurSide, statement: StatementFact, window_days: int) -> Laid:
    """Lay every line of ``statement`` against the entries of ``side``. Cost: n log n of both together."""
    lines = statement.lines
    agreed = _agreeing(side, statement, window_days)
    agreed_places = set(agreed.values())
    rest = [place for place in range(len(lines)) if place not in agreed_places]
    documents, index = _documents_meant(side, [lines[place] for place in rest])
    meant = [(place, _document_for(lines[place], statement, documents, index)) for place in rest]
    for key in {key for _, key in meant if key is not None}:
        place = agreed.pop(side.row_of_number[documents[key].document_no], None)
        if place is not None:
            meant.append((place, key))
    on_document: dict[str, list[StatementLine]] = {}
    loose = []
    for place, meaning in sorted(meant, key=lambda pair: pair[0]):
        if meaning is None:
            loose.append(lines[place])
        else:
            on_document.setdefault(meaning, []).append(lines[place])
    laid = {key: document for key, document in documents.items() if key in on_document}
    return Laid(agreed, on_document, loose, laid, _unlisted(side, statement, agreed, laid))


def _agreeing(side: OurSide, statement: StatementFact, window_days: int) -> dict[int, int]:
    """The pairs that nothing can be said about: no other document has the number, and no other line."""
    numbers = [line.document_no for line in statement.lines]
    excluded = side.shared_numbers
    if len(set(numbers)) < len(numbers):
        excluded = excluded.union(number for number, count in Counter(numbers).items() if count > 1)
    start, end = statement.period_start, statement.period_end
    dates, amounts = side.entries.dates, side.entries.amounts
    agreed: dict[int, int] = {}
    rows = map(side.row_of_number.get, numbers)
    for place, (row, line) in enumerate(zip(rows, statement.lines, strict=True)):
        if row is None or amounts[row] != line.debit_minor - line.credit_minor:
            continue
        ours, theirs = dates[row], line.date
        if (
            ours is not None
            and (ours == theirs or abs((ours - theirs).days) <= window_days)
            and start <= ours <= end
            and line.document_no not in excluded
        ):
            agreed[row] = place
    return agreed


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
    side: OurSide, statement: StatementFact, agreed: Mapping[int, int], laid: Mapping[str, OurDocument]
) -> dict[str, OurDocument]:
    start, end = statement.period_start, statement.period_end
    dates = side.entries.dates
    rows = {
        row
        for row in set(range(len(dates))).difference(agreed)
        if (date := dates[row]) is not None and start <= date <= end
    }
    documents = side.entries.documents(sorted(side.whole_documents(rows)))
    return {
        key: document
        for key, document in documents.items()
        if key not in laid and document.net_minor(start, end)
    }
