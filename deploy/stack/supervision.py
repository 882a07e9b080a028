"""One service's life: adopt or start, watch until healthy, end.  What `stack` does for all three at once.

Invariant: when `bring_up` returns, exactly one process serves this folder and it has answered a real request;
when it raises, none that it started is left.
"""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
import threading
import time
from pathlib import Path

import psutil

from . import process as processes
from .errors import (
    DiskFull,
    PathNotUsable,
    PortTaken,
    RunsUnderAnotherAccount,
    ServiceDied,
    ServiceNotHealthy,
    StackError,
    StartAborted,
)
from .service import Progress, Service
from .state import MINIMUM_FREE_BYTES, Folder, is_free

_HEALTHY_WITHIN_S = 120.0  # recovery after a kill -9 of a busy service takes its time
_ADOPTED_HEALTHY_WITHIN_S = 30.0
_PORT_RELEASED_WITHIN_S = 5.0
STOP_WITHIN_S = 30.0


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One service now; None stands for: not running, or (version) not healthy, or (port) not chosen yet."""

    name: str
    running: bool
    healthy: bool
    pid: int | None
    port: int | None
    version: str | None
    rss_bytes: int | None
    log_path: Path


def find(service: Service, folder: Folder) -> psutil.Process | None:
    """The service's live process, whoever started it."""
    return processes.find(service.marker, folder.run().pids.get(service.name))


def status_of(service: Service, folder: Folder) -> ServiceStatus:
    """What the service does now.  Blocks for the health check."""
    found = find(service, folder)
    version = service.probe() if found is not None else None
    return ServiceStatus(
        name=service.name,
        running=found is not None,
        healthy=version is not None,
        pid=found.pid if found is not None else None,
        port=service.ports[0] or None,
        version=version,
        rss_bytes=processes.memory_bytes(found) if found is not None else None,
        log_path=service.log_paths[0],
    )


def check_space(home: Path) -> None:
    """Raise DiskFull when too little is left to start with."""
    free = shutil.disk_usage(home).free
    if free < MINIMUM_FREE_BYTES:
        raise DiskFull(home, free, MINIMUM_FREE_BYTES)


def bring_up(
    service: Service, folder: Folder, progress: Progress, abort: threading.Event
) -> tuple[int, bool]:
    """The pid of the healthy service, and whether it was started now (False: it was running and is adopted).

    Raises a StackError; StartAborted when `abort` was set by somebody else's failure.
    """
    log_ends = processes.log_ends(service.log_paths)
    try:
        return _adopt_or_start(service, folder, progress, abort)
    except ServiceDied as error:
        lines = processes.last_lines(service.log_paths, log_ends)
        if any("No space left on device" in line for line in lines):
            raise _disk_full(folder) from error
        raise ServiceDied(service.name, service.log_paths[0], lines) from None
    except ServiceNotHealthy as error:
        lines = processes.last_lines(service.log_paths, log_ends)
        raise ServiceNotHealthy(service.name, error.waited_s, service.log_paths[0], lines) from None
    except PermissionError as error:
        path = Path(error.filename) if error.filename else folder.home
        raise PathNotUsable(path, f"uid {os.geteuid()}", error.strerror or "not permitted") from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _disk_full(folder) from error
        raise


def end(service: Service, process: psutil.Process, timeout_s: float) -> None:
    """Stop cleanly, then SIGKILL whatever is left of it.  Raises RunsUnderAnotherAccount."""
    tree = processes.tree_of(process)
    try:
        processes.send(process, service.stop_signal)
        if processes.wait_until(lambda: not processes.is_alive(process), time.monotonic() + timeout_s):
            service.stopped()
        processes.kill_all(member for member in tree if processes.is_alive(member))
    except psutil.AccessDenied:
        raise RunsUnderAnotherAccount(service.name, process.pid) from None


def stop(service: Service, folder: Folder, timeout_s: float) -> None:
    """End the service and all that is left of an earlier run of it.  Idempotent."""
    found = find(service, folder)
    if found is not None:
        end(service, found, timeout_s)
    processes.kill_all(service.leftovers())


def _adopt_or_start(
    service: Service, folder: Folder, progress: Progress, abort: threading.Event
) -> tuple[int, bool]:
    found = find(service, folder)
    if found is not None:
        if _becomes_healthy(service, found, _ADOPTED_HEALTHY_WITHIN_S, abort):
            progress(f"{service.name}: already running")
            return found.pid, False
        progress(f"{service.name}: runs but does not answer, stopping it")
        end(service, found, STOP_WITHIN_S)
    processes.kill_all(service.leftovers())
    for port in service.ports:
        _claim(port, service, folder)
    command = service.prepare(progress)
    progress(f"{service.name}: starting")
    begun = time.monotonic()
    spawned = processes.spawn(command)
    if spawned is None:
        raise ServiceDied(service.name, service.log_paths[0], [])
    try:
        if _becomes_healthy(service, spawned, _HEALTHY_WITHIN_S, abort):
            progress(f"{service.name}: ready after {time.monotonic() - begun:.1f} s")
            return spawned.pid, True
        if processes.is_alive(spawned):
            raise ServiceNotHealthy(service.name, _HEALTHY_WITHIN_S, service.log_paths[0], [])
        raise ServiceDied(service.name, service.log_paths[0], [])
    except StackError:
        processes.kill_all(processes.tree_of(spawned))
        raise


def _claim(port: int, service: Service, folder: Folder) -> None:
    """Raise PortTaken when the port is held.  A killed JVM looks dead before it lets go of its ports."""

    def settled() -> bool:
        return is_free(port) or processes.listener_on(port) is not None

    processes.wait_until(settled, time.monotonic() + _PORT_RELEASED_WITHIN_S)
    if not is_free(port):
        raise PortTaken(service.name, port, folder.ports_file, processes.listener_on(port))


def _becomes_healthy(
    service: Service, process: psutil.Process, within_s: float, abort: threading.Event
) -> bool:
    """Poll until the service answers; False as soon as its process ends, or when the time is over."""
    outcome = False

    def settled() -> bool:
        nonlocal outcome
        if abort.is_set():
            raise StartAborted(service.name)
        if not processes.is_alive(process):
            return True
        outcome = service.probe() is not None
        return outcome

    processes.wait_until(settled, time.monotonic() + within_s)
    return outcome and processes.is_alive(process)


def _disk_full(folder: Folder) -> DiskFull:
    return DiskFull(folder.home, shutil.disk_usage(folder.home).free, MINIMUM_FREE_BYTES)
