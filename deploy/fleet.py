"""The fleet: our own processes of one folder, kept running by supervisord.

supervisord (PyPI ``supervisor``) restarts what dies, with growing pauses, and rotates the logs; this module writes
its configuration and talks to it over its loopback XML-RPC. The processes outlive whoever started them and are found
again through ``fleet.json``. Exit codes of the worker are named in ``streams/engine/failstop.py``.
"""

from __future__ import annotations

import configparser
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import xmlrpc.client
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import httpx
import psutil
import tenacity

from deploy.stack.state import free_ports, is_free

START_WITHIN_S = 90.0
STOP_WITHIN_S = 40.0
_LOG_BYTES = "20MB"


class FleetError(RuntimeError):
    """Something about our processes; ``next_step`` is what to do about it."""

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.next_step = next_step


class FleetNotReady(FleetError):
    """A process did not become ready in time."""


@dataclass(frozen=True, slots=True)
class Program:
    """One of our processes. ``port_variable`` names the setting that holds its HTTP port.

    ``environment``: settings that are this program's alone.
    """

    name: str
    module: str
    port: int
    port_variable: str
    instance_id: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FleetState:
    """What ``fleet.json`` holds: where supervisord listens and which port each program has."""

    pid: int
    rpc_port: int
    password: str
    programs: tuple[Program, ...]


@dataclass(frozen=True, slots=True)
class ProgramStatus:
    name: str
    state: str
    pid: int
    ready: bool
    port: int
    log_path: str
    detail: str


def programs(ports: Mapping[str, int], workers: int) -> tuple[Program, ...]:
    """Our processes, with the ports that they should use if free."""
    first = ports["worker"]
    stream_workers = tuple(
        Program(
            f"worker-{i}",
            "streams",
            first if i == 1 else first + 10 * i,
            "TIEOUT_WORKER_METRICS_PORT",
            f"worker-{i}",
        )
        for i in range(1, workers + 1)
    )
    return (
        *stream_workers,
        Program("projector", "services.projector", ports["projector"], "TIEOUT_PROJECTOR_METRICS_PORT"),
        Program("alerts", "services.alerts", ports["alerts"], "TIEOUT_ALERTS_METRICS_PORT"),
        Program("reminders", "services.reminders", ports["reminders"], "TIEOUT_REMINDERS_METRICS_PORT"),
        Program("api", "services.api", ports["api"], "TIEOUT_API_PORT"),
    )


