"""Waits until what was published can be read: in the books, in PostgreSQL and in Redis.

Why: processing is asynchronous, and "published" is not "reflected". A person or a test that publishes and
then reads must wait for a *condition*, not for a time that usually suffices.

The condition, for a receipt:

1. The stream's committed progress has passed every offset of the receipt. Results are committed in the same
   transaction as progress, so by then all of them stand on the result topics.
2. PostgreSQL and Redis both reflect every result record below the ends that the result topics have then.
   Transaction markers take offsets too, and a store that has applied the last *record* may stand before the
   markers behind it; so a store has caught up at the end, or anywhere from the last record on.
"""

from __future__ import annotations

import functools
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

import sqlalchemy as sa
import tenacity
from confluent_kafka import Consumer, IsolationLevel, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # it does export it

from runtime.kafka import passes
from schemas.errors import ProgressTimeout
from schemas.progress import Log, scan_progress
from schemas.topics import BOOKS_CHANGELOG, RESULTS, REVIEWS
from services.imports.errors import Behind, NotReflectedError, Receipt
from services.store.live import LiveReader, Place
from services.store.tables import consumer_offsets

DEFAULT_TIMEOUT_S: Final = 60
#: the name under which the projector keeps its positions in ``consumer_offsets``
PROJECTOR: Final = "projector"
_RESULT_TOPICS: Final = tuple(result.name for result in RESULTS)
_FIRST_PAUSE_S: Final = 0.02
_LONGEST_PAUSE_S: Final = 0.5
_REQUEST_TIMEOUT_S: Final = 10.0
_TAIL_RECORDS: Final = 32
_TAIL_GROWTH: Final = 8

Check = Callable[[], list[Behind]]


def wait_until_reflected(
    receipt: Receipt,
    *,
    bootstrap_servers: str,
    engine: sa.Engine,
    live: LiveReader,
    timeout_s: int = DEFAULT_TIMEOUT_S,
    changelog: str = BOOKS_CHANGELOG.name,
    results: Sequence[str] = _RESULT_TOPICS,
) -> None:
    """Block until the results of ``receipt`` are in PostgreSQL and Redis, at most ``timeout_s`` seconds.

    ``changelog`` and ``results`` name the topics to look at, where they are not the declared ones.
    A broker that restarts meanwhile is waited for, too. Raises ``NotReflectedError`` naming the store that is behind
    and by how much; what else the stores and Kafka raise themselves (``SQLAlchemyError``, ``LiveStoreError``,
    ``KafkaException``) is passed on.
    """
    stop = tenacity.stop_after_delay(timeout_s)
    retry = tenacity.Retrying(
        wait=tenacity.wait_exponential(multiplier=_FIRST_PAUSE_S, exp_base=1.5, max=_LONGEST_PAUSE_S),
        retry=tenacity.retry_if_result(bool) | tenacity.retry_if_exception(passes),
        stop=stop,
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else [],
    )
    log = _Log(bootstrap_servers, changelog, results)
    try:
        for check in (_stream_check(receipt, log), _stores_check(log, engine, live)):
            behind = retry(check)
            if behind:
                raise NotReflectedError(timeout_s, behind)
    finally:
        log.close()


def wait_until_reviewed(
    receipt: Receipt, *, bootstrap_servers: str, engine: sa.Engine, live: LiveReader, timeout_s: int
) -> None:
    """As ``wait_until_reflected``, for changes of the rules: until the reviews that they ask for are reflected, too."""
    wait = functools.partial(
        wait_until_reflected,
        bootstrap_servers=bootstrap_servers,
        engine=engine,
        live=live,
        timeout_s=timeout_s,
    )
    wait(receipt)
    log = _Log(bootstrap_servers, BOOKS_CHANGELOG.name, [REVIEWS.name])
    try:
        asked = log.ends_of_records(log.ends())
    finally:
        log.close()
    wait(Receipt(asked, {}))


def _stream_check(receipt: Receipt, log: _Log) -> Check:
    def check() -> list[Behind]:
        if not receipt.next_offsets:
            return []
        reached = log.progress()
        return [
            Behind("the stream", topic, partition, reached.get((topic, partition), 0), wanted)
            for (topic, partition), wanted in receipt.next_offsets.items()
            if reached.get((topic, partition), 0) < wanted
        ]

    return check


def _stores_check(log: _Log, engine: sa.Engine, live: LiveReader) -> Check:
    wanted: dict[Place, int] = {}
    exact: set[Place] = set()

    def stores() -> list[tuple[str, Mapping[Place, int]]]:
        return [("PostgreSQL", _in_postgres(engine)), ("Redis", live.projected())]

    def lagging(found: list[tuple[str, Mapping[Place, int]]]) -> list[Behind]:
        return [
            Behind(store, *place, reached.get(place, 0), end)
            for store, reached in found
            for place, end in wanted.items()
            if reached.get(place, 0) < end
        ]

    def check() -> list[Behind]:
        if not wanted:
            # taken once, after the stream is done: later results of others are not waited for
            wanted.update(log.ends())
        found = stores()
        behind = lagging(found)
        unsure = {(b.topic, b.partition) for b in behind} - exact
        if unsure:
            wanted.update(log.ends_of_records({place: wanted[place] for place in unsure}))
            exact.update(unsure)
            behind = lagging(found)
        return behind

    return check


