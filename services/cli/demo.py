"""demo: simulated customers and suppliers through the real pipeline; once with a score, or live until Ctrl-C."""

from __future__ import annotations

import datetime as dt
import json
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from domain.statements import parse_period
from runtime.settings import Settings
from services.cli import servers as where
from services.cli.failure import CommandFailed
from services.cli.feeding import new_publisher, wait_for
from services.cli.issuing import letterhead
from services.cli.output import out, plain, print_json, progress_bar, say
from services.cli.running import JsonOption, page_address, start, stop
from services.cli.stopping import StopSignals
from services.imports.canonical import LineError, Outgoing, read_event
from services.imports.errors import Receipt
from services.imports.master import CUSTOMERS, SUPPLIERS, upsert
from services.imports.publisher import publish
from services.queries.balances import iterate_balances
from services.queries.discrepancies import iterate_discrepancies
from services.queries.filters import AccountFilter
from services.reports.service import issue_all
from services.simulator.score import score
from services.simulator.simulation import Simulation

_SHOWN = 10
#: in the live demonstration, beside its customers
_LIVE_SUPPLIERS = 12
#: whether our processes still run, while live events are fed
_LOOK_EVERY_S = 1.0
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def demo(
    once: Annotated[bool, typer.Option("--once", help="Simulate, settle, print a summary, exit.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed gives the same events.")] = 7,
    customers: Annotated[int, typer.Option(min=1, help="How many customers.")] = 60,
    suppliers: Annotated[
        int | None,
        typer.Option(min=0, help="How many suppliers; without a number 12 live, none with --once."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, help="Days of history.")] = 60,
    shuffle: Annotated[bool, typer.Option(help="With --once: any order of arrival at all.")] = False,
    rate: Annotated[int, typer.Option(min=1, max=1000, help="Live events per second.")] = 2,
    seconds: Annotated[int, typer.Option(min=0, help="Stop after so long; 0: until Ctrl-C.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Run everything on simulated parties: live until Ctrl-C, or --once with a score against what was injected."""
    settings = Settings()
    if once:
        run_once(settings, seed, customers, days, suppliers or 0, shuffle=shuffle, as_json=as_json)
    else:
        run_live(
            settings,
            seed,
            customers,
            days,
            rate,
            seconds,
            _LIVE_SUPPLIERS if suppliers is None else suppliers,
        )


# -- once


def run_once(
    settings: Settings,
    seed: int,
    customers: int,
    days: int,
    suppliers: int,
    *,
    shuffle: bool,
    as_json: bool,
) -> None:
    """Publish a whole simulation and compare what is found with what was injected."""
    running_before = _is_running(settings)
    found = start(settings, quiet=as_json)
    try:
        tag = _tag(seed, customers, days)
        simulation = Simulation(seed, customers, days, tag=tag, suppliers=suppliers)
        summary = _measure(settings, found, simulation, shuffle=shuffle, as_json=as_json)
    finally:
        if not running_before:
            stop(settings, quiet=as_json)
    if as_json:
        print_json(summary)
    else:
        _print_summary(summary)
    if not summary["perfect"] or not summary["balances"]["equal"]:
        raise typer.Exit(1)


def _tag(seed: int, customers: int, days: int) -> str:
    """Three characters in the customers' numbers, so that other simulations in this folder stay apart."""
    number = zlib.crc32(f"{seed}/{customers}/{days}".encode()) % 36**3
    return "".join(_BASE36[number // 36**i % 36] for i in (2, 1, 0))


def _measure(
    settings: Settings, found: where.Servers, simulation: Simulation, *, shuffle: bool, as_json: bool
) -> dict[str, Any]:
    engine = found.engine()
    try:
        _write_master(engine, simulation)
        began = time.monotonic()
        receipt = _publish(simulation, found, settings, shuffle=shuffle, quiet=as_json)
        if not as_json:
            say("waiting until every store reflects it …")
        wait_for(receipt, found, 900)
        settled_ms = round((time.monotonic() - began) * 1000)
        ours = {row["customer_id"] for row in (*simulation.customers(), *simulation.suppliers())}
        with engine.connect() as connection:
            rows = [
                plain(row)
                for row in iterate_discrepancies(connection, AccountFilter())
                if row.customer_id in ours
            ]
            balances = {
                (row.customer_id, row.currency): row.balance_minor
                for row in iterate_balances(connection, AccountFilter())
                if row.customer_id in ours
            }
        expected = simulation.expected_balances()
        differing = [
            {
                "customer_id": c,
                "currency": k,
                "balance_minor": balances.get((c, k), 0),
                "expected_minor": want,
            }
            for (c, k), want in sorted(expected.items())
            if balances.get((c, k), 0) != want
        ]
        result = score(rows, simulation.expected_discrepancies())
        written = _statements(settings, engine, simulation, as_json=as_json)
    finally:
        engine.dispose()
    return {
        "seed": simulation.seed,
        "customers": len(simulation.customers()),
        "suppliers": len(simulation.suppliers()),
        "events": receipt.delivered,
        "events_by_kind": dict(receipt.counts),
        "settled_ms": settled_ms,
        "balances": {"accounts": len(expected), "equal": not differing, "differing": differing[:_SHOWN]},
        "discrepancies": {"injected": len(simulation.expected_discrepancies()), "found": len(rows)},
        "precision": float(result.precision),
        "recall": float(result.recall),
        "perfect": result.perfect,
        "spurious": [list(key) for key in result.spurious[:_SHOWN]],
        "missed": [plain(item) for item in result.missed[:_SHOWN]],
        "statements": written,
    }


def _write_master(engine: sa.Engine, simulation: Simulation) -> None:
    now = dt.datetime.now(dt.UTC)
    upsert(engine, CUSTOMERS, simulation.customers(), now)
    upsert(engine, SUPPLIERS, simulation.suppliers(), now)


def _publish(
    simulation: Simulation, found: where.Servers, settings: Settings, *, shuffle: bool, quiet: bool
) -> Receipt:
    events = list(simulation.events(shuffle=shuffle))
    with progress_bar("events", quiet=quiet) as bar, new_publisher(found, settings) as publisher:
        publication = publish(
            _outgoing(events),
            publisher,
            on_error=_defect,
            on_progress=lambda done: bar(done, len(events)),
        )
    return publication.receipt


def _outgoing(events: list[dict[str, Any]]) -> Iterator[Outgoing | LineError]:
    for position, event in enumerate(events, start=1):
        yield read_event(position, event)


def _defect(error: LineError) -> None:
    raise AssertionError(f"the simulator made an event that is no canonical event: {error}")


def _statements(
    settings: Settings, engine: sa.Engine, simulation: Simulation, *, as_json: bool
) -> dict[str, Any]:
    """Statements of the last month that the window covers to its end (or its only one), as PDF, for everybody."""
    month_before = simulation.window.end.replace(day=1) - dt.timedelta(days=1)
    period = f"{max(month_before, simulation.window.start):%Y-%m}"
    folder = Path(settings.home) / "statements" / f"{period}-{simulation.seed}"
    with progress_bar("statements", quiet=as_json) as bar:
        result = issue_all(
            engine,
            parse_period(period),
            "pdf",
            None,
            folder,
            dt.datetime.now(dt.UTC),
            letterhead=letterhead(settings),
            progress=lambda progress: bar(progress.done, progress.total),
        )
    return {"period": period, "folder": str(folder), "documents": result.documents, "written": result.written}


def _print_summary(summary: dict[str, Any]) -> None:
    found = summary["discrepancies"]
    balances = summary["balances"]
    out.print(
        f"events         {summary['events']} in {summary['settled_ms'] / 1000:.1f} s, settled everywhere"
    )
    equal = "all as expected" if balances["equal"] else f"differing: {balances['differing']}"
    out.print(f"balances       {balances['accounts']} accounts, {equal}")
    out.print(f"discrepancies  {found['found']} found, {found['injected']} injected")
    out.print(f"precision      {summary['precision']}\nrecall         {summary['recall']}")
    for key in summary["spurious"]:
        out.print(f"  not injected: {key}", highlight=False)
    for item in summary["missed"]:
        out.print(f"  not found: {item}", highlight=False)
    written = summary["statements"]
    out.print(f"statements     {written['documents']} for {written['period']} in {written['folder']}")


# -- live


class _StoppedElsewhereError(Exception):
    """Nobody is there any more who would take an event: what is still queued is given up."""


def run_live(
    settings: Settings, seed: int, customers: int, days: int, rate: int, seconds: int, suppliers: int
) -> None:
    """Start everything, bring in a history, then feed live events until Ctrl-C."""
    began = time.monotonic()
    running_before = _is_running(settings)
    found = start(settings)
    try:
        start_date = _start_date(settings, seed, customers, days)
        simulation = Simulation(seed, customers, days, start_date, suppliers=suppliers)
        engine = found.engine()
        _write_master(engine, simulation)
        engine.dispose()
        receipt = _publish(simulation, found, settings, shuffle=False, quiet=False)
        wait_for(receipt, found, 900)
        took = time.monotonic() - began
        page = page_address(settings)
        out.print(
            f"\nTieout is up after {took:.0f} s with {receipt.delivered} events of {customers} customers "
            f"and {suppliers} suppliers."
        )
        out.print(f"  live page      [bold]{page}[/bold]   (中文: {page}?lang=zh)")
        out.print(f"  API            {page}docs")
        out.print("  command line   .venv/bin/tieout balances | discrepancies | ageing | verify")
        out.print(f"  live events    {rate} a second; stop with Ctrl-C\n")
        with StopSignals() as signals:
            _feed(simulation, found, settings, rate, seconds, signals)
    finally:
        if not running_before:
            stop(settings)


def _start_date(settings: Settings, seed: int, customers: int, days: int) -> dt.date:
    """Of the history: it ends today on the first run, and stays there, so that a second run repeats no business."""
    path = Path(settings.home) / f"demo-{seed}-{customers}-{days}.json"
    if path.exists():
        return dt.date.fromisoformat(json.loads(path.read_text())["start_date"])
    first = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=days)
    path.write_text(json.dumps({"start_date": first.isoformat()}))
    return first


def _feed(
    simulation: Simulation,
    found: where.Servers,
    settings: Settings,
    rate: int,
    seconds: int,
    signals: StopSignals,
) -> None:
    """Publish ``rate`` live events a second until told to stop, or until somebody has stopped Tieout."""
    from deploy.fleet import Fleet

    fleet = Fleet(Path(settings.home))
    now = dt.datetime.now(dt.UTC)
    began = looked = time.monotonic()
    try:
        with new_publisher(found, settings) as publisher:
            for position, event in enumerate(simulation.live_events(rate, now), start=1):
                outgoing = read_event(position, event)
                if isinstance(outgoing, LineError):
                    _defect(outgoing)
                else:
                    publisher.send(outgoing)
                due = began + position / rate
                if signals.wait(max(0, due - time.monotonic())):
                    return
                if seconds and time.monotonic() - began >= seconds:
                    return
                if time.monotonic() - looked >= _LOOK_EVERY_S:
                    looked = time.monotonic()
                    if fleet.running() is None:
                        raise _StoppedElsewhereError
    except _StoppedElsewhereError:
        say("Tieout was stopped from elsewhere, so no more events are fed.")


def _is_running(settings: Settings) -> bool:
    from deploy.fleet import Fleet

    if Fleet(Path(settings.home)).running() is None:
        return False
    try:
        where.find_servers(settings)
    except CommandFailed:
        return False
    return True
