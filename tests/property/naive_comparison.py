"""The comparison of a statement written down plainly: every line looked at by itself, everything searched in full.

The oracle for ``domain.comparison``, which must say the same from columns and indexes.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from domain.events import StatementLine
from domain.facts import EntryKind, StatementFact
from domain.matching.forms import DocumentIndex, squeeze

#: (kind of discrepancy, document, line, amount at stake)
Said = tuple[str, str, int | None, int]


class Document(msgspec.Struct):
    """One document with its lines (date, signed amount)."""

    kind: EntryKind
    document_no: str
    aliases: tuple[str, ...]
    lines: list[tuple[dt.date, int]]

    @property
    def key(self) -> str:
        return f"{self.kind}|{self.document_no}"


def _amount(line: StatementLine) -> int:
    return line.debit_minor - line.credit_minor


class NaiveComparison:
    def __init__(
        self,
        documents: Sequence[Document],
        statement: StatementFact,
        others: Sequence[StatementFact],
        days: int,
    ) -> None:
        self.documents = {d.key: d for d in documents}
        self.statement = statement
        self.others = others
        self.days = days
        self.index = DocumentIndex((d.key, (d.document_no, *d.aliases)) for d in documents)

    def inside(self, document: Document) -> list[tuple[dt.date, int]]:
        start, end = self.statement.period_start, self.statement.period_end
        return [(date, amount) for date, amount in document.lines if start <= date <= end]

    def net(self, document: Document) -> int:
        return sum(amount for _, amount in self.inside(document))

    def first(self, document: Document) -> dt.date:
        return min(date for date, _ in self.inside(document))

    def said(self) -> Iterator[Said]:
        meant: dict[str, list[StatementLine]] = {}
        loose = []
        for line in self.statement.lines:
            key = self.document_for(line)
            if key is None:
                loose.append(line)
            else:
                meant.setdefault(key, []).append(line)
        for key, lines in meant.items():
            yield from self.on_document(self.documents[key], lines)
        unlisted = [d for d in self.documents.values() if d.key not in meant and self.net(d)]
        twins = set()
        for line in loose:
            fitting = [d for d in unlisted if self.fits(d, line)]
            if len(fitting) == 1 and sum(self.fits(fitting[0], other) for other in loose) == 1:
                twins.add(fitting[0].key)
                yield "REFERENCE_MISMATCH", line.document_no, line.line_no, abs(_amount(line))
            else:
                yield "MISSING_IN_LEDGER", line.document_no, line.line_no, abs(_amount(line))
        for document in unlisted:
            if document.key not in twins:
                if document.kind is EntryKind.WRITE_OFF and not self.elsewhere(document):
                    continue  # ours alone
                kind = "TIMING" if self.elsewhere(document) else "MISSING_IN_STATEMENT"
                yield kind, document.document_no, None, abs(self.net(document))

    def document_for(self, line: StatementLine) -> str | None:
        for reference in (line.document_no, line.their_reference):
            if not reference:
                continue
            candidates = [self.documents[key] for key in self.index.resolve(reference).keys]
            if not candidates:
                continue
            nets = [self.net(d) for d in candidates]
            fits = [(n == _amount(line), n != 0, (n > 0) == (_amount(line) > 0)) for n in nets]
            best = candidates[fits.index(max(fits))]
            if fits.count(max(fits)) == 1 or squeeze(best.document_no) == squeeze(reference):
                return best.key
        return None

    def on_document(self, document: Document, lines: list[StatementLine]) -> Iterator[Said]:
        inside = self.inside(document)
        if not inside:
            kind = "TIMING" if document.lines else "MISSING_IN_LEDGER"
            for line in lines:
                yield kind, line.document_no, line.line_no, abs(_amount(line))
            return
        ours = self.net(document)
        kept = list(lines)
        if sum(map(_amount, lines)) != ours:
            figures = Counter(amount for _, amount in inside)
            seen: Counter[int] = Counter()
            for line in lines:
                amount = _amount(line)
                seen[amount] += 1
                if seen[amount] > max(1, figures[amount] - figures[-amount]):
                    kept.remove(line)
                    yield "DUPLICATE", line.document_no, line.line_no, abs(amount)
        theirs = sum(map(_amount, kept))
        if theirs != ours:
            yield "AMOUNT_MISMATCH", kept[-1].document_no, kept[-1].line_no, abs(theirs - ours)
        elif abs((kept[0].date - self.first(document)).days) > self.days:
            yield "DATE_MISMATCH", kept[0].document_no, kept[0].line_no, abs(_amount(kept[0]))

    def fits(self, document: Document, line: StatementLine) -> bool:
        near = abs((self.first(document) - line.date).days) <= self.days
        return near and self.net(document) == _amount(line)

    def elsewhere(self, document: Document) -> bool:
        return any(
            document.key in self.index.resolve(reference).keys
            for other in self.others
            for line in other.lines
            for reference in (line.document_no, line.their_reference)
            if reference
        )
