"""Our cost per event over numbers of partitions and of workers on this machine, and workers that come and go."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any

from bench.broker import Input
from bench.child import Child, PeerFailed
from bench.peers.registry import OURS
from bench.sections.runs import Place, Runner
from bench.verify import verify
from bench.workload.events import KINDS
from bench.workload.generate import Workload, generate
from bench.workload.reference import Reference
from schemas.progress import read_progress

PARTITIONS = (4, 16, 64)
WORKERS = (1, 2, 4)
ROUNDS = 3
_WORKERS_PARTITIONS = 8
_FINISHED_WITHIN_S = 300.0
_STARTED_WITHIN_S = 60.0
_STEADY_EVENTS_PER_S = 10_000
#: workers that are at work one after the other, each number for a third of the input
_WORKERS_THAT_CHANGE = (2, 4, 1)
_POLL_S = 0.05


def scaling(runner: Runner, workload: Workload, say: Callable[[str], None]) -> dict[str, Any]:
    """Events per second and CPU seconds per million events. Blocks for minutes. Raises when a digest differs."""
    inputs = {
        partitions: runner.broker.publish(workload, f"bench-scale-{runner.session}-{partitions}", partitions)
        for partitions in {*PARTITIONS, _WORKERS_PARTITIONS}
    }
    by_partitions = _medians(
        {str(count): partial(_measure, runner, inputs[count], 1) for count in PARTITIONS},
        lambda count, found: say(f"{count} partitions, one worker: {found}"),
    )
    by_workers = _medians(
        {str(count): partial(_measure, runner, inputs[_WORKERS_PARTITIONS], count) for count in WORKERS},
        lambda count, found: say(f"{count} workers, {_WORKERS_PARTITIONS} partitions: {found}"),
    )
    changing = _while_workers_change(runner, workload)
    say(f"workers that come and go: {changing}")
    runner.broker.delete(f"bench-scale-{runner.session}")
    costs = [found["cpu_s_per_million"] for found in by_partitions.values()]
    return {
        "events": workload.events,
        "partitions": by_partitions,
        "workers": by_workers,
        "changing_workers": changing,
        "cost_spread_over_partitions": round(max(costs) / min(costs) - 1, 3),
    }


def _medians(
    measures: Mapping[str, Callable[[], dict[str, float]]], say: Callable[[str, dict[str, float]], None]
) -> dict[str, dict[str, float]]:
    """Of each figure the median of ``ROUNDS``; in each round everything is measured once."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in measures}
    for _ in range(ROUNDS):
        for name, measure in measures.items():
            runs[name].append(measure())
            say(name, runs[name][-1])
    return {
        name: {figure: statistics.median(run[figure] for run in found) for figure in found[0]}
        for name, found in runs.items()
    }


def _measure(runner: Runner, given: Input, workers: int) -> dict[str, float]:
    """All workers to the last commit; the clock starts with the first record that any of them reads."""
    place = runner.place(OURS, given.partitions)
    changelog = OURS.changelog.format(app_id=place.app_id)
    with ExitStack() as running:
        children = []
        for number in range(1, workers + 1):
            own = Place(place.app_id, place.folder / str(number))
            command = runner.command(OURS, given, own, total=0, warm_at=0, instance=str(number))
            children.append(running.enter_context(runner.child(OURS, command, own)))
        _await_progress(given, changelog, children, given.reference.events)
        ended_s = time.time()
        began = [mark for child in children if (mark := child.said("first")) is not None]
        seconds = ended_s - min(mark.at_s for mark in began)
        cpu_s = sum(child.cpu_s() for child in children) - sum(mark.cpu_s for mark in began)
    verify(runner.broker, OURS, given, changelog, place.findings)
    runner.clear(place)
    return {
        "events_per_s": round(given.reference.events / seconds),
        "cpu_s_per_million": round(cpu_s / given.reference.events * 1e6, 2),
    }


def _while_workers_change(runner: Runner, workload: Workload) -> dict[str, Any]:
    """Two workers, four and one again while events arrive at a steady rate; the digest must be that of the input."""
    reference = Reference()
    events = list(generate(workload))
    for event in events:
        reference.add(event)
    topics = tuple(f"bench-scale-{runner.session}-changing-{kind}" for kind in KINDS)
    runner.broker.create(list(topics), _WORKERS_PARTITIONS)
    given = Input(runner.broker.bootstrap_servers, topics, _WORKERS_PARTITIONS, reference)
    place = runner.place(OURS, _WORKERS_PARTITIONS)
    changelog = OURS.changelog.format(app_id=place.app_id)
    children: list[Child] = []
    with ThreadPoolExecutor(1) as pool, ExitStack() as running:
        producing: Future[Any] | None = None
        for step, wanted in enumerate(_WORKERS_THAT_CHANGE):
            while len(children) > wanted:
                children.pop().__exit__(None, None, None)
            while len(children) < wanted:
                number = len(children) + 1
                own = Place(place.app_id, place.folder / str(number))
                command = runner.command(OURS, given, own, total=0, warm_at=0, instance=str(number))
                children.append(running.enter_context(runner.child(OURS, command, own)))
            for child in children:
                if child.said("running") is None:
                    child.wait_for("running", _STARTED_WITHIN_S)
            producing = producing or pool.submit(
                runner.broker.produce_steadily, topics, events, _STEADY_EVENTS_PER_S
            )
            covered = len(events) * (step + 1) // len(_WORKERS_THAT_CHANGE)
            _await_progress(given, changelog, children, covered)
        assert producing is not None
        producing.result()
    verify(runner.broker, OURS, given, changelog, place.findings)
    runner.clear(place)
    return {"workers": list(_WORKERS_THAT_CHANGE), "events": len(events), "digest": "equal"}


def _await_progress(given: Input, changelog: str, children: list[Child], events: int) -> None:
    """Until the committed progress covers ``events`` of the input."""
    deadline = time.monotonic() + _FINISHED_WITHIN_S
    while time.monotonic() < deadline:
        progress = read_progress(given.bootstrap_servers, changelog, given.partitions)
        if sum(sum(one.offsets.values()) for one in progress.values()) >= events:
            return
        time.sleep(_POLL_S)
    raise PeerFailed(children[0].name, f"did not finish within {_FINISHED_WITHIN_S:.0f} s", children[0].log)
