"""Maker-checker on rule sets: where a set stands, who may do what, and the event that an approval makes."""

from __future__ import annotations

import datetime as dt
import itertools

import msgspec
import pytest

from domain.rule_changes import RuleChange, parse_rule_change
from domain.rule_sets import read_rule_set
from domain.rules import Rules
from domain.work.actions import Action, WorkRefusalReason
from domain.work.rule_sets import (
    ProposedRuleSet,
    RuleSetAction,
    RuleSetState,
    judge_rule_set_action,
    proposed_rule_set_of,
)

NOON = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
SET = read_rule_set(
    {"name": "x", "effective_from": "2026-01-01", "rules": {"tolerance_minor": 5}}, Rules(), 7
)


def done(minute: int, action: RuleSetAction, actor: str, **details: str) -> Action:
    when = NOON + dt.timedelta(minutes=minute)
    return Action(event_id=f"w-{minute}", action=action, actor=actor, occurred_at=when, details=details)


PROPOSED = done(1, RuleSetAction.PROPOSE, "ann", rule_set=msgspec.json.encode(SET).decode())
APPROVED = done(2, RuleSetAction.APPROVE, "bob")
RETIREMENT = done(3, RuleSetAction.PROPOSE_RETIREMENT, "bob")


def standing(*actions: Action) -> ProposedRuleSet:
    return proposed_rule_set_of((PROPOSED, *actions))


@pytest.mark.parametrize(
    ("actions", "state", "events"),
    [
        ([], RuleSetState.PROPOSED, 0),
        ([APPROVED], RuleSetState.ACTIVE, 1),
        ([done(2, RuleSetAction.REJECT, "bob")], RuleSetState.REJECTED, 0),
        ([done(2, RuleSetAction.WITHDRAW, "ann")], RuleSetState.WITHDRAWN, 0),
        ([APPROVED, RETIREMENT], RuleSetState.RETIREMENT_PROPOSED, 1),
        ([APPROVED, RETIREMENT, done(4, RuleSetAction.REJECT, "ann")], RuleSetState.ACTIVE, 1),
        ([APPROVED, RETIREMENT, done(4, RuleSetAction.WITHDRAW, "bob")], RuleSetState.ACTIVE, 1),
        ([APPROVED, RETIREMENT, done(4, RuleSetAction.APPROVE, "ann")], RuleSetState.RETIRED, 2),
    ],
)
def test_where_it_stands(actions: list[Action], state: RuleSetState, events: int) -> None:
    found = standing(*actions)
    assert (found.state, len(found.events), found.rule_set) == (state, events, SET)


def test_the_order_in_which_actions_are_read_does_not_matter() -> None:
    orders = itertools.permutations((PROPOSED, APPROVED, RETIREMENT))
    assert len({repr(proposed_rule_set_of(order)) for order in orders}) == 1


def test_the_events_of_the_decisions_are_fit_for_the_stream() -> None:
    found = standing(APPROVED, RETIREMENT, done(4, RuleSetAction.APPROVE, "ann"))
    changes = [parse_rule_change(msgspec.to_builtins(event)) for event in found.events]
    assert all(isinstance(change, RuleChange) and change.rule_set == SET for change in changes)
    people = [(event.event_type, event.proposed_by, event.approved_by) for event in found.events]
    assert people == [("rule_set.activated", "ann", "bob"), ("rule_set.retired", "bob", "ann")]
    assert found.events[0] == standing(APPROVED).events[0]


@pytest.mark.parametrize(
    ("found", "action", "actor", "reason"),
    [
        (standing(), "approve", "Ann", WorkRefusalReason.MAKER_IS_CHECKER),
        (standing(APPROVED, RETIREMENT), "approve", "bob", WorkRefusalReason.MAKER_IS_CHECKER),
        (standing(), "withdraw", "bob", WorkRefusalReason.NOT_THE_MAKER),
        (standing(), "propose_retirement", "bob", WorkRefusalReason.WRONG_STATE),
        (standing(APPROVED), "approve", "bob", WorkRefusalReason.WRONG_STATE),
        (standing(), "propose", "bob", WorkRefusalReason.UNKNOWN_ACTION),
    ],
)
def test_who_may_not_do_what(
    found: ProposedRuleSet, action: str, actor: str, reason: WorkRefusalReason
) -> None:
    refusal = judge_rule_set_action(found, action, actor)
    assert refusal is not None
    assert refusal.reason is reason


@pytest.mark.parametrize(
    ("found", "action", "actor"),
    [
        (standing(), "approve", "bob"),
        (standing(), "reject", "ann"),
        (standing(), "withdraw", "ann"),
        (standing(APPROVED), "propose_retirement", "ann"),
        (standing(APPROVED, RETIREMENT), "approve", "ann"),
    ],
)
def test_who_may_do_what(found: ProposedRuleSet, action: str, actor: str) -> None:
    assert judge_rule_set_action(found, action, actor) is None
