"""rules propose, approve, reject, withdraw, retire, list, groups, show: rule sets put into force, and retired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import typer

from domain.rule_sets import FIRST_VERSION
from domain.rules import Rules
from domain.work.rule_sets import RuleSetAction, RuleSetState
from services.cli.feeding import TimeoutOption, WaitOption, wait_for
from services.cli.output import out, plain, print_json, print_rows, say
from services.cli.rules import FileArgument, base_rules, content_of, differing, read_file, rules, whom
from services.cli.running import JsonOption
from services.cli.working import AsOption, CommentOption, Place, now, place
from services.imports.errors import Receipt
from services.imports.settle import wait_until_reviewed
from services.work.groups import groups
from services.work.rule_sets import Done, RuleDesk, RuleSetRow
from services.work.users import user_named

VersionArgument = Annotated[
    int, typer.Argument(metavar="VERSION", min=FIRST_VERSION, help="Of the rule set.")
]
_COLUMNS = ["version", "state", "name", "effective_from", "whom", "covers", "since", "until"]
_PEOPLE = ["proposed_by", "approved_by"]


def rule_desk(here: Place) -> RuleDesk:
    settings = here.settings
    return RuleDesk(here.log(), here.policy, now, base_rules(settings), settings.partitions)


def _print(rows: Sequence[RuleSetRow]) -> None:
    shown: list[dict[str, Any]] = [
        {**plain(row), "whom": whom(row.customers, row.groups), "covers": row.covers or "everyone"}
        for row in rows
    ]
    print_rows(shown, [*_COLUMNS, *_PEOPLE], as_json=False)
    for row in rows:
        if row.unknown:
            say(
                f"Neither the master data nor the books know whom version {row.version} names: "
                f"{', '.join(row.unknown)}. It will hold for them when they come; if that is a slip, propose it again."
            )
        if row.joined or row.left:
            rid = "withdraw" if row.state == RuleSetState.PROPOSED else "retire"
            say(
                f"Who is in the groups of version {row.version} has changed in the master data since it was proposed:"
                f" {row.joined} joined, {row.left} left. Propose it again, and {rid} this one."
            )


def _show(row: RuleSetRow, *, as_json: bool) -> None:
    if as_json:
        print_json(row)
    else:
        _print([row])


@rules.command("propose")
def propose(
    file: FileArgument, acting: AsOption = None, comment: CommentOption = None, as_json: JsonOption = False
) -> None:
    """Ask for a rule set to be put into force. Nothing changes until another person approves it."""
    with place() as here:
        read_file(file, base_rules(here.settings))
        with here.engine.connect() as connection:
            user = user_named(connection, acting)
        row = rule_desk(here).propose(user, content_of(file), comment)
    _show(row, as_json=as_json)


def _act(
    version: int,
    acting: str | None,
    action: RuleSetAction,
    comment: str | None,
    as_json: bool,
    wait_s: int | None = None,
) -> None:
    with place() as here:
        with here.engine.connect() as connection:
            user = user_named(connection, acting)
        done: Done = rule_desk(here).act(user, version, action, comment)
        if wait_s is not None:
            wait_for(Receipt(done.next_offsets, {}), here.servers, wait_s, wait_until_reviewed)
    _show(done.rule_set, as_json=as_json)
    if done.next_offsets and wait_s is None:
        say("The customers whom it covers are being reviewed; `tieout verify` waits for that.")


@rules.command("approve")
def approve(
    version: VersionArgument,
    acting: AsOption = None,
    comment: CommentOption = None,
    wait: WaitOption = False,
    timeout: TimeoutOption = 300,
    as_json: JsonOption = False,
) -> None:
    """Another person's yes: the set is put into force, or retired where that was proposed. Who proposed it cannot."""
    _act(version, acting, RuleSetAction.APPROVE, comment, as_json, timeout if wait else None)


@rules.command("reject")
def reject(
    version: VersionArgument,
    acting: AsOption = None,
    comment: CommentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Another person's no."""
    _act(version, acting, RuleSetAction.REJECT, comment, as_json)


@rules.command("withdraw")
def withdraw(
    version: VersionArgument,
    acting: AsOption = None,
    comment: CommentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take back what you proposed, before anybody decided."""
    _act(version, acting, RuleSetAction.WITHDRAW, comment, as_json)


@rules.command("retire")
def retire(
    version: VersionArgument,
    acting: AsOption = None,
    comment: CommentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose that a rule set no longer holds, as if it never had; another person approves that, too."""
    _act(version, acting, RuleSetAction.PROPOSE_RETIREMENT, comment, as_json)


@rules.command("list")
def list_(as_json: JsonOption = False) -> None:
    """All rule sets by version: proposed, in force, retired."""
    with place() as here, here.engine.connect() as connection:
        rows = list(rule_desk(here).iterate(connection))
    if as_json:
        print_rows(rows, [], as_json=True)
    else:
        _print(rows)


@rules.command("groups")
def groups_(as_json: JsonOption = False) -> None:
    """The groups of customers and suppliers that a rule set may be for, as the master data name them."""
    with place() as here, here.engine.connect() as connection:
        rows = list(groups(connection))
    print_rows(rows, ["group", "members"], as_json=as_json)
    if not rows and not as_json:
        say("The master data name none: give customers one (`tieout import customers`, column group).")


@rules.command("show")
def show(
    version: Annotated[
        int | None, typer.Argument(metavar="VERSION", min=FIRST_VERSION, help="One set, with its history.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """What is in force, since when and by whom; or one rule set: what it changes, and its history."""
    with place() as here, here.engine.connect() as connection:
        desk = rule_desk(here)
        if version is None:
            rows = list(desk.iterate(connection, in_force_only=True))
        else:
            trail = desk.trail(connection, version)
    if version is None:
        if as_json:
            print_json({"defaults": desk.base, "in_force": rows})
        else:
            say("Where none of these says anything, `tieout rules defaults` holds.")
            _print(rows)
        return
    if as_json:
        print_json(trail)
        return
    _print([trail.rule_set])
    changes = differing(desk.base, msgspec.convert(trail.rules, Rules))
    print_rows(changes, ["rule", "default", "value"], as_json=False)
    for action in trail.history:
        line = (f"{action.occurred_at:%Y-%m-%d %H:%M}", action.actor, action.action, action.comment or "")
        out.print("  ".join(part for part in line if part), markup=False, highlight=False)
