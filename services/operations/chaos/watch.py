"""Watches checkpoints arrive, partition by partition, to say how long each stood still around a fault."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Collection, Sequence
from types import TracebackType
from typing import Final, Self

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from runtime.kafka import STAYS_IN_TOUCH

_POLL_S: Final = 0.05
_BATCH: Final = 1000
_CALL_TIMEOUT_S: Final = 20.0


class CommitWatch:
    """Reads committed records of a changelog from its end on, in a thread; a context manager."""

    def __init__(self, bootstrap_servers: str, changelog: str, partitions: int) -> None:
        self._partitions = partitions
        self._changelog = changelog
        self._consumer = Consumer(
            {
                **STAYS_IN_TOUCH,
                "bootstrap.servers": bootstrap_servers,
                "group.id": "tieout-chaos-watch",  # demanded by the client; it never joins
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 20,
            },
            logger=logging.getLogger("librdkafka"),
        )
        self._lock = threading.Lock()
        self._arrivals: dict[int, list[float]] = {number: [] for number in range(partitions)}
        self._error: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch")

    def __enter__(self) -> Self:
        starts = []
        for number in range(self._partitions):
            place = TopicPartition(self._changelog, number)
            marks = self._consumer.get_watermark_offsets(place, timeout=_CALL_TIMEOUT_S)
            if marks is None:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
            starts.append(TopicPartition(self._changelog, number, marks[1]))
        self._consumer.assign(starts)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def forget_before(self, moment_s: float) -> None:
        """Drop what arrived before (monotonic seconds), but the last arrival of each partition."""
        with self._lock:
            for times in self._arrivals.values():
                old = sum(1 for at in times if at < moment_s)
                del times[: max(0, old - 1)]

    def longest_gap_s(self, numbers: Collection[int], since_s: float, until_s: float) -> float:
        """The longest time without a checkpoint on any of the partitions, between two moments."""
        if self._error is not None:
            raise self._error
        with self._lock:
            return max(longest_gap_s(self._arrivals[number], since_s, until_s) for number in numbers)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                first = self._consumer.poll(_POLL_S)
                if first is None:
                    continue
                now_s = time.monotonic()
                with self._lock:
                    for message in (first, *self._consumer.consume(_BATCH, 0)):
                        number, error = message.partition(), message.error()
                        if error is None and number is not None:
                            self._arrivals[number].append(now_s)
        except BaseException as error:
            self._error = error


def longest_gap_s(arrivals: Sequence[float], since_s: float, until_s: float) -> float:
    """The longest time without an arrival that ends between two moments, or the whole time where none came.

    It may begin before: what arrived last before ``since_s`` is where the first gap begins.
    """
    inside = [at for at in arrivals if since_s <= at <= until_s]
    if not inside:
        return until_s - since_s
    before = [at for at in arrivals if at < since_s]
    moments = [before[-1] if before else since_s, *inside]
    return max(later - earlier for earlier, later in itertools.pairwise(moments))
