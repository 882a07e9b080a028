"""Reads ``tieout.discrepancies``: partitions by consumer group, places by PostgreSQL, committed records
only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, Self

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from runtime.kafka import STAYS_IN_TOUCH
from schemas.topics import DISCREPANCIES
from services.alerts.intake import TopicRecord

_BATCH: Final = 500


class DiscrepancyTopic:
    """A group consumer of one topic; a context manager. ``places`` is asked whenever partitions are
    assigned.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        group: str,
        places: Callable[[], Mapping[int, int]],
        *,
        topic: str = DISCREPANCIES.name,
    ) -> None:
        self._places = places
        self._consumer = Consumer(
            {
                **STAYS_IN_TOUCH,
                "bootstrap.servers": bootstrap_servers,
                "group.id": group,
                "client.id": "tieout-alerts",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "session.timeout.ms": 10_000,
            },
            logger=logging.getLogger("librdkafka"),
        )
        self._consumer.subscribe([topic], on_assign=self._assign)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()

    def poll(self, timeout_s: float) -> list[TopicRecord]:
        """Up to 500 records, in order per partition; blocks up to the timeout. Raises ``KafkaException``."""
        records = []
        for message in self._consumer.consume(_BATCH, timeout_s):
            error = message.error()
            if error is not None:
                if error.retriable() or not error.fatal():
                    continue  # librdkafka recovers by itself and reports that it is doing so
                raise KafkaException(error)
            partition, offset = message.partition(), message.offset()
            if partition is None or offset is None:
                raise ValueError("a consumed record has no position")
            records.append(TopicRecord(partition, offset, message.value()))
        return records

    def commit(self) -> None:
        """Advise the group of the place, for lag tools only."""
        self._consumer.commit(asynchronous=True)

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        places = self._places()
        for partition in partitions:
            partition.offset = places.get(partition.partition, OFFSET_BEGINNING)
        consumer.assign(partitions)
