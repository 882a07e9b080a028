"""`python -m deploy.stack up|down|status --home DIR`: the stack alone, for development."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import EmbeddedStack, StackError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 1 and one sentence on stderr when it fails.  `up` leaves the services running."""
    parser = argparse.ArgumentParser(prog="python -m deploy.stack", description=__doc__)
    parser.add_argument("command", choices=("up", "down", "status"))
    parser.add_argument("--home", type=Path, default=Path(".tieout"))
    chosen = parser.parse_args(arguments)
    stack = EmbeddedStack(chosen.home)
    try:
        if chosen.command == "up":
            urls = stack.start(progress=_say)
            _say(f"KAFKA_BOOTSTRAP_SERVERS={urls.kafka_bootstrap_servers}")
            _say(f"DATABASE_URL={urls.database_url}")
            _say(f"REDIS_URL={urls.redis_url}")
        elif chosen.command == "down":
            stack.stop()
        else:
            for one in stack.status():
                state = "healthy" if one.healthy else "running" if one.running else "stopped"
                _say(f"{one.name} {one.version} {state} pid={one.pid} port={one.port} rss={one.rss_bytes}")
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
