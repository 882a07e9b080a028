"""One partition number of the app: its state, its outputs, its progress, its checkpoints.

Inputs are co-partitioned, so everything of a key lives under one partition number. A checkpoint is one Kafka
transaction with the changed values, the outputs and the progress; at most one is in flight, and the next starts
when it finishes: group commit that tunes itself. Called on the event loop only; ``commit`` runs in a thread.

Life: IDLE → (acquire) RESTORED → (seek done) ACTIVE → (drain) IDLE; from ACTIVE to LOST when another owner
fenced us: then nothing here may be used any more.
"""

from __future__ import annotations

import asyncio
import enum
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Generic, TypeVar

from confluent_kafka import KafkaException

from runtime import metrics
from streams.engine.checkpoint import Checkpoint, Committer, is_fenced
from streams.engine.failstop import ExitCode, fail_stop

log = logging.getLogger(__name__)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class StateTable(Generic[V]):
    """What the app's table holds. ``decode(encode(v))`` equals ``v``; values are one per key."""

    name: str
    changelog: str
    encode: Callable[[V], bytes]
    decode: Callable[[bytes], V]


class Status(enum.Enum):
    IDLE = "idle"
    RESTORED = "restored"
    ACTIVE = "active"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Pace:
    """When a checkpoint starts: at once when idle, otherwise after this many events or this long."""

    events: int
    seconds: float
    pending_events_max: int


