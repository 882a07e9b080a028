"""Adjustments: proposed, decided on, posted to ``tieout.adjustments``, and shown from proposal to statement.

Posting is a pure function of what was decided (``domain.work.adjustments``), so a posting that Kafka did not take is
repeated by approving again, and can never differ. Limits by role and amount are the policy's.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONPATH

from domain.events import AdjustmentEvent, AdjustmentType
from domain.validation import Refusal, parse_event
from domain.work.actions import Action, WorkRefusal, WorkRefusalReason
from domain.work.adjustments import (
    Adjustment,
    AdjustmentAction,
    AdjustmentState,
    adjustment_of,
    judge_adjustment_action,
)
from schemas.topics import ADJUSTMENTS, Topic
from services.queries.filters import AccountFilter
from services.store.tables import ledger_entries, open_items, statements
from services.work.cases import after
from services.work.errors import ActionRefusedError, NoSuchSubjectError, NotAllowedError
from services.work.policy import Policy
from services.work.record import Deed, HistoryRow, WorkLog, actions_by_subject, history_of, rows_of
from services.work.users import User

ADJUSTMENT: Final = "adjustment"
_POSTED: Final = (AdjustmentState.POSTED, AdjustmentState.REVERSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is asked for. ``amount_minor``: ``None`` takes what is open of the target of a write-off."""

    adjustment_type: AdjustmentType
    customer_id: str
    currency: str
    reason: str
    business_date: dt.date
    amount_minor: int | None = None
    target_document_no: str | None = None
    barred_document_no: str | None = None
    allocations: Sequence[tuple[str, int]] = ()
    case_id: str | None = None


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """One adjustment as it stands; ``moved_minor`` is what limits are held against."""

    adjustment_id: str
    state: str
    adjustment_type: str
    customer_id: str
    currency: str
    amount_minor: int
    moved_minor: int
    target_document_no: str | None
    barred_document_no: str | None
    reason: str
    proposed_by: str
    approved_by: str | None
    proposed_at: dt.datetime
    case_id: str | None


@dataclass(frozen=True, slots=True)
class Trail:
    """From proposal to statement: what was done, what it booked, and which statements show it."""

    adjustment: AdjustmentRow
    history: list[HistoryRow]
    entries: Sequence[Mapping[str, Any]]
    statements: Sequence[str]


