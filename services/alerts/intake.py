"""Takes changes of discrepancies from their topic into the outbox, each exactly once.

The place in the topic is kept in PostgreSQL, in the transaction that writes the notices; the consumer
group only shares partitions out. So neither a crash nor a second process that still believes it owns a
partition can take a change twice: it finds the place moved on under the row lock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from runtime.metrics import NOTICES
from schemas.topics import DISCREPANCIES
from services.alerts.change import Change
from services.alerts.decide import AlertPolicy, decide_alert
from services.language import Language
from services.notify import Notice, NoticeKind, NoticeOutbox
from services.store.tables import consumer_offsets

CONSUMER: Final = "alerts"


class Decoder(Protocol):
    """Turns the bytes of a contract into a value (``schemas.codec.Codec``)."""

    def decode(self, schema_name: str, data: bytes | None) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class TopicRecord:
    """One record as read from Kafka."""

    partition: int
    offset: int
    value: bytes | None


class AlertIntake:
    """Writes what a batch of records calls for. Not for several threads."""

    def __init__(
        self,
        engine: sa.Engine,
        decoder: Decoder,
        policy: AlertPolicy,
        language: Language,
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._engine = engine
        self._decoder = decoder
        self._policy = policy
        self._language = language
        self._clock = clock

    def places(self) -> Mapping[int, int]:
        """Partition -> next offset to read; partitions never read are not in it."""
        place = consumer_offsets.c
        with self._engine.connect() as connection:
            rows = connection.execute(
                sa.select(place.partition, place.next_offset).where(
                    place.consumer == CONSUMER, place.topic == DISCREPANCIES.name
                )
            )
            return {row.partition: row.next_offset for row in rows}

    def take(self, records: Sequence[TopicRecord]) -> int:
        """Write notices and places in one transaction; returns how many notices are new.

        Records below the stored place are skipped. Raises ``WireError`` for a record that is no
        discrepancy: the topic has one writer, so that is a defect, and passing over it would hide
        findings from people.
        """
        if not records:
            return 0
        now = self._clock()
        with self._engine.begin() as connection:
            places = self._lock_places(connection, sorted({record.partition for record in records}))
            outbox = NoticeOutbox(connection)
            new = 0
            for record in records:
                if record.offset < places[record.partition]:
                    continue
                change = Change.of_record(self._decoder.decode("discrepancy", record.value))
                new += self._apply(outbox, change, now)
                places[record.partition] = record.offset + 1
            for partition, next_offset in places.items():
                connection.execute(
                    sa.update(consumer_offsets).where(*_place_is(partition)).values(next_offset=next_offset)
                )
        NOTICES.labels(NoticeKind.DISCREPANCY_ALERT.value, "decided").inc(new)
        return new

    def _apply(self, outbox: NoticeOutbox, change: Change, now: dt.datetime) -> int:
        kind = NoticeKind.DISCREPANCY_ALERT
        outbox.withdraw_waiting(kind, change.discrepancy_id)
        announced = not change.stands and outbox.was_announced(kind, change.discrepancy_id)
        notice: Notice | None = decide_alert(change, announced, self._policy, self._language, now)
        return 0 if notice is None else outbox.add([notice], now + self._policy.grace)

    def _lock_places(self, connection: sa.Connection, partitions: Sequence[int]) -> dict[int, int]:
        connection.execute(
            insert(consumer_offsets)
            .values(
                [
                    {"consumer": CONSUMER, "topic": DISCREPANCIES.name, "partition": number, "next_offset": 0}
                    for number in partitions
                ]
            )
            .on_conflict_do_nothing()
        )
        place = consumer_offsets.c
        rows = connection.execute(
            sa.select(place.partition, place.next_offset)
            .where(
                place.consumer == CONSUMER,
                place.topic == DISCREPANCIES.name,
                place.partition.in_(partitions),
            )
            .order_by(place.partition)
            .with_for_update()
        )
        return {row.partition: row.next_offset for row in rows}


def _place_is(partition: int) -> tuple[sa.ColumnElement[bool], ...]:
    place = consumer_offsets.c
    return (
        place.consumer == CONSUMER,
        place.topic == DISCREPANCIES.name,
        place.partition == partition,
    )
