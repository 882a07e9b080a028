"""verify: the invariants, checked across Kafka, tables, PostgreSQL and Redis."""

from __future__ import annotations

from typing import Annotated

import typer

from domain.rules import Rules
from runtime.settings import Settings
from schemas.codec import Codec
from schemas.confluent import registry_for
from services.cli import servers as where
from services.cli.output import err, out, print_json
from services.cli.running import JsonOption
from services.operations.verify import Verifier, VerifyTargets


def verify(
    timeout: Annotated[int, typer.Option(min=1, help="Seconds to wait for stores to catch up.")] = 60,
    as_json: JsonOption = False,
) -> None:
    """Check the invariants I1–I8 and I11 over everything that is stored; fail on the first that is broken."""
    settings = Settings()
    found = where.find_servers(settings)
    engine, live = found.engine(), found.live()
    try:
        report = Verifier(
            VerifyTargets(
                bootstrap_servers=found.kafka_bootstrap_servers,
                engine=engine,
                live=live,
                codec=Codec(registry_for(settings.schema_registry_url)),
                rules=Rules(terms_days=settings.terms_days),
                partitions=settings.partitions,
                timeout_s=timeout,
            )
        ).run()
    finally:
        live.close()
        engine.dispose()
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
