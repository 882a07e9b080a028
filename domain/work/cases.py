"""Cases: the work on one discrepancy. The case has the discrepancy's id and lives as long as it.

A resolution is of the discrepancy *as it was seen* (``seen_version``): when its figures change or it comes back
afterwards, the case is open again by itself; when an adjustment clears the discrepancy, the case is resolved; when
late data takes the discrepancy back, the case is withdrawn. So nobody has to keep two lives in step.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Mapping

import msgspec

from domain.discrepancies.finding import DiscrepancyState
from domain.money import minor_in_one
from domain.work.actions import Action, WorkRefusal, WorkRefusalReason, in_order


class CaseAction(enum.StrEnum):
    ASSIGN = "assign"
    COMMENT = "comment"
    ATTACH = "attach"
    SET_DUE = "set_due"
    RESOLVE = "resolve"
    REOPEN = "reopen"


class CaseState(enum.StrEnum):
    NEW = "NEW"
    IN_PROGRESS = "IN_PROGRESS"
    RESOLVED = "RESOLVED"
    REOPENED = "REOPENED"
    WITHDRAWN = "WITHDRAWN"


class CaseReason(enum.StrEnum):
    CUSTOMER_ERROR = "CUSTOMER_ERROR"
    OUR_ERROR = "OUR_ERROR"
    TIMING = "TIMING"
    BANK_CHARGE = "BANK_CHARGE"
    PRICE_DISPUTE = "PRICE_DISPUTE"
    ADJUSTED = "ADJUSTED"
    ACCEPTED = "ACCEPTED"
    OTHER = "OTHER"


class CaseSeverity(enum.StrEnum):
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


class DuePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Severity by weight, and the days that a severity gives. Weight = whole units at stake × days of age (from 1).

    ``weight_from`` ascends with the severities after LOW; a weight at a bound belongs to the higher severity.
    """

    weight_from: tuple[int, int, int] = (1_000, 50_000, 1_000_000)
    days: tuple[int, int, int, int] = (30, 14, 5, 1)


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The discrepancy that a case is about, as it stands now. ``version`` is its account's at its last change."""

    discrepancy_id: str
    state: DiscrepancyState
    version: int
    amount_minor: int
    currency: str
    business_date: dt.date
    came_back: bool = False
    """Whether an adjustment had cleared it before."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from the actions on a discrepancy, as of a day."""

    state: CaseState
    version: int
    """Of the discrepancy, as ``Subject`` has it: who resolves names the one that they saw."""
    standing: bool
    """Whether the two views still disagree."""
    assignee: str | None
    reason: str | None
    severity: CaseSeverity
    due_date: dt.date
    overdue: bool
    comments: int
    attachments: int
    last_action_at: dt.datetime | None


_OPEN = (CaseState.NEW, CaseState.IN_PROGRESS, CaseState.REOPENED)


def severity_of(subject: Subject, today: dt.date, policy: DuePolicy) -> CaseSeverity:
    """By amount × age: a small amount grows severe with time, a great one is so from its first day."""
    whole_units = subject.amount_minor // minor_in_one(subject.currency)
    weight = whole_units * max((today - subject.business_date).days, 1)
    passed = sum(weight >= bound for bound in policy.weight_from)
    severities: tuple[CaseSeverity, ...] = tuple(CaseSeverity)
    return severities[passed]


def case_of(subject: Subject, actions: Iterable[Action], today: dt.date, policy: DuePolicy) -> Case:
    """The case as of ``today``."""
    assignee: str | None = None
    reason: str | None = None
    due: dt.date | None = None
    resolved_version: int | None = None
    was_resolved = False
    comments = attachments = 0
    last: dt.datetime | None = None
    for action in in_order(actions):
        last = action.occurred_at
        comments += action.comment is not None
        match action.action:
            case CaseAction.ASSIGN:
                assignee = action.details["assignee"] or None
            case CaseAction.ATTACH:
                attachments += 1
            case CaseAction.SET_DUE:
                due = dt.date.fromisoformat(action.details["due_date"])
            case CaseAction.RESOLVE:
                resolved_version, reason = int(action.details["seen_version"]), action.details["reason"]
                was_resolved = True
            case CaseAction.REOPEN:
                resolved_version = None
            case _:  # a comment is counted above
                pass
    if subject.state is DiscrepancyState.RESOLVED:
        state, reason = CaseState.RESOLVED, reason if resolved_version is not None else CaseReason.ADJUSTED
    elif subject.state is DiscrepancyState.RETRACTED:
        state = CaseState.RESOLVED if resolved_version is not None else CaseState.WITHDRAWN
    elif resolved_version is not None and resolved_version >= subject.version:
        state = CaseState.RESOLVED
    elif was_resolved or subject.came_back:
        state = CaseState.REOPENED
    else:
        state = CaseState.IN_PROGRESS if assignee is not None else CaseState.NEW
    severity = severity_of(subject, today, policy)
    if due is None:
        due = subject.business_date + dt.timedelta(days=policy.days[list(CaseSeverity).index(severity)])
    return Case(
        state=state,
        version=subject.version,
        standing=subject.state in (DiscrepancyState.OPENED, DiscrepancyState.UPDATED),
        assignee=assignee,
        reason=reason if state is CaseState.RESOLVED else None,
        severity=severity,
        due_date=due,
        overdue=state in _OPEN and due < today,
        comments=comments,
        attachments=attachments,
        last_action_at=last,
    )


def judge_case_action(
    case: Case, action: str, comment: str | None, details: Mapping[str, str]
) -> WorkRefusal | None:
    """Whether this may be done to the case now; ``None`` means yes.

    ``seen_version`` among the details of a resolution: the version that was looked at, where that is known.
    """
    try:
        wanted = CaseAction(action)
    except ValueError:
        return WorkRefusal(WorkRefusalReason.UNKNOWN_ACTION, f"There is no action {action!r} on a case.")
    if wanted is CaseAction.REOPEN and case.state is not CaseState.RESOLVED:
        return WorkRefusal(
            WorkRefusalReason.WRONG_STATE, f"Only a resolved case is reopened; this is {case.state}."
        )
    if wanted is CaseAction.REOPEN and not case.standing:
        return WorkRefusal(
            WorkRefusalReason.WRONG_STATE,
            "The two sides agree by now: it opens by itself if they disagree again, or if its adjustment is reversed.",
        )
    if wanted in (CaseAction.RESOLVE, CaseAction.ASSIGN, CaseAction.SET_DUE) and case.state not in _OPEN:
        return WorkRefusal(WorkRefusalReason.WRONG_STATE, f"The case is {case.state}.")
    match wanted:
        case CaseAction.COMMENT if not (comment or "").strip():
            return WorkRefusal(WorkRefusalReason.FIELD_MISSING, "A comment needs a text.")
        case CaseAction.ASSIGN if "assignee" not in details:
            return WorkRefusal(WorkRefusalReason.FIELD_MISSING, "Say who is to work on it.")
        case CaseAction.RESOLVE if details.get("reason") not in set(CaseReason):
            known = ", ".join(CaseReason)
            return WorkRefusal(WorkRefusalReason.FIELD_INVALID, f"A resolution needs a reason of: {known}.")
        case CaseAction.RESOLVE if details.get("seen_version", str(case.version)) != str(case.version):
            return WorkRefusal(
                WorkRefusalReason.WRONG_STATE, "Its figures have changed since they were seen: look again."
            )
        case CaseAction.SET_DUE if not _is_date(details.get("due_date", "")):
            return WorkRefusal(WorkRefusalReason.FIELD_INVALID, "A due date is written like 2026-01-31.")
        case _:
            return None


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True
