"""The way out of the stream: rows to their topics, and the dead letters of what is refused."""

from __future__ import annotations

import structlog
from confluent_kafka import Message

from runtime import metrics
from schemas.codec import Codec
from schemas.topics import Topic
from streams.books_table import StoredBook
from streams.engine import BatchView
from streams.results import Row, dead_letter

log = structlog.stdlib.get_logger(__name__)
View = BatchView[StoredBook]


class Outlet:
    """Emits through the view of a batch, so that all becomes visible with the batch or not at all."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec

    def emit(self, view: View, topic: Topic, key: bytes | None, row: Row) -> None:
        view.emit(topic.name, key, self.encoded(topic, row))

    def encoded(self, topic: Topic, row: Row) -> bytes:
        assert topic.schema is not None
        return self._codec.encode(topic.schema, row)

    def refuse(
        self,
        view: View,
        message: Message,
        reason: str,
        detail: str,
        event_id: str | None = None,
        customer_id: str | None = None,
    ) -> None:
        """Send a record to the dead letters."""
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
        self.emit(view, topic, key_of(message), row)
        metrics.STREAM_EVENTS_DEAD_LETTERED.labels(topic=message.topic(), reason=str(reason)).inc()


def key_of(message: Message) -> bytes | None:
    key = message.key()
    return key.encode() if isinstance(key, str) else key
