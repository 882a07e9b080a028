"""The Kafka side: result records of all partitions, as batches of columns.

Invariants: read_committed, so that a batch holds nothing that the stream took back; partitions are assigned
by hand and read on from the positions given, so no group offset is ever trusted; a record that cannot be
decoded stops the projector at its position: it is a defect of ours, and skipping it would leave a hole.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import tenacity
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from runtime.kafka import STAYS_IN_TOUCH
from schemas.codec import Codec
from services.projector.batch import Batch
from services.projector.columns.table import Columns
from services.projector.errors import HistoryMissing, ResultsUnavailable, ResultUnreadable, TopicsMissing
from services.projector.projections import PROJECTIONS, Projection
from services.projector.records import RecordsReader, Unreadable
from services.store.live import Advance, Place

#: No group is joined and nothing is committed; librdkafka wants a name all the same.
GROUP: Final = "tieout-projector"

_log: Final = logging.getLogger(__name__)
_REQUEST_TIMEOUT_S: Final = 10.0
#: after the first record, how long to gather more: the price in latency for not committing each alone
_GATHER_S: Final = 0.005
#: how long the ends of partitions wait for records to be committed with
_ENDS_S: Final = 0.02
#: records taken at a time, after each of which the bytes of the batch are looked at
_PIECE: Final = 2_000
#: no further piece beyond that: comparisons and refused records may be long
_BATCH_BYTES: Final = 16_000_000


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a partition is behind: offsets not read yet, and the age of the last record that was read."""

    place: Place
    records: int
    seconds: float


