"""One partition of the engine: state, outputs and progress leave together, once, in order, or not at all."""

from __future__ import annotations

import ast
import asyncio
import inspect
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Message

from streams.engine.batch import Batch, BatchView
from streams.engine.checkpoint import Checkpoint
from streams.engine.pace import PaceSettings
from streams.engine.partition import Partition, PartitionSettings, Status
from streams.engine.stores import MemoryStore
from streams.engine.table import StateTable

TABLE: StateTable[dict[str, int]] = StateTable(
    "t",
    "t-changelog",
    lambda v: repr(sorted(v.items())).encode(),
    lambda b: dict(ast.literal_eval(b.decode())),
)
SETTINGS = PartitionSettings(PaceSettings(idle_seconds=0.0, busy_events=5, pending_events_max=5))
PATIENT = PartitionSettings(PaceSettings(idle_seconds=0.0, quiet_seconds=3_600.0, busy_seconds=3_600.0))
"""Only what somebody waits for is committed within an hour."""


class RecordingCommitter:
    """Stands in for the transactional producer: records checkpoints, fails on request."""

    def __init__(self) -> None:
        self.committed: list[Checkpoint] = []
        self.error: Exception | None = None

    def commit(self, checkpoint: Checkpoint) -> int:
        if self.error is not None:
            raise self.error
        self.committed.append(checkpoint)
        return len(self.committed)


class Bench:
    """A partition that has been acquired and is active, with source ``in`` at offset 0."""

    def __init__(self, settings: PartitionSettings = SETTINGS) -> None:
        self.committer = RecordingCommitter()
        self.lost: list[int] = []
        self.partition = Partition[dict[str, int]](
            0, TABLE, MemoryStore(), settings, ThreadPoolExecutor(1), lambda p: self.lost.append(p.number)
        )
        self.partition.committer = self.committer  # type: ignore[assignment]
        self.partition.installed({}, None, 0)
        self.partition.activate({"in": 0})

    def apply(
        self,
        key: bytes,
        value: dict[str, int],
        next_offset: int,
        *,
        emits: bool = True,
        more_waiting: bool = False,
    ) -> None:
        self.partition.open_view()
        self.partition.state.put(key, value)
        if emits:
            self.partition.outputs.append(("out", key, b"x"))
        self.partition.advance("in", next_offset, 1, more_waiting=more_waiting)
        self.partition.close_view()

    @property
    def in_flight(self) -> asyncio.Future[int] | None:
        return self.partition._in_flight

    async def landed(self) -> None:
        """A checkpoint is in flight; return once it is committed."""
        assert self.in_flight is not None
        await self.in_flight


Test = Callable[[Bench], Coroutine[Any, Any, None]]


def on_loop(test: Test, settings: PartitionSettings = SETTINGS) -> Callable[[], None]:
    def run() -> None:
        async def body() -> None:
            await test(Bench(settings))

        asyncio.run(body())

    run.__name__ = test.__name__
    return run


def patiently(test: Test) -> Callable[[], None]:
    return on_loop(test, PATIENT)


def on_loop_with(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """As ``on_loop``, for a test with parameters."""

    def run(**parameters: Any) -> None:
        async def body() -> None:
            await test(Bench(), **parameters)

        asyncio.run(body())

    run.__name__ = test.__name__
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [*inspect.signature(test).parameters.values()][1:]
    )
    return run


@on_loop
async def test_state_outputs_and_progress_are_in_one_checkpoint(bench: Bench) -> None:
    bench.apply(b"k", {"a": 1}, 1)
    await bench.partition.drain()
    (checkpoint,) = bench.committer.committed
    assert checkpoint.values == [(b"k", b"[('a', 1)]")]
    assert checkpoint.outputs == [("out", b"k", b"x")]
    assert checkpoint.progress == {"in": 1}
    assert bench.partition.committed_progress == {"in": 1}


