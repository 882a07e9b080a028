"""The storm: a seeded sequence of faults, each followed by recovery, a check of what is new, and its figures.

Invariant: the same seed and kinds give the same faults in the same order with the same pauses between them; when they
strike within the flow is up to the machine.
"""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.operations.chaos.feeder import Feeder
from services.operations.chaos.watch import CommitWatch
from services.operations.verify import Report

#: (partitions of the struck worker, partitions of the others); both empty where no worker was struck
Shares = tuple[frozenset[int], frozenset[int]]
_PAUSE_S: Final = (0.3, 1.5)


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault. ``strike`` blocks until it is over or mended; ``victim`` is the program it kills, if any."""

    name: str
    weight: int
    strike: Callable[[], None]
    victim: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """What one fault did. Seconds; ``None`` where a figure has no meaning for its kind.

    ``recovery_s``: from the end of the strike until everything delivered by then was in the books and both stores.
    ``survivors_pause_s``: longest time without a checkpoint on partitions of workers that were not killed.
    ``victim_back_s``: the same on the partitions of the one that was.
    """

    number: int
    fault: str
    strike_s: float
    recovery_s: float
    check_s: float
    survivors_pause_s: float | None
    victim_back_s: float | None


@dataclass(slots=True)
class Summary:
    """The whole storm; ``broken`` is empty when every check held."""

    seed: int
    faults: int = 0
    took_s: float = 0.0
    by_kind: dict[str, int] = field(default_factory=dict)
    rules_changed_at: int | None = None
    """The number of the fault that struck while the accounts were being reviewed under other rules."""
    events: int = 0
    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    digest: str = ""
    undisturbed_digest: str = ""
    broken: list[str] = field(default_factory=list)
    episodes: list[Episode] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.broken


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the storm needs of the stack. ``settled`` blocks until the given offsets are reflected everywhere (I10).

    ``change_rules`` puts other rules into force, for all customers, and does not wait for anything.
    """

    feeder: Feeder
    watch: CommitWatch
    shares: Callable[[str], Shares]
    settled: Callable[[Mapping[tuple[str, int], int]], None]
    check: Callable[[], Report]
    change_rules: Callable[[], None]


def plan(seed: int, faults: Sequence[Fault], count: int) -> list[tuple[Fault, float]]:
    """``count`` faults with the pause in seconds before each; every kind at least once if there is room."""
    rng = random.Random(seed)  # noqa: S311  # a sequence to repeat, no secret
    chosen = list(faults[:count])
    chosen += rng.choices(faults, [fault.weight for fault in faults], k=count - len(chosen))
    rng.shuffle(chosen)
    return [(fault, rng.uniform(*_PAUSE_S)) for fault in chosen]


def storm(
    planned: Sequence[tuple[Fault, float]],
    around: Surroundings,
    summary: Summary,
    on_episode: Callable[[Episode], None],
) -> None:
    """Let all faults strike, the one in the middle upon a change of the rules; stops at the first check that is
    broken, which ``summary`` then names.
    """
    began_s = time.monotonic()
    middle = (len(planned) + 1) // 2
    for number, (fault, pause_s) in enumerate(planned, start=1):
        time.sleep(pause_s)
        if number == middle:
            around.change_rules()
            summary.rules_changed_at = number
        episode = _endure(number, fault, around, summary)
        summary.episodes.append(episode)
        on_episode(episode)
        if summary.broken:
            break
    summary.took_s = time.monotonic() - began_s
    summary.faults = len(summary.episodes)
    summary.by_kind = dict(Counter(episode.fault for episode in summary.episodes))
    summary.figures = {
        name: _spread(values)
        for name in ("recovery_s", "survivors_pause_s", "victim_back_s", "check_s")
        if (values := [v for e in summary.episodes if (v := getattr(e, name)) is not None])
    }


def _endure(number: int, fault: Fault, around: Surroundings, summary: Summary) -> Episode:
    struck, others = around.shares(fault.victim) if fault.victim else (frozenset(), frozenset())
    began_s = time.monotonic()
    around.watch.forget_before(began_s)
    fault.strike()
    mended_s = time.monotonic()
    around.settled(around.feeder.delivered())
    recovered_s = time.monotonic()
    report = around.check()
    checked_s = time.monotonic()
    summary.broken += [
        f"fault {number}, {fault.name}: {check.invariant} {check.detail}"
        for check in report.checks
        if not check.ok
    ]
    watch = around.watch
    return Episode(
        number=number,
        fault=fault.name,
        strike_s=mended_s - began_s,
        recovery_s=recovered_s - mended_s,
        check_s=checked_s - recovered_s,
        survivors_pause_s=watch.longest_gap_s(others, began_s, recovered_s) if others else None,
        victim_back_s=watch.longest_gap_s(struck, began_s, recovered_s) if struck else None,
    )


def _spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "count": len(ordered),
        "median": round(statistics.median(ordered), 3),
        "p95": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 3),
        "max": round(ordered[-1], 3),
    }
