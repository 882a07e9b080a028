"""A steady flow of events, so that faults strike in its middle; with duplicates, late ones and garbage in it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Final, NamedTuple, Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from services.store.producer import make_producer

#: a broker that is away for a while must not fail a publication
DELIVERED_WITHIN_S: Final = 90
#: among so many events there is a record that is none: its dead letter must be written once, whatever happens
GARBAGE_EVERY: Final = 50
GARBAGE: Final = b"no Avro"
_REMEMBERED: Final = 500
_WAIT_S: Final = 0.05
_BY_KEY: Final = -1


class FedRecord(NamedTuple):
    """A record to be sent; without a partition, to that of its key."""

    topic: str
    key: bytes
    value: bytes
    partition: int = _BY_KEY


class Feeder:
    """Publishes ``records`` in a thread of its own, ``per_second``; a context manager, which waits for the end.

    It ends with the records, or after ``stop``. Its methods may be called from one other thread.
    """

    def __init__(self, bootstrap_servers: str, records: Iterable[FedRecord], per_second: int) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._records = records
        self._per_second = per_second
        self._moved = threading.Condition()
        self._stopping = False
        self._sent = 0
        self._repeat = 0
        self._hold = 0
        self._inserted: list[FedRecord] = []
        self._recent: deque[FedRecord] = deque(maxlen=_REMEMBERED)
        self._held: deque[FedRecord] = deque()
        self._next_offsets: dict[tuple[str, int], int] = {}
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="feeder")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.stop()
        self._thread.join()

    @property
    def sent(self) -> int:
        """How many of the records were handed to the producer; not counting duplicates and garbage."""
        with self._moved:
            return self._sent

    def wait_until_sent(self, count: int, timeout_s: float = 60) -> None:
        """Block until ``count`` records were handed to the producer."""
        with self._moved:
            reached = self._moved.wait_for(lambda: self._sent >= count or self._error is not None, timeout_s)
        self._raise()
        if not reached:
            raise TimeoutError(f"only {self._sent} of {count} records were sent within {timeout_s} s")

    def repeat(self, count: int) -> None:
        """Send the last ``count`` records once more, with the next one."""
        with self._moved:
            self._repeat = min(count, _REMEMBERED)

    def insert(self, records: Sequence[FedRecord]) -> None:
        """Send these besides, with the next one; not counted as sent."""
        with self._moved:
            self._inserted += records

    def hold_back(self, count: int) -> None:
        """Let the next ``count`` records wait until as many others went before them."""
        with self._moved:
            self._hold = count

    def delivered(self) -> dict[tuple[str, int], int]:
        """(topic, partition) → the offset after the last record that Kafka has acknowledged so far."""
        self._raise()
        with self._moved:
            return dict(self._next_offsets)

    def stop(self) -> None:
        """Send no more than what is held back."""
        with self._moved:
            self._stopping = True
            self._moved.notify_all()

    def finish(self) -> dict[tuple[str, int], int]:
        """Block until everything is delivered; see ``delivered``."""
        self._thread.join()
        return self.delivered()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            producer = make_producer(
                self._bootstrap_servers,
                "tieout-feeder",
                delivery_timeout_s=DELIVERED_WITHIN_S,
                linger_ms=5,
            )
            began = time.monotonic()
            for number, record in enumerate(self._arriving()):
                time.sleep(max(0.0, began + number / self._per_second - time.monotonic()))
                self._send(producer, record)
                if number % GARBAGE_EVERY == 0:
                    self._send(producer, record._replace(value=GARBAGE))
                for other in self._besides():
                    self._send(producer, other)
            while producer.flush(_WAIT_S):
                self._raise()
        except BaseException as error:
            with self._moved:
                self._error = self._error or error
                self._moved.notify_all()

    def _arriving(self) -> Iterator[FedRecord]:
        """The records in the order of sending: those that are held back come later."""
        behind = 0
        for record in self._records:
            with self._moved:
                if self._stopping:
                    break
                self._sent += 1
                self._moved.notify_all()
                self._recent.append(record)
                if self._hold > 0:
                    self._hold -= 1
                    self._held.append(record)
                    behind = len(self._held)
                    continue
            yield record
            if behind > 0:
                behind -= 1
            elif self._held:
                yield self._held.popleft()
        yield from self._held

    def _besides(self) -> list[FedRecord]:
        """What was asked to be sent with this record."""
        with self._moved:
            count, self._repeat = self._repeat, 0
            inserted, self._inserted = self._inserted, []
            return [*inserted, *(list(self._recent)[-count:] if count else [])]

    def _send(self, producer: Producer, record: FedRecord) -> None:
        while True:
            try:
                producer.produce(
                    record.topic,
                    record.value,
                    record.key,
                    partition=record.partition,
                    on_delivery=self._acknowledged,
                )
                break
            except BufferError:
                producer.poll(_WAIT_S)
        producer.poll(0)
        self._raise()

    def _acknowledged(self, error: KafkaError | None, message: Message) -> None:
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        with self._moved:
            if error is not None:
                self._error = self._error or KafkaException(error)
            elif topic is not None and partition is not None and offset is not None:
                self._next_offsets[topic, partition] = offset + 1
