"""Discrepancies: what two views of an account disagree about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from services.queries.filters import AccountFilter, by_code_point, stream
from services.store.tables import discrepancies, discrepancy_history

#: states that an open one comes back from
_CLOSED: Final = ("RESOLVED", "RETRACTED")
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


@dataclass(frozen=True, slots=True)
class DiscrepancyChangeRow:
    """One change in the life of a discrepancy. ``state``: OPENED, UPDATED, RESOLVED, RETRACTED, or REOPENED where it
    came back under its id. ``event_id``: the event that led to it.
    """

    discrepancy_id: str
    kind: str
    customer_id: str
    currency: str
    document_no: str | None
    statement_id: str | None
    line_no: int | None
    account_version: int
    state: str
    amount_minor: int
    explanation: str
    event_id: str
    occurred_at: dt.datetime


def iterate_discrepancy_changes(
    connection: sa.Connection,
    accounts: AccountFilter,
    *,
    discrepancy_id: str | None = None,
    kind: str | None = None,
) -> Iterator[DiscrepancyChangeRow]:
    """Every change, by discrepancy in the order of ``iterate_discrepancies``, then as it happened to the account."""
    finding, change = discrepancies.c, discrepancy_history.c
    before = sa.func.lag(change.state).over(
        partition_by=change.discrepancy_id, order_by=change.account_version
    )
    state = sa.case(
        (sa.and_(change.state == "OPENED", before.in_(_CLOSED)), "REOPENED"), else_=change.state
    ).label("state")
    of_the_change = ("account_version", "amount_minor", "explanation", "event_id", "occurred_at")
    of_the_finding = [
        n for n in DiscrepancyChangeRow.__dataclass_fields__ if n not in (*of_the_change, "state")
    ]
    statement = (
        sa.select(
            *(finding[name] for name in of_the_finding), *(change[name] for name in of_the_change), state
        )
        .join_from(discrepancies, discrepancy_history, finding.discrepancy_id == change.discrepancy_id)
        .where(*accounts.clauses(discrepancies))
        .order_by(
            *by_code_point(finding.customer_id, finding.currency),
            finding.business_date,
            *by_code_point(finding.kind, finding.discrepancy_id),
            change.account_version,
        )
    )
    if discrepancy_id is not None:
        statement = statement.where(finding.discrepancy_id == discrepancy_id)
    if kind is not None:
        statement = statement.where(finding.kind == kind)
    return (
        DiscrepancyChangeRow(**{**row, "occurred_at": row["occurred_at"].astimezone(dt.UTC)})
        for row in stream(connection, statement)
    )
