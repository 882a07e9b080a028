"""What Faust is handed of a fetch: one event a topic for batches, one a record for ordinary agents, none once void."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import Message
from faust.types import TP

from streams.engine.batch import Batch
from streams.engine.faust_transport import BatchConsumer

EPOCH = 3


def batch(topic: str, partition: int, *offsets: int, epoch: int = EPOCH) -> Batch:
    records = [
        Message(topic=topic, partition=partition, offset=at, key=b"k", value=b"%d" % at) for at in offsets
    ]
    return Batch(topic, partition, records, epoch)


@dataclass
class Fetched:
    """Stands in for the engine: one fetch, sources ``in`` and ``in-2``, and the rooms that were waited for."""

    batches: list[Batch]
    source_topics: frozenset[str] = frozenset({"in", "in-2"})
    waited_for: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fetch_pool = ThreadPoolExecutor(1)
        self.data_plane = SimpleNamespace(epoch=EPOCH, fetch=lambda timeout_s: self.batches)

    def note_fetch(self) -> None:
        pass

    async def wait_for_room(self, batch: Batch) -> None:
        self.waited_for.append((batch.topic, batch.partition))


class Fetching(BatchConsumer):
    """With nothing of Faust's but what a fetch needs."""

    def __init__(self, engine: Fetched) -> None:
        self.app = SimpleNamespace(engine=engine, consumer_generation_id=1)  # type: ignore[assignment]
        self.flow_active = True


def handed_over(
    engine: Fetched, then: Callable[[Fetching, Fetched], None] = lambda consumer, engine: None
) -> list[tuple[TP, int, Any]]:
    """(partition, offset, value) of what comes of the fetch; ``then`` happens after the first."""

    async def take() -> list[tuple[TP, int, Any]]:
        consumer = Fetching(engine)
        taken: list[tuple[TP, int, Any]] = []
        async for tp, message in consumer.getmany(1.0):
            taken.append((tp, message.offset, message.value))
            if len(taken) == 1:
                then(consumer, engine)
        return taken

    return asyncio.run(take())


def test_all_batches_of_a_topic_are_one_event_and_each_finds_room() -> None:
    first, other, second = batch("in", 2, 7, 8), batch("in-2", 0, 5), batch("in", 0, 40)
    engine = Fetched([first, other, second])
    assert handed_over(engine) == [(TP("in", 2), 8, [first, second]), (TP("in-2", 0), 5, [other])]
    assert engine.waited_for == [("in", 2), ("in", 0), ("in-2", 0)]


def test_ordinary_agents_get_every_record_under_its_own_partition() -> None:
    engine = Fetched([batch("notes", 1, 4, 5), batch("notes", 0, 9)])
    assert handed_over(engine) == [
        (TP("notes", 1), 4, b"4"),
        (TP("notes", 1), 5, b"5"),
        (TP("notes", 0), 9, b"9"),
    ]
    assert engine.waited_for == []


def seek(consumer: Fetching, engine: Fetched) -> None:
    engine.data_plane.epoch += 1


def revoke(consumer: Fetching, engine: Fetched) -> None:
    consumer.flow_active = False


@pytest.mark.parametrize("then", [seek, revoke])
@pytest.mark.parametrize("topic", ["in-2", "notes"])
def test_nothing_more_comes_of_a_fetch_that_became_void(
    topic: str, then: Callable[[Fetching, Fetched], None]
) -> None:
    engine = Fetched([batch("in", 0, 1), batch(topic, 0, 1), batch(topic, 1, 1)])
    assert [tp for tp, _, _ in handed_over(engine, then)] == [TP("in", 0)]


def test_a_fetch_from_before_a_seek_is_void_from_its_start() -> None:
    assert (
        handed_over(Fetched([batch("in", 0, 1, epoch=EPOCH - 1), batch("notes", 0, 1, epoch=EPOCH - 1)]))
        == []
    )