@dataclass(frozen=True, slots=True)
class AdjustmentDesk:
    """Acts for users. Every method blocks until everybody can read what was done; raises ``WorkError``."""

    log: WorkLog
    policy: Policy
    clock: Callable[[], dt.datetime]
    topic: Topic = ADJUSTMENTS

    def propose(self, user: User, proposal: Proposal) -> AdjustmentRow:
        """Ask for an adjustment. Changes nothing in the books."""
        adjustment_id = f"ADJ-{uuid.uuid4().hex[:12].upper()}"
        with self.log.turn(ADJUSTMENT, adjustment_id) as connection:
            event, moved_minor = _completed(connection, proposal)
            if not self.policy.propose.covers(user.role, moved_minor, proposal.currency):
                raise NotAllowedError(
                    user.user_id, f"{user.user_id} may not propose that much as {user.role}."
                )
            _check(adjustment_id, event, proposal)
            details = {"event": msgspec.json.encode(event).decode(), "moved_minor": str(moved_minor)}
            if proposal.case_id:
                details["case"] = proposal.case_id
            self._record(user, adjustment_id, AdjustmentAction.PROPOSE, proposal.reason, details, event, [])
            return self._read(connection, adjustment_id)

    def act(
        self,
        user: User,
        adjustment_id: str,
        action: str,
        *,
        comment: str | None = None,
        date: dt.date | None = None,
    ) -> AdjustmentRow:
        """Approve, reject, withdraw, or propose the reversal (as of ``date``). An approval is posted to the books."""
        with self.log.turn(ADJUSTMENT, adjustment_id) as connection:
            history, adjustment = self._find(connection, adjustment_id)
            last = history[-1]
            posts_again = (
                adjustment.state in _POSTED
                and (last.action, last.actor) == (action, user.user_id)
                and action == AdjustmentAction.APPROVE
            )
            if not posts_again:
                refusal = judge_adjustment_action(adjustment, action, user.user_id)
                if refusal is not None:
                    raise ActionRefusedError(adjustment_id, refusal)
                self._allow(user, action, adjustment)
                details = {} if date is None else {"business_date": date.isoformat()}
                about = msgspec.json.decode(adjustment.proposal.details["event"])
                self._record(user, adjustment_id, action, comment, details, about, history)
            _, adjustment = self._find(connection, adjustment_id)
            if action == AdjustmentAction.APPROVE:
                self._post(adjustment.events[-1])
            return self._read(connection, adjustment_id)

    def _allow(self, user: User, action: str, adjustment: Adjustment) -> None:
        details = adjustment.proposal.details
        currency = msgspec.json.decode(details["event"])["currency"]
        limits = self.policy.propose if action == AdjustmentAction.PROPOSE_REVERSAL else self.policy.approve
        if action == AdjustmentAction.WITHDRAW:
            return
        if not limits.covers(user.role, int(details["moved_minor"]), currency):
            raise NotAllowedError(user.user_id, f"{user.user_id} may not decide on that much as {user.role}.")

    def _record(
        self,
        user: User,
        adjustment_id: str,
        action: str,
        comment: str | None,
        details: Mapping[str, str],
        about: Mapping[str, Any],
        history: Sequence[Action],
    ) -> None:
        deed = Deed(
            subject_kind=ADJUSTMENT,
            subject=adjustment_id,
            action=action,
            actor=user.user_id,
            occurred_at=after(history, self.clock()),
            customer_id=about["customer_id"],
            currency=about["currency"],
            comment=comment,
            details=details,
        )
        self.log.record(deed)

    def _post(self, event: AdjustmentEvent) -> None:
        value = msgspec.to_builtins(event, builtin_types=(dt.date, dt.datetime))
        self.log.post(self.topic, event.customer_id, value)

    def _find(self, connection: sa.Connection, adjustment_id: str) -> tuple[list[Action], Adjustment]:
        history = history_of(connection, ADJUSTMENT, adjustment_id)
        if not history:
            raise NoSuchSubjectError(ADJUSTMENT, adjustment_id)
        return history, adjustment_of(adjustment_id, history, self.clock(), self._expire)

    @property
    def _expire(self) -> dt.timedelta:
        return dt.timedelta(days=self.policy.adjustments.expire_days)

    def _read(self, connection: sa.Connection, adjustment_id: str) -> AdjustmentRow:
        return _row(self._find(connection, adjustment_id)[1])

    def iterate(
        self, connection: sa.Connection, accounts: AccountFilter, *, pending_only: bool = False
    ) -> Iterator[AdjustmentRow]:
        """Adjustments by time of their proposal."""
        by_subject = actions_by_subject(connection, ADJUSTMENT, accounts)
        now = self.clock()
        found = [adjustment_of(number, done, now, self._expire) for number, done in by_subject.items()]
        for one in sorted(found, key=lambda one: (one.proposal.occurred_at, one.proposal.event_id)):
            if one.pending is not None or not pending_only:
                yield _row(one)

    def trail(self, connection: sa.Connection, adjustment_id: str) -> Trail:
        """From proposal to statement. Raises ``NoSuchSubjectError``."""
        history, adjustment = self._find(connection, adjustment_id)
        entry, statement = ledger_entries.c, statements.c
        columns = (
            entry.entry_id,
            entry.kind,
            entry.role,
            entry.side,
            entry.amount_minor,
            entry.business_date,
        )
        booked = connection.execute(
            sa.select(*columns, entry.event_id)
            .where(entry.source_record_id == f"adjustment/{adjustment_id}")
            .order_by(entry.recorded_at, entry.account_version, entry.entry_id)
        ).mappings()
        row = _row(adjustment)
        mentions = sa.func.jsonb_path_exists(
            statement.figures,
            sa.cast("$.** ? (@ == $number)", JSONPATH),
            sa.func.jsonb_build_object("number", adjustment_id),
        )
        shown = connection.execute(
            sa.select(statement.statement_no)
            .where(statement.customer_id == row.customer_id, statement.currency == row.currency, mentions)
            .order_by(statement.issued_at, statement.statement_no)
        )
        return Trail(row, rows_of(history), [dict(one) for one in booked], [number for (number,) in shown])


