"""publish, import: bringing events and files in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from runtime.settings import Settings
from schemas.codec import Codec
from schemas.configured import registry_for
from services.cli import servers as where
from services.cli.failure import CommandFailed
from services.cli.output import print_json, print_rows, progress_bar, say
from services.cli.parties import party_of
from services.cli.running import JsonOption
from services.imports.errors import Receipt
from services.imports.kinds import find_import
from services.imports.publisher import Progress, Publisher
from services.imports.settle import wait_until_reflected
from services.imports.statements.dates import Order
from services.imports.statements.draft import View
from services.imports.statements.numbers import Mark
from services.imports.statements.options import Layout, StatementOptions, columns_of, period_of
from services.imports.statements.template import TemplateFormat, make_template
from services.imports.summary import Options, Summary, Targets
from services.language import Language
from services.queries import count_dead_letters

WaitOption = Annotated[bool, typer.Option("--wait", help="Return when all is reflected in every store.")]
TimeoutOption = Annotated[int, typer.Option(min=1, help="Seconds that --wait waits at most.")]


def new_publisher(found: where.Servers, settings: Settings) -> Publisher:
    return Publisher(found.kafka_bootstrap_servers, Codec(registry_for(settings.schema_registry_url)))


def wait_for(
    receipt: Receipt,
    found: where.Servers,
    timeout_s: int,
    wait: Callable[..., None] = wait_until_reflected,
) -> None:
    """Block until what was delivered is in PostgreSQL and Redis, as ``wait`` of ``services.imports.settle`` says."""
    engine = found.engine()
    live = found.live()
    try:
        wait(
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
    kind: Annotated[
        str, typer.Argument(help="customer-statement, supplier-statement, events, customers, suppliers, …")
    ],
    file: Annotated[Path, typer.Argument(help="The file.")],
    wait: WaitOption = False,
    timeout: TimeoutOption = 300,
    customer: Annotated[
        str | None, typer.Option(help="Whose statement it is, if the file does not say.")
    ] = None,
    supplier: Annotated[str | None, typer.Option(help="The same of a supplier: its number.")] = None,
    currency: Annotated[str | None, typer.Option(help="Its currency, if the file does not say.")] = None,
    period: Annotated[str | None, typer.Option(help="Its period: 2026-01 or 2026-01-01..2026-01-31.")] = None,
    statement_id: Annotated[str | None, typer.Option(help="Its number, if the file does not say.")] = None,
    opening: Annotated[
        str | None, typer.Option(help="Its opening balance, if the file does not say.")
    ] = None,
    view: Annotated[View, typer.Option(help="In whose books its debit and credit stand.")] = View.AUTO,
    format_: Annotated[str | None, typer.Option("--format", help="Format, if not by its content.")] = None,
    columns: Annotated[
        str | None, typer.Option(help="Headings by field: 'date=Buchung,debit=Zugang,credit=Abgang'.")
    ] = None,
    date_order: Annotated[Order | None, typer.Option(help="Day or month first in 05/01/2026.")] = None,
    decimal: Annotated[Mark | None, typer.Option(help="The decimal mark.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of a text file.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook.")] = None,
    remember: Annotated[
        bool, typer.Option("--remember", help="Keep columns, marks and view for this customer.")
    ] = False,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="The statements of this file no longer stand.")
    ] = False,
    corrections: Annotated[
        Path | None, typer.Option(help="The error report, with its column 'corrected' filled in.")
    ] = None,
    anonymous_account: Annotated[
        str | None, typer.Option(help="Book rows without a customer on this account.")
    ] = None,
    hold_incomplete: Annotated[
        bool, typer.Option(help="Hold a document or statement back of which a row cannot be read.")
    ] = False,
    source_version: Annotated[
        int, typer.Option(min=1, help="Above 1: the documents replace an earlier version.")
    ] = 1,
    report: Annotated[Path | None, typer.Option(help="Where the error report goes.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Import a file of a known kind, with a row-by-row report of what was refused."""
    layout = Layout(
        columns=columns_of(columns.split(",") if columns else ()),
        date_order=date_order,
        decimal=decimal,
        view=view,
        encoding=encoding,
        sheet=sheet,
        currency=currency.upper() if currency else None,
    )
    party = party_of(customer, supplier)
    if remember and party is None:
        raise CommandFailed("A layout is kept for a customer.", "Name the customer with --customer.", 2)
    options = Options(
        anonymous_account=anonymous_account,
        hold_incomplete=hold_incomplete,
        source_version=source_version,
        statement=StatementOptions(
            customer_id=party,
            statement_id=statement_id,
            period=period_of(period),
            opening=opening,
            format=format_,
            layout=layout,
            remember=remember,
            withdraw=withdraw,
            corrections=None if corrections is None else str(corrections),
        ),
        report=report,
    )
    bring_in(kind, file, options, wait, timeout, as_json)


def template(
    kind: Annotated[
        str, typer.Argument(help="customer-statement or supplier-statement")
    ] = "customer-statement",
    format_: Annotated[TemplateFormat, typer.Option("--format", help="Format of the template.")] = "xlsx",
    lang: Annotated[Language, typer.Option("--lang", help="Language of its headings.")] = "en",
    output: Annotated[
        Path | None, typer.Option("--output", help="A file; by default KIND.FORMAT here.")
    ] = None,
) -> None:
    """Write an empty file to fill in: its headings are understood by `tieout import`."""
    content = make_template(kind, format_, lang)
    target = output or Path(f"{kind}.{format_}")
    target.write_bytes(content)
    say(f"Template: {target}")


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
    refused = 0
    if wait and summary.receipt is not None:
        if not as_json:
            say("waiting until every store reflects it …")
        wait_for(summary.receipt, found, timeout_s)
        refused = _refused_since(summary.receipt, found)
    _report(summary, dt.datetime.now(dt.UTC) - started, reflected=wait, dead_letters=refused, as_json=as_json)
    if summary.damaged:
        raise typer.Exit(1)


def _refused_since(receipt: Receipt, found: where.Servers) -> int:
    """How many records of the places where these were sent the books refused meanwhile."""
    engine = found.engine()
    try:
        with engine.connect() as connection:
            return count_dead_letters(connection, receipt.first_offsets, receipt.next_offsets)
    finally:
        engine.dispose()


def _report(
    summary: Summary, took: dt.timedelta, *, reflected: bool, dead_letters: int, as_json: bool
) -> None:
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
                "dead_letters": dead_letters,
                "notes": [str(note) for note in summary.notes],
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
    if rows:
        print_rows(rows, ["what", "count", "state"], as_json=False)
    for note in summary.notes:
        say(str(note))
    if summary.report is not None:
        say(f"Refused rows, with reason and position: {summary.report}")
    if dead_letters:
        say(f"Sent, and refused by the books: {dead_letters}. See `tieout dead-letters`.")
    say(f"{summary.rows} rows in {milliseconds / 1000:.1f} s.")
