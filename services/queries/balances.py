"""Balances: what each account owes (> 0) or is owed (< 0), now or as of a business date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from services.queries.filters import AccountFilter, by_code_point, stream
from services.store.tables import balances, ledger_entries


@dataclass(frozen=True, slots=True)
class BalanceRow:
    customer_id: str
    currency: str
    balance_minor: int


def signed_minor() -> sa.ColumnElement[int]:
    """The signed amount of a ledger entry: a debit raises what they owe, a credit lowers it."""
    amount = ledger_entries.c.amount_minor
    return sa.case((ledger_entries.c.side == "DEBIT", amount), else_=-amount)


def iterate_balances(
    connection: sa.Connection, accounts: AccountFilter, as_of: dt.date | None = None
) -> Iterator[BalanceRow]:
    """By customer, then currency. Without ``as_of`` the running balance of everything that is booked,
    whatever its date; with it, Σ of the entries with a business date up to and including it.
    """
    if as_of is None:
        statement = (
            sa.select(balances.c.customer_id, balances.c.currency, balances.c.balance_minor)
            .where(*accounts.clauses(balances))
            .order_by(*by_code_point(balances.c.customer_id, balances.c.currency))
        )
    else:
        entry = ledger_entries.c
        statement = (
            sa.select(
                entry.customer_id,
                entry.currency,
                sa.cast(sa.func.sum(signed_minor()), sa.BigInteger).label("balance_minor"),
            )
            .where(entry.business_date <= as_of, *accounts.clauses(ledger_entries))
            .group_by(entry.customer_id, entry.currency)
            .order_by(*by_code_point(entry.customer_id, entry.currency))
        )
    return (BalanceRow(**row) for row in stream(connection, statement))
