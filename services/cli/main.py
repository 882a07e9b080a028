"""The command ``tieout``: finds the command, and turns failures into one sentence and a next step.

Only the module of the command that was asked for is imported: documents, drivers and the embedded stack would
otherwise cost every call a second.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Final

import typer

COMMANDS: Final[Mapping[str, str]] = {
    "up": "services.cli.running:up",
    "down": "services.cli.running:down",
    "status": "services.cli.running:status",
    "topics": "services.cli.running:topics",
    "worker": "services.cli.running:worker",
    "demo": "services.cli.demo:demo",
    "publish": "services.cli.feeding:publish",
    "import": "services.cli.feeding:import_",
    "template": "services.cli.feeding:template",
    "balances": "services.cli.asking:balances",
    "entries": "services.cli.asking:entries",
    "open-items": "services.cli.asking:open_items",
    "matches": "services.cli.asking:matches",
    "discrepancies": "services.cli.asking:discrepancies",
    "compare": "services.cli.comparing:compare",
    "ageing": "services.cli.asking:ageing",
    "dead-letters": "services.cli.dead_letters:dead_letters",
    "cases": "services.cli.working:cases",
    "adjustments": "services.cli.adjusting:adjustments",
    "users": "services.cli.working:users",
    "rules": "services.cli.shadowing:rules",
    "statement": "services.cli.issuing:statement",
    "statements": "services.cli.issuing:statements",
    "verify": "services.cli.proving:verify",
    "replay": "services.cli.proving:replay",
    "backup": "services.cli.keeping:backup",
    "restore": "services.cli.keeping:restore",
    "chaos": "services.cli.chaos:chaos",
}


def build_app(only: str | None = None) -> typer.Typer:
    """The typer app with all commands, or with ``only`` one of them (which is then quicker to build)."""
    app = typer.Typer(
        name="tieout",
        help="Real-time reconciliation of the accounts that companies keep with their customers.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(lambda: None)  # keeps the command's name part of the call where there is only one
    for name, target in COMMANDS.items():
        if only is None or name == only:
            found = resolve_name(target)
            if isinstance(found, typer.Typer):
                app.add_typer(found, name=name)
            else:
                app.command(name)(found)
    return app


def main() -> None:
    """Entry point of the ``tieout`` script."""
    # What goes wrong with Kafka is told in one sentence, or waited for; its client's remarks would stand between.
    logging.getLogger("librdkafka").setLevel(logging.CRITICAL)
    asked = sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] in COMMANDS else None
    app = build_app(asked)
    try:
        app()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        sys.exit(130)
    except Exception as error:
        from rich.text import Text

        from services.cli.known_failures import known_failure
        from services.cli.output import err

        failure = known_failure(error)
        if failure is None:
            raise
        # Unwrapped, so that a script finds the sentence whole; without markup, since messages hold brackets.
        sentence = failure.message if failure.message.endswith((".", "!", "?")) else f"{failure.message}."
        err.print(
            Text(sentence, "bold red"), failure.next_step, highlight=False, markup=False, soft_wrap=True
        )
        sys.exit(failure.code)


if __name__ == "__main__":
    main()
