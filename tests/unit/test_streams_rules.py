"""A change of the rules in the stream: who is reviewed, what is announced, and that order does not matter."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable
from typing import Any

import msgspec
from confluent_kafka import Message

from domain.rule_changes import event_of
from domain.rule_sets import RuleSet, read_rule_set
from domain.rules import Rules
from schemas.topics import DISCREPANCIES, ORDERS, PAYMENTS, REVIEWS, RULES, Topic
from streams.reconcile import Reconciler
from streams.rule_keeper import INDEX_PART, NOBODY
from tests.unit.ledger_teller import settled_figures
from tests.unit.test_streams_results import CODEC, PARTITIONS, ListView, encoded, example_events, message

ORDER, PAYMENT, STATEMENT = example_events()
RULES_AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def rule_set(version: int = 2, tolerance: int = 50, *customers: str) -> RuleSet:
    content = {"name": "x", "effective_from": dt.date(2026, 1, 1), "customers": list(customers)}
    return read_rule_set({**content, "rules": {"tolerance_minor": tolerance}}, Rules(), version)


def of_group(version: int, tolerance: int, *members: str) -> RuleSet:
    content = {"name": "x", "effective_from": dt.date(2026, 1, 1), "groups": ["wholesale"]}
    return read_rule_set({**content, "rules": {"tolerance_minor": tolerance}}, Rules(), version).with_members(
        members
    )


def change(one: RuleSet, offset: int = 0, *, retires: bool = False, **other: Any) -> Message:
    event = event_of(one, retires=retires, proposed_by="ann", approved_by="bob", occurred_at=RULES_AT)
    value = {**msgspec.to_builtins(event, builtin_types=(dt.date, dt.datetime)), **other}
    assert RULES.schema is not None
    return message(RULES.name, b"2", CODEC.encode(RULES.schema, value), offset, 0)


class Partition(ListView):
    """A partition that is worked through record by record; what it asks itself waits in ``asked``."""

    def __init__(self) -> None:
        super().__init__([])
        self.reconciler = Reconciler(CODEC, Rules(), PARTITIONS)
        self.asked: list[Message] = []

    def emit(self, topic: str, key: bytes | None, value: bytes) -> None:
        super().emit(topic, key, value)
        if topic == REVIEWS.name:
            self.asked.append(message(topic, key, value, len(self.asked)))

    def take(self, topic: Topic, records: Iterable[Message]) -> list[tuple[Topic, dict[str, Any]]]:
        """The rows that the records lead to."""
        self.emitted = []
        self.records = list(records)
        if topic == RULES:
            self.reconciler.rules.apply(self)  # type: ignore[arg-type]
        elif topic == REVIEWS:
            self.reconciler.review(self)  # type: ignore[arg-type]
        else:
            self.reconciler.apply(self, topic)  # type: ignore[arg-type]
        return [(where, dict(row)) for where, _, row in self.emitted]

    def event(self, number: int) -> list[tuple[Topic, dict[str, Any]]]:
        event = example_events()[number]
        return self.take(event.topic, [message(event.topic.name, event.key, encoded(event), number)])

    def review(self) -> list[tuple[Topic, dict[str, Any]]]:
        """Do every review that was asked for."""
        asked, self.asked = self.asked, []
        return self.take(REVIEWS, asked)


def findings(rows: Iterable[tuple[Topic, dict[str, Any]]]) -> list[tuple[Any, ...]]:
    return [
        (row["kind"], row["state"], row["rule_version"], row["event_id"])
        for topic, row in rows
        if topic == DISCREPANCIES
    ]


def test_an_activation_reviews_the_customer_and_a_retirement_brings_the_outcome_back() -> None:
    partition = Partition()
    partition.event(0)
    assert findings(partition.event(1)) == [("SHORT_PAYMENT", "OPENED", 1, "e-2")]
    before = settled_figures(partition.state[b"C-1"].book)
    ((topic, row),) = partition.take(RULES, [change(rule_set())])
    assert (topic, row["event_id"]) == (REVIEWS, "rule_set/2/activated")
    rows = partition.review()
    assert findings(rows) == [("SHORT_PAYMENT", "RETRACTED", 2, "rule_set/2/activated")]
    assert [topic.schema for topic, _ in rows] == ["discrepancy", "balance"]
    assert rows[1][1]["account_version"] == 3
    partition.take(RULES, [change(rule_set(), 1, retires=True)])
    rows = partition.review()
    assert findings(rows) == [("SHORT_PAYMENT", "OPENED", 1, "rule_set/2/retired")]
    assert settled_figures(partition.state[b"C-1"].book) == before


def test_only_customers_of_the_set_are_reviewed_and_only_once() -> None:
    partition = Partition()
    partition.event(0)
    assert partition.take(RULES, [change(rule_set(2, 50, "C-9"))]) == []
    assert len(partition.take(RULES, [change(rule_set(3), 1), change(rule_set(3), 2)])) == 1
    partition.take(RULES, [change(rule_set(4), 3)])
    assert len(partition.asked) == 2
    assert partition.review() == []  # an open order is no matter of tolerance


def test_members_of_a_group_are_reviewed_and_one_by_name_goes_before() -> None:
    partition = Partition()
    partition.event(0)
    partition.event(1)
    assert partition.take(RULES, [change(of_group(2, 50, "C-8", "C-9"))]) == []
    assert len(partition.take(RULES, [change(of_group(3, 50, "C-1", "C-9"), 1)])) == 1
    assert findings(partition.review()) == [("SHORT_PAYMENT", "RETRACTED", 3, "rule_set/3/activated")]
    partition.take(RULES, [change(rule_set(4, 0, "C-1"), 2), change(of_group(5, 60, "C-1"), 3)])
    assert findings(partition.review()) == [("SHORT_PAYMENT", "OPENED", 4, "rule_set/4/activated")]


def test_a_change_writes_one_set_and_a_batch_reads_the_index() -> None:
    """Sets may cover thousands: what stands of them in the state is a part for each, a retired one's without names."""
    partition = Partition()
    partition.event(0)
    many = [f"C-{number}" for number in range(2_000)]
    first, second = of_group(2, 50, *many), of_group(3, 50, *many)
    partition.take(RULES, [change(first), change(second, 1)])
    sizes = {number: len(part) for (key, number), part in partition.parts.items() if key == NOBODY}
    assert sizes.keys() == {INDEX_PART, 2, 3}
    assert sizes[INDEX_PART] < 50
    assert min(sizes[2], sizes[3]) > 10_000
    written = partition.parts[NOBODY, 3]
    partition.take(RULES, [change(first, 2, retires=True)])
    assert partition.parts[NOBODY, 3] is written
    assert len(partition.parts[NOBODY, 2]) < 2_000
    assert partition.take(RULES, [change(first, 3), change(first, 4, retires=True)]) == []
    restored = Partition()
    restored.parts, restored.state = dict(partition.parts), partition.state
    assert restored.reconciler.rules.in_force(restored).sets == (second,)  # type: ignore[arg-type]


