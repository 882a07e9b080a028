"""Our side of a comparison: the ledger lines of one account, in columns, and the documents that they make up.

Columns, because a comparison of a million lines must not build a million objects to find that they agree.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import compress, repeat
from operator import is_
from typing import TYPE_CHECKING, Final

import msgspec

from domain.comparison.columns import PIECE, repeated_values
from domain.comparison.normalised import bare_forms, cores, squeezed_forms, squeezed_text
from domain.events import Source, StatementLine
from domain.facts import EntryKind, StatementFact
from domain.ledger import Line
from domain.matching.forms import DocumentIndex

if TYPE_CHECKING:
    from domain.comparison.bulk import BulkRows

#: a line, one of its references, and a number that this may be or hold
Named = tuple[StatementLine, str, str]
#: stands for the day of a row that books nothing: after every date
NO_DAY: Final = dt.date.max.toordinal() + 1


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
    about: tuple[tuple[str, int], ...] = ()
    """What it says that it is for: (number, amount; 0 where none is said)."""

    def net_minor(self, start: dt.date, end: dt.date) -> int:
        """Σ of its lines in the period."""
        net_minor = 0
        for line in self.lines:
            if start <= line.date <= end:
                net_minor += line.signed_minor
        return net_minor

    def first_date(self, start: dt.date, end: dt.date) -> dt.date | None:
        """Its earliest business date in the period."""
        first = None
        for line in self.lines:
            if start <= line.date <= end and (first is None or line.date < first):
                first = line.date
        return first

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
    about: dict[int, tuple[tuple[str, int], ...]] = {}
    """Of the rows that have any: see ``OurDocument``."""

    def add(
        self,
        kind: EntryKind,
        document_no: str,
        aliases: tuple[str, ...],
        lines: Iterable[Line],
        source: Source,
        about: tuple[tuple[str, int], ...] = (),
    ) -> None:
        """The standing lines of one record."""
        document_no = document_no.strip()  # as a reference is before it is looked up
        rows: list[tuple[dt.date | None, int]] = [(line.business_date, line.signed_minor) for line in lines]
        if about:
            self.about[len(self.numbers)] = about
        for date, signed_minor in rows or [(None, 0)]:
            self.kinds.append(kind)
            self.numbers.append(document_no)
            self.aliases.append(aliases)
            self.dates.append(date)
            self.amounts.append(signed_minor)
            self.sources.append(source)

    def key(self, row: int) -> str:
        """The key of the document that a row belongs to."""
        return self.kinds[row] + "|" + self.numbers[row]

    def documents(self, rows: Iterable[int]) -> dict[str, OurDocument]:
        """The documents that the given rows make up, by key. All rows of a document must be among them."""
        found: dict[str, OurDocument] = {}
        for row in rows:
            key = self.key(row)
            document = found.get(key)
            if document is None:
                document = OurDocument(
                    key, self.kinds[row], self.numbers[row], self.aliases[row], [], self.sources[row]
                )
                found[key] = document
            elif self.aliases[row] != document.aliases:
                document.aliases = tuple(dict.fromkeys((*document.aliases, *self.aliases[row])))
            if row in self.about:
                document.about += self.about[row]
            date = self.dates[row]
            if date is not None:
                document.lines.append(Booked(date, self.amounts[row]))
        return found


class OurSide:
    """The entries of one account and what all its statements look up in them. A look-up is made when first used."""

    def __init__(self, entries: OurEntries, statements: Sequence[StatementFact] = ()) -> None:
        """``statements``: all of the customer's in force, by period; a document may stand on any of them."""
        self.entries = entries
        self.statements = statements
        self.days = [NO_DAY if date is None else date.toordinal() for date in entries.dates]
        self.unsure = repeated_values(entries.numbers).union(*filter(None, entries.aliases))
        """Numbers that need not mean the one row that bears them: on several rows, or an alias of some document."""
        self._total_minor_on: dict[int, int] = {}
        for day, amount in zip(self.days, entries.amounts, strict=True):
            self._total_minor_on[day] = self._total_minor_on.get(day, 0) + amount
        write_offs = map(is_, entries.kinds, repeat(EntryKind.WRITE_OFF))
        self._written_off = list(compress(zip(self.days, entries.amounts, strict=True), write_offs))
        self.named: dict[str, tuple[list[Named], list[str], list[str], list[str]]] = {}
        """Per statement the numbers in its lines, and their forms (``domain.comparison.elsewhere``)."""

    @cached_property
    def bulk(self) -> BulkRows:
        """The rows as they are compared in bulk."""
        # numpy, which only large accounts need: a worker starts without it
        from domain.comparison.bulk import BulkRows

        return BulkRows(self.entries.numbers, self.entries.amounts, self.days)

    @cached_property
    def unsure_marks(self) -> bytes:
        """Per row 1 where its number is one of ``unsure``."""
        numbers = self.entries.numbers
        return bytes(map(self.unsure.__contains__, numbers)) if self.unsure else bytes(len(numbers))

    def rows_answering(self, references: Iterable[str]) -> set[int]:
        """Every row that some reference could mean at any stage of normalisation."""
        wanted = list({reference.strip() for reference in references})
        all_squeezed = squeezed_forms(wanted)
        all_bare = bare_forms(all_squeezed)
        squeezed, bare, exact = set(), set(all_bare) - {""}, set()
        for reference, form, core in zip(wanted, all_squeezed, all_bare, strict=True):
            # What is equal as written or squeezed is equal at the core: each is looked up once, by its last form.
            if form and not core:
                squeezed.add(form)
            elif reference and not form:
                exact.add(reference)
        rows = range(len(self.entries.numbers))
        found = self._rows_with_core(bare) if bare else set()
        if squeezed:
            found.update(compress(rows, map(squeezed.__contains__, self._squeezed)))
        if exact:
            found.update(compress(rows, map(exact.__contains__, self.entries.numbers)))
        forms = bare.union(filter(None, all_squeezed), exact)
        found.update(row for row, answered in self._alias_forms if not forms.isdisjoint(answered))
        return self.whole_documents(found)

    @cached_property
    def _alias_forms(self) -> list[tuple[int, set[str]]]:
        """Every row that has aliases, and the forms under which a reference may mean one of them."""
        rows = compress(range(len(self.entries.aliases)), self.entries.aliases)
        return [(row, set().union(*map(forms_of, self.entries.aliases[row]))) for row in rows]

    @cached_property
    def _squeezed(self) -> list[str]:
        return squeezed_forms(self.entries.numbers)

    def _rows_with_core(self, wanted: set[str]) -> set[int]:
        numbers = self.entries.numbers
        if len(numbers) <= PIECE:
            return set(compress(range(len(numbers)), map(wanted.__contains__, self._cores)))
        # numpy: as in ``bulk``
        from domain.comparison.sieve import sifted

        rows = sifted(numbers, wanted)
        return set(compress(rows, map(wanted.__contains__, cores(squeezed_text([numbers[r] for r in rows])))))

    @cached_property
    def _cores(self) -> list[str]:
        return cores(squeezed_text(self.entries.numbers))

    def whole_documents(self, rows: set[int]) -> set[int]:
        """The rows and all others of the same document numbers."""
        numbers = self.entries.numbers
        several = self.unsure.intersection([numbers[row] for row in rows]) if self.unsure else ()
        if several:
            rows = rows.union(compress(range(len(numbers)), map(several.__contains__, numbers)))
        return rows

    def books_on(self, days: range) -> bool:
        """Whether anything is booked on one of the days (ordinals)."""
        return any(day in self._total_minor_on for day in days)

    def balance_minor(self, date: dt.date) -> int:
        """Σ of the lines with a business date up to and including ``date``."""
        last = date.toordinal()
        return sum(total for day, total in self._total_minor_on.items() if day <= last)

    def written_off_minor(self, date: dt.date) -> int:
        """Σ of what was written off up to and including ``date``: part of our balance alone."""
        last = date.toordinal()
        return sum(amount for day, amount in self._written_off if day <= last)


def index_of(documents: Mapping[str, OurDocument]) -> DocumentIndex:
    """Look-up of references among documents."""
    return DocumentIndex((d.key, (d.document_no, *d.aliases)) for d in documents.values())


def forms_of(number: str) -> set[str]:
    """The forms under which a reference may mean the number; never the empty one."""
    squeezed = squeezed_forms([number])
    return {number, *squeezed, *bare_forms(squeezed)} - {""}
