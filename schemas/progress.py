"""The progress record: how far the sources are applied in the state that stands before it in the changelog.

A checkpoint is one Kafka transaction of state values, results and, last in its changelog partition, one
record under ``PROGRESS_KEY``. Whoever restores state therefore knows exactly where to go on reading, without
trusting group offsets (exactly once); whoever waits for the books sees how far they are. It carries
``STATE_HEADERS``, so that a worker never reads state of a format that it does not know.

Invariants: the reserved key starts with NUL, which no customer id does; the newest committed progress record
is the last record of its partition's last committed transaction; both survive compaction, being the newest
of their key.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Final, Protocol, cast

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.errors import ProgressTimeout, ProgressUnreadable, UnknownStateFormat

PROGRESS_KEY: Final = b"\x00progress"
PROGRESS_VERSION: Final = 1

STATE_FORMAT_HEADER: Final = "tieout-state"
STATE_FORMAT: Final = b"7"
#: headers of the progress record: the format of the state values of its transaction
STATE_HEADERS: Final = ((STATE_FORMAT_HEADER, STATE_FORMAT),)

_FIRST_STEP: Final = 64
_GROWTH: Final = 8
_BATCH: Final = 1000
_LONGEST_WAIT_S: Final = 1.0

#: the client reports these and goes on by itself; the deadline bounds it
_PASSING: Final = frozenset(
    {
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._RESOLVE,
        KafkaError._TIMED_OUT,
    }
)


class Progress(msgspec.Struct, frozen=True):
    """Source topic -> the next offset to read of the partition that has the changelog partition's number."""

    offsets: dict[str, Annotated[int, msgspec.Meta(ge=0)]]
    version: int = PROGRESS_VERSION


def encode_progress(progress: Progress) -> bytes:
    """Encode a progress record (JSON, keys in order, so that equal progress is equal bytes)."""
    return msgspec.json.encode(progress, order="deterministic")


def decode_progress(data: bytes) -> Progress:
    """Decode a progress record. Raises ``ProgressUnreadable``; later versions are not guessed at."""
    try:
        progress = msgspec.json.decode(data, type=Progress)
    except msgspec.MsgspecError as error:
        raise ProgressUnreadable(str(error)) from error
    if progress.version != PROGRESS_VERSION:
        raise ProgressUnreadable(f"version {progress.version}, known is {PROGRESS_VERSION}")
    return progress


def check_state_format(headers: Iterable[tuple[str, str | bytes | None]] | None) -> None:
    """Raise ``UnknownStateFormat`` unless the headers of a state value name the format of this version."""
    found = dict(headers or ()).get(STATE_FORMAT_HEADER)
    if found != STATE_FORMAT:
        raise UnknownStateFormat(found)


class LogRecord(Protocol):
    """What is read of a record; a consumed ``confluent_kafka.Message`` is one."""

    def error(self) -> KafkaError | None: ...
    def partition(self) -> int: ...
    def offset(self) -> int: ...
    def key(self) -> bytes | None: ...
    def value(self) -> bytes | None: ...


class Log(Protocol):
    """What is asked of a consumer; ``confluent_kafka.Consumer`` is one.

    It must read committed records only and report the end of a partition (``enable.partition.eof``).
    """

    def get_watermark_offsets(self, partition: TopicPartition, timeout: float) -> tuple[int, int] | None: ...
    def assign(self, partitions: list[TopicPartition]) -> None: ...
    def poll(self, timeout: float) -> LogRecord | None: ...
    def consume(self, num_messages: int, timeout: float) -> Sequence[LogRecord]: ...


def read_progress(
    bootstrap_servers: str,
    changelog: str,
    partitions: int,
    config: Mapping[str, object] | None = None,
    *,
    timeout_s: float = 30.0,
) -> dict[int, Progress]:
    """Read the newest committed progress record of partitions 0 … ``partitions`` - 1 of a changelog.

    Partitions without one are left out. Blocks up to ``timeout_s`` seconds. ``config`` adds librdkafka
    settings (security). Raises ``ProgressTimeout``, ``ProgressUnreadable`` and ``KafkaException``.
    """
    consumer = Consumer(
        {
            **(config or {}),
            "bootstrap.servers": bootstrap_servers,
            "group.id": f"tieout-progress-{uuid.uuid4()}",  # demanded by the client; it never joins
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 10,  # the end of a partition is reported after an empty fetch
        },
        logger=logging.getLogger("librdkafka"),
    )
    try:
        return scan_progress(cast("Log", consumer), changelog, partitions, timeout_s=timeout_s)
    finally:
        consumer.close()