@on_loop
async def test_what_comes_while_a_checkpoint_is_in_flight_goes_into_the_next(bench: Bench) -> None:
    bench.apply(b"k", {"a": 1}, 1)
    bench.apply(b"k", {"a": 2}, 2)
    bench.apply(b"l", {"b": 1}, 3)
    await bench.partition.drain()
    assert [c.progress["in"] for c in bench.committer.committed] == sorted(
        {c.progress["in"] for c in bench.committer.committed}
    )
    assert bench.committer.committed[-1].progress == {"in": 3}
    assert sum(len(c.outputs) for c in bench.committer.committed) == 3


@on_loop
async def test_a_value_changed_after_its_snapshot_does_not_leak_into_it(bench: Bench) -> None:
    value = {"a": 1}
    bench.apply(b"k", value, 1)
    value["a"] = 2
    bench.apply(b"k", value, 2)
    await bench.partition.drain()
    assert bench.committer.committed[0].values == [(b"k", b"[('a', 1)]")]
    assert bench.committer.committed[-1].values == [(b"k", b"[('a', 2)]")]


@on_loop
async def test_being_fenced_drops_the_state_and_tells_the_engine(bench: Bench) -> None:
    bench.committer.error = KafkaException(KafkaError(KafkaError._FENCED))
    bench.apply(b"k", {"a": 1}, 1)
    await bench.partition.drain()
    assert bench.partition.status is Status.LOST
    assert len(bench.partition.state) == 0
    assert bench.partition.progress == {}
    assert bench.lost == [0]


@on_loop
async def test_a_restored_value_is_decoded_when_it_is_touched(bench: Bench) -> None:
    bench.partition.installed({b"k": b"[('a', 7)]", b"gone": None}, {"in": 5}, 9)
    assert bench.partition.state.get(b"k") == {"a": 7}
    assert bench.partition.state.get(b"gone") is None
    assert bench.partition.progress == {"in": 5}
    assert bench.partition.applied_offset == 9


@on_loop
async def test_a_partition_at_rest_keeps_its_state_and_takes_no_checkpoint(bench: Bench) -> None:
    bench.apply(b"k", {"a": 1}, 1)
    await bench.partition.drain()
    bench.partition.rest()
    assert bench.partition.status is Status.IDLE
    assert bench.partition.state.get(b"k") == {"a": 1}
    before = len(bench.committer.committed)
    await bench.partition.drain()
    assert len(bench.committer.committed) == before


@on_loop
async def test_room_is_waited_for_only_above_the_bound(bench: Bench) -> None:
    await asyncio.wait_for(bench.partition.wait_for_room(), 1)
    for offset in range(1, 9):
        bench.apply(b"k", {"a": offset}, offset)
    await asyncio.wait_for(bench.partition.wait_for_room(), 5)
    await bench.partition.drain()
    assert bench.committer.committed[-1].progress == {"in": 8}


