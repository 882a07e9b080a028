"""Cases: state, severity and due date as folds of what was done."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from domain.discrepancies.finding import DiscrepancyState
from domain.work.actions import Action, WorkRefusalReason
from domain.work.cases import (
    Case,
    CaseAction,
    CaseReason,
    CaseSeverity,
    CaseState,
    DuePolicy,
    Subject,
    case_of,
    judge_case_action,
    severity_of,
)

TODAY = dt.date(2026, 2, 10)
NOON = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
POLICY = DuePolicy()


def subject(**other: object) -> Subject:
    fields: dict[str, object] = {
        "discrepancy_id": "d-1",
        "state": DiscrepancyState.OPENED,
        "version": 3,
        "amount_minor": 5_000,
        "currency": "EUR",
        "business_date": dt.date(2026, 2, 1),
    }
    return Subject(**{**fields, **other})  # type: ignore[arg-type]


def done(minute: int, action: CaseAction, comment: str | None = None, **details: str) -> Action:
    return Action(
        event_id=f"w-{minute}",
        action=action,
        actor="ann",
        occurred_at=NOON + dt.timedelta(minutes=minute),
        comment=comment,
        details=details,
    )


def case(*actions: Action, **about: object) -> Case:
    return case_of(subject(**about), actions, TODAY, POLICY)


ASSIGNED = done(1, CaseAction.ASSIGN, assignee="bob")
RESOLVED = done(2, CaseAction.RESOLVE, "next month", reason="TIMING", seen_version="3")


def test_a_case_that_nobody_touched_is_new() -> None:
    assert case() == Case(
        state=CaseState.NEW,
        version=3,
        standing=True,
        assignee=None,
        reason=None,
        severity=CaseSeverity.LOW,
        due_date=dt.date(2026, 3, 3),
        overdue=False,
        comments=0,
        attachments=0,
        last_action_at=None,
    )


def test_an_assigned_case_is_in_progress_until_it_is_taken_away() -> None:
    assert (case(ASSIGNED).state, case(ASSIGNED).assignee) == (CaseState.IN_PROGRESS, "bob")
    freed = case(ASSIGNED, done(3, CaseAction.ASSIGN, assignee=""))
    assert (freed.state, freed.assignee) == (CaseState.NEW, None)


def test_a_resolution_holds_while_the_discrepancy_stays_as_it_was_seen() -> None:
    found = case(ASSIGNED, RESOLVED)
    assert (found.state, found.reason, found.comments) == (CaseState.RESOLVED, "TIMING", 1)


def test_a_change_after_the_resolution_opens_the_case_again() -> None:
    found = case(RESOLVED, version=4, state=DiscrepancyState.UPDATED)
    assert (found.state, found.reason) == (CaseState.REOPENED, None)


def test_late_data_withdraws_an_open_case_and_leaves_a_resolved_one() -> None:
    assert case(ASSIGNED, state=DiscrepancyState.RETRACTED, version=4).state is CaseState.WITHDRAWN
    assert case(RESOLVED, state=DiscrepancyState.RETRACTED, version=4).state is CaseState.RESOLVED


def test_an_adjustment_that_clears_the_discrepancy_resolves_the_case() -> None:
    cleared = {"state": DiscrepancyState.RESOLVED, "version": 4}
    found = case(ASSIGNED, **cleared)
    assert (found.state, found.reason, found.standing) == (CaseState.RESOLVED, CaseReason.ADJUSTED, False)
    assert case(RESOLVED, **cleared).reason == "TIMING"


def test_what_an_adjustment_cleared_is_not_reopened_by_hand() -> None:
    refusal = judge_case_action(case(state=DiscrepancyState.RESOLVED), "reopen", None, {})
    assert refusal is not None
    assert refusal.reason is WorkRefusalReason.WRONG_STATE


def test_what_comes_back_after_it_was_retracted_opens_the_case_again() -> None:
    assert case(RESOLVED, version=9).state is CaseState.REOPENED


def test_what_comes_back_after_an_adjustment_was_reversed_is_open_again_and_not_new() -> None:
    assert case(came_back=True, version=9).state is CaseState.REOPENED
    assert case(came_back=True, state=DiscrepancyState.RETRACTED).state is CaseState.WITHDRAWN


def test_a_person_reopens_and_resolves_again() -> None:
    reopened = done(5, CaseAction.REOPEN)
    assert case(RESOLVED, reopened).state is CaseState.REOPENED
    again = done(6, CaseAction.RESOLVE, reason="OTHER", seen_version="3")
    assert case(RESOLVED, reopened, again).reason == "OTHER"


def test_the_order_in_which_actions_are_read_does_not_matter() -> None:
    actions = (ASSIGNED, RESOLVED, done(5, CaseAction.REOPEN), done(5, CaseAction.COMMENT, "hm"))
    assert len({repr(case(*order)) for order in itertools.permutations(actions)}) == 1


def test_attachments_are_counted() -> None:
    assert case(done(1, CaseAction.ATTACH, name="a.pdf")).attachments == 1


@pytest.mark.parametrize(
    ("amount_minor", "days", "severity"),
    [
        (100, 9, CaseSeverity.LOW),
        (99_999, 1, CaseSeverity.LOW),
        (100_000, 0, CaseSeverity.MEDIUM),
        (100_000, 50, CaseSeverity.HIGH),
        (100_000_000, 1, CaseSeverity.CRITICAL),
    ],
)
def test_severity_grows_with_amount_and_age(amount_minor: int, days: int, severity: CaseSeverity) -> None:
    about = subject(amount_minor=amount_minor)
    assert severity_of(about, about.business_date + dt.timedelta(days=days), POLICY) is severity


def test_severity_counts_whole_units_of_the_currency() -> None:
    assert severity_of(subject(amount_minor=1_000, currency="JPY"), TODAY, POLICY) is CaseSeverity.MEDIUM


def test_a_due_date_set_by_a_person_stands_and_passes() -> None:
    found = case(done(1, CaseAction.SET_DUE, due_date="2026-02-09"))
    assert (found.due_date, found.overdue) == (dt.date(2026, 2, 9), True)
    assert not case(done(1, CaseAction.SET_DUE, due_date="2026-02-09"), RESOLVED).overdue


@pytest.mark.parametrize(
    ("found", "action", "comment", "details", "reason"),
    [
        (case(), "dance", None, {}, WorkRefusalReason.UNKNOWN_ACTION),
        (case(), "reopen", None, {}, WorkRefusalReason.WRONG_STATE),
        (case(RESOLVED), "resolve", None, {"reason": "TIMING"}, WorkRefusalReason.WRONG_STATE),
        (case(), "comment", " ", {}, WorkRefusalReason.FIELD_MISSING),
        (case(), "assign", None, {}, WorkRefusalReason.FIELD_MISSING),
        (case(), "resolve", None, {"reason": "BORED"}, WorkRefusalReason.FIELD_INVALID),
        (case(), "resolve", None, {"reason": "TIMING", "seen_version": "2"}, WorkRefusalReason.WRONG_STATE),
        (case(), "set_due", None, {"due_date": "soon"}, WorkRefusalReason.FIELD_INVALID),
    ],
)
def test_what_may_not_be_done(
    found: Case, action: str, comment: str | None, details: dict[str, str], reason: WorkRefusalReason
) -> None:
    refusal = judge_case_action(found, action, comment, details)
    assert refusal is not None
    assert refusal.reason is reason


@pytest.mark.parametrize(
    ("found", "action", "comment", "details"),
    [
        (case(), "comment", "why?", {}),
        (case(RESOLVED), "comment", "thanks", {}),
        (case(), "assign", None, {"assignee": ""}),
        (case(), "resolve", None, {"reason": "TIMING"}),
        (case(), "resolve", None, {"reason": "TIMING", "seen_version": "3"}),
        (case(), "set_due", None, {"due_date": "2026-03-01"}),
        (case(RESOLVED), "reopen", None, {}),
        (case(), "attach", None, {}),
    ],
)
def test_what_may_be_done(found: Case, action: str, comment: str | None, details: dict[str, str]) -> None:
    assert judge_case_action(found, action, comment, details) is None
