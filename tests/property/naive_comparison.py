"""The comparison of a statement written down plainly: every line looked at by itself, everything searched in full.

The oracle for ``domain.comparison``, which must say the same from columns and indexes. What no number brings together
(``domain.comparison.gather``) is taken as it is here: it has properties of its own.
"""

from __future__ import annotations

import datetime as dt
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from domain.comparison.compare import OWN_DATES_MIN
from domain.comparison.entries import Booked, OurDocument, OurEntries, OurSide
from domain.comparison.gather import gather
from domain.comparison.lay import Agreement, Laid
from domain.comparison.texts import documents_in
from domain.events import Source, StatementLine
from domain.facts import EntryKind, StatementFact
from domain.matching.forms import DocumentIndex, squeeze
from domain.rules import Rules

#: (kind of discrepancy, document, line, amount at stake)
Said = tuple[str, str, int | None, int]


class Document(msgspec.Struct):
    """One document with its lines (date, signed amount)."""

    kind: EntryKind
    document_no: str
    aliases: tuple[str, ...]
    lines: list[tuple[dt.date, int]]

    about: tuple[tuple[str, int], ...] = ()

    @property
    def key(self) -> str:
        return f"{self.kind}|{self.document_no}"

    def ours(self) -> OurDocument:
        booked = [Booked(date, amount) for date, amount in self.lines]
        return OurDocument(
            self.key, self.kind, self.document_no, self.aliases, booked, Source("t", 0, 0), self.about
        )


def _amount(line: StatementLine) -> int:
    return line.debit_minor - line.credit_minor


class NaiveComparison:
    def __init__(
        self,
        documents: Sequence[Document],
        statement: StatementFact,
        others: Sequence[StatementFact],
        rules: Rules,
    ) -> None:
        self.documents = {d.key: d for d in documents}
        self.statement = statement
        self.others = others
        self.rules = rules
        self.days = rules.date_window_days
        self.index = DocumentIndex((d.key, (d.document_no, *d.aliases)) for d in documents)

    def inside(self, document: Document) -> list[tuple[dt.date, int]]:
        start, end = self.statement.period_start, self.statement.period_end
        return [(date, amount) for date, amount in document.lines if start <= date <= end]

    def net(self, document: Document) -> int:
        return sum(amount for _, amount in self.inside(document))

    def first(self, document: Document) -> dt.date:
        return min(date for date, _ in self.inside(document))

    def said(self) -> list[Said]:
        """Everything; but of dates nothing where most that agrees is dated otherwise."""
        everything = list(self.everything())
        dates = sum(kind == "DATE_MISMATCH" for kind, *_ in everything)
        if dates >= OWN_DATES_MIN and dates > sum(kind == "MATCHED" for kind, *_ in everything):
            everything = [one for one in everything if one[0] != "DATE_MISMATCH"]
        return [one for one in everything if one[0] != "MATCHED"]

    def everything(self) -> Iterator[Said]:
        laid = self.laid()
        found = gather(OurSide(OurEntries()), self.statement, laid, self.rules)
        for key, lines in found.on_document.items():
            yield from self.on_document(self.documents[key], lines)
        for group in found.groups:
            line = group.lines[0]
            if not group.told:
                yield (
                    "REFERENCE_MISMATCH",
                    line.document_no,
                    line.line_no,
                    abs(sum(map(_amount, group.lines))),
                )
        for line in found.loose.values():
            yield "MISSING_IN_LEDGER", line.document_no, line.line_no, abs(_amount(line))
        for key in found.unlisted:
            document = self.documents[key]
            if document.kind is EntryKind.WRITE_OFF and not self.elsewhere(document):
                continue  # ours alone
            kind = "TIMING" if self.elsewhere(document) else "MISSING_IN_STATEMENT"
            yield kind, document.document_no, None, abs(self.net(document))

    def laid(self) -> Laid:
        """Every line by itself: on the document that its number means, in a list of several, or loose."""
        on_document: dict[str, list[StatementLine]] = {}
        loose, lists = [], []
        for line in self.statement.lines:
            keys = self.meant(line)
            if len(keys) == 1:
                on_document.setdefault(keys[0], []).append(line)
            elif keys:
                lists.append((line, keys))
            else:
                loose.append(line)
        ours = {key: document.ours() for key, document in self.documents.items()}
        return Laid(
            Agreement(array("q"), array("q"), set()),
            on_document,
            loose,
            {key: ours[key] for key in on_document},
            {key: ours[key] for key, d in self.documents.items() if key not in on_document and self.net(d)},
            sum(map(_amount, self.statement.lines)),
            lists,
            {key: ours[key] for _, keys in lists for key in keys},
        )

    def meant(self, line: StatementLine) -> tuple[str, ...]:
        """The documents that a line names: as a whole number, or inside a text."""
        key = self.document_for(line)
        if key is not None:
            return (key,)
        references = [r for r in (line.document_no, line.their_reference) if r]
        return next(filter(None, (documents_in(r, self.index) for r in references)), ())

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
            for line in sorted(lines, key=lambda one: abs((one.date - self.first(document)).days)):
                amount = _amount(line)
                seen[amount] += 1
                if seen[amount] > max(1, figures[amount] - figures[-amount]):
                    kept.remove(line)
                    yield "DUPLICATE", line.document_no, line.line_no, abs(amount)
        theirs = sum(map(_amount, kept))
        if theirs != ours:
            yield "AMOUNT_MISMATCH", kept[-1].document_no, kept[-1].line_no, abs(theirs - ours)
            return
        first = min(kept, key=lambda one: one.date)
        if theirs == ours and abs((first.date - self.first(document)).days) > self.days:
            yield "DATE_MISMATCH", first.document_no, first.line_no, abs(_amount(first))
        elif theirs == ours:
            yield "MATCHED", first.document_no, first.line_no, abs(ours)

    def elsewhere(self, document: Document) -> bool:
        return any(
            document.key in self.index.resolve(reference).keys
            for other in self.others
            for line in other.lines
            for reference in (line.document_no, line.their_reference)
            if reference
        )