def test_offsets_never_go_back(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []

    class Stopped(Exception):
        pass

    def fail_stop(code: object, why: str, error: object = None) -> None:
        stopped.append(why)
        raise Stopped

    monkeypatch.setattr("streams.engine.partition.fail_stop", fail_stop)

    async def body() -> None:
        bench = Bench()
        bench.apply(b"k", {"a": 1}, 5)
        with pytest.raises(Stopped):
            bench.apply(b"k", {"a": 1}, 5)

    asyncio.run(body())
    assert stopped == ["in[0]: 5 after 5"]


@on_loop
async def test_a_write_outside_a_batch_is_committed_without_progress(bench: Bench) -> None:
    bench.partition.state.put(b"k", {"a": 1})
    bench.partition.touched()
    assert await bench.partition.until_committed()
    (checkpoint,) = bench.committer.committed
    assert checkpoint.values == [(b"k", b"[('a', 1)]")]
    assert checkpoint.progress == {"in": 0}


@patiently
async def test_what_nobody_waits_for_goes_with_what_somebody_waits_for(bench: Bench) -> None:
    bench.apply(b"k", {"a": 1}, 1, emits=False)
    await bench.landed()  # nothing went before it
    bench.apply(b"k", {"a": 2}, 2, emits=False)
    assert bench.in_flight is None
    bench.apply(b"l", {"a": 3}, 3)
    await bench.landed()
    assert [c.progress for c in bench.committer.committed] == [{"in": 1}, {"in": 3}]


@patiently
async def test_a_reader_does_not_wait_for_others(bench: Bench) -> None:
    bench.apply(b"k", {"a": 1}, 1, emits=False)
    await bench.landed()
    bench.apply(b"k", {"a": 2}, 2, emits=False)
    async with asyncio.timeout(10):
        assert await bench.partition.until_committed()
    assert bench.partition.committed_progress == {"in": 2}
    bench.apply(b"k", {"a": 3}, 3, emits=False)
    assert bench.in_flight is None, "the reader has left"


@patiently
async def test_outputs_wait_no_longer_once_the_sources_are_read_to_their_ends(bench: Bench) -> None:
    bench.apply(b"k", {"a": 1}, 1)
    await bench.landed()
    bench.apply(b"k", {"a": 2}, 2, more_waiting=True)
    assert bench.in_flight is None
    bench.apply(b"k", {"a": 3}, 3)
    await bench.landed()
    assert bench.partition.committed_progress == {"in": 3}


@on_loop
async def test_who_waits_for_a_commit_learns_that_the_partition_was_lost(bench: Bench) -> None:
    bench.committer.error = KafkaException(KafkaError(KafkaError._FENCED))
    bench.apply(b"k", {"a": 1}, 1)
    assert not await bench.partition.until_committed()


@on_loop
async def test_a_deleted_key_is_a_tombstone_in_the_checkpoint(bench: Bench) -> None:
    bench.partition.installed({b"k": b"[('a', 7)]"}, {"in": 5}, 9)
    bench.partition.activate({})
    bench.partition.state.delete(b"k")
    bench.partition.touched()
    await bench.partition.drain()
    assert bench.committer.committed[0].values == [(b"k", None)]
    assert bench.partition.state.get(b"k") is None


@on_loop
async def test_no_checkpoint_holds_half_a_batch(bench: Bench) -> None:
    bench.partition.open_view()
    bench.partition.state.put(b"k", {"a": 1})
    bench.partition.touched()
    draining = asyncio.ensure_future(bench.partition.drain())
    await asyncio.sleep(0)  # the agent awaits in mid-batch
    assert bench.committer.committed == []
    bench.partition.state.put(b"k", {"a": 2})
    bench.partition.advance("in", 9, 2, more_waiting=False)
    bench.partition.close_view()
    await draining
    (checkpoint,) = bench.committer.committed
    assert checkpoint.values == [(b"k", b"[('a', 2)]")]
    assert checkpoint.progress == {"in": 9}


@pytest.mark.parametrize(("seconds", "sizes"), [(0.0, [1, 1, 1, 1, 1]), (60.0, [5])])
@pytest.mark.parametrize("more_waiting", [False, True])
@on_loop_with
async def test_what_a_turn_leaves_of_a_batch_comes_in_the_next(
    bench: Bench, seconds: float, sizes: list[int], more_waiting: bool
) -> None:
    records = [Message(topic="in", partition=0, offset=at, value=b"x") for at in range(5)]
    rest: Batch | None = Batch("in", 0, records, 7, more_waiting=more_waiting)
    taken: list[list[int | None]] = []
    told: list[bool] = []
    while rest is not None:
        with BatchView(bench.partition, rest, current=True) as view:
            taken.append([record.offset() for record in view.in_turn(seconds)])
        assert bench.partition.progress == {"in": sum(map(len, taken))}
        told.append(bench.partition._more_waiting)
        rest = view.rest
    assert [len(offsets) for offsets in taken] == sizes
    assert [offset for offsets in taken for offset in offsets] == [0, 1, 2, 3, 4]
    assert told == [*[True] * (len(sizes) - 1), more_waiting]
    await bench.partition.drain()
    assert bench.committer.committed[-1].progress == {"in": 5}


@on_loop
async def test_a_superseded_batch_has_nothing_to_take(bench: Bench) -> None:
    records = [Message(topic="in", partition=0, offset=0, value=b"x")]
    with BatchView(bench.partition, Batch("in", 0, records, 7), current=False) as view:
        assert list(view.in_turn(0.0)) == []
    assert view.rest is None
    assert bench.partition.progress == {"in": 0}
