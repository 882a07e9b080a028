"""The register of issued statements: one row per version, never changed, never removed.

Version 1 is the first that was issued. The same figures again are the same version; other figures for the
same account and period (a late event came in) are the next version, a numbered restatement. The row keeps
the figures that the digest covers, so an issued statement can be proven and compared long afterwards.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import sqlalchemy as sa

from domain.parties import Role, own_id, role_of
from domain.statements import Period, Statement, digest_of, figures_of
from services.store.tables import statements


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the register. ``is_new`` tells whether this call wrote it."""

    customer_id: str
    currency: str
    period: Period
    version: int
    statement_no: str
    digest: str
    figures: dict[str, Any]
    issued_at: dt.datetime
    is_new: bool = False

    @property
    def proves(self) -> bool:
        """Whether the kept figures still give the digest that was printed."""
        return digest_of(self.figures) == self.digest


def statement_number(customer_id: str, currency: str | None, period: Period, version: int) -> str:
    """``ST-2011-01-EUR-C-1``; from version 2 on ``ST-2011-01-EUR.2-C-1``; ``None`` is all currencies: MULTI.

    A supplier's begins with ``SS`` and ends with the supplier's own id. The same on every machine, and no two
    statements share one whatever signs a customer's id holds, because the id comes last and nothing before it can grow.
    """
    label = period.label.replace("..", "_")
    series = "SS" if role_of(customer_id) is Role.SUPPLIER else "ST"
    suffix = f".{version}" if version > 1 else ""
    return f"{series}-{label}-{currency or 'MULTI'}{suffix}-{own_id(customer_id)}"


def register(connection: sa.Connection, statement: Statement, issued_at: dt.datetime) -> Registered:
    """Find or write the row of a proven statement, in the caller's transaction.

    Two processes that issue the same account and period at once wait for each other (an advisory lock for
    the time of the transaction), so that versions have no gaps and no twins.
    """
    customer_id, currency, period = statement.customer_id, statement.currency, statement.period
    lock = sa.func.hashtextextended(f"statement/{currency}/{period.label}/{customer_id}", 0)
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
    earlier = versions(connection, customer_id, currency, period)
    if earlier and earlier[-1].digest == statement.digest:
        return earlier[-1]
    version = len(earlier) + 1
    row = Registered(
        customer_id=customer_id,
        currency=currency,
        period=period,
        version=version,
        statement_no=statement_number(customer_id, currency, period, version),
        digest=statement.digest,
        figures=figures_of(statement),
        issued_at=issued_at,
        is_new=True,
    )
    connection.execute(
        sa.insert(statements).values(
            customer_id=customer_id,
            currency=currency,
            period_start=period.start,
            period_end=period.end,
            version=version,
            statement_no=row.statement_no,
            opening_minor=statement.opening_minor,
            debit_minor=statement.debit_minor,
            credit_minor=statement.credit_minor,
            closing_minor=statement.closing_minor,
            digest=row.digest,
            figures=row.figures,
            issued_at=issued_at,
        )
    )
    return row


def versions(
    connection: sa.Connection, customer_id: str, currency: str, period: Period
) -> tuple[Registered, ...]:
    """All versions of one statement, first to last."""
    query = (
        sa.select(statements)
        .where(
            statements.c.customer_id == customer_id,
            statements.c.currency == currency,
            statements.c.period_start == period.start,
            statements.c.period_end == period.end,
        )
        .order_by(statements.c.version)
    )
    return tuple(
        Registered(
            customer_id=customer_id,
            currency=currency,
            period=period,
            version=row.version,
            statement_no=row.statement_no,
            digest=row.digest,
            figures=row.figures,
            issued_at=row.issued_at.astimezone(dt.UTC),
        )
        for row in connection.execute(query)
    )
