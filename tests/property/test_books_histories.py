"""Whatever happens in whatever order: the invariants of the books, on random histories.

``Teller`` holds I1 (conservation), I3 (no line twice), I7 (a refusal changes nothing), I8 (versions grow by one) and
the round trip through the stored form after every single event of every history here.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ageing import Allocated, LedgerLine, open_items_as_of
from domain.books import Account, Book
from domain.digest import digest_of, figures
from domain.events import Event
from domain.ledger import balance_as_of, side_of
from domain.outcomes import Booked
from domain.review import due_date
from domain.rules import Rules
from tests.property.histories import START, Delivered, conflicts, deliveries, events
from tests.unit.ledger_teller import Teller, encoded, settled_figures

pytestmark = pytest.mark.no_cover  # searches in what examples cover, thrice as long when measured

RULES = Rules()


class Ledger:
    """The books of all customers of a history, and every line that was written."""

    def __init__(self, history: Iterable[Event]) -> None:
        self.tellers: dict[str, Teller] = {}
        self.fates: Counter[str] = Counter()
        self.lines: dict[tuple[str, str], list[LedgerLine]] = defaultdict(list)
        for event in history:
            self.take(event)

    def take(self, event: Event) -> str:
        teller = self.tellers.setdefault(event.customer_id, Teller(customer_id=event.customer_id))
        fate = teller.take(event)
        self.fates[fate] += 1
        for outcome in teller.outcomes:
            if isinstance(outcome, Booked):
                self._write(event.customer_id, outcome)
        return fate

    def _write(self, customer_id: str, booked: Booked) -> None:
        record = self.tellers[customer_id].book.accounts[booked.currency].records[booked.record_key]
        facts = {fact.rank: fact for fact in record.facts}
        for line in (*booked.annulled, *booked.posted):
            self.lines[customer_id, booked.currency].append(
                LedgerLine(
                    entry_id=line.entry_id,
                    item_id=booked.record_key,
                    kind=line.kind,
                    role=line.role,
                    side=side_of(line.signed_minor),
                    amount_minor=abs(line.signed_minor),
                    document_no=line.document_no,
                    business_date=line.business_date,
                    due_date=due_date(facts[line.fact_rank], RULES),
                    source_version=line.fact_rank[0],
                    topic="events",
                    partition=0,
                    offset=0,
                )
            )

    @property
    def books(self) -> list[Book]:
        return [teller.book for _, teller in sorted(self.tellers.items())]

    def accounts(self) -> list[tuple[str, str, Account]]:
        return [(b.customer_id, currency, a) for b in self.books for currency, a in b.accounts.items()]


@given(deliveries())
def test_any_order_and_any_repetition_comes_to_the_same(delivered: Delivered) -> None:
    one, other = Ledger(delivered.one), Ledger(delivered.other)
    assert [settled_figures(b) for b in one.books] == [settled_figures(b) for b in other.books]
    assert one.fates["accepted"] == other.fates["accepted"]
    assert set(one.fates) <= {"accepted", "duplicate", "noted"}


@given(deliveries())
def test_a_replay_gives_the_same_bytes(delivered: Delivered) -> None:
    one, again = Ledger(delivered.one), Ledger(delivered.one)
    assert [encoded(b) for b in one.books] == [encoded(b) for b in again.books]
    digests = [digest_of(row for b in ledger.books for row in figures(b)) for ledger in (one, again)]
    assert digests[0] == digests[1]


@given(events())
def test_the_balance_of_any_day_depends_only_on_what_is_known(history: list[Event]) -> None:
    """The lines ever written, contra lines included, and the lines that stand give one balance on every day."""
    ledger = Ledger(history)
    for customer_id, currency, account in ledger.accounts():
        for day in range(-1, 61, 7):
            date = START + dt.timedelta(days=day)
            written = sum(
                line.signed_minor
                for line in ledger.lines[customer_id, currency]
                if line.business_date <= date
            )
            assert written == balance_as_of(account.standing_lines(), date)


@given(events())
def test_open_items_sum_to_the_balance(history: list[Event]) -> None:
    for _, _, account in Ledger(history).accounts():
        signed_open = 0
        for record in account.records.values():
            in_force = record.current.signed_minor
            original = 0 if record.item is None else record.item.original_minor
            assert original == abs(in_force)
            if record.item is not None:
                left = original - record.item.allocated_minor
                assert 0 <= left <= original, "an item is over-allocated"
                signed_open += left if in_force > 0 else -left
        assert signed_open == account.balance_minor


@given(events())
def test_allocations_add_up_to_what_their_items_say(history: list[Event]) -> None:
    for _, _, account in Ledger(history).accounts():
        allocated: Counter[str] = Counter()
        for (credit, debit), link in account.allocations.items():
            assert link.amount_minor > 0
            assert account.records[credit].current.signed_minor < 0
            if link.confirmed:
                assert account.records[debit].current.signed_minor > 0
                allocated[credit] += link.amount_minor
                allocated[debit] += link.amount_minor
        told = {k: r.item.allocated_minor for k, r in account.records.items() if r.item is not None}
        assert dict(allocated) == {key: amount for key, amount in told.items() if amount}


@given(events())
def test_the_ageing_of_the_written_lines_shows_the_same_open_items(history: list[Event]) -> None:
    ledger = Ledger(history)
    end = START + dt.timedelta(days=99)
    for customer_id, currency, account in ledger.accounts():
        booked = [
            Allocated(
                credit_item_id=credit,
                debit_item_id=debit,
                amount_minor=link.amount_minor,
                effective_date=link.effective_date,
            )
            for (credit, debit), link in account.allocations.items()
            if link.confirmed
        ]
        aged = open_items_as_of(ledger.lines[customer_id, currency], booked, end)
        assert {item.item_id: (abs(item.open_minor), item.due_date) for item in aged} == {
            key: (record.item.original_minor - record.item.allocated_minor, record.item.due_date)
            for key, record in account.records.items()
            if record.item is not None and record.item.original_minor > record.item.allocated_minor
        }
        assert sum(item.open_minor for item in aged) == account.balance_minor


@given(events(), st.data())
def test_a_contradiction_is_refused_and_changes_nothing(history: list[Event], data: st.DataObject) -> None:
    booked = [event for event in history if not event.event_type.endswith("fulfilled")]
    ledger = Ledger(history)
    before = [encoded(book) for book in ledger.books]
    if booked:
        event, reason = data.draw(conflicts(data.draw(st.sampled_from(booked))))
        assert ledger.take(event) == reason
    assert [encoded(book) for book in ledger.books] == before


@given(events(customers=("C-1",)), events(customers=("C-2",)))
def test_customers_do_not_touch_each_other(ours: list[Event], theirs: list[Event]) -> None:
    together = Ledger([event for pair in zip(ours, theirs, strict=False) for event in pair])
    alone = Ledger(ours[: min(len(ours), len(theirs))])
    for book in alone.books:
        assert book.accounts.keys() == together.tellers[book.customer_id].book.accounts.keys()
        assert settled_figures(book) == settled_figures(together.tellers[book.customer_id].book)
