"""The data plane: a librdkafka consumer with manual assignment that fetches record batches.

Faust's aiokafka consumer stays for group membership only, its partitions paused. Every assignment starts a new
*epoch*; a batch counts only in the epoch in which it was fetched, because a fetch may return after a seek (a group
generation is not enough to tell).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.engine.batch import Batch

_RECONNECTING = frozenset({KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN})
"""librdkafka reconnects by itself; nothing was skipped."""


class DataPlane:
    """Blocking; ``fetch`` from one thread, ``assign`` from any."""

    def __init__(self, kafka: Mapping[str, str], group: str, batch_records_max: int) -> None:
        self._batch_records_max = batch_records_max
        self._lock = threading.Lock()
        self.epoch = 0
        self._ends: dict[tuple[str, int], int] = {}
        """Ends that were reached. The last record may stand before them: transaction markers take offsets too."""
        self._read: dict[tuple[str, int], int] = {}
        """The offset after the last record that was fetched."""
        self._consumer = Consumer(
            {
                **kafka,
                "group.id": f"{group}-data-plane",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "error",
                # Not at the first byte: at 10,000 events/s each record would be a request, to the broker and a batch
                # of its own here, and both cores would be busy with nothing but that.
                "fetch.min.bytes": 100_000,
                "fetch.wait.max.ms": 2,
                "fetch.queue.backoff.ms": 5,
                "queued.min.messages": 50_000,
                "queued.max.messages.kbytes": 32_768,
                "fetch.message.max.bytes": 2 << 20,
                "check.crcs": False,
            },
            logger=logging.getLogger("librdkafka"),
        )

    def assign(self, positions: Mapping[tuple[str, int], int]) -> int:
        """Read from ``positions`` ((topic, partition) → offset) and nothing else; returns the new epoch."""
        with self._lock:
            self.epoch += 1
            self._ends = {}
            self._read = {}
            self._consumer.assign([TopicPartition(t, p, offset) for (t, p), offset in positions.items()])
            return self.epoch

    def watermarks(self, topic: str, partition: int) -> tuple[int, int]:
        """(low, high) of a source partition, asked from the broker."""
        return self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=20.0)

    def unread(self, topic: str, partition: int, next_offset: int, heard_end: int = 0) -> int:
        """How many offsets after ``next_offset`` are still to be read, as of the last fetch or of the end that others
        have heard of. Does not block.
        """
        marks = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), cached=True)
        end = max(heard_end, marks[1] if marks is not None else 0)
        if self._ends.get((topic, partition), -1) >= end:
            return 0
        return max(0, end - next_offset)

    def covered(self, topic: str, partition: int, next_offset: int) -> int:
        """Up to where all is done if every record before ``next_offset`` is: also what stands behind the last one."""
        place = (topic, partition)
        if next_offset < self._read.get(place, 0):
            return next_offset
        return max(next_offset, self._ends.get(place, 0))

    def held_back(self, topic: str, partition: int, heard_end: int) -> bool:
        """Whether what stands beyond the end that was reached is nothing that can be read yet, by what others heard of
        late: somebody has left a transaction open there.
        """
        return 0 < heard_end <= self._ends.get((topic, partition), -1)

    def fetch(self, timeout_s: float) -> list[Batch]:
        """What has arrived, at most the batch bound, as one batch per topic-partition. Waits up to ``timeout_s``."""
        with self._lock:
            epoch = self.epoch
            first = self._consumer.poll(timeout_s)
            if first is None:
                return []
            messages = [first, *self._consumer.consume(self._batch_records_max - 1, 0)]
        more_waiting = len(messages) >= self._batch_records_max
        return list(self._by_partition(messages, epoch, more_waiting=more_waiting))

    def _by_partition(self, messages: list[Message], epoch: int, *, more_waiting: bool) -> Iterator[Batch]:
        grouped: dict[tuple[str, int], list[Message]] = {}
        for message in messages:
            error = message.error()
            if error is None or error.code() == KafkaError._PARTITION_EOF:
                topic, partition = message.topic(), message.partition()
                assert topic is not None
                assert partition is not None
                if error is None:
                    grouped.setdefault((topic, partition), []).append(message)
                else:
                    self._ends[topic, partition] = message.offset() or 0
            elif not error.retriable() and error.code() not in _RECONNECTING:
                raise KafkaException(error)
        for (topic, partition), records in grouped.items():
            self._read[topic, partition] = (records[-1].offset() or 0) + 1
            yield Batch(topic, partition, records, epoch, more_waiting=more_waiting)

    def close(self) -> None:
        with self._lock:
            self._consumer.close()
