"""Processes that outlive the one that started them: spawn, recognise, watch and end them.

A pid in a file proves nothing after a crash: the number may belong to somebody else by now.  A process is
ours only when its command line carries the service's marker (a path inside the stack's folder).  That also
finds servers whose starter was killed before it could write anything down.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import psutil

_LAUNCHER = Path(__file__).with_name("launch.py")
_POLL_S = 0.02
_LOG_MAX_BYTES = 10 * 2**20


@dataclasses.dataclass(frozen=True, slots=True)
class Account:
    """Whom a server runs as when we are root; `pass_directories`: may read past directory permissions."""

    uid: int
    gid: int
    name: str
    pass_directories: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Command:
    """How to start one server; `argv[0]` is an absolute path, `log_path` gets its stdout and stderr."""

    argv: tuple[str, ...]
    cwd: Path
    log_path: Path
    env: Mapping[str, str] = dataclasses.field(default_factory=dict)
    account: Account | None = None


def spawn(command: Command) -> psutil.Process | None:
    """Start the server in its own session and return it; None when it had ended before we could look.

    Raises OSError with the exec's errno when the program could not be started at all.
    """
    _rotate(command.log_path)
    done = subprocess.run(_launch(command, detach=True), capture_output=True, check=True, text=True)
    report = json.loads(done.stdout)
    if "errno" in report:
        raise OSError(report["errno"], report["error"], command.argv[0])
    try:
        return psutil.Process(report["pid"])
    except psutil.NoSuchProcess:
        return None


def run_to_end(command: Command, text_input: str = "") -> int:
    """Run a short-lived program under the same conditions as a server and return its exit code.  Blocks."""
    _rotate(command.log_path)
    done = subprocess.run(
        _launch(command, detach=False), input=text_input, capture_output=True, check=False, text=True
    )
    return done.returncode


def _launch(command: Command, *, detach: bool) -> list[str]:
    account = command.account
    spec = {
        "argv": command.argv,
        "cwd": str(command.cwd),
        "log": str(command.log_path),
        "env": {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC", **command.env},
        "uid": account.uid if account else None,
        "gid": account.gid if account else None,
        "pass_directories": account.pass_directories if account else False,
        "detach": detach,
    }
    return [sys.executable, "-I", "-S", str(_LAUNCHER), json.dumps(spec)]


def _rotate(log_path: Path) -> None:
    log_path.parent.mkdir(parents=True, exist_ok=True)
    if log_path.exists() and log_path.stat().st_size > _LOG_MAX_BYTES:
        log_path.replace(log_path.with_suffix(".log.1"))


def is_alive(process: psutil.Process | None) -> bool:
    """Whether the process runs; a zombie counts as dead, since nobody may ever reap it."""
    if process is None:
        return False
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def has_marker(process: psutil.Process, marker: Sequence[str]) -> bool:
    """Whether every string of `marker` is one of the process's arguments."""
    try:
        arguments = process.cmdline()
    except psutil.Error:
        return False
    return all(part in arguments for part in marker)


def find(marker: Sequence[str], hint_pid: int | None = None) -> psutil.Process | None:
    """The live process whose arguments carry `marker`, or None.  The hint is tried first, then all."""
    if hint_pid is not None:
        try:
            hinted = psutil.Process(hint_pid)
        except psutil.NoSuchProcess:
            hinted = None
        if hinted is not None and is_alive(hinted) and has_marker(hinted, marker):
            return hinted
    found = [p for p in psutil.process_iter() if has_marker(p, marker) and is_alive(p)]
    pids = {p.pid for p in found}
    for process in found:  # a server that forks shows its children under the same arguments for a moment
        try:
            if process.ppid() not in pids:
                return process
        except psutil.NoSuchProcess:
            continue
    return None


def tree_of(process: psutil.Process) -> list[psutil.Process]:
    """The process and all its descendants."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return [process]


def memory_bytes(process: psutil.Process) -> int | None:
    """Resident memory of the process and its descendants, pages shared among them counted once (Linux)."""
    own, shared = 0, 0
    for member in tree_of(process):
        try:
            found = member.memory_info()
        except psutil.Error:
            continue
        common = getattr(found, "shared", 0)
        own += found.rss - common
        shared = max(shared, common)
    return own + shared or None


def listener_on(port: int) -> str | None:
    """Name and pid of the process that listens on the port, as far as this account may see it."""
    try:
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr[1:2] == (port,)
            if listens and connection.pid is not None:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        return None
    return None


def wait_until(condition: Callable[[], bool], deadline: float, poll_s: float = _POLL_S) -> bool:
    """Poll `condition` until it holds or `time.monotonic()` passes `deadline`; whether it held."""
    while True:
        if condition():
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(poll_s)


def send(process: psutil.Process, signal_number: int) -> None:
    """Send a signal; a process that is gone already is no error."""
    try:
        process.send_signal(signal_number)
    except psutil.NoSuchProcess:
        return


def kill_all(processes: Iterable[psutil.Process], timeout_s: float = 5) -> None:
    """SIGKILL each and wait until none is left running."""
    doomed = list(processes)
    for process in doomed:
        send(process, signal.SIGKILL)
    wait_until(lambda: not any(is_alive(p) for p in doomed), time.monotonic() + timeout_s)


def log_ends(paths: Iterable[Path]) -> dict[Path, int]:
    """Where each log ends now, so that later only newer lines are quoted."""
    return {path: path.stat().st_size if path.exists() else 0 for path in paths}


def last_lines(paths: Iterable[Path], since: Mapping[Path, int] | None = None, count: int = 15) -> list[str]:
    """The logs' last lines written after `since`, for an error message; unreadable files are skipped."""
    lines: list[str] = []
    for path in paths:
        try:
            size = path.stat().st_size
            start = (since or {}).get(path, 0)
            with path.open("rb") as log:
                log.seek(
                    max(0 if start > size else start, size - 32_768)
                )  # shorter than before: it was rotated
                lines += log.read().decode("utf-8", "replace").splitlines()[-count:]
        except OSError:
            continue
    return [line for line in lines if line.strip()][-count:]
