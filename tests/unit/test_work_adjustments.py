"""Maker-checker: where an adjustment stands, who may do what, and the event that an approval makes."""

from __future__ import annotations

import datetime as dt
import itertools

import msgspec
import pytest

from domain.events import AdjustmentEvent
from domain.validation import parse_event
from domain.work.actions import Action, WorkRefusalReason
from domain.work.adjustments import (
    Adjustment,
    AdjustmentAction,
    AdjustmentState,
    adjustment_of,
    judge_adjustment_action,
)

NOON = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
EXPIRE = dt.timedelta(days=30)
SAID = {
    "customer_id": "C-1",
    "currency": "EUR",
    "amount_minor": 50,
    "business_date": "2026-01-31",
    "adjustment_type": "write_off",
    "target_document_no": "INV-1001",
    "write_off_side": "CREDIT",
    "allocations": [],
    "correlation_id": "d-1",
}


def done(minute: int, action: AdjustmentAction, actor: str, **details: str) -> Action:
    return Action(
        event_id=f"w-{minute}",
        action=action,
        actor=actor,
        occurred_at=NOON + dt.timedelta(minutes=minute),
        comment="small change",
        details=details,
    )


PROPOSED = done(1, AdjustmentAction.PROPOSE, "ann", event=msgspec.json.encode(SAID).decode())
APPROVED = done(2, AdjustmentAction.APPROVE, "bob")
REVERSAL = done(3, AdjustmentAction.PROPOSE_REVERSAL, "bob", business_date="2026-02-02")


def standing(*actions: Action, later: dt.timedelta = dt.timedelta(hours=1)) -> Adjustment:
    return adjustment_of("ADJ-1", (PROPOSED, *actions), NOON + later, EXPIRE)


@pytest.mark.parametrize(
    ("actions", "state", "events"),
    [
        ([], AdjustmentState.PROPOSED, 0),
        ([APPROVED], AdjustmentState.POSTED, 1),
        ([APPROVED, done(3, AdjustmentAction.APPROVE, "carla")], AdjustmentState.POSTED, 1),
        ([done(2, AdjustmentAction.REJECT, "bob")], AdjustmentState.REJECTED, 0),
        ([done(2, AdjustmentAction.WITHDRAW, "ann")], AdjustmentState.WITHDRAWN, 0),
        ([APPROVED, REVERSAL], AdjustmentState.REVERSAL_PROPOSED, 1),
        ([APPROVED, REVERSAL, done(4, AdjustmentAction.REJECT, "ann")], AdjustmentState.POSTED, 1),
        ([APPROVED, REVERSAL, done(4, AdjustmentAction.WITHDRAW, "bob")], AdjustmentState.POSTED, 1),
        ([APPROVED, REVERSAL, done(4, AdjustmentAction.APPROVE, "ann")], AdjustmentState.REVERSED, 2),
    ],
)
def test_where_it_stands(actions: list[Action], state: AdjustmentState, events: int) -> None:
    found = standing(*actions)
    assert (found.state, len(found.events)) == (state, events)


def test_the_order_in_which_actions_are_read_does_not_matter() -> None:
    actions = (PROPOSED, APPROVED, REVERSAL)
    found = {repr(adjustment_of("ADJ-1", order, NOON, EXPIRE)) for order in itertools.permutations(actions)}
    assert len(found) == 1


def test_what_nobody_decides_on_lapses() -> None:
    late = dt.timedelta(days=31)
    assert standing(later=late).state is AdjustmentState.EXPIRED
    assert standing(APPROVED, REVERSAL, later=late).state is AdjustmentState.POSTED
    assert standing(APPROVED, later=late).state is AdjustmentState.POSTED


def test_the_event_of_an_approval_is_always_the_same_and_fit_for_the_books() -> None:
    event = standing(APPROVED).events[0]
    assert event == standing(APPROVED, later=dt.timedelta(days=99)).events[0]
    assert (event.event_id, event.proposed_by, event.approved_by) == ("ADJ-1/posted", "ann", "bob")
    assert (event.business_date, event.causation_id, event.correlation_id) == (
        dt.date(2026, 1, 31),
        "w-2",
        "d-1",
    )
    assert isinstance(
        parse_event(msgspec.to_builtins(event), frozenset({"adjustment"}), b"C-1"), AdjustmentEvent
    )


def test_a_reversal_is_an_event_of_the_same_record_on_its_own_date() -> None:
    posted, taken_back = standing(APPROVED, REVERSAL, done(4, AdjustmentAction.APPROVE, "ann")).events
    assert taken_back.source_record_id == posted.source_record_id
    assert (taken_back.event_type, taken_back.business_date) == ("adjustment.reversed", dt.date(2026, 2, 2))
    assert (taken_back.proposed_by, taken_back.approved_by) == ("bob", "ann")


def test_it_is_not_reversed_as_of_a_day_before_it_was_posted() -> None:
    def judged(day: int) -> WorkRefusalReason | None:
        refusal = judge_adjustment_action(
            standing(APPROVED), "propose_reversal", "bob", dt.date(2026, 1, day)
        )
        return refusal and refusal.reason

    assert (judged(30), judged(31)) == (WorkRefusalReason.FIELD_INVALID, None)


@pytest.mark.parametrize(
    ("found", "action", "actor", "reason"),
    [
        (standing(), "approve", "ann", WorkRefusalReason.MAKER_IS_CHECKER),
        (standing(), "approve", "ANN", WorkRefusalReason.MAKER_IS_CHECKER),
        (standing(), "approve", "ann ", WorkRefusalReason.MAKER_IS_CHECKER),
        (standing(), "approve", "a\u200bnn", WorkRefusalReason.MAKER_IS_CHECKER),
        (standing(), "approve", "\uff41nn", WorkRefusalReason.MAKER_IS_CHECKER),
        (standing(APPROVED, REVERSAL), "approve", "bob", WorkRefusalReason.MAKER_IS_CHECKER),
        (standing(), "withdraw", "bob", WorkRefusalReason.NOT_THE_MAKER),
        (standing(), "propose_reversal", "bob", WorkRefusalReason.WRONG_STATE),
        (standing(APPROVED), "approve", "bob", WorkRefusalReason.WRONG_STATE),
        (standing(), "propose", "bob", WorkRefusalReason.UNKNOWN_ACTION),
        (standing(later=dt.timedelta(days=31)), "approve", "bob", WorkRefusalReason.WRONG_STATE),
    ],
)
def test_who_may_not_do_what(found: Adjustment, action: str, actor: str, reason: WorkRefusalReason) -> None:
    refusal = judge_adjustment_action(found, action, actor)
    assert refusal is not None
    assert refusal.reason is reason


@pytest.mark.parametrize(
    ("found", "action", "actor"),
    [
        (standing(), "approve", "bob"),
        (standing(), "reject", "ann"),
        (standing(), "withdraw", "Ann"),
        (standing(APPROVED), "propose_reversal", "ann"),
        (standing(APPROVED, REVERSAL), "approve", "ann"),
    ],
)
def test_who_may_do_what(found: Adjustment, action: str, actor: str) -> None:
    assert judge_adjustment_action(found, action, actor) is None
