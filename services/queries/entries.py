"""Ledger entries with the running balance of their account.

The running balance is the account's, not the selection's: it counts every earlier entry of the account,
also those that the filter hides, in the order business date, document number, entry id.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa

from services.queries.balances import signed_minor
from services.queries.filters import AccountFilter, by_code_point, stream
from services.store.tables import ledger_entries


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """All conditions must hold. Dates are inclusive; ``text`` is found in document, description or
    references, whatever its case.
    """

    accounts: AccountFilter = field(default_factory=AccountFilter)
    from_date: dt.date | None = None
    to_date: dt.date | None = None
    kind: str | None = None
    document_no: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """The Kafka record that the entry rests on."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class EntryRow:
    customer_id: str
    currency: str
    entry_id: str
    kind: str
    role: str
    document_no: str
    business_date: dt.date
    due_date: dt.date | None
    side: str
    amount_minor: int
    running_balance_minor: int
    description: str
    event_id: str
    correlation_id: str | None
    source_system: str
    source_record_id: str
    source_version: int
    occurred_at: dt.datetime
    source: SourceRow


def iterate_entries(connection: sa.Connection, wanted: EntryFilter) -> Iterator[EntryRow]:
    """By customer, currency, business date, document number, entry id."""
    entry = ledger_entries.c
    narrow = _narrow_clauses(wanted)
    scope = [*wanted.accounts.clauses(ledger_entries)]
    if wanted.to_date is not None:
        scope.append(entry.business_date <= wanted.to_date)
    if narrow and wanted.accounts.customer_id is None:
        # The window must see whole accounts, but only those in which something is found.
        touched = sa.select(entry.customer_id, entry.currency).where(*narrow).distinct().subquery()
        scope.append(
            sa.tuple_(entry.customer_id, entry.currency).in_(
                sa.select(touched.c.customer_id, touched.c.currency)
            )
        )
    running = sa.func.sum(signed_minor()).over(
        partition_by=(entry.customer_id, entry.currency),
        order_by=(entry.business_date, *by_code_point(entry.document_no, entry.entry_id)),
        rows=(None, 0),
    )
    inner = (
        sa.select(ledger_entries, sa.cast(running, sa.BigInteger).label("running_balance_minor"))
        .where(*scope)
        .subquery()
    )
    outer = [*_narrow_clauses(wanted, inner)]
    if wanted.from_date is not None:
        outer.append(inner.c.business_date >= wanted.from_date)
    statement = (
        sa.select(inner)
        .where(*outer)
        .order_by(
            *by_code_point(inner.c.customer_id, inner.c.currency),
            inner.c.business_date,
            *by_code_point(inner.c.document_no, inner.c.entry_id),
        )
    )
    return (_entry_row(row) for row in stream(connection, statement))


def _narrow_clauses(
    wanted: EntryFilter, table: sa.FromClause = ledger_entries
) -> list[sa.ColumnElement[bool]]:
    clauses: list[sa.ColumnElement[bool]] = []
    if wanted.kind is not None:
        clauses.append(table.c.kind == wanted.kind)
    if wanted.document_no is not None:
        clauses.append(table.c.document_no == wanted.document_no)
    if wanted.text is not None:
        searched = (
            table.c.document_no,
            table.c.description,
            table.c.source_record_id,
            table.c.correlation_id,
        )
        clauses.append(sa.or_(*(column.icontains(wanted.text, autoescape=True) for column in searched)))
    return clauses


def _entry_row(row: sa.RowMapping) -> EntryRow:
    return EntryRow(
        customer_id=row["customer_id"],
        currency=row["currency"],
        entry_id=row["entry_id"],
        kind=row["kind"],
        role=row["role"],
        document_no=row["document_no"],
        business_date=row["business_date"],
        due_date=row["due_date"],
        side=row["side"],
        amount_minor=row["amount_minor"],
        running_balance_minor=row["running_balance_minor"],
        description=row["description"],
        event_id=row["event_id"],
        correlation_id=row["correlation_id"],
        source_system=row["source_system"],
        source_record_id=row["source_record_id"],
        source_version=row["source_version"],
        occurred_at=row["occurred_at"].astimezone(dt.UTC),
        source=SourceRow(row["source_topic"], row["source_partition"], row["source_offset"]),
    )
