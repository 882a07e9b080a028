"""The engine of one worker: which partitions it owns, how it takes them over and gives them up.

Acquire (on assignment): fence the previous owner, restore state and progress from the changelog, seek the sources
to the progress, activate. Partitions that stay keep their state and replay the changelog's tail. Progress is checked
against the sources' low watermarks: what retention deleted is never skipped in silence.
All methods run on the event loop; blocking work goes to threads.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from runtime import metrics
from schemas.partitioner import partition_for
from streams.engine.batch import Batch, BatchView
from streams.engine.checkpoint import Committer
from streams.engine.data_plane import DataPlane
from streams.engine.failstop import ExitCode, fail_stop
from streams.engine.partition import KeyNotHere, Partition, PartitionSettings, Status
from streams.engine.restore import Restored, restore
from streams.engine.stores import ColdStore, MemoryStore
from streams.engine.table import StateTable

log = logging.getLogger(__name__)
V = TypeVar("V")
_REACQUIRE_DELAY_S = 3.0
_OBSERVE_EVERY_S = 1.0


def _no_recovery_yet() -> None:
    raise RuntimeError("the recovery service has not started")


class Engine(Generic[V]):
    """See the module. ``app_id`` names the consumer group and the transactional ids."""

    def __init__(
        self,
        app_id: str,
        kafka: Mapping[str, str],
        table: StateTable[V],
        source_topics: Collection[str],
        settings: PartitionSettings,
        batch_records_max: int,
        partition_count: int,
        open_store: Callable[[int], ColdStore] = lambda number: MemoryStore(),
    ) -> None:
        self.app_id = app_id
        self.table = table
        self.partition_count = partition_count
        self.source_topics = frozenset(source_topics)
        self.partitions: dict[int, Partition[V]] = {}
        self.data_plane = DataPlane(kafka, app_id, batch_records_max)
        self.request_reacquire: Callable[[], None] = _no_recovery_yet
        """Set by the recovery service: runs acquire again for what is assigned."""
        self.heard_end: Callable[[str, int], int] = lambda topic, partition: 0
        """Where a source ends by other ears than the data plane's (``runtime.kafka.HeardEnds``)."""
        self._last_progress_s = time.monotonic()
        self._at_work = False
        self._observed_s = 0.0
        self._observed_offsets: dict[tuple[str, int], int] = {}
        self._kafka = kafka
        self._settings = settings
        self._epoch = -1
        self._open_store = open_store
        self._commit_pool = ThreadPoolExecutor(8, thread_name_prefix="checkpoint")
        self.fetch_pool = ThreadPoolExecutor(1, thread_name_prefix="fetch")

    # -- for agents

    def open(self, batch: Batch) -> BatchView[V]:
        """A view of the batch's partition; its ``records`` are empty when a rebalance has superseded the batch."""
        partition = self.partitions.get(batch.partition)
        if partition is None:
            partition = self._new_partition(batch.partition)  # never active: the view stays empty
        current = partition.status is Status.ACTIVE and batch.epoch == self._epoch
        if current:
            first = batch.records[0].offset()
            expected = partition.progress[batch.topic]
            if first is None or first < expected:
                where = f"{batch.topic}[{batch.partition}]"
                fail_stop(ExitCode.OFFSET_WENT_BACK, f"{where} delivered {first}, expected {expected}")
        return BatchView(partition, batch, current=current)

    def partition_of(self, key: bytes) -> int:
        """The partition number that holds ``key`` (the same murmur2 as every producer's)."""
        return partition_for(key, self.partition_count)

    def stalled_s(self) -> float:
        """Seconds without a committed checkpoint although records wait. From any thread.

        Zero while partitions are being taken over: that may take long, and reports failures itself.
        """
        return time.monotonic() - self._last_progress_s if self._at_work else 0.0

    def why_stalled(self) -> str:
        """What kind of standstill ``stalled_s`` measures. From any thread."""
        if any(partition.status is Status.ACTIVE for partition in list(self.partitions.values())):
            return "work is waiting and nothing was committed"
        return "no partition is at work, all were given up or lost, and none was assigned again"

    def note_fetch(self) -> None:
        """A fetch came back; once a second, look what has moved."""
        now = time.monotonic()
        if now - self._observed_s >= _OBSERVE_EVERY_S:
            self._observed_s = now
            self._observe(now)

    def _observe(self, now: float) -> None:
        committed = self.committed_offsets()
        waiting = 0
        for (topic, number), offset in committed.items():
            partition = self.partitions[number]
            heard = self.heard_end(topic, number)
            unread = self.data_plane.unread(topic, number, partition.progress[topic], heard)
            applied = partition.progress[topic] - offset
            lag = unread + applied
            waiting += applied if self.data_plane.held_back(topic, number, heard) else lag
            metrics.STREAM_LAG_RECORDS.labels(topic=topic, partition=str(number)).set(lag)
        if committed != self._observed_offsets or not waiting:
            self._observed_offsets = committed
            self._last_progress_s = now
        metrics.STREAM_PROGRESS_AGE_SECONDS.set(now - self._last_progress_s)
        for number, partition in self.partitions.items():
            metrics.STREAM_STATE_KEYS.labels(partition=str(number)).set(len(partition.state))

    def diagnose(self) -> dict[str, object]:
        """Figures for the watchdog's log, from any thread."""
        return {
            "epoch": self._epoch,
            "committed": self.committed_offsets(),
            "partitions": {
                number: partition.diagnose() for number, partition in list(self.partitions.items())
            },
        }

    async def wait_for_room(self, batch: Batch) -> None:
        """Await this between batches: it bounds what a checkpoint may have to hold."""
        partition = self.partitions.get(batch.partition)
        if partition is not None:
            await partition.wait_for_room()

    # -- for recovery

    def _new_partition(self, number: int) -> Partition[V]:
        return Partition(
            number, self.table, self._open_store(number), self._settings, self._commit_pool, self._lost
        )

    async def acquire(self, numbers: Collection[int]) -> bool:
        """Own exactly ``numbers``, restored. False when a newer rebalance overtook it: then start again."""
        # After a fencing there was no revocation, so the other partitions are still at work: what they have applied
        # must be checkpointed before they are installed anew, or its outputs would be lost (its state stays).
        self._at_work = False
        await self.release()
        for number in [n for n in self.partitions if n not in numbers]:
            self.partitions.pop(number).forget(Status.IDLE)
            metrics.STREAM_STATE_KEYS.labels(partition=str(number)).set(
                0
            )  # its customers are another worker's
        todo = []
        for number in sorted(numbers):
            partition = self.partitions.setdefault(number, self._new_partition(number))
            partition.token += 1
            todo.append((partition, partition.token))
        started = time.monotonic()
        loop = asyncio.get_running_loop()
        committers = await asyncio.gather(
            *(
                loop.run_in_executor(self._commit_pool, self._fence, partition.number)
                for partition, _ in todo
                if partition.committer is None
            )
        )
        by_number = dict(committers)
        for partition, _ in todo:
            partition.committer = by_number.get(partition.number, partition.committer)
        for partition, _ in todo:
            partition.resume()
            _, high = await loop.run_in_executor(
                None, self.data_plane.watermarks, self.table.changelog, partition.number
            )
            if partition.applied_offset > high and partition.state.cold.holds_committed:
                partition.discard()
        applied = {partition.number: partition.applied_offset for partition, _ in todo}
        restored: dict[int, Restored] = await loop.run_in_executor(
            self._commit_pool, restore, self._kafka, self.table.changelog, applied
        )
        if any(partition.token != token for partition, token in todo):
            return False
        for partition, _ in todo:
            found = restored[partition.number]
            partition.installed(found.values, found.progress, found.next_offset)
            metrics.STREAM_STATE_KEYS.labels(partition=str(partition.number)).set(len(partition.state))
        metrics.STREAM_RESTORE_SECONDS.observe(time.monotonic() - started)
        records = sum(len(found.values) for found in restored.values())
        log.info("acquired partitions %s, %d keys restored", sorted(numbers), records)
        return True

    def _fence(self, number: int) -> tuple[int, Committer]:
        return number, Committer(self._kafka, f"{self.app_id}-{number}", self.table.changelog)

    async def seek(self, ordinary: Mapping[tuple[str, int], int | None]) -> None:
        """Point the data plane at every owned partition's progress and activate them.

        ``ordinary``: where to read what per-event agents listen to ((topic, partition) → offset, ``None``: its begin).
        """
        loop = asyncio.get_running_loop()
        positions = await loop.run_in_executor(None, self._positions)
        others = await loop.run_in_executor(None, self._ordinary_positions, ordinary)
        self._epoch = await loop.run_in_executor(None, self.data_plane.assign, positions | others)
        for number, partition in self.partitions.items():
            partition.activate({topic: o for (topic, n), o in positions.items() if n == number})
        self._last_progress_s = time.monotonic()
        self._at_work = True

    def _positions(self) -> dict[tuple[str, int], int]:
        positions = {}
        for number, partition in self.partitions.items():
            for topic in sorted(self.source_topics):
                low, high = self.data_plane.watermarks(topic, number)
                offset = partition.progress.get(topic, low)
                if offset < low:
                    fail_stop(
                        ExitCode.RETENTION_OVERTOOK,
                        f"{topic}[{number}] begins at {low}, but only {offset} was applied: "
                        "retention deleted records that were never read; restore them or rebuild from a backup",
                    )
                if offset > high:
                    fail_stop(
                        ExitCode.RECOVERY_ERROR,
                        f"{topic}[{number}] ends at {high}, before the applied offset {offset}: "
                        "this changelog belongs to another cluster or the topic was re-created",
                    )
                positions[topic, number] = offset
        return positions

    def _ordinary_positions(self, wanted: Mapping[tuple[str, int], int | None]) -> dict[tuple[str, int], int]:
        positions = {}
        for (topic, number), offset in wanted.items():
            low, high = self.data_plane.watermarks(topic, number)
            positions[topic, number] = low if offset is None else min(max(offset, low), high)
        return positions

    async def release(self) -> None:
        """Checkpoint what is applied and rest; called before partitions are revoked and at the end."""
        partitions = list(self.partitions.values())
        await asyncio.gather(*(partition.drain() for partition in partitions))
        for partition in partitions:
            partition.rest()

    def _lost(self, partition: Partition[V]) -> None:
        # A partition that was fenced but is still assigned to us must be taken over again, from nothing.
        asyncio.get_running_loop().call_later(_REACQUIRE_DELAY_S, self._reacquire_if_ours, partition)

    def _reacquire_if_ours(self, partition: Partition[V]) -> None:
        if partition.status is Status.LOST and self.partitions.get(partition.number) is partition:
            log.warning("partition %d is still assigned after fencing: acquiring it again", partition.number)
            self.request_reacquire()

    # -- for readers outside the stream

    async def read_committed(self, key: bytes) -> bytes | None:
        """The encoded value of ``key`` as of a committed checkpoint; ``None`` where there is none.

        Waits for the checkpoint that covers what is applied now. Raises ``KeyNotHere`` where another worker
        holds the key, or takes it over meanwhile.
        """
        number = self.partition_of(key)
        partition = self.partitions.get(number)
        if partition is None or partition.status is not Status.ACTIVE:
            raise KeyNotHere(key, number)
        value = partition.state.get(key)
        encoded = None if value is None else self.table.encode(value)
        if not await partition.until_committed():
            raise KeyNotHere(key, number)
        return encoded

    # -- for operators

    def not_ready(self) -> list[str]:
        """Why this worker is not at work; empty when all its partitions are active. May be called from any thread."""
        idle = [n for n, p in list(self.partitions.items()) if p.status is not Status.ACTIVE]
        if self._epoch < 0:
            return ["no partitions were assigned yet"]
        return [f"partitions {idle} are not active"] if idle else []

    # -- for Faust

    def committed_offsets(self) -> dict[tuple[str, int], int]:
        """What the checkpoints cover. From any thread."""
        return {
            (topic, number): offset
            for number, partition in list(self.partitions.items())
            if partition.status is Status.ACTIVE
            for topic, offset in list(partition.committed_progress.items())
        }

    def advisory_offsets(self) -> dict[tuple[str, int], int]:
        """The same for the group's offsets, which only lag tools read: an end of a transaction is no lag."""
        return {
            (topic, number): self.data_plane.covered(topic, number, offset)
            for (topic, number), offset in self.committed_offsets().items()
        }

    def close(self) -> None:
        self.fetch_pool.shutdown(wait=True)
        self.data_plane.close()
        self._commit_pool.shutdown(wait=True)
