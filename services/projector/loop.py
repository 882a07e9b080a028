"""The projector's loop: read a batch, commit it to PostgreSQL, bring it to Redis.

Three batches are on their way at the same time, each step in a thread of its own: one is read and made ready, the one
before it is committed, the one before that goes to Redis. Big batches come by themselves: while one is committed, the
next records queue up. A stop finishes the batch that is being committed; what was read ahead is read again.

Invariant: a batch is not committed before Redis has answered for the one before: whenever the process dies, Redis is
at most one batch behind.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final

from runtime import metrics
from services.projector.batch import Batch
from services.projector.errors import ResultsUnavailable
from services.projector.live_side import LiveSide
from services.projector.reader import ResultsReader
from services.projector.writer import Load, PostgresWriter

#: the thread that waits for the server's next answer, dozens of times a batch, must not wait each time until the thread
#: that reads ahead has used up Python's 5 ms (7 % more rows a second)
_SWITCH_INTERVAL_S: Final = 0.0005
#: messages of two batches: none is part of a cycle, and who looks for one holds up all threads
_GC_THRESHOLD: Final = 50_000
_STUCK_S: Final = 120.0
#: that long may nothing come although others hear that there is more
_SILENT_S: Final = 45.0
_OBSERVE_EVERY_S: Final = 1.0


def tune_process() -> None:
    """For a process that runs a projector, when everything is imported: threads take turns sooner, and cycles are
    looked for rarely and not among what stays (80 ms in every second batch).
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD)


class Projector:
    """One projector. `run` blocks; `ready_problems` and `stuck_problems` may be called from other threads."""

    def __init__(
        self,
        reader: ResultsReader,
        writer: PostgresWriter,
        live: LiveSide,
        *,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._live = live
        self._clock_s = clock_s
        self._progress_s = clock_s()
        self._observed_s = -_OBSERVE_EVERY_S
        self._silent_since_s: float | None = None
        self._is_open = False
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
        self._reading: Future[tuple[Batch, list[Load]]] | None = None  # the batch to commit next
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="live-side")
        self._following: Future[None] | None = None  # Redis, with the batch that was committed last

    def run(self, is_stopping: Callable[[], bool]) -> None:
        """Project until told to stop, which is asked between batches.

        Raises ProjectorError, or psycopg.OperationalError when PostgreSQL stays away.
        """
        self._reader.open(self._writer.positions())
        self._live.start()
        self._is_open = True
        try:
            while not is_stopping():
                self.turn()
        finally:
            reading, self._reading = self._reading, None
            if reading is not None:
                wait([reading])  # what it may have raised, the next start meets at the same place
            self._settle()

    def turn(self) -> None:
        """One batch, if there is one."""
        batch, loads = self._next()
        if batch:
            self._silent_since_s = None
            began_s = self._clock_s()
            self._writer.commit(batch, loads, before_commit=self._settle)
            self._settle()  # a commit that was taken before asks for nothing
            metrics.PROJECTOR_COMMIT_SECONDS.observe(self._clock_s() - began_s)
            metrics.PROJECTOR_BATCHES.inc()
            metrics.PROJECTOR_BATCH_RECORDS.observe(batch.records)
            self._following = self._beside.submit(self._live.apply, batch)
        if self._live.busy or (self._following is not None and self._following.done()):
            self._settle()
        if self._following is None:
            self._live.tend()
        self._progress_s = self._clock_s()
        if self._progress_s - self._observed_s >= _OBSERVE_EVERY_S:
            self._observed_s = self._progress_s
            self._observe()
            self._listen(unheard=self._reader.unheard(), heard=bool(batch))

    def _next(self) -> tuple[Batch, list[Load]]:
        """The batch that was read ahead, if there is one; the one after it is read from now on."""
        if self._reading is None:
            self._reading = self._ahead.submit(self._read)
        if self._live.busy and not self._reading.done():
            return Batch(), []
        found = self._reading.result()
        self._reading = self._ahead.submit(self._read)
        return found

    def _read(self) -> tuple[Batch, list[Load]]:
        batch = self._reader.next_batch()
        return batch, self._writer.prepare(batch)

    def _settle(self) -> None:
        """Wait until Redis has the last batch, or is known not to have it. Raises what the thread raised."""
        following, self._following = self._following, None
        if following is not None:
            following.result()

    def progress_age_s(self) -> float:
        """Seconds since the last turn ended."""
        return self._clock_s() - self._progress_s

    def out_of_step_s(self) -> float:
        """Seconds since Redis ceased to reflect PostgreSQL, 0 when it does."""
        return self._live.out_of_step_s()

    def ready_problems(self) -> Sequence[str]:
        """Why people see old figures."""
        if not self._is_open:
            return ["the projector is starting"]
        return [problem for problem in (self._writer.problem, self._live.problem) if problem is not None]

    def stuck_problems(self) -> Sequence[str]:
        """Why the process should be restarted."""
        age_s = self.progress_age_s()
        return [f"no progress for {age_s:.0f} s"] if age_s > _STUCK_S else []

    def _observe(self) -> None:
        for lag in self._reader.lags():
            topic, partition = lag.place
            metrics.PROJECTOR_LAG_RECORDS.labels(topic, partition).set(lag.records)
            metrics.PROJECTOR_LAG_SECONDS.labels(topic, partition).set(lag.seconds)

    def _listen(self, *, unheard: int, heard: bool) -> None:
        """Notice that Kafka has more and the reader gets nothing of it. Raises ResultsUnavailable."""
        if heard or not unheard:
            self._silent_since_s = None
        elif self._silent_since_s is None:
            self._silent_since_s = self._progress_s
        elif self._progress_s - self._silent_since_s > _SILENT_S:
            raise ResultsUnavailable(
                f"{unheard} records wait, and for {_SILENT_S:.0f} s none of them came: start again"
            )
