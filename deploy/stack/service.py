"""What the three servers have in common: the shape through which the stack handles each of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import psutil

from .process import Command

Progress = Callable[[str], None]


class Service(Protocol):
    """One server of the stack.  Nothing is touched before `prepare`."""

    @property
    def name(self) -> str:
        """`kafka`, `postgres` or `valkey`."""

    @property
    def ports(self) -> tuple[int, ...]:
        """TCP ports that it listens on at 127.0.0.1; the first is the one for clients."""

    @property
    def url(self) -> str:
        """Where clients find it; empty when it was never started."""

    @property
    def marker(self) -> tuple[str, ...]:
        """Arguments that its process carries and no other does."""

    @property
    def stop_signal(self) -> int:
        """The signal for a clean stop."""

    @property
    def log_paths(self) -> tuple[Path, ...]:
        """Where it writes; the first is the main log."""

    def prepare(self, progress: Progress) -> Command:
        """Make data folder and configuration ready (first start: format) and say how to start it.  Blocks."""

    def probe(self) -> str | None:
        """Its version when it answers a real request now, else None.  Blocks for some 2 s; never raises."""

    def stopped(self) -> None:
        """Called after a clean end of its process."""

    def leftovers(self) -> list[psutil.Process]:
        """Processes of an earlier run which survived their main process and still use the data."""
