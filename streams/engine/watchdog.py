"""The watchdog: a worker that has work and gets nowhere writes down why and ends; its supervisor starts it anew.

It is a thread, because the event loop itself may be what hangs. "Nowhere" is lag without a committed checkpoint; a
worker that waits for records, or is taking partitions over, is not stalled.
"""

from __future__ import annotations

import logging
import sys
import threading
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
    """

    def __init__(
        self,
        limit_s: float,
        stalled_s: Callable[[], float],
        diagnose: Callable[[], dict[str, object]],
        *,
        stop: Callable[[str], None] | None = None,
    ) -> None:
        assert limit_s > 0
        self._limit_s = limit_s
        self._stalled_s = stalled_s
        self._diagnose = diagnose
        self._stop = stop or _end
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._ended.set()

    def _watch(self) -> None:
        while not self._ended.wait(min(5.0, self._limit_s / 4)):
            stalled = self._stalled_s()
            if stalled > self._limit_s:
                log.critical("no progress for %.0f s, state: %s", stalled, self._diagnose())
                for name, stack in stacks().items():
                    log.critical("thread %s:\n%s", name, stack)
                self._stop(f"work is waiting and nothing was committed for {stalled:.0f} s")
                return


def _end(why: str) -> None:
    fail_stop(ExitCode.STALLED, why)
