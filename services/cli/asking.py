"""balances, entries, open-items, matches, discrepancies, ageing: what the service knows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import typer

from domain.discrepancies.finding import DiscrepancyKind
from domain.facts import EntryKind
from runtime.settings import Settings
from services.cli import servers as where
from services.cli.failure import CommandFailed
from services.cli.output import print_rows
from services.cli.parties import CustomerOption, RoleOption, SupplierOption, party_of
from services.cli.running import JsonOption
from services.queries.ageing import iterate_ageing
from services.queries.balances import iterate_balances
from services.queries.dead_letters import iterate_dead_letters
from services.queries.discrepancies import iterate_discrepancies, iterate_discrepancy_changes
from services.queries.entries import EntryFilter, iterate_entries
from services.queries.filters import AccountFilter
from services.queries.matches import iterate_matches
from services.queries.open_items import iterate_open_items


def parse_date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date like 2026-01-31") from None


CurrencyOption = Annotated[str | None, typer.Option("--currency", help="Only this currency.")]
AsOfOption = Annotated[
    Any,
    typer.Option("--as-of", parser=parse_date, metavar="DATE", help="As of the end of this business date."),
]


def today(settings: Settings) -> dt.date:
    """The business date now, in the company's time zone."""
    return dt.datetime.now(ZoneInfo(settings.time_zone)).date()


def _ask(read: Callable[[sa.Connection], Iterator[Any]], columns: Sequence[str], *, as_json: bool) -> None:
    engine = where.find_servers(Settings()).engine()
    try:
        with engine.connect() as connection:
            try:
                rows = read(connection)
                print_rows(rows, columns, as_json=as_json)
            except sa.exc.ProgrammingError as error:
                raise CommandFailed(
                    "The database has no tables of Tieout.", "Run `tieout topics`."
                ) from error
    finally:
        engine.dispose()


def balances(
    customer: CustomerOption = None,
    supplier: SupplierOption = None,
    currency: CurrencyOption = None,
    role: RoleOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """The running balance of every account; with --as-of, of everything dated up to then."""
    accounts = AccountFilter(party_of(customer, supplier), currency, role)
    _ask(
        lambda c: iterate_balances(c, accounts, as_of),
        ["customer_id", "currency", "balance_minor"],
        as_json=as_json,
    )


def entries(
    customer: CustomerOption = None,
    supplier: SupplierOption = None,
    currency: CurrencyOption = None,
    role: RoleOption = None,
    as_of: AsOfOption = None,
    from_date: Annotated[Any, typer.Option("--from", parser=parse_date, metavar="DATE")] = None,
    kind: Annotated[EntryKind | None, typer.Option(help="What they are entries of.")] = None,
    document: Annotated[str | None, typer.Option(help="Document number.")] = None,
    text: Annotated[str | None, typer.Option(help="Words to look for.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Ledger entries with running balance and source position."""
    wanted = EntryFilter(
        accounts=AccountFilter(party_of(customer, supplier), currency, role),
        from_date=from_date,
        to_date=as_of,
        kind=kind and kind.value,
        document_no=document,
        text=text,
    )
    columns = ["customer_id", "currency", "business_date", "document_no", "kind", "role", "side"]
    _ask(
        lambda c: iterate_entries(c, wanted),
        [*columns, "amount_minor", "running_balance_minor"],
        as_json=as_json,
    )


def open_items(
    customer: CustomerOption = None,
    supplier: SupplierOption = None,
    currency: CurrencyOption = None,
    role: RoleOption = None,
    as_of: AsOfOption = None,
    overdue: Annotated[bool, typer.Option(help="Only what is past due.")] = False,
    settled: Annotated[bool, typer.Option(help="Cleared and cancelled ones too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """What is still open, with due date and state."""
    accounts = AccountFilter(party_of(customer, supplier), currency, role)
    now = today(Settings())
    columns = ["customer_id", "currency", "document_no", "kind", "due_date", "original_minor"]
    _ask(
        lambda c: iterate_open_items(
            c, accounts, now, as_of=as_of, overdue_only=overdue, include_settled=settled
        ),
        [*columns, "allocated_minor", "open_minor", "state", "days_past_due"],
        as_json=as_json,
    )


def matches(
    customer: CustomerOption = None,
    supplier: SupplierOption = None,
    currency: CurrencyOption = None,
    role: RoleOption = None,
    as_of: AsOfOption = None,
    document: Annotated[str | None, typer.Option(help="A document on either side.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Which payment paid which document, by which rule."""
    accounts = AccountFilter(party_of(customer, supplier), currency, role)
    columns = ["customer_id", "currency", "payment_document_no", "document_no", "amount_minor"]
    _ask(
        lambda c: iterate_matches(c, accounts, document_no=document, as_of=as_of),
        [*columns, "rule", "score", "state"],
        as_json=as_json,
    )


def discrepancies(
    customer: CustomerOption = None,
    supplier: SupplierOption = None,
    currency: CurrencyOption = None,
    role: RoleOption = None,
    as_of: AsOfOption = None,
    kind: Annotated[DiscrepancyKind | None, typer.Option(help="Only of this kind.")] = None,
    all_states: Annotated[bool, typer.Option("--all", help="Resolved and retracted ones too.")] = False,
    history: Annotated[bool, typer.Option("--history", help="Every change in the life of each.")] = False,
    one: Annotated[str | None, typer.Option("--id", help="With --history: only this discrepancy.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Open findings with their explanation; with --as-of, those about dates up to then."""
    accounts = AccountFilter(party_of(customer, supplier), currency, role)
    if history:
        _ask(
            lambda c: iterate_discrepancy_changes(c, accounts, discrepancy_id=one, kind=kind and kind.value),
            [
                *(
                    "customer_id",
                    "currency",
                    "kind",
                    "document_no",
                    "discrepancy_id",
                    "state",
                    "amount_minor",
                ),
                *("event_id", "explanation"),
            ],
            as_json=as_json,
        )
        return

    def read(connection: sa.Connection) -> Iterator[Any]:
        rows = iterate_discrepancies(connection, accounts, all_states=all_states, kind=kind and kind.value)
        return (row for row in rows if as_of is None or row.business_date <= as_of)

    columns = ["customer_id", "currency", "kind", "document_no", "amount_minor", "state", "explanation"]
    _ask(read, columns, as_json=as_json)


def ageing(
    customer: CustomerOption = None,
    supplier: SupplierOption = None,
    currency: CurrencyOption = None,
    role: RoleOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open balance by days past due, credits included; buckets sum to the balance."""
    accounts = AccountFilter(party_of(customer, supplier), currency, role)
    date = as_of or today(Settings())
    _ask(
        lambda c: iterate_ageing(c, accounts, date),
        ["customer_id", "currency", "as_of", "total_minor", "buckets"],
        as_json=as_json,
    )


def list_dead_letters(customer: str | None, reason: str | None, *, as_json: bool) -> None:
    """Print refused records with reason and position."""
    _ask(
        lambda c: iterate_dead_letters(c, reason=reason, customer_id=customer),
        ["dead_letter_id", "state", "reason", "customer_id", "detail"],
        as_json=as_json,
    )
