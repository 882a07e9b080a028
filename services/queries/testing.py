"""Rows of books for tests of what reads them: every column filled, so that a test names only what it is about."""

from __future__ import annotations

import contextlib
import datetime as dt
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import psycopg
import psycopg.sql
import sqlalchemy as sa

from schemas.topics import ORDERS, PAYMENTS, REFUNDS
from services.store.live import BalanceRow, Change, LiveStore, Told
from services.store.migrations import migrate
from services.store.tables import balances as balances_table

Row = dict[str, Any]
NOON: Final = dt.datetime(2026, 1, 20, 12, tzinfo=dt.UTC)
_TOPICS: Final = {"INVOICE": ORDERS.name, "PAYMENT": PAYMENTS.name}


def write(engine: sa.Engine, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert rows in one transaction."""
    with engine.begin() as connection:
        connection.execute(sa.insert(table), rows)


def entry(
    customer_id: str, document_no: str, signed_minor: int, on: dt.date, *, currency: str = "EUR", **other: Any
) -> Row:
    """A ledger entry; > 0 is an invoice's debit, < 0 a payment's credit, unless ``kind`` says otherwise."""
    kind = other.pop("kind", "INVOICE" if signed_minor >= 0 else "PAYMENT")
    row: Row = {
        "entry_id": f"e-{customer_id}-{document_no}-{currency}",
        "customer_id": customer_id,
        "currency": currency,
        "account_version": 1,
        "kind": kind,
        "role": "POSTED",
        "side": "DEBIT" if signed_minor >= 0 else "CREDIT",
        "amount_minor": abs(signed_minor),
        "document_no": document_no,
        "business_date": on,
        "due_date": on + dt.timedelta(days=30) if signed_minor >= 0 else on,
        "occurred_at": dt.datetime.combine(on, dt.time(9), dt.UTC),
        "recorded_at": NOON,
        "event_id": f"ev-{document_no}",
        "source_system": "shop",
        "source_record_id": document_no,
        "source_version": 1,
        "correlation_id": None,
        "description": kind.capitalize(),
        "source_topic": _TOPICS.get(kind, REFUNDS.name),
        "source_partition": 0,
        "source_offset": 0,
    }
    return row | other


def item(
    customer_id: str,
    document_no: str,
    signed_minor: int,
    on: dt.date,
    *,
    allocated_minor: int = 0,
    currency: str = "EUR",
    **other: Any,
) -> Row:
    """An open item with the id that ``entry`` gives its record; due 30 days later if it is a debit."""
    original = abs(signed_minor)
    left = original - allocated_minor
    state = "CLEARED" if left == 0 else "PARTIALLY_ALLOCATED" if allocated_minor else "OPEN"
    row: Row = {
        "customer_id": customer_id,
        "currency": currency,
        "item_id": f"{'order' if signed_minor >= 0 else 'payment'}:shop/{document_no}",
        "account_version": 1,
        "kind": "INVOICE" if signed_minor >= 0 else "PAYMENT",
        "side": "DEBIT" if signed_minor >= 0 else "CREDIT",
        "document_no": document_no,
        "business_date": on,
        "due_date": on + dt.timedelta(days=30) if signed_minor >= 0 else on,
        "original_minor": original,
        "allocated_minor": allocated_minor,
        "open_minor": left,
        "state": state,
        "salesperson": None,
        "department": None,
    }
    return row | other


def allocation(
    customer_id: str,
    payment: str,
    document: str,
    amount_minor: int,
    on: dt.date,
    *,
    currency: str = "EUR",
    **other: Any,
) -> Row:
    """A confirmed allocation by exact document number."""
    row: Row = {
        "customer_id": customer_id,
        "currency": currency,
        "allocation_id": f"a-{payment}-{document}",
        "account_version": 1,
        "credit_item_id": f"payment:shop/{payment}",
        "payment_document_no": payment,
        "debit_item_id": f"order:shop/{document}",
        "document_no": document,
        "amount_minor": amount_minor,
        "effective_date": on,
        "rule": "exact_document",
        "rule_version": 1,
        "score_ppm": 1_000_000,
        "score_parts": {"reference": 1_000_000},
        "state": "confirmed",
    }
    return row | other


def discrepancy(discrepancy_id: str, kind: str, customer_id: str, amount_minor: int, **other: Any) -> Row:
    """An open discrepancy; its sentence is ``paid_short``'s unless named otherwise."""
    row: Row = {
        "discrepancy_id": discrepancy_id,
        "customer_id": customer_id,
        "currency": "EUR",
        "account_version": 1,
        "kind": kind,
        "state": "OPENED",
        "document_no": None,
        "amount_minor": amount_minor,
        "ours_minor": None,
        "theirs_minor": None,
        "statement_id": None,
        "line_no": None,
        "rule": "paid_short",
        "rule_version": 1,
        "explanation": f"{kind} of {amount_minor}.",
        "reason_code": "paid_short",
        "reason_arguments": {},
        "evidence": [],
        "event_id": f"ev-{discrepancy_id}",
        "correlation_id": None,
        "business_date": NOON.date(),
        "occurred_at": NOON,
    }
    return row | other


def comparison_part(
    customer_id: str, statement_id: str, part: int, parts: int, steps_minor: Sequence[int], **other: Any
) -> Row:
    """One part of a comparison, with a row per step; the month is January 2026."""
    row: Row = {
        "document_no": None,
        "date": None,
        "theirs_minor": None,
        "our_kind": "INVOICE",
        "our_document_no": "INV-1",
        "our_date": "2026-01-05",
        "ours_minor": 50,
        "outcome": "MISSING_THERE",
        "action": "SEND_COPY",
        "reason_code": "entry_unlisted",
        "reason_arguments": {},
        "explanation": "It is not listed.",
    }
    return {
        "customer_id": customer_id,
        "currency": "EUR",
        "statement_id": statement_id,
        "part": part,
        "account_version": 1,
        "parts": parts,
        "statement_version": 1,
        "period_start": dt.date(2026, 1, 1),
        "period_end": dt.date(2026, 1, 31),
        "theirs_opening_minor": 0,
        "ours_opening_minor": 0,
        "theirs_closing_minor": 0,
        "ours_closing_minor": 100,
        "line_count": 0,
        "matched_count": 0,
        "pending_count": 0,
        "first_divergent_line_no": None,
        "rows": [row | {"line_no": None, "step_minor": step} for step in steps_minor],
        "event_id": "e-1",
        "occurred_at": dt.datetime(2026, 2, 1, tzinfo=dt.UTC),
        **other,
    }


def dead_letter(offset: int, reason: str, **other: Any) -> Row:
    """A refused payment at an offset."""
    row: Row = {
        "source_topic": PAYMENTS.name,
        "source_partition": 0,
        "source_offset": offset,
        "reason": reason,
        "detail": f"{reason} in the record",
        "event_id": None,
        "customer_id": None,
        "recorded_at": NOON,
        "raw_key": b"C-1",
        "raw_value": b'{"amount": \xff}',
    }
    return row | other


def balance(customer_id: str, balance_minor: int, *, currency: str = "EUR", **other: Any) -> BalanceRow:
    """A running balance at account version 1."""
    given: Mapping[str, Any] = {
        "account_version": 1,
        "entry_count": 1,
        "open_discrepancies": 0,
        "last_business_date": NOON.date(),
        "event_id": "ev",
        "occurred_at": NOON,
        **other,
    }
    return BalanceRow(customer_id=customer_id, currency=currency, balance_minor=balance_minor, **given)


def project(
    engine: sa.Engine, live: LiveStore, rows: Sequence[BalanceRow], changes: Sequence[Change] = ()
) -> None:
    """Bring balances to both stores, and changes to the feed, in the projector's order: PostgreSQL first."""
    with engine.begin() as connection:
        for row in rows:
            values = {name: getattr(row, name) for name in row.__struct_fields__}
            connection.execute(
                sa.delete(balances_table).where(
                    balances_table.c.customer_id == row.customer_id, balances_table.c.currency == row.currency
                )
            )
            connection.execute(sa.insert(balances_table).values(**values))
    live.apply(Told.of(rows, [*Change.of_rows("balances", [_plain(row) for row in rows]), *changes]))


def _plain(row: BalanceRow) -> Row:
    values: Row = {name: getattr(row, name) for name in row.__struct_fields__}
    return {
        name: value.isoformat() if isinstance(value, dt.date) else value for name, value in values.items()
    }


@contextlib.contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """The URL of a migrated database of its own on the server, dropped afterwards."""
    name = f"books_{secrets.token_hex(6)}"
    url = sa.make_url(server_url).set(drivername="postgresql")
    server = url.render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(name)))
    own = url.set(database=name).render_as_string(hide_password=False)
    migrate(own)
    try:
        yield own
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            drop = psycopg.sql.SQL("drop database {} with (force)")
            connection.execute(drop.format(psycopg.sql.Identifier(name)))
