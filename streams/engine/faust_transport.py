"""Faust's transport with record batches: membership stays aiokafka's, records come from the data plane.

All that one fetch has brought of a topic is one Faust event, under the number of its first partition: what Faust does
around an event takes a tenth of a millisecond, and a batch often holds but a few records.

What is overridden here is partly private to faust-streaming 0.15; ``faust_seams`` checks the signatures at start.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from confluent_kafka import KafkaException, Message
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from streams.engine.batch import Batch
from streams.engine.failstop import ExitCode, fail_stop

log = logging.getLogger(__name__)
_FETCH_WAIT_S = 0.02


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """Group membership. Its own partitions stay paused; its offset commits are advisory."""

    async def pause_all(self) -> None:
        consumer = self._ensure_consumer()
        assigned = consumer.assignment()
        if assigned:
            consumer.pause(*assigned)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Nothing. Faust would ask aiokafka how its fetches get on, which it never makes here, and log an error a
        partition every other second from the fifth minute on. Whether work gets on is what the ``Watchdog`` sees.
        """

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        # Advisory: progress is in the changelog. A commit that fails in a rebalance loses nothing.
        consumer = self._ensure_consumer()
        assigned = consumer.assignment()
        wanted = {driver.ensure_aiokafka_TP(tp): o for tp, o in offsets.items() if tp in assigned}
        try:
            if wanted:
                await consumer.commit(wanted)
        except driver.KafkaError as error:
            log.info("advisory offset commit failed: %s", error)
            return False
        return True


class BatchConsumer(driver.Consumer):
    """Delivers one Faust message per fetch and topic: its batches, one per partition."""

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        engine = self.app.engine
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        generation = self.app.consumer_generation_id
        loop = asyncio.get_running_loop()
        try:
            batches = await loop.run_in_executor(engine.fetch_pool, engine.data_plane.fetch, _FETCH_WAIT_S)
        except KafkaException as error:
            fail_stop(ExitCode.DATA_PLANE_ERROR, f"reading the sources failed: {error}", error)
        engine.note_fetch()
        for topic, fetched in _by_topic(batches):
            if topic in engine.source_topics:
                if self._superseded(fetched[0]):
                    return
                tp = TP(topic, fetched[0].partition)
                yield tp, _message(tp, fetched[0].records[-1], None, fetched, generation)
                for batch in fetched:
                    await engine.wait_for_room(batch)
                continue
            for batch in fetched:
                tp = TP(topic, batch.partition)
                for record in batch.records:
                    if self._superseded(batch):
                        return
                    yield tp, _message(tp, record, record.key(), record.value(), generation)

    def _superseded(self, batch: Batch) -> bool:
        """Whether a seek has made its fetch void: the records will come again."""
        return not self.flow_active or batch.epoch != self.app.engine.data_plane.epoch

    def _is_ordinary(self, tp: TP) -> bool:
        """Whether a topic is served to per-event agents, with Faust's acknowledgements and offsets."""
        engine = self.app.engine
        return tp.topic not in engine.source_topics and tp.topic != engine.table.changelog

    async def perform_seek(self) -> None:
        ordinary = {tp for tp in self.assignment() if self._is_ordinary(tp)}
        if ordinary:
            await super().perform_seek()
        await self.app.engine.seek({tp: self._read_offset.get(tp) for tp in ordinary})
        for tp in self.assignment() - ordinary:
            self._read_offset[tp] = None
            self._committed_offset[tp] = None

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        if self._is_ordinary(tp):  # ours come from checkpoints, not from acknowledged messages
            await super()._add_gap(tp, offset_from, offset_to)

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        ordinary = {tp for tp in self._acked if self._is_ordinary(tp)}
        # Streams acknowledge in line, so these lists would grow without bound.
        for tp in self._acked.keys() - ordinary:
            self._acked[tp].clear()
            self._acked_index[tp].clear()
        committed = False
        if ordinary:
            committed = await super().force_commit(ordinary, start_new_transaction)
        offsets = {TP(t, p): o for (t, p), o in self.app.engine.advisory_offsets().items()}
        return (bool(offsets) and bool(await self._commit(offsets))) or committed

    async def on_task_error(self, exc: BaseException) -> None:
        fail_stop(ExitCode.AGENT_ERROR, "an agent failed", exc)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        await super().on_partitions_revoked(revoked)  # stops the flow, clears the agents' queues
        await self.app.engine.release()


def _by_topic(batches: list[Batch]) -> Iterable[tuple[str, list[Batch]]]:
    grouped: dict[str, list[Batch]] = {}
    for batch in batches:
        grouped.setdefault(batch.topic, []).append(batch)
    return grouped.items()


def _message(
    tp: TP, record: Message, key: bytes | str | None, value: list[Batch] | bytes | None, generation: int
) -> ConsumerMessage:
    timestamp_type, timestamp_ms = record.timestamp()
    headers = None if isinstance(value, list) else record.headers()
    return ConsumerMessage(
        tp.topic,
        tp.partition,
        record.offset(),
        timestamp_ms / 1000,
        timestamp_type,
        headers,
        key,
        value,
        None,
        0,
        0,
        tp,
        generation_id=generation,
    )


class BatchTransport(driver.Transport):
    Consumer = BatchConsumer
