"""The storm's plan and figures: seeded, complete, and stopped by the first check that is broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import pytest

from services.cli.chaos import chosen
from services.cli.failure import CommandFailed
from services.operations.chaos.feeder import FedRecord, Feeder
from services.operations.chaos.storm import Fault, Shares, Summary, Surroundings, plan, storm
from services.operations.chaos.watch import CommitWatch, longest_gap_s
from services.operations.verify import Check, Report

KINDS = [Fault(name, weight, lambda: None) for name, weight in (("a", 1), ("b", 5), ("c", 1))]


def names(seed: int, count: int) -> list[str]:
    return [fault.name for fault, _ in plan(seed, KINDS, count)]


def test_a_seed_is_a_sequence() -> None:
    assert plan(7, KINDS, 50) == plan(7, KINDS, 50)
    assert names(7, 50) != names(8, 50)


def test_every_kind_strikes_and_weights_count() -> None:
    assert set(names(1, 3)) == {"a", "b", "c"}
    assert len(names(1, 2)) == 2
    counted = Counter(names(1, 700))
    assert counted["b"] > 3 * counted["a"] > 0


def test_only_the_faults_that_are_asked_for() -> None:
    names = ["kill -9 a", "kill -9 b", "late input"]
    assert chosen(names, []) == set(names)
    assert chosen(names, ["late", "9 a"]) == {"kill -9 a", "late input"}
    with pytest.raises(CommandFailed, match="No fault's name contains x or y"):
        chosen(names, ["x", "y"])


@pytest.mark.parametrize(
    ("arrivals", "gap"),
    [
        ([], 10.0),
        ([9.0, 10.5, 11.0, 19.0], 8.0),
        ([7.0, 10.5], 3.5),  # the pause began before the fault was seen
        ([12.0], 2.0),
        ([9.0, 21.0], 10.0),  # nothing came while we looked
    ],
)
def test_the_longest_gap(arrivals: list[float], gap: float) -> None:
    assert longest_gap_s(arrivals, 10.0, 20.0) == gap


class Quiet:
    """A feeder and a watch of a flow that stood still for 0.25 s."""

    def delivered(self) -> dict[tuple[str, int], int]:
        return {("t", 0): 5}

    def forget_before(self, moment_s: float) -> None: ...

    def longest_gap_s(self, numbers: frozenset[int], since_s: float, until_s: float) -> float:
        return 0.25 * len(numbers)


def surroundings(
    shares: Callable[[str], Shares],
    settled: Callable[[Any], None],
    check: Callable[[], Report],
    change_rules: Callable[[], None] = lambda: None,
) -> Surroundings:
    return Surroundings(
        cast("Feeder", Quiet()), cast("CommitWatch", Quiet()), shares, settled, check, change_rules
    )


@pytest.mark.parametrize(("count", "middle"), [(1, 1), (2, 1), (5, 3)])
def test_the_rules_change_once_upon_the_fault_in_the_middle(count: int, middle: int) -> None:
    happened: list[str] = []
    around = surroundings(
        lambda victim: (frozenset(), frozenset()),
        lambda offsets: happened.append("settled"),
        Report,
        lambda: happened.append("rules"),
    )
    fault = Fault("other", 1, lambda: happened.append("strike"))
    summary = Summary(1)
    storm([(fault, 0.0)] * count, around, summary, lambda episode: None)
    assert summary.rules_changed_at == middle
    before, after = ["strike", "settled"] * (middle - 1), ["strike", "settled"] * (count - middle + 1)
    assert happened == [*before, "rules", *after]


def test_a_storm_stops_at_the_first_broken_check() -> None:
    asked: list[Any] = []
    reports = iter([Report(), Report(False, checks=[Check("I3", "once", False, "twice: e-1")])])

    def shares(victim: str) -> Shares:
        return frozenset({0}), frozenset({1, 2})

    around = surroundings(shares, asked.append, lambda: next(reports))
    kill = Fault("kill", 1, lambda: None, victim="worker-1")
    other = Fault("other", 1, lambda: None)
    summary = Summary(1)
    storm([(kill, 0.0), (other, 0.0), (kill, 0.0)], around, summary, lambda episode: None)
    assert asked == [{("t", 0): 5}] * 2
    assert summary.broken == ["fault 2, other: I3 twice: e-1"]
    assert not summary.ok
    assert summary.rules_changed_at == 2
    assert (summary.faults, summary.by_kind) == (2, {"kill": 1, "other": 1})
    assert summary.episodes[0].victim_back_s == 0.25
    assert summary.episodes[0].survivors_pause_s == 0.5
    assert summary.episodes[1].victim_back_s is None
    assert summary.figures["victim_back_s"]["count"] == 1


def test_records_that_are_held_back_come_later_and_none_is_lost() -> None:
    fed = [FedRecord("t", b"k", b"%d" % number) for number in range(30)]
    feeder = Feeder("unused:1", fed, 1000)
    feeder.hold_back(5)
    sent = list(feeder._arriving())
    assert sorted(sent) == sorted(fed)
    assert sent[:6] == fed[5:11]
    assert sent.index(fed[0]) > 5
    assert feeder.sent == 30


def test_what_is_inserted_goes_besides_and_counts_as_nothing_sent() -> None:
    fed = [FedRecord("t", b"k", b"%d" % number) for number in range(3)]
    feeder = Feeder("unused:1", fed, 1000)
    feeder.insert([FedRecord("rules", b"2", b"on", 0), FedRecord("rules", b"2", b"on", 1)])
    arriving = feeder._arriving()
    next(arriving)
    feeder.repeat(1)
    assert [(other.topic, other.partition) for other in feeder._besides()] == [
        ("rules", 0),
        ("rules", 1),
        ("t", -1),
    ]
    assert feeder._besides() == []
    assert feeder.sent == 1
