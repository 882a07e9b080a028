"""What a stack's folder remembers: its ports, its password, which services were started, and who is at work
on it.

    home/ports.json           chosen once, kept for ever; delete it (stack stopped) to have new ports chosen
    home/stack.json           the services that should run, their pids (a hint only), the owner of the run
    home/postgres.password    mode 0600
    home/stack.lock           held while somebody starts or stops; home/stack.holder names the pid

Every file is written to a temporary name and renamed, so a reader never sees half of one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock
import psutil

from .errors import DiskFull, PathNotUsable, StackLocked

# Below Linux's and macOS's ephemeral ranges (from 32768 and 49152): a port that we persist must not be handed
# out by the kernel as some connection's local port while the stack is down.
_PORT_RANGE = range(20_000, 32_000)
MINIMUM_FREE_BYTES = 512 * 2**20  # a first start writes 50 MB; the rest is for the work
_PORT_NAMES = ("kafka", "kafka_controller", "postgres", "valkey")


@dataclasses.dataclass(frozen=True, slots=True)
class Ports:
    """TCP ports on 127.0.0.1; 0 where none was chosen yet."""

    kafka: int
    kafka_controller: int
    postgres: int
    valkey: int


NO_PORTS = Ports(0, 0, 0, 0)


@dataclasses.dataclass(frozen=True, slots=True)
class Owner:
    """The process whose `with` block ends the run; identified beyond its pid by its start time."""

    pid: int
    created_s: float

    @classmethod
    def current(cls) -> Owner:
        """Name this process."""
        return cls(os.getpid(), psutil.Process().create_time())

    def is_alive(self) -> bool:
        """Whether that very process still runs."""
        try:
            return abs(psutil.Process(self.pid).create_time() - self.created_s) < 1.0
        except psutil.NoSuchProcess:
            return False


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """The services that were started and not stopped, with their pids, and the owner (None: detached)."""

    pids: dict[str, int]
    owner: Owner | None = None


class Folder:
    """The stack's folder; creates nothing until asked to write."""

    def __init__(self, home: Path) -> None:
        self.home = home.expanduser().resolve()
        self.logs = self.home / "logs"
        self.ports_file = self.home / "ports.json"
        self._run_file = self.home / "stack.json"
        self._holder_file = self.home / "stack.holder"
        self._password_file = self.home / "postgres.password"

    def ports(self) -> Ports | None:
        """The persisted ports, None before the first start."""
        found = _read_json(self.ports_file)
        return Ports(**{name: int(found[name]) for name in _PORT_NAMES}) if found else None

    def ensure_ports(self) -> Ports:
        """The persisted ports, chosen now if there are none."""
        ports = self.ports()
        if ports is None:
            ports = Ports(**dict(zip(_PORT_NAMES, free_ports(len(_PORT_NAMES)), strict=True)))
            _write(self.ports_file, json.dumps(dataclasses.asdict(ports), indent=2), 0o644)
        return ports

    def run(self) -> Run:
        """What was started here; empty when nothing was."""
        found = _read_json(self._run_file) or {}
        owner = found.get("owner")
        return Run(
            {str(k): int(v) for k, v in found.get("pids", {}).items()}, Owner(**owner) if owner else None
        )

    def save_run(self, run: Run) -> None:
        """Remember it."""
        _write(self._run_file, json.dumps(dataclasses.asdict(run), indent=2), 0o644)

    def password(self) -> str | None:
        """PostgreSQL's password, None before the first start."""
        try:
            return self._password_file.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None

    def ensure_password(self) -> str:
        """PostgreSQL's password, made now if there is none."""
        password = self.password()
        if password is None:
            password = secrets.token_urlsafe(24)
            _write(self._password_file, password + "\n", 0o600)
        return password

    @contextlib.contextmanager
    def lock(self, timeout_s: float) -> Iterator[None]:
        """Be the only one who starts or stops here.  Raises StackLocked after `timeout_s`.

        The kernel frees the lock when its holder dies, so a kill -9 leaves nothing to clean up.
        """
        lock = filelock.FileLock(self.home / "stack.lock")
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=timeout_s, poll_interval=0.05)
        except (PermissionError, FileExistsError, NotADirectoryError) as error:
            reason = error.strerror or "it cannot be made"
            raise PathNotUsable(self.home, f"uid {os.geteuid()}", reason) from error
        except filelock.Timeout:
            raise StackLocked(self.home, self._holder()) from None
        try:
            with contextlib.suppress(DiskFull):  # who needs to stop because of a full disk must be able to
                _write(self._holder_file, str(os.getpid()), 0o644)
            yield
        finally:
            self._holder_file.unlink(missing_ok=True)
            lock.release()

    def _holder(self) -> int | None:
        try:
            return int(self._holder_file.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return None


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on at 127.0.0.1 now."""
    chooser = secrets.SystemRandom()
    found: set[int] = set()
    while len(found) < count:
        candidate = chooser.choice(_PORT_RANGE)
        if is_free(candidate):
            found.add(candidate)
    return list(found)


def is_free(port: int) -> bool:
    """Whether a server could listen on the port at 127.0.0.1 now.

    It asks by binding and never listens: a process that another thread starts meanwhile inherits the socket
    until its exec, and a socket that listens would make the port look taken by that very process.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as asker:
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a socket in TIME_WAIT is no neighbour
        try:
            asker.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def is_listening(port: int, timeout_s: float = 0.5) -> bool:
    """Whether something accepts connections on the port at 127.0.0.1."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout_s):
            return True
    except OSError:
        return False


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found if isinstance(found, dict) else None


def _write(path: Path, text: str, mode: int) -> None:
    """Raises DiskFull."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        if error.errno == errno.ENOSPC:
            raise DiskFull(path.parent, shutil.disk_usage(path.parent).free, MINIMUM_FREE_BYTES) from error
        raise
