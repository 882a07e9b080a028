"""rules: rules as files; what they would have made of the history; put into force by two people, and retired."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from domain.rule_sets import FIRST_VERSION, LAST_VERSION, RuleSet, RulesInForce, read_rule_set
from domain.rules import Rules
from runtime.settings import Settings
from services.cli.asking import parse_date
from services.cli.failure import CommandFailed
from services.cli.output import out, print_json, print_rows, progress_bar, say
from services.cli.parties import CustomerOption, SupplierOption, party_of
from services.cli.running import JsonOption

rules = typer.Typer(
    help="The rules of matching and comparison, and who put them into force.", no_args_is_help=True
)

FileArgument = Annotated[
    Path, typer.Argument(help="A rule set: TOML, or JSON by its ending.", exists=True, dir_okay=False)
]
FILE_BYTES_MAX = 1 << 20
_COLUMNS = ["change", "outcome", "customer_id", "currency", "document_no", "payment_document_no"]
_FIGURES = ["before", "before_minor", "after", "after_minor", "what"]
_SUMS = ["currency", "outcome", "state", "before", "after", "before_minor", "after_minor"]


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
        about = {"name": found.name, "effective_from": found.effective_from, "customers": found.customers}
        print_json({**about, "digest": found.digest(), "changes": changes})
        return
    whom = ", ".join(found.customers) or "everyone"
    say(f"{found.name}: valid; from {found.effective_from}, for {whom}.")
    print_rows(changes, ["rule", "default", "value"], as_json=False)


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


@rules.command("shadow")
def shadow(
    file: Annotated[
        Path | None,
        typer.Argument(help="A rule set: TOML, or JSON by its ending.", exists=True, dir_okay=False),
    ] = None,
    without: Annotated[
        int | None, typer.Option(min=FIRST_VERSION, help="Try what the retirement of this set would change.")
    ] = None,
    customer: CustomerOption = None,
    supplier: SupplierOption = None,
    first: Annotated[
        Any,
        typer.Option("--from", parser=parse_date, metavar="DATE", help="Tell outcomes from this date on."),
    ] = None,
    last: Annotated[
        Any, typer.Option("--to", parser=parse_date, metavar="DATE", help="Tell outcomes up to this date.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Replay the history with a rule set beside those in force, and show which outcomes differ. Writes nothing."""
    from schemas.codec import Codec
    from schemas.registry import registry_for
    from services.cli import servers as where
    from services.operations.shadow import Period, shadow_run

    settings = Settings()
    base = base_rules(settings)
    if (file is None) == (without is None):
        raise typer.BadParameter("name a file, or --without and the version of a set that is in force")
    draft = None if file is None else read_file(file, base)

    def tried(in_force: RulesInForce) -> RulesInForce:
        return in_force.without(without or 0) if draft is None else in_force.with_draft(draft)

    title = f"without {without}" if draft is None else draft.name
    found = where.find_servers(settings)
    period: tuple[dt.date | None, dt.date | None] = (first, last)
    with progress_bar(f"shadow run: {title}", quiet=as_json) as bar:
        run = shadow_run(
            found.kafka_bootstrap_servers,
            Codec(registry_for(settings.schema_registry_url)),
            settings.partitions,
            base,
            tried,
            bar,
            customer_id=party_of(customer, supplier),
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