def _in_postgres(engine: sa.Engine) -> dict[Place, int]:
    columns = consumer_offsets.c
    query = sa.select(columns.topic, columns.partition, columns.next_offset).where(
        columns.consumer == PROJECTOR
    )
    with engine.connect() as connection:
        return {(topic, partition): offset for topic, partition, offset in connection.execute(query)}


def _arrived(consumer: Consumer, most: int, timeout_s: float) -> list[Message]:
    """What is there: ``consume`` alone waits for all that it asks for, or for the whole time."""
    first = consumer.poll(timeout_s)
    return [] if first is None else [first, *consumer.consume(most - 1, timeout=0)]


class _Log:
    """What has to be known of Kafka: progress of the stream, ends of the results. Joins no group."""

    def __init__(self, bootstrap_servers: str, changelog: str, results: Sequence[str]) -> None:
        self._changelog = changelog
        self._results = results
        self._admin = AdminClient(
            {"bootstrap.servers": bootstrap_servers}, logger=logging.getLogger("librdkafka")
        )
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": f"tieout-settle-{uuid.uuid4()}",  # demanded by the client
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 10,  # the end of a partition is reported after an empty fetch
            },
            logger=logging.getLogger("librdkafka"),
        )
        self._changelog_partitions: int | None = None

    def close(self) -> None:
        self._consumer.close()

    def progress(self) -> dict[Place, int]:
        """(source topic, partition) -> next offset that the committed state does not hold yet."""
        if self._changelog_partitions is None:
            self._changelog_partitions = len(self._partitions(self._changelog))
        try:
            found = scan_progress(
                cast("Log", self._consumer),
                self._changelog,
                self._changelog_partitions,
                timeout_s=_REQUEST_TIMEOUT_S,
            )
        except ProgressTimeout:
            return {}  # nothing is known: the caller goes on waiting until its own time is up
        return {
            (topic, number): offset
            for number, progress in found.items()
            for topic, offset in progress.offsets.items()
        }

    def ends(self) -> dict[Place, int]:
        """(result topic, partition) -> the offset below which everything is committed or taken back."""
        wanted = {
            TopicPartition(topic, number): OffsetSpec.latest()  # type: ignore[no-untyped-call]
            for topic in self._results
            for number in self._partitions(topic)
        }
        futures = self._admin.list_offsets(
            wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=_REQUEST_TIMEOUT_S
        )
        return {(tp.topic, tp.partition): future.result().offset for tp, future in futures.items()}

    def ends_of_records(self, ends: Mapping[Place, int]) -> dict[Place, int]:
        """Of each partition, the offset after its last committed record below ``ends``; 0 if it has none."""
        found: dict[Place, int] = {}
        starts = {place: end - _TAIL_RECORDS for place, end in ends.items()}
        while pending := {place: end for place, end in ends.items() if place not in found}:
            last = self._last_records({place: max(0, starts[place]) for place in pending}, pending)
            for place in pending:
                if place in last:
                    found[place] = last[place] + 1
                elif starts[place] <= 0:
                    found[place] = 0
                else:
                    starts[place] = ends[place] - (ends[place] - starts[place]) * _TAIL_GROWTH
        return found

    def _last_records(self, starts: Mapping[Place, int], ends: Mapping[Place, int]) -> dict[Place, int]:
        """Read from ``starts`` to ``ends``; the offset of the last record of each that has one."""
        for topic in {topic for topic, _ in starts}:
            self._consumer.list_topics(
                topic, timeout=_REQUEST_TIMEOUT_S
            )  # else the leader is looked up lazily
        self._consumer.assign([TopicPartition(*place, start) for place, start in starts.items()])
        reading = set(starts)
        last: dict[Place, int] = {}
        while reading:
            messages = _arrived(self._consumer, 1000, _REQUEST_TIMEOUT_S)
            if not messages:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "the result topics do not answer"))
            for message in messages:
                partition, offset, error = message.partition(), message.offset(), message.error()
                place = (message.topic() or "", -1 if partition is None else partition)
                if error is not None:
                    if error.code() == KafkaError._PARTITION_EOF:
                        reading.discard(place)
                    elif not error.retriable():
                        raise KafkaException(error)
                elif place in reading and offset is not None:
                    if offset < ends[place]:
                        last[place] = offset
                    if offset >= ends[place] - 1:
                        reading.discard(place)
        return last

    def _partitions(self, topic: str) -> list[int]:
        metadata = self._admin.list_topics(topic, timeout=_REQUEST_TIMEOUT_S).topics[topic]
        if metadata.error is not None:
            raise KafkaException(metadata.error)
        return list(metadata.partitions)
