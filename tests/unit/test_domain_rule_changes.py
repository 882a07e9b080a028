"""Rule sets come into force and go: a fold of events that does not depend on their order."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import msgspec
import pytest

from domain.rule_changes import RetiredSet, RuleBook, RuleChange, event_of, parse_rule_change
from domain.rule_sets import RuleSet, RulesInForce, read_rule_set
from domain.rules import Rules
from domain.validation import Refusal, RefusalReason

JAN, FEB = dt.date(2026, 1, 1), dt.date(2026, 2, 1)
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def rule_set(version: int, tolerance: int = 50, *customers: str) -> RuleSet:
    content = {"name": "x", "effective_from": JAN, "customers": list(customers)}
    return read_rule_set({**content, "rules": {"tolerance_minor": tolerance}}, Rules(), version)


def of_group(version: int, *members: str, named: tuple[str, ...] = ()) -> RuleSet:
    content = {"name": "x", "effective_from": JAN, "groups": ["wholesale"], "customers": list(named)}
    return read_rule_set(content, Rules(), version).with_members(members)


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


def test_an_event_names_all_whom_it_covers_and_tells_the_members_of_groups_apart() -> None:
    one = of_group(7, "C-3", "C-2", named=("C-9",))
    event = plain(one)
    assert event["customers"] == ("C-9", "C-2", "C-3")
    assert (event["groups"], event["members"]) == (("wholesale",), 2)
    assert change(one).rule_set == one
    only_named = of_group(8, "C-1", named=("C-1",))
    assert change(only_named).rule_set == only_named


def test_an_event_of_before_there_were_groups_names_its_customers() -> None:
    event = plain(rule_set(7, 50, "C-1"))
    del event["groups"], event["members"]
    found = parse_rule_change(event)
    assert isinstance(found, RuleChange)
    assert found.rule_set == rule_set(7, 50, "C-1")


def test_what_is_in_force_depends_neither_on_order_nor_on_repetition() -> None:
    two, three = rule_set(2), rule_set(3, 60, "C-1")
    changes = [change(two), change(three), change(two, retires=True), change(three), change(two)]
    books = {folded(*order) for order in itertools.permutations(changes)}
    assert books == {RuleBook((three,), (RetiredSet.of(two),))}
    assert folded(change(three), change(two)).sets == (two, three)


def test_a_retired_set_stays_so_even_if_its_activation_comes_later() -> None:
    two = rule_set(2)
    assert folded(change(two, retires=True), change(two)) == RuleBook((), (RetiredSet.of(two),))


def test_of_a_retired_set_it_is_kept_whom_it_covered_but_not_their_names() -> None:
    gone = RetiredSet.of(of_group(2, *(f"C-{number}" for number in range(5_000))))
    assert len(msgspec.msgpack.encode(gone)) < 2_000
    others = (of_group(2, "C-1"), of_group(2, "C-2"), rule_set(2, 50, "C-1"), rule_set(2))
    assert len({RetiredSet.of(one) for one in others}) == 4


@pytest.mark.parametrize("retires", [False, True])
def test_a_version_stands_for_one_content(retires: bool) -> None:
    for known in (folded(change(of_group(2, "C-1"))), folded(change(of_group(2, "C-1"), retires=True))):
        for other in (rule_set(2, 51), of_group(2, "C-2"), of_group(2, named=("C-1",))):
            refusal = known.after(change(other, retires=retires))
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
        ({"groups": ["wholesale"]}, RefusalReason.INVALID_FIELD),
        ({"customers": ["C-1"], "members": 1}, RefusalReason.INVALID_FIELD),
        ({"customers": ["C-1"], "groups": ["wholesale"], "members": 2}, RefusalReason.INVALID_FIELD),
        ({"customers": ["C-1"], "groups": ["wholesale"], "members": -1}, RefusalReason.INVALID_FIELD),
        ({"customers": [f"{number:052}" for number in range(20_000)]}, RefusalReason.INVALID_FIELD),
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
