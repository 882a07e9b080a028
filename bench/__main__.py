"""`python -m bench`: run the sections and write bench/results/latest.json."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.broker import Broker
from bench.peers.registry import PEERS
from bench.report import machine, show, write
from bench.sections.runs import ROOT, Runner
from bench.sections.throughput import throughput
from bench.workload.generate import Workload
from deploy.stack import EmbeddedStack, StackError

RESULTS = Path(__file__).parent / "results" / "latest.json"
_WARM_SHARE = 2 / 3
_QUICK_EVENTS = 60_000


def read_options(given: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", default="", help="names of peers, comma separated (default: all)")
    parser.add_argument("--events", type=int, default=1_500_000)
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a small smoke run that checks digests")
    parser.add_argument("--home", type=Path, default=ROOT / ".tieout" / "bench", help="work folder")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(given)
    if options.quick:
        options.events, options.customers, options.rounds = _QUICK_EVENTS, 5_000, 1
    known = {peer.name for peer in PEERS}
    options.only = set(filter(None, options.only.split(",")))
    if unknown := options.only - known:
        parser.error(f"no peer {sorted(unknown)}; there are {sorted(known)}")
    return options


def main(given: list[str] | None = None) -> int:
    """Run; 1 and one sentence on stderr when the servers do not start."""
    options = read_options(given)
    peers = [peer for peer in PEERS if not options.only or peer.name in options.only]
    workload = Workload(options.events, options.customers, options.seed)
    say = print
    try:
        with EmbeddedStack(options.home, services=frozenset({"kafka"}), kafka_heap_mb=1024) as stack:
            urls = stack.start(progress=say)
            runner = Runner(Broker(urls.kafka_bootstrap_servers), options.home / "runs")
            results = {
                "machine": machine(),
                "throughput": throughput(
                    runner, peers, workload, _WARM_SHARE, options.rounds, options.partitions, say
                ),
            }
            runner.broker.delete("bench-")
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    show(results)
    write(results, options.results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