class ResultsReader:
    """Reads the topics of the projections. For one thread, but `lags` may be asked by another."""

    def __init__(
        self,
        bootstrap_servers: str,
        codec: Codec,
        *,
        projections: Sequence[Projection] = PROJECTIONS,
        batch_records: int = 20_000,
        idle_s: float = 0.2,
        topics_patience_s: float = 60.0,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        """Connects in the background. ``batch_records`` bounds memory and the length of a transaction."""
        self._batch_records = batch_records
        self._idle_s = idle_s
        self._topics_patience_s = topics_patience_s
        self._now_s = now_s
        self._readers = {
            projection.topic.name: RecordsReader(projection, codec) for projection in projections
        }
        self._next: dict[Place, int] = {}
        self._ends: dict[Place, int] = {}  # where an end of partition was reported, until more comes
        self.heard_end: Callable[[str, int], int] = lambda topic, partition: 0
        """Where a partition ends by other ears than this client's (``runtime.kafka.HeardEnds``)."""
        self._read_at_s: dict[Place, float] = {}  # timestamp of the last record
        self._consumer = Consumer(
            {
                **STAYS_IN_TOUCH,
                "bootstrap.servers": bootstrap_servers,
                "group.id": GROUP,
                "client.id": GROUP,
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "error",
                "fetch.min.bytes": 1,
                "fetch.wait.max.ms": 100,  # the end of a partition is heard of that late
                "fetch.queue.backoff.ms": 5,
                "queued.min.messages": 50_000,
                "queued.max.messages.kbytes": 32_768,
            },
            logger=logging.getLogger("librdkafka"),
        )

    def open(self, positions: Mapping[Place, int]) -> None:
        """Assign every partition of every result topic, each at its position, or 0 where there is none.

        Blocks. Raises TopicsMissing, HistoryMissing, ResultsUnavailable.
        """
        places = self._places()
        self._next = {place: positions.get(place, 0) for place in places}
        self._ends.clear()  # of records that were read ahead and never committed
        for place in positions.keys() - self._next.keys():
            if place[0] in self._readers:  # PostgreSQL knows a partition that Kafka does not have
                raise HistoryMissing(*place, wanted=positions[place], low=0, high=0)
        try:
            for (topic, partition), wanted in self._next.items():
                low, high = self._consumer.get_watermark_offsets(
                    TopicPartition(topic, partition), timeout=_REQUEST_TIMEOUT_S, cached=False
                )
                if not low <= wanted <= high:
                    raise HistoryMissing(topic, partition, wanted, low, high)
            self._consumer.assign(
                [
                    TopicPartition(topic, partition, offset)
                    for (topic, partition), offset in self._next.items()
                ]
            )
        except KafkaException as error:
            raise ResultsUnavailable(str(error)) from error

    def next_batch(self) -> Batch:
        """What comes next: at once when something is there, else nothing after ``idle_s``.

        When idle it is not empty once more, and sooner, if ends of partitions lie beyond the last records. Raises
        ResultUnreadable, ResultsUnavailable.
        """
        reaches_further = any(end > self._next[place] for place, end in self._ends.items())
        first = self._consumer.poll(min(_ENDS_S, self._idle_s) if reaches_further else self._idle_s)
        if first is None:
            return self._batch({}, {}, 0)
        messages = self._gather(first)
        by_place: dict[Place, list[Message]] = {}
        for message in messages:
            place = (message.topic() or "", _number(message.partition()))
            error = message.error()
            if error is not None:
                self._ends[place] = self._end_of_partition(error, _number(message.offset()))
            else:
                by_place.setdefault(place, []).append(message)
        if not by_place:
            return Batch()  # only ends: they wait for the next records, or for an idle moment
        by_topic: dict[str, list[Message]] = {}
        ends: dict[Place, int] = {}
        for place, found in by_place.items():
            by_topic.setdefault(place[0], []).extend(found)
            last = found[-1]
            ends[place] = _number(last.offset()) + 1
            self._read_at_s[place] = last.timestamp()[1] / 1000
            if self._ends.get(place, ends[place]) < ends[place]:  # reported before these came
                del self._ends[place]
        rows = {topic: self._columns(topic, found) for topic, found in by_topic.items()}
        return self._batch(rows, ends, sum(map(len, by_topic.values())))

    def _gather(self, first: Message) -> list[Message]:
        """The first message and what follows at once, within the bounds of a batch."""
        messages, size = [first], 0
        while (left := self._batch_records - len(messages)) > 0 and size < _BATCH_BYTES:
            asked = min(left, _PIECE)
            more = self._consumer.consume(asked, timeout=_GATHER_S)
            messages += more
            size += sum(map(len, more))
            if len(more) < asked:
                break
        return messages

    def lags(self) -> Iterator[Lag]:
        """Of every partition, from what the last fetches told; asks nobody."""
        now_s = self._now_s()
        for place, position in list(self._next.items()):  # at once, whatever the reading thread does
            if place in self._ends:
                yield Lag(place, 0, 0.0)
                continue
            _, high = self._consumer.get_watermark_offsets(TopicPartition(*place), cached=True)
            behind = max(high - position, 0)
            read_at_s = self._read_at_s.get(place, now_s)
            yield Lag(place, behind, max(now_s - read_at_s, 0.0) if behind else 0.0)

    def unheard(self) -> int:
        """How many offsets others have heard of that did not come here."""
        return sum(
            max(self.heard_end(*place) - max(position, self._ends.get(place, 0)), 0)
            for place, position in list(self._next.items())
        )

    def places(self) -> list[Place]:
        """What is read. From any thread."""
        return list(self._next)

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _batch(self, rows: dict[str, Columns], ends: dict[Place, int], records: int) -> Batch:
        reached = {**ends, **{place: end for place, end in self._ends.items() if end > self._next[place]}}
        advanced = {
            place: Advance(self._next[place], end)
            for place, end in reached.items()
            if end != self._next[place]
        }
        self._next.update(reached)
        return Batch(rows, advanced, records)

    def _columns(self, topic: str, messages: Sequence[Message]) -> Columns:
        try:
            return self._readers[topic].read([message.value() for message in messages])
        except Unreadable as unreadable:
            message = messages[unreadable.place]
            partition, offset = _number(message.partition()), _number(message.offset())
            raise ResultUnreadable(topic, partition, offset, unreadable.reason) from unreadable.__cause__

    @staticmethod
    def _end_of_partition(error: KafkaError, offset: int) -> int:
        if error.code() == KafkaError._PARTITION_EOF:
            return offset
        raise ResultsUnavailable(f"{error.name()}: {error.str()}")

    def _places(self) -> Sequence[Place]:
        names = list(self._readers)

        @tenacity.retry(
            retry=tenacity.retry_if_exception_type((TopicsMissing, KafkaException)),
            wait=tenacity.wait_random_exponential(multiplier=0.1, max=2.0),
            stop=tenacity.stop_after_delay(self._topics_patience_s),
            reraise=True,
        )
        def find() -> Sequence[Place]:
            known = self._consumer.list_topics(timeout=_REQUEST_TIMEOUT_S).topics
            missing = [name for name in names if name not in known or known[name].error is not None]
            if missing:
                raise TopicsMissing(missing, self._topics_patience_s)
            return [(name, partition) for name in names for partition in sorted(known[name].partitions)]

        try:
            return find()
        except KafkaException as error:
            raise ResultsUnavailable(str(error)) from error


def _number(value: int | None) -> int:
    if value is None:
        raise ResultsUnavailable("a message without partition or offset")
    return value
