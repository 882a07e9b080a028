"""Adjustments under maker-checker: proposed by one person, approved by another, posted as an event, reversed likewise.

The state is a fold of the actions; the event that enters the books is a pure function of proposal and approval, so
posting it again after a crash gives the same event, which the books know already (I3). That the maker is not the
checker is judged here when people act, and again by ``domain.validation`` where the event enters.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from domain.events import AdjustmentEvent
from domain.validation import ADJUSTMENTS, OWN_SOURCE
from domain.work.actions import Action, WorkRefusal, WorkRefusalReason
from domain.work.maker_checker import Decision, decided, judge_decision

#: what actions on adjustments are stored under
SUBJECT_KIND: Final = "adjustment"


class AdjustmentAction(enum.StrEnum):
    PROPOSE = "propose"
    PROPOSE_REVERSAL = "propose_reversal"
    APPROVE = Decision.APPROVE.value
    REJECT = Decision.REJECT.value
    WITHDRAW = Decision.WITHDRAW.value


class AdjustmentState(enum.StrEnum):
    PROPOSED = "PROPOSED"
    POSTED = "POSTED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    REVERSAL_PROPOSED = "REVERSAL_PROPOSED"
    REVERSED = "REVERSED"


_NOT_POSTED: Final[Mapping[Decision | None, AdjustmentState]] = {
    None: AdjustmentState.PROPOSED,
    Decision.REJECT: AdjustmentState.REJECTED,
    Decision.WITHDRAW: AdjustmentState.WITHDRAWN,
}


class Adjustment(msgspec.Struct, frozen=True, kw_only=True):
    """Where an adjustment stands. ``pending``: what waits for a decision; ``events``: what is in the books for it."""

    adjustment_id: str
    state: AdjustmentState
    proposal: Action
    pending: Action | None
    events: tuple[AdjustmentEvent, ...]


def adjustment_of(
    adjustment_id: str, actions: Iterable[Action], now: dt.datetime, expire: dt.timedelta
) -> Adjustment:
    """The fold as of ``now``. ``actions`` begin with a proposal; one undecided for ``expire`` lapses."""
    done = decided(actions)
    pending = done.pending
    lapsed = pending is not None and now - pending.occurred_at > expire
    if lapsed:
        pending = None
    if done.approvals:
        state = AdjustmentState.POSTED if pending is None else AdjustmentState.REVERSAL_PROPOSED
        state = AdjustmentState.REVERSED if len(done.approvals) > 1 else state
    else:
        state = AdjustmentState.EXPIRED if lapsed else _NOT_POSTED[done.refused]
    events = (
        _event(adjustment_id, done.proposal, said, approval, reverses=number > 0)
        for number, (said, approval) in enumerate(done.approvals)
    )
    return Adjustment(
        adjustment_id=adjustment_id,
        state=state,
        proposal=done.proposal,
        pending=pending,
        events=tuple(events),
    )


def judge_adjustment_action(
    adjustment: Adjustment, action: str, actor: str, date: dt.date | None = None
) -> WorkRefusal | None:
    """Whether this person may do this to the adjustment now; ``None`` means yes. Limits are the policy's business.

    ``date``: the business date of a reversal. Before that of what it takes back the balance would be wrong.
    """
    state, pending = adjustment.state, adjustment.pending
    if action != AdjustmentAction.PROPOSE_REVERSAL:
        return judge_decision("an adjustment", state, pending, action, actor)
    if state is not AdjustmentState.POSTED:
        return WorkRefusal(
            WorkRefusalReason.WRONG_STATE, f"Only what is posted is reversed; this is {state}."
        )
    posted = adjustment.events[0].business_date
    if date is not None and date < posted:
        return WorkRefusal(
            WorkRefusalReason.FIELD_INVALID, f"It was posted as of {posted}: it is not reversed as of {date}."
        )
    return None


def _event(
    adjustment_id: str, proposal: Action, pending: Action, approval: Action, *, reverses: bool
) -> AdjustmentEvent:
    """What enters the books when ``approval`` is given to ``pending``."""
    life = "reversed" if reverses else "posted"
    said = msgspec.json.decode(proposal.details["event"])
    value = {
        **said,
        "event_id": f"{adjustment_id}/{life}",
        "event_type": f"adjustment.{life}",
        "source_system": OWN_SOURCE,
        "source_record_id": f"{ADJUSTMENTS}{adjustment_id}",
        "occurred_at": approval.occurred_at.isoformat(),
        "business_date": pending.details.get("business_date", said["business_date"]),
        "document_no": adjustment_id,
        "adjustment_id": adjustment_id,
        "causation_id": approval.event_id,
        "proposed_by": pending.actor,
        "approved_by": approval.actor,
        "reason": pending.comment or "",
    }
    return msgspec.convert(value, AdjustmentEvent)
