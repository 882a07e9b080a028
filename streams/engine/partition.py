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
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from confluent_kafka import KafkaException

from runtime import metrics
from streams.engine.checkpoint import Checkpoint, Committer, is_fenced
from streams.engine.failstop import ExitCode, fail_stop
from streams.engine.fold import Output
from streams.engine.pace import Pace, PaceSettings
from streams.engine.state import State
from streams.engine.stores import ColdStore, Position
from streams.engine.table import StateTable

log = logging.getLogger(__name__)
V = TypeVar("V")
_VIEW_OPEN_MAX_S = 10.0


class Status(enum.Enum):
    IDLE = "idle"
    RESTORED = "restored"
    ACTIVE = "active"
    LOST = "lost"


class KeyNotHere(LookupError):
    """The key's partition is not at work on this worker."""

    def __init__(self, key: bytes, partition: int) -> None:
        super().__init__(f"{key!r} is on partition {partition}, which is not at work on this worker")
        self.key = key
        self.partition = partition


@dataclass(frozen=True, slots=True)
class PartitionSettings:
    """``hot_keys_max``: values that are kept as objects, per generation (see ``state``)."""

    pace: PaceSettings = field(default_factory=PaceSettings)
    hot_keys_max: int = 50_000


class Partition(Generic[V]):
    """See the module. ``on_lost`` is called once when a checkpoint shows that another owner has taken over."""

    def __init__(
        self,
        number: int,
        table: StateTable[V],
        cold: ColdStore,
        settings: PartitionSettings,
        executor: Executor,
        on_lost: Callable[[Partition[V]], None],
    ) -> None:
        self.number = number
        self.status = Status.IDLE
        self.token = 0
        """Grows with every change of life, so that what was begun in an earlier one can be told."""
        self.committer: Committer | None = None
        self.state = State(table, cold, settings.hot_keys_max)
        self.outputs: list[Output] = []
        self.applied_offset = 0
        """Next changelog offset to read: everything before it is in ``state``."""
        self.progress: dict[str, int] = {}
        self.committed_progress: dict[str, int] = {}
        self._settings = settings
        self._pace = Pace(settings.pace)
        self._executor = executor
        self._on_lost = on_lost
        self._pending_events = 0
        self._more_waiting = False
        self._readers = 0
        """How many wait for a checkpoint that covers what is applied."""
        self._in_flight: asyncio.Future[int] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._room = asyncio.Event()
        self._ended = asyncio.Event()
        self._open_views = 0
        self._all_views_closed = asyncio.Event()

    # -- what a batch view does

    def open_view(self) -> None:
        """Until ``close_view`` no checkpoint starts: it would hold half a batch."""
        self._open_views += 1
        self._all_views_closed.clear()

    def close_view(self) -> None:
        """Also schedules a checkpoint for what was changed without progress."""
        assert self._open_views > 0
        self._open_views -= 1
        if not self._open_views:
            self._all_views_closed.set()
            self._schedule()

    def advance(self, topic: str, next_offset: int, events: int, *, more_waiting: bool) -> None:
        """A batch is applied up to ``next_offset``; it will be in the next checkpoint."""
        if next_offset <= self.progress[topic]:
            fail_stop(
                ExitCode.OFFSET_WENT_BACK,
                f"{topic}[{self.number}]: {next_offset} after {self.progress[topic]}",
            )
        self.progress[topic] = next_offset
        self._pending_events += events
        self._more_waiting = more_waiting

    async def wait_for_room(self) -> None:
        """Backpressure: returns once the events that no checkpoint covers are below the bound."""
        while self._pending_events > self._settings.pace.pending_events_max and self._in_flight is not None:
            self._room.clear()
            await self._room.wait()

    # -- what others do: ordinary agents that write to the table, readers that want committed values

    def touched(self) -> None:
        """The state was changed outside a batch: a checkpoint takes it along without any progress."""
        self._schedule()

    async def until_committed(self) -> bool:
        """Return True once all that is applied now is committed; False where the partition was lost before."""
        token = self.token
        self._readers += 1
        try:
            for _ in range(2):  # the checkpoint in flight may have begun before; the one after it has not
                if not (self._in_flight or self._has_work()):
                    break
                self._schedule()
                self._ended.clear()
                await self._ended.wait()
                if self.token != token:
                    return False
        finally:
            self._readers -= 1
        return True

    def diagnose(self) -> dict[str, object]:
        """Figures for a log, from any thread."""
        return {
            "status": self.status.value,
            "progress": dict(self.progress),
            "pending_events": self._pending_events,
            "checkpoint_in_flight": self._in_flight is not None,
            "open_views": self._open_views,
        }

    # -- checkpoints

    def _has_work(self) -> bool:
        return bool(self._pending_events or self.state.dirty or self.outputs)

    def _schedule(self) -> None:
        if not self._may_start():
            return
        awaited = bool(self.outputs or self._readers)
        due_s = self._pace.due_s(self._pending_events, awaited=awaited, more_waiting=self._more_waiting)
        loop = asyncio.get_running_loop()
        if due_s <= loop.time():
            self._start()
        elif self._timer is None or due_s < self._timer.when():
            self._cancel_timer()
            self._timer = loop.call_at(due_s, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if self._may_start():
            self._start()

    def _may_start(self) -> bool:
        return (
            self.status is Status.ACTIVE
            and self._in_flight is None
            and not self._open_views
            and self._has_work()
        )

    def _start(self) -> None:
        assert not self._open_views, "a checkpoint of half a batch"
        self._cancel_timer()
        loop = asyncio.get_running_loop()
        started = loop.time()
        checkpoint = Checkpoint(self.number, self.state.take_changes(), self.outputs, dict(self.progress))
        events = self._pending_events
        self.outputs, self._pending_events = [], 0
        self._pace.started(started)
        self._in_flight = loop.run_in_executor(self._executor, self._commit, checkpoint)
        self._in_flight.add_done_callback(lambda done: self._finished(done, checkpoint, events, started))

    def _commit(self, checkpoint: Checkpoint) -> int:
        """Runs in a thread. The local store follows the transaction: it may lag behind, never be ahead."""
        assert self.committer is not None
        next_offset = self.committer.commit(checkpoint)
        self.state.cold.commit(checkpoint.values, Position(next_offset, checkpoint.progress))
        return next_offset

    def _finished(
        self, done: asyncio.Future[int], checkpoint: Checkpoint, events: int, started: float
    ) -> None:
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
        seconds = asyncio.get_running_loop().time() - started
        self._pace.finished(seconds, events)
        metrics.STREAM_CHECKPOINTS.labels(result="committed").inc()
        metrics.STREAM_CHECKPOINT_SECONDS.observe(seconds)
        self.applied_offset = done.result()
        self.committed_progress = checkpoint.progress
        self.state.committed(checkpoint.values)
        self._ended.set()
        self._schedule()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- life

    def resume(self) -> None:
        """Go on from what the local store holds, where it outlived a process or an ownership."""
        position = self.state.cold.position() if not self.applied_offset else None
        if position is not None:
            self.applied_offset = position.changelog_offset
            self.progress = dict(position.progress)

    def discard(self) -> None:
        """The local store cannot be a prefix of the changelog (it was re-created, or cleaned since): start over."""
        log.warning(
            "partition %d: the local store does not fit its changelog; restoring it whole", self.number
        )
        self.applied_offset, self.progress = 0, {}
        self.state.close()
        self.state.cold.discard()

    def installed(
        self, values: Mapping[bytes, bytes | None], progress: dict[str, int] | None, offset: int
    ) -> None:
        """Take over what was restored from the changelog: newer values, the newest progress, the next offset."""
        if progress is not None:
            self.progress = dict(progress)
            self.committed_progress = dict(progress)
        self.state.install(values, Position(offset, dict(self.progress)))
        self.applied_offset = offset
        self.outputs, self._pending_events = [], 0
        self.status = Status.RESTORED

    def activate(self, positions: dict[str, int]) -> None:
        """The sources were sought to ``positions``: batches may come."""
        for topic, offset in positions.items():
            self.progress.setdefault(topic, offset)
        if self.status is Status.RESTORED:
            self.status = Status.ACTIVE

    async def drain(self) -> None:
        """Checkpoint all that is applied. Returns when nothing is in flight (or the partition was lost)."""
        while self.status is Status.ACTIVE and (
            self._open_views or self._in_flight is not None or self._has_work()
        ):
            if self._open_views:
                await self._until_views_are_closed()
            elif self._in_flight is None:
                self._start()
            if self._in_flight is not None:
                await asyncio.wait([self._in_flight])
                await asyncio.sleep(0)  # let ``_finished`` run

    async def _until_views_are_closed(self) -> None:
        try:
            async with asyncio.timeout(_VIEW_OPEN_MAX_S):
                await self._all_views_closed.wait()
        except TimeoutError as error:
            fail_stop(
                ExitCode.AGENT_ERROR,
                f"an agent has kept a batch of partition {self.number} open for {_VIEW_OPEN_MAX_S:.0f} s",
                error,
            )

    def rest(self) -> None:
        """After a drain: no longer active, state kept for the case that the partition comes back."""
        self.token += 1
        self._cancel_timer()
        if self.status is not Status.LOST:
            self.status = Status.IDLE
        self._ended.set()

    def forget(self, status: Status) -> None:
        """Let go of everything: another owner may go on from here. A local store stays, as the prefix that it is."""
        self.token += 1
        self._cancel_timer()
        self.status = status
        self.committer = None
        self.applied_offset = 0
        self.progress, self.committed_progress = {}, {}
        self.outputs, self._pending_events = [], 0
        self.state.close()
        self._room.set()
        self._ended.set()
