"""Rule sets: what a file may say, and which set decides when, for whom."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest

from domain.rule_sets import CUSTOMERS_MAX, RuleSet, RulesInForce, read_rule_set
from domain.rules import Rules

BASE = Rules(terms_days=14)
JAN, FEB, MAR = dt.date(2026, 1, 1), dt.date(2026, 2, 1), dt.date(2026, 3, 1)


def file(**fields: Any) -> dict[str, Any]:
    return {"name": "trial", "effective_from": JAN, **fields}


def rule_set(version: int, start: dt.date, *customers: str) -> RuleSet:
    return read_rule_set(file(effective_from=start, customers=list(customers)), BASE, version)


def of_group(version: int, start: dt.date, *members: str, named: tuple[str, ...] = ()) -> RuleSet:
    content = file(effective_from=start, groups=["wholesale"], customers=list(named))
    return read_rule_set(content, BASE, version).with_members(members)


def versions(sets: list[RuleSet], customer: str, *days: dt.date) -> list[int]:
    rules = RulesInForce(sets, BASE).of(customer)
    return [rules.on(day).version for day in days]


def test_a_file_changes_what_it_names_and_nothing_else() -> None:
    found = read_rule_set(
        file(rules={"tolerance_minor": 50, "matching": {"confirm_ppm": 950_000}}), BASE, version=7
    )
    assert (found.version, found.rules.terms_days, found.rules.tolerance_minor) == (7, 14, 50)
    assert found.rules.matching.confirm_ppm == 950_000
    assert found.rules.matching.suggest_ppm == BASE.matching.suggest_ppm


def test_the_digest_is_of_the_content_not_of_the_version() -> None:
    assert rule_set(2, JAN).digest() == rule_set(3, JAN).digest()
    assert rule_set(2, JAN).digest() != rule_set(2, FEB).digest() != rule_set(2, FEB, "C-1").digest()


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": ""}, "name"),
        ({"effective_from": "soon"}, "effective_from"),
        ({"colour": "red"}, "colour"),
        ({"customers": [""]}, "customers"),
        ({"customers": ["C"] * 20_001}, "covers 20001 customers"),
        ({"customers": [f"{number:052}" for number in range(20_000)]}, "more than 1048576 bytes"),
        ({"groups": "wholesale"}, "groups"),
        ({"groups": [""]}, "groups"),
        ({"groups": ["G"] * 101}, "groups"),
        ({"members": ["C-1"]}, "master data"),
        ({"rules": 3}, "tables"),
        ({"rules": {"matching": 3}}, "tables"),
        ({"rules": {"version": 9}}, "version"),
        ({"rules": {"tolerence_minor": 9}}, "tolerence_minor"),
        ({"rules": {"tolerance_minor": -1}}, "tolerance_minor"),
        ({"rules": {"tolerance_minor": 0.5}}, "tolerance_minor"),
        ({"rules": {"tolerance_ppm": 1_000_001}}, "tolerance_ppm"),
        ({"rules": {"tolerance_borne_by": "nobody"}}, "tolerance_borne_by"),
        ({"rules": {"matching": {"stages": ["guess"]}}}, "stages"),
        ({"rules": {"matching": {"stages": ["residual", "residual"]}}}, "each once"),
        ({"rules": {"matching": {"suggest_ppm": 950_000}}}, "above confirm_ppm"),
        ({"rules": {"matching": {"steps_max": 10**9}}}, "steps_max"),
    ],
)
def test_a_wrong_file_is_told_by_its_field(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_rule_set(file(**fields), BASE, 2)


def test_the_narrower_scope_decides_then_the_later_date_then_the_newer_version() -> None:
    everyone, later, newer = rule_set(5, JAN), rule_set(2, FEB), rule_set(6, FEB)
    own = rule_set(3, MAR, "C-1")
    days = (dt.date(2025, 12, 31), JAN, dt.date(2026, 1, 31), FEB, MAR)
    for sets in ([everyone, later, newer, own], [own, newer, later, everyone]):
        assert versions(sets, "C-1", *days) == [1, 5, 5, 6, 3]
        assert versions(sets, "C-2", *days) == [1, 5, 5, 6, 6]


def test_a_set_by_name_goes_before_one_by_group_and_that_before_one_for_everyone() -> None:
    by_name, by_group, everyone = rule_set(2, JAN, "C-1"), of_group(3, FEB, "C-1", "C-2"), rule_set(4, MAR)
    for sets in itertools.permutations((by_name, by_group, everyone)):
        assert versions(list(sets), "C-1", JAN, FEB, MAR) == [2, 2, 2]
        assert versions(list(sets), "C-2", JAN, FEB, MAR) == [1, 3, 3]
        assert versions(list(sets), "C-3", JAN, FEB, MAR) == [1, 1, 4]


def test_of_two_sets_by_group_the_later_date_decides_then_the_newer_version() -> None:
    sets = [of_group(4, JAN, "C-1"), of_group(2, FEB, "C-1"), of_group(3, FEB, "C-1")]
    assert versions(sets, "C-1", JAN, FEB) == [4, 3]


def test_whom_a_set_names_it_names_though_they_are_in_its_group() -> None:
    both = of_group(2, JAN, "C-2", "C-1", "C-3", "C-2", named=("C-1",))
    assert (both.customers, both.members) == (("C-1",), ("C-2", "C-3"))
    assert both.whom() == {"C-1", "C-2", "C-3"}
    assert versions([both, of_group(3, FEB, "C-1", "C-2")], "C-1", FEB) == [2]
    assert versions([both, of_group(3, FEB, "C-1", "C-2")], "C-2", FEB) == [3]


def test_a_draft_of_groups_covers_nobody_by_them_and_never_everyone() -> None:
    draft = read_rule_set(file(groups=["wholesale"]), BASE, 2)
    assert draft.whom() == frozenset()
    assert RulesInForce([draft], BASE).of("C-1") is BASE
    assert rule_set(2, JAN).whom() is None


def test_a_group_may_be_as_large_as_a_set_with_whom_it_names() -> None:
    most = [f"C-{number}" for number in range(CUSTOMERS_MAX)]
    assert len(of_group(2, JAN, *most, named=("C-1",)).whom() or ()) == CUSTOMERS_MAX
    with pytest.raises(ValueError, match="covers 20001 customers, 20000 at most"):
        of_group(2, JAN, *most, named=("X",))
    with pytest.raises(ValueError, match="length <= 100"):
        of_group(2, JAN, "C" * 101)


def test_the_digest_tells_who_is_in_the_group() -> None:
    assert of_group(2, JAN, "C-1").digest() == of_group(3, JAN, "C-1").digest()
    assert (
        of_group(2, JAN, "C-1").digest()
        != of_group(2, JAN, "C-2").digest()
        != rule_set(2, JAN, "C-2").digest()
    )


def test_a_customer_of_no_set_has_the_base() -> None:
    assert RulesInForce([rule_set(2, JAN, "C-1")], BASE).of("C-2") is BASE
    assert BASE.on(MAR) is BASE


def test_answers_for_many_are_few() -> None:
    """Ten thousand customers of one group stand under one timeline."""
    members = [f"C-{number}" for number in range(10_000)]
    in_force = RulesInForce([rule_set(2, JAN), of_group(3, FEB, *members)], BASE)
    assert len({id(in_force.of(one)) for one in members}) == 1
    assert in_force.of("C-1").on(FEB).version == 3
