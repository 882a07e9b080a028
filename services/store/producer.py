"""The producers of the services: idempotent, every replica acknowledged, partitions by key as for all topics."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import tenacity
from confluent_kafka import IsolationLevel, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from runtime.kafka import STAYS_IN_TOUCH
from schemas.admin import RECORD_MAX_BYTES
from schemas.partitioner import PRODUCER_PARTITIONER

_log: Final = logging.getLogger(__name__)
_ABORTED_WITHIN_S: Final = 5.0
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
            # One request at a time. Seen with five: a record was reported as delivered, and Kafka did not have it.
            # Inferred, not seen: the first batch of a partition that is new to its broker was refused for the moment
            # and the second taken, for a broker that does not know the producer takes any sequence number. The first,
            # sent again, was answered as a duplicate, which librdkafka reports as delivered, without an offset. With
            # one in flight what is answered so is in Kafka.
            "max.in.flight.requests.per.connection": 1,
            "partitioner": PRODUCER_PARTITIONER,
            "message.timeout.ms": delivery_timeout_s * 1000,
            # as the topics take it; librdkafka's own bound is a quarter of that, and files people attach are larger
            "message.max.bytes": RECORD_MAX_BYTES,
            **{name.replace("_", "."): value for name, value in more.items()},
        },
        logger=logging.getLogger("librdkafka"),
    )


def ends_of(
    bootstrap_servers: str, places: Iterable[tuple[str, int]], within_s: float
) -> dict[tuple[str, int], int]:
    """(topic, partition) -> the offset after its last record, committed or not. Raises ``KafkaException``.

    For records that are delivered without a word of where (``make_producer``): each is before the end of its partition.
    """
    client = AdminClient({"bootstrap.servers": bootstrap_servers}, logger=logging.getLogger("librdkafka"))
    asked = {TopicPartition(*place): OffsetSpec.latest() for place in places}  # type: ignore[no-untyped-call]
    answers = client.list_offsets(
        asked, isolation_level=IsolationLevel.READ_UNCOMMITTED, request_timeout=within_s
    )
    return {(place.topic, place.partition): answer.result().offset for place, answer in answers.items()}


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

    def deliver_together(self, parcels: Sequence[Parcel]) -> list[tuple[int, int]]:
        """As ``deliver``, but Kafka has all of them or none, whatever dies meanwhile: one transaction.

        For what people decide, a few times a minute: each has a producer and a transactional id of its own, so that
        nobody fences anybody. Where Kafka does not answer the commit, the error says so: all may be there, or none.
        """
        producer = make_producer(
            self._bootstrap_servers,
            self._client_id,
            delivery_timeout_s=self._delivery_timeout_s,
            transactional_id=f"{self._client_id}-{uuid.uuid4().hex}",
            transaction_timeout_ms=self._delivery_timeout_s * 1000,
        )
        try:
            # a client that is not connected yet would wait half a second before it asks again
            producer.list_topics(parcels[0].topic, timeout=self._delivery_timeout_s)
            producer.init_transactions(self._delivery_timeout_s)
            producer.begin_transaction()
        except KafkaException as error:
            raise NotDeliveredError(0, str(error)) from error
        try:
            places = self._deliver(producer, parcels)
            self._commit(producer)
        except (NotDeliveredError, KafkaException) as error:
            _abort(producer)
            raise (
                error if isinstance(error, NotDeliveredError) else NotDeliveredError(0, str(error))
            ) from error
        return places

    def _commit(self, producer: Producer) -> None:
        """A commit that was not answered is asked for again: it is the same one."""
        tenacity.Retrying(
            retry=tenacity.retry_if_exception(
                lambda error: isinstance(error, KafkaException) and error.args[0].retriable()
            ),
            stop=tenacity.stop_after_delay(self._delivery_timeout_s),
            reraise=True,
        )(producer.commit_transaction, self._delivery_timeout_s)

    def deliver(self, parcels: Iterable[Parcel]) -> list[tuple[int, int]]:
        """(partition, offset) of each record. Raises ``NotDeliveredError`` for the first that Kafka has not.

        Where Kafka has a record and has not said where, the offset is that of the last record of its partition: it is
        there or before.
        """
        producer = self._connected()
        try:
            return self._deliver(producer, parcels)
        except NotDeliveredError:
            with self._lock:
                if self._producer is producer:
                    self._producer = None
            raise

    def _deliver(self, producer: Producer, parcels: Iterable[Parcel]) -> list[tuple[int, int]]:
        places: dict[int, tuple[int, int]] = {}
        somewhere: dict[int, tuple[str, int]] = {}
        failures: dict[int, str] = {}
        number = -1
        for number, parcel in enumerate(parcels):

            def delivered(error: KafkaError | None, message: Message, number: int = number) -> None:
                if error is not None:
                    failures[number] = error.str()
                    return
                partition, offset = message.partition() or 0, message.offset()
                if offset is None or offset < 0:
                    somewhere[number] = (str(message.topic()), partition)
                else:
                    places[number] = (partition, offset)

            try:
                _produce(producer, parcel, delivered)
            except (KafkaException, BufferError) as error:
                failures[number] = str(error)
                break
        producer.flush()
        while (
            len(places) + len(somewhere) + len(failures) <= number
        ):  # another thread's flush has taken our reports and is at it
            producer.poll(0.05)
        if failures:
            first = min(failures)
            raise NotDeliveredError(first, failures[first])
        if somewhere:
            places |= self._no_later_than(somewhere)
        return [places[at] for at in range(number + 1)]

    def _no_later_than(self, somewhere: Mapping[int, tuple[str, int]]) -> dict[int, tuple[int, int]]:
        try:
            ends = ends_of(self._bootstrap_servers, set(somewhere.values()), self._delivery_timeout_s)
        except KafkaException as error:
            raise NotDeliveredError(min(somewhere), str(error)) from error
        return {number: (place[1], ends[place] - 1) for number, place in somewhere.items()}

    def _connected(self) -> Producer:
        with self._lock:
            if self._producer is None:
                self._producer = make_producer(
                    self._bootstrap_servers, self._client_id, delivery_timeout_s=self._delivery_timeout_s
                )
            return self._producer


def _abort(producer: Producer) -> None:
    """Else what follows in these partitions would not be read until Kafka has given the transaction up."""
    try:
        producer.abort_transaction(_ABORTED_WITHIN_S)
    except KafkaException as error:
        _log.warning("Kafka is left to abort a transaction by itself", exc_info=error)


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
