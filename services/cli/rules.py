"""rules defaults, validate: rules as files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from domain.rule_sets import LAST_VERSION, RuleSet, read_rule_set
from domain.rules import Rules
from runtime.settings import Settings
from services.cli.failure import CommandFailed
from services.cli.output import out, print_json, print_rows, say
from services.cli.running import JsonOption

rules = typer.Typer(
    help="The rules of matching and comparison, and who put them into force.", no_args_is_help=True
)

FileArgument = Annotated[
    Path, typer.Argument(help="A rule set: TOML, or JSON by its ending.", exists=True, dir_okay=False)
]
FILE_BYTES_MAX = 1 << 21
#: of the names of customers and groups
_WHOM_SHOWN: Final = 8


def base_rules(settings: Settings) -> Rules:
    return Rules(terms_days=settings.terms_days)


def content_of(path: Path) -> dict[str, Any]:
    """What a file says, unchecked. Raises ``CommandFailed`` where it cannot be read."""
    try:
        data = path.read_bytes()
        if len(data) > FILE_BYTES_MAX:
            raise ValueError(f"it has more than {FILE_BYTES_MAX} bytes")
        if path.suffix == ".json":
            return msgspec.json.decode(data, type=dict[str, Any])
        return msgspec.toml.decode(data, type=dict[str, Any])
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise _no_rule_set(path, error) from error


def read_file(path: Path, base: Rules) -> RuleSet:
    """The rule set in a file. Raises ``CommandFailed`` naming the field that is wrong."""
    try:
        # a draft is newer than every set in force, as it will be when it is one of them
        return read_rule_set(content_of(path), base, LAST_VERSION)
    except ValueError as error:
        raise _no_rule_set(path, error) from error


def _no_rule_set(path: Path, error: Exception) -> CommandFailed:
    return CommandFailed(f"{path} is no rule set: {error}", "See docs/guide/rules.md.")


@rules.command("defaults")
def defaults() -> None:
    """The rules that hold where no rule set says anything, as JSON: the names and values that a file may change."""
    out.print_json(msgspec.json.encode(base_rules(Settings())).decode())


@rules.command("validate")
def validate(file: FileArgument, as_json: JsonOption = False) -> None:
    """Check a rule set, and show what it changes. Needs no server; changes nothing."""
    base = base_rules(Settings())
    found = read_file(file, base)
    changes = differing(base, found.rules)
    if as_json:
        about = {
            "name": found.name,
            "effective_from": found.effective_from,
            "customers": found.customers,
            "groups": found.groups,
        }
        print_json({**about, "digest": found.digest(), "changes": changes})
        return
    say(f"{found.name}: valid; from {found.effective_from}, for {whom(found.customers, found.groups)}.")
    if found.groups:
        say("Who is in its groups is read from the master data when it is proposed.")
    print_rows(changes, ["rule", "default", "value"], as_json=False)


def whom(customers: Sequence[str], groups: Sequence[str]) -> str:
    """Whom a rule set is for, in a few words."""
    named = [*(f"group {name}" for name in groups), *customers]
    more = len(named) - _WHOM_SHOWN
    return ", ".join(named[:_WHOM_SHOWN] + [f"{more} more"] * (more > 0)) or "everyone"


def differing(base: Rules, other: Rules) -> list[dict[str, str]]:
    """The rules that a set changes, as rows for people."""
    one, two = _flat(base), _flat(other)
    return [
        {"rule": name, "default": json.dumps(one[name]), "value": json.dumps(two[name])}
        for name in one
        if one[name] != two[name]
    ]


def _flat(found: Rules) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(found)
    del plain["version"]
    matching = plain.pop("matching")
    return {**plain, **{f"matching.{name}": value for name, value in matching.items()}}
