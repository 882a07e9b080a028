"""Sealing changes nothing: every event of every history has the outcomes that it has on a book that is never sealed."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Iterator, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.archive import archive as archives
from domain.archive import sealing
from domain.archive.archive import Archive, whole
from domain.archive.stored import StoredBooks
from domain.books import Book, new_book
from domain.decide import decide, decide_again, evolve
from domain.events import Event, OrderEvent, PaymentEvent, Source
from domain.outcomes import Outcome
from domain.rules import MatchingRules, OrderPolicy, Rules
from tests.property.busy_account import busy_account
from tests.property.histories import Delivered, deliveries
from tests.unit.ledger_teller import RECORDED_AT, encoded, settled_figures

EAGER = Rules(tolerance_minor=2, tolerance_ppm=1_000, matching=MatchingRules(days_after_due=20))
ON_ACCOUNT = Rules(matching=MatchingRules(order_policy=OrderPolicy.OLDEST_DUE_FIRST))
SUMS_FIRST = Rules(
    matching=MatchingRules(stages=("one_payment_many_documents", "amount_and_date", "fuzzy_reference"))
)


class Cabinet:
    """Parts in a dictionary; keeps what a table's changelog would hold."""

    def __init__(self) -> None:
        self.values: dict[int, bytes] = {}
        self.sealed = 0

    def get(self, number: int) -> bytes:
        return self.values[number]

    def put(self, number: int, value: bytes | None) -> None:
        if value is None:
            del self.values[number]
        else:
            self.values[number] = value
            self.sealed += 1


class Two:
    """One customer's events, told to a book that is sealed as often as can be and to one that never is."""

    def __init__(self, customer: str, rules: Sequence[Rules], keep_closed: int, hot_records: int) -> None:
        self._rules = rules
        self._hot = (hot_records, 4, hot_records)
        self.plain = new_book(customer)
        self.sealed = new_book(customer)
        self.cabinet = Cabinet()
        self._archive = Archive(self.sealed, self.cabinet, *self._hot)
        self._keep_closed = keep_closed
        self.most_hot = 0

    def take(self, number: int, event: Event) -> None:
        rules = self._rules[number * len(self._rules) // 1_000 % len(self._rules)]
        source = Source("events", 0, number)
        expected = decide(self.plain, event, source, RECORDED_AT, rules)
        found = self._archive.decide(event, source, RECORDED_AT, rules)
        assert _sorted(found) == _sorted(expected), f"event {number} ({event.event_id})"
        for outcome in expected:
            evolve(self.plain, outcome)
        for outcome in found:
            evolve(self.sealed, outcome)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sealing, "KEEP_CLOSED", self._keep_closed)
            for account in self.sealed.accounts.values():
                account.seal_above = 0
            self._archive.tidy(rules)
        self.most_hot = max(self.most_hot, *(len(a.records) for a in self.sealed.accounts.values()), 0)
        if number % 7 == 0:  # the book is cooled and woken
            self.sealed = msgspec.msgpack.decode(encoded(self.sealed), type=Book)
            self._archive = Archive(self.sealed, self.cabinet, *self._hot)

    def review(self, rules: Rules) -> int:
        """Both are reviewed under other rules; returns how many outcomes that has."""
        expected, found = decide_again(self.plain, rules), self._archive.decide_again(rules)
        assert _sorted(found) == _sorted(expected)
        for outcome in expected:
            evolve(self.plain, outcome)
        for outcome in found:
            evolve(self.sealed, outcome)
        self._archive.tidy(rules)
        assert self._archive.decide_again(rules) == []
        self._rules = [rules]
        return len(found)

    def compare(self) -> None:
        again = whole(self.sealed, self.cabinet)
        assert settled_figures(again) == settled_figures(self.plain)
        assert again.event_digests == self.plain.event_digests
        stored = StoredBooks()
        for number, part in self.cabinet.values.items():
            stored.take(self.sealed.customer_id.encode() + b"\x00" + number.to_bytes(4, "big"), part)
        stored.take(self.sealed.customer_id.encode(), encoded(self.sealed))
        assert stored.book(self.sealed.customer_id) == again


def _sorted(outcomes: Iterable[Outcome]) -> list[tuple[str, bytes]]:
    return sorted((type(o).__name__, msgspec.msgpack.encode(o)) for o in outcomes)


def _told(history: Iterable[Event], rules: Sequence[Rules], keep_closed: int, hot: int) -> Iterator[Two]:
    told: dict[str, Two] = {}
    for number, event in enumerate(history):
        two = told.get(event.customer_id)
        if two is None:
            two = told[event.customer_id] = Two(event.customer_id, rules, keep_closed, hot)
        two.take(number, event)
    for two in told.values():
        two.compare()
        yield two


@given(deliveries())
def test_any_history_in_any_order(delivered: Delivered) -> None:
    list(_told(delivered.one, [Rules()], keep_closed=0, hot=0))
    list(_told(delivered.other, [EAGER], keep_closed=0, hot=0))


