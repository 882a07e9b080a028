"""Sends records to the input topics, and says exactly what was delivered.

Why: everything enters by the front door, and a person who publishes a file must learn what became of it:
which lines were refused, how far it got when something stopped it, and (by the receipt) when its results
can be read.

Invariants:

* Idempotent producer, ``acks=all``, the partitioner that every producer of Tieout uses: within a partition
  records arrive once and in the order of the source.
* Memory is bounded: the producer's queue, never the file.
* Publishing the same events again changes nothing: the books know them by ``event_id``.
"""

from __future__ import annotations

import contextlib
import gzip
import signal
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, BinaryIO, Final, Protocol, Self

from confluent_kafka import KafkaError, KafkaException, Message

from schemas.admin import RECORD_MAX_BYTES
from services.imports.canonical import LineError, LineReason, Outgoing, excerpt_of, read_line
from services.imports.errors import (
    DeliveryFailedError,
    PublishInterruptedError,
    Receipt,
    RecordTooLargeError,
    SourceUnreadableError,
)
from services.store.producer import ends_of, make_producer

#: what the topics take, less the framing of a batch
RECORD_BYTES_MAX: Final = RECORD_MAX_BYTES - 1024
#: JSON is a few times as long as the record; no longer line can be a record of that size
LINE_BYTES_MAX: Final = 4 * RECORD_MAX_BYTES
DELIVERY_TIMEOUT_S: Final = 60
_PROGRESS_EVERY: Final = 1000
_QUEUE_RECORDS: Final = 50_000
_QUEUE_KIBIBYTES: Final = 64 * 1024


