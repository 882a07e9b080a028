"""The comparison of a statement written down plainly: every line looked at by itself, everything searched in full.

The oracle for ``domain.comparison``, which must say the same from columns and indexes. What no number brings together
(``domain.comparison.gather``, ``slips``) is taken as it is here: it has properties of its own.
"""

from __future__ import annotations

import datetime as dt
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from domain.comparison.compare import OWN_DATES_MIN
from domain.comparison.crossing import claimed_beyond
from domain.comparison.entries import Booked, OurDocument, OurEntries, OurSide
from domain.comparison.gather import gather
from domain.comparison.gathered import Gathered
from domain.comparison.lay import Agreement, Laid
from domain.comparison.slips import same_but_for_a_slip
from domain.comparison.texts import documents_in, holds_a_number
from domain.comparison.twins import twins, unnumbered
from domain.events import Source, StatementLine
from domain.facts import EntryKind, StatementFact
from domain.matching.forms import DocumentIndex, ReferenceRule, squeeze
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

    def gathered(self) -> Gathered:
        return gather(OurSide(OurEntries()), self.statement, self.laid(), self.rules)

    def everything(self) -> Iterator[Said]:
        found = self.gathered()
        their_turn, our_turn = self.turned(found)
        right = self.set_right(found)
        listed = {key for key in found.unlisted if key in our_turn or self.elsewhere(self.documents[key])}
        found = same_but_for_a_slip(found, their_turn, listed, self.rules.transit_days)
        for key, lines in found.on_document.items():
            for kind, *rest in self.on_document(self.documents[key], lines):
                wrong = kind in ("AMOUNT_MISMATCH", "DUPLICATE", "MISSING_IN_LEDGER")
                yield "TIMING" if wrong and key in right else kind, *rest
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
            timing = line.line_no in their_turn or line.line_no in right
            kind = "TIMING" if timing else "MISSING_IN_LEDGER"
            yield kind, line.document_no, line.line_no, abs(_amount(line))
        for key in found.unlisted:
            document = self.documents[key]
            elsewhere = key in our_turn or self.elsewhere(document)
            if document.kind is EntryKind.WRITE_OFF and not elsewhere:
                continue  # ours alone
            kind = "TIMING" if elsewhere or key in right else "MISSING_IN_STATEMENT"
            yield kind, document.document_no, None, abs(self.net(document))

    def set_right(self, found: Gathered) -> set[str | int]:
        """The keys of documents and numbers of lines of which the statement before or after says just the contrary."""
        day, right = dt.timedelta(days=1), set[str | int]()
        start, end = self.statement.period_start, self.statement.period_end
        mine = list(self.apart(found))
        for other in self.others:
            if start - day == other.period_end or end + day == other.period_start:
                beyond = NaiveComparison(list(self.documents.values()), other, [], self.rules)
                theirs = list(beyond.apart(beyond.gathered()))
                for about, what, _ in mine:
                    gap = sum(one for name, _, one in mine if name == about)
                    if gap and gap == -sum(one for name, _, one in theirs if name == about):
                        right.add(what)
        return right

    def apart(self, found: Gathered) -> Iterator[tuple[str, str | int, int]]:
        """(what is spoken of, document or line, by how much they say more of it than we)."""

        def name(document: Document) -> str:
            number = document.document_no
            return ("paid " if document.kind is EntryKind.PAYMENT else "") + (squeeze(number) or number)

        for key, lines in found.on_document.items():
            gap = sum(map(_amount, lines)) - self.net(self.documents[key])
            if gap:
                yield name(self.documents[key]), key, gap
        for key in found.unlisted:
            document = self.documents[key]
            amended = {number for number, _ in document.about}
            if document.kind in (EntryKind.INVOICE, EntryKind.PAYMENT) or len(amended) != 1:
                about = name(document)
            else:
                about = squeeze(amended.pop()) or next(number for number, _ in document.about)
            yield about, key, -self.net(document)
        for line_no, line in found.loose.items():
            keys = found.crossing.get(line_no, ())
            if len(keys) == 1:
                yield name(self.documents[keys[0]]), line_no, _amount(line)
            elif not keys and holds_a_number(line.document_no):
                yield "theirs " + (squeeze(line.document_no) or line.document_no), line_no, _amount(line)

    def turned(self, found: Gathered) -> tuple[set[int], set[str]]:
        """Lines and documents near the turn of two periods that the other side has beyond it, under no number."""
        window, day = dt.timedelta(days=self.rules.transit_days), dt.timedelta(days=1)
        start, end = self.statement.period_start, self.statement.period_end
        after = [other for other in self.others if other.period_start == end + day]
        before = [other for other in self.others if other.period_end == start - day]
        ours = {key: self.documents[key] for key in found.unlisted}
        ours = {key: d for key, d in ours.items() if d.kind is not EntryKind.WRITE_OFF}
        late = [line for line in found.loose.values() if line.date > end - window]
        early = [line for line in found.loose.values() if line.date < start + window]
        late_ours = {key: d for key, d in ours.items() if self.first(d) > end - window}
        early_ours = {key: d for key, d in ours.items() if self.first(d) < start + window}
        their_turn: set[int] = set()
        our_turn: set[str] = set()
        for others, lines, documents in ((after, late, late_ours), (before, early, early_ours)):
            for other in others:
                beyond = NaiveComparison(list(self.documents.values()), other, [], self.rules)
                left = beyond.gathered()
                days = self.rules.transit_days
                their_turn |= {x.line_no for _, some in claimed_beyond(found, left, days) for x in some}
                our_turn |= {document.key for document, _ in claimed_beyond(left, found, days)}
                theirs = [line for line in lines if line.line_no not in their_turn]
                there = [
                    (document.ours(), beyond.net(document), beyond.first(document))
                    for key in left.unlisted
                    if (document := self.documents[key]).kind is not EntryKind.WRITE_OFF
                ]
                their_turn |= {theirs[at].line_no for at, _ in self.same(theirs, there)}
                here = [(d.ours(), self.net(d), self.first(d)) for d in documents.values()]
                our_turn |= {here[to][0].key for _, to in self.same(list(left.loose.values()), here)}
        if not after:
            soon = [
                (d.ours(), sum(amount for _, amount in d.lines), min(date for date, _ in d.lines))
                for key, d in self.documents.items()
                if key not in found.documents
                and d.kind is not EntryKind.WRITE_OFF
                and d.lines
                and end < min(date for date, _ in d.lines) <= end + window
                and not self.elsewhere(d)
            ]
            theirs = [line for line in late if line.line_no not in their_turn]
            their_turn |= {theirs[at].line_no for at, _ in self.same(theirs, soon)}
        return their_turn, our_turn

    def same(
        self, lines: list[StatementLine], documents: list[tuple[OurDocument, int, dt.date]]
    ) -> Iterator[tuple[int, int]]:
        ours = [(document, net, date.toordinal()) for document, net, date in documents]
        nameless = {line.line_no for line in lines if unnumbered(line)}
        return twins(lines, ours, self.rules.transit_days, nameless)

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
        weak = []
        for reference in (line.document_no, line.their_reference):
            if not reference:
                continue
            found = self.index.resolve(reference)
            candidates = [self.documents[key] for key in found.keys]
            if not candidates:
                continue
            nets = [self.net(d) for d in candidates]
            fits = [(n == _amount(line), n != 0, (n > 0) == (_amount(line) > 0)) for n in nets]
            best = candidates[fits.index(max(fits))]
            if fits.count(max(fits)) == 1 or squeeze(best.document_no) == squeeze(reference):
                if found.rule is not ReferenceRule.BARE:
                    return best.key
                weak.append(best)
        weak.sort(key=lambda document: self.net(document) != _amount(line))
        return weak[0].key if weak else None

    def on_document(self, document: Document, lines: list[StatementLine]) -> Iterator[Said]:
        inside = self.inside(document)
        if not inside:
            kind = "TIMING" if document.lines else "MISSING_IN_LEDGER"
            for line in lines:
                yield kind, line.document_no, line.line_no, abs(_amount(line))
            return
        ours = self.net(document)
        kept = list(lines)
        so_far = sum(map(_amount, lines))
        if abs(so_far) > abs(ours) or so_far * ours < 0:
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
            document.key in (self.index.resolve(reference).keys or documents_in(reference, self.index))
            for other in self.others
            for line in other.lines
            if not all(amount * _amount(line) < 0 for _, amount in document.lines)
            for reference in (line.document_no, line.their_reference)
            if reference
        )
