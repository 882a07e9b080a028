"""The seeded input: the same arguments give the same events, and a shorter input is a prefix of a longer one.

Shares of all events: 45 % orders, 45 % payments, 10 % refunds; 1 % repeat an event id. Of the payments 2 % fall short,
1 % pay too much, 0.5 % name an order that never comes, 5 % come before their order; four of five discrepancies
are cleared by a refund later. Customers are drawn by Zipf's law, the k-th in proportion to ``k ** -0.8``; with 1/k
one of 50,000 customers would have 9 % of all events, and writing a whole account per event would measure that only.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.workload.events import DEDUPLICATION_WINDOW, ORDER, PAYMENT, REFUND, Event

_DRAWN_AT_ONCE = 10_000
_RECENT = 500
_ZIPF_EXPONENT = 0.8
_CLEARED = 0.8


@dataclass(frozen=True, slots=True)
class Workload:
    """What is generated. ``differing``: share of payments with another amount than their order's."""

    events: int = 1_500_000
    customers: int = 50_000
    seed: int = 1
    differing: float = 0.03


def generate(workload: Workload) -> Iterator[Event]:
    """The events in the order in which they are produced."""
    return itertools.islice(_Books(workload).events(), workload.events)


@dataclass(slots=True)
class _Books:
    """What the generator remembers of the documents that it has begun."""

    workload: Workload
    random: random.Random = field(init=False)
    next_id: int = 1
    next_document: int = 1
    unpaid: list[tuple[bytes, int, int]] = field(default_factory=list)
    paid_before_order: deque[Event] = field(default_factory=deque)
    to_clear: deque[tuple[bytes, int, int]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.random = random.Random(self.workload.seed)

    def events(self) -> Iterator[Event]:
        customers = self._customers()
        chance = self.random.random
        recent: deque[tuple[Event, int]] = deque(maxlen=_RECENT)
        sequence: Counter[tuple[int, bytes]] = Counter()
        while True:
            event = None
            if chance() < 0.01 and recent:
                original, at = recent[int(chance() * len(recent))]
                # Beyond the window it would not be known for a duplicate, and the order of arrival would matter.
                if sequence[original.kind, original.customer] - at < DEDUPLICATION_WINDOW - 1:
                    event = original
            if event is None:
                event = self._new_event(customers)
                place = event.kind, event.customer
                sequence[place] += 1
                recent.append((event, sequence[place]))
            yield event

    def _new_event(self, customers: Iterator[bytes]) -> Event:
        chance = self.random.random()
        if chance < 0.45:
            return self._order(customers)
        if chance < 0.90:
            return self._payment(customers)
        return self._refund(customers)

    def _order(self, customers: Iterator[bytes]) -> Event:
        if self.paid_before_order and self.random.random() < 0.05:
            waiting = self.paid_before_order.popleft()
            return self._event(ORDER, waiting.customer, waiting.document, waiting.amount)
        customer, document, amount = next(customers), self._document(), self._amount()
        self.unpaid.append((customer, document, amount))
        return self._event(ORDER, customer, document, amount)

    def _payment(self, customers: Iterator[bytes]) -> Event:
        chance = self.random.random()
        if chance < 0.005:
            return self._event(PAYMENT, next(customers), self._document(), self._amount())
        if chance < 0.055 or not self.unpaid:
            early = self._event(PAYMENT, next(customers), self._document(), self._amount())
            self.paid_before_order.append(early)
            return early
        at = int(self.random.random() * len(self.unpaid))
        self.unpaid[at], self.unpaid[-1] = self.unpaid[-1], self.unpaid[at]
        customer, document, amount = self.unpaid.pop()
        chance = self.random.random()
        if chance < self.workload.differing:
            short = chance < self.workload.differing * 2 / 3
            difference = (
                1 + int(self.random.random() * (amount - 1)) if short else -1 - int(chance * 1_000_000)
            )
            if self.random.random() < _CLEARED:
                self.to_clear.append((customer, document, -difference))
            amount -= difference
        return self._event(PAYMENT, customer, document, amount)

    def _refund(self, customers: Iterator[bytes]) -> Event:
        if self.to_clear:
            return self._event(REFUND, *self.to_clear.popleft())
        return self._event(REFUND, next(customers), 0, self._amount())

    def _event(self, kind: int, customer: bytes, document: int, amount: int) -> Event:
        event = Event(kind, customer, self.next_id, document, amount)
        self.next_id += 1
        return event

    def _document(self) -> int:
        document = self.next_document
        self.next_document += 1
        return document

    def _amount(self) -> int:
        return 100 + int(self.random.random() * 100_000)

    def _customers(self) -> Iterator[bytes]:
        keys = [b"C%06d" % number for number in range(self.workload.customers)]
        weights = list(itertools.accumulate(rank**-_ZIPF_EXPONENT for rank in range(1, len(keys) + 1)))
        draw = random.Random(self.workload.seed + 1)
        while True:
            yield from draw.choices(keys, cum_weights=weights, k=_DRAWN_AT_ONCE)