class Fleet:
    """The processes of the folder ``home``. The constructor touches nothing."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self._state_file = self.home / "fleet.json"
        self._conf_file = self.home / "supervisord.conf"
        self._logs = self.home / "logs"
        self._started: subprocess.Popen[bytes] | None = None

    # -- starting and stopping

    def start(self, wanted: Sequence[Program], environment: Mapping[str, str]) -> FleetState:
        """Start supervisord and the programs unless they run; returns before they are ready."""
        running = self.running()
        if running is not None:
            return running
        self._logs.mkdir(parents=True, exist_ok=True)
        rpc_port, *spare = free_ports(1 + len(wanted))
        settled = tuple(
            program if is_free(program.port) else replace(program, port=port)
            for program, port in zip(wanted, spare, strict=True)
        )
        password = secrets.token_urlsafe(24)
        self._write(self._conf_file, self._configuration(rpc_port, password, settled))
        process = self._started = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._conf_file)],
            env=_keeping_bytecode({**os.environ, **environment}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        state = FleetState(process.pid, rpc_port, password, settled)
        self._write(self._state_file, json.dumps(asdict(state), indent=2))
        self._until(lambda: self.running() is not None, 15.0, "supervisord did not start")
        return state

    def wait_until_ready(self, progress: Callable[[str], None] | None = None) -> None:
        """Block until every program answers ``/readyz`` with 200. Raises ``FleetNotReady`` with its log's tail."""
        told: set[str] = set()

        def all_ready() -> bool:
            statuses = self.status()
            for status in statuses:
                if status.ready and status.name not in told:
                    told.add(status.name)
                    if progress is not None:
                        progress(f"{status.name}: ready")
            return bool(statuses) and all(status.ready for status in statuses)

        try:
            self._until(all_ready, START_WITHIN_S, "")
        except FleetError:
            waiting = [status for status in self.status() if not status.ready]
            names = ", ".join(f"{s.name} ({s.state}: {s.detail})" for s in waiting)
            tail = self.log_tail(waiting[0].name) if waiting else ""
            raise FleetNotReady(
                f"Not ready after {START_WITHIN_S:.0f} s: {names}\n{tail}",
                f"Read {self._logs}, then try again.",
            ) from None

    def stop(self) -> None:
        """Stop all programs cleanly, then supervisord; also where somebody else is doing so already. Idempotent."""
        state = self._living()
        if state is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(state.pid).terminate()
            # Its RPC port closes first, long before the programs have ended: only its own end shows that they did.
            self._until(lambda: not self._is_alive(state), STOP_WITHIN_S, "supervisord did not stop")
        if self._started is not None:
            self._started.wait()  # it was our child: nobody else can reap it
            self._started = None
        self._state_file.unlink(missing_ok=True)

    def pause(self, name: str) -> None:
        """Stop one program cleanly and keep it stopped until ``resume``. Blocks until it has ended."""
        state = self._require()
        if next(s for s in self.status() if s.name == name).pid:
            self._rpc(state).supervisor.stopProcess(name, True)

    def resume(self, name: str) -> None:
        """Start a paused program again."""
        self._rpc(self._require()).supervisor.startProcess(name, True)

    def _require(self) -> FleetState:
        state = self.running()
        if state is None:
            raise FleetError(f"No processes run in {self.home}.", "Run `tieout up --detach`.")
        return state

    def kill(self, name: str) -> int:
        """SIGKILL one program (for fault tests); supervisord starts it again. Returns the pid that was killed.

        Raises ``FleetError`` where it does not run just now: supervisord then says that its pid is 0.
        """
        status = next((s for s in self.status() if s.name == name and s.pid), None)
        if status is None:
            raise FleetError(f"{name} is not running.", "Run `tieout status`.")
        psutil.Process(status.pid).kill()
        return status.pid

    # -- looking

    def running(self) -> FleetState | None:
        """The running fleet of this folder, else ``None``; one that is being stopped runs no more."""
        state = self._living()
        if state is None:
            return None
        try:
            with self._rpc(state) as server:
                server.supervisor.getState()
        except (OSError, xmlrpc.client.Error):
            return None
        return state

    def status(self) -> list[ProgramStatus]:
        """Every program with its state and readiness; empty when nothing runs."""
        state = self.running()
        if state is None:
            return []
        with self._rpc(state) as server:
            rows = server.supervisor.getAllProcessInfo()
        assert isinstance(rows, list)
        infos = {row["name"]: row for row in rows}
        found = []
        for program in state.programs:
            info = infos[program.name]
            ready, detail = _readiness(program.port)
            found.append(
                ProgramStatus(
                    program.name,
                    str(info["statename"]),
                    int(info["pid"]),
                    ready,
                    program.port,
                    str(self.log_path(program.name)),
                    detail or str(info["spawnerr"]),
                )
            )
        return found

    def pids(self) -> dict[str, int]:
        """The pid of every program, 0 for one that does not run; without asking them whether they are ready."""
        with self._rpc(self._require()) as server:
            rows = server.supervisor.getAllProcessInfo()
        assert isinstance(rows, list)
        return {str(row["name"]): int(row["pid"]) for row in rows}

    def log_path(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def log_tail(self, name: str, lines: int = 12) -> str:
        path = self.log_path(name)
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    # -- inside

    def _living(self) -> FleetState | None:
        """What this folder's supervisord, which lives, was started with; it may be about to end."""
        try:
            raw = json.loads(self._state_file.read_text())
        except FileNotFoundError:
            return None
        state = FleetState(**{**raw, "programs": tuple(Program(**p) for p in raw["programs"])})
        return state if self._is_alive(state) else None

    def _is_alive(self, state: FleetState) -> bool:
        """Whether this folder's supervisord lives; it ends after its programs. A pid alone proves nothing."""
        try:
            process = psutil.Process(state.pid)
            return process.status() != psutil.STATUS_ZOMBIE and str(self._conf_file) in process.cmdline()
        except psutil.Error:
            return False

    def _configuration(self, rpc_port: int, password: str, wanted: Sequence[Program]) -> str:
        conf = configparser.RawConfigParser()
        conf["supervisord"] = {
            "nodaemon": "true",
            "logfile": str(self._logs / "supervisord.log"),
            "logfile_maxbytes": _LOG_BYTES,
            "pidfile": str(self.home / "supervisord.pid"),
            "childlogdir": str(self._logs),
            "user": "root" if os.geteuid() == 0 else str(os.geteuid()),
        }
        conf["inet_http_server"] = {
            "port": f"127.0.0.1:{rpc_port}",
            "username": "tieout",
            "password": password,
        }
        conf["rpcinterface:supervisor"] = {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        }
        for program in wanted:
            own = {program.port_variable: str(program.port), **program.environment}
            if program.instance_id:
                own["TIEOUT_INSTANCE_ID"] = program.instance_id
            conf[f"program:{program.name}"] = {
                "command": f"{sys.executable} -m {program.module}",
                "environment": ",".join(f'{name}="{value}"' for name, value in own.items()),
                "autostart": "true",
                "autorestart": "true",
                # Pauses between tries grow by a second each; a broker that is away for minutes must not end them.
                "startretries": "100000",
                "startsecs": "2",
                "stopsignal": "TERM",
                "stopwaitsecs": "30",
                "redirect_stderr": "true",
                "stdout_logfile": str(self.log_path(program.name)),
                "stdout_logfile_maxbytes": _LOG_BYTES,
                "stdout_logfile_backups": "3",
            }
        path = self._conf_file.with_suffix(".tmp")
        with path.open("w") as file:
            conf.write(file)
        text = path.read_text()
        path.unlink()
        # supervisord expands %(name)s, so a literal percent sign in a path is doubled.
        return text.replace("%", "%%")

    def _write(self, path: Path, text: str) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)

    def _rpc(self, state: FleetState) -> xmlrpc.client.ServerProxy:
        return xmlrpc.client.ServerProxy(f"http://tieout:{state.password}@127.0.0.1:{state.rpc_port}/RPC2")

    def _until(self, condition: Callable[[], bool], timeout_s: float, otherwise: str) -> None:
        wait = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda done: not done),
            wait=tenacity.wait_fixed(0.1),
            stop=tenacity.stop_after_delay(timeout_s),
        )
        try:
            wait(condition)
        except tenacity.RetryError:
            raise FleetError(otherwise, f"Read {self._logs / 'supervisord.log'}.") from None


def _keeping_bytecode(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment, for processes that are started again: what they have compiled once is kept, else every restart
    compiles all that it imports, and a worker that was killed is back a second later.
    """
    return {name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run_in_foreground(module: str, environment: Mapping[str, str]) -> int:
    """Run one of our processes until it ends, passing SIGINT and SIGTERM on; returns its exit code."""
    child = subprocess.Popen([sys.executable, "-m", module], env={**os.environ, **environment})
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _: child.send_signal(received))
    return child.wait()


def _readiness(port: int) -> tuple[bool, str]:
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2.0)
    except httpx.HTTPError as error:
        return False, type(error).__name__
    return answer.status_code == 200, "" if answer.status_code == 200 else answer.text[:200]
