"""A customer's book with its archive: the hot part is decided on, what an event asks for is brought back first."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from domain.archive.sealing import seal, unseal
from domain.archive.shelf import Label, Segment, Shelf, Shelves, StatementLabel, Statements
from domain.archive.statements import seal_statements
from domain.books import Account, Book
from domain.decide import decide, decide_again
from domain.events import Event, Source
from domain.identity import content_digest
from domain.outcomes import Accepted, Outcome
from domain.rules import RulesByDate

#: sealing is tried when an account has more hot records than this, and again when half as many have come
HOT_RECORDS: Final = 64
#: ids of events that wait to be sealed; half of them leave at a time
HOT_EVENT_IDS: Final = 256
#: lines of statements that could leave; all of them leave when they are more
HOT_LINES: Final = 64

_encoder = msgspec.msgpack.Encoder()
_labels = msgspec.msgpack.Decoder(Label)
_segments = msgspec.msgpack.Decoder(Segment)
_statement_labels = msgspec.msgpack.Decoder(StatementLabel)
_statements = msgspec.msgpack.Decoder(Statements)
_ids = msgspec.msgpack.Decoder(dict[str, bytes])


class Parts(Protocol):
    """Where the parts of one book rest. ``put(n, None)`` forgets part ``n``."""

    def get(self, number: int) -> bytes: ...
    def put(self, number: int, value: bytes | None) -> None: ...


@functools.lru_cache(maxsize=256)
def rules_digest(rules: RulesByDate) -> bytes:
    return content_digest(_encoder.encode(rules))


class Archive:
    """The archive of one book. Lives as long as the book is hot; everything in it is in ``parts`` or in the book."""

    def __init__(
        self,
        book: Book,
        parts: Parts,
        hot_records: int = HOT_RECORDS,
        hot_ids: int = HOT_EVENT_IDS,
        hot_lines: int = HOT_LINES,
    ) -> None:
        self.book = book
        self.parts = parts
        self._hot_records = hot_records
        self._hot_ids = hot_ids
        self._hot_lines = hot_lines
        self.shelves = Shelves()
        self._reviewed: list[str] = []
        for currency, account in book.accounts.items():
            shelf = self._shelf(currency)
            for number in account.segments:
                shelf.add(_labels.decode(parts.get(2 * number)))
            for number in account.statement_segments:
                shelf.statement_labels[number] = _statement_labels.decode(parts.get(2 * number))
        for number in book.id_segments:
            self.shelves.event_digests |= _ids.decode(parts.get(2 * number))

    def _shelf(self, currency: str) -> Shelf:
        return self.shelves.by_currency.setdefault(currency, Shelf(self._open, self._open_statements))

    def _open(self, number: int) -> Segment:
        return _segments.decode(self.parts.get(2 * number + 1))

    def _open_statements(self, number: int) -> Statements:
        return _statements.decode(self.parts.get(2 * number + 1))

    def decide(
        self, event: Event, source: Source, recorded_at: dt.datetime, rules: RulesByDate
    ) -> list[Outcome]:
        """``domain.decide.decide`` on the whole book: what it asks for is taken back into the hot part, which changes
        no figure, until nothing more is asked for.
        """
        digest = rules_digest(rules)
        outcomes = self._exactly(
            lambda: decide(self.book, event, source, recorded_at, rules, self.shelves, digest)
        )
        self._reviewed = [first.currency for first in outcomes[:1] if isinstance(first, Accepted)]
        return outcomes

    def decide_again(self, rules: RulesByDate) -> list[Outcome]:
        """``domain.decide.decide_again`` on the whole book; every account is reviewed under ``rules`` then."""
        digest = rules_digest(rules)
        outcomes = self._exactly(lambda: decide_again(self.book, rules, self.shelves, digest))
        self._reviewed = list(self.book.accounts)
        return outcomes

    def _exactly(self, attempt: Callable[[], list[Outcome]]) -> list[Outcome]:
        while True:
            outcomes = attempt()
            if not self.shelves.wanting():
                return outcomes
            for currency, shelf in self.shelves.by_currency.items():
                self._take_back(self.book.accounts[currency], shelf)

    def _take_back(self, account: Account, shelf: Shelf) -> None:
        for number in sorted(shelf.wanted):
            if number in shelf.statement_labels:
                account.statements.update(shelf.open_statements(number))
                del shelf.statement_labels[number]
                account.statement_segments.remove(number)
            else:
                unseal(account, shelf.open(number))
                shelf.remove(number)
                account.segments.remove(number)
            self.parts.put(2 * number, None)
            self.parts.put(2 * number + 1, None)
        shelf.wanted.clear()

    def tidy(self, rules: RulesByDate) -> None:
        """After the outcomes of a decision were applied: note under which rules the accounts were reviewed, and seal
        what may leave, if there is reason to look.
        """
        book = self.book
        for currency in self._reviewed:
            account = book.accounts[currency]
            account.reviewed_under = rules_digest(rules)
            if len(account.records) > max(account.seal_above, self._hot_records):
                self._seal(currency, account, rules)
            self._seal_statements(currency, account, rules)
        if len(book.event_digests) > self._hot_ids:
            self._seal_ids()

    def _seal(self, currency: str, account: Account, rules: RulesByDate) -> None:
        book = self.book
        made = seal(book, currency, self._shelf(currency), rules, book.next_segment)
        for label, segment in made:
            self.parts.put(2 * label.number, _encoder.encode(label))
            self.parts.put(2 * label.number + 1, _encoder.encode(segment))
            account.segments.append(label.number)
        book.next_segment += len(made)
        left = len(account.records)
        account.seal_above = left + max(self._hot_records, left) // 2

    def _seal_statements(self, currency: str, account: Account, rules: RulesByDate) -> None:
        book = self.book
        clock = max(account.clock, book.clock)
        labels = self._shelf(currency).statement_labels.values()
        sealed_until = max((label.last_day for label in labels), default=dt.date.min)
        made = seal_statements(account, rules, clock, self._hot_lines, book.next_segment, sealed_until)
        for label, statements in made:
            self.parts.put(2 * label.number, _encoder.encode(label))
            self.parts.put(2 * label.number + 1, _encoder.encode(statements))
            account.statement_segments.append(label.number)
            self._shelf(currency).statement_labels[label.number] = label
        book.next_segment += len(made)

    def _seal_ids(self) -> None:
        book = self.book
        oldest = list(book.event_digests)[: self._hot_ids // 2]
        found = {event_id: book.event_digests.pop(event_id) for event_id in oldest}
        new = {one: digest for one, digest in found.items() if one not in self.shelves.event_digests}
        if not new:
            return  # all were delivered again after they had been sealed
        self.parts.put(2 * book.next_segment, _encoder.encode(new))
        book.id_segments.append(book.next_segment)
        book.next_segment += 1
        self.shelves.event_digests |= new


def whole(book: Book, parts: Parts) -> Book:
    """The book with everything that is sealed back in it: another object, for proofs and for reading."""
    found = msgspec.msgpack.decode(_encoder.encode(book), type=Book)
    digests: dict[str, bytes] = {}
    for number in book.id_segments:
        digests |= _ids.decode(parts.get(2 * number))
    found.event_digests = digests | found.event_digests
    for account in found.accounts.values():
        for number in account.segments:
            unseal(account, _segments.decode(parts.get(2 * number + 1)))
        for number in account.statement_segments:
            account.statements.update(_statements.decode(parts.get(2 * number + 1)))
    return found
