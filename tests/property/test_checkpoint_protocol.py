"""The checkpoint protocol on a simulated log: crashes, zombies, aborts and timeouts between every pair of steps.

The engine is the real one (acquire, restore, seek, fold, checkpoint), only the broker is simulated. Whatever goes wrong
wherever, the committed state is the fold of the input, and every output is there exactly once and in order.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.progress import PROGRESS_KEY, decode_progress
from streams.engine import checkpoint, data_plane, engine, partition, restore
from streams.engine.engine import Engine
from streams.engine.pace import PaceSettings
from streams.engine.partition import PartitionSettings, Status
from streams.engine.rocksdb_store import RocksStore
from streams.engine.seen import SeenIds
from streams.engine.stores import ColdStore, Encoded, MemoryStore, Position
from streams.engine.table import StateTable
from tests.property.simulated_log import (
    Crash,
    Record,
    SimulatedConsumer,
    SimulatedLog,
    SimulatedProducer,
    may_be_retried,
    requires_abort,
)

SOURCES = ("a", "b")
SETTINGS = PartitionSettings(PaceSettings(idle_seconds=0.0, busy_seconds=0.0, busy_events=4), hot_keys_max=1)


class Sum(SeenIds):
    __slots__ = ("total",)
    ID_BYTES = 1

    def __init__(self, total: int = 0, sealed: int = 0, tail: bytes = b"") -> None:
        super().__init__(tail, sealed)
        self.total = total


def encode(value: Sum) -> bytes:
    return bytes([value.total % 251, value.sealed]) + value.tail


def decode(data: bytes) -> Sum:
    return Sum(data[0], data[1], data[2:])


def apply(value: Sum, event: bytes) -> list[bytes] | None:
    if not value.is_new(event):
        return None
    value.total = (value.total + event[0]) % 251
    return [event + bytes([value.total])]


class Inline(Executor):
    """Runs what it is given at once, on the caller's thread: every run of a plan has the same steps."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done


class CrashingStore:
    """A local store that outlives its process; the crash may come on either side of its write."""

    def __init__(self, log: SimulatedLog, store: RocksStore) -> None:
        self._log = log
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def __len__(self) -> int:
        return len(self._store)

    def commit(self, values: Encoded, position: Position) -> None:
        self._log.step("before store")
        self._store.commit(values, position)
        self._log.step("after store")


@dataclass
class World:
    """A log, its input, and the workers that come and go."""

    events: list[tuple[str, bytes, int]]
    folder: Path | None = None
    log: SimulatedLog = field(default_factory=SimulatedLog)
    stores: list[RocksStore] = field(default_factory=list)

    def __post_init__(self) -> None:
        for source, key, number in self.events:
            self.log.log(source).append(Record(key, bytes([number])))

    def open_store(self, number: int) -> ColdStore:
        if self.folder is None:
            return MemoryStore()
        store = RocksStore(self.folder / str(number))
        self.stores.append(store)
        return CrashingStore(self.log, store)  # type: ignore[return-value]

    async def live(self, batches: int) -> None:
        """One worker's life: take over, apply up to so many batches, end."""
        worker: Engine[Sum] = Engine(
            "sim", {}, StateTable("t", "changelog", encode, decode), SOURCES, SETTINGS, 3, 1, self.open_store
        )
        worker.fetch_pool.shutdown()
        worker._commit_pool = Inline()  # type: ignore[assignment]
        asyncio.get_running_loop().run_in_executor = _inline  # type: ignore[assignment, method-assign]
        assert await worker.acquire({0})
        await worker.seek({})
        for _ in range(batches):
            for batch in worker.data_plane.fetch(0.0):
                with worker.open(batch) as view:
                    view.fold(lambda values: values, apply, Sum, "out")
            for _ in range(4):
                await asyncio.sleep(0)  # a checkpoint's callbacks
            if worker.partitions[0].status is Status.LOST or threading.get_ident() in self.log.dead:
                return
        await worker.release()

    def run(self, batches: int) -> None:
        """As a process of its own: its end frees its files, however it comes."""
        try:
            asyncio.run(self.live(batches))
        except Crash:
            pass
        finally:
            self.log.dead.discard(threading.get_ident())
            for store in self.stores:
                store.close()
            self.stores.clear()

    def take_over(self) -> None:
        """Another worker takes over and works while this one is frozen in mid-step (memory only: files are locked)."""
        done: list[BaseException] = []

        def other() -> None:
            try:
                self.run(3)
            except BaseException as error:
                done.append(error)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert not done, done

    def check(self) -> None:
        self.log.mishaps.clear()
        self.run(len(self.events) + 5)
        records = self.log.committed("changelog")
        held = {key: value for key, value in records if key is not None}
        progress = [decode_progress(value).offsets for key, value in records if key == PROGRESS_KEY and value]
        for source in SOURCES:
            seen = [offsets[source] for offsets in progress if source in offsets]
            assert seen == sorted(seen), "I8: progress only grows"
        expected, outputs = fold_in_order(self.log.committed("out"), self.events)
        state = {
            key: decode(value) for key, value in held.items() if value is not None and b"\x00" not in key
        }
        assert {key: value.total for key, value in state.items()} == expected
        assert sorted(self.log.committed("out")) == sorted(outputs), "each output exactly once"


