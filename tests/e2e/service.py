"""The whole service in a folder of its own, driven as an outside script would: by its command line.

Invariants: it shares nothing with a service that runs already (own folder, own ports, no ``TIEOUT_*`` or server
URL of the caller's environment), and after ``stop`` no process of the folder is left.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from deploy.fleet import Fleet, programs
from deploy.stack import EmbeddedStack, StackUrls
from deploy.stack.state import free_ports
from runtime.settings import Settings
from schemas.topics import RULES
from services.cli.servers import Servers
from services.imports.errors import Receipt
from services.imports.settle import wait_until_reflected
from services.operations.kafka_log import KafkaLog
from services.store.engine import create_engine
from services.store.live_redis import connect_live

SCRIPT = Path(sys.executable).with_name("tieout")
_PORTS = ("API_PORT", *(f"{name}_METRICS_PORT" for name in ("WORKER", "PROJECTOR", "ALERTS", "REMINDERS")))
_SERVERS = ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL", "REDIS_URL", "SCHEMA_REGISTRY_URL")

Event = dict[str, Any]


def event_of(
    customer_id: str, event_type: str, number: str, date: str, amount_minor: int, **more: Any
) -> Event:
    """A canonical event in EUR; its number serves as document, record and id."""
    return {
        "event_id": f"{customer_id}/{number}",
        "event_type": event_type,
        "schema_version": 1,
        "source_system": "shop",
        "source_record_id": number,
        "source_version": 1,
        "occurred_at": f"{date}T12:00:00Z",
        "business_date": date,
        "customer_id": customer_id,
        "currency": "EUR",
        "amount_minor": amount_minor,
        "document_no": number,
        **more,
    }


class OrphansLeft(AssertionError):
    """Processes of the folder that were alive after the service had stopped; they are killed by now."""


class WholeService:
    """Everything in ``home``. ``bytecode``: where Python keeps compiled modules, so that every start is quick."""

    def __init__(self, home: Path, bytecode: Path, **environment: str) -> None:
        self.home = home
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("TIEOUT_") and k not in _SERVERS},
            **{
                f"TIEOUT_{name}": str(port)
                for name, port in zip(_PORTS, free_ports(len(_PORTS)), strict=True)
            },
            "TIEOUT_HOME": str(home),
            "PYTHONPYCACHEPREFIX": str(bytecode),
            **environment,
        }
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self.stack = EmbeddedStack(home)
        self.fleet = Fleet(home)

    # -- life

    def start(self, *, workers: int = 1) -> None:
        """Servers and processes; returns when all are ready."""
        self.cli("up", "--detach", "--workers", str(workers), timeout_s=240)

    def start_with(self, worker_module: str, *, workers: int = 1, **environment: str) -> None:
        """As ``start``, but with workers that enter by another module: for faults that need a worker's help."""
        self.stack.start()
        self.cli("topics")
        ports = {
            program: int(self.environment[f"TIEOUT_{program.upper()}_METRICS_PORT"])
            for program in ("worker", "projector", "alerts", "reminders")
        } | {"api": int(self.environment["TIEOUT_API_PORT"])}
        wanted = [
            dataclasses.replace(p, module=worker_module) if p.module == "streams" else p
            for p in programs(ports, workers)
        ]
        servers = Servers(self.urls.kafka_bootstrap_servers, self.urls.database_url, self.urls.redis_url)
        self.fleet.start(wanted, {**self.environment, **servers.environment(), **environment})
        self.fleet.wait_until_ready()

    def stop(self) -> None:
        """Everything down. Raises ``OrphansLeft`` where a process of this folder survived that."""
        self.fleet.stop()
        self.run("down", timeout_s=120)
        left = list(self._processes())
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        if left:
            raise OrphansLeft(f"still alive after `tieout down`: {left}")

    def _processes(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                environment = process.environ() if process.pid != os.getpid() else {}
                ours = environment.get("TIEOUT_HOME") == str(self.home) or any(
                    str(self.home) in argument for argument in process.cmdline()
                )
                if process.pid != os.getpid() and ours and process.status() != psutil.STATUS_ZOMBIE:
                    yield process

    # -- the command line

    def run(
        self, *arguments: str | Path, timeout_s: float = 120, text: bool = True
    ) -> subprocess.CompletedProcess[Any]:
        """Run ``tieout`` with ``arguments``; any exit code."""
        return subprocess.run(
            [SCRIPT, *map(str, arguments)],
            env=self.environment,
            capture_output=True,
            text=text,
            timeout=timeout_s,
            check=False,
        )

    def cli(self, *arguments: str | Path, timeout_s: float = 120) -> str:
        """Standard output of a command that must succeed."""
        done = self.run(*arguments, timeout_s=timeout_s)
        assert done.returncode == 0, (
            f"tieout {arguments} ended with {done.returncode}: {done.stderr}{done.stdout}"
        )
        return str(done.stdout)

    def json(self, *arguments: str | Path, timeout_s: float = 120) -> Any:
        """What ``--json`` prints, of a command that must succeed."""
        return json.loads(self.cli(*arguments, "--json", timeout_s=timeout_s))

    def verify(self, timeout_s: int = 120) -> dict[str, Any]:
        """The report of ``tieout verify``; every check must hold."""
        done = self.run("verify", "--timeout", str(timeout_s), "--json", timeout_s=timeout_s + 120)
        assert done.stdout, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        broken = [check for check in report["checks"] if not check["ok"]]
        assert not broken, broken
        assert report["ok"]
        assert done.returncode == 0
        return report

    def publish(self, events: Iterable[Event], *options: str) -> Any:
        """Publish events and wait until every store reflects them; the report of the command."""
        return self.json("publish", self.write(events), "--wait", *options, timeout_s=330)

    def settle(self, receipt: Receipt, timeout_s: int = 90) -> None:
        """Block until books, PostgreSQL and Redis reflect what was delivered (I10: the lag returns to zero)."""
        engine = create_engine(self.urls.database_url, application="tieout-tests")
        live = connect_live(self.urls.redis_url)
        try:
            wait_until_reflected(
                receipt,
                bootstrap_servers=self.urls.kafka_bootstrap_servers,
                engine=engine,
                live=live,
                timeout_s=timeout_s,
            )
        finally:
            live.close()
            engine.dispose()

    def settle_rules(self) -> None:
        """Block until the stream has applied every change of the rules; `tieout verify` waits for the reviews then."""
        with KafkaLog(self.urls.kafka_bootstrap_servers) as log:
            ends = {p: log.bounds(RULES.name, p)[1] for p in range(Settings(home=self.home).partitions)}
            # up to the last records: what stands behind them is the end of a transaction
            changes = log.read(RULES.name, ends)
            self.settle(
                Receipt({(RULES.name, m.partition() or 0): (m.offset() or 0) + 1 for m in changes}, {})
            )

    def write(self, events: Iterable[Event]) -> Path:
        """The events as a file of one JSON object a line."""
        path = self.home / "to-publish" / f"{len(list(self.home.glob('to-publish/*'))):03}.ndjson"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(msgspec.json.encode(event) + b"\n" for event in events))
        return path

    # -- looking inside

    @property
    def urls(self) -> StackUrls:
        return self.stack.urls

    @functools.cached_property
    def page(self) -> str:
        """Where the live page is."""
        return str(self.json("status")["page"])

    def port_of(self, program: str) -> int:
        """The HTTP port of one of our processes."""
        return next(status.port for status in self.fleet.status() if status.name == program)

    def pid_of(self, program: str) -> int:
        """The pid of one of our processes; 0 while it does not run."""
        return next(status.pid for status in self.fleet.status() if status.name == program)

    def log_tails(self, lines: int = 15) -> str:
        """The ends of all logs, for the report of a failure."""
        tails = []
        for path in sorted((self.home / "logs").glob("*.log")):
            tail = path.read_text(errors="replace").splitlines()[-lines:]
            tails.append(f"--- {path.name}\n" + "\n".join(line[:300] for line in tail))
        return "\n".join(tails)


def attach_logs(item: pytest.Item, report: pytest.TestReport) -> None:
    """Put the ends of the logs of the services that a failed test used into its report."""
    if report.failed and isinstance(item, pytest.Function):
        for value in item.funcargs.values():
            if isinstance(value, WholeService):
                report.sections.append((f"logs of {value.home}", value.log_tails()))


@contextlib.contextmanager
def running(
    home: Path, bytecode: Path, *, workers: int = 1, environment: Mapping[str, str] | None = None
) -> Iterator[WholeService]:
    """A started service; stopped at the end, whatever happened."""
    service = WholeService(home, bytecode, **(environment or {}))
    try:
        service.start(workers=workers)
        yield service
    finally:
        service.stop()
