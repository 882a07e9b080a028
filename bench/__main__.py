"""`python -m bench`: our engine beside its peers, on an embedded Kafka of its own.

Sections: throughput, latency, restore by default; limits, scaling, projector, comparison, allocation and habits too
with --all. Every result of an engine is held to the reference's digest; a wrong one ends the run. A full run updates
bench/results/latest.json section by section; a partial one (--quick, --only) writes results.json into the work folder.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench import chart
from bench.broker import Broker
from bench.peers.registry import PEERS
from bench.report import machine, read, show, write
from bench.sections.allocation import allocation
from bench.sections.comparison import comparison
from bench.sections.habits import habits
from bench.sections.latency import latency
from bench.sections.limits import limits
from bench.sections.projector import on_own_servers
from bench.sections.restore import restore
from bench.sections.runs import ROOT, Runner
from bench.sections.scaling import scaling
from bench.sections.throughput import throughput
from bench.workload.generate import Workload
from deploy.stack import EmbeddedStack, StackError

RESULTS = Path(__file__).parent / "results" / "latest.json"
DEFAULT_SECTIONS = ("throughput", "latency", "restore")
SECTIONS = (*DEFAULT_SECTIONS, "limits", "scaling", "projector", "comparison", "allocation", "habits")
_QUICK_EVENTS = 60_000
_QUICK_CUSTOMERS = 5_000
_WARM_EVENTS = 1_000_000
_SCALING_EVENTS = 600_000
_COMPARED_ROWS = 1_000_000

_Sections = dict[str, Callable[[], dict[str, Any]]]


def read_options(given: list[str] | None) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [peer.name for peer in PEERS]
    parser.add_argument(
        "--only", metavar="PEERS", default="", help=f"of {', '.join(names)} (throughput only)"
    )
    parser.add_argument("--sections", default="", help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--all", action="store_true", help="all sections")
    parser.add_argument(
        "--quick", action="store_true", help="a minute's run that checks digests; no figures to quote"
    )
    parser.add_argument("--events", type=int, default=1_500_000, help="(default: %(default)s)")
    parser.add_argument("--customers", type=int, default=50_000, help="(default: %(default)s)")
    parser.add_argument("--partitions", type=int, default=4, help="(default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="(default: %(default)s)")
    parser.add_argument("--restore-keys", type=int, default=1_000_000, help="(default: %(default)s)")
    parser.add_argument(
        "--latency-seconds", type=int, default=30, help="per rate and peer (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--home", type=Path, default=ROOT / ".tieout" / "bench", help="work folder")
    parser.add_argument("--results", type=Path, help="where the figures go")
    options = parser.parse_args(given)
    options.only = _chosen(parser, options.only, names)
    options.sections = list(dict.fromkeys(_chosen(parser, options.sections, SECTIONS)))
    if options.quick:
        options.events, options.customers, options.rounds = _QUICK_EVENTS, _QUICK_CUSTOMERS, 1
    if not options.sections:
        options.sections = SECTIONS if options.all else DEFAULT_SECTIONS
        if options.quick or options.only:
            options.sections = ("throughput",)
    partial = options.quick or options.only
    options.results = options.results or (options.home / "results.json" if partial else RESULTS)
    return options


def _chosen(parser: argparse.ArgumentParser, given: str, known: list[str] | tuple[str, ...]) -> list[str]:
    chosen = [name for name in given.split(",") if name]
    if unknown := sorted(set(chosen) - set(known)):
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
    return chosen


def on_broker(options: argparse.Namespace, runner: Runner, say: Callable[[str], None]) -> _Sections:
    """The sections that need the embedded broker. Each blocks for minutes."""
    peers = [peer for peer in PEERS if not options.only or peer.name in options.only]
    workload = Workload(options.events, options.customers, options.seed)
    return {
        "throughput": lambda: throughput(
            runner, peers, workload, _WARM_EVENTS, options.rounds, options.partitions, say
        ),
        "latency": lambda: latency(runner, options.latency_seconds, options.partitions, say),
        "restore": lambda: restore(runner, options.restore_keys, 3, options.partitions, say),
        "limits": lambda: limits(runner, workload, options.partitions, say),
        "scaling": lambda: scaling(
            runner, Workload(min(options.events, _SCALING_EVENTS), options.customers, options.seed), say
        ),
    }


def alone(options: argparse.Namespace, say: Callable[[str], None]) -> _Sections:
    """The sections that need no server, or start their own."""
    rows = options.events if options.quick else _COMPARED_ROWS
    return {
        "projector": lambda: on_own_servers(rounds=options.rounds, say=say),
        "comparison": lambda: comparison(rows, options.rounds, seed=options.seed),
        "allocation": lambda: allocation(options.seed),
        "habits": lambda: habits(range(options.seed, options.seed + 3)),
    }


def run(sections: _Sections, wanted: Sequence[str]) -> dict[str, Any]:
    """The figures of those sections that are wanted."""
    return {name: {"machine": machine(), **sections[name]()} for name in wanted if name in sections}


def main(given: list[str] | None = None) -> int:
    """Run, print, write; 1 and one sentence on stderr when the servers do not start."""
    options = read_options(given)

    def say(line: str) -> None:
        print(line, flush=True)

    found = run(alone(options, say), options.sections)
    if len(found) < len(options.sections):
        try:
            with EmbeddedStack(options.home, services=frozenset({"kafka"}), kafka_heap_mb=1024) as stack:
                runner = Runner(Broker(stack.urls.kafka_bootstrap_servers), options.home / "runs")
                try:
                    found |= run(on_broker(options, runner, say), options.sections)
                finally:
                    runner.clear_all()
        except StackError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    show(found)
    write(read(options.results) | found, options.results)
    print(f"written to {options.results}")
    if options.results == RESULTS and "throughput" in found:
        chart.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
