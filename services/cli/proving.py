"""verify, replay: the invariants, checked across all stores, and the read model made again from the topics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from domain.rules import Rules
from runtime.settings import Settings
from schemas.codec import Codec
from schemas.configured import registry_for
from services.cli import servers as where
from services.cli.output import err, out, print_json, say
from services.cli.running import JsonOption
from services.operations.verify import Report, Verifier, VerifyTargets

TimeoutOption = Annotated[int, typer.Option(min=1, help="Seconds to wait for stores to catch up.")]


def prove(settings: Settings, found: where.Servers, timeout_s: int) -> Report:
    """Run all checks. Blocks; reads only."""
    engine, live = found.engine(), found.live()
    try:
        return Verifier(
            VerifyTargets(
                bootstrap_servers=found.kafka_bootstrap_servers,
                engine=engine,
                live=live,
                codec=Codec(registry_for(settings.schema_registry_url)),
                rules=Rules(terms_days=settings.terms_days),
                partitions=settings.partitions,
                timeout_s=timeout_s,
            )
        ).run()
    finally:
        live.close()
        engine.dispose()


def verify(timeout: TimeoutOption = 60, as_json: JsonOption = False) -> None:
    """Check the invariants I1–I8 and I11 over everything that is stored; fail on the first that is broken."""
    settings = Settings()
    _show(prove(settings, where.find_servers(settings), timeout), as_json=as_json)


def replay(timeout: TimeoutOption = 900, as_json: JsonOption = False) -> None:
    """Empty the read model (PostgreSQL, Redis), let the projector make it again from the topics, and verify it."""
    from deploy.fleet import Fleet
    from services.projector.rebuild import empty_read_model

    settings = Settings()
    found = where.find_servers(settings)
    fleet = Fleet(Path(settings.home))
    ours = fleet.running() is not None
    if ours:
        fleet.pause("projector")
    engine = found.engine()
    try:
        tables = empty_read_model(engine)
    finally:
        engine.dispose()
        if ours:
            fleet.resume("projector")
    if not as_json:
        say(f"emptied {', '.join(tables)}; the projector makes them again …")
    _show(prove(settings, found, timeout), as_json=as_json)


def _show(report: Report, *, as_json: bool) -> None:
    if as_json:
        print_json(report)
    else:
        for check in report.checks:
            mark = "[green]ok[/green]    " if check.ok else "[bold red]BROKEN[/bold red]"
            out.print(f"{mark} {check.invariant:<4} {check.what}: {check.detail}", highlight=False)
        out.print(f"digest {report.digest}", highlight=False)
    if not report.ok:
        if not as_json:
            broken = next(check for check in report.checks if not check.ok)
            err.print(f"{broken.invariant} is broken: {broken.detail} See docs/operations/runbook.md.")
        raise typer.Exit(1)
