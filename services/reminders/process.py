"""The reminders process: evaluates and sends every few seconds, on one thread of a scheduler.

A missed run is not made up for one by one: an evaluation looks at what is due now, so the next one catches
up.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Sequence
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from domain.reminders import ReminderPolicy
from services.language import Language
from services.notify import Dispatcher, NoticePublishError
from services.reminders.evaluate import evaluate_reminders

_log: Final = logging.getLogger(__name__)
#: what passes by itself; the next run tries again
_OUTAGES: Final = (DBAPIError, PoolTimeoutError, NoticePublishError)


class ReminderProcess:
    """``run`` blocks until ``stop``; the checks may be called from other threads."""

    def __init__(
        self,
        engine: sa.Engine,
        policy: ReminderPolicy,
        zone: ZoneInfo,
        language: Language,
        dispatcher: Dispatcher,
        clock: Callable[[], dt.datetime],
        *,
        evaluate_every: dt.timedelta = dt.timedelta(seconds=10),
        send_every: dt.timedelta = dt.timedelta(seconds=5),
    ) -> None:
        self._engine = engine
        self._policy = policy
        self._zone = zone
        self._language: Language = language
        self._dispatcher = dispatcher
        self._clock = clock
        self._evaluate_every = evaluate_every
        self._send_every = send_every
        self._last_run = time.monotonic()
        self._outage: str | None = None
        self._defect: BaseException | None = None
        # One worker thread: an evaluation and a sending never overlap.
        self._scheduler = BlockingScheduler(
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
            timezone=dt.UTC,
        )

    def run(self) -> None:
        """Schedule and block. Raises what is not an outage (a defect), after stopping the scheduler."""
        first = dt.datetime.now(dt.UTC)
        for job, every in ((self.evaluate, self._evaluate_every), (self.send, self._send_every)):
            self._scheduler.add_job(
                job, "interval", seconds=every.total_seconds(), next_run_time=first, id=job.__name__
            )
        self._scheduler.add_listener(self._note_defect, EVENT_JOB_ERROR)
        self._scheduler.start()
        if self._defect is not None:
            raise self._defect

    def stop(self) -> None:
        """Ask ``run`` to return once the job that is running has ended."""
        self._scheduler.shutdown(wait=False)

    def evaluate(self) -> None:
        """One evaluation, outages noted."""
        self._guarded(
            lambda: evaluate_reminders(self._engine, self._policy, self._clock(), self._zone, self._language)
        )

    def send(self) -> None:
        """One round of sending, outages noted."""
        self._guarded(self._dispatcher.dispatch)

    def alive(self) -> Sequence[str]:
        """See ``runtime.health.Problems``: no run for ten times as long as they are apart."""
        age = time.monotonic() - self._last_run
        allowed = 10 * max(self._evaluate_every, self._send_every).total_seconds()
        return [f"no run for {age:.0f} s"] if age > allowed else []

    def ready(self) -> Sequence[str]:
        """See ``runtime.health.Problems``: the outage that made the last run fail."""
        return [self._outage] if self._outage is not None else []

    def _guarded(self, act: Callable[[], object]) -> None:
        try:
            act()
        except _OUTAGES as error:
            self._outage = f"waiting out {type(error).__name__}"
            _log.warning("an outage interrupts the reminders", exc_info=error)
        else:
            self._outage = None
        self._last_run = time.monotonic()

    def _note_defect(self, event: JobExecutionEvent) -> None:
        self._defect = event.exception
        self._scheduler.shutdown(wait=False)
