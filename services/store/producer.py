"""The producers of the services: idempotent, every replica acknowledged, partitions by key as for all topics."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from runtime.kafka import STAYS_IN_TOUCH
from schemas.partitioner import PRODUCER_PARTITIONER

#: lets the producer choose the partition (librdkafka's RD_KAFKA_PARTITION_UA)
_BY_KEY: Final = -1


def make_producer(
    bootstrap_servers: str, client_id: str, *, delivery_timeout_s: int, **more: str | int
) -> Producer:
    """A record that Kafka does not take within ``delivery_timeout_s`` is reported to its callback as failed.

    ``more``: settings of librdkafka, with ``_`` for ``.`` in their names.
    """
    return Producer(
        {
            **STAYS_IN_TOUCH,
            "bootstrap.servers": bootstrap_servers,
            "client.id": client_id,
            "enable.idempotence": True,
            "acks": "all",
            # One request at a time: the first batch of a partition that is new to its broker may be refused for the
            # moment while the second is taken, for a broker that does not know the producer takes any sequence number.
            # The first, sent again, is then answered as a duplicate, which librdkafka takes for delivered.
            "max.in.flight.requests.per.connection": 1,
            "partitioner": PRODUCER_PARTITIONER,
            "message.timeout.ms": delivery_timeout_s * 1000,
            **{name.replace("_", "."): value for name, value in more.items()},
        },
        logger=logging.getLogger("librdkafka"),
    )


@dataclass(frozen=True, slots=True)
class Parcel:
    """A record to be sent; without a partition, to that of its key."""

    topic: str
    key: bytes
    value: bytes
    partition: int = _BY_KEY


class NotDeliveredError(Exception):
    """Kafka did not take a record; ``number`` counts the parcels from 0."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(reason)
        self.number = number
        self.reason = reason


class Courier:
    """Sends some records at a time and waits until Kafka has them. Connects when it is first used. For many threads.

    A producer that did not deliver is not used again: it may have lost its broker for good (``runtime.kafka``).
    """

    def __init__(self, bootstrap_servers: str, client_id: str, *, delivery_timeout_s: int) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._client_id = client_id
        self._delivery_timeout_s = delivery_timeout_s
        self._producer: Producer | None = None
        self._lock = threading.Lock()

    def deliver(self, parcels: Iterable[Parcel]) -> list[tuple[int, int]]:
        """(partition, offset) of each record. Raises ``NotDeliveredError`` for the first that Kafka has not."""
        producer = self._connected()
        places: dict[int, tuple[int, int]] = {}
        failures: dict[int, str] = {}
        number = -1
        for number, parcel in enumerate(parcels):

            def delivered(error: KafkaError | None, message: Message, number: int = number) -> None:
                if error is not None:
                    failures[number] = error.str()
                else:
                    places[number] = (message.partition() or 0, message.offset() or 0)

            try:
                _produce(producer, parcel, delivered)
            except (KafkaException, BufferError) as error:
                failures[number] = str(error)
                break
        producer.flush()
        while (
            len(places) + len(failures) <= number
        ):  # another thread's flush has taken our reports and is at it
            producer.poll(0.05)
        if failures:
            with self._lock:
                if self._producer is producer:
                    self._producer = None
            first = min(failures)
            raise NotDeliveredError(first, failures[first])
        return [places[at] for at in range(number + 1)]

    def _connected(self) -> Producer:
        with self._lock:
            if self._producer is None:
                self._producer = make_producer(
                    self._bootstrap_servers, self._client_id, delivery_timeout_s=self._delivery_timeout_s
                )
            return self._producer


def _produce(
    producer: Producer, parcel: Parcel, delivered: Callable[[KafkaError | None, Message], None]
) -> None:
    """Where the queue is full, wait until it is not."""
    given = (parcel.topic, parcel.value, parcel.key, parcel.partition)
    try:
        producer.produce(*given, on_delivery=delivered)
    except BufferError:
        producer.flush()
        producer.produce(*given, on_delivery=delivered)
