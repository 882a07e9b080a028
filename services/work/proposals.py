"""A proposal made complete: from what was asked for and what the read model shows to what the event will say.

What the books would refuse later is refused here, and so is what is about nothing of the account: a number mistyped
would otherwise be booked and settle nothing. Both are asked again at the approval. Nothing is written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.events import AdjustmentType
from domain.ledger import our_side_of
from domain.money import to_text
from domain.parties import own_id, role_of, view_sign
from domain.validation import Refusal, parse_event
from domain.work.actions import WorkRefusal, WorkRefusalReason
from schemas.topics import ADJUSTMENTS
from services.queries.comparisons import parts_in_force
from services.store.tables import allocations, customers, discrepancies, open_items, statement_comparisons
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


def completed(connection: sa.Connection, proposal: Proposal, on_its_way_minor: int = 0) -> Completed:
    """The proposal with all that the read model adds to it. Raises ``ActionRefusedError``.

    ``on_its_way_minor``: what approved adjustments take of the target that the read model does not show yet.
    """
    match proposal.adjustment_type:
        case AdjustmentType.WRITE_OFF:
            found = _write_off(connection, proposal, on_its_way_minor)
        case AdjustmentType.REALLOCATION | AdjustmentType.UNMATCH:
            found = _instruction(connection, proposal)
        case AdjustmentType.STATEMENT_LINE:
            found = _correction(connection, proposal)
        case _:
            found = _entry(connection, proposal)
    _check(found.event, proposal)
    if proposal.case_id and not _has_case(connection, proposal):
        raise _refused(proposal, f"The account has no case {proposal.case_id}.")
    return found


def hold_against_the_books(
    connection: sa.Connection, event: Mapping[str, Any], reason: str, on_its_way_minor: int
) -> None:
    """Whether what was proposed as ``event`` can be done as things are now. Raises ``ActionRefusedError``."""
    line = event.get("corrected_line")
    proposal = Proposal(
        adjustment_type=AdjustmentType(event["adjustment_type"]),
        customer_id=event["customer_id"],
        currency=event["currency"],
        reason=reason,
        business_date=dt.date.fromisoformat(event["business_date"]),
        amount_minor=event["amount_minor"],
        target_document_no=event["target_document_no"],
        barred_document_no=event["barred_document_no"],
        allocations=[(link["document_no"], link["amount_minor"]) for link in event["allocations"]],
        statement_id=event.get("statement_id"),
        line_no=event.get("line_no"),
        reading=None if line is None else _reading(line),
    )
    now = completed(connection, proposal, on_its_way_minor).event
    if now.get("statement_version") != event.get("statement_version"):
        raise _refused(
            proposal, f"{proposal.statement_id} has come anew since: propose it for what it says now."
        )


def _reading(line: Mapping[str, Any]) -> LineReading:
    date = dt.date.fromisoformat(line["date"])
    return LineReading(line["document_no"], date, line["debit_minor"] - line["credit_minor"])


def _entry(connection: sa.Connection, proposal: Proposal) -> Completed:
    if proposal.target_document_no is not None:
        _target(connection, proposal)
    elif not _is_known(connection, proposal.customer_id):
        party = role_of(proposal.customer_id)
        raise _refused(proposal, f"Nothing is known of a {party} {own_id(proposal.customer_id)!r}.")
    amount_minor = proposal.amount_minor or 0
    return Completed(_event(proposal, amount_minor=amount_minor), amount_minor)


def _write_off(connection: sa.Connection, proposal: Proposal, on_its_way_minor: int) -> Completed:
    target = _target(connection, proposal)
    open_minor = max(target.open_minor - on_its_way_minor, 0)
    amount_minor = open_minor if proposal.amount_minor is None else proposal.amount_minor
    if amount_minor > open_minor or not open_minor:
        left = to_text(open_minor, proposal.currency)
        raise _refused(proposal, f"A write-off is at most what is open: {left} {proposal.currency}.")
    side = "CREDIT" if target.side == "DEBIT" else "DEBIT"
    return Completed(_event(proposal, amount_minor=amount_minor, write_off_side=side), amount_minor)


def _instruction(connection: sa.Connection, proposal: Proposal) -> Completed:
    target = _item(connection, proposal, proposal.target_document_no)
    if target is None or target.side != our_side_of(-1, view_sign(proposal.customer_id)):
        raise _refused(
            proposal, f"{proposal.target_document_no or 'The target'} is no payment of the account."
        )
    if sum(amount for _, amount in proposal.allocations) > target.original_minor:
        raise _refused(proposal, "The allocations exceed the payment.")
    for document_no, _ in proposal.allocations:
        document = _item(connection, proposal, document_no)
        if document is None or document.side == target.side:
            raise _refused(proposal, f"{document_no} is no document of the account that a payment pays.")
    if proposal.barred_document_no is not None and not _is_matched(connection, proposal):
        raise _refused(
            proposal, f"{proposal.target_document_no} is not matched with {proposal.barred_document_no}."
        )
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


def _target(connection: sa.Connection, proposal: Proposal) -> Any:
    """The open item that the proposal names. An adjustment dated before it would make a past balance wrong."""
    found = _item(connection, proposal, proposal.target_document_no)
    if found is None:
        raise _refused(
            proposal, f"{proposal.target_document_no or 'The target'} is no open item of the account."
        )
    if proposal.business_date < found.business_date:
        raise _refused(
            proposal, f"{proposal.target_document_no} is of {found.business_date}, which is later."
        )
    return found


def _item(connection: sa.Connection, proposal: Proposal, document_no: str | None) -> Any:
    """(side, open, original, business date) of the item of this number, or ``None``."""
    item = open_items.c
    wanted = sa.select(item.side, item.open_minor, item.original_minor, item.business_date).where(
        item.customer_id == proposal.customer_id,
        item.currency == proposal.currency,
        item.document_no == document_no,
    )
    found = connection.execute(wanted.order_by(item.open_minor.desc(), item.item_id).limit(1))
    return found.one_or_none()


def _is_matched(connection: sa.Connection, proposal: Proposal) -> bool:
    """Whether the payment that the proposal names pays what it is to be kept from, or is suggested to."""
    link = allocations.c
    wanted = sa.exists().where(
        link.customer_id == proposal.customer_id,
        link.currency == proposal.currency,
        link.payment_document_no == proposal.target_document_no,
        link.document_no == proposal.barred_document_no,
        link.state != "withdrawn",
    )
    return bool(connection.execute(sa.select(wanted)).scalar_one())


def _has_case(connection: sa.Connection, proposal: Proposal) -> bool:
    about = discrepancies.c
    wanted = sa.exists().where(
        about.discrepancy_id == proposal.case_id,
        about.customer_id == proposal.customer_id,
        about.currency == proposal.currency,
    )
    return bool(connection.execute(sa.select(wanted)).scalar_one())


def _is_known(connection: sa.Connection, customer_id: str) -> bool:
    named = sa.exists().where(customers.c.customer_id == customer_id)
    booked = sa.exists().where(open_items.c.customer_id == customer_id)
    return bool(connection.execute(sa.select(named | booked)).scalar_one())


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
