"""rules: rules as files; what they would have made of the history, before anybody relies on them."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from domain.rule_sets import FIRST_VERSION, RuleSet, read_rule_set
from domain.rules import Rules
from runtime.settings import Settings
from services.cli.asking import CustomerOption, parse_date
from services.cli.failure import CommandFailed
from services.cli.output import out, print_json, print_rows, progress_bar, say
from services.cli.running import JsonOption

rules = typer.Typer(help="The rules of matching and comparison, as files.", no_args_is_help=True)

FileArgument = Annotated[
    Path, typer.Argument(help="A rule set: TOML, or JSON by its ending.", exists=True, dir_okay=False)
]
FILE_BYTES_MAX = 1 << 20
_COLUMNS = ["change", "outcome", "customer_id", "currency", "document_no", "payment_document_no"]
_FIGURES = ["before", "before_minor", "after", "after_minor", "what"]
_SUMS = ["currency", "outcome", "state", "before", "after", "before_minor", "after_minor"]


def _base(settings: Settings) -> Rules:
    return Rules(terms_days=settings.terms_days)


def read_file(path: Path, base: Rules) -> RuleSet:
    """The rule set in a file. Raises ``CommandFailed`` naming the field that is wrong."""
    try:
        data = path.read_bytes()
        if len(data) > FILE_BYTES_MAX:
            raise ValueError(f"it has more than {FILE_BYTES_MAX} bytes")
        if path.suffix == ".json":
            content = msgspec.json.decode(data, type=dict[str, Any])
        else:
            content = msgspec.toml.decode(data, type=dict[str, Any])
        return read_rule_set(content, base, FIRST_VERSION)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise CommandFailed(f"{path} is no rule set: {error}", "See docs/guide/rules.md.") from error


@rules.command("show")
def show() -> None:
    """The rules in force, complete, as JSON: the names and values that a file may change."""
    plain = msgspec.json.encode(_base(Settings()))
    out.print_json(plain.decode())


@rules.command("validate")
def validate(file: FileArgument, as_json: JsonOption = False) -> None:
    """Check a rule set, and show what it changes. Needs no server; changes nothing."""
    base = _base(Settings())
    found = read_file(file, base)
    changes = [
        {"rule": name, "in_force": was, "file": now} for name, was, now in _differing(base, found.rules)
    ]
    if as_json:
        about = {"name": found.name, "effective_from": found.effective_from, "customers": found.customers}
        print_json({**about, "digest": found.digest(), "changes": changes})
        return
    whom = ", ".join(found.customers) or "everyone"
    say(f"{found.name}: valid; from {found.effective_from}, for {whom}.")
    print_rows(changes, ["rule", "in_force", "file"], as_json=False)


def _differing(base: Rules, other: Rules) -> list[tuple[str, str, str]]:
    one, two = _flat(base), _flat(other)
    return [(name, json.dumps(one[name]), json.dumps(two[name])) for name in one if one[name] != two[name]]


def _flat(found: Rules) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(found)
    del plain["version"]
    matching = plain.pop("matching")
    return {**plain, **{f"matching.{name}": value for name, value in matching.items()}}


@rules.command("shadow")
def shadow(
    file: FileArgument,
    customer: CustomerOption = None,
    first: Annotated[
        Any,
        typer.Option("--from", parser=parse_date, metavar="DATE", help="Tell outcomes from this date on."),
    ] = None,
    last: Annotated[
        Any, typer.Option("--to", parser=parse_date, metavar="DATE", help="Tell outcomes up to this date.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Replay the history under a rule set beside the rules in force, and show which outcomes differ. Writes nothing."""
    from schemas.codec import Codec
    from schemas.confluent import registry_for
    from services.cli import servers as where
    from services.operations.shadow import Period, shadow_run

    settings = Settings()
    base = _base(settings)
    draft = read_file(file, base)
    found = where.find_servers(settings)
    period: tuple[dt.date | None, dt.date | None] = (first, last)
    with progress_bar(f"shadow run: {draft.name}", quiet=as_json) as bar:
        run = shadow_run(
            found.kafka_bootstrap_servers,
            Codec(registry_for(settings.schema_registry_url)),
            settings.partitions,
            base,
            lambda in_force: in_force.with_draft(draft),
            bar,
            customer_id=customer,
            period=Period(*period),
        )
    if as_json:
        print_json(run)
        return
    print_rows(run.changes, [*_COLUMNS, *_FIGURES], as_json=False)
    print_rows(run.sums, _SUMS, as_json=False)
    say(
        f"{len(run.changes)} outcomes of {run.customers_changed} of {run.customers} customers would be other;"
        f" {run.records} records replayed, nothing written."
    )
