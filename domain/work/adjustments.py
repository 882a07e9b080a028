"""Adjustments under maker-checker: proposed by one person, approved by another, posted as an event, reversed likewise.

The state is a fold of the actions; the event that enters the books is a pure function of proposal and approval, so
posting it again after a crash gives the same event, which the books know already (I3). That the maker is not the
checker is judged here when people act, and again by ``domain.validation`` where the event enters.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable

import msgspec

from domain.events import AdjustmentEvent
from domain.validation import ADJUSTMENTS, OWN_SOURCE
from domain.work.actions import Action, WorkRefusal, WorkRefusalReason, in_order
from domain.work.maker_checker import judge_decision


class AdjustmentAction(enum.StrEnum):
    PROPOSE = "propose"
    PROPOSE_REVERSAL = "propose_reversal"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"


class AdjustmentState(enum.StrEnum):
    PROPOSED = "PROPOSED"
    POSTED = "POSTED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    REVERSAL_PROPOSED = "REVERSAL_PROPOSED"
    REVERSED = "REVERSED"


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
    proposal, *later = in_order(actions)
    state = AdjustmentState.PROPOSED
    pending: Action | None = proposal
    events: tuple[AdjustmentEvent, ...] = ()
    for action in later:
        match action.action:
            case AdjustmentAction.PROPOSE_REVERSAL:
                state, pending = AdjustmentState.REVERSAL_PROPOSED, action
                continue
            case AdjustmentAction.APPROVE:
                reverses = state is AdjustmentState.REVERSAL_PROPOSED
                events += (_event(adjustment_id, proposal, pending or proposal, action, reverses=reverses),)
                state = AdjustmentState.REVERSED if reverses else AdjustmentState.POSTED
            case AdjustmentAction.REJECT:
                state = AdjustmentState.POSTED if events else AdjustmentState.REJECTED
            case _:  # withdrawn
                state = AdjustmentState.POSTED if events else AdjustmentState.WITHDRAWN
        pending = None
    if pending is not None and now - pending.occurred_at > expire:
        state = AdjustmentState.POSTED if events else AdjustmentState.EXPIRED
        pending = None
    return Adjustment(
        adjustment_id=adjustment_id, state=state, proposal=proposal, pending=pending, events=events
    )


def judge_adjustment_action(adjustment: Adjustment, action: str, actor: str) -> WorkRefusal | None:
    """Whether this person may do this to the adjustment now; ``None`` means yes. Limits are the policy's business."""
    state, pending = adjustment.state, adjustment.pending
    if action == AdjustmentAction.PROPOSE_REVERSAL:
        if state is AdjustmentState.POSTED:
            return None
        return WorkRefusal(
            WorkRefusalReason.WRONG_STATE, f"Only what is posted is reversed; this is {state}."
        )
    return judge_decision("an adjustment", state, pending, action, actor)


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
