"""A proposal made complete: from what was asked for and what the read model shows to what the event will say.

What the books would refuse later is refused here. Nothing is written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.events import AdjustmentType
from domain.ledger import our_side_of
from domain.parties import view_sign
from domain.validation import Refusal, parse_event
from domain.work.actions import WorkRefusal, WorkRefusalReason
from schemas.topics import ADJUSTMENTS
from services.queries.comparisons import parts_in_force
from services.store.tables import open_items, statement_comparisons
from services.work.errors import ActionRefusedError

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LineReading:
    """How a line of a statement is to be read: what is ``None`` stays as it was sent. Signed in our view."""

    document_no: str | None = None
    date: dt.date | None = None
    signed_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is asked for. ``amount_minor``: ``None`` takes what is open of the target of a write-off.

    ``statement_id``, ``line_no`` and ``reading`` are a statement_line's; without a reading the line is struck out.
    """

    adjustment_type: AdjustmentType
    customer_id: str
    currency: str
    reason: str
    business_date: dt.date
    amount_minor: int | None = None
    target_document_no: str | None = None
    barred_document_no: str | None = None
    allocations: Sequence[tuple[str, int]] = ()
    statement_id: str | None = None
    line_no: int | None = None
    reading: LineReading | None = None
    case_id: str | None = None


@dataclass(frozen=True, slots=True)
class Completed:
    """``event``: what the event will say. ``moved_minor``: what limits are held against. ``sent``: the line as sent."""

    event: Fields
    moved_minor: int
    sent: Fields | None = None


def completed(connection: sa.Connection, proposal: Proposal) -> Completed:
    """The proposal with all that the read model adds to it. Raises ``ActionRefusedError``."""
    match proposal.adjustment_type:
        case AdjustmentType.WRITE_OFF:
            found = _write_off(connection, proposal)
        case AdjustmentType.REALLOCATION | AdjustmentType.UNMATCH:
            found = _instruction(connection, proposal)
        case AdjustmentType.STATEMENT_LINE:
            found = _correction(connection, proposal)
        case _:  # an entry
            amount_minor = proposal.amount_minor or 0
            found = Completed(_event(proposal, amount_minor=amount_minor), amount_minor)
    _check(found.event, proposal)
    return found


def _write_off(connection: sa.Connection, proposal: Proposal) -> Completed:
    target = _item(connection, proposal)
    if target is None:
        raise _refused(
            proposal, f"{proposal.target_document_no or 'The target'} is no open item of the account."
        )
    amount_minor = proposal.amount_minor or target.open_minor
    if amount_minor > target.open_minor:
        raise _refused(proposal, "A write-off is at most what is open.")
    side = "CREDIT" if target.side == "DEBIT" else "DEBIT"
    return Completed(_event(proposal, amount_minor=amount_minor, write_off_side=side), amount_minor)


def hold_against_what_is_open(connection: sa.Connection, event: Mapping[str, Any]) -> None:
    """Two may propose to write the same document off: what the first approval has left is what a second can take.

    Raises ``ActionRefusedError``.
    """
    if event["adjustment_type"] != AdjustmentType.WRITE_OFF:
        return
    proposal = Proposal(
        adjustment_type=AdjustmentType.WRITE_OFF,
        customer_id=event["customer_id"],
        currency=event["currency"],
        reason="",
        business_date=dt.date.fromisoformat(event["business_date"]),
        amount_minor=event["amount_minor"],
        target_document_no=event["target_document_no"],
    )
    _write_off(connection, proposal)


def _instruction(connection: sa.Connection, proposal: Proposal) -> Completed:
    target = _item(connection, proposal)
    if target is None or target.side != our_side_of(-1, view_sign(proposal.customer_id)):
        raise _refused(
            proposal, f"{proposal.target_document_no or 'The target'} is no payment of the account."
        )
    if sum(amount for _, amount in proposal.allocations) > target.original_minor:
        raise _refused(proposal, "The allocations exceed the payment.")
    return Completed(_event(proposal, amount_minor=proposal.amount_minor or 0), target.original_minor)


