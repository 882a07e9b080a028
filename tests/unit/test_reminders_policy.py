"""When an overdue item is reminded of and why it is held: tables of cases, no doubles."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.reminders import (
    Claim,
    Hold,
    Reminded,
    ReminderPolicy,
    ReminderPolicyError,
    decide_reminders,
    is_overdue,
)

DUE = dt.date(2026, 2, 4)
POLICY = ReminderPolicy()


def claim(item_id: str = "shop/SO-1", open_minor: int = 100, kinds: frozenset[str] = frozenset()) -> Claim:
    return Claim(
        item_id=item_id,
        customer_id="C-1",
        currency="EUR",
        document_no=item_id,
        due_date=DUE,
        original_minor=100,
        open_minor=open_minor,
        discrepancy_kinds=kinds,
    )


def on_day(
    days: int, one: Claim, *, credit: int = 0, before: Reminded | None = None
) -> list[tuple[int, Hold | None]]:
    unallocated = {("C-1", "EUR"): credit} if credit else {}
    reminded = {one.cause_id: before} if before else {}
    today = DUE + dt.timedelta(days=days)
    return [(r.level, r.hold) for r in decide_reminders(POLICY, [one], unallocated, reminded, today)]


@pytest.mark.parametrize(
    ("days", "level"),
    [(-1, None), (0, None), (1, 1), (13, 1), (14, 2), (29, 2), (30, 3), (400, 3)],
)
def test_the_highest_level_reached_is_due_and_the_due_date_is_current(days: int, level: int | None) -> None:
    assert on_day(days, claim()) == ([] if level is None else [(level, None)])


def test_a_level_is_reminded_of_once() -> None:
    assert on_day(10, claim(), before=Reminded(1, DUE + dt.timedelta(days=1))) == []


def test_after_a_gap_the_missed_levels_are_not_made_up_for() -> None:
    assert on_day(31, claim(), before=Reminded(1, DUE + dt.timedelta(days=1))) == [(3, None)]


@pytest.mark.parametrize(("last", "hold"), [(13, Hold.TOO_SOON), (8, Hold.TOO_SOON), (7, None)])
def test_the_minimum_interval_holds_a_level_that_was_reached_late(last: int, hold: Hold | None) -> None:
    assert on_day(14, claim(), before=Reminded(1, DUE + dt.timedelta(days=last))) == [(2, hold)]


def test_payment_stops_and_part_payment_lowers_the_claim() -> None:
    assert on_day(20, claim(open_minor=0)) == []
    [reminder] = decide_reminders(POLICY, [claim(open_minor=40)], {}, {}, DUE + dt.timedelta(days=20))
    assert reminder.claim.open_minor == 40


@pytest.mark.parametrize(
    ("credit", "hold"), [(99, None), (100, Hold.UNALLOCATED_RECEIPT), (500, Hold.UNALLOCATED_RECEIPT)]
)
def test_a_receipt_that_could_cover_the_debt_holds(credit: int, hold: Hold | None) -> None:
    assert on_day(1, claim(), credit=credit) == [(1, hold)]


def test_a_receipt_in_another_currency_does_not_hold() -> None:
    verdicts = decide_reminders(POLICY, [claim()], {("C-1", "USD"): 100}, {}, DUE + dt.timedelta(days=1))
    assert [r.hold for r in verdicts] == [None]


@pytest.mark.parametrize(
    ("kind", "hold"),
    [("AMOUNT_MISMATCH", Hold.DISPUTED), ("MISSING_IN_STATEMENT", Hold.DISPUTED), ("SHORT_PAYMENT", None)],
)
def test_only_what_casts_doubt_on_the_claim_is_a_dispute(kind: str, hold: Hold | None) -> None:
    assert on_day(1, claim(kinds=frozenset({kind}))) == [(1, hold)]


def test_ids_are_stable_and_differ_by_account_item_and_level() -> None:
    at = DUE + dt.timedelta(days=1)
    ids = {
        r.notice_id
        for one in (claim("a"), claim("b"))
        for day in (at, DUE + dt.timedelta(days=14), at)
        for r in decide_reminders(POLICY, [one], {}, {}, day)
    }
    assert len(ids) == 4


@pytest.mark.parametrize("levels", [(), (0, 5), (5, 5), (14, 1)])
def test_a_policy_that_contradicts_itself_is_refused(levels: tuple[int, ...]) -> None:
    with pytest.raises(ReminderPolicyError) as refused:
        ReminderPolicy(levels=levels)
    assert refused.value.field == "levels"


def test_a_negative_interval_is_refused() -> None:
    with pytest.raises(ReminderPolicyError):
        ReminderPolicy(minimum_interval_days=-1)


def test_credits_are_never_overdue() -> None:
    assert not is_overdue(-5, DUE, DUE + dt.timedelta(days=9))