class Encoder(Protocol):
    """Turns a value into the bytes of its contract (``schemas.codec.Codec``)."""

    def encode(self, schema_name: str, value: dict[str, Any]) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a publication is. ``bytes_total`` is ``None`` for a stream of unknown length."""

    records: int
    bytes_done: int
    bytes_total: int | None


@dataclass(frozen=True, slots=True)
class Publication:
    """What became of a source. ``last_position``: its last line or document; ``refused``: by reason."""

    receipt: Receipt
    last_position: int
    refused: Mapping[str, int] = field(default_factory=dict)


class Publisher:
    """Sends records one by one; a context manager. Not for several threads.

    ``send`` blocks while the queue is full. A record that Kafka does not take within
    ``delivery_timeout_s`` is raised as ``DeliveryFailedError`` by the next ``send`` or by ``flush``.
    """

    def __init__(
        self, bootstrap_servers: str, encoder: Encoder, *, delivery_timeout_s: int = DELIVERY_TIMEOUT_S
    ) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._delivery_timeout_s = delivery_timeout_s
        self._encoder = encoder
        #: (topic, partition) -> position of the first record there of which Kafka has not said where it is
        self._somewhere: dict[tuple[str, int], int] = {}
        self._first_offsets: dict[tuple[str, int], int] = {}
        self._next_offsets: dict[tuple[str, int], int] = {}
        self._counts: Counter[str] = Counter()
        self._failure: tuple[int, str, str] | None = None
        self._producer = make_producer(
            bootstrap_servers,
            "tieout-publisher",
            delivery_timeout_s=delivery_timeout_s,
            compression_type="lz4",
            linger_ms=5,
            queue_buffering_max_messages=_QUEUE_RECORDS,
            queue_buffering_max_kbytes=_QUEUE_KIBIBYTES,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.flush()
        else:  # what is still queued would come after the position that the error names
            self._producer.purge()
            self._producer.poll(0)

    def send(self, outgoing: Outgoing) -> None:
        """Queue a record. Raises ``RecordTooLargeError``, and ``DeliveryFailedError`` for an earlier one."""
        schema = outgoing.topic.schema
        if schema is None:
            raise ValueError(f"{outgoing.topic.name} is not a topic of events")
        value = self._encoder.encode(schema, outgoing.value)
        size = len(value) + len(outgoing.key)
        if size > RECORD_BYTES_MAX:
            raise RecordTooLargeError(outgoing.position, size, RECORD_BYTES_MAX)
        kind = str(outgoing.value["event_type"]).partition(".")[0]
        report = partial(self._delivered, outgoing.position, kind)
        while True:
            try:
                self._producer.produce(outgoing.topic.name, value, outgoing.key, on_delivery=report)
                break
            except BufferError:
                self._producer.poll(0.1)
                self._raise_failure()
            except KafkaException as error:  # a fatal state of the producer, told at once
                self._failed(outgoing.position, outgoing.topic.name, error.args[0])
                break
        self._producer.poll(0)
        self._raise_failure()

    def flush(self) -> Receipt:
        """Wait until Kafka has every record that was sent. Raises ``DeliveryFailedError``."""
        while self._producer.flush(0.5):
            self._raise_failure()
        self._raise_failure()
        if self._somewhere:
            self._look_up_ends()
        return self.receipt

    @property
    def receipt(self) -> Receipt:
        """What has been delivered so far. Where a record is that Kafka did not say is looked up by ``flush`` only."""
        return Receipt(dict(self._next_offsets), dict(self._counts), dict(self._first_offsets))

    def _delivered(self, position: int, kind: str, error: KafkaError | None, message: Message) -> None:
        topic = str(message.topic())
        if error is not None:
            self._failed(position, topic, error)
            return
        offset, where = message.offset(), (topic, message.partition() or 0)
        if offset is None or offset < 0:
            self._somewhere.setdefault(where, position)
        else:
            self._first_offsets[where] = min(offset, self._first_offsets.get(where, offset))
            self._next_offsets[where] = max(offset + 1, self._next_offsets.get(where, 0))
        self._counts[kind] += 1

    def _look_up_ends(self) -> None:
        """Where Kafka has not said where a record is, it is before the end of its partition."""
        try:
            ends = ends_of(self._bootstrap_servers, self._somewhere, self._delivery_timeout_s)
        except KafkaException as error:
            (topic, _), position = min(self._somewhere.items(), key=lambda one: one[1])
            raise DeliveryFailedError(position, topic, error.args[0].str(), self.receipt) from error
        self._next_offsets |= ends
        self._somewhere.clear()

    def _failed(self, position: int, topic: str, error: KafkaError) -> None:
        if self._failure is None or position < self._failure[0]:
            self._failure = (position, topic, error.str())

    def _raise_failure(self) -> None:
        if self._failure is not None:
            # Every record is delivered or has failed before the first failure is named: records of other
            # partitions may still be on their way. Bounded by the delivery timeout of each.
            while self._producer.flush(0.5):
                pass
            raise DeliveryFailedError(*self._failure, self.receipt)


def publish(
    records: Iterable[Outgoing | LineError],
    publisher: Publisher,
    *,
    on_error: Callable[[LineError], None],
    on_progress: Callable[[int], None] | None = None,
    after: int = 0,
) -> Publication:
    """Send all records; errors go to ``on_error`` and the rest goes on. Blocks until everything is delivered.

    ``on_progress`` hears the number of records handled, every thousand and at the end. ``after`` is the
    position behind which ``records`` begin. On Ctrl-C what was sent is delivered first; then
    ``PublishInterruptedError`` says up to which position. A second Ctrl-C stops at once. Raises
    ``DeliveryFailedError`` too.
    """
    position, handled = after, 0
    refused: Counter[str] = Counter()

    def refuse(error: LineError) -> None:
        refused[error.reason] += 1
        on_error(error)

    with _deferred_interrupt() as interrupted:
        for record in records:
            if isinstance(record, LineError):
                refuse(record)
                position = record.line_no
            else:
                try:
                    publisher.send(record)
                except RecordTooLargeError as error:
                    excerpt = excerpt_of(str(record.value.get("event_id", "")).encode())
                    refuse(LineError(record.position, LineReason.TOO_LONG, str(error), excerpt))
                position = record.position
            handled += 1
            if on_progress is not None and handled % _PROGRESS_EVERY == 0:
                on_progress(handled)
            if interrupted():
                raise PublishInterruptedError(position, publisher.flush())
        receipt = publisher.flush()
    if on_progress is not None:
        on_progress(handled)
    return Publication(receipt, position, dict(refused))


def publish_file(
    path: Path,
    publisher: Publisher,
    *,
    on_error: Callable[[LineError], None],
    on_progress: Callable[[Progress], None] | None = None,
    after_line: int = 0,
) -> Publication:
    """Publish a file of canonical events, one JSON object a line (``.gz`` is unpacked); blocks.

    ``after_line`` resumes behind the line that an interrupted publication named. Blank lines are skipped.
    Raises ``SourceUnreadableError``, and what ``publish`` raises.
    """
    try:
        total = path.stat().st_size
        raw = path.open("rb")
    except OSError as error:
        raise SourceUnreadableError(path, error.strerror or str(error)) from error
    with raw, _unpacked(raw, path) as stream:

        def report(handled: int) -> None:
            if on_progress is not None:
                on_progress(Progress(handled, raw.tell(), total))

        try:
            events = read_events(stream, after_line=after_line)
            return publish(events, publisher, on_error=on_error, on_progress=report, after=after_line)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise SourceUnreadableError(path, str(error)) from error


def read_events(stream: BinaryIO, *, after_line: int = 0) -> Iterator[Outgoing | LineError]:
    """The records and the errors of a stream of NDJSON, lazily; at most ``LINE_BYTES_MAX`` in memory."""
    line_no = 0
    while line := stream.readline(LINE_BYTES_MAX):
        line_no += 1
        beginning = line
        while not line.endswith(b"\n") and len(line) == LINE_BYTES_MAX:
            line = stream.readline(LINE_BYTES_MAX)  # the rest of an overlong line is read past
        if line_no <= after_line:
            continue
        if line is not beginning:
            detail = f"The line is longer than {LINE_BYTES_MAX} bytes."
            yield LineError(line_no, LineReason.TOO_LONG, detail, excerpt_of(beginning))
            continue
        if line_no == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line.strip():
            yield read_line(line_no, line)


def _unpacked(raw: BinaryIO, path: Path) -> contextlib.AbstractContextManager[BinaryIO]:
    if path.suffix == ".gz":
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]  # it reads as a BinaryIO does
    return contextlib.nullcontext(raw)


@contextlib.contextmanager
def _deferred_interrupt() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a flag, so that it cannot strike inside a delivery report.

    Only the main thread may set signal handlers; elsewhere the flag never rises.
    """
    seen = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield seen.is_set
        return

    def note(number: int, frame: FrameType | None) -> None:
        if seen.is_set():
            raise KeyboardInterrupt
        seen.set()

    previous = signal.signal(signal.SIGINT, note)
    try:
        yield seen.is_set
    finally:
        signal.signal(signal.SIGINT, previous)
