"""Brings a backup into an empty stack: the same records on the same partitions with the same times, and the tables.

Offsets are counted anew (the origin may have had gaps), their order within a partition stays. The processes that make
books and read model of it are the caller's business, and so is the proof afterwards.

Invariant: a stack that is not empty is refused before anything is written; an interrupted load of records takes away
what it wrote.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from domain.rules import Rules, plain_rules
from schemas.registry import SchemaRegistry
from schemas.topics import ALL, RESULTS
from services.operations.backup.errors import BackupUnfit, StackNotEmpty
from services.operations.backup.manifest import Manifest
from services.operations.backup.owned_tables import place_followers, read_tables, used_tables
from services.operations.backup.records import InputRecord, read_records
from services.operations.backup.schema_ids import renumbering
from services.operations.kafka_log import KafkaLog
from services.store.producer import make_producer

OnProgress = Callable[[int, int], None]
_TIMEOUT_S: Final = 30.0
_DELIVERY_TIMEOUT_S: Final = 120
_QUEUE_KIBIBYTES: Final = 64 * 1024


def check_fit(manifest: Manifest, rules: Rules, partitions: int, known_revisions: Collection[str]) -> None:
    """Raise ``BackupUnfit`` where this installation would make other books of the same records.

    ``known_revisions``: those of the database that this release can bring forward.
    """
    if manifest.revision not in known_revisions:
        raise BackupUnfit(
            f"The backup was taken by a later version of Tieout (tables {manifest.revision}).",
            "Restore it with that version or a later one.",
        )
    if manifest.partition_count != partitions:
        raise BackupUnfit(
            f"The backup has {manifest.partition_count} partitions, this installation {partitions}.",
            f"Set TIEOUT_PARTITIONS={manifest.partition_count}.",
        )
    ours = plain_rules(rules)
    # a rule that the origin did not know has its default here
    differing = {name: value for name, value in manifest.rules.items() if ours.get(name) != value}
    if differing:
        raise BackupUnfit(
            "The backup's books rest on other rules: "
            + ", ".join(f"{name} is {value}, here {ours.get(name)}" for name, value in differing.items())
            + ".",
            "Give the settings the values that the backup names.",
        )


def check_empty(bootstrap_servers: str, engine: sa.Engine) -> None:
    """Raise ``StackNotEmpty`` where a topic of ours holds or held records, or a table of ours has rows."""
    found = [f"the topic {name} has records" for name in _used_topics(bootstrap_servers)]
    found += [f"the table {name} has rows" for name in used_tables(engine)]
    if found:
        raise StackNotEmpty(found[:3])


def load(
    folder: Path,
    manifest: Manifest,
    bootstrap_servers: str,
    database_url: str,
    registry: SchemaRegistry,
    on_progress: OnProgress,
) -> dict[tuple[str, int], int]:
    """Fill existing, empty topics and tables; returns the next offset of each input partition that has records.

    Blocks. ``on_progress`` hears (records done, records in all). Raises ``BackupUnfit``, ``KafkaException``, and
    what PostgreSQL raises.
    """
    renumber = renumbering(manifest.schemas, registry)
    with _records_undone(manifest, bootstrap_servers):
        loader = _Loader(bootstrap_servers, manifest.records, on_progress)
        for partition in manifest.partitions:
            for record in read_records(folder / partition.file.path):
                loader.send(partition.topic, partition.partition, record, renumber(record.value))
        loader.flush()
        read_tables(database_url, {table.table: folder / table.file.path for table in manifest.tables})
    return loader.next_offsets


def settle_followers(manifest: Manifest, bootstrap_servers: str, engine: sa.Engine, partitions: int) -> None:
    """Let services that follow result topics go on behind the replay: what it repeats they told people before.

    Call it before they start, when everything has been replayed.
    """
    results = {topic.name for topic in RESULTS}
    with KafkaLog(bootstrap_servers) as log:
        places = {
            name: {(t, p): log.bounds(t, p)[1] for t in topics if t in results for p in range(partitions)}
            for name, topics in manifest.followers.items()
        }
    place_followers(engine, places)


class _Loader:
    """Sends records to their partitions in order, and counts what arrived."""

    def __init__(self, bootstrap_servers: str, total: int, on_progress: OnProgress) -> None:
        self.next_offsets: dict[tuple[str, int], int] = {}
        self._total = total
        self._done = 0
        self._on_progress = on_progress
        self._failure: KafkaError | None = None
        self._producer = make_producer(
            bootstrap_servers,
            "tieout-restore",
            delivery_timeout_s=_DELIVERY_TIMEOUT_S,
            compression_type="lz4",
            queue_buffering_max_kbytes=_QUEUE_KIBIBYTES,
        )

    def send(self, topic: str, partition: int, record: InputRecord, value: bytes | None) -> None:
        while True:
            try:
                self._producer.produce(
                    topic,
                    value,
                    record.key,
                    partition,
                    on_delivery=self._delivered,
                    # librdkafka takes 0 for "now": a record of 1970 moves by a millisecond
                    timestamp=max(record.timestamp_ms, 1),
                    headers=[(header.name, header.value) for header in record.headers],
                )
                break
            except BufferError:
                self._producer.poll(0.1)
        self._producer.poll(0)
        self._raise_failure()

    def flush(self) -> None:
        while self._producer.flush(0.5):
            self._raise_failure()
        self._raise_failure()

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failure = self._failure or error
            return
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        assert topic is not None
        assert partition is not None
        assert offset is not None
        self.next_offsets[topic, partition] = offset + 1
        self._done += 1
        self._on_progress(self._done, self._total)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise KafkaException(self._failure)


@contextmanager
def _records_undone(manifest: Manifest, bootstrap_servers: str) -> Iterator[None]:
    """Delete the input topics that were being filled when the block fails, so that it can be tried again."""
    try:
        yield
    except BaseException:
        names = sorted({partition.topic for partition in manifest.partitions})
        admin = AdminClient({"bootstrap.servers": bootstrap_servers}, logger=logging.getLogger("librdkafka"))
        for future in admin.delete_topics(names, operation_timeout=_TIMEOUT_S).values():
            future.result(_TIMEOUT_S)
        raise


def _used_topics(bootstrap_servers: str) -> list[str]:
    admin = AdminClient({"bootstrap.servers": bootstrap_servers}, logger=logging.getLogger("librdkafka"))
    present: Mapping[str, Any] = admin.list_topics(timeout=_TIMEOUT_S).topics
    consumer = Consumer(
        {"bootstrap.servers": bootstrap_servers, "group.id": "tieout-restore"},
        logger=logging.getLogger("librdkafka"),
    )
    try:
        return [
            topic.name
            for topic in ALL
            if topic.name in present and any(_ends(consumer, topic.name, present[topic.name].partitions))
        ]
    finally:
        consumer.close()


def _ends(consumer: Consumer, topic: str, numbers: Iterable[int]) -> Iterator[int]:
    for number in numbers:
        marks = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=_TIMEOUT_S)
        if marks is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        yield marks[1]
