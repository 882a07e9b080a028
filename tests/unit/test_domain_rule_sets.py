"""Rule sets: what a file may say, and which set decides when, for whom."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from domain.rule_sets import RuleSet, read_rule_set, rules_by_date
from domain.rules import Rules

BASE = Rules(terms_days=14)
JAN, FEB, MAR = dt.date(2026, 1, 1), dt.date(2026, 2, 1), dt.date(2026, 3, 1)


def file(**fields: Any) -> dict[str, Any]:
    return {"name": "trial", "effective_from": JAN, **fields}


def rule_set(version: int, start: dt.date, *customers: str) -> RuleSet:
    return read_rule_set(file(effective_from=start, customers=list(customers)), BASE, version)


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
        ({"customers": ["C"] * 1_001}, "customers"),
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
    for sets in ([everyone, later, newer, own], [own, newer, later, everyone]):
        one, other = rules_by_date(sets, "C-1", BASE), rules_by_date(sets, "C-2", BASE)
        days = (dt.date(2025, 12, 31), JAN, dt.date(2026, 1, 31), FEB, MAR)
        assert [one.on(day).version for day in days] == [1, 5, 5, 6, 3]
        assert [other.on(day).version for day in days] == [1, 5, 5, 6, 6]


def test_a_customer_of_no_set_has_the_base() -> None:
    assert rules_by_date([rule_set(2, JAN, "C-1")], "C-2", BASE) is BASE
    assert BASE.on(MAR) is BASE