def _correction(connection: sa.Connection, proposal: Proposal) -> Completed:
    found = _sent_line(connection, proposal)
    if found is None or proposal.line_no is None:
        raise _refused(
            proposal,
            f"The account has no statement {proposal.statement_id or '?'} with a line {proposal.line_no}.",
        )
    version, sent = found
    reading, line, signed = proposal.reading, None, 0
    if reading is not None:
        signed = sent["signed_minor"] if reading.signed_minor is None else reading.signed_minor
        line = {
            "line_no": proposal.line_no,
            "document_no": reading.document_no or sent["document_no"],
            "date": sent["date"] if reading.date is None else reading.date.isoformat(),
            "debit_minor": max(signed, 0),
            "credit_minor": max(-signed, 0),
        }
        if (line["document_no"], line["date"], signed) == tuple(sent.values()):
            raise _refused(proposal, f"Line {proposal.line_no} was sent like that.")
    about = {"statement_id": proposal.statement_id, "line_no": proposal.line_no}
    event = _event(proposal, amount_minor=0, **about, statement_version=version, corrected_line=line)
    return Completed(event, abs(signed - sent["signed_minor"]), sent)


def _event(proposal: Proposal, **more: Any) -> Fields:
    return {
        "customer_id": proposal.customer_id,
        "currency": proposal.currency,
        "business_date": proposal.business_date.isoformat(),
        "adjustment_type": proposal.adjustment_type.value,
        "target_document_no": proposal.target_document_no,
        "write_off_side": None,
        "barred_document_no": proposal.barred_document_no,
        "allocations": [{"document_no": d, "amount_minor": a} for d, a in proposal.allocations],
        "correlation_id": proposal.case_id,
        **more,
    }


def _item(connection: sa.Connection, proposal: Proposal) -> Any:
    """(side, open, original) of the open item that the proposal names, or ``None``."""
    item = open_items.c
    wanted = sa.select(item.side, item.open_minor, item.original_minor).where(
        item.customer_id == proposal.customer_id,
        item.currency == proposal.currency,
        item.document_no == proposal.target_document_no,
    )
    found = connection.execute(wanted.order_by(item.open_minor.desc(), item.item_id).limit(1))
    return found.one_or_none()


def _sent_line(connection: sa.Connection, proposal: Proposal) -> tuple[int, Fields] | None:
    """(version of the statement, document, date and signed amount of the line as it was sent), or ``None``."""
    part = statement_comparisons.c
    row = sa.func.jsonb_array_elements(part.rows).table_valued("value").render_derived()
    line = sa.type_coerce(row.c.value, sa.JSON)
    wanted = (
        sa.select(part.statement_version, row.c.value)
        .select_from(statement_comparisons.join(row, sa.true()))
        .where(
            part.customer_id == proposal.customer_id,
            part.currency == proposal.currency,
            part.statement_id == proposal.statement_id,
            parts_in_force(),
            line["line_no"].as_integer() == proposal.line_no,
        )
        # A line that was corrected before has a row of what was sent, and one of how it is read.
        .order_by((line["outcome"].as_string() == "CORRECTED").desc())
        .limit(1)
    )
    found = connection.execute(wanted).one_or_none()
    if found is None:
        return None
    version, shown = found
    return version, {
        "document_no": shown["document_no"],
        "date": shown["date"],
        "signed_minor": shown["theirs_minor"],
    }


def _refused(proposal: Proposal, detail: str) -> ActionRefusedError:
    subject = proposal.target_document_no or proposal.statement_id or proposal.customer_id
    return ActionRefusedError(subject, WorkRefusal(WorkRefusalReason.FIELD_INVALID, detail))


def _check(event: Mapping[str, Any], proposal: Proposal) -> None:
    """What the books would refuse later is refused now: as if somebody else had approved it already."""
    if not proposal.reason.strip():
        raise _refused(proposal, "Say why: an adjustment needs a reason.")
    envelope = {
        "event_id": "ADJ",
        "event_type": "adjustment.posted",
        "source_system": "tieout",
        "source_record_id": "ADJ",
        "occurred_at": "2000-01-01T00:00:00Z",
        "document_no": "ADJ",
        "adjustment_id": "ADJ",
        "proposed_by": "maker",
        "approved_by": "checker",
        "reason": proposal.reason,
    }
    outcome = parse_event({**event, **envelope}, ADJUSTMENTS.kinds, None)
    if isinstance(outcome, Refusal):
        raise _refused(proposal, outcome.detail)
