"""The command ``tieout``: registers the commands and turns failures into one sentence and a next step."""

from __future__ import annotations

import sys

import typer

from runtime.logs import configure_logging
from services.cli import asking, demo, feeding, issuing, proving, running
from services.cli.failure import known_failure
from services.cli.output import err

app = typer.Typer(
    name="tieout",
    help="Real-time reconciliation of the accounts that companies keep with their customers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

app.command()(running.up)
app.command()(running.down)
app.command()(running.status)
app.command()(running.topics)
app.command()(running.worker)
app.command()(demo.demo)
app.command()(feeding.publish)
app.command("import")(feeding.import_)
app.command()(asking.balances)
app.command()(asking.entries)
app.command("open-items")(asking.open_items)
app.command()(asking.matches)
app.command()(asking.discrepancies)
app.command()(asking.ageing)
app.command("dead-letters")(asking.dead_letters)
app.command()(issuing.statement)
app.command()(issuing.statements)
app.command()(proving.verify)


def main() -> None:
    """Entry point of the ``tieout`` script."""
    configure_logging("cli", "WARNING", "console")
    try:
        app()
    except KeyboardInterrupt:
        err.print("Stopped.")
        sys.exit(130)
    except Exception as error:
        failure = known_failure(error)
        if failure is None:
            raise
        err.print(f"[bold red]{failure.message}[/bold red] {failure.next_step}", highlight=False)
        sys.exit(failure.code)


if __name__ == "__main__":
    main()
