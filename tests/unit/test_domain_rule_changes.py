"""Rule sets come into force and go: a fold of events that does not depend on their order."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import msgspec
import pytest

from domain.rule_changes import RuleBook, RuleChange, event_of, parse_rule_change
from domain.rule_sets import RuleSet, RulesInForce, read_rule_set
from domain.rules import Rules
from domain.validation import Refusal, RefusalReason

JAN, FEB = dt.date(2026, 1, 1), dt.date(2026, 2, 1)
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def rule_set(version: int, tolerance: int = 50, *customers: str) -> RuleSet:
    content = {"name": "x", "effective_from": JAN, "customers": list(customers)}
    return read_rule_set({**content, "rules": {"tolerance_minor": tolerance}}, Rules(), version)


def plain(one: RuleSet, *, retires: bool = False, **other: Any) -> dict[str, Any]:
    event = event_of(one, retires=retires, proposed_by="ann", approved_by="bob", occurred_at=NOON)
    return {**msgspec.to_builtins(event, builtin_types=(dt.date, dt.datetime)), **other}


def change(one: RuleSet, *, retires: bool = False) -> RuleChange:
    found = parse_rule_change(plain(one, retires=retires))
    assert isinstance(found, RuleChange)
    return found


def folded(*changes: RuleChange) -> RuleBook:
    book: RuleBook | Refusal = RuleBook()
    for one in changes:
        assert isinstance(book, RuleBook)
        book = book.after(one)
    assert isinstance(book, RuleBook)
    return book


def test_an_event_carries_the_whole_set() -> None:
    one = rule_set(7, 50, "C-1")
    found = change(one)
    assert (found.rule_set, found.retires, found.event_id) == (one, False, "rule_set/7/activated")
    assert change(one, retires=True).event_id == "rule_set/7/retired"
    assert found.occurred_at == NOON


def test_what_is_in_force_depends_neither_on_order_nor_on_repetition() -> None:
    two, three = rule_set(2), rule_set(3, 60, "C-1")
    changes = [change(two), change(three), change(two, retires=True), change(three), change(two)]
    books = {folded(*order) for order in itertools.permutations(changes)}
    assert books == {RuleBook((three,), (two,))}
    assert folded(change(three), change(two)).sets == (two, three)


def test_a_retired_set_stays_so_even_if_its_activation_comes_later() -> None:
    assert folded(change(rule_set(2), retires=True), change(rule_set(2))) == RuleBook((), (rule_set(2),))


@pytest.mark.parametrize("retires", [False, True])
def test_a_version_stands_for_one_content(retires: bool) -> None:
    for known in (folded(change(rule_set(2))), folded(change(rule_set(2), retires=True))):
        refusal = known.after(change(rule_set(2, 51), retires=retires))
        assert isinstance(refusal, Refusal)
        assert refusal.reason is RefusalReason.VERSION_CONFLICT


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"event_type": "rule_set.changed"}, RefusalReason.INVALID_FIELD),
        ({"event_id": None}, RefusalReason.INVALID_FIELD),
        ({"version": 1}, RefusalReason.INVALID_FIELD),
        ({"name": "a\0b"}, RefusalReason.INVALID_FIELD),
        ({"rules": "{"}, RefusalReason.INVALID_FIELD),
        ({"rules": '{"tolerance_minor": -1}'}, RefusalReason.INVALID_FIELD),
        ({"rules": '{"tolerance": 1}'}, RefusalReason.INVALID_FIELD),
        ({"approved_by": "ANN"}, RefusalReason.MAKER_IS_CHECKER),
        ({"approved_by": "ann "}, RefusalReason.MAKER_IS_CHECKER),
        ({"approved_by": " "}, RefusalReason.INVALID_FIELD),
        ({"proposed_by": ""}, RefusalReason.INVALID_FIELD),
    ],
)
def test_what_is_no_change_is_refused(wrong: dict[str, Any], reason: RefusalReason) -> None:
    refusal = parse_rule_change(plain(rule_set(2), **wrong))
    assert isinstance(refusal, Refusal)
    assert refusal.reason is reason
    assert refusal.event_id == (None if "event_id" in wrong else "rule_set/2/activated")


def test_what_holds_for_whom() -> None:
    base = Rules(terms_days=14)
    assert RulesInForce((), base).of("C-1") is base
    in_force = RulesInForce([rule_set(2), rule_set(3, 60, "C-1")], base)
    assert [in_force.of(whom).on(FEB).version for whom in ("C-1", "C-2", "C-1")] == [3, 2, 3]
    assert in_force.of("C-2") is in_force.of("C-3")
    assert in_force.without(3).of("C-1").on(FEB).version == 2
    assert in_force.without(3).without(2).of("C-1") is base
    assert in_force.with_draft(rule_set(4, 9)).of("C-2").on(FEB).tolerance_minor == 9
