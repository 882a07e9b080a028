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

from domain.events import AdjustmentEvent
from domain.work.actions import Action
from domain.work.adjustments import (
    Adjustment,
    AdjustmentAction,
    AdjustmentState,
    adjustment_of,
    judge_adjustment_action,
)
from schemas.topics import ADJUSTMENTS, Topic
from services.queries.filters import AccountFilter
from services.work.cases import after
from services.work.errors import ActionRefusedError, NoSuchSubjectError, NotAllowedError
from services.work.policy import Policy
from services.work.proposals import Proposal, completed, hold_against_what_is_open
from services.work.record import Deed, WorkLog, actions_by_subject, history_of, rows_of
from services.work.trail import AdjustmentRow, Trail, read_trail, row_of
from services.work.users import User

ADJUSTMENT: Final = "adjustment"
_POSTED: Final = (AdjustmentState.POSTED, AdjustmentState.REVERSED)


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
            found = completed(connection, proposal)
            if not self.policy.propose.covers(user.role, found.moved_minor, proposal.currency):
                raise NotAllowedError(
                    user.user_id, f"{user.user_id} may not propose that much as {user.role}."
                )
            event = found.event
            details = {"event": msgspec.json.encode(event).decode(), "moved_minor": str(found.moved_minor)}
            if found.sent is not None:
                details["sent_line"] = msgspec.json.encode(found.sent).decode()
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
            if action == AdjustmentAction.APPROVE and adjustment.state in _POSTED:
                # Nothing is decided: what was decided is posted again, in case it did not reach the books.
                self._allow(user, action, adjustment)
            else:
                refusal = judge_adjustment_action(adjustment, action, user.user_id)
                if refusal is not None:
                    raise ActionRefusedError(adjustment_id, refusal)
                self._allow(user, action, adjustment)
                details = {} if date is None else {"business_date": date.isoformat()}
                about = msgspec.json.decode(adjustment.proposal.details["event"])
                if action == AdjustmentAction.APPROVE and not adjustment.events:
                    hold_against_what_is_open(connection, about)
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
        return row_of(self._find(connection, adjustment_id)[1])

    def iterate(
        self,
        connection: sa.Connection,
        accounts: AccountFilter,
        *,
        pending_only: bool = False,
        case_id: str | None = None,
    ) -> Iterator[AdjustmentRow]:
        """Adjustments by time of their proposal; those that wait for a decision, those for one case, or all."""
        last = (AdjustmentAction.PROPOSE, AdjustmentAction.PROPOSE_REVERSAL) if pending_only else ()
        by_subject = actions_by_subject(connection, ADJUSTMENT, accounts, last)
        now = self.clock()
        found = [adjustment_of(number, done, now, self._expire) for number, done in by_subject.items()]
        for one in sorted(found, key=lambda one: (one.proposal.occurred_at, one.proposal.event_id)):
            is_asked_for = case_id is None or one.proposal.details.get("case") == case_id
            if is_asked_for and (one.pending is not None or not pending_only):
                yield row_of(one)

    def trail(self, connection: sa.Connection, adjustment_id: str) -> Trail:
        """From proposal to statement. Raises ``NoSuchSubjectError``."""
        history, adjustment = self._find(connection, adjustment_id)
        return read_trail(connection, adjustment, rows_of(history))