def scan_progress(
    log: Log,
    changelog: str,
    partitions: int,
    *,
    timeout_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> dict[int, Progress]:
    """Do what ``read_progress`` says over a consumer of the caller's, whose assignment it replaces.

    The record stands near the end, so each partition is read from a little before its end and, only where
    that holds none (after a long aborted transaction), from further and further back. ``clock``: seconds.
    """
    scan = _Scan(log, changelog, timeout_s, clock)
    windows = [window for number in range(partitions) if (window := scan.last_window(number)) is not None]
    found: dict[int, bytes | None] = {}
    while windows:
        found.update(scan.newest(windows))
        windows = [
            window.before() for window in windows if window.partition not in found and window.has_before()
        ]
    return {number: decode_progress(value) for number, value in found.items() if value is not None}


class _Window(msgspec.Struct, frozen=True):
    """Offsets ``start`` <= offset < ``end`` of a partition whose first offset is ``low``."""

    partition: int
    low: int
    start: int
    end: int
    step: int

    def has_before(self) -> bool:
        return self.start > self.low

    def before(self) -> _Window:
        step = self.step * _GROWTH
        return _Window(self.partition, self.low, max(self.low, self.start - step), self.start, step)


class _Scan:
    """Reads windows of one changelog before one deadline."""

    def __init__(self, log: Log, changelog: str, timeout_s: float, clock: Callable[[], float]) -> None:
        self._log = log
        self._changelog = changelog
        self._timeout_s = timeout_s
        self._clock = clock
        self._deadline = clock() + timeout_s

    def last_window(self, number: int) -> _Window | None:
        """Return the window at the end of a partition, ``None`` for an empty one."""
        remaining_s = self._remaining([number])
        place = TopicPartition(self._changelog, number)
        try:
            marks = self._log.get_watermark_offsets(place, timeout=remaining_s)
        except KafkaException as error:
            if error.args[0].code() not in _PASSING:
                raise
            raise ProgressTimeout(self._changelog, [number], self._timeout_s) from error
        if marks is None:  # what the client says where it ran out of time
            raise ProgressTimeout(self._changelog, [number], self._timeout_s)
        low, high = marks
        if high <= low:
            return None
        return _Window(number, low, max(low, high - _FIRST_STEP), high, _FIRST_STEP)

    def newest(self, windows: Sequence[_Window]) -> dict[int, bytes | None]:
        """Read one window per partition to its end; return the last progress value of each that has one."""
        unread = {window.partition: window for window in windows}
        found: dict[int, bytes | None] = {}
        self._log.assign(
            [TopicPartition(self._changelog, window.partition, window.start) for window in windows]
        )
        while unread:
            wait_s = min(_LONGEST_WAIT_S, self._remaining(sorted(unread)))
            # ``consume`` alone would wait for its whole timeout unless it gets all that it asks for.
            first = self._log.poll(timeout=wait_s)
            if first is not None:
                for record in (first, *self._log.consume(num_messages=_BATCH, timeout=0)):
                    self._take(record, unread, found)
        return found

    def _take(self, record: LogRecord, unread: dict[int, _Window], found: dict[int, bytes | None]) -> None:
        number = record.partition()
        error = record.error()
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:
                unread.pop(number, None)
            elif error.code() not in _PASSING:
                raise KafkaException(error)
            return
        window = unread.get(number)
        if window is None:  # read to its end already
            return
        if record.key() == PROGRESS_KEY and record.offset() < window.end:
            found[number] = record.value()
        if record.offset() >= window.end - 1:
            del unread[number]

    def _remaining(self, numbers: Sequence[int]) -> float:
        remaining_s = self._deadline - self._clock()
        if remaining_s <= 0:
            raise ProgressTimeout(self._changelog, numbers, self._timeout_s)
        return remaining_s
