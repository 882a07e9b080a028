"""Rule sets under maker-checker: a set is proposed by one person and put into force by another, and retired likewise.

The state is a fold of the actions; the event that enters the stream is a pure function of proposal and approval, so
that posting it again gives the same event, which the stream knows already.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from domain.rule_changes import RuleSetEvent, event_of
from domain.rule_sets import RuleSet
from domain.work.actions import Action, WorkRefusal, WorkRefusalReason
from domain.work.maker_checker import Decision, decided, judge_decision

#: what actions on rule sets are stored under
SUBJECT_KIND: Final = "rule_set"


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


_NOT_ACTIVE: Final[Mapping[Decision | None, RuleSetState]] = {
    None: RuleSetState.PROPOSED,
    Decision.REJECT: RuleSetState.REJECTED,
    Decision.WITHDRAW: RuleSetState.WITHDRAWN,
}


class ProposedRuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """Where a rule set stands. ``pending``: what waits for a decision; ``events``: what was decided, for the stream."""

    rule_set: RuleSet
    state: RuleSetState
    proposal: Action
    pending: Action | None
    events: tuple[RuleSetEvent, ...]


def proposed_rule_set_of(actions: Iterable[Action]) -> ProposedRuleSet:
    """The fold. ``actions`` begin with a proposal, whose details hold the set."""
    done = decided(actions)
    rule_set = msgspec.json.decode(done.proposal.details["rule_set"], type=RuleSet)
    if done.approvals:
        state = RuleSetState.ACTIVE if done.pending is None else RuleSetState.RETIREMENT_PROPOSED
        state = RuleSetState.RETIRED if len(done.approvals) > 1 else state
    else:
        state = _NOT_ACTIVE[done.refused]
    events = (
        event_of(
            rule_set,
            retires=number > 0,
            proposed_by=said.actor,
            approved_by=approval.actor,
            occurred_at=approval.occurred_at,
        )
        for number, (said, approval) in enumerate(done.approvals)
    )
    return ProposedRuleSet(
        rule_set=rule_set, state=state, proposal=done.proposal, pending=done.pending, events=tuple(events)
    )


def judge_rule_set_action(found: ProposedRuleSet, action: str, actor: str) -> WorkRefusal | None:
    """Whether this person may do this to the set now; ``None`` means yes. Roles are the policy's business."""
    if action == RuleSetAction.PROPOSE_RETIREMENT:
        if found.state is RuleSetState.ACTIVE:
            return None
        return WorkRefusal(
            WorkRefusalReason.WRONG_STATE, f"Only what is active is retired; this is {found.state}."
        )
    return judge_decision("a rule set", found.state, found.pending, action, actor)
