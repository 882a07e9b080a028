"""One record through the core: read, decide, evolve, hand over. What every agent does with its records."""

from __future__ import annotations

import structlog
from confluent_kafka import Message

from domain.books import Book, new_book
from domain.decide import evolve
from domain.discrepancies.finding import DiscrepancyState
from domain.facts import Fact
from domain.outcomes import Accepted, DiscrepancyChanged, Duplicate, Outcome, Refused
from domain.rules import Rules
from domain.validation import Refusal
from runtime import metrics
from schemas.codec import Codec
from schemas.topics import Topic
from streams.books_table import StoredBook
from streams.engine import BatchView
from streams.inbound import UnreadableRecord, read, recorded_at, source_of
from streams.results import Cause, Row, dead_letter, result_rows

log = structlog.stdlib.get_logger(__name__)


class ViewParts:
    """The parts of one key, through the view of a batch."""

    __slots__ = ("_key", "_view")

    def __init__(self, view: BatchView[StoredBook], key: bytes) -> None:
        self._view = view
        self._key = key

    def get(self, number: int) -> bytes:
        return self._view.get_part(self._key, number)

    def put(self, number: int, value: bytes | None) -> None:
        self._view.put_part(self._key, number, value)


class Reconciler:
    """Applies input records to the books of a partition. Holds no state of its own."""

    def __init__(self, codec: Codec, rules: Rules, partitions: int) -> None:
        self._codec = codec
        self._rules = rules
        self._partitions = partitions

    def apply(self, view: BatchView[StoredBook], topic: Topic) -> None:
        """Apply every record of the view, in offset order."""
        for message in view.records:
            self._apply_one(view, topic, message)

    def _apply_one(self, view: BatchView[StoredBook], topic: Topic, message: Message) -> None:
        try:
            event = read(message, topic, self._codec, self._partitions)
        except UnreadableRecord as error:
            self._refuse(view, message, error.reason, error.detail)
            return
        if isinstance(event, Refusal):
            self._refuse(view, message, event.reason, event.detail, event.event_id, event.customer_id)
            return
        key = event.customer_id.encode()
        stored = view.get(key) or StoredBook(new_book(event.customer_id))
        book, archive = stored.book, stored.archive(ViewParts(view, key))
        cause = Cause(event, source_of(message), recorded_at(message))
        outcomes = archive.decide(event, cause.source, cause.recorded_at, self._rules)
        match outcomes[0]:
            case Refused(refusal):
                self._refuse(
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
        for result_topic, row in result_rows(book, outcomes, cause, self._rules):
            self._emit(view, result_topic, key, row)
        archive.tidy(event.currency, self._rules)
        view.put(key, stored)

    def _refuse(
        self,
        view: BatchView[StoredBook],
        message: Message,
        reason: str,
        detail: str,
        event_id: str | None = None,
        customer_id: str | None = None,
    ) -> None:
        topic, row = dead_letter(message, str(reason), detail, event_id, customer_id)
        # No values: they may be personal, and the dead letter holds them.
        log.warning(
            "event refused",
            reason=str(reason),
            topic=message.topic(),
            partition=message.partition(),
            offset=message.offset(),
            event_id=event_id,
            customer_id=customer_id,
        )
        key = message.key()
        self._emit(view, topic, key.encode() if isinstance(key, str) else key, row)
        metrics.STREAM_EVENTS_DEAD_LETTERED.labels(topic=message.topic(), reason=str(reason)).inc()

    def _emit(self, view: BatchView[StoredBook], topic: Topic, key: bytes | None, row: Row) -> None:
        assert topic.schema is not None
        view.emit(topic.name, key, self._codec.encode(topic.schema, row))


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
