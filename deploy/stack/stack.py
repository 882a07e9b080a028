"""The embedded stack: Kafka, PostgreSQL and Valkey of one folder, started together and found again by anyone.

Invariants:
- One set of servers per folder: whoever starts or stops holds the folder's lock, and a server that already
  runs there is adopted when healthy and stopped first when not, never doubled.
- The servers live in sessions of their own.  They end by `stop`, from whichever process, or with the `with`
  block that started them; not by Ctrl-C in a terminal and not by their starter's death.
- A failed start leaves nothing of itself running.
- Everything listens on 127.0.0.1, on ports that the folder keeps.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from . import process as processes
from .errors import DiskFull, ServiceNotRunning, StackError, StartAborted, UnknownService
from .jars import default_cache_dir
from .kafka import Kafka
from .postgres import Postgres
from .service import Progress, Service
from .state import NO_PORTS, Folder, Owner, Run
from .supervision import STOP_WITHIN_S, ServiceStatus, bring_up, check_space, find, status_of, stop
from .valkey import Valkey

_T = TypeVar("_T")
SERVICES = ("kafka", "postgres", "valkey")


@dataclasses.dataclass(frozen=True, slots=True)
class StackUrls:
    """Where the servers are; a field is empty when that service is not part of the stack."""

    kafka_bootstrap_servers: str
    database_url: str = dataclasses.field(repr=False)  # carries the password
    redis_url: str


class EmbeddedStack:
    """The stack in `home`.  The constructor touches nothing.

    As a context manager it starts on entry.  On exit it stops the services, unless they ran before under a
    living owner or were started without a `with` block (detached): then it was a guest and leaves them alone.

    `cache_dir` holds the broker's jars (default: the user's cache folder).  `lock_timeout_s`: how long to
    wait for another process that starts or stops this stack, before StackLocked.
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
            owner = self._folder.run().owner
            return self._start(progress, owner if owner is not None and owner.is_alive() else None)

    def stop(self, timeout_s: float = 30) -> None:
        """Stop the selected services cleanly, by SIGKILL after `timeout_s`.  Idempotent, from any process."""
        if not self._folder.home.exists():
            return
        with self._folder.lock(self._lock_timeout_s):
            self._stop(self._services(), timeout_s)

    def status(self) -> list[ServiceStatus]:
        """The selected services as they are now."""
        return _for_each(self._services(), lambda service: status_of(service, self._folder))

    def kill(self, name: str) -> None:
        """SIGKILL one service with all its processes, as a fault would."""
        service = self._service(name)
        with self._folder.lock(self._lock_timeout_s):
            found = find(service, self._folder)
            if found is not None:
                processes.kill_all(processes.tree_of(found))

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """SIGSTOP one service with all its processes while the block runs: it is there and answers nothing.

        Raises ServiceNotRunning.
        """
        found = find(self._service(name), self._folder)
        if found is None:
            raise ServiceNotRunning(name)
        members = processes.tree_of(found)
        for member in members:
            processes.send(member, signal.SIGSTOP)
        try:
            yield
        finally:
            for member in members:
                processes.send(member, signal.SIGCONT)

    def restart(self, name: str) -> None:
        """Start one service again on its port; a running one is stopped first."""
        with self._folder.lock(self._lock_timeout_s):
            self._folder.ensure_ports()
            service = self._service(name)
            stop(service, self._folder, STOP_WITHIN_S)
            pid, _ = bring_up(service, self._folder, _serialised(None), threading.Event())
            run = self._folder.run()
            self._folder.save_run(Run({**run.pids, name: pid}, run.owner))

    @property
    def urls(self) -> StackUrls:
        """Where the services are or will be: the ports are kept.  Empty fields before the first start."""
        return self._urls() if self._folder.ports() is not None else StackUrls("", "", "")

    def __enter__(self) -> EmbeddedStack:
        """Start; become the owner, or a guest."""
        with self._folder.lock(self._lock_timeout_s):
            run = self._folder.run()
            is_running = any(find(service, self._folder) is not None for service in self._services())
            self._is_guest = is_running and (run.owner is None or run.owner.is_alive())
            self._start(None, run.owner if self._is_guest else Owner.current())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, unless a guest."""
        if not self._is_guest:
            self.stop()

    def _start(self, progress: Progress | None, owner: Owner | None) -> StackUrls:
        check_space(self._folder.home)
        self._folder.ensure_ports()
        services = self._services()
        report = _serialised(progress)
        abort = threading.Event()
        started: list[Service] = []

        def start_one(service: Service) -> int:
            pid, is_new = bring_up(service, self._folder, report, abort)
            if is_new:
                started.append(service)
            return pid

        try:
            pids = _for_each(services, start_one, abort)
        except BaseException:
            self._stop(started, STOP_WITHIN_S)
            raise
        named = dict(zip((service.name for service in services), pids, strict=True))
        self._folder.save_run(Run({**self._folder.run().pids, **named}, owner))
        return self._urls()

    def _stop(self, services: list[Service], timeout_s: float) -> None:
        _for_each(services, lambda service: stop(service, self._folder, timeout_s))
        run = self._folder.run()
        names = {service.name for service in services}
        left = {name: pid for name, pid in run.pids.items() if name not in names}
        if left == run.pids:
            return
        with contextlib.suppress(DiskFull):  # what was not noted down is seen to be gone all the same
            self._folder.save_run(Run(left, run.owner if left else None))

    def _services(self) -> list[Service]:
        ports = self._folder.ports() or NO_PORTS
        everything: list[Service] = [
            Kafka(self._folder, ports, heap_mb=self._kafka_heap_mb, cache_dir=self._cache_dir),
            Postgres(self._folder, ports.postgres),
            Valkey(self._folder, ports.valkey),
        ]
        return [service for service in everything if service.name in self._selected]

    def _service(self, name: str) -> Service:
        for service in self._services():
            if service.name == name:
                return service
        raise UnknownService(name, tuple(sorted(self._selected)))

    def _urls(self) -> StackUrls:
        urls = {service.name: service.url for service in self._services()}
        return StackUrls(urls.get("kafka", ""), urls.get("postgres", ""), urls.get("valkey", ""))


def running_urls(home: Path) -> StackUrls | None:
    """The urls of the stack that runs in `home`; None unless every service started there answers."""
    names = frozenset(Folder(home).run().pids)
    if not names:
        return None
    stack = EmbeddedStack(home, services=names)
    return stack.urls if all(status.healthy for status in stack.status()) else None


def _serialised(progress: Progress | None) -> Progress:
    lock = threading.Lock()

    def report(line: str) -> None:
        if progress is not None:
            with lock:
                progress(line)

    return report


def _for_each(
    services: list[Service], work: Callable[[Service], _T], abort: threading.Event | None = None
) -> list[_T]:
    """Do the work for every service in parallel; results in order, or an error once all have settled.

    The first failure, or Ctrl-C, sets `abort`, so that the others give up too; their StartAborted is not the
    error.
    """
    with concurrent.futures.ThreadPoolExecutor(len(SERVICES), thread_name_prefix="stack") as pool:
        futures = [pool.submit(work, service) for service in services]
        try:
            concurrent.futures.wait(futures, return_when=concurrent.futures.FIRST_EXCEPTION)
        finally:
            if abort is not None and not all(f.done() and f.exception() is None for f in futures):
                abort.set()
    errors = [error for future in futures if (error := future.exception()) is not None]
    for error in sorted(errors, key=lambda error: isinstance(error, StartAborted)):
        raise error
    return [future.result() for future in futures]


__all__ = ["SERVICES", "EmbeddedStack", "ServiceStatus", "StackError", "StackUrls", "running_urls"]
