"""Rule sets under maker-checker: a set is proposed by one person and put into force by another, and retired likewise.

The state is a fold of the actions; the event that enters the stream is a pure function of proposal and approval, so
that posting it again gives the same event, which the stream knows already.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec

from domain.rule_changes import RuleSetEvent, event_of
from domain.rule_sets import RuleSet
from domain.work.actions import Action, WorkRefusal, WorkRefusalReason, in_order
from domain.work.maker_checker import Decision, judge_decision


class RuleSetAction(enum.StrEnum):
    PROPOSE = "propose"
    PROPOSE_RETIREMENT = "propose_retirement"
    APPROVE = Decision.APPROVE.value
    REJECT = Decision.REJECT.value
    WITHDRAW = Decision.WITHDRAW.value


class RuleSetState(enum.StrEnum):
    PROPOSED = "PROPOSED"
    ACTIVE = "ACTIVE"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    RETIREMENT_PROPOSED = "RETIREMENT_PROPOSED"
    RETIRED = "RETIRED"


class ProposedRuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """Where a rule set stands. ``pending``: what waits for a decision; ``events``: what was decided, for the stream."""

    rule_set: RuleSet
    state: RuleSetState
    proposal: Action
    pending: Action | None
    events: tuple[RuleSetEvent, ...]


def proposed_rule_set_of(actions: Iterable[Action]) -> ProposedRuleSet:
    """The fold. ``actions`` begin with a proposal, whose details hold the set."""
    proposal, *later = in_order(actions)
    rule_set = msgspec.json.decode(proposal.details["rule_set"], type=RuleSet)
    state = RuleSetState.PROPOSED
    pending: Action | None = proposal
    events: tuple[RuleSetEvent, ...] = ()
    for action in later:
        match action.action:
            case RuleSetAction.PROPOSE_RETIREMENT:
                state, pending = RuleSetState.RETIREMENT_PROPOSED, action
                continue
            case RuleSetAction.APPROVE:
                retires = state is RuleSetState.RETIREMENT_PROPOSED
                event = event_of(
                    rule_set,
                    retires=retires,
                    proposed_by=(pending or proposal).actor,
                    approved_by=action.actor,
                    occurred_at=action.occurred_at,
                )
                events += (event,)
                state = RuleSetState.RETIRED if retires else RuleSetState.ACTIVE
            case RuleSetAction.REJECT:
                state = RuleSetState.ACTIVE if events else RuleSetState.REJECTED
            case _:  # withdrawn
                state = RuleSetState.ACTIVE if events else RuleSetState.WITHDRAWN
        pending = None
    return ProposedRuleSet(rule_set=rule_set, state=state, proposal=proposal, pending=pending, events=events)


def judge_rule_set_action(found: ProposedRuleSet, action: str, actor: str) -> WorkRefusal | None:
    """Whether this person may do this to the set now; ``None`` means yes. Roles are the policy's business."""
    if action == RuleSetAction.PROPOSE_RETIREMENT:
        if found.state is RuleSetState.ACTIVE:
            return None
        return WorkRefusal(
            WorkRefusalReason.WRONG_STATE, f"Only what is active is retired; this is {found.state}."
        )
    return judge_decision("a rule set", found.state, found.pending, action, actor)
