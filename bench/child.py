"""A peer as a child process: started, listened to, measured, ended.

CPU and memory are those of the whole process tree, read from the kernel when a mark arrives; the broker is another
tree and is not counted.
"""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

_STOP_WITHIN_S = 15.0
_LOG_LINES = 25


class PeerFailed(Exception):
    """A peer ended early or kept silent for too long; carries the end of its log."""

    def __init__(self, name: str, what: str, log: Path) -> None:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]
        super().__init__(f"{name}: {what}; the end of {log}:\n" + "\n".join(lines))


@dataclass(frozen=True, slots=True)
class Mark:
    """One line of a peer, with the CPU that its process tree had used. ``more``: other fields of the line."""

    name: str
    at_s: float
    cpu_s: float
    more: dict[str, Any]


class Child:
    """A context manager: started on entry, ended on exit."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, working_dir: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.log = folder / "peer.log"
        self._command = command
        self._working_dir = working_dir
        self._marks: queue.Queue[Mark | None] = queue.Queue()
        self._first_of: dict[str, Mark] = {}

    def __enter__(self) -> Self:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._working_dir,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._tree = psutil.Process(self._process.pid)
        self._reader = threading.Thread(target=self._read, daemon=True, name=f"marks of {self.name}")
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it ended by itself
            self._process.stdin.close()
        try:
            self._process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            for process in self._members():
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            self._process.wait()
        self._reader.join()

    def wait_for(self, name: str, timeout_s: float) -> Mark:
        """Block until the peer has said ``name`` and return it; marks before it are dropped. Raises PeerFailed."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                mark = self._marks.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise PeerFailed(self.name, f"no '{name}' within {timeout_s:.0f} s", self.log) from None
            if mark is None:
                code = self._process.wait()
                raise PeerFailed(self.name, f"ended with {code} before '{name}'", self.log)
            if mark.name == name:
                return mark

    def said(self, name: str) -> Mark | None:
        """The first mark of that name so far. Does not block."""
        return self._first_of.get(name)

    def cpu_s(self) -> float:
        """CPU seconds used so far, children included."""
        total = 0.0
        for process in self._members():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system
        return total

    def rss_bytes(self) -> int:
        """Resident memory now."""
        return sum(self._status("VmRSS:"))

    def peak_rss_bytes(self) -> int:
        """The sum of the peaks of the process and its living children, as the kernel kept them."""
        return sum(self._status("VmHWM:"))

    def _status(self, field: str) -> list[int]:
        found = []
        for process in self._members():
            with contextlib.suppress(FileNotFoundError):
                for line in Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines():
                    if line.startswith(field):
                        found.append(int(line.split()[1]) * 1024)
        return found

    def _members(self) -> list[psutil.Process]:
        try:
            return [self._tree, *self._tree.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines, self.log.open("ab") as log:
            for line in lines:
                try:
                    found = json.loads(line)
                    name, at_ns = found.pop("mark"), found.pop("at_ns")
                except (ValueError, AttributeError, KeyError):
                    if line.strip():
                        log.write(line)  # a library's own remark
                        log.flush()
                    continue
                mark = Mark(name, at_ns / 1e9, self.cpu_s(), found)
                self._first_of.setdefault(name, mark)
                self._marks.put(mark)
        self._marks.put(None)
