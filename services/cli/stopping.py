"""Waiting for Ctrl-C or SIGTERM without a lock that the signal handler could meet again.

``threading.Event.set`` in a handler deadlocks when the interrupted code is ``Event.wait``: so signals are turned
into bytes on a socket, and waiting is a ``select``.
"""

from __future__ import annotations

import select
import signal
import socket
from types import TracebackType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """While entered, SIGINT and SIGTERM only end ``wait``. For the main thread."""

    def __enter__(self) -> StopSignals:
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)
        self._seen = False
        self._wakeup_before = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, lambda *_: None) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._read.close()
        self._write.close()

    def wait(self, timeout_s: float | None = None) -> bool:
        """True once a stop was asked for; False when ``timeout_s`` has passed first."""
        if not self._seen:
            ready, _, _ = select.select([self._read], [], [], timeout_s)
            self._seen = bool(ready)
        return self._seen
