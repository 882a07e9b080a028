"""One record through the core: read, decide, evolve, hand over. What every agent does with its records."""

from __future__ import annotations

from typing import Final

from confluent_kafka import Message

from domain.books import Book, new_book
from domain.decide import evolve
from domain.discrepancies.finding import DiscrepancyState
from domain.events import Source
from domain.facts import Fact
from domain.outcomes import Accepted, DiscrepancyChanged, Duplicate, Outcome, Refused
from domain.rule_sets import RulesInForce
from domain.rules import Rules
from domain.validation import Refusal
from runtime import metrics
from schemas.codec import Codec
from schemas.topics import REVIEWS, Topic
from streams.books_table import StoredBook
from streams.inbound import UnreadableRecord, read
from streams.outlet import Outlet, View, key_of
from streams.results import Cause, result_rows
from streams.rule_keeper import RuleKeeper

#: The turn of a batch of events. One event costs half a millisecond, or many seconds in an account of which a hundred
#: thousand things are open; then each has a checkpoint of its own, and the watchdog sees that work gets on.
_EVENTS_S: Final = 1.0
#: A review looks at a whole book, and may be one of a hundred thousand: events do not wait for them.
_REVIEWS_S: Final = 0.005


class ViewParts:
    """The parts of one key, through the view of a batch."""

    __slots__ = ("_key", "_view")

    def __init__(self, view: View, key: bytes) -> None:
        self._view = view
        self._key = key

    def get(self, number: int) -> bytes:
        return self._view.get_part(self._key, number)

    def put(self, number: int, value: bytes | None) -> None:
        self._view.put_part(self._key, number, value)


class Reconciler:
    """Applies input records to the books of a partition. ``base``: what holds where no rule set says anything."""

    def __init__(self, codec: Codec, base: Rules, partitions: int) -> None:
        self._codec = codec
        self._outlet = Outlet(codec)
        self._partitions = partitions
        self.rules = RuleKeeper(codec, base)

    def apply(self, view: View, topic: Topic) -> None:
        """Apply the events of the view, in offset order."""
        rules = self.rules.in_force(view)
        for message in view.in_turn(_EVENTS_S):
            self._apply_one(view, topic, message, rules)

    def _apply_one(self, view: View, topic: Topic, message: Message, in_force: RulesInForce) -> None:
        try:
            event = read(message, topic, self._codec, self._partitions)
        except UnreadableRecord as error:
            self._outlet.refuse(view, message, error.reason, error.detail)
            return
        if isinstance(event, Refusal):
            self._outlet.refuse(view, message, event.reason, event.detail, event.event_id, event.customer_id)
            return
        key = event.customer_id.encode()
        stored = view.get(key) or StoredBook(new_book(event.customer_id))
        book, archive = stored.book, stored.archive(ViewParts(view, key))
        rules = in_force.of(event.customer_id)
        cause = Cause.of_event(event, message)
        outcomes = archive.decide(event, cause.source, cause.recorded_at, rules)
        match outcomes[0]:
            case Refused(refusal):
                self._outlet.refuse(
                    view, message, refusal.reason, refusal.detail, refusal.event_id, refusal.customer_id
                )
                view.put(key, stored)  # what it asked for is no longer sealed
                return
            case Duplicate():
                metrics.STREAM_EVENTS_DUPLICATE.labels(topic=topic.name).inc()
            case _:
                metrics.STREAM_EVENTS_APPLIED.labels(topic=topic.name).inc()
        for outcome in outcomes:
            evolve(book, outcome)
            _count(outcome)
        if _superseded(book, outcomes[0]):
            metrics.STREAM_EVENTS_SUPERSEDED.labels(topic=topic.name).inc()
        for result_topic, row in result_rows(book, outcomes, cause, rules):
            self._outlet.emit(view, result_topic, key, row)
        archive.tidy(rules)
        view.put(key, stored)

    def review(self, view: View) -> None:
        """Review the customers of the view under the rules in force: what changes with them is announced."""
        in_force = self.rules.in_force(view)
        for message in view.in_turn(_REVIEWS_S):
            self._review_one(view, message, in_force)

    def _review_one(self, view: View, message: Message, in_force: RulesInForce) -> None:
        key = key_of(message)
        assert key is not None, "a review without a customer"
        stored = view.get(key)
        if stored is None:
            return  # state that is made anew: the events of this customer come later, and meet the rules then
        book, archive = stored.book, stored.archive(ViewParts(view, key))
        rules = in_force.of(book.customer_id)
        outcomes = archive.decide_again(rules)
        cause = self._cause_of_review(message)
        for outcome in outcomes:
            evolve(book, outcome)
            _count(outcome)
        for topic, row in result_rows(book, outcomes, cause, rules):
            self._outlet.emit(view, topic, key, row)
        archive.tidy(rules)
        view.put(key, stored)
        metrics.STREAM_REVIEWS.labels(result="changed" if outcomes else "unchanged").inc()

    def _cause_of_review(self, message: Message) -> Cause:
        assert REVIEWS.schema is not None
        asked = self._codec.decode(REVIEWS.schema, message.value())
        return Cause(
            event_id=asked["event_id"],
            correlation_id=None,
            occurred_at=asked["occurred_at"],
            business_date=asked["occurred_at"].date(),
            source=Source(**asked["source"]),
            recorded_at=asked["recorded_at"],
        )


def _superseded(book: Book, outcome: Outcome) -> bool:
    """An accepted version of a record of which a higher one is known already."""
    if not isinstance(outcome, Accepted) or not isinstance(outcome.fact, Fact):
        return False
    return book.accounts[outcome.currency].records[outcome.fact.record_key].current is not outcome.fact


def _count(outcome: Outcome) -> None:
    if isinstance(outcome, DiscrepancyChanged):
        if outcome.state is DiscrepancyState.OPENED:
            metrics.DISCREPANCIES_OPENED.labels(kind=outcome.held.kind).inc()
        elif outcome.state is DiscrepancyState.RETRACTED:
            metrics.DISCREPANCIES_RETRACTED.labels(kind=outcome.held.kind).inc()
        elif outcome.state is DiscrepancyState.RESOLVED:
            metrics.DISCREPANCIES_RESOLVED.labels(kind=outcome.held.kind).inc()
