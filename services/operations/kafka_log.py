"""Reading topics whole, for proofs: committed records from a place to a place, partition by partition."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator, Mapping

import tenacity
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from runtime.kafka import passes

_CALL_TIMEOUT_S = 20.0


_patiently = tenacity.Retrying(
    retry=tenacity.retry_if_exception(passes),
    wait=tenacity.wait_fixed(0.1),
    stop=tenacity.stop_after_delay(_CALL_TIMEOUT_S),
    reraise=True,
)


class LogUnreadable(RuntimeError):
    """Kafka did not deliver what a partition should hold."""


class KafkaLog:
    """A read_committed reader without a group. Blocking; a context manager; for one thread."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": f"tieout-verify-{uuid.uuid4()}",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "error",
                # Ends of partitions are reported after an empty fetch: do not let it wait.
                "fetch.wait.max.ms": 10,
            },
            logger=logging.getLogger("librdkafka"),
        )

    def __enter__(self) -> KafkaLog:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """(first offset, offset after the last) of a partition."""
        marks = _patiently(
            self._consumer.get_watermark_offsets, TopicPartition(topic, partition), timeout=_CALL_TIMEOUT_S
        )
        if marks is None:
            raise LogUnreadable(f"{topic}[{partition}] does not answer")
        return marks

    def _arrived(self) -> list[Message]:
        # ``consume`` alone waits for its whole timeout unless it gets all it asks for.
        first = self._consumer.poll(0.2)
        return [] if first is None else [first, *self._consumer.consume(5_000, 0)]

    def read(
        self,
        topic: str,
        ends: Mapping[int, int],
        *,
        starts: Mapping[int, int] | None = None,
        silence_max_s: float = 30.0,
    ) -> Iterator[Message]:
        """Committed records of ``topic`` below ``ends`` (partition → offset), in offset order per partition.

        A partition without an entry in ``starts`` is read from its beginning.
        """
        given = starts or {}
        starts = {p: given[p] if p in given else self.bounds(topic, p)[0] for p in ends}
        open_ends = {p: end for p, end in ends.items() if end > starts[p]}
        self._consumer.assign([TopicPartition(topic, p, starts[p]) for p in open_ends])
        heard = time.monotonic()
        while open_ends:
            for message in self._arrived():
                heard = time.monotonic()
                partition, offset, error = message.partition(), message.offset(), message.error()
                assert partition is not None
                assert offset is not None
                if error is not None:
                    if error.code() != KafkaError._PARTITION_EOF:
                        raise KafkaException(error)
                    open_ends.pop(partition, None)
                elif partition in open_ends:
                    if offset < ends[partition]:
                        yield message
                    if offset + 1 >= ends[partition]:
                        open_ends.pop(partition)
            if time.monotonic() - heard > silence_max_s:
                raise LogUnreadable(f"{topic} is silent, still waiting for {open_ends}")
