"""The ledger of each account as the values that ``domain.ageing`` computes with, one account at a time.

Invariant: lines and allocations come from one snapshot if the connection's transaction is REPEATABLE READ;
both are read in the same order of accounts and merged, so memory holds one account however many there are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

import sqlalchemy as sa

from domain.ageing import Allocated, LedgerLine
from domain.facts import EntryKind, record_key
from domain.ledger import EntryRole, Side
from services.queries.filters import AccountFilter, by_code_point, stream
from services.store.tables import allocations, ledger_entries


@dataclass(frozen=True, slots=True)
class AccountLedger:
    """What is known of one account: its lines up to a date, and the booked allocations between its items."""

    customer_id: str
    currency: str
    lines: list[LedgerLine]
    allocations: list[Allocated] = field(default_factory=list)


def iterate_ledgers(
    connection: sa.Connection, accounts: AccountFilter, as_of: dt.date
) -> Iterator[AccountLedger]:
    """Accounts with at least one line up to ``as_of``, by customer, then currency."""
    entry, link = ledger_entries.c, allocations.c
    lines = stream(
        connection,
        sa.select(ledger_entries)
        .where(entry.business_date <= as_of, *accounts.clauses(ledger_entries))
        .order_by(*by_code_point(entry.customer_id, entry.currency)),
    )
    booked = stream(
        connection,
        sa.select(allocations)
        .where(link.state == "confirmed", link.effective_date <= as_of, *accounts.clauses(allocations))
        .order_by(*by_code_point(link.customer_id, link.currency)),
    )
    return _merged(lines, booked)


def _account(row: sa.RowMapping) -> tuple[str, str]:
    return row["customer_id"], row["currency"]


def _merged(lines: Iterator[sa.RowMapping], booked: Iterator[sa.RowMapping]) -> Iterator[AccountLedger]:
    links = groupby(booked, key=_account)
    pending = next(links, None)
    for account, rows in groupby(lines, key=_account):
        ledger = AccountLedger(*account, lines=[_line(row) for row in rows])
        while pending is not None and pending[0] < account:
            pending = next(links, None)
        if pending is not None and pending[0] == account:
            ledger.allocations.extend(_allocated(row) for row in pending[1])
            pending = next(links, None)
        yield ledger


def _line(row: sa.RowMapping) -> LedgerLine:
    return LedgerLine(
        entry_id=row["entry_id"],
        item_id=record_key(EntryKind(row["kind"]), row["source_system"], row["source_record_id"]),
        kind=row["kind"],
        role=EntryRole(row["role"]),
        side=Side(row["side"]),
        amount_minor=row["amount_minor"],
        document_no=row["document_no"],
        business_date=row["business_date"],
        due_date=row["due_date"],
        source_version=row["source_version"],
        topic=row["source_topic"],
        partition=row["source_partition"],
        offset=row["source_offset"],
    )


def _allocated(row: sa.RowMapping) -> Allocated:
    return Allocated(
        credit_item_id=row["credit_item_id"],
        debit_item_id=row["debit_item_id"],
        amount_minor=row["amount_minor"],
        effective_date=row["effective_date"],
    )
