"""publish, import: bringing events and files in."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from runtime.settings import Settings
from schemas.codec import Codec
from schemas.confluent import registry_for
from services.cli import servers as where
from services.cli.output import print_json, print_rows, progress_bar, say
from services.cli.running import JsonOption
from services.imports.errors import Receipt
from services.imports.kinds import Options, Summary, Targets, find_import
from services.imports.publisher import Progress, Publisher
from services.imports.settle import wait_until_reflected

WaitOption = Annotated[bool, typer.Option("--wait", help="Return when all is reflected in every store.")]
TimeoutOption = Annotated[int, typer.Option(min=1, help="Seconds that --wait waits at most.")]


def new_publisher(found: where.Servers, settings: Settings) -> Publisher:
    return Publisher(found.kafka_bootstrap_servers, Codec(registry_for(settings.schema_registry_url)))


def wait_for(receipt: Receipt, found: where.Servers, timeout_s: int) -> None:
    """Block until what was delivered is in PostgreSQL and Redis."""
    engine = found.engine()
    live = found.live()
    try:
        wait_until_reflected(
            receipt,
            bootstrap_servers=found.kafka_bootstrap_servers,
            engine=engine,
            live=live,
            timeout_s=timeout_s,
        )
    finally:
        live.close()
        engine.dispose()


def publish(
    file: Annotated[Path, typer.Argument(help="Canonical events, one JSON object a line; .gz too.")],
    wait: WaitOption = False,
    timeout: TimeoutOption = 300,
    after_line: Annotated[int, typer.Option(min=0, help="Resume behind this line.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Publish canonical events to Kafka. Refused lines go to a report; the rest goes on."""
    bring_in("events", file, Options(after_line=after_line), wait, timeout, as_json)


def import_(
    kind: Annotated[str, typer.Argument(help="events, online-retail, customers, …")],
    file: Annotated[Path, typer.Argument(help="The file.")],
    wait: WaitOption = False,
    timeout: TimeoutOption = 300,
    anonymous_account: Annotated[
        str | None, typer.Option(help="Book rows without a customer on this account.")
    ] = None,
    hold_incomplete: Annotated[
        bool, typer.Option(help="Hold a document back of which a row cannot be read.")
    ] = False,
    source_version: Annotated[
        int, typer.Option(min=1, help="Above 1: the documents replace an earlier version.")
    ] = 1,
    report: Annotated[Path | None, typer.Option(help="Where the error report goes.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Import a file of a known kind, with a row-by-row report of what was refused."""
    options = Options(
        anonymous_account=anonymous_account,
        hold_incomplete=hold_incomplete,
        source_version=source_version,
        report=report,
    )
    bring_in(kind, file, options, wait, timeout, as_json)


def bring_in(kind: str, file: Path, options: Options, wait: bool, timeout_s: int, as_json: bool) -> None:
    """Run an import, report it, and end with exit code 1 if rows were refused that should have been taken in."""
    settings = Settings()
    bring = find_import(kind)
    found = where.find_servers(settings)
    started = dt.datetime.now(dt.UTC)
    targets = Targets(publisher=lambda: new_publisher(found, settings), engine=found.engine)
    with progress_bar(f"{kind}: {file.name}", quiet=as_json) as bar:

        def on_progress(progress: Progress) -> None:
            bar(progress.bytes_done, progress.bytes_total)

        summary = bring(file, targets, options, on_progress)
    if wait and summary.receipt is not None:
        if not as_json:
            say("waiting until every store reflects it …")
        wait_for(summary.receipt, found, timeout_s)
    _report(summary, dt.datetime.now(dt.UTC) - started, reflected=wait, as_json=as_json)
    if summary.damaged:
        raise typer.Exit(1)


def _report(summary: Summary, took: dt.timedelta, *, reflected: bool, as_json: bool) -> None:
    milliseconds = took // dt.timedelta(milliseconds=1)
    if as_json:
        print_json(
            {
                "kind": summary.kind,
                "rows": summary.rows,
                "accepted": summary.accepted,
                "rejected": summary.rejected,
                "report": summary.report,
                "reflected": reflected and summary.receipt is not None,
                "notes": summary.notes,
                "took_ms": milliseconds,
            }
        )
        return
    rows = [
        *({"what": kind, "count": count, "state": "sent"} for kind, count in summary.accepted.items()),
        *(
            {"what": reason, "count": n, "state": "left out" if reason in summary.left_out else "refused"}
            for reason, n in summary.rejected.items()
        ),
    ]
    print_rows(rows, ["what", "count", "state"], as_json=False)
    for note in summary.notes:
        say(note)
    if summary.report is not None:
        say(f"Refused rows, with reason and position: {summary.report}")
    say(f"{summary.rows} rows in {milliseconds / 1000:.1f} s.")
