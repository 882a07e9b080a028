"""The order of a turn: read, commit, then Redis; and what the process says about itself."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import psycopg
import pytest

from services.projector.batch import Batch
from services.projector.errors import ResultsUnavailable
from services.projector.loop import Projector, tune_process
from services.projector.reader import Lag
from services.store.live import Advance, Place

PLACE: Place = ("tieout.balances", 0)


class Parts:
    """Reader, writer and live side of a projector; writes down what is asked of them."""

    def __init__(self, batches: int = 0) -> None:
        self.calls: list[str] = []
        self.pending = [Batch({}, {PLACE: Advance(n, n + 1)}, 1) for n in range(batches)]
        self.problem: str | None = None
        self.busy = False
        self.fails: Exception | None = None
        self.breaks: Exception | None = None
        self.slow: threading.Event | None = None
        self.silent: threading.Event | None = None
        self.unreadable: Exception | None = None
        self.behind = 0

    def positions(self) -> dict[Place, int]:
        return {PLACE: 7}

    def open(self, positions: Mapping[Place, int]) -> None:
        self.calls.append(f"open at {positions[PLACE]}")

    def start(self) -> None:
        self.calls.append("compare")

    def next_batch(self) -> Batch:
        self.calls.append("read")
        if self.silent is not None:
            assert self.silent.wait(10)
        if self.unreadable and not self.pending:
            raise self.unreadable
        return self.pending.pop(0) if self.pending else Batch()

    def prepare(self, batch: Batch) -> list[Any]:
        return [batch]

    def commit(self, batch: Batch, loads: list[Any], *, before_commit: Callable[[], None]) -> None:
        if self.fails:
            raise self.fails
        assert loads == [batch]
        before_commit()
        self.calls.append("commit")

    def apply(self, batch: Batch) -> None:
        if self.slow is not None:
            assert self.slow.wait(10)
        if self.breaks:
            raise self.breaks
        self.calls.append("redis")

    def tend(self) -> None:
        self.calls.append("tend")

    def out_of_step_s(self) -> float:
        return 0.0

    def lags(self) -> Iterator[Lag]:
        yield Lag(PLACE, 0, 0.0)

    def unheard(self) -> int:
        return self.behind


def projector_of(parts: Parts, clock_s: Any = lambda: 0.0) -> Projector:
    part: Any = parts
    return Projector(part, part, part, clock_s=clock_s)


def test_redis_comes_after_the_commit_and_reading_starts_where_postgresql_stands() -> None:
    parts = Parts(batches=2)
    turns = iter([False, False, False, True])
    projector_of(parts).run(lambda: next(turns))
    assert parts.calls[:2] == ["open at 7", "compare"]
    assert [call for call in parts.calls if call in {"commit", "redis"}] == ["commit", "redis"] * 2


def test_a_batch_is_not_committed_before_redis_has_answered_for_the_one_before() -> None:
    parts = Parts(batches=2)
    slow = threading.Event()
    parts.slow = slow
    projector = projector_of(parts)
    projector.turn()
    timer = threading.Timer(0.05, lambda: (parts.calls.append("answer"), slow.set()))
    timer.start()
    projector.turn()
    timer.join()
    seen = [call for call in parts.calls if call in {"commit", "answer"}]
    assert seen == ["commit", "answer", "commit"]


def test_what_the_thread_beside_raises_ends_the_loop() -> None:
    parts = Parts(batches=1)
    parts.breaks = ZeroDivisionError("a defect")
    with pytest.raises(ZeroDivisionError):
        projector_of(parts).run(lambda: "commit" in parts.calls)


def test_what_is_not_committed_never_reaches_redis() -> None:
    parts = Parts(batches=1)
    parts.fails = psycopg.OperationalError("gone")
    with pytest.raises(psycopg.OperationalError):
        projector_of(parts).run(lambda: False)
    assert "redis" not in parts.calls


def test_a_rebuild_does_not_wait_for_records() -> None:
    parts = Parts()
    parts.busy = True
    parts.silent = threading.Event()
    projector = projector_of(parts)
    projector.turn()
    projector.turn()
    assert parts.calls.count("tend") == 2
    parts.silent.set()


def test_the_next_batch_is_read_while_one_is_committed() -> None:
    parts = Parts(batches=2)
    read_ahead = threading.Event()
    reads = iter([None, read_ahead])

    def next_batch() -> Batch:
        if (event := next(reads, None)) is not None:
            event.set()
        return parts.pending.pop(0) if parts.pending else Batch()

    def commit(batch: Batch, loads: list[Any], *, before_commit: Callable[[], None]) -> None:
        assert read_ahead.wait(10)
        parts.calls.append("commit")

    part: Any = parts
    part.next_batch, part.commit = next_batch, commit
    projector_of(parts).turn()
    assert parts.calls[0] == "commit"


def test_what_reading_raises_ends_the_loop_after_the_batches_before_it() -> None:
    parts = Parts(batches=2)
    parts.unreadable = ZeroDivisionError("a defect")
    with pytest.raises(ZeroDivisionError):
        projector_of(parts).run(lambda: False)
    assert [call for call in parts.calls if call in {"commit", "redis"}] == ["commit", "redis"] * 2


def test_a_stop_finishes_the_batch_and_leaves_what_was_read_ahead() -> None:
    parts = Parts(batches=5)
    projector_of(parts).run(lambda: "redis" in parts.calls)
    commits = parts.calls.count("commit")
    assert commits == parts.calls.count("redis")
    assert 0 <= 5 - len(parts.pending) - commits <= 1
    reads = parts.calls.count("read")
    assert parts.calls.count("read") == reads, "nothing is read after the end"


def test_it_says_when_it_is_starting_broken_or_stuck() -> None:
    now_s = 0.0
    parts = Parts()
    projector = projector_of(parts, lambda: now_s)
    assert projector.ready_problems() == ["the projector is starting"]
    projector.run(lambda: "tend" in parts.calls)
    assert projector.ready_problems() == []
    parts.problem = "no database"
    assert set(projector.ready_problems()) == {"no database"}
    assert projector.stuck_problems() == []
    now_s = 121.0
    assert projector.progress_age_s() == 121.0
    assert projector.stuck_problems() == ["no progress for 121 s"]


def test_a_reader_to_which_nothing_comes_although_more_is_there_ends_the_projector() -> None:
    now = [0.0]
    parts = Parts()
    projector = projector_of(parts, lambda: now[0])

    def turn_after(seconds: float) -> None:
        now[0] += seconds
        projector.turn()

    for _ in range(100):
        turn_after(10)  # idle: there is nothing to come
    parts.behind = 5
    turn_after(10)
    turn_after(20)
    parts.pending = [Batch({}, {PLACE: Advance(0, 1)}, 1)]
    for _ in range(3):  # what was read ahead may still be nothing
        turn_after(0 if "commit" in parts.calls else 5)
    assert "commit" in parts.calls, "something came: from here on it counts anew"
    for _ in range(5):
        turn_after(10)
    with pytest.raises(ResultsUnavailable, match="5 records wait"):
        turn_after(10)


def test_a_process_looks_for_cycles_rarely_and_not_among_what_stays() -> None:
    interval_s, thresholds = sys.getswitchinterval(), gc.get_threshold()
    try:
        tune_process()
        assert sys.getswitchinterval() < interval_s
        assert gc.get_freeze_count() > 0
        gc.collect()
        messages: list[list[int]] = [[] for _ in range(40_000)]  # two batches, as containers
        assert gc.get_count()[0] >= len(messages), "nothing was looked at"
    finally:
        sys.setswitchinterval(interval_s)
        gc.set_threshold(*thresholds)
        gc.unfreeze()
