"""statement, statements: documents for customers and suppliers."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer

from domain.statements import Period, parse_period
from runtime.settings import Settings
from services.cli import servers as where
from services.cli.failure import CommandFailed
from services.cli.output import out, print_json, progress_bar
from services.cli.parties import RoleOption, SupplierOption, named_party
from services.cli.running import JsonOption
from services.reports.document import Letterhead
from services.reports.service import BatchProgress, issue_all, issue_statement, write_once

PeriodOption = Annotated[
    str, typer.Option("--period", help="2011-01, 2011, 2011-Q1 or 2011-01-05..2011-02-03.")
]
FormatOption = Annotated[str, typer.Option("--format", help="pdf, xlsx, csv, html or json.")]
LanguageOption = Annotated[
    str | None, typer.Option("--language", help="en or zh; by default the customer's.")
]


def letterhead(settings: Settings) -> Letterhead:
    return Letterhead(name=settings.company_name, time_zone=settings.time_zone)


def read_period(text: str) -> Period:
    """The period of an option. Raises ``CommandFailed``."""
    try:
        return parse_period(text)
    except ValueError as error:
        raise CommandFailed(str(error), "Write it like 2011-01 or 2011-01-05..2011-02-03.", 2) from error


def statement(
    period: PeriodOption,
    customer: Annotated[str | None, typer.Argument(help="The customer's id.")] = None,
    supplier: SupplierOption = None,
    fmt: FormatOption = "pdf",
    language: LanguageOption = None,
    currency: Annotated[str | None, typer.Option(help="Only this currency.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File or folder; - is standard output.")
    ] = None,
) -> None:
    """A statement of account of a customer or supplier for a period, proved before it is written."""
    settings = Settings()
    wanted = read_period(period)
    party = named_party(customer, supplier)
    engine = where.find_servers(settings).engine()
    try:
        issued = issue_statement(
            engine,
            party,
            currency,
            wanted,
            language,
            fmt,
            dt.datetime.now(dt.UTC),
            letterhead=letterhead(settings),
        )
    finally:
        engine.dispose()
    deliver(issued.content, issued.filename, output)


def deliver(content: bytes, filename: str, output: Path | None) -> None:
    """Put a document where ``output`` says: a file, a folder, ``-`` for standard output, or here by its own name."""
    if output is not None and str(output) == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    path = Path(filename) if output is None else output
    if path.is_dir():
        path = path / filename
    path.parent.mkdir(parents=True, exist_ok=True)
    write_once(path, content)
    out.print(str(path), highlight=False, soft_wrap=True)


def statements(
    period: PeriodOption,
    fmt: FormatOption = "pdf",
    language: LanguageOption = None,
    role: RoleOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder; by default inside TIEOUT_HOME.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Statements for all customers and suppliers, with progress. Can be stopped and run again at any time."""
    settings = Settings()
    wanted = read_period(period)
    folder = output or Path(settings.home) / "statements" / period
    engine = where.find_servers(settings).engine()
    try:
        with progress_bar(f"statements {period}", quiet=as_json) as bar:

            def on_progress(progress: BatchProgress) -> None:
                bar(progress.done, progress.total)

            result = issue_all(
                engine,
                wanted,
                fmt,
                language,
                folder,
                dt.datetime.now(dt.UTC),
                letterhead=letterhead(settings),
                progress=on_progress,
                role=role,
            )
    finally:
        engine.dispose()
    if as_json:
        print_json({"folder": folder, "documents": result.documents, "written": result.written})
    else:
        out.print(f"{result.documents} statements in {folder}, {result.written} of them new or changed.")
