"""What a Python peer tells the harness, and how it is told what to do.

Arguments are ``name=value``. Marks are JSON lines on stdout: ``first`` before the first record, ``warm`` before the
record from which a peer counts as warm, ``done`` when the results of all input are committed. Standard
library only: every peer imports it, whatever its environment.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence

_POLL_S = 0.002


def read_arguments(given: Sequence[str]) -> dict[str, str]:
    """``name=value`` as a dictionary."""
    return dict(argument.split("=", 1) for argument in given)


def say(mark: str, **more: int) -> None:
    """Print one mark with the time (Unix, nanoseconds)."""
    # A line of its own, whatever a library has left unfinished on stdout (Faust's spinner swallowed marks).
    sys.stdout.write("\n" + json.dumps({"mark": mark, "at_ns": time.time_ns(), **more}) + "\n")
    sys.stdout.flush()


def end_with_harness() -> None:
    """Ask this process to stop when the harness closes our stdin, or dies."""

    def wait() -> None:
        # Not sys.stdin: a thread that holds its lock when the interpreter ends aborts the process.
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True, name="harness").start()


class Marks:
    """Counts records. ``total`` 0: the input has no end, nothing is announced but the first record.

    ``committed`` says how many input records' results are committed; it is asked, in a thread of its own, once all
    were read. ``at_end``: what else to tell when they are.
    """

    def __init__(
        self,
        total: int,
        warm_at: int,
        committed: Callable[[], int],
        at_end: Callable[[], dict[str, int]] = dict,
    ) -> None:
        self.seen = 0
        self._total = total
        self._warm_at = warm_at
        self._warm = False
        self._committed = committed
        self._at_end = at_end

    def before(self) -> None:
        """Call before a record, or a batch of records, is processed."""
        if self.seen == 0:
            say("first")
        elif not self._warm and self._total and self.seen >= self._warm_at:
            self._warm = True
            say("warm", seen=self.seen)

    def after(self, records: int) -> None:
        """Call after these records were processed."""
        self.seen += records
        if self.seen == self._total:
            threading.Thread(target=self._await_commit, daemon=True, name="committed").start()

    def _await_commit(self) -> None:
        while self._committed() < self._total:
            time.sleep(_POLL_S)
        say("done", **self._at_end())
