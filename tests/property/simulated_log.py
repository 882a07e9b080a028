"""A Kafka log in memory with transactions and fencing, whose every call is a numbered step that can go wrong.

Only what the engine uses, with the broker's semantics: records of an open transaction take offsets at once; a
read_committed reader stops before the first open transaction and never sees aborted records; ``init_transactions``
raises the epoch, aborts what the older epoch left open, and every later call of the older one is fenced.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition

Headers = list[tuple[str, bytes]]


class Crash(Exception):
    """The process ends here."""


@dataclass
class Transaction:
    state: str = "open"


@dataclass
class Record:
    """One offset of a log. ``transaction`` is ``None`` for what a plain producer wrote; a marker has no value."""

    key: bytes | None
    value: bytes | None
    headers: Headers | None = None
    transaction: Transaction | None = None
    marker: bool = False

    @property
    def visible(self) -> bool:
        return not self.marker and (self.transaction is None or self.transaction.state == "committed")


@dataclass
class Message:
    """What a consumer returns."""

    topic_: str
    partition_: int
    offset_: int
    record: Record | None
    error_: KafkaError | None = None

    def topic(self) -> str:
        return self.topic_

    def partition(self) -> int:
        return self.partition_

    def offset(self) -> int:
        return self.offset_

    def error(self) -> KafkaError | None:
        return self.error_

    def key(self) -> bytes | None:
        return None if self.record is None else self.record.key

    def value(self) -> bytes | None:
        assert self.record is not None
        return self.record.value

    def headers(self) -> Headers | None:
        assert self.record is not None
        return self.record.headers


@dataclass
class SimulatedLog:
    """All topics of one partition number. ``mishaps``: step number → what happens there, once."""

    logs: dict[str, list[Record]] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)
    open: dict[str, Transaction] = field(default_factory=dict)
    touched: dict[str, set[str]] = field(default_factory=dict)
    mishaps: dict[int, Callable[[str], None]] = field(default_factory=dict)
    steps: int = 0
    dead: set[int] = field(default_factory=set)
    """Threads whose process has ended: nothing of theirs reaches the broker any more."""

    def step(self, what: str) -> None:
        """Called before and after every effect; ``what`` says where."""
        if threading.get_ident() in self.dead:
            raise Crash
        self.steps += 1
        mishap = self.mishaps.pop(self.steps, None)
        if mishap is not None:
            mishap(what)

    def log(self, topic: str) -> list[Record]:
        return self.logs.setdefault(topic, [])

    def end_transaction(self, transactional_id: str, state: str) -> None:
        transaction = self.open.pop(transactional_id, None)
        if transaction is not None:
            transaction.state = state
            for topic in self.touched.pop(transactional_id):
                self.log(topic).append(Record(None, None, marker=True))

    def stable_end(self, topic: str) -> int:
        """The offset before which no transaction is open."""
        for offset, record in enumerate(self.log(topic)):
            if record.transaction is not None and record.transaction.state == "open":
                return offset
        return len(self.log(topic))

    def committed(self, topic: str) -> list[tuple[bytes | None, bytes | None]]:
        return [(record.key, record.value) for record in self.log(topic) if record.visible]


def requires_abort() -> KafkaException:
    return KafkaException(KafkaError(KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER, "sim", False, False, True))


def may_be_retried() -> KafkaException:
    return KafkaException(KafkaError(KafkaError._TIMED_OUT, "sim", False, True, False))


class SimulatedProducer:
    """The transactional producer of one owner."""

    def __init__(self, log: SimulatedLog, config: dict[str, Any]) -> None:
        self._log = log
        self._id: str = config["transactional.id"]
        self._epoch = 0
        self._callbacks: list[tuple[Callable[[None, Message], None], Message]] = []

    def list_topics(self, topic: str, timeout: float) -> None:
        del topic, timeout
        self._log.step("before connecting")

    def init_transactions(self, timeout: float) -> None:
        del timeout
        self._log.step("before fencing")
        self._epoch = self._log.epochs[self._id] = self._log.epochs.get(self._id, 0) + 1
        self._log.end_transaction(self._id, "aborted")
        self._log.step("after fencing")

    def _check(self, what: str) -> None:
        self._log.step(what)
        if self._log.epochs[self._id] != self._epoch:
            raise KafkaException(KafkaError(KafkaError._FENCED, "sim", True))

    def begin_transaction(self) -> None:
        self._check("before begin")
        assert self._id not in self._log.open, "one transaction at a time"
        self._callbacks = []

    def produce(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        partition: int,
        headers: Headers | None = None,
        on_delivery: Callable[[None, Message], None] | None = None,
    ) -> None:
        self._check("before produce")
        transaction = self._log.open.setdefault(self._id, Transaction())
        self._log.touched.setdefault(self._id, set()).add(topic)
        log = self._log.log(topic)
        log.append(Record(key, value, headers, transaction))
        if on_delivery is not None:
            self._callbacks.append((on_delivery, Message(topic, partition, len(log) - 1, log[-1])))

    def commit_transaction(self, timeout: float) -> None:
        del timeout
        self._check("before commit")
        for callback, message in self._callbacks:
            callback(None, message)
        self._log.end_transaction(self._id, "committed")
        self._log.step("after commit")

    def abort_transaction(self, timeout: float) -> None:
        del timeout
        self._check("before abort")
        self._log.end_transaction(self._id, "aborted")
        self._log.step("after abort")


class SimulatedConsumer:
    """A read_committed consumer with manual assignment."""

    def __init__(self, log: SimulatedLog, config: dict[str, Any]) -> None:
        assert config["isolation.level"] == "read_committed"
        self._log = log
        self._positions: dict[tuple[str, int], int] = {}
        self._told: dict[tuple[str, int], int] = {}

    def get_watermark_offsets(
        self, place: TopicPartition, timeout: float = 0, cached: bool = False
    ) -> tuple[int, int]:
        del timeout, cached
        return 0, len(self._log.log(place.topic))

    def assign(self, places: list[TopicPartition]) -> None:
        self._log.step("before assign")
        self._positions = {(place.topic, place.partition): place.offset for place in places}
        self._told = {}

    def consume(self, count: int, timeout: float) -> Sequence[Message]:
        del timeout
        found: list[Message] = []
        for (topic, partition), start in self._positions.items():
            position = start
            end = self._log.stable_end(topic)
            while position < end and len(found) < count:
                record = self._log.log(topic)[position]
                if record.visible:
                    found.append(Message(topic, partition, position, record))
                position += 1
            self._positions[topic, partition] = position
            if position == end and self._told.get((topic, partition)) != end:
                if end < len(self._log.log(topic)):
                    raise Crash  # the real one waits for the open transaction, then gives up: fail-stop
                self._told[topic, partition] = end
                eof = KafkaError(KafkaError._PARTITION_EOF)
                found.append(Message(topic, partition, end, None, eof))
        return found

    def poll(self, timeout: float) -> Message | None:
        found = self.consume(1, timeout)
        return found[0] if found else None

    def close(self) -> None:
        self._positions = {}
