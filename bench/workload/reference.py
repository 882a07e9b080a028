"""What must come out, computed from the whole input by sets and joins instead of a fold.

It shares no code with the peers' job, so that a mistake in the fold cannot agree with itself.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from bench.workload.events import OPENED, ORDER, PAYMENT, RETRACTED, Event, Finding


@dataclass(slots=True)
class AccountState:
    """The part of an account that does not depend on the order of arrival; document → amount in minor units."""

    balance: int = 0
    count: int = 0
    orders: dict[int, int] = field(default_factory=dict)
    payments: dict[int, int] = field(default_factory=dict)
    refunds: dict[int, int] = field(default_factory=dict)
    differences: dict[int, int] = field(default_factory=dict)


class Reference:
    """Take every event of the input, then ask for ``states`` and ``findings``."""

    def __init__(self) -> None:
        self.events = 0
        self._counts: Counter[bytes] = Counter()
        self._balances: Counter[bytes] = Counter()
        self._ids: set[int] = set()
        self._sides: tuple[dict[int, tuple[bytes, int]], ...] = ({}, {}, {})

    def add(self, event: Event) -> None:
        """One record of the input, duplicates included."""
        self.events += 1
        self._counts[event.customer] += 1
        if event.event_id in self._ids:
            return
        self._ids.add(event.event_id)
        self._balances[event.customer] += -event.amount if event.kind == PAYMENT else event.amount
        if event.document:
            side = self._sides[event.kind]
            assert event.document not in side, "a document has one order, one payment, one refund"
            side[event.document] = (event.customer, event.amount)

    def findings(self) -> Counter[Finding]:
        """The multiset of output records."""
        found: Counter[Finding] = Counter()
        for document, (customer, difference) in self._differences().items():
            found[Finding(customer, OPENED, document, difference)] += 1
            if self._cleared(document, difference):
                found[Finding(customer, RETRACTED, document, difference)] += 1
        return found

    def states(self) -> dict[bytes, AccountState]:
        """The final state per customer."""
        states: defaultdict[bytes, AccountState] = defaultdict(AccountState)
        for customer, count in self._counts.items():
            states[customer].count = count
            states[customer].balance = self._balances[customer]
        orders, payments, refunds = self._sides
        for document, (customer, amount) in orders.items():
            if document not in payments:
                states[customer].orders[document] = amount
        for document, (customer, amount) in payments.items():
            if document not in orders:
                states[customer].payments[document] = amount
        differences = self._differences()
        for document, (customer, difference) in differences.items():
            if not self._cleared(document, difference):
                states[customer].differences[document] = difference
        for document, (customer, amount) in refunds.items():
            if document not in differences or differences[document][1] + amount:
                states[customer].refunds[document] = amount
        return dict(states)

    def _differences(self) -> dict[int, tuple[bytes, int]]:
        orders, payments = self._sides[ORDER], self._sides[PAYMENT]
        return {
            document: (customer, amount - payments[document][1])
            for document, (customer, amount) in orders.items()
            if document in payments and amount != payments[document][1]
        }

    def _cleared(self, document: int, difference: int) -> bool:
        refund = self._sides[2].get(document)
        return refund is not None and difference + refund[1] == 0
