"""Our side of a comparison: the ledger lines of one account, in columns, and the documents that they make up.

Columns, because a comparison of a million lines must not build a million objects to find that they agree.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from typing import Final

import msgspec

from domain.comparison.normalised import bare_forms, squeezed_forms
from domain.events import Source
from domain.facts import EntryKind, StatementFact
from domain.ledger import Line
from domain.matching.references import DocumentIndex

#: stands for the date of a row that books nothing, in columns of day numbers: after every date
NO_DAY: Final = dt.date.max.toordinal() + 1
DAY_BITS: Final = NO_DAY.bit_length()
#: no amount and day make this: their sum has a day in its lowest bits
NO_FIGURE: Final = 0


class Booked(msgspec.Struct, frozen=True, gc=False):
    """A ledger line as a comparison sees it."""

    date: dt.date
    signed_minor: int


class OurDocument(msgspec.Struct, gc=False):
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
        document_no = document_no.strip()  # as a reference is before it is looked up
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
        numbers = entries.numbers
        self.days = [NO_DAY if date is None else date.toordinal() for date in entries.dates]
        self.figures = figures_of(entries.amounts, self.days)
        """Amount and day of each row in one integer; at last one that no line has, for lines without a row."""
        self.figures.append(NO_FIGURE)
        self.row_of_number: dict[str, int] = dict(zip(numbers, range(len(numbers)), strict=True))
        """Number -> its row, for numbers that can only mean that row."""
        self._several: set[str] = set()
        """Document numbers that stand on several rows."""
        if len(self.row_of_number) < len(numbers):
            self._several.update(n for n, count in Counter(numbers).items() if count > 1)
        for number in self._several.union(*filter(None, entries.aliases)):
            self.row_of_number.pop(number, None)
        self._squeezed: list[str] | None = None
        self._bare: list[str] | None = None
        self._of_aliases: list[tuple[int, set[str]]] | None = None
        self._references: dict[str, tuple[list[str], list[str], list[str]]] = {}

    def rows_answering(self, references: Iterable[str]) -> set[int]:
        """Every row that some reference could mean at any stage of normalisation."""
        wanted = list({reference.strip() for reference in references})
        squeezed = squeezed_forms(wanted)
        bare = {form for form in bare_forms(squeezed) if form}
        # Equal numbers are equal when squeezed, unless nothing is left of them.
        exact = {
            reference for reference, form in zip(wanted, squeezed, strict=True) if reference and not form
        }
        looked_for = [(set(filter(None, squeezed)), self._all_squeezed), (bare, self._all_bare)]
        looked_for.append((exact, lambda: self.entries.numbers))
        entries = self.entries
        rows = range(len(entries.numbers))
        found: set[int] = set()
        for forms, column in looked_for:
            if forms:
                found.update(compress(rows, map(forms.__contains__, column())))
        forms = set().union(*(forms for forms, _ in looked_for))
        found.update(row for row, answered in self._alias_forms() if not forms.isdisjoint(answered))
        return self.whole_documents(found)

    def _alias_forms(self) -> list[tuple[int, set[str]]]:
        """Every row that has aliases, and the forms under which a reference may mean one of them."""
        if self._of_aliases is None:
            rows = compress(range(len(self.entries.aliases)), self.entries.aliases)
            self._of_aliases = [(row, set().union(*map(_forms, self.entries.aliases[row]))) for row in rows]
        return self._of_aliases

    def _all_squeezed(self) -> list[str]:
        if self._squeezed is None:
            self._squeezed = squeezed_forms(self.entries.numbers)
        return self._squeezed

    def _all_bare(self) -> list[str]:
        if self._bare is None:
            self._bare = bare_forms(self._all_squeezed())
        return self._bare

    def whole_documents(self, rows: set[int]) -> set[int]:
        """The rows and all others of the same document numbers."""
        numbers = self.entries.numbers
        several = self._several.intersection([numbers[row] for row in rows]) if self._several else ()
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
        last = date.toordinal()
        return sum(compress(self.entries.amounts, map(last.__ge__, self.days)))

    def written_off_minor(self, date: dt.date) -> int:
        """Σ of what was written off up to and including ``date``: part of our balance alone."""
        lines = zip(self.entries.kinds, self.days, self.entries.amounts, strict=True)
        last = date.toordinal()
        return sum(amount for kind, day, amount in lines if kind is EntryKind.WRITE_OFF and day <= last)


def figures_of(amounts: Sequence[int], days: Sequence[int]) -> list[int]:
    """Amount and day in one integer each: equal where both are, and compared in one step."""
    return [(amount << DAY_BITS) + day for amount, day in zip(amounts, days, strict=True)]


def index_of(documents: Mapping[str, OurDocument]) -> DocumentIndex:
    """Look-up of references among documents."""
    return DocumentIndex((d.key, (d.document_no, *d.aliases)) for d in documents.values())


def _forms(number: str) -> set[str]:
    """The forms under which a reference may mean the number; never the empty one."""
    squeezed = squeezed_forms([number])
    return {number, *squeezed, *bare_forms(squeezed)} - {""}
