"""The shelf: what an account remembers of its sealed segments, enough to know which of them an event concerns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping

import msgspec

from domain.archive.notes import Notes, fits, tag
from domain.books import Linked, Record
from domain.comparison.unmoved import Reach
from domain.facts import StatementFact


class Segment(msgspec.Struct, frozen=True, array_like=True):
    """Closed records that stand for themselves, with the allocations among them."""

    records: dict[str, Record]
    allocations: dict[tuple[str, str], Linked]


class Label(msgspec.Struct, frozen=True, array_like=True):
    """What the shelf knows of a segment without opening it; tags as in ``Notes``, sorted."""

    number: int
    records: tuple[int, ...]
    """Tags of the record keys."""
    asked: tuple[int, ...]
    answered: tuple[int, ...]
    receipts: tuple[tuple[int, int], ...]
    documents: tuple[tuple[int, int, int], ...]
    payers: tuple[str, ...]
    known_payers: int
    """Tag of all payer names of the account when the segment was sealed."""

    @property
    def loose(self) -> bool:
        """Whether something in it was matched without a reference."""
        return bool(self.receipts or self.documents)


class StatementLabel(msgspec.Struct, frozen=True, array_like=True):
    """What the shelf knows of a segment of statements: enough to know whether an event may move their comparisons."""

    number: int
    statement_ids: tuple[str, ...]
    last_day: dt.date
    """The last day on which one of them sees our lines (``unmoved.seen_until``)."""
    settled: dt.date
    """The day from which on none of them waits for anything."""
    names: bytes
    """The documents that they name (``domain.comparison.named``)."""


Statements = dict[str, list[StatementFact]]


def payers_tag(names: Iterable[str]) -> int:
    return tag("payers", *sorted(names))


class Shelf:
    """The labels of one account. ``wanted`` collects the segments without which a review would not be exact."""

    def __init__(
        self, open_segment: Callable[[int], Segment], open_statements: Callable[[int], Statements]
    ) -> None:
        self.labels: dict[int, Label] = {}
        self.statement_labels: dict[int, StatementLabel] = {}
        self.wanted: set[int] = set()
        self._open = open_segment
        self._open_statements = open_statements
        self._by_record: dict[int, list[int]] = {}
        self._by_asked: dict[int, list[int]] = {}
        self._by_answered: dict[int, list[int]] = {}

    def _columns(self, label: Label) -> Iterable[tuple[dict[int, list[int]], tuple[int, ...]]]:
        yield self._by_record, label.records
        yield self._by_asked, label.asked
        yield self._by_answered, label.answered

    def add(self, label: Label) -> None:
        self.labels[label.number] = label
        for column, tags in self._columns(label):
            for one in tags:
                column.setdefault(one, []).append(label.number)

    def remove(self, number: int) -> None:
        label = self.labels.pop(number)
        for column, tags in self._columns(label):
            for one in tags:
                column[one].remove(number)
                if not column[one]:
                    del column[one]

    def payers(self) -> frozenset[str]:
        """Payer names that the sealed records make known."""
        return frozenset(name for label in self.labels.values() for name in label.payers)

    def want_record(self, record_key: str) -> None:
        self.wanted.update(self._by_record.get(tag("record", record_key), ()))

    def want_statement(self, statement_id: str) -> None:
        self.wanted.update(
            number for number, label in self.statement_labels.items() if statement_id in label.statement_ids
        )

    def want_moved(self, reach: Reach) -> None:
        """Want every statement whose comparison a change may move."""
        self.wanted.update(
            number
            for number, label in self.statement_labels.items()
            if not reach.spares(label.last_day, label.settled)
        )

    def want_all(self) -> None:
        self.wanted.update(self.labels, self.statement_labels)

    def want_answers(self, asked: set[int]) -> None:
        """Want what could answer one of the questions."""
        self._want(asked, self._by_answered)

    def want(self, notes: Notes, *, exactly: bool) -> None:
        """Want every segment that could have anything to do with the records that the notes were taken of.

        ``exactly`` as in ``Notes.meets``.
        """
        self._want(notes.asked, self._by_answered)
        self._want(notes.answered, self._by_asked)
        loose = [label for label in self.labels.values() if label.loose]
        if not loose:
            return
        known = payers_tag(notes.payers | notes.other_payers)
        self.wanted.update(
            label.number
            for label in loose
            if label.known_payers != known
            or fits(notes.receipts, label.documents, exactly=exactly)
            or fits(label.receipts, notes.documents, exactly=exactly)
        )

    def _want(self, tags: set[int], column: Mapping[int, list[int]]) -> None:
        for one in tags & column.keys():
            self.wanted.update(column[one])

    def open(self, number: int) -> Segment:
        return self._open(number)

    def open_statements(self, number: int) -> Statements:
        return self._open_statements(number)

    def sealed_statements(self) -> Statements:
        """All sealed statements, read for this once."""
        return {
            statement_id: versions
            for number in self.statement_labels
            for statement_id, versions in self.open_statements(number).items()
        }

    def sealed_records(self) -> dict[str, Record]:
        """All sealed records, read for this once."""
        return {key: record for number in self.labels for key, record in self.open(number).records.items()}


class Shelves:
    """The shelves of one customer by currency, and the ids of events that are sealed. Empty where nothing is."""

    def __init__(self) -> None:
        self.by_currency: dict[str, Shelf] = {}
        self.event_digests: dict[str, bytes] = {}

    def of(self, currency: str) -> Shelf | None:
        """The shelf of the account, if anything of it is sealed."""
        shelf = self.by_currency.get(currency)
        return shelf if shelf is not None and (shelf.labels or shelf.statement_labels) else None

    def want_record(self, record_key: str) -> None:
        for shelf in self.by_currency.values():
            shelf.want_record(record_key)

    def want_statement(self, statement_id: str) -> None:
        for shelf in self.by_currency.values():
            shelf.want_statement(statement_id)

    def wanting(self) -> bool:
        return any(shelf.wanted for shelf in self.by_currency.values())