def test_partitions_of_other_rules_share_a_keeper() -> None:
    """One worker has many; what it remembers of one is not told of another, however many there are."""
    keeper = Partition().reconciler.rules
    partitions = [Partition() for _ in range(12)]
    for number, one in enumerate(partitions):
        one.take(RULES, [change(rule_set(2, number))])
    for _ in range(2):
        found = [keeper.in_force(one).of("C-1").on(RULES_AT.date()) for one in partitions]  # type: ignore[arg-type]
        assert [rules.tolerance_minor for rules in found] == list(range(12))


def test_an_event_before_its_review_is_judged_by_the_new_rules() -> None:
    partition = Partition()
    partition.event(0)
    partition.take(RULES, [change(rule_set())])
    assert findings(partition.event(1)) == []
    assert partition.review() == []


def test_a_duplicate_before_the_review_does_not_stand_for_it() -> None:
    partition = Partition()
    partition.event(0)
    partition.event(1)
    partition.take(RULES, [change(rule_set())])
    assert partition.event(1) == []
    assert findings(partition.review()) == [("SHORT_PAYMENT", "RETRACTED", 2, "rule_set/2/activated")]


def test_a_review_without_a_book_waits_for_the_events() -> None:
    """State that is made anew meets reviews of its former life first."""
    partition = Partition()
    partition.event(0)
    partition.take(RULES, [change(rule_set())])
    anew = Partition()
    anew.asked = partition.asked
    assert anew.review() == []
    assert anew.state == {}


def test_what_is_no_change_is_a_dead_letter_and_changes_nothing() -> None:
    partition = Partition()
    partition.event(0)
    wrong = [
        message(RULES.name, b"2", b"garbage", 0, 0),
        change(rule_set(), 1, approved_by="ann"),
    ]
    rows = partition.take(RULES, [*wrong, change(rule_set(), 2), change(rule_set(2, 51), 3)])
    assert [row["reason"] for topic, row in rows if topic.schema == "dead_letter"] == [
        "NOT_FRAMED",
        "MAKER_IS_CHECKER",
        "VERSION_CONFLICT",
    ]
    assert len(partition.asked) == 1


def test_any_interleaving_comes_to_the_same_books() -> None:
    """Events of three kinds, two changes and their reviews, in every order that keeps each topic's own (I6)."""
    changes = [change(rule_set()), change(rule_set(3, 0, "C-1"), 1), change(rule_set(), 2, retires=True)]
    found = []
    for seed in range(60):
        rng = random.Random(seed)
        partition = Partition()
        steps = ["rules"] * 3 + [0, 1, 2]  # each event has a topic of its own
        rng.shuffle(steps)
        waiting = list(changes)
        for step in steps:
            if step == "rules":
                partition.take(RULES, [waiting.pop(0)])
            else:
                partition.event(int(step))
            if rng.random() < 0.3:
                partition.review()
        partition.review()
        found.append(settled_figures(partition.state[b"C-1"].book))
    assert all(one == found[0] for one in found)


def test_the_examples_are_what_the_tests_take_them_for() -> None:
    assert (ORDER.topic, PAYMENT.topic) == (ORDERS, PAYMENTS)
