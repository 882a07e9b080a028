"""Adjustments: proposed, decided on, posted to ``tieout.adjustments``, and shown from proposal to statement.

Posting is a pure function of what was decided (``domain.work.adjustments``) and goes to Kafka with the decision, in one
transaction. Approving again posts the same again, which can never differ. Limits by role and amount are the policy's.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
import sqlalchemy as sa

from domain.events import AdjustmentEvent
from domain.money import to_text
from domain.work.actions import Action
from domain.work.adjustments import SUBJECT_KIND as ADJUSTMENT
from domain.work.adjustments import (
    Adjustment,
    AdjustmentAction,
    AdjustmentState,
    adjustment_of,
    judge_adjustment_action,
)
from schemas.topics import ADJUSTMENTS, Topic
from services.queries.filters import AccountFilter
from services.store.producer import Parcel
from services.work.beside import POSTED, WAITING, moved_minor, on_its_way_minor, same_document
from services.work.cases import after
from services.work.errors import ActionRefusedError, NoSuchSubjectError, NotAllowedError
from services.work.policy import Policy
from services.work.proposals import Proposal, completed, hold_against_the_books
from services.work.record import Deed, WorkLog, actions_by_subject, history_of, rows_of
from services.work.trail import AdjustmentRow, Trail, read_trail, row_of
from services.work.users import User

ACCOUNT: Final = "account"
Verb = Literal["propose", "approve"]
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
        with self.log.turn(ACCOUNT, _account(proposal.customer_id, proposal.currency)) as connection:
            found = completed(connection, proposal)
            others = self._beside(connection, found.event, POSTED | WAITING)
            event = found.event
            self._allow(user, "propose", event, found.moved_minor, others)
            details = {"event": msgspec.json.encode(event).decode(), "moved_minor": str(found.moved_minor)}
            if found.sent is not None:
                details["sent_line"] = msgspec.json.encode(found.sent).decode()
            if proposal.case_id:
                details["case"] = proposal.case_id
            action = AdjustmentAction.PROPOSE
            self.log.record(
                connection, self._deed(user, adjustment_id, action, proposal.reason, details, event, [])
            )
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
                # Nothing is decided: what was decided is posted again, in case the books do not have it.
                self._may(user, action, adjustment)
                self.log.send([self._parcel(adjustment.events[-1])])
                return row_of(adjustment)
            refusal = judge_adjustment_action(adjustment, action, user.user_id, date)
            if refusal is not None:
                raise ActionRefusedError(adjustment_id, refusal)
            about = msgspec.json.decode(adjustment.proposal.details["event"])
            if action == AdjustmentAction.APPROVE and not adjustment.events:
                self.log.hold(connection, ACCOUNT, _account(about["customer_id"], about["currency"]))
                others = self._beside(connection, about, POSTED)
                self._may(user, action, adjustment, others)
                reason = adjustment.proposal.comment or ""
                hold_against_the_books(connection, about, reason, on_its_way_minor(connection, about, others))
            else:
                self._may(user, action, adjustment)
            details = {} if date is None else {"business_date": date.isoformat()}
            deed = self._deed(user, adjustment_id, action, comment, details, about, history)
            posted = []
            if action == AdjustmentAction.APPROVE:
                approved = self._fold(adjustment_id, [*history, deed.as_action()])
                posted = [self._parcel(approved.events[-1])]
            self.log.record(connection, deed, posted)
            return self._read(connection, adjustment_id)

    def _may(
        self, user: User, action: str, adjustment: Adjustment, others: Sequence[Adjustment] = ()
    ) -> None:
        if action == AdjustmentAction.WITHDRAW:
            return
        verb: Verb = "propose" if action == AdjustmentAction.PROPOSE_REVERSAL else "approve"
        details = adjustment.proposal.details
        self._allow(user, verb, msgspec.json.decode(details["event"]), int(details["moved_minor"]), others)

    def _allow(
        self, user: User, verb: Verb, event: Mapping[str, Any], moved: int, others: Sequence[Adjustment]
    ) -> None:
        """``others`` about the same document count with it: two halves are not less than the whole."""
        limits = self.policy.propose if verb == "propose" else self.policy.approve
        beside, currency = moved_minor(others), event["currency"]
        if limits.covers(user.role, moved + beside, currency):
            return
        told = f"{to_text(moved + beside, currency)} {currency}"
        if beside:
            told += f", with what else was decided about {event['target_document_no']},"
        deed = "propose" if verb == "propose" else "decide on"
        raise NotAllowedError(user.user_id, f"{user.user_id} may not {deed} {told} as {user.role}.")

    def _beside(
        self, connection: sa.Connection, event: Mapping[str, Any], states: Collection[AdjustmentState]
    ) -> list[Adjustment]:
        accounts = AccountFilter(event["customer_id"], event["currency"])
        by_subject = actions_by_subject(connection, ADJUSTMENT, accounts)
        return same_document(event, (self._fold(*one) for one in by_subject.items()), states)

    def _deed(
        self,
        user: User,
        adjustment_id: str,
        action: str,
        comment: str | None,
        details: Mapping[str, str],
        about: Mapping[str, Any],
        history: Sequence[Action],
    ) -> Deed:
        return Deed(
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

    def _parcel(self, event: AdjustmentEvent) -> Parcel:
        value = msgspec.to_builtins(event, builtin_types=(dt.date, dt.datetime))
        return self.log.parcel(self.topic, event.customer_id, value)

    def _find(self, connection: sa.Connection, adjustment_id: str) -> tuple[list[Action], Adjustment]:
        history = history_of(connection, ADJUSTMENT, adjustment_id)
        if not history:
            raise NoSuchSubjectError(ADJUSTMENT, adjustment_id)
        return history, self._fold(adjustment_id, history)

    def _fold(self, adjustment_id: str, history: Sequence[Action]) -> Adjustment:
        expire = dt.timedelta(days=self.policy.adjustments.expire_days)
        return adjustment_of(adjustment_id, history, self.clock(), expire)

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
        found = [self._fold(number, done) for number, done in by_subject.items()]
        for one in sorted(found, key=lambda one: (one.proposal.occurred_at, one.proposal.event_id)):
            is_asked_for = case_id is None or one.proposal.details.get("case") == case_id
            if is_asked_for and (one.pending is not None or not pending_only):
                yield row_of(one)

    def trail(self, connection: sa.Connection, adjustment_id: str) -> Trail:
        """From proposal to statement. Raises ``NoSuchSubjectError``."""
        history, adjustment = self._find(connection, adjustment_id)
        return read_trail(connection, adjustment, rows_of(history))


def _account(customer_id: str, currency: str) -> str:
    return f"{customer_id}/{currency}"