class Partition(Generic[V]):
    """See the module. ``on_lost`` is called once when a checkpoint shows that another owner has taken over."""

    def __init__(
        self,
        number: int,
        table: StateTable[V],
        pace: Pace,
        executor: Executor,
        on_lost: Callable[[Partition[V]], None],
    ) -> None:
        self.number = number
        self.status = Status.IDLE
        self.token = 0
        self.committer: Committer | None = None
        self.applied_offset = 0
        """Next changelog offset to read: everything before it is in ``_values``."""
        self.progress: dict[str, int] = {}
        self.committed_progress: dict[str, int] = {}
        self._table = table
        self._pace = pace
        self._executor = executor
        self._on_lost = on_lost
        self._values: dict[bytes, V | bytes] = {}
        self._dirty: dict[bytes, V] = {}
        self._outputs: list[tuple[str, bytes | None, bytes]] = []
        self._pending_events = 0
        self._in_flight: asyncio.Future[int] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._last_start = 0.0
        self._room = asyncio.Event()

    # -- what a batch view offers

    def get(self, key: bytes) -> V | None:
        """The value of ``key``, decoded; ``None`` where there is none. Change it only together with ``put``."""
        value = self._values.get(key)
        if isinstance(value, bytes):
            value = self._values[key] = self._table.decode(value)
        return value

    def put(self, key: bytes, value: V) -> None:
        self._values[key] = value
        self._dirty[key] = value

    def emit(self, topic: str, key: bytes | None, value: bytes) -> None:
        self._outputs.append((topic, key, value))

    def advance(self, topic: str, next_offset: int, events: int) -> None:
        """A batch is applied up to ``next_offset``; it will be in the next checkpoint."""
        if next_offset <= self.progress[topic]:
            fail_stop(
                ExitCode.OFFSET_WENT_BACK,
                f"{topic}[{self.number}]: {next_offset} after {self.progress[topic]}",
            )
        self.progress[topic] = next_offset
        self._pending_events += events
        self._room.clear()
        self._schedule()

    async def wait_for_room(self) -> None:
        """Backpressure: returns once the events that no checkpoint covers are below the bound."""
        while self._pending_events > self._pace.pending_events_max and self._in_flight is not None:
            self._room.clear()
            await self._room.wait()

    def keys(self) -> int:
        return len(self._values)

    def snapshot(self) -> dict[bytes, V | bytes]:
        """A shallow copy of all values, for readers outside the stream."""
        return dict(self._values)

    # -- checkpoints

    def _schedule(self) -> None:
        if self.status is not Status.ACTIVE or self._in_flight is not None or not self._pending_events:
            return
        wait = 0.0
        if self._pending_events < self._pace.events:
            wait = self._last_start + self._pace.seconds - time.monotonic()
        if wait <= 0:
            self._start()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(wait, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if self._in_flight is None and self.status is Status.ACTIVE and self._pending_events:
            self._start()

    def _start(self) -> None:
        self._cancel_timer()
        assert self.committer is not None
        encode = self._table.encode
        checkpoint = Checkpoint(
            self.number,
            [(key, encode(value)) for key, value in self._dirty.items()],
            self._outputs,
            dict(self.progress),
        )
        events = self._pending_events
        self._dirty, self._outputs, self._pending_events = {}, [], 0
        self._last_start = time.monotonic()
        loop = asyncio.get_running_loop()
        self._in_flight = loop.run_in_executor(self._executor, self.committer.commit, checkpoint)
        self._in_flight.add_done_callback(lambda done: self._finished(done, checkpoint, events))

    def _finished(self, done: asyncio.Future[int], checkpoint: Checkpoint, events: int) -> None:
        self._in_flight = None
        self._room.set()
        error = done.exception()
        if error is not None:
            metrics.STREAM_CHECKPOINTS.labels(result="aborted").inc()
            if isinstance(error, KafkaException) and is_fenced(error):
                log.warning("partition %d was taken over by another owner: %s", self.number, error)
                self.forget(Status.LOST)
                self._on_lost(self)
                return
            fail_stop(ExitCode.CHECKPOINT_ERROR, f"checkpoint of partition {self.number} failed", error)
        metrics.STREAM_CHECKPOINTS.labels(result="committed").inc()
        metrics.STREAM_CHECKPOINT_SECONDS.observe(time.monotonic() - self._last_start)
        metrics.STREAM_STATE_KEYS.labels(partition=str(self.number)).set(len(self._values))
        self.applied_offset = done.result()
        self.committed_progress = checkpoint.progress
        self._schedule()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- life

    def installed(
        self, values: dict[bytes, bytes | None], progress: dict[str, int] | None, offset: int
    ) -> None:
        """Take over what was restored from the changelog: newer values, the newest progress, the next offset."""
        for key, value in values.items():
            if value is None:
                self._values.pop(key, None)
            else:
                self._values[key] = value
        if progress is not None:
            self.progress = dict(progress)
            self.committed_progress = dict(progress)
        self.applied_offset = offset
        self._dirty, self._outputs, self._pending_events = {}, [], 0
        self.status = Status.RESTORED

    def activate(self, positions: dict[str, int]) -> None:
        """The sources were sought to ``positions``: batches may come."""
        for topic, offset in positions.items():
            self.progress.setdefault(topic, offset)
        if self.status is Status.RESTORED:
            self.status = Status.ACTIVE

    async def drain(self) -> None:
        """Checkpoint all that is applied. Returns when nothing is in flight (or the partition was lost)."""
        while self.status is Status.ACTIVE and (self._in_flight is not None or self._pending_events):
            if self._in_flight is None:
                self._start()
            if self._in_flight is not None:
                await asyncio.wait([self._in_flight])
                await asyncio.sleep(0)  # let ``_finished`` run

    def rest(self) -> None:
        """After a drain: no longer active, state kept for the case that the partition comes back."""
        self.token += 1
        self._cancel_timer()
        if self.status is not Status.LOST:
            self.status = Status.IDLE

    def forget(self, status: Status) -> None:
        """Drop everything: what is here may be stale."""
        self.token += 1
        self._cancel_timer()
        self.status = status
        self.committer = None
        self.applied_offset = 0
        self.progress, self.committed_progress = {}, {}
        self._values, self._dirty, self._outputs, self._pending_events = {}, {}, [], 0
        self._room.set()
