"""Adjustments as people read them: each as it stands, and its trail from proposal to entry to statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONPATH

from domain.work.adjustments import Adjustment
from services.queries.comparisons import parts_in_force
from services.queries.filters import by_code_point
from services.store.tables import (
    discrepancies,
    discrepancy_history,
    ledger_entries,
    statement_comparisons,
    statements,
)
from services.work.record import HistoryRow

_ENTRY_COLUMNS: Final = ("entry_id", "kind", "role", "side", "amount_minor", "business_date", "event_id")
#: rows of a comparison that are this adjustment's: its own entry, or the line that it corrects
_ROWS_OF_IT: Final = "$[*] ? (@.our_document_no == $number || @.reason_arguments.adjustment == $number)"


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """One adjustment as it stands; ``moved_minor`` is what limits are held against.

    ``sent_line``, ``corrected_line``: a line of theirs as it was sent, and as it is to be read (``None``: struck out).
    """

    adjustment_id: str
    state: str
    adjustment_type: str
    customer_id: str
    currency: str
    amount_minor: int
    moved_minor: int
    business_date: str
    target_document_no: str | None
    write_off_side: str | None
    barred_document_no: str | None
    allocations: list[dict[str, Any]]
    statement_id: str | None
    statement_version: int | None
    line_no: int | None
    sent_line: dict[str, Any] | None
    corrected_line: dict[str, Any] | None
    reason: str
    proposed_by: str
    pending_by: str | None
    """Who proposed what waits for a decision: the adjustment, or its reversal. They cannot approve it."""
    approved_by: str | None
    proposed_at: dt.datetime
    case_id: str | None


@dataclass(frozen=True, slots=True)
class SettledRow:
    """What the adjustment, or its reversal, did to a discrepancy; ``state`` is the one that it left."""

    discrepancy_id: str
    kind: str
    document_no: str | None
    state: str
    amount_minor: int
    event_id: str


@dataclass(frozen=True, slots=True)
class Trail:
    """From proposal to statement: what was done, what it booked, what it settled, and where it shows.

    ``statements``: numbers of statements that we issued. ``compared_statements``: ids of the customer's statements
    whose comparison has a row of it.
    """

    adjustment: AdjustmentRow
    history: list[HistoryRow]
    entries: Sequence[Mapping[str, Any]]
    discrepancies: Sequence[SettledRow]
    statements: Sequence[str]
    compared_statements: Sequence[str]


def row_of(adjustment: Adjustment) -> AdjustmentRow:
    """The adjustment with what it says."""
    proposal = adjustment.proposal
    said = msgspec.json.decode(proposal.details["event"])
    sent = proposal.details.get("sent_line")
    return AdjustmentRow(
        adjustment_id=adjustment.adjustment_id,
        state=adjustment.state.value,
        adjustment_type=said["adjustment_type"],
        customer_id=said["customer_id"],
        currency=said["currency"],
        amount_minor=said["amount_minor"],
        moved_minor=int(proposal.details["moved_minor"]),
        business_date=said["business_date"],
        target_document_no=said.get("target_document_no"),
        write_off_side=said.get("write_off_side"),
        barred_document_no=said.get("barred_document_no"),
        allocations=said.get("allocations", []),
        statement_id=said.get("statement_id"),
        statement_version=said.get("statement_version"),
        line_no=said.get("line_no"),
        sent_line=None if sent is None else msgspec.json.decode(sent),
        corrected_line=said.get("corrected_line"),
        reason=proposal.comment or "",
        proposed_by=proposal.actor,
        pending_by=None if adjustment.pending is None else adjustment.pending.actor,
        approved_by=adjustment.events[-1].approved_by if adjustment.events else None,
        proposed_at=proposal.occurred_at,
        case_id=proposal.details.get("case"),
    )


def read_trail(connection: sa.Connection, adjustment: Adjustment, history: list[HistoryRow]) -> Trail:
    """All that the adjustment led to."""
    row = row_of(adjustment)
    return Trail(
        row,
        history,
        _entries(connection, row),
        _settled(connection, row, [event.event_id for event in adjustment.events]),
        _statements(connection, row),
        _compared(connection, row),
    )


def _entries(connection: sa.Connection, row: AdjustmentRow) -> list[dict[str, Any]]:
    entry = ledger_entries.c
    booked = connection.execute(
        sa.select(*(entry[name] for name in _ENTRY_COLUMNS))
        .where(
            entry.customer_id == row.customer_id,
            entry.currency == row.currency,
            entry.document_no == row.adjustment_id,
            entry.source_record_id == f"adjustment/{row.adjustment_id}",
        )
        .order_by(entry.recorded_at, entry.account_version, entry.entry_id)
    )
    return [dict(one) for one in booked.mappings()]


def _settled(connection: sa.Connection, row: AdjustmentRow, event_ids: Sequence[str]) -> list[SettledRow]:
    change, about = discrepancy_history.c, discrepancies.c
    found = connection.execute(
        sa.select(
            change.discrepancy_id,
            about.kind,
            about.document_no,
            change.state,
            change.amount_minor,
            change.event_id,
        )
        .join_from(discrepancy_history, discrepancies, change.discrepancy_id == about.discrepancy_id)
        .where(
            about.customer_id == row.customer_id,
            about.currency == row.currency,
            change.event_id.in_(event_ids),
        )
        .order_by(change.account_version, *by_code_point(about.kind, change.discrepancy_id))
    )
    return [SettledRow(*one) for one in found]


def _statements(connection: sa.Connection, row: AdjustmentRow) -> list[str]:
    statement = statements.c
    shown = connection.execute(
        sa.select(statement.statement_no)
        .where(
            statement.customer_id == row.customer_id,
            statement.currency == row.currency,
            _mentions(statement.figures, "$.** ? (@ == $number)", row),
        )
        .order_by(statement.issued_at, statement.statement_no)
    )
    return [number for (number,) in shown]


def _compared(connection: sa.Connection, row: AdjustmentRow) -> list[str]:
    part = statement_comparisons.c
    shown = connection.execute(
        sa.select(part.statement_id)
        .where(
            part.customer_id == row.customer_id,
            part.currency == row.currency,
            parts_in_force(),
            _mentions(part.rows, _ROWS_OF_IT, row),
        )
        .group_by(part.statement_id)
        .order_by(sa.func.min(part.period_end), *by_code_point(part.statement_id))
    )
    return [number for (number,) in shown]


def _mentions(column: sa.ColumnElement[Any], path: str, row: AdjustmentRow) -> sa.ColumnElement[bool]:
    number = sa.func.jsonb_build_object("number", row.adjustment_id)
    return sa.func.jsonb_path_exists(column, sa.cast(path, JSONPATH), number)