@pytest.mark.no_cover
@given(st.integers(0, 2**32), st.sampled_from([0, 3]), st.sampled_from([0, 5, 12]))
def test_a_busy_account(seed: int, keep_closed: int, hot: int) -> None:
    list(_told(busy_account(random.Random(seed), 45), [Rules()], keep_closed, hot))


def _vaguely(history: Sequence[Event], seed: int) -> list[Event]:
    """``history`` with payments that only point to what they pay."""
    orders = [event for event in history if isinstance(event, OrderEvent)]

    def told(event: Event) -> Event:
        if not isinstance(event, PaymentEvent) or event.allocations or not orders:
            return event
        rng = random.Random(f"{seed} {event.event_id}")
        meant = [order for order in orders if order.amount_minor == event.amount_minor] or orders
        number = rng.choice(meant).document_no
        text = rng.choice(
            (
                *(number[-3:], f"Rg. {number[-4:]}", f"{number} - {rng.randrange(10, 100)}", number[:-1]),
                *(
                    f"{number}/{rng.randrange(10, 100)}",
                    f"not {number}",
                    "January",
                    "Q1 2026",
                    f"LS {number[-5:]}",
                ),
            )
        )
        field = rng.choice(("remittance_text", "remittance_text", "end_to_end_id"))
        return msgspec.structs.replace(event, **{field: text})

    return [told(event) for event in history]


@pytest.mark.no_cover
@given(st.integers(0, 2**32), st.sampled_from([0, 3]), st.sampled_from([0, 5, 12]))
def test_a_busy_account_that_only_points(seed: int, keep_closed: int, hot: int) -> None:
    list(_told(_vaguely(busy_account(random.Random(seed), 45), seed), [Rules()], keep_closed, hot))


@pytest.mark.no_cover
@given(st.integers(0, 2**32), st.sampled_from([EAGER, ON_ACCOUNT, SUMS_FIRST]))
def test_a_busy_account_under_other_rules(seed: int, rules: Rules) -> None:
    list(_told(busy_account(random.Random(seed), 40), [rules], keep_closed=1, hot=3))


@pytest.mark.parametrize("seed", range(2))
def test_a_long_history_stays_small(seed: int) -> None:
    (two,) = _told(busy_account(random.Random(seed), 300, mess_percent=2), [Rules()], keep_closed=8, hot=40)
    assert two.cabinet.sealed > 10
    records = sum(len(account.records) for account in two.plain.accounts.values())
    hot = sum(len(account.records) for account in two.sealed.accounts.values())
    account = two.sealed.accounts["EUR"]
    assert account.statement_segments
    assert sum(len(v[-1].lines) for v in account.statements.values()) < 150
    assert records > 250
    assert hot < 130
    assert len(two.sealed.event_digests) <= 4


@pytest.mark.no_cover
@given(
    st.integers(0, 2**32),
    st.lists(st.sampled_from([Rules(), EAGER, ON_ACCOUNT, SUMS_FIRST]), min_size=1, max_size=3),
    st.sampled_from([0, 5]),
)
def test_a_change_of_the_rules_reviews_what_is_sealed(seed: int, changes: list[Rules], hot: int) -> None:
    """Also after events that came before the review, and met the new rules then."""
    history = busy_account(random.Random(seed), 40)
    two = Two("C-1", [Rules()], 1, hot)
    share = len(history) // (len(changes) + 1)
    for number, event in enumerate(history):
        if share and number % share == 0 and number // share in range(1, len(changes) + 1):
            rules = changes[number // share - 1]
            if number % 2:
                two.take(number, event)
                two._rules = [rules]
                two.take(number + 10_000, event)  # a duplicate is judged by no rules
            two.review(rules)
        two.take(number, event)
    two.compare()


def test_a_change_of_the_rules_has_outcomes() -> None:
    two = Two("C-1", [Rules()], 1, 3)
    for number, event in enumerate(busy_account(random.Random(7), 60)):
        two.take(number, event)
    assert two.cabinet.sealed
    assert two.review(EAGER) > 0
    assert two.review(Rules()) > 0
    two.compare()


def test_other_rules_bring_everything_back() -> None:
    """What was sealed under other rules is reviewed again with the account's next event."""
    history = busy_account(random.Random(5), 60)
    source = Source("events", 0, 0)
    book, cabinet = new_book("C-1"), Cabinet()
    archive = Archive(book, cabinet, 4, 4)
    for event in history:
        for outcome in archive.decide(event, source, RECORDED_AT, Rules()):
            evolve(book, outcome)
        archive.tidy(Rules())
    account = book.accounts["EUR"]
    assert account.segments
    late = msgspec.structs.replace(history[0], event_id="late", source_record_id="late")
    late = msgspec.structs.replace(late, occurred_at=dt.datetime(2027, 1, 1, tzinfo=dt.UTC))
    archive.decide(late, source, RECORDED_AT, EAGER)
    assert not account.segments
    assert len(cabinet.values) == 1 * len(book.id_segments)


def test_the_defaults_bound_an_account() -> None:
    assert archives.HOT_RECORDS >= sealing.KEEP_CLOSED
