"""Our side of a comparison: the ledger lines of one account, in columns, and the documents that they make up.

Columns, because a comparison of a million lines must not build a million objects to find that they agree.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress

import msgspec

from domain.comparison.normalised import bare_forms, squeezed_forms
from domain.events import Source
from domain.facts import EntryKind, StatementFact
from domain.ledger import Line
from domain.matching.references import DocumentIndex


class Booked(msgspec.Struct, frozen=True):
    """A ledger line as a comparison sees it."""

    date: dt.date
    signed_minor: int


class OurDocument(msgspec.Struct):
    """One document of ours as a statement would show it: its standing lines under one kind and number."""

    key: str
    kind: EntryKind
    document_no: str
    aliases: tuple[str, ...]
    lines: list[Booked]
    source: Source

    def net_minor(self, start: dt.date, end: dt.date) -> int:
        """Σ of its lines in the period."""
        return sum(line.signed_minor for line in self.lines if start <= line.date <= end)

    def first_date(self, start: dt.date, end: dt.date) -> dt.date | None:
        """Its earliest business date in the period."""
        return min((line.date for line in self.lines if start <= line.date <= end), default=None)

    def figures(self, start: dt.date, end: dt.date) -> Counter[int]:
        """How often each signed amount stands in the period."""
        return Counter(line.signed_minor for line in self.lines if start <= line.date <= end)


class OurEntries(msgspec.Struct):
    """All standing lines of an account as parallel columns, in canonical order of their records.

    A record that has no standing line has one row without a date: its document is known, though it books nothing.
    """

    kinds: list[EntryKind] = []
    numbers: list[str] = []
    aliases: list[tuple[str, ...]] = []
    dates: list[dt.date | None] = []
    amounts: list[int] = []
    sources: list[Source] = []

    def add(
        self,
        kind: EntryKind,
        document_no: str,
        aliases: tuple[str, ...],
        lines: Iterable[Line],
        source: Source,
    ) -> None:
        """The standing lines of one record."""
        rows: list[tuple[dt.date | None, int]] = [(line.business_date, line.signed_minor) for line in lines]
        for date, signed_minor in rows or [(None, 0)]:
            self.kinds.append(kind)
            self.numbers.append(document_no)
            self.aliases.append(aliases)
            self.dates.append(date)
            self.amounts.append(signed_minor)
            self.sources.append(source)

    def documents(self, rows: Iterable[int]) -> dict[str, OurDocument]:
        """The documents that the given rows make up, by key. All rows of a document must be among them."""
        found: dict[str, OurDocument] = {}
        for row in rows:
            key = f"{self.kinds[row]}|{self.numbers[row]}"
            document = found.get(key)
            if document is None:
                document = OurDocument(
                    key, self.kinds[row], self.numbers[row], self.aliases[row], [], self.sources[row]
                )
                found[key] = document
            elif self.aliases[row] != document.aliases:
                document.aliases = tuple(dict.fromkeys((*document.aliases, *self.aliases[row])))
            date = self.dates[row]
            if date is not None:
                document.lines.append(Booked(date, self.amounts[row]))
        return found


class OurSide:
    """The entries of one account and the look-ups on them that all its statements share."""

    def __init__(self, entries: OurEntries, statements: Sequence[StatementFact] = ()) -> None:
        """``statements``: all of the customer's in force, by period; a document may stand on any of them."""
        self.entries = entries
        self.statements = statements
        self.row_of_number: dict[str, int] = dict(
            zip(entries.numbers, range(len(entries.numbers)), strict=True)
        )
        """Document number -> its row, or one of its rows."""
        self.shared_numbers: set[str] = set()
        """Numbers that stand on several rows, are also another number of some document, or are padded."""
        if len(self.row_of_number) < len(entries.numbers):
            self.shared_numbers.update(n for n, count in Counter(entries.numbers).items() if count > 1)
        self.shared_numbers.update(*filter(None, entries.aliases))
        stripped = list(map(str.strip, entries.numbers))
        if stripped != entries.numbers:
            self.shared_numbers.update(n for n in entries.numbers if n != n.strip())
        self._squeezed: list[str] | None = None
        self._bare: list[str] | None = None
        self._references: dict[str, tuple[list[str], list[str], list[str]]] = {}

    def rows_answering(self, references: Iterable[str]) -> set[int]:
        """Every row that some reference could mean at any stage of normalisation."""
        wanted = [reference for reference in {r.strip() for r in references} if reference]
        squeezed = {form for form in squeezed_forms(wanted) if form}
        bare = {form for form in bare_forms(squeezed_forms(wanted)) if form}
        exact = set(wanted)
        entries = self.entries
        if self._squeezed is None or self._bare is None:
            self._squeezed = squeezed_forms(entries.numbers)
            self._bare = bare_forms(self._squeezed)
        rows = range(len(entries.numbers))
        found = set(compress(rows, map(squeezed.__contains__, self._squeezed)))
        found.update(compress(rows, map(bare.__contains__, self._bare)))
        found.update(compress(rows, map(exact.__contains__, entries.numbers)))
        forms = exact | squeezed | bare
        for row in compress(rows, entries.aliases):
            aliases = entries.aliases[row]
            squeezed_aliases = squeezed_forms(aliases)
            answers = {*aliases, *squeezed_aliases, *bare_forms(squeezed_aliases)}
            if not forms.isdisjoint(answers):
                found.add(row)
        return self.whole_documents(found)

    def whole_documents(self, rows: set[int]) -> set[int]:
        """The rows and all others of the same document numbers."""
        numbers = self.entries.numbers
        several = self.shared_numbers.intersection([numbers[row] for row in rows])
        if several:
            rows = rows.union(compress(range(len(numbers)), map(several.__contains__, numbers)))
        return rows

    def listed_elsewhere(self, documents: Sequence[OurDocument], than: str) -> dict[str, str]:
        """Document key -> the first statement, other than ``than``, with a line that means the document."""
        others = [s for s in self.statements if s.statement_id != than]
        if not others or not documents:
            return {}
        forms = {form for d in documents for number in (d.document_no, *d.aliases) for form in _forms(number)}
        naming = {s.statement_id: self._references_with(s, forms) for s in others}
        references = {reference for found in naming.values() for reference in found}
        if not references:
            return {}
        index = index_of(self.entries.documents(sorted(self.rows_answering(references))))
        wanted = {document.key for document in documents}
        listed: dict[str, str] = {}
        for statement_id, found in naming.items():
            for reference in found:
                for key in index.resolve(reference).keys:
                    if key in wanted:
                        listed.setdefault(key, statement_id)
        return listed

    def _references_with(self, statement: StatementFact, forms: set[str]) -> list[str]:
        """The references of the statement's lines that have one of the normalised forms."""
        columns = self._references.get(statement.statement_id)
        if columns is None:
            references = [
                r for line in statement.lines for r in (line.document_no, line.their_reference) if r
            ]
            squeezed = squeezed_forms(references)
            columns = self._references[statement.statement_id] = (references, squeezed, bare_forms(squeezed))
        return [
            columns[0][place]
            for place, found in enumerate(zip(*columns, strict=True))
            if not forms.isdisjoint(found)
        ]

    def balance_minor(self, date: dt.date) -> int:
        """Σ of the lines with a business date up to and including ``date``."""
        rows = zip(self.entries.dates, self.entries.amounts, strict=True)
        return sum([amount for booked, amount in rows if booked is not None and booked <= date])


def index_of(documents: Mapping[str, OurDocument]) -> DocumentIndex:
    """Look-up of references among documents."""
    return DocumentIndex((d.key, (d.document_no, *d.aliases)) for d in documents.values())


def _forms(number: str) -> set[str]:
    """The forms under which a reference may mean the number; never the empty one."""
    squeezed = squeezed_forms([number])
    return {number, *squeezed, *bare_forms(squeezed)} - {""}
