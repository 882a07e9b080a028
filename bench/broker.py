"""The broker's side of a run: topics, the input, and what was committed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from bench.workload.events import KINDS, Event, encode_event
from bench.workload.generate import Workload, generate
from bench.workload.reference import Reference
from schemas.partitioner import PRODUCER_PARTITIONER

_TIMEOUT_S = 30.0
_CREATED_WITHIN_S = 30.0
_POLL_S = 0.05
_TICK_S = 0.001
_NOT_YET = frozenset(
    {
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
    }
)


@dataclass(frozen=True, slots=True)
class Input:
    """A published input: ``topics`` by kind, and what must come out of it."""

    bootstrap_servers: str
    topics: tuple[str, ...]
    partitions: int
    reference: Reference


class Broker:
    """What the harness asks of the broker at ``bootstrap_servers``."""

    def __init__(self, bootstrap_servers: str) -> None:
        self.bootstrap_servers = bootstrap_servers
        self._admin = AdminClient({"bootstrap.servers": bootstrap_servers})

    def create(self, names: list[str], partitions: int, **config: str) -> None:
        """Create topics and wait until the broker serves them. Raises ``KafkaException``."""
        topics = [NewTopic(name, partitions, 1, config=config) for name in names]
        for future in self._admin.create_topics(topics).values():
            future.result(_TIMEOUT_S)
        deadline = time.monotonic() + _CREATED_WITHIN_S
        while not self._served(names, partitions):
            if time.monotonic() > deadline:
                raise TimeoutError(f"topics {names} did not appear within {_CREATED_WITHIN_S:.0f} s")
            time.sleep(_POLL_S)

    def _served(self, names: list[str], partitions: int) -> bool:
        """Whether every partition has a leader that answers; the broker learns of a new topic a little later."""
        try:
            self.end_offsets(names, partitions)
        except KafkaException as error:
            if error.args[0].code() not in _NOT_YET:
                raise
            return False
        return True

    def topics_of(self, prefix: str) -> list[str]:
        """Topics whose names begin with ``prefix``."""
        return [
            name for name in self._admin.list_topics(timeout=_TIMEOUT_S).topics if name.startswith(prefix)
        ]

    def delete(self, prefix: str) -> None:
        """Delete the topics whose names begin with ``prefix``, so that runs do not fill the disk."""
        names = self.topics_of(prefix)
        if names:
            for future in self._admin.delete_topics(names).values():
                future.result(_TIMEOUT_S)

    def producer(self, **more: object) -> Producer:
        """A producer as fast as ours go: lz4, large batches, murmur2.

        Five requests are in flight, as librdkafka has it, for speed is measured with it. A record that is lost so
        (``services.store.producer``) may show as a finding that is missing; ``limits`` reads nothing back.
        """
        return Producer(
            {
                "bootstrap.servers": self.bootstrap_servers,
                "partitioner": PRODUCER_PARTITIONER,
                "compression.type": "lz4",
                "enable.idempotence": True,
                "linger.ms": 5,
                "queue.buffering.max.messages": 1_000_000,
                **more,
            }
        )

    def publish(self, workload: Workload, prefix: str, partitions: int) -> Input:
        """Generate the input, produce it, and return it with its reference. Blocks until all is delivered."""
        topics = tuple(f"{prefix}-{kind}" for kind in KINDS)
        self.create(list(topics), partitions)
        reference = Reference()
        # Plain Faust cannot read lz4. One request at a time, as for the services: here nobody measures.
        producer = self.producer(**{"compression.type": "none", "max.in.flight.requests.per.connection": 1})
        for event in generate(workload):
            reference.add(event)
            produce_waiting(producer, topics[event.kind], event.customer, encode_event(event))
        if producer.flush(120):
            raise TimeoutError("the input was not delivered within 120 s")
        published = Input(self.bootstrap_servers, topics, partitions, reference)
        assert sum(self.end_offsets(list(topics), partitions).values()) == workload.events
        return published

    def produce_steadily(
        self, topics: Sequence[str], events: Iterable[Event], events_per_s: int
    ) -> list[float]:
        """Produce at a steady rate to ``topics`` (by kind); returns when each event was handed over,
        on ``time.perf_counter``'s clock. Blocks for as long as that takes.

        Records wait up to a millisecond for company: with one request a record, the broker would be busy with nothing
        but the harness.
        """
        encoded = [(topics[event.kind], event.customer, encode_event(event)) for event in events]
        producer = self.producer(**{"linger.ms": 1})
        produced: list[float] = []
        began = time.perf_counter()
        for topic, key, value in encoded:
            while time.perf_counter() < began + len(produced) / events_per_s:
                producer.poll(_TICK_S)
            produced.append(time.perf_counter())
            produce_waiting(producer, topic, key, value)
        if producer.flush(120):
            raise TimeoutError("the input was not delivered within 120 s")
        return produced

    def end_offsets(self, topics: list[str], partitions: int) -> dict[tuple[str, int], int]:
        """(topic, partition) → the offset after the last record."""
        consumer = self._consumer()
        try:
            return {
                (topic, number): consumer.get_watermark_offsets(
                    TopicPartition(topic, number), timeout=_TIMEOUT_S
                )[1]
                for topic in topics
                for number in range(partitions)
            }
        finally:
            consumer.close()

    def read(self, topic: str, partitions: int) -> Iterator[tuple[bytes, bytes | None]]:
        """All committed records of a topic, key and value, partition by partition in order."""
        consumer = self._consumer()
        consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
        left = partitions
        try:
            while left:
                first = consumer.poll(_TIMEOUT_S)
                if first is None:
                    raise TimeoutError(f"{topic} cannot be read")
                for message in (first, *consumer.consume(10_000, 0)):
                    error = message.error()
                    if error is None:
                        yield message.key() or b"", message.value()
                    elif error.code() == KafkaError._PARTITION_EOF:
                        left -= 1
                    else:
                        raise KafkaException(error)
        finally:
            consumer.close()

    def _consumer(self) -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self.bootstrap_servers,
                "group.id": "bench-harness",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 10,
            }
        )


def produce_waiting(producer: Producer, topic: str, key: bytes, value: bytes) -> None:
    """Produce; when the producer's queue is full, wait for room."""
    while True:
        try:
            producer.produce(topic, key=key, value=value)
            return
        except BufferError:
            producer.poll(0.1)
