"""A batch of records of one topic-partition, and the view through which an agent works on it.

A view is opened, worked and closed without awaiting, so no checkpoint can see half a batch. An exception inside
it ends the process (fail-stop): nothing of the batch is committed.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Generic, TypeVar

from confluent_kafka import Message

from streams.engine.failstop import ExitCode, fail_stop
from streams.engine.partition import Partition

V = TypeVar("V")


class Batch:
    """Records of one topic-partition, fetched in one go, under the seek epoch in which they were fetched."""

    __slots__ = ("epoch", "partition", "records", "topic")

    def __init__(self, topic: str, partition: int, records: Sequence[Message], epoch: int) -> None:
        self.topic = topic
        self.partition = partition
        self.records = records
        self.epoch = epoch


class BatchView(Generic[V]):
    """State and outputs of one partition while a batch is applied. ``records`` is empty for a superseded batch.

    ``get``/``put`` reach the table's values by key; ``emit`` adds an output record for the same partition number.
    All become visible together with the batch's offsets, in the next checkpoint, or not at all.
    """

    __slots__ = ("_batch", "_partition", "emit", "get", "put", "records")

    def __init__(self, partition: Partition[V], batch: Batch, *, current: bool) -> None:
        self._partition = partition
        self._batch = batch
        self.records: Sequence[Message] = batch.records if current else ()
        self.get = partition.get
        self.put = partition.put
        self.emit = partition.emit

    def __enter__(self) -> BatchView[V]:
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
            self._partition.advance(self._batch.topic, last + 1, len(self.records))
