"""rules shadow: what other rules would have made of the history."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.rule_sets import FIRST_VERSION, RulesInForce
from services.cli.asking import parse_date
from services.cli.failure import CommandFailed
from services.cli.output import print_json, print_rows, progress_bar, say
from services.cli.parties import CustomerOption, SupplierOption, party_of
from services.cli.rules import base_rules, read_file, rules
from services.cli.ruling import rule_desk
from services.cli.running import JsonOption
from services.cli.working import Place, place
from services.operations.shadow import Period, shadow_run
from services.work.groups import with_members

_COLUMNS = ["change", "outcome", "customer_id", "currency", "document_no", "payment_document_no"]
_FIGURES = ["before", "before_minor", "after", "after_minor", "what"]
_SUMS = ["currency", "outcome", "state", "before", "after", "before_minor", "after_minor"]


@rules.command("shadow")
def shadow(
    file: Annotated[
        Path | None,
        typer.Argument(help="A rule set: TOML, or JSON by its ending.", exists=True, dir_okay=False),
    ] = None,
    proposed: Annotated[
        int | None, typer.Option(min=FIRST_VERSION, help="Try what an approval of this version would change.")
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
    if [file, proposed, without].count(None) != 2:
        raise typer.BadParameter("name a file, or a version with --proposed or --without")
    with place() as here:
        title, tried = _trial(here, file, proposed, without or 0)
        with progress_bar(f"shadow run: {title}", quiet=as_json) as bar:
            run = shadow_run(
                here.servers.kafka_bootstrap_servers,
                here.codec,
                here.settings.partitions,
                base_rules(here.settings),
                tried,
                bar,
                customer_id=party_of(customer, supplier),
                period=Period(first, last),
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


def _trial(
    here: Place, file: Path | None, proposed: int | None, without: int
) -> tuple[str, Callable[[RulesInForce], RulesInForce]]:
    """What is tried of what is in force, and how to call it."""
    if file is not None:
        draft = read_file(file, base_rules(here.settings))
        with here.engine.connect() as connection:
            draft = with_members(connection, draft.name, draft)
        return draft.name, lambda in_force: in_force.with_draft(draft)
    if proposed is not None:
        with here.engine.connect() as connection:
            return f"version {proposed}", rule_desk(here).would_decide(connection, proposed)

    def retired(in_force: RulesInForce) -> RulesInForce:
        if without not in {one.version for one in in_force.sets}:
            raise CommandFailed(f"Version {without} is not in force.", "Run `tieout rules show`.")
        return in_force.without(without)

    return f"without {without}", retired
