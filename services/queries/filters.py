"""What every question has in common: whose account, and how a long answer is read."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from domain.parties import SUPPLIER_PREFIX, Role

#: rows fetched from the server-side cursor at a time
FETCH_ROWS: Final = 2_000


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """Narrows to one party, one currency, one role, or all of them; nothing given means all accounts."""

    customer_id: str | None = None
    currency: str | None = None
    role: Role | None = None

    def clauses(self, table: sa.FromClause) -> list[sa.ColumnElement[bool]]:
        """Conditions on the ``customer_id`` and ``currency`` of ``table``."""
        clauses: list[sa.ColumnElement[bool]] = []
        if self.customer_id is not None:
            clauses.append(table.c.customer_id == self.customer_id)
        if self.currency is not None:
            clauses.append(table.c.currency == self.currency)
        if self.role is not None:
            clauses.append(has_role(table.c.customer_id, self.role))
        return clauses


def has_role(party_id: sa.ColumnElement[str], role: Role) -> sa.ColumnElement[bool]:
    """``domain.parties.role_of`` as a condition."""
    supplier = sa.func.starts_with(party_id, SUPPLIER_PREFIX, type_=sa.Boolean)
    return supplier if role is Role.SUPPLIER else sa.not_(supplier)


def document_side(party_id: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """The side on which the documents stand that are to be paid: customers owe us theirs, we owe suppliers theirs."""
    return sa.case((has_role(party_id, Role.SUPPLIER), "CREDIT"), else_="DEBIT")


def by_code_point(*columns: sa.ColumnElement[str]) -> list[sa.ColumnElement[str]]:
    """Text columns for ORDER BY, compared by code point as Python does, whatever the database's locale is."""
    return [sa.collate(column, "C") for column in columns]


def stream(connection: sa.Connection, statement: sa.Select[Any]) -> Generator[sa.RowMapping, None, None]:
    """Run ``statement`` now and hand out its rows lazily. Who does not want all of them closes it."""
    result = connection.execute(
        statement, execution_options={"stream_results": True, "yield_per": FETCH_ROWS}
    )
    return _rows(result)


def _rows(result: sa.CursorResult[Any]) -> Generator[sa.RowMapping, None, None]:
    with result:
        yield from result.mappings()