def _row(adjustment: Adjustment) -> AdjustmentRow:
    proposal = adjustment.proposal
    said = msgspec.json.decode(proposal.details["event"])
    return AdjustmentRow(
        adjustment_id=adjustment.adjustment_id,
        state=adjustment.state.value,
        adjustment_type=said["adjustment_type"],
        customer_id=said["customer_id"],
        currency=said["currency"],
        amount_minor=said["amount_minor"],
        moved_minor=int(proposal.details["moved_minor"]),
        target_document_no=said.get("target_document_no"),
        barred_document_no=said.get("barred_document_no"),
        reason=proposal.comment or "",
        proposed_by=proposal.actor,
        approved_by=adjustment.events[-1].approved_by if adjustment.events else None,
        proposed_at=proposal.occurred_at,
        case_id=proposal.details.get("case"),
    )


def _completed(connection: sa.Connection, proposal: Proposal) -> tuple[dict[str, Any], int]:
    """(what the event will say, what it moves): with amount and side of a write-off from the open item."""
    target = _item(connection, proposal)
    kind, amount_minor, side = proposal.adjustment_type, proposal.amount_minor or 0, None
    moved_minor = amount_minor
    if kind is AdjustmentType.WRITE_OFF:
        if target is None:
            raise _refused(
                proposal, f"{proposal.target_document_no or 'The target'} is no open item of the account."
            )
        amount_minor = moved_minor = proposal.amount_minor or target.open_minor
        side = "CREDIT" if target.side == "DEBIT" else "DEBIT"
        if amount_minor > target.open_minor:
            raise _refused(proposal, "A write-off is at most what is open.")
    elif kind in (AdjustmentType.REALLOCATION, AdjustmentType.UNMATCH):
        if target is None or target.side != "CREDIT":
            raise _refused(
                proposal, f"{proposal.target_document_no or 'The target'} is no payment of the account."
            )
        moved_minor = target.original_minor
        if sum(amount for _, amount in proposal.allocations) > target.original_minor:
            raise _refused(proposal, "The allocations exceed the payment.")
    event = {
        "customer_id": proposal.customer_id,
        "currency": proposal.currency,
        "amount_minor": amount_minor,
        "business_date": proposal.business_date.isoformat(),
        "adjustment_type": kind.value,
        "target_document_no": proposal.target_document_no,
        "write_off_side": side,
        "barred_document_no": proposal.barred_document_no,
        "allocations": [{"document_no": d, "amount_minor": a} for d, a in proposal.allocations],
        "correlation_id": proposal.case_id,
    }
    return event, moved_minor


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


def _refused(proposal: Proposal, detail: str) -> ActionRefusedError:
    subject = proposal.target_document_no or proposal.customer_id
    return ActionRefusedError(subject, WorkRefusal(WorkRefusalReason.FIELD_INVALID, detail))


def _check(adjustment_id: str, event: Mapping[str, Any], proposal: Proposal) -> None:
    """What the books would refuse later is refused now: as if somebody else had approved it already."""
    if not proposal.reason.strip():
        raise _refused(proposal, "Say why: an adjustment needs a reason.")
    envelope = {
        "event_id": adjustment_id,
        "event_type": "adjustment.posted",
        "source_system": "tieout",
        "source_record_id": adjustment_id,
        "occurred_at": "2000-01-01T00:00:00Z",
        "document_no": adjustment_id,
        "adjustment_id": adjustment_id,
        "proposed_by": "maker",
        "approved_by": "checker",
        "reason": proposal.reason,
    }
    outcome = parse_event({**event, **envelope}, ADJUSTMENTS.kinds, None)
    if isinstance(outcome, Refusal):
        raise _refused(proposal, outcome.detail)
