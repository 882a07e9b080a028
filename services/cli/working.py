"""cases, users: the work that people do, from the command line."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from domain.discrepancies.finding import DiscrepancyKind
from domain.work.cases import CaseAction, CaseState
from runtime.settings import Settings
from schemas.codec import Codec
from schemas.configured import registry_for
from services.cli import servers as where
from services.cli.asking import CurrencyOption, today
from services.cli.failure import CommandFailed
from services.cli.output import out, plain, print_json, print_rows, say
from services.cli.parties import CustomerOption, RoleOption, SupplierOption, party_of
from services.cli.running import JsonOption
from services.queries.filters import AccountFilter
from services.work.cases import (
    OPEN_STATES,
    CaseDesk,
    CaseDetail,
    CaseFilter,
    CaseOrder,
    iterate_cases,
    read_case,
)
from services.work.evidence import Evidence, read_evidence
from services.work.policy import Policy, read_policy
from services.work.record import WorkLog
from services.work.users import ROLES, add_user, disable_user, list_users, user_named

cases = typer.Typer(help="The work on discrepancies.", no_args_is_help=True)
users = typer.Typer(help="Who may work.", no_args_is_help=True)

AsOption = Annotated[
    str | None, typer.Option("--as", help="User who acts; not needed while there are no users.")
]
IdsArgument = Annotated[list[str], typer.Argument(help="Case ids (those of the discrepancies).")]
_COLUMNS = ["case_id", "state", "severity", "due_date", "assignee", "kind", "customer_id", "document_no"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command works."""

    settings: Settings
    servers: where.Servers
    engine: sa.Engine
    policy: Policy

    def today(self) -> dt.date:
        return today(self.settings)

    @property
    def codec(self) -> Codec:
        return Codec(registry_for(self.settings.schema_registry_url))

    def log(self) -> WorkLog:
        app_id = self.settings.app_id
        return WorkLog(self.servers.kafka_bootstrap_servers, self.codec, self.engine, app_id=app_id)

    def case_desk(self) -> CaseDesk:
        return CaseDesk(self.log(), self.policy, now, self.today)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@contextlib.contextmanager
def place() -> Iterator[Place]:
    """The servers and the policy in use."""
    settings = Settings()
    found = where.find_servers(settings)
    engine = found.engine()
    try:
        yield Place(settings, found, engine, read_policy(settings.work_policy))
    except sa.exc.ProgrammingError as error:
        raise CommandFailed("The database has no tables of this release.", "Run `tieout topics`.") from error
    finally:
        engine.dispose()


