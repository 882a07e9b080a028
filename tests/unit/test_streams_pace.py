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


def test_the_first_checkpoint_starts_at_once() -> None:
    assert Pace(SETTINGS).wait_s(1, 0.0, more_waiting=True) <= 0


def test_idle_waits_only_the_least_time(pace: Pace) -> None:
    assert pace.wait_s(1, 100.0, more_waiting=False) == pytest.approx(0.01)
    assert pace.wait_s(1, 100.02, more_waiting=False) <= 0


def test_busy_waits_for_events_or_time(pace: Pace) -> None:
    assert pace.wait_s(999, 100.1, more_waiting=True) == pytest.approx(0.4)
    assert pace.wait_s(1000, 100.1, more_waiting=True) <= 0
    assert pace.wait_s(1, 100.6, more_waiting=True) <= 0


def test_idle_pauses_as_long_as_checkpoints_take(pace: Pace) -> None:
    for _ in range(50):
        pace.finished(0.02, 10)
    assert pace.wait_s(1, 100.0, more_waiting=False) == pytest.approx(0.04, rel=0.01)
    pace.finished(1.0, 10)
    assert pace.wait_s(1, 100.0, more_waiting=False) < 0.3
    for _ in range(4):
        pace.finished(0.02, 10)
    assert pace.wait_s(1, 100.0, more_waiting=False) < 0.06
    for _ in range(4):
        pace.finished(0.001, 10)
    assert pace.wait_s(1, 100.0, more_waiting=False) == pytest.approx(0.01)


def test_idle_never_waits_longer_than_busy(pace: Pace) -> None:
    for _ in range(50):
        pace.finished(9.0, 10)
    assert pace.wait_s(1, 100.0, more_waiting=False) == pace.wait_s(1, 100.0, more_waiting=True)


def test_a_slow_commit_halves_the_bound_and_quick_ones_restore_it(pace: Pace) -> None:
    pace.finished(0.3, 1000)
    assert pace.events_bound == 500
    assert pace.wait_s(500, 100.1, more_waiting=True) <= 0
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
