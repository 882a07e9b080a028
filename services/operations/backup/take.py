"""Takes a backup of a running stack; services and sources go on meanwhile.

The cut: first a snapshot of the tables is opened, then the ends of the input partitions are fixed. So the tables never
refer to an event that the records lack; what came between is in the records, and services meet it again as they would
after a crash. The digest in the manifest is of exactly the records in the files, folded while they are written.

Invariant: a folder of the asked name appears only when everything in it is complete and on the disk.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from domain.digest import digest_of, figures
from domain.rules import Rules, plain_rules
from schemas.catalog import todays
from schemas.codec import Codec, schema_id_in
from schemas.registry import SchemaRegistry
from schemas.topics import INPUTS, Topic
from services.operations.backup.errors import BackupUnfit, TargetTaken
from services.operations.backup.manifest import (
    Manifest,
    PartitionBackup,
    TableBackup,
    describe,
    write_manifest,
)
from services.operations.backup.owned_tables import (
    Connection,
    followers,
    owned_tables,
    revision,
    snapshot,
    write_table,
)
from services.operations.backup.records import InputRecord, write_records
from services.operations.backup.schema_ids import describe_ids
from services.operations.kafka_log import KafkaLog
from services.operations.offline_fold import Folded, fold_record

OnProgress = Callable[[int, int], None]
Bounds = Mapping[tuple[str, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class BackupSources:
    """What is backed up. ``revision``: the database's in this release; ``projector``: who makes the read model."""

    bootstrap_servers: str
    database_url: str
    registry: SchemaRegistry
    rules: Rules
    partitions: int
    revision: str
    projector: str


def take_backup(
    target: Path, sources: BackupSources, taken_at: dt.datetime, on_progress: OnProgress
) -> Manifest:
    """Write a backup to the folder ``target``, which must not exist. Blocks; reads the stack only.

    ``on_progress`` hears (offsets done, offsets in all). When it ends early (Ctrl-C, an error) nothing is left.
    Raises ``TargetTaken``, and what Kafka, PostgreSQL and the disk raise.
    """
    with _finished_folder(target) as folder, snapshot(sources.database_url) as connection:
        if (found := revision(connection)) != sources.revision:
            raise BackupUnfit(
                f"The database stands at {found or 'no revision'}, this release expects {sources.revision}.",
                "Run `tieout topics` of this release, or take the backup with the release that runs.",
            )
        with KafkaLog(sources.bootstrap_servers) as log:
            bounds = {(t.name, p): log.bounds(t.name, p) for t in INPUTS for p in range(sources.partitions)}
            tables = _take_tables(folder, connection)
            watching = followers(connection, sources.projector)
            connection.rollback()  # the snapshot has served: it must not hold up the vacuum while records are read
            records = _RecordsTaken(folder, log, sources, bounds, on_progress)
            partitions = records.take()
        books = records.folded.books.values()
        manifest = Manifest(
            taken_at=taken_at,
            revision=sources.revision,
            partition_count=sources.partitions,
            rules=plain_rules(sources.rules),
            digest=digest_of(row for book in books for row in figures(book)),
            counts=dict(sorted(records.folded.counts.items())),
            partitions=partitions,
            tables=tables,
            schemas=describe_ids(records.schema_ids, sources.registry),
            followers=watching,
        )
        write_manifest(folder, manifest)
    return manifest


class _RecordsTaken:
    """Writes and folds the input partitions one after the other."""

    def __init__(
        self, folder: Path, log: KafkaLog, sources: BackupSources, bounds: Bounds, on_progress: OnProgress
    ) -> None:
        self._folder = folder
        self._log = log
        self._sources = sources
        self._bounds = bounds
        self._codec = Codec(sources.registry)
        self._on_progress = on_progress
        self._done = 0
        self._total = sum(end - start for start, end in bounds.values())
        self.folded = Folded(sources.rules)
        self.schema_ids: dict[int, str] = {}

    def take(self) -> list[PartitionBackup]:
        (self._folder / "records").mkdir()
        return [
            self._partition(topic, number) for topic in INPUTS for number in range(self._sources.partitions)
        ]

    def _partition(self, topic: Topic, number: int) -> PartitionBackup:
        start, end = self._bounds[topic.name, number]
        path = self._folder / "records" / f"{topic.name}-{number}.avro"
        before = sum(self.folded.counts.values())
        write_records(path, self._records(topic, number, start, end))
        self._done += end - start
        self._on_progress(self._done, self._total)
        return PartitionBackup(
            topic=topic.name,
            partition=number,
            start=start,
            end=end,
            records=sum(self.folded.counts.values()) - before,
            file=describe(self._folder, path),
        )

    def _records(self, topic: Topic, number: int, start: int, end: int) -> Iterator[InputRecord]:
        assert topic.schema is not None
        subject = todays(topic.schema).subject
        for message in self._log.read(topic.name, {number: end}):
            record = InputRecord.of_message(message)
            fold_record(self.folded, topic, message, self._codec, self._sources.partitions)
            schema_id = schema_id_in(record.value)
            if schema_id is not None:
                self.schema_ids.setdefault(schema_id, subject)
            self._on_progress(self._done + record.offset - start, self._total)
            yield record


def _take_tables(folder: Path, connection: Connection) -> list[TableBackup]:
    (folder / "tables").mkdir()
    taken = []
    for table in owned_tables():
        path = folder / "tables" / f"{table.name}.csv.gz"
        rows = write_table(connection, table, path)
        taken.append(TableBackup(table=str(table.name), rows=rows, file=describe(folder, path)))
    return taken


@contextmanager
def _finished_folder(target: Path) -> Iterator[Path]:
    """A new folder beside ``target`` that takes its name at the end, or is gone after an error."""
    if target.exists():
        raise TargetTaken(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(target)
    folder = target.parent / f".{target.name}.{os.getpid()}.partial"
    folder.mkdir(mode=0o700)  # names and addresses of customers
    try:
        yield folder
        for part in (*(path for path in folder.iterdir() if path.is_dir()), folder):
            _sync(part)
        if target.exists():  # another backup was faster
            raise TargetTaken(target)
        folder.rename(target)
        _sync(target.parent)
    except BaseException:
        shutil.rmtree(folder)
        raise


def _remove_abandoned(target: Path) -> None:
    """What a killed process left behind; the folder names its pid."""
    for left in target.parent.glob(f".{target.name}.*.partial"):
        pid = left.name.removesuffix(".partial").rpartition(".")[2]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(left)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
