"""Matches: which payment or credit paid which document, by which rule, how certain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import sqlalchemy as sa

from services.queries.filters import AccountFilter, by_code_point, stream
from services.store.tables import allocations

_PPM: Final = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class MatchRow:
    """``score`` is a decimal string from 0 to 1 with six places; ``score_ppm`` the same in millionths.

    ``score_parts``: what was compared and how well it fits, in millionths; the score is made of them.
    """

    customer_id: str
    currency: str
    payment_document_no: str
    document_no: str
    amount_minor: int
    rule: str
    rule_version: int
    score: str
    score_ppm: int
    score_parts: dict[str, int]
    state: str
    effective_date: dt.date


def iterate_matches(
    connection: sa.Connection,
    accounts: AccountFilter,
    *,
    document_no: str | None = None,
    as_of: dt.date | None = None,
) -> Iterator[MatchRow]:
    """Confirmed and suggested links, by customer, currency, payment, document; withdrawn ones are left out.

    ``document_no`` finds a document on either side; ``as_of`` leaves out what took effect later.
    """
    link = allocations.c
    statement = (
        sa.select(allocations)
        .where(link.state != "withdrawn", *accounts.clauses(allocations))
        .order_by(
            *by_code_point(
                link.customer_id,
                link.currency,
                link.payment_document_no,
                link.document_no,
                link.allocation_id,
            )
        )
    )
    if document_no is not None:
        statement = statement.where(
            sa.or_(link.payment_document_no == document_no, link.document_no == document_no)
        )
    if as_of is not None:
        statement = statement.where(link.effective_date <= as_of)
    return (
        MatchRow(
            customer_id=row["customer_id"],
            currency=row["currency"],
            payment_document_no=row["payment_document_no"],
            document_no=row["document_no"],
            amount_minor=row["amount_minor"],
            rule=row["rule"],
            rule_version=row["rule_version"],
            score=f"{Decimal(row['score_ppm']) / _PPM:.6f}",
            score_ppm=row["score_ppm"],
            score_parts=row["score_parts"],
            state=row["state"],
            effective_date=row["effective_date"],
        )
        for row in stream(connection, statement)
    )