@cases.command("list")
def list_cases(
    customer: CustomerOption = None,
    supplier: SupplierOption = None,
    currency: CurrencyOption = None,
    role: RoleOption = None,
    state: Annotated[
        list[CaseState] | None, typer.Option(help="Only these states; open ones without.")
    ] = None,
    all_states: Annotated[bool, typer.Option("--all", help="Resolved and withdrawn ones too.")] = False,
    assignee: Annotated[str | None, typer.Option(help="Only cases of this user.")] = None,
    kind: Annotated[DiscrepancyKind | None, typer.Option(help="Only of this kind.")] = None,
    text: Annotated[
        str | None,
        typer.Option(help="A number of ours or theirs, a customer's id or name, any text, or an amount."),
    ] = None,
    overdue: Annotated[bool, typer.Option(help="Only what is past its due date.")] = False,
    order: Annotated[
        CaseOrder, typer.Option(help="By business date, or what is due first.")
    ] = CaseOrder.DATE,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Cases with state, severity and due date."""
    wanted = CaseFilter(
        accounts=AccountFilter(party_of(customer, supplier), currency, role),
        states=frozenset(CaseState) if all_states else frozenset(state) if state else OPEN_STATES,
        assignee=assignee,
        kind=kind and kind.value,
        search=text,
        overdue_only=overdue,
        order=order,
        limit=limit,
    )
    with place() as here, here.engine.connect() as connection:
        rows = iterate_cases(connection, wanted, here.today(), here.policy)
        print_rows(rows, [*_COLUMNS, "amount_minor", "explanation"], as_json=as_json)


@cases.command("show")
def show_case(case: Annotated[str, typer.Argument(help="Case id.")], as_json: JsonOption = False) -> None:
    """One case, what it rests on, and all that was done on it."""
    with place() as here, here.engine.connect() as connection:
        detail = read_case(connection, case, here.today(), here.policy)
        evidence = read_evidence(connection, case)
    if as_json:
        print_json({**plain(detail), "evidence": evidence})
        return
    _show(detail, as_json=False)
    _show_evidence(detail.case.currency, evidence)


def _show(detail: CaseDetail, *, as_json: bool) -> None:
    if as_json:
        print_json(detail)
        return
    print_rows([detail.case], [*_COLUMNS, "amount_minor"], as_json=False)
    out.print(detail.case.explanation, markup=False)
    for action in detail.history:
        told = "  ".join(f"{k}={v}" for k, v in action.details.items() if k != "seen_version")
        line = (
            f"{action.occurred_at:%Y-%m-%d %H:%M}",
            action.actor,
            action.action,
            action.comment or "",
            told,
        )
        out.print("  ".join(part for part in line if part), markup=False, highlight=False)


def _show_evidence(currency: str, evidence: Evidence) -> None:
    for rows, columns in (
        (evidence.entries, ["business_date", "kind", "role", "side", "amount_minor", "document_no"]),
        (evidence.allocations, ["payment_document_no", "document_no", "amount_minor", "rule", "state"]),
        (evidence.lines, ["statement_id", "line_no", "document_no", "theirs_minor", "ours_minor", "outcome"]),
    ):
        if rows:
            print_rows([{**row, "currency": currency} for row in rows], columns, as_json=False)
    for change in evidence.life:
        told = (f"{change.occurred_at:%Y-%m-%d %H:%M}", change.state, change.explanation)
        out.print("  ".join(told), markup=False, highlight=False)


def _act(
    case_ids: list[str],
    acting: str | None,
    action: CaseAction,
    as_json: bool,
    *,
    comment: str | None = None,
    **details: str,
) -> None:
    with place() as here:
        with here.engine.connect() as connection:
            user = user_named(connection, acting)
        desk = here.case_desk()
        if len(case_ids) == 1:
            _show(desk.act(user, case_ids[0], action, comment=comment, details=details), as_json=as_json)
            return
        outcomes = desk.act_on_all(user, case_ids, action, comment=comment, details=details)
    print_rows(outcomes, ["case_id", "done", "problem"], as_json=as_json)
    if not all(outcome.done for outcome in outcomes):
        raise typer.Exit(1)


CommentOption = Annotated[str | None, typer.Option("--comment", help="Why, in words.")]


@cases.command("assign")
def assign(
    case: IdsArgument,
    to: Annotated[str, typer.Option("--to", help="User id; empty takes the case from everybody.")],
    acting: AsOption = None,
    comment: CommentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give cases to a user."""
    _act(case, acting, CaseAction.ASSIGN, as_json, comment=comment, assignee=to)


@cases.command("comment")
def comment_on(
    case: IdsArgument,
    text: Annotated[str, typer.Option("--text", help="The comment.")],
    acting: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say something about cases."""
    _act(case, acting, CaseAction.COMMENT, as_json, comment=text)


@cases.command("attach")
def attach(
    case: Annotated[str, typer.Argument(help="Case id.")],
    file: Annotated[
        Path, typer.Argument(help="PDF, PNG, JPEG, Office file or UTF-8 text.", exists=True, dir_okay=False)
    ],
    acting: AsOption = None,
    comment: CommentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a file to a case."""
    with place() as here:
        with here.engine.connect() as connection:
            user = user_named(connection, acting)
        given = (file.name, file.read_bytes())
        detail = here.case_desk().act(user, case, CaseAction.ATTACH, comment=comment, file=given)
    _show(detail, as_json=as_json)


@cases.command("due")
def due(
    case: IdsArgument,
    date: Annotated[str, typer.Option("--date", help="Like 2026-01-31.")],
    acting: AsOption = None,
    comment: CommentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set the due date of cases, instead of the one that their severity gives."""
    _act(case, acting, CaseAction.SET_DUE, as_json, comment=comment, due_date=date)


@cases.command("resolve")
def resolve(
    case: IdsArgument,
    reason: Annotated[str, typer.Option("--reason", help="CUSTOMER_ERROR, TIMING, ADJUSTED, …")],
    acting: AsOption = None,
    comment: CommentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Close cases with a reason. They open again by themselves if the discrepancy changes."""
    _act(case, acting, CaseAction.RESOLVE, as_json, comment=comment, reason=reason)


@cases.command("reopen")
def reopen(
    case: IdsArgument, acting: AsOption = None, comment: CommentOption = None, as_json: JsonOption = False
) -> None:
    """Take a resolution back."""
    _act(case, acting, CaseAction.REOPEN, as_json, comment=comment)


@users.command("add")
def add(
    user: Annotated[str, typer.Argument(help="User id.")],
    name: Annotated[str, typer.Option("--name", help="Name for people.")] = "",
    role: Annotated[str, typer.Option("--role", help="viewer, clerk, approver or controller.")] = "clerk",
    as_json: JsonOption = False,
) -> None:
    """Add a user, or give a known one a new role and token. The token is shown once and kept nowhere."""
    if role not in ROLES:
        raise typer.BadParameter(f"a role is one of: {', '.join(ROLES)}")
    with place() as here, here.engine.begin() as connection:
        token = add_user(connection, user, name or user, role, now())
    shown: dict[str, Any] = {"user_id": user, "role": role, "token": token}
    if as_json:
        print_json(shown)
        return
    say(f"{user} may now act as {role}. Token for the API, shown only this once:")
    out.print(token, markup=False, highlight=False)


@users.command("list")
def list_(as_json: JsonOption = False) -> None:
    """All users."""
    with place() as here, here.engine.connect() as connection:
        print_rows(list_users(connection), ["user_id", "name", "role", "active"], as_json=as_json)


@users.command("disable")
def disable(user: Annotated[str, typer.Argument(help="User id.")]) -> None:
    """End what a user may do; what they did stays."""
    with place() as here, here.engine.begin() as connection:
        disable_user(connection, user)
    say(f"{user} may no longer act.")
