"""The watchdog: a worker that has work and gets nowhere writes down why and ends; its supervisor starts it anew.

It is a thread, because the event loop itself may be what hangs. "Nowhere" is lag without a committed checkpoint; a
worker that waits for records, or is taking partitions over, is not stalled. Nor is one whose whole process was frozen:
what it got nowhere in counts from its waking up.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable

from streams.engine.failstop import ExitCode, fail_stop

log = logging.getLogger(__name__)


def stacks() -> dict[str, str]:
    """What every thread is doing: thread name → stack, innermost call last."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return {
        names.get(ident, str(ident)): "".join(traceback.format_stack(frame))
        for ident, frame in sys._current_frames().items()
    }


class Watchdog:
    """Asks ``stalled_s`` every few seconds (from its own thread) and ends the process above ``limit_s``.

    ``stalled_s``: seconds without progress although there is work. ``diagnose``: what else to log, name → figure.
    ``why``: what kind of standstill it is, in words that "for N s" can follow.
    """

    def __init__(
        self,
        limit_s: float,
        stalled_s: Callable[[], float],
        diagnose: Callable[[], dict[str, object]],
        why: Callable[[], str],
        *,
        stop: Callable[[str], None] | None = None,
    ) -> None:
        assert limit_s > 0
        self._limit_s = limit_s
        self._stalled_s = stalled_s
        self._diagnose = diagnose
        self._why = why
        self._stop = stop or _end
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._ended.set()

    def _watch(self) -> None:
        pause_s = min(5.0, self._limit_s / 4)
        awake_since = beat = time.monotonic()
        while not self._ended.wait(pause_s):
            last, beat = beat, time.monotonic()
            if beat - last > 2 * pause_s:  # this thread did not run either: the process was frozen
                awake_since = beat
            stalled = min(self._stalled_s(), beat - awake_since)
            if stalled > self._limit_s:
                log.critical("no progress for %.0f s, state: %s", stalled, self._diagnose())
                for name, stack in stacks().items():
                    log.critical("thread %s:\n%s", name, stack)
                self._stop(f"{self._why()} for {stalled:.0f} s")
                return


def _end(why: str) -> None:
    fail_stop(ExitCode.STALLED, why)
