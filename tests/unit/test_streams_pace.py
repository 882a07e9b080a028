"""A checkpoint starts at once when idle, waits when busy, and gets smaller when the broker is slow."""

from __future__ import annotations

import pytest

from streams.engine.pace import Pace, PaceSettings

SETTINGS = PaceSettings(
    idle_seconds=0.01, busy_events=1000, busy_seconds=0.5, commit_seconds_max=0.2, pending_events_max=2000
)


@pytest.fixture
def pace() -> Pace:
    started = Pace(SETTINGS)
    started.started(100.0)
    return started


def due(pace: Pace, events: int = 1, *, awaited: bool = True, more_waiting: bool = False) -> float:
    """Seconds after the last start at which the next one is due."""
    return pace.due_s(events, awaited=awaited, more_waiting=more_waiting) - pace.started_s


def run(pace: Pace, checkpoints: int, takes_s: float) -> float:
    """So many awaited checkpoints, each as soon as it is due; the share of the time in which one was in flight."""
    begin = pace.started_s
    for _ in range(checkpoints):
        pace.finished(takes_s, 10)
        due_s = pace.due_s(1, awaited=True, more_waiting=False)
        pace.started(max(due_s, pace.started_s + takes_s))
    return checkpoints * takes_s / (pace.started_s - begin)


def test_the_first_checkpoint_starts_at_once() -> None:
    assert Pace(SETTINGS).due_s(1, awaited=False, more_waiting=True) == float("-inf")


def test_what_somebody_waits_for_waits_only_the_least_time(pace: Pace) -> None:
    assert due(pace) == pytest.approx(0.01)


def test_what_nobody_waits_for_waits_longer(pace: Pace) -> None:
    assert due(pace, awaited=False) == pytest.approx(0.1)
    run(pace, 100, 0.1)
    pace.finished(0.1, 10)
    assert due(pace, awaited=False) == due(pace) == pytest.approx(0.2)


def test_busy_waits_for_events_or_time(pace: Pace) -> None:
    for awaited in (True, False):
        assert due(pace, 999, awaited=awaited, more_waiting=True) == pytest.approx(0.5)
        assert due(pace, 1000, awaited=awaited, more_waiting=True) == 0
        assert due(pace, 1000, awaited=awaited) == 0


def test_some_checkpoints_follow_each_other_at_once(pace: Pace) -> None:
    assert run(pace, 5, 0.03) == pytest.approx(1.0)


def test_checkpoints_are_in_flight_half_of_the_time(pace: Pace) -> None:
    assert run(pace, 1_000, 0.03) == pytest.approx(0.5, abs=0.02)
    pace.finished(0.03, 10)
    assert due(pace) == pytest.approx(0.06)


def test_after_a_rest_they_follow_each_other_again(pace: Pace) -> None:
    run(pace, 100, 0.03)
    pace.started(pace.started_s + 10.0)
    assert run(pace, 5, 0.03) == pytest.approx(1.0)


def test_a_single_slow_one_is_soon_made_up_for(pace: Pace) -> None:
    pace.finished(5.0, 10)
    pace.started(pace.started_s + 5.0)
    pace.finished(0.01, 10)
    assert due(pace) < 0.05


def test_nothing_waits_longer_than_busy(pace: Pace) -> None:
    pace.finished(9.0, 10)
    assert due(pace) == due(pace, awaited=False) == due(pace, more_waiting=True)
    hasty = Pace(PaceSettings(busy_seconds=0.05))
    hasty.started(100.0)
    assert due(hasty, awaited=False) == pytest.approx(0.05)


def test_a_slow_commit_halves_the_bound_and_quick_ones_restore_it(pace: Pace) -> None:
    pace.finished(0.3, 1000)
    assert pace.events_bound == 500
    assert due(pace, 500, more_waiting=True) == 0
    for _ in range(10):
        pace.finished(0.01, 500)
    assert pace.events_bound == 1000


def test_the_bound_has_a_floor(pace: Pace) -> None:
    for _ in range(20):
        pace.finished(9.0, 1)
    assert pace.events_bound == 500


def test_a_small_slow_commit_shrinks_from_its_own_size(pace: Pace) -> None:
    settings = PaceSettings(busy_events=50_000)
    slow = Pace(settings)
    slow.finished(1.0, 4_000)
    assert slow.events_bound == 2_000
