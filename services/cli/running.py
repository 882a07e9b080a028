"""up, down, status, topics, worker: the servers and our own processes."""

from __future__ import annotations

import signal
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from runtime.settings import Settings
from services.cli import servers as where
from services.cli.failure import CommandFailed
from services.cli.output import out, print_json, print_rows, say
from services.cli.stopping import StopSignals

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def start(settings: Settings, *, workers: int = 1, quiet: bool = False) -> where.Servers:
    """Start what is not running yet: servers, topics, tables, processes. Returns when all are ready."""
    report = (lambda line: None) if quiet else say
    found = start_servers(settings, report)
    prepare(found, settings)
    report("topics and tables: ready")
    start_processes(settings, found, report, workers=workers)
    return found


def start_servers(settings: Settings, report: Callable[[str], None]) -> where.Servers:
    """Start the embedded servers that the environment does not name; returns all addresses."""
    from deploy.stack import EmbeddedStack

    missing = where.missing_services(where.given(settings))
    if missing:
        EmbeddedStack(Path(settings.home), services=missing).start(progress=report)
    return where.find_servers(settings)


def start_processes(
    settings: Settings,
    found: where.Servers,
    report: Callable[[str], None],
    *,
    workers: int = 1,
    modules: Collection[str] | None = None,
    own: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> None:
    """Start our processes, or those of ``modules`` only. Returns when they are ready.

    ``own``: program → settings that only it gets.
    """
    from deploy.fleet import Fleet, programs

    ports = {
        "worker": settings.worker_metrics_port,
        "projector": settings.projector_metrics_port,
        "alerts": settings.alerts_metrics_port,
        "reminders": settings.reminders_metrics_port,
        "api": settings.api_port,
    }
    home = Path(settings.home)
    fleet = Fleet(home)
    environment = {
        **found.environment(),
        "SCHEMA_REGISTRY_URL": settings.schema_registry_url,
        "TIEOUT_HOME": str(home.resolve()),
    }
    wanted = [
        replace(p, environment=own.get(p.name, {}))
        for p in programs(ports, workers)
        if modules is None or p.module in modules
    ]
    fleet.start(wanted, environment)
    fleet.wait_until_ready(report)


def prepare(found: where.Servers, settings: Settings) -> None:
    """Topics and tables as this release needs them. Raises ``CommandFailed`` where existing topics deviate."""
    from schemas.admin import ensure_topics
    from services.store.migrations import migrate
    from services.store.schema_ids import record_schemas

    report = ensure_topics(found.kafka_bootstrap_servers, settings.partitions, settings.replication_factor)
    if report.findings:
        raise CommandFailed(
            "Topics deviate from their declaration: " + "; ".join(str(f) for f in report.findings),
            "Alter them as named, or use another cluster.",
        )
    migrate(found.database_url)
    engine = found.engine()
    try:
        record_schemas(engine)
    finally:
        engine.dispose()


def stop(settings: Settings, *, quiet: bool = False) -> None:
    """Stop our processes, then the embedded servers. Idempotent; data stay."""
    from deploy.fleet import Fleet
    from deploy.stack import EmbeddedStack

    home = Path(settings.home)
    if not home.exists():
        return
    Fleet(home).stop()
    if not quiet:
        say("processes: stopped")
    EmbeddedStack(home).stop()
    if not quiet:
        say("servers: stopped")


def page_address(settings: Settings) -> str:
    """Where the live page is."""
    from deploy.fleet import Fleet

    state = Fleet(Path(settings.home)).running()
    port = settings.api_port
    if state is not None:
        port = next((p.port for p in state.programs if p.name == "api"), port)
    return f"http://127.0.0.1:{port}/"


def up(
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return when all is ready.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Stream workers to run.")] = 1,
) -> None:
    """Start the servers that are not given, and all processes; without --detach until Ctrl-C."""
    settings = Settings()
    start(settings, workers=workers)
    out.print(f"Tieout is running: [bold]{page_address(settings)}[/bold]")
    if detach:
        out.print("Stop it with `tieout down`.")
        return
    with StopSignals() as signals:
        signals.wait()
    stop(settings)


def down() -> None:
    """Stop what `tieout up` started. Data stay."""
    stop(Settings())


def status(as_json: JsonOption = False) -> None:
    """Servers and processes; exit code 1 unless all run and are ready."""
    from deploy.fleet import Fleet
    from deploy.stack import EmbeddedStack

    settings = Settings()
    home = Path(settings.home)
    rows = []
    missing = where.missing_services(where.given(settings))
    if missing and home.exists():
        for service in EmbeddedStack(home, services=missing).status():
            rows.append(
                {
                    "name": service.name,
                    "running": service.running,
                    "ready": service.healthy,
                    "pid": service.pid,
                    "port": service.port,
                    "log": str(service.log_path),
                }
            )
    fleet = Fleet(home).status() if home.exists() else []
    for program in fleet:
        rows.append(
            {
                "name": program.name,
                "running": program.state == "RUNNING",
                "ready": program.ready,
                "pid": program.pid,
                "port": program.port,
                "log": program.log_path,
            }
        )
    ready = bool(fleet) and all(row["ready"] for row in rows)
    if as_json:
        print_json({"ready": ready, "page": page_address(settings) if fleet else None, "services": rows})
    else:
        print_rows(rows, ["name", "running", "ready", "pid", "port", "log"], as_json=False)
    if not ready:
        raise typer.Exit(1)


def topics(as_json: JsonOption = False) -> None:
    """Create missing topics, refuse deviating ones, and bring the database to this release."""
    settings = Settings()
    found = where.find_servers(settings)
    prepare(found, settings)
    if as_json:
        print_json({"topics": "ok", "database": "ok"})
    else:
        out.print("Topics and tables are as this release needs them.")


def worker(
    instance: Annotated[str, typer.Option(help="Name of this worker; never twice at a time.")],
    metrics_port: Annotated[int, typer.Option(min=0, help="Port of its /metrics; 0 takes any.")] = 0,
) -> None:
    """Run one more stream worker in the foreground; partitions move to it by themselves."""
    from deploy.fleet import run_in_foreground

    settings = Settings()
    found = where.find_servers(settings)
    environment = {
        **found.environment(),
        "TIEOUT_HOME": str(Path(settings.home).resolve()),
        "TIEOUT_INSTANCE_ID": instance,
        "TIEOUT_WORKER_METRICS_PORT": str(metrics_port),
    }
    code = run_in_foreground("streams", environment)
    if code not in (0, -signal.SIGTERM, -signal.SIGINT):
        raise CommandFailed(f"The worker ended with code {code}.", "Its log says why.", code)
