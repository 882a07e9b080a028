"""Cases: asked for, and worked on. The rules are ``domain.work.cases``; a case exists for every discrepancy."""

from __future__ import annotations

import contextlib
import datetime as dt
import enum
import heapq
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from domain.discrepancies.finding import DiscrepancyState
from domain.work.actions import Action, WorkRefusal, WorkRefusalReason
from domain.work.cases import Case, CaseAction, CaseState, Subject, case_of, judge_case_action
from services.queries.filters import AccountFilter, by_code_point, stream
from services.store.tables import customers, discrepancies, discrepancy_history, work_events
from services.work.attachments import described
from services.work.errors import (
    ActionRefusedError,
    AttachmentRefusedError,
    NoSuchSubjectError,
    NotAllowedError,
    NotRecordedError,
    UnknownUserError,
    WorkError,
)
from services.work.policy import Policy
from services.work.record import Deed, HistoryRow, WorkLog, history_of, rows_of
from services.work.search import matches
from services.work.users import User, user_named

CASE: Final = "case"
OPEN_STATES: Final = frozenset({CaseState.NEW, CaseState.IN_PROGRESS, CaseState.REOPENED})

_OF_THE_DISCREPANCY: Final = (
    *(
        "kind",
        "customer_id",
        "customer_name",
        "currency",
        "document_no",
        "statement_id",
        "line_no",
        "amount_minor",
    ),
    *("business_date", "explanation", "reason_code", "reason_arguments"),
)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case with what it is about. ``case_id`` is the ``discrepancy_id``."""

    case_id: str
    version: int
    """Of the discrepancy: it rises when its figures change."""
    state: str
    severity: str
    due_date: dt.date
    overdue: bool
    assignee: str | None
    reason: str | None
    kind: str
    customer_id: str
    customer_name: str | None
    currency: str
    document_no: str | None
    statement_id: str | None
    line_no: int | None
    amount_minor: int
    business_date: dt.date
    explanation: str
    reason_code: str
    reason_arguments: dict[str, str]
    discrepancy_state: str
    comments: int
    attachments: int


class CaseOrder(enum.StrEnum):
    """``DATE``: by business date, customer, kind, id. ``DUE``: the most urgent first, of those the greatest amount."""

    DATE = "date"
    DUE = "due"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """What is asked for. ``search``: a number of either side, a customer's id or name, any text, or an amount."""

    accounts: AccountFilter = field(default_factory=AccountFilter)
    states: frozenset[CaseState] = OPEN_STATES
    assignee: str | None = None
    kind: str | None = None
    search: str | None = None
    overdue_only: bool = False
    limit: int | None = None
    """At most so many; ``None``: all."""
    order: CaseOrder = CaseOrder.DATE


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """A case and all that was done on it."""

    case: CaseRow
    history: list[HistoryRow]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case in a bulk action; ``problem`` is one sentence where it was not done."""

    case_id: str
    done: bool
    problem: str | None = None


def _actions_by_case() -> sa.Subquery:
    row = work_events.c
    one = sa.func.jsonb_build_object(
        *(
            part
            for name in ("event_id", "action", "actor", "comment", "details")
            for part in (name, row[name])
        ),
        "at_us",
        sa.cast(sa.func.extract("epoch", row.occurred_at) * 1_000_000, sa.BigInteger),
    )
    return (
        sa.select(row.subject, sa.func.jsonb_agg(one).label("actions"), _spoken(row))
        .where(row.subject_kind == CASE)
        .group_by(row.subject)
        .subquery()
    )


def _came_back() -> sa.Label[bool]:
    """Whether an adjustment had cleared the discrepancy before: then its case is open again, not new."""
    change = discrepancy_history.c
    gone = sa.exists().where(
        change.discrepancy_id == discrepancies.c.discrepancy_id,
        change.state == DiscrepancyState.RESOLVED,
    )
    return gone.label("came_back")


def _spoken(row: Any) -> sa.Label[str]:
    return sa.func.string_agg(sa.func.coalesce(row.comment, ""), sa.literal("\n")).label("spoken")


def _select(wanted: CaseFilter) -> sa.Select[Any]:
    finding, actions = discrepancies.c, _actions_by_case()
    statement = (
        sa.select(discrepancies, customers.c.name.label("customer_name"), _came_back(), actions.c.actions)
        .outerjoin(actions, actions.c.subject == finding.discrepancy_id)
        .outerjoin(customers, customers.c.customer_id == finding.customer_id)
        .where(*wanted.accounts.clauses(discrepancies))
        .order_by(
            finding.business_date, *by_code_point(finding.customer_id, finding.kind, finding.discrepancy_id)
        )
    )
    if wanted.states <= OPEN_STATES:
        statement = statement.where(finding.state.in_([DiscrepancyState.OPENED, DiscrepancyState.UPDATED]))
    if wanted.kind is not None:
        statement = statement.where(finding.kind == wanted.kind)
    if wanted.search and wanted.search.strip():
        statement = statement.where(matches(wanted.search.strip(), actions.c.spoken))
    return statement


def iterate_cases(
    connection: sa.Connection, wanted: CaseFilter, today: dt.date, policy: Policy
) -> Iterator[CaseRow]:
    """Cases in the order that is asked for. Held in memory are as many as are asked for, at most."""
    with contextlib.closing(stream(connection, _select(wanted))) as rows:
        cases = (_row(row, [_action(one) for one in row["actions"] or ()], today, policy) for row in rows)
        found = (case for case in cases if _is_wanted(case, wanted))
        if wanted.order is CaseOrder.DATE:
            yield from itertools.islice(found, wanted.limit)
        elif wanted.limit is None:
            yield from sorted(found, key=_urgency)
        else:
            yield from heapq.nsmallest(wanted.limit, found, key=_urgency)


def _urgency(case: CaseRow) -> tuple[dt.date, int, str]:
    return case.due_date, -case.amount_minor, case.case_id


def _is_wanted(case: CaseRow, wanted: CaseFilter) -> bool:
    return (
        CaseState(case.state) in wanted.states
        and (wanted.assignee is None or case.assignee == wanted.assignee)
        and (case.overdue or not wanted.overdue_only)
    )


def _action(stored: Mapping[str, Any]) -> Action:
    fields = dict(stored)
    at = dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=fields.pop("at_us"))
    return Action(occurred_at=at, **fields)


def _subject(row: sa.RowMapping) -> Subject:
    return Subject(
        discrepancy_id=row["discrepancy_id"],
        state=DiscrepancyState(row["state"]),
        version=row["account_version"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        business_date=row["business_date"],
        came_back=row["came_back"],
    )


def _row(row: sa.RowMapping, actions: Sequence[Action], today: dt.date, policy: Policy) -> CaseRow:
    case: Case = case_of(_subject(row), actions, today, policy.due)
    return CaseRow(
        case_id=row["discrepancy_id"],
        version=case.version,
        state=case.state.value,
        severity=case.severity.value,
        due_date=case.due_date,
        overdue=case.overdue,
        assignee=case.assignee,
        reason=case.reason,
        discrepancy_state=row["state"],
        comments=case.comments,
        attachments=case.attachments,
        **{name: row[name] for name in _OF_THE_DISCREPANCY},
    )


def _find(connection: sa.Connection, case_id: str) -> sa.RowMapping:
    wanted = (
        sa.select(discrepancies, customers.c.name.label("customer_name"), _came_back())
        .outerjoin(customers, customers.c.customer_id == discrepancies.c.customer_id)
        .where(discrepancies.c.discrepancy_id == case_id)
    )
    row = connection.execute(wanted).mappings().one_or_none()
    if row is None:
        raise NoSuchSubjectError(CASE, case_id)
    return row


def read_case(connection: sa.Connection, case_id: str, today: dt.date, policy: Policy) -> CaseDetail:
    """One case with its history. Raises ``NoSuchSubjectError``."""
    row = _find(connection, case_id)
    history = history_of(connection, CASE, case_id)
    return CaseDetail(_row(row, history, today, policy), rows_of(history))


def read_attachment(
    connection: sa.Connection, case_id: str, event_id: str
) -> tuple[Mapping[str, str], bytes]:
    """(name, type, size, SHA-256) and the bytes. Raises ``NoSuchSubjectError``."""
    row = work_events.c
    wanted = sa.select(row.details, row.content).where(
        row.event_id == event_id, row.subject_kind == CASE, row.subject == case_id, row.content.is_not(None)
    )
    found = connection.execute(wanted).one_or_none()
    if found is None:
        raise NoSuchSubjectError("attachment", event_id)
    return found[0], bytes(found[1])


@dataclass(frozen=True, slots=True)
class CaseDesk:
    """Acts on cases for users; ``clock`` gives the instant in UTC, ``today`` the business date."""

    log: WorkLog
    policy: Policy
    clock: Callable[[], dt.datetime]
    today: Callable[[], dt.date]

    def act(
        self,
        user: User,
        case_id: str,
        action: str,
        *,
        comment: str | None = None,
        details: Mapping[str, str] | None = None,
        file: tuple[str, bytes] | None = None,
    ) -> CaseDetail:
        """Do it, and the case as it is afterwards. Raises a ``WorkError``; blocks until everybody can read it.

        ``file`` is (name, content) of an attachment.
        """
        given = dict(details or {})
        content = None
        if not user.at_least("clerk"):
            raise NotAllowedError(user.user_id, f"{user.user_id} may look at cases, not work on them.")
        with self.log.turn(CASE, case_id) as connection:
            row = _find(connection, case_id)
            history = history_of(connection, CASE, case_id)
            case = case_of(_subject(row), history, self.today(), self.policy.due)
            refusal = judge_case_action(case, action, comment, given)
            if refusal is not None:
                raise ActionRefusedError(case_id, refusal)
            if action == CaseAction.ASSIGN and given["assignee"]:
                _hold_assignable(connection, case_id, given["assignee"])
            if action == CaseAction.ATTACH:
                if file is None:
                    raise AttachmentRefusedError("Give the file to attach.")
                name, content = file
                given |= described(name, content, self.policy.attachments.bytes_max)
            if action == CaseAction.RESOLVE:
                given["seen_version"] = str(case.version)
            self.log.record(
                connection,
                Deed(
                    subject_kind=CASE,
                    subject=case_id,
                    action=action,
                    actor=user.user_id,
                    occurred_at=after(history, self.clock()),
                    customer_id=row["customer_id"],
                    currency=row["currency"],
                    comment=comment,
                    details=given,
                    content=content,
                ),
            )
            return read_case(connection, case_id, self.today(), self.policy)

    def act_on_all(
        self,
        user: User,
        case_ids: Sequence[str],
        action: str,
        *,
        comment: str | None = None,
        details: Mapping[str, str] | None = None,
        seen_versions: Mapping[str, int] | None = None,
    ) -> list[Outcome]:
        """The same on many cases, one after the other; what one cannot take does not stop the rest.

        ``seen_versions``: of those to be resolved, by id, where that is known.

        Where an action is in Kafka and the projector is away, the rest is not tried: each would wait as long.
        """
        outcomes = []
        seen = seen_versions or {} if action == CaseAction.RESOLVE else {}
        left = list(dict.fromkeys(case_ids))
        while left:
            case_id = left.pop(0)
            try:
                about = {"seen_version": str(seen[case_id])} if case_id in seen else {}
                self.act(user, case_id, action, comment=comment, details={**(details or {}), **about})
                outcomes.append(Outcome(case_id, True))
            except NotRecordedError as error:
                outcomes.append(Outcome(case_id, False, str(error)))
                outcomes += [
                    Outcome(one, False, "Not tried, as the one before could not be shown.") for one in left
                ]
                break
            except WorkError as error:
                outcomes.append(Outcome(case_id, False, str(error)))
        return outcomes


def _hold_assignable(connection: sa.Connection, case_id: str, name: str) -> None:
    """Work is given to who may do it. Raises ``ActionRefusedError``."""
    try:
        if user_named(connection, name).at_least("clerk"):
            return
        problem = f"{name} may look at cases, not work on them."
    except UnknownUserError as error:  # of the assignee: who acts is signed in
        problem = str(error)
    raise ActionRefusedError(case_id, WorkRefusal(WorkRefusalReason.FIELD_INVALID, problem))


def after(history: Sequence[Action], now: dt.datetime) -> dt.datetime:
    """Now, but never before what was done already: the clocks of two machines may differ."""
    return max([now, *(action.occurred_at + dt.timedelta(microseconds=1) for action in history[-1:])])
