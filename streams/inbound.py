"""From the bytes of an input record to a typed event, or to the reason why it is refused."""

from __future__ import annotations

import datetime as dt

from confluent_kafka import Message

from domain.events import KINDS, Event, Source
from domain.validation import Refusal, RefusalReason, parse_event
from schemas.codec import Codec
from schemas.errors import WireError
from schemas.topics import CUSTOMER_STATEMENTS, INPUTS, ORDERS, PAYMENTS, REFUNDS, Topic

#: the event kinds that each input topic carries
KINDS_OF: dict[str, frozenset[str]] = {
    ORDERS.name: frozenset({"order", "invoice"}),
    PAYMENTS.name: frozenset({"payment"}),
    REFUNDS.name: frozenset({"refund", "credit_note", "return", "exchange"}),
    CUSTOMER_STATEMENTS.name: frozenset({"customer_statement"}),
}
assert frozenset().union(*KINDS_OF.values()) == frozenset(KINDS), "every event kind has one topic"
assert set(KINDS_OF) == {topic.name for topic in INPUTS}, "every input topic has its kinds"


class UnreadableRecord(Exception):
    """Not an error of ours: carries the refusal of bytes that are no event."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def source_of(message: Message) -> Source:
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    return Source(topic, partition, offset)


def recorded_at(message: Message) -> dt.datetime:
    """The record's timestamp in Kafka, UTC: the same on every replay."""
    milliseconds = message.timestamp()[1]
    return dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(milliseconds=max(milliseconds, 0))


def read(message: Message, topic: Topic, codec: Codec) -> Event | Refusal:
    """The event of an input record. Raises ``UnreadableRecord`` where the bytes are no Avro record of the topic."""
    assert topic.schema is not None
    try:
        value = codec.decode(topic.schema, message.value())
    except WireError as error:
        raise UnreadableRecord(error.reason, error.detail) from error
    key = message.key()
    if key is None:
        return Refusal(RefusalReason.KEY_MISMATCH, "The record has no key.", None, None)
    return parse_event(value, KINDS_OF[topic.name], key if isinstance(key, bytes) else key.encode())
