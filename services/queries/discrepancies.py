"""Discrepancies: what two views of an account disagree about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from services.queries.filters import AccountFilter, by_code_point, stream
from services.store.tables import discrepancies

#: states in which a discrepancy still stands
OPEN_STATES: Final = ("OPENED", "UPDATED")


@dataclass(frozen=True, slots=True)
class DiscrepancyRow:
    """``reason_code`` and ``reason_arguments`` say the explanation again, for other languages than
    English.
    """

    discrepancy_id: str
    kind: str
    state: str
    customer_id: str
    currency: str
    document_no: str | None
    amount_minor: int
    ours_minor: int | None
    theirs_minor: int | None
    statement_id: str | None
    line_no: int | None
    explanation: str
    reason_code: str
    reason_arguments: dict[str, str]
    business_date: dt.date


def iterate_discrepancies(
    connection: sa.Connection,
    accounts: AccountFilter,
    *,
    all_states: bool = False,
    kind: str | None = None,
) -> Iterator[DiscrepancyRow]:
    """Open ones (``OPENED``, ``UPDATED``), or with ``all_states`` also those resolved and retracted.

    By customer, currency, business date, kind, id.
    """
    finding = discrepancies.c
    columns = [finding[name] for name in DiscrepancyRow.__dataclass_fields__]
    statement = (
        sa.select(*columns)
        .where(*accounts.clauses(discrepancies))
        .order_by(
            *by_code_point(finding.customer_id, finding.currency),
            finding.business_date,
            *by_code_point(finding.kind, finding.discrepancy_id),
        )
    )
    if not all_states:
        statement = statement.where(finding.state.in_(OPEN_STATES))
    if kind is not None:
        statement = statement.where(finding.kind == kind)
    return (DiscrepancyRow(**row) for row in stream(connection, statement))
