"""Which rule set decides: what the words say, read naively; and what the topic carries of a set is the set."""

from __future__ import annotations

import datetime as dt

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from domain.rule_changes import RuleChange, event_of, parse_rule_change
from domain.rule_sets import RuleSet, RulesInForce
from domain.rules import Rules

BASE = Rules()
WHOM = ("C-1", "C-2", "C-3", "supplier:S-1")
DAYS = [dt.date(2026, 1, day) for day in range(1, 6)]
customers = st.lists(st.sampled_from(WHOM), unique=True, max_size=3).map(tuple)


@st.composite
def rule_sets(draw: st.DrawFn) -> list[RuleSet]:
    sets = []
    for version in draw(st.lists(st.integers(2, 20), unique=True, max_size=6)):
        named = draw(customers)
        draft = RuleSet(
            name="x",
            effective_from=draw(st.sampled_from(DAYS)),
            rules=Rules(version=version),
            customers=named,
            groups=draw(st.sampled_from([(), ("wholesale",)])),
        )
        sets.append(draft.with_members(draw(customers)) if draft.groups else draft)
    return sets


def deciding(sets: list[RuleSet], customer: str, day: dt.date) -> int:
    """By the sentences of the guide: who is named, then whose group, then everyone; the later, the newer."""
    begun = [one for one in sets if one.effective_from <= day]
    for scope in (
        [one for one in begun if customer in one.customers],
        [one for one in begun if customer in one.members],
        [one for one in begun if not one.customers and not one.groups],
    ):
        if scope:
            latest = max(one.effective_from for one in scope)
            return max(one.version for one in scope if one.effective_from == latest)
    return BASE.version


@given(rule_sets())
def test_which_set_decides(sets: list[RuleSet]) -> None:
    in_force, otherwise = RulesInForce(sets, BASE), RulesInForce(sets[::-1], BASE)
    for customer in WHOM:
        for day in [dt.date(2025, 12, 31), *DAYS]:
            expected = deciding(sets, customer, day)
            assert in_force.of(customer).on(day).version == expected
            assert otherwise.of(customer).on(day).version == expected


@given(rule_sets())
def test_an_event_carries_the_whole_set(sets: list[RuleSet]) -> None:
    for one in sets:
        event = event_of(
            one,
            retires=False,
            proposed_by="ann",
            approved_by="bob",
            occurred_at=dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
        )
        found = parse_rule_change(msgspec.to_builtins(event, builtin_types=(dt.date, dt.datetime)))
        if one.groups and not (one.customers or one.members):
            assert not isinstance(found, RuleChange)  # read without its groups it would be everyone's
        else:
            assert isinstance(found, RuleChange)
            assert found.rule_set == one
            assert set(event.customers) == (one.whom() or set())
