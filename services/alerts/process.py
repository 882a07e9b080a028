"""The alerts process: read changes, write notices, send what is due; survives outages of all it depends
on.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import tenacity
from confluent_kafka import KafkaException
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from services.alerts.clock import DayNotToldError, DayTeller
from services.alerts.intake import AlertIntake
from services.alerts.stalled import SourceWatch
from services.alerts.topic import DiscrepancyTopic
from services.notify import Dispatcher, NoticePublishError

_log: Final = logging.getLogger(__name__)
_POLL_S: Final = 0.5
_STUCK_S: Final = 120
#: what passes by itself: the loop waits and goes on from the place in PostgreSQL
_OUTAGES: Final = (DBAPIError, PoolTimeoutError, KafkaException, NoticePublishError, DayNotToldError)


class AlertProcess:
    """``run`` blocks until ``stop``; the checks may be called from other threads."""

    def __init__(
        self,
        topic: DiscrepancyTopic,
        intake: AlertIntake,
        dispatchers: Sequence[Dispatcher],
        watch: SourceWatch,
        days: DayTeller,
    ) -> None:
        self._topic = topic
        self._intake = intake
        self._dispatchers = dispatchers
        self._watch = watch
        self._days = days
        self._stop = threading.Event()
        self._last_round = time.monotonic()
        self._outage: str | None = None

    def run(self) -> None:
        """Round after round. Raises what is not an outage (a defect) at once."""
        while not self._stop.is_set():
            try:
                self._round()
            except _OUTAGES:
                if not self._stop.is_set():
                    raise
                _log.info("stopped during an outage; what was not written is read again")

    def _round(self) -> None:
        records = self._topic.poll(_POLL_S)
        # The same records again until they are in PostgreSQL: the consumer has moved past them.
        self._persist(functools.partial(self._intake.take, records))
        if records:
            self._topic.commit()
        self._persist(self._watch.look)
        self._persist(self._days.look)
        for dispatcher in self._dispatchers:
            self._persist(dispatcher.dispatch)
        self._last_round = time.monotonic()

    def stop(self) -> None:
        """Ask ``run`` to return; it does within a second, or when the channel it talks to has answered."""
        self._stop.set()

    def alive(self) -> Sequence[str]:
        """See ``runtime.health.Problems``: no round for long, although no outage explains it."""
        age = time.monotonic() - self._last_round
        return [f"no round for {age:.0f} s"] if age > _STUCK_S and self._outage is None else []

    def ready(self) -> Sequence[str]:
        """See ``runtime.health.Problems``: the outage that it is waiting out."""
        return [self._outage] if self._outage is not None else []

    def _persist(self, act: Callable[[], object]) -> None:
        """Do it; wait out outages with growing pauses. Returns early, with it undone, only when stopping."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_OUTAGES),
            wait=tenacity.wait_random_exponential(multiplier=0.5, max=15),
            stop=tenacity.stop_when_event_set(self._stop),
            sleep=tenacity.sleep_using_event(self._stop),
            before_sleep=self._note_outage,
            reraise=True,
        )
        retrying(act)
        self._outage = None

    def _note_outage(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        self._outage = f"waiting out {type(error).__name__}"
        _log.warning(
            "an outage interrupts the alerts", extra={"attempt": state.attempt_number}, exc_info=error
        )
