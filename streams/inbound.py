"""From the bytes of an input record to a typed event, or to the reason why it is refused."""

from __future__ import annotations

import datetime as dt

from confluent_kafka import Message

from domain.events import Event, Source
from domain.validation import Refusal, RefusalReason, parse_event
from schemas.codec import Codec
from schemas.errors import WireError
from schemas.partitioner import partition_for
from schemas.topics import Topic


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


def read(message: Message, topic: Topic, codec: Codec, partitions: int) -> Event | Refusal:
    """The event of an input record. Raises ``UnreadableRecord`` where the bytes are no Avro record of the topic."""
    assert topic.schema is not None
    try:
        value = codec.decode(topic.schema, message.value())
    except WireError as error:
        raise UnreadableRecord(error.reason, error.detail) from error
    key = message.key()
    if key is None:
        return Refusal(RefusalReason.KEY_MISMATCH, "The record has no key.")
    if isinstance(key, str):
        key = key.encode()
    event = parse_event(value, topic.kinds, key)
    if not isinstance(event, Refusal) and partition_for(key, partitions) != message.partition():
        # Its customer's books are elsewhere: booking it here would give the customer two.
        detail = "The record is not on its key's partition: its producer does not use murmur2."
        return Refusal(RefusalReason.WRONG_PARTITION, detail, event.event_id, event.customer_id)
    return event
