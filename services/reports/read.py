"""What statements and ageing are built from, read from PostgreSQL in one snapshot.

Invariants: every function runs inside a READ ONLY, REPEATABLE READ transaction (``snapshot``), so entries,
allocations and the control total belong to one moment; only confirmed allocations count, a suggested or
withdrawn one is nothing that a customer may see. Customers and currencies come in code-point order, which is
the order of Python's ``sorted``, whatever the database's collation is.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from domain.ageing import Allocated, LedgerLine
from domain.facts import EntryKind, record_key
from domain.ledger import EntryRole, Side
from domain.parties import own_id
from services.reports.document import Customer
from services.store.tables import allocations, customers, ledger_entries

_BATCH_ROWS = 5_000
_ROLES = {role.value: role for role in EntryRole}
_SIDES = {side.value: side for side in Side}


@contextmanager
def snapshot(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection that sees one moment of the database and cannot write. Ends with a rollback."""
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection:
        yield connection


def customers_up_to(connection: sa.Connection, end: dt.date) -> list[str]:
    """Every customer with an entry up to ``end``, in order. One pass over the ledger, ids only."""
    query = sa.select(ledger_entries.c.customer_id).where(ledger_entries.c.business_date <= end).distinct()
    return sorted(connection.scalars(query))


def currencies_of(connection: sa.Connection, customer_id: str, end: dt.date) -> list[str]:
    """Currencies in which a customer has an entry up to ``end``, sorted."""
    query = (
        sa.select(ledger_entries.c.currency)
        .where(ledger_entries.c.customer_id == customer_id, ledger_entries.c.business_date <= end)
        .distinct()
    )
    return sorted(connection.scalars(query))


def customer_of(connection: sa.Connection, customer_id: str) -> Customer:
    """Master data of a customer; without a row, a customer whose name is the id."""
    row = connection.execute(sa.select(customers).where(customers.c.customer_id == customer_id)).one_or_none()
    if row is None:
        return Customer(customer_id=customer_id, name=own_id(customer_id))
    return Customer(
        customer_id=customer_id,
        name=row.name,
        language=row.language,
        email=row.email or "",
        address=row.address or "",
        country=row.country or "",
        terms_days=row.terms_days,
    )


def control_total(connection: sa.Connection, customer_id: str, currency: str, end: dt.date) -> int:
    """The balance as of ``end`` as the database itself sums it, minor units."""
    entries = ledger_entries.c
    signed = sa.case((entries.side == Side.DEBIT.value, entries.amount_minor), else_=-entries.amount_minor)
    query = sa.select(sa.func.coalesce(sa.func.sum(signed), 0)).where(
        entries.customer_id == customer_id, entries.currency == currency, entries.business_date <= end
    )
    return int(connection.scalar(query) or 0)


def account_lines(
    connection: sa.Connection, customer_id: str, currency: str, end: dt.date
) -> tuple[LedgerLine, ...]:
    """All lines of an account up to ``end``, annulled ones included."""
    query = _lines_query(end).where(
        ledger_entries.c.customer_id == customer_id, ledger_entries.c.currency == currency
    )
    return _lines(connection.execute(query).all())


def account_allocations(
    connection: sa.Connection, customer_id: str, currency: str, end: dt.date
) -> tuple[Allocated, ...]:
    """All confirmed allocations of an account that are effective up to ``end``."""
    query = _allocations_query(end).where(
        allocations.c.customer_id == customer_id, allocations.c.currency == currency
    )
    return tuple(map(_allocated, connection.execute(query)))


def accounts_as_of(
    connection: sa.Connection, as_of: dt.date, customer_id: str | None = None
) -> Generator[tuple[str, str, tuple[LedgerLine, ...], tuple[Allocated, ...]], None, None]:
    """(customer, currency, lines, allocations) of every account, in order.

    Two server-side cursors walk in step, so memory holds one account at a time, however large the books.
    They are closed when the iterator is used up or closed.
    """
    lines = _lines_query(as_of).order_by(*_code_points(ledger_entries))
    booked = _allocations_query(as_of).order_by(*_code_points(allocations))
    if customer_id is not None:
        lines = lines.where(ledger_entries.c.customer_id == customer_id)
        booked = booked.where(allocations.c.customer_id == customer_id)
    account = attrgetter("customer_id", "currency")
    streamed = {"yield_per": _BATCH_ROWS}
    with (
        connection.execute(lines, execution_options=streamed) as line_rows,
        connection.execute(booked, execution_options=streamed) as booked_rows,
    ):
        groups = itertools.groupby(booked_rows, key=account)
        waiting = next(groups, None)
        for key, rows in itertools.groupby(line_rows, key=account):
            own: tuple[Allocated, ...] = ()
            while waiting is not None and waiting[0] <= key:
                if waiting[0] == key:
                    own = tuple(map(_allocated, waiting[1]))
                waiting = next(groups, None)
            yield *key, _lines(list(rows)), own


def _lines_query(end: dt.date) -> sa.Select[Any]:
    entries = ledger_entries.c
    return sa.select(
        entries.entry_id,
        entries.customer_id,
        entries.currency,
        entries.source_system,
        entries.source_record_id,
        entries.kind,
        entries.role,
        entries.side,
        entries.amount_minor,
        entries.document_no,
        entries.business_date,
        entries.due_date,
        entries.source_version,
        entries.source_topic,
        entries.source_partition,
        entries.source_offset,
    ).where(entries.business_date <= end)


def _lines(rows: Sequence[sa.Row[Any]]) -> tuple[LedgerLine, ...]:
    return tuple(
        LedgerLine(
            entry_id=row.entry_id,
            item_id=record_key(EntryKind(row.kind), row.source_system, row.source_record_id),
            kind=row.kind,
            role=_ROLES[row.role],
            side=_SIDES[row.side],
            amount_minor=row.amount_minor,
            document_no=row.document_no,
            business_date=row.business_date,
            due_date=row.due_date,
            source_version=row.source_version,
            topic=row.source_topic,
            partition=row.source_partition,
            offset=row.source_offset,
        )
        for row in rows
    )


def _allocations_query(end: dt.date) -> sa.Select[Any]:
    booked = allocations.c
    return sa.select(
        booked.customer_id,
        booked.currency,
        booked.credit_item_id,
        booked.debit_item_id,
        booked.amount_minor,
        booked.effective_date,
    ).where(booked.state == "confirmed", booked.effective_date <= end)


def _allocated(row: sa.Row[Any]) -> Allocated:
    return Allocated(
        credit_item_id=row.credit_item_id,
        debit_item_id=row.debit_item_id,
        amount_minor=row.amount_minor,
        effective_date=row.effective_date,
    )


def _code_points(table: sa.Table) -> tuple[sa.ColumnElement[str], sa.ColumnElement[str]]:
    return table.c.customer_id.collate("C"), table.c.currency.collate("C")
