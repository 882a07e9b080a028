"""The embedded stack: Kafka, PostgreSQL and Valkey of one folder, started together and found again by anyone.

Invariants:
- One set of servers per folder: whoever starts or stops holds the folder's lock, and a server that already runs
  there is adopted when healthy and stopped first when not, never doubled.
- The servers live in sessions of their own.  They end by `stop`, from whichever process, or with the `with` block
  that started them; not by Ctrl-C in a terminal and not by their starter's death.
- A failed start leaves nothing of itself running.
- Everything listens on 127.0.0.1, on ports that the folder keeps.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import errno
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import psutil

from . import process as processes
from .errors import DiskFull, PortTaken, ServiceDied, ServiceNotHealthy, StackError, UnknownService
from .jars import default_cache_dir
from .kafka import Kafka
from .postgres import Postgres
from .service import Progress, Service
from .state import Folder, Owner, Run, is_free
from .valkey import Valkey

_T = TypeVar("_T")
SERVICES = ("kafka", "postgres", "valkey")
_MINIMUM_FREE_BYTES = 512 * 2**20
_HEALTHY_WITHIN_S = 90.0
_ADOPTED_HEALTHY_WITHIN_S = 20.0
_RESTART_STOP_TIMEOUT_S = 30.0


@dataclasses.dataclass(frozen=True, slots=True)
class StackUrls:
    """Where the servers are; a field is empty when that service is not part of the stack."""

    kafka_bootstrap_servers: str
    database_url: str = dataclasses.field(repr=False)  # carries the password
    redis_url: str


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One service now; `pid`, `version`, `rss_bytes` are None when it does not run (version: when not healthy)."""

    name: str
    running: bool
    healthy: bool
    pid: int | None
    port: int | None
    version: str | None
    rss_bytes: int | None
    log_path: Path


