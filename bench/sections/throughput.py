"""Events per second, CPU and memory of every peer, in alternating rounds over the same input."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from bench.broker import Input
from bench.peers.registry import OURS, Peer
from bench.sections.runs import Measured, Runner
from bench.verify import expected
from bench.workload.generate import Workload

_FEWEST_EVENTS = 10_000


def throughput(
    runner: Runner,
    peers: Sequence[Peer],
    workload: Workload,
    warm_share: float,
    rounds: int,
    partitions: int,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Medians with their spread, and our rate over each peer's. Blocks for minutes.

    In each round every peer runs once, so that a drift of the machine meets all of them. A peer with a ``share``
    gets a prefix of the same input, and runs ``rounds_max`` times. Raises when any result is wrong.
    """
    inputs: dict[int, Input] = {}
    for peer in peers:
        events = _events_of(peer, workload)
        if events not in inputs:
            say(f"producing {events:,} events")
            prefix = f"bench-input-{runner.session}-{events}"
            inputs[events] = runner.broker.publish(replace(workload, events=events), prefix, partitions)
    runs: dict[str, list[Measured]] = {peer.name: [] for peer in peers}
    for number in range(1, rounds + 1):
        for peer in peers:
            if number > peer.rounds_max:
                continue
            events = _events_of(peer, workload)
            measured, _ = runner.measure(peer, inputs[events], int(events * warm_share))
            runs[peer.name].append(measured)
            say(
                f"round {number} of {rounds}: {peer.title}: {measured.events_per_s_all:,.0f} events/s, "
                f"warm {measured.events_per_s_warm:,.0f}, CPU {measured.cpu_s_per_million_all:.1f} s/M"
            )
    return {
        "workload": asdict(workload),
        "partitions": partitions,
        "warm_share": round(warm_share, 3),
        "digests": {events: asdict(expected(given.reference)) for events, given in inputs.items()},
        "peers": {
            peer.name: {
                "title": peer.title,
                "events": _events_of(peer, workload),
                "options": dict(peer.options),
                **_summary(runs[peer.name]),
            }
            for peer in peers
        },
        "ratios": ratios(runs, peers),
    }


def _events_of(peer: Peer, workload: Workload) -> int:
    return min(workload.events, max(_FEWEST_EVENTS, int(workload.events * peer.share)))


def _summary(runs: list[Measured]) -> dict[str, Any]:
    summary: dict[str, Any] = {"runs": [run.as_json() for run in runs]}
    for field in fields(Measured):
        values = [float(getattr(run, field.name)) for run in runs]
        summary[field.name] = {
            "median": round(statistics.median(values), 2),
            "min": round(min(values), 2),
            "max": round(max(values), 2),
        }
    return summary


def ratios(runs: dict[str, list[Measured]], peers: Sequence[Peer]) -> dict[str, Any]:
    """Our median over theirs, from the first record (``all``) and warm; empty when ours did not run."""
    if not runs.get(OURS.name):
        return {}
    found = {}
    for peer in peers:
        if not peer.name.startswith("ours"):
            ours = peer.compared_with if runs.get(peer.compared_with) else OURS.name
            found[peer.name] = {
                "ours": ours,
                "all": round(_median(runs[ours], "events_per_s_all") / _median(runs[peer.name], "events_per_s_all"), 3),
                "warm": round(
                    _median(runs[ours], "events_per_s_warm") / _median(runs[peer.name], "events_per_s_warm"), 3
                ),
            }
    return found


def _median(runs: list[Measured], name: str) -> float:
    return float(statistics.median(getattr(run, name) for run in runs))
