"""A batch of records of one topic-partition, and the view through which an agent works on it.

While a view is open its partition takes no checkpoint, so none can see half a batch, also where an agent awaits inside.
An exception inside it ends the process (fail-stop): nothing of the batch is committed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Generic, TypeVar, cast

from confluent_kafka import Message

from streams.engine.failstop import ExitCode, fail_stop
from streams.engine.fold import fold
from streams.engine.partition import Partition

V = TypeVar("V")
E = TypeVar("E")


class Batch:
    """Records of one topic-partition, fetched in one go, under the seek epoch in which they were fetched."""

    __slots__ = ("epoch", "more_waiting", "partition", "records", "topic")

    def __init__(
        self,
        topic: str,
        partition: int,
        records: Sequence[Message],
        epoch: int,
        *,
        more_waiting: bool = False,
    ) -> None:
        """``more_waiting``: the fetch was full, so there is more where this came from."""
        self.topic = topic
        self.partition = partition
        self.records = records
        self.epoch = epoch
        self.more_waiting = more_waiting

    def after(self, count: int) -> Batch:
        """What follows the first ``count`` records."""
        return Batch(
            self.topic, self.partition, self.records[count:], self.epoch, more_waiting=self.more_waiting
        )


class BatchView(Generic[V]):
    """State and outputs of one partition while a batch is applied. ``records`` is empty for a superseded batch.

    ``get``/``put``/``delete`` reach the table's values by key, ``keys`` are those that have one; ``emit`` adds an
    output record for the same partition number; ``get_part``/``put_part`` reach the parts of a key: bytes that are read
    and written apart from its value, by number (``find_part`` where there may be none); ``fold`` does the whole batch
    at speed, ``in_turn`` what can be done of it within some time. All become visible together with the batch's offsets,
    in one checkpoint, or not at all.
    """

    __slots__ = (
        "_batch",
        "_partition",
        "delete",
        "find_part",
        "get",
        "get_part",
        "keys",
        "put",
        "put_part",
        "records",
        "rest",
    )

    def __init__(self, partition: Partition[V], batch: Batch, *, current: bool) -> None:
        self._partition = partition
        self._batch = batch
        self.records: Sequence[Message] = batch.records if current else ()
        self.rest: Batch | None = None
        """What this view left for the next one."""
        state = partition.state
        self.get = state.get
        self.put = state.put
        self.delete = state.delete
        self.find_part = state.find_part
        self.get_part = state.get_part
        self.keys = state.keys
        self.put_part = state.put_part

    @property
    def topic(self) -> str:
        return self._batch.topic

    @property
    def partition(self) -> int:
        return self._batch.partition

    def emit(self, topic: str, key: bytes | None, value: bytes) -> None:
        self._partition.outputs.append((topic, key, value))

    def in_turn(self, seconds: float) -> Iterator[Message]:
        """The records until ``seconds`` have passed, one at least; what follows them comes in a view of its own.

        For records that may cost much: between two views checkpoints begin and end, other topics get their turn, and
        the watchdog sees that work gets on.
        """
        ends_s = time.monotonic() + seconds
        for count, record in enumerate(self.records, start=1):
            yield record
            if time.monotonic() >= ends_s and count < len(self.records):
                self.rest = self._batch.after(count)
                self.records = self.records[:count]
                return

    def fold(
        self,
        decode: Callable[[list[bytes]], Iterable[E]],
        apply: Callable[[V, E], Sequence[bytes] | None],
        new: Callable[[], V],
        output_topic: str,
    ) -> None:
        """Apply every record, in offset order, to the value of its key. Records must have keys and values.

        ``decode`` gets all values at once and yields one event each; ``apply`` changes the value in place and
        returns the records to emit under the same key, if any. An exception of either ends the process.
        """
        records = self.records
        if records:
            keys = cast("list[bytes]", [record.key() for record in records])
            events = decode(cast("list[bytes]", [record.value() for record in records]))
            fold(self._partition.state, self._partition.outputs, keys, events, apply, new, output_topic)

    def __enter__(self) -> BatchView[V]:
        self._partition.open_view()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            where = f"{self._batch.topic}[{self._batch.partition}]"
            fail_stop(ExitCode.AGENT_ERROR, f"agent failed on a batch of {where}", error)
        if self.records:
            last = self.records[-1].offset()
            assert last is not None
            more_waiting = self._batch.more_waiting or self.rest is not None
            self._partition.advance(self._batch.topic, last + 1, len(self.records), more_waiting=more_waiting)
        self._partition.close_view()
