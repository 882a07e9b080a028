"""Open items: invoices, credit notes, receipts and refunds with what is still open on them.

Amounts are >= 0; ``side`` says which way they go (DEBIT: they owe us). An item is ``overdue`` when it is to be paid (a
customer's debit, a supplier's credit) and was due before the day of the question; due on that day is current.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from domain.ageing import open_items_as_of
from domain.ledger import our_side_of
from domain.parties import view_sign
from domain.reminders import is_overdue
from services.queries.filters import AccountFilter, by_code_point, stream
from services.queries.ledger import iterate_ledgers
from services.store.tables import open_items


@dataclass(frozen=True, slots=True)
class OpenItemRow:
    customer_id: str
    currency: str
    item_id: str
    kind: str
    side: str
    document_no: str
    business_date: dt.date
    due_date: dt.date
    original_minor: int
    allocated_minor: int
    open_minor: int
    state: str
    overdue: bool
    days_past_due: int


def iterate_open_items(
    connection: sa.Connection,
    accounts: AccountFilter,
    today: dt.date,
    *,
    as_of: dt.date | None = None,
    overdue_only: bool = False,
    include_settled: bool = False,
) -> Iterator[OpenItemRow]:
    """By customer, currency, due date, document number, item id.

    Without ``as_of``: as everything booked so far leaves them, overdue against ``today``;
    ``include_settled`` adds those that are CLEARED or CANCELLED. With ``as_of``: as entries and
    allocations up to that date left them.
    """
    if as_of is None:
        rows = _present(connection, accounts, today, include_settled)
    else:
        rows = _past(connection, accounts, as_of)
    return (row for row in rows if row.overdue) if overdue_only else rows


def _present(
    connection: sa.Connection, accounts: AccountFilter, today: dt.date, include_settled: bool
) -> Iterator[OpenItemRow]:
    item = open_items.c
    statement = (
        sa.select(open_items)
        .where(*accounts.clauses(open_items))
        .order_by(
            *by_code_point(item.customer_id, item.currency),
            item.due_date,
            *by_code_point(item.document_no, item.item_id),
        )
    )
    if not include_settled:
        statement = statement.where(item.open_minor != 0)
    return (
        OpenItemRow(
            customer_id=row["customer_id"],
            currency=row["currency"],
            item_id=row["item_id"],
            kind=row["kind"],
            side=row["side"],
            document_no=row["document_no"],
            business_date=row["business_date"],
            due_date=row["due_date"],
            original_minor=row["original_minor"],
            allocated_minor=row["allocated_minor"],
            open_minor=row["open_minor"],
            state=row["state"],
            overdue=row["side"] == our_side_of(1, view_sign(row["customer_id"]))
            and is_overdue(row["open_minor"], row["due_date"], today),
            days_past_due=max(0, (today - row["due_date"]).days) if row["open_minor"] else 0,
        )
        for row in stream(connection, statement)
    )


def _past(connection: sa.Connection, accounts: AccountFilter, as_of: dt.date) -> Iterator[OpenItemRow]:
    for ledger in iterate_ledgers(connection, accounts, as_of):
        for aged in open_items_as_of(ledger.lines, ledger.allocations, as_of):
            yield OpenItemRow(
                customer_id=ledger.customer_id,
                currency=ledger.currency,
                item_id=aged.item_id,
                kind=aged.kind,
                side="DEBIT" if aged.original_minor > 0 else "CREDIT",
                document_no=aged.document_no,
                business_date=aged.business_date,
                due_date=aged.due_date,
                original_minor=abs(aged.original_minor),
                allocated_minor=abs(aged.allocated_minor),
                open_minor=abs(aged.open_minor),
                state="PARTIALLY_ALLOCATED" if aged.allocated_minor else "OPEN",
                overdue=is_overdue(view_sign(ledger.customer_id) * aged.open_minor, aged.due_date, as_of),
                days_past_due=max(0, (as_of - aged.due_date).days),
            )