def fold_in_order(
    found: Iterable[tuple[bytes | None, bytes | None]], events: list[tuple[str, bytes, int]]
) -> tuple[dict[bytes, int], list[tuple[bytes | None, bytes | None]]]:
    """The final totals, and the outputs in the order in which the run says that it applied the ids of each key."""
    totals: dict[bytes, int] = {}
    for key, number in {(key, number) for _, key, number in events}:
        totals[key] = (totals.get(key, 0) + number) % 251
    order: dict[bytes, list[int]] = {}
    for key, value in found:
        assert key is not None
        assert value is not None
        order.setdefault(key, []).append(value[0])
    outputs: list[tuple[bytes | None, bytes | None]] = []
    for key, numbers in order.items():
        assert sorted(numbers) == sorted({n for _, k, n in events if k == key}), "each id was applied once"
        total = 0
        for number in numbers:
            total = (total + number) % 251
            outputs.append((key, bytes([number, total])))
    return totals, outputs


def _inline(executor: Any, fn: Callable[..., Any], *args: Any) -> Any:
    done = Inline().submit(fn, *args)
    return asyncio.wrap_future(done)


@contextmanager
def simulated(world: World) -> Iterator[None]:
    def stop(code: object, why: str, error: BaseException | None = None) -> None:
        world.log.dead.add(threading.get_ident())
        raise Crash(why) from error

    patch = pytest.MonkeyPatch()
    patch.setattr(checkpoint, "Producer", lambda config, logger: SimulatedProducer(world.log, config))
    patch.setattr(data_plane, "Consumer", lambda config, logger: SimulatedConsumer(world.log, config))
    patch.setattr(restore, "Consumer", lambda config, logger: SimulatedConsumer(world.log, config))
    for module in (engine, partition):
        patch.setattr(module, "fail_stop", stop)
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        patch.undo()


def mishap(kind: str, world: World) -> Callable[[str], None]:
    """What happens at a step; an error of a kind that cannot come there does not."""

    def happen(where: str) -> None:
        if kind == "crash":
            raise Crash
        if kind == "zombie":
            world.take_over()
        elif kind == "abort" and where in ("before produce", "before commit"):
            raise requires_abort()
        elif kind == "timeout" and where in ("before commit", "after commit"):
            raise may_be_retried()

    return happen


EVENTS = st.lists(
    st.tuples(st.sampled_from(SOURCES), st.sampled_from([b"x", b"y", b"z"]), st.integers(1, 9)),
    min_size=1,
    max_size=14,
)
STEPS = st.integers(1, 120)


def plan(kinds: list[str]) -> st.SearchStrategy[dict[int, str]]:
    return st.dictionaries(STEPS, st.sampled_from(kinds), max_size=6)


@given(events=EVENTS, what=plan(["crash", "zombie", "abort", "timeout"]), lives=st.integers(1, 4))
@settings(max_examples=300, deadline=None)
def test_whatever_happens_wherever_the_result_is_exact(
    events: list[tuple[str, bytes, int]], what: dict[int, str], lives: int
) -> None:
    world = World(events)
    world.log.mishaps = {step: mishap(kind, world) for step, kind in what.items()}
    with simulated(world):
        for _ in range(lives):
            world.run(2)
        world.check()


@given(events=EVENTS, what=plan(["crash", "abort", "timeout"]), lives=st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_a_local_store_that_survives_changes_nothing(
    events: list[tuple[str, bytes, int]], what: dict[int, str], lives: int
) -> None:
    with TemporaryDirectory() as folder:
        world = World(events, Path(folder))
        world.log.mishaps = {step: mishap(kind, world) for step, kind in what.items()}
        with simulated(world):
            for _ in range(lives):
                world.run(2)
            world.check()


def test_a_crash_between_every_pair_of_steps() -> None:
    """Exhaustive where the property is random: one crash, one takeover and one of each error at each step there is."""
    events = [(SOURCES[n % 2], b"xyz"[n % 3 : n % 3 + 1], n // 2 + 1) for n in range(9)]
    quiet = World(events)
    with simulated(quiet):
        quiet.check()
    steps = quiet.log.steps
    assert steps > 30
    for step in range(1, steps + 1):
        for kind in ("crash", "zombie", "abort", "timeout"):
            world = World(events)
            world.log.mishaps = {step: mishap(kind, world)}
            with simulated(world):
                world.run(5)
                world.check()


def test_a_refusal_after_an_unanswered_commit_is_not_retried() -> None:
    """Found by the property above: the unanswered one had committed, and the retry wrote everything twice."""
    events = [("a", b"x", 1), ("b", b"x", 2)]
    quiet = World(events)
    with simulated(quiet):
        quiet.run(5)
    for step in range(1, quiet.log.steps + 1):
        world = World(events)
        world.log.mishaps = {step: mishap("timeout", world), step + 1: mishap("abort", world)}
        with simulated(world):
            world.run(5)
            world.check()


def test_without_fencing_the_simulation_sees_the_double(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: a suite that cannot fail proves nothing."""
    monkeypatch.setattr(SimulatedProducer, "_check", lambda self, what: self._log.step(what))
    events = [("a", b"x", 1), ("b", b"x", 2), ("a", b"y", 3)]
    failures = 0
    for step in range(1, 40):
        world = World(events)
        world.log.mishaps = {step: mishap("zombie", world)}
        with simulated(world):
            try:
                world.run(5)
                world.check()
            except AssertionError:
                failures += 1
    assert failures
