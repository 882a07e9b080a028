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
    warm_events: int,
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
            measured, _ = runner.measure(peer, inputs[events], _warm_of(events, workload, warm_events))
            runs[peer.name].append(measured)
            say(
                f"round {number} of {rounds}: {peer.title}: {measured.events_per_s_all:,.0f} events/s, "
                f"warm {measured.events_per_s_warm:,.0f}, CPU {measured.cpu_s_per_million_all:.1f} s/M"
            )
    return {
        "workload": asdict(workload),
        "partitions": partitions,
        "warm_events": warm_events,
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
        **ratios(runs, peers),
    }


def _warm_of(events: int, workload: Workload, warm_events: int) -> int:
    """The part of the input, at its end, in which a peer counts as warm: the same share for a shorter input."""
    return min(events * warm_events // workload.events, events * 2 // 3)


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
    """Our median events/s over theirs; empty when ours did not run.

    ``ratios``: from the first record; ``ratios_warm``: warm; ``ratios_of``: which of our variants is meant.
    """
    found: dict[str, dict[str, Any]] = {"ratios": {}, "ratios_warm": {}, "ratios_of": {}}
    for peer in peers:
        ours = peer.compared_with if runs.get(peer.compared_with) else OURS.name
        if runs.get(ours) and not peer.name.startswith("ours"):
            found["ratios"][peer.name] = _ratio(runs[ours], runs[peer.name], "events_per_s_all")
            found["ratios_warm"][peer.name] = _ratio(runs[ours], runs[peer.name], "events_per_s_warm")
            found["ratios_of"][peer.name] = ours
    return found


def _ratio(ours: list[Measured], theirs: list[Measured], name: str) -> float:
    return round(_median(ours, name) / _median(theirs, name), 3)


def _median(runs: list[Measured], name: str) -> float:
    return float(statistics.median(getattr(run, name) for run in runs))
