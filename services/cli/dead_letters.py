"""dead-letters: refused records, and what is done about them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from schemas.codec import Codec
from schemas.configured import registry_for
from services.cli.asking import list_dead_letters
from services.cli.failure import CommandFailed
from services.cli.output import out, print_json
from services.cli.parties import CustomerOption
from services.cli.running import JsonOption
from services.cli.working import AsOption, CommentOption, Place, now, place
from services.imports.canonical import record_of
from services.work.dead_letters import DeadLetterDesk, DeadLetterDetail
from services.work.users import User, user_named

dead_letters = typer.Typer(help="Refused records, and what is done about them.")

LetterArgument = Annotated[str, typer.Argument(metavar="DEAD_LETTER", help="topic/partition/offset")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Only this reason.")]


@dead_letters.callback(invoke_without_command=True)
def overview(
    context: typer.Context,
    customer: CustomerOption = None,
    reason: ReasonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Refused records with reason and position; without a further command, all of them."""
    if context.invoked_subcommand is None:
        list_dead_letters(customer, reason, as_json=as_json)


@dead_letters.command("list")
def list_(customer: CustomerOption = None, reason: ReasonOption = None, as_json: JsonOption = False) -> None:
    """Refused records with reason and position."""
    list_dead_letters(customer, reason, as_json=as_json)


@dead_letters.command("show")
def show(letter: LetterArgument, as_json: JsonOption = False) -> None:
    """One refused record: its fields, why it was refused, what was done."""
    with place() as here, here.engine.connect() as connection:
        _print(_desk(here).read(connection, letter), as_json=as_json)


@dead_letters.command("repair")
def repair(
    letter: LetterArgument,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="FIELD=VALUE; an empty value is null.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="A JSON event in its place.", exists=True)] = None,
    acting: AsOption = None,
    comment: CommentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send it mended, by the input topic, as an event that names the dead letter as its cause."""
    if not set_ and file is None:
        raise typer.BadParameter("give --set FIELD=VALUE or --file")
    event = None if file is None else _object(file)

    def act(desk: DeadLetterDesk, user: User) -> DeadLetterDetail:
        return desk.repair(user, letter, changes=_changes(set_ or ()), event=event, comment=comment)

    _act(acting, act, as_json)


@dead_letters.command("replay")
def replay(
    letter: LetterArgument,
    acting: AsOption = None,
    comment: CommentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send its very bytes again, once the reason for the refusal has gone."""
    _act(acting, lambda desk, user: desk.replay(user, letter, comment=comment), as_json)


@dead_letters.command("discard")
def discard(
    letter: LetterArgument,
    comment: Annotated[str, typer.Option("--comment", help="Why, in words.")],
    acting: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Leave it be. The record stays where it is."""
    _act(acting, lambda desk, user: desk.discard(user, letter, comment=comment), as_json)


def _desk(here: Place) -> DeadLetterDesk:
    return DeadLetterDesk(here.log(), Codec(registry_for(here.settings.schema_registry_url)), record_of, now)


def _act(acting: str | None, act: Callable[[DeadLetterDesk, User], DeadLetterDetail], as_json: bool) -> None:
    with place() as here:
        with here.engine.connect() as connection:
            user = user_named(connection, acting)
        _print(act(_desk(here), user), as_json=as_json)


def _print(detail: DeadLetterDetail, *, as_json: bool) -> None:
    if as_json:
        print_json(detail)
        return
    told = f"{detail.dead_letter_id}  {detail.state}  {detail.reason}: {detail.detail}"
    out.print(told, markup=False, highlight=False)
    for name, value in (detail.event or {}).items():
        out.print(f"  {name} = {value}", markup=False, highlight=False)
    for action in detail.history:
        changed = action.details.get("changed", "")
        words = (f"{action.occurred_at:%Y-%m-%d %H:%M}", action.actor, action.action, changed, action.comment)
        out.print("  ".join(word for word in words if word), markup=False, highlight=False)


def _changes(pairs: list[str] | tuple[str, ...]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"{pair!r} is not FIELD=VALUE")
        whole = name.endswith(("_minor", "_version", "line_count"))
        try:
            changes[name] = None if not text else int(text) if whole else text
        except ValueError:
            raise typer.BadParameter(f"{name} takes a whole number, not {text!r}") from None
    return changes


def _object(file: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CommandFailed(f"{file} is no JSON object: {error}", "Mend the file.", 2) from error
    return found
