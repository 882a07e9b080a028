"""Faust's table and recovery on top of the engine's partitions.

``Table`` keeps Faust's API (``table[key]``); its data are the engine's values, restored by the engine's acquire
instead of Faust's record-by-record recovery.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from faust.stores.memory import Store as MemoryStore
from faust.tables.manager import TableManager
from faust.tables.recovery import RebalanceAgain, Recovery
from faust.tables.table import Table
from mode import Service

from streams.engine.failstop import ExitCode, fail_stop
from streams.engine.partition import KeyNotHere, Partition, Status

log = logging.getLogger(__name__)


class EngineRecovery(Recovery):
    """Runs the engine's acquire when Faust asks for recovery."""

    @Service.task
    async def _slurp_changelogs(self) -> None:
        return

    @Service.task
    async def _publish_stats(self) -> None:
        return

    @Service.task
    async def _restart_recovery(self) -> None:
        engine = self.app.engine
        engine.request_reacquire = self.signal_recovery_start.set
        while not self.should_stop:
            if await self.wait_for_stopped(self.signal_recovery_start):
                break
            self.signal_recovery_start.clear()
            generation = self._generation_id
            try:
                consumer = self.app.consumer
                assigned = consumer.assignment()
                await consumer._thread.call_thread(consumer._thread.pause_all)
                numbers = {tp.partition for tp in assigned if tp.topic in engine.source_topics}
                if not await engine.acquire(numbers):
                    continue
                if self.signal_recovery_start.is_set() or generation != self.app.consumer_generation_id:
                    continue
                await self.on_recovery_completed(generation)
                log.info("worker ready, generation %d, partitions %s", generation, sorted(numbers))
            except RebalanceAgain:
                continue
            except Exception as error:
                if self.should_stop:
                    break
                fail_stop(ExitCode.RECOVERY_ERROR, "taking over partitions failed", error)


class EngineTableManager(TableManager):
    @property
    def recovery(self) -> EngineRecovery:
        if self._recovery is None:
            self._recovery = EngineRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery

    async def on_start(self) -> None:
        """Faust's gives the agents a second to say what they read; here it is the agents that are waited for."""
        await self.app.agents.wait_until_agents_started()
        if not self.should_stop:
            await self._update_channels()
            await self.recovery.start()

    async def on_stop(self) -> None:
        await self.app.engine.release()
        await super().on_stop()
        self.app.engine.close()


class EngineStore(MemoryStore):
    """Reads and writes of ``table[key]``, routed to the partition that holds the key.

    Inside a batch they are part of it. An ordinary agent may use them too: what it writes is in the next checkpoint,
    its offsets are Faust's (at least once).
    """

    def _partition(self, key: bytes) -> Partition[Any]:
        engine = self.app.engine
        number = engine.partition_of(key)
        partition: Partition[Any] | None = engine.partitions.get(number)
        if partition is None or partition.status is not Status.ACTIVE:
            raise KeyNotHere(key, number)
        return partition

    def __getitem__(self, key: bytes) -> Any:
        value = self._partition(key).state.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        return isinstance(key, bytes) and self._partition(key).state.get(key) is not None

    def __setitem__(self, key: bytes, value: Any) -> None:
        partition = self._partition(key)
        partition.state.put(key, value)
        partition.touched()

    def __delitem__(self, key: bytes) -> None:
        partition = self._partition(key)
        if partition.state.get(key) is None:
            raise KeyError(key)
        partition.state.delete(key)
        partition.touched()

    def __iter__(self) -> Iterator[bytes]:
        for partition in self.app.engine.partitions.values():
            yield from partition.state.keys()

    def __len__(self) -> int:
        partitions: dict[int, Partition[Any]] = self.app.engine.partitions
        return sum(len(partition.state) for partition in partitions.values())

    async def on_recovery_completed(self, active_tps: Any, standby_tps: Any) -> None:
        return


class EngineTable(Table):
    def _new_store(self) -> EngineStore:
        return EngineStore("memory://", self.app, self, loop=self.loop)

    def on_key_set(self, key: bytes, value: Any) -> None:
        return  # the partition's next checkpoint writes the changelog

    def on_key_del(self, key: bytes) -> None:
        return