class EmbeddedStack:
    """The stack in `home`.  The constructor touches nothing.

    As a context manager it starts on entry and, on exit, stops what no living process or detached start owned
    before it.  `cache_dir` holds the broker's jars (default: the user's cache folder).
    """

    def __init__(
        self,
        home: Path,
        *,
        services: frozenset[str] = frozenset(SERVICES),
        kafka_heap_mb: int = 512,
        cache_dir: Path | None = None,
        lock_timeout_s: float = 120,
    ) -> None:
        for name in services:
            if name not in SERVICES:
                raise UnknownService(name, SERVICES)
        self._folder = Folder(home)
        self._selected = services
        self._kafka_heap_mb = kafka_heap_mb
        self._cache_dir = (cache_dir or default_cache_dir()).expanduser().resolve()
        self._lock_timeout_s = lock_timeout_s
        self._is_guest = False

    def start(self, *, progress: Progress | None = None) -> StackUrls:
        """Bring up the selected services in parallel and return when all are healthy.  Idempotent.

        `progress` gets one line per step, from one thread at a time.  Raises a StackError; see `errors`.
        """
        with self._folder.lock(self._lock_timeout_s):
            return self._start(_one_at_a_time(progress), owner=None)

    def stop(self, timeout_s: float = 30) -> None:
        """Stop the selected services cleanly, by SIGKILL after `timeout_s`.  Idempotent, from any process."""
        with self._folder.lock(self._lock_timeout_s):
            self._stop(self._services(), timeout_s)

    def status(self) -> list[ServiceStatus]:
        """The selected services as they are now."""
        pids = self._folder.run().pids
        services = self._services()
        if not services:
            return [
                ServiceStatus(name, False, False, None, None, None, None, self._folder.logs / f"{name}.log")
                for name in SERVICES
                if name in self._selected
            ]
        return _each(services, lambda service: _status(service, pids.get(service.name)))

    def kill(self, name: str) -> None:
        """SIGKILL one service with all its processes, as a fault would."""
        service = self._service(name)
        with self._folder.lock(self._lock_timeout_s):
            found = self._find(service)
            if found is not None:
                processes.kill_all(processes.tree_of(found))

    def restart(self, name: str) -> None:
        """Start one service again on its port; a running one is stopped first."""
        service = self._service(name)
        with self._folder.lock(self._lock_timeout_s):
            self._stop([service], _RESTART_STOP_TIMEOUT_S)
            pid = self._bring_up(service, _one_at_a_time(None))[0]
            run = self._folder.run()
            self._folder.save_run(Run({**run.pids, name: pid}, run.owner))

    def __enter__(self) -> EmbeddedStack:
        """Start; become the owner unless a detached start or a living process is."""
        with self._folder.lock(self._lock_timeout_s):
            run = self._folder.run()
            running = any(self._find(service) is not None for service in self._services())
            self._is_guest = running and (run.owner is None or run.owner.is_alive())
            self._start(_one_at_a_time(None), owner=run.owner if self._is_guest else Owner.current())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what was started on entry."""
        if not self._is_guest:
            self.stop()

    @property
    def urls(self) -> StackUrls:
        """Where the services are (or will be: the ports are kept); empty before the first start."""
        return _urls(self._services())

    def _start(self, progress: Progress, owner: Owner | None) -> StackUrls:
        home = self._folder.home
        home.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(home).free
        if free < _MINIMUM_FREE_BYTES:
            raise DiskFull(home, free, _MINIMUM_FREE_BYTES)
        self._folder.ensure_ports()
        services = self._services()
        started: list[Service] = []

        def bring_up(service: Service) -> int:
            pid, is_new = self._bring_up(service, progress)
            if is_new:
                started.append(service)
            return pid

        try:
            pids = _each(services, bring_up)
        except BaseException:
            self._stop(started, _RESTART_STOP_TIMEOUT_S)
            raise
        run = self._folder.run()
        named = dict(zip((service.name for service in services), pids, strict=True))
        self._folder.save_run(Run({**run.pids, **named}, owner))
        return _urls(self._services())

    def _bring_up(self, service: Service, progress: Progress) -> tuple[int, bool]:
        """The pid of the healthy service, and whether it was started now (False: adopted)."""
        begun = time.monotonic()
        found = self._find(service)
        if found is not None:
            if _becomes_healthy(service, found, begun + _ADOPTED_HEALTHY_WITHIN_S):
                progress(f"{service.name}: already running")
                return found.pid, False
            progress(f"{service.name}: runs but does not answer, stopping it")
            _end(service, found, _RESTART_STOP_TIMEOUT_S)
        processes.kill_all(service.leftovers())
        for port in service.ports:
            if not is_free(port):
                raise PortTaken(service.name, port, self._folder.ports_file, _holder_of(port))
        try:
            command = service.prepare(progress)
            progress(f"{service.name}: starting")
            begun = time.monotonic()
            spawned = processes.spawn(command)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                free = shutil.disk_usage(self._folder.home).free
                raise DiskFull(self._folder.home, free, _MINIMUM_FREE_BYTES) from error
            raise
        if spawned is not None and _becomes_healthy(service, spawned, begun + _HEALTHY_WITHIN_S):
            progress(f"{service.name}: ready after {time.monotonic() - begun:.1f} s")
            return spawned.pid, True
        lines = processes.last_lines(service.log_paths)
        if spawned is not None and processes.is_alive(spawned):
            processes.kill_all(processes.tree_of(spawned))
            raise ServiceNotHealthy(service.name, _HEALTHY_WITHIN_S, service.log_paths[0], lines)
        if any("No space left on device" in line for line in lines):
            free = shutil.disk_usage(self._folder.home).free
            raise DiskFull(self._folder.home, free, _MINIMUM_FREE_BYTES)
        raise ServiceDied(service.name, service.log_paths[0], lines)

    def _stop(self, services: list[Service], timeout_s: float) -> None:
        def stop_one(service: Service) -> None:
            found = self._find(service)
            if found is not None:
                _end(service, found, timeout_s)
            processes.kill_all(service.leftovers())

        _each(services, stop_one)
        run = self._folder.run()
        names = {service.name for service in services}
        left = {name: pid for name, pid in run.pids.items() if name not in names}
        if left != run.pids:
            self._folder.save_run(Run(left, run.owner if left else None))

    def _find(self, service: Service) -> psutil.Process | None:
        return processes.find(service.marker, self._folder.run().pids.get(service.name))

    def _service(self, name: str) -> Service:
        for service in self._services():
            if service.name == name:
                return service
        raise UnknownService(name, tuple(sorted(self._selected)))

    def _services(self) -> list[Service]:
        """The selected services; none before ports were chosen."""
        ports = self._folder.ports()
        if ports is None:
            return []
        everything: list[Service] = [
            Kafka(self._folder, ports, heap_mb=self._kafka_heap_mb, cache_dir=self._cache_dir),
            Postgres(self._folder, ports.postgres),
            Valkey(self._folder, ports.valkey),
        ]
        return [service for service in everything if service.name in self._selected]


def running_urls(home: Path) -> StackUrls | None:
    """The urls of the stack that runs in `home`: every service that was started there lives and answers; else None."""
    folder = Folder(home)
    names = frozenset(folder.run().pids)
    if not names:
        return None
    stack = EmbeddedStack(home, services=names)
    return stack.urls if all(status.healthy for status in stack.status()) else None


def _urls(services: list[Service]) -> StackUrls:
    kafka, database, cache = "", "", ""
    for service in services:
        match service:
            case Kafka():
                kafka = service.bootstrap_servers
            case Postgres():
                database = service.url
            case Valkey():
                cache = service.url
    return StackUrls(kafka, database, cache)


def _status(service: Service, hint_pid: int | None) -> ServiceStatus:
    found = processes.find(service.marker, hint_pid)
    version = service.probe() if found is not None else None
    return ServiceStatus(
        name=service.name,
        running=found is not None,
        healthy=version is not None,
        pid=found.pid if found is not None else None,
        port=service.ports[0],
        version=version,
        rss_bytes=processes.memory_bytes(found) if found is not None else None,
        log_path=service.log_paths[0],
    )


def _becomes_healthy(service: Service, process: psutil.Process, deadline: float) -> bool:
    """Poll until the service answers; False as soon as its process ends, or at the deadline."""
    outcome = False

    def settled() -> bool:
        nonlocal outcome
        if not processes.is_alive(process):
            return True
        outcome = service.probe() is not None
        return outcome

    processes.wait_until(settled, deadline)
    return outcome and processes.is_alive(process)


def _end(service: Service, process: psutil.Process, timeout_s: float) -> None:
    """Clean stop, then SIGKILL for whatever of it is left."""
    tree = processes.tree_of(process)
    processes.send(process, service.stop_signal)
    ended = processes.wait_until(lambda: not processes.is_alive(process), time.monotonic() + timeout_s)
    if ended:
        service.stopped()
    processes.kill_all(p for p in tree if processes.is_alive(p))


def _holder_of(port: int) -> str | None:
    """Name and pid of the process that listens on the port, as far as we may see it."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                if connection.pid is not None:
                    return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        return None
    return None


def _one_at_a_time(progress: Progress | None) -> Progress:
    lock = threading.Lock()

    def report(line: str) -> None:
        if progress is not None:
            with lock:
                progress(line)

    return report


def _each(services: list[Service], work: Callable[[Service], _T]) -> list[_T]:
    """Do the work for every service in parallel; results in order, or the first error once all have settled."""
    if not services:
        return []
    with concurrent.futures.ThreadPoolExecutor(len(services), thread_name_prefix="stack") as pool:
        futures = [pool.submit(work, service) for service in services]
    errors = [error for future in futures if (error := future.exception()) is not None]
    for error in sorted(errors, key=lambda e: not isinstance(e, StackError)):
        raise error
    return [future.result() for future in futures]
