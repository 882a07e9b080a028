"""The live demonstration's feeder: it ends when it is told to, when its time is over, and when Tieout is stopped."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import pytest

from deploy.fleet import Fleet
from runtime.settings import Settings
from services.cli import demo
from services.cli.stopping import StopSignals
from services.simulator.simulation import Simulation


class Sink:
    """A publisher that remembers how it was left."""

    def __init__(self) -> None:
        self.sent = 0
        self.left_by: type[BaseException] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.left_by = kind

    def send(self, outgoing: object) -> None:
        self.sent += 1


class Told:
    """Stop signals of which the ``after``-th wait brings one."""

    def __init__(self, after: int) -> None:
        self._left = after

    def wait(self, timeout_s: float) -> bool:
        self._left -= 1
        return self._left <= 0


class Endless:
    """Live events without end: those of a simulation, over and over."""

    def live_events(self, rate: int, now: dt.datetime) -> Iterator[dict[str, Any]]:
        return itertools.cycle(Simulation(1, 1, 2).events())


@pytest.fixture
def feed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[Sink, str]]:
    def run(runs: list[object], *, seconds: int = 0, told_after: int = 1_000) -> tuple[Sink, str]:
        sink = Sink()
        states = iter(runs)
        monkeypatch.setattr(demo, "new_publisher", lambda found, settings: sink)
        monkeypatch.setattr(demo, "_LOOK_EVERY_S", 0.0)
        monkeypatch.setattr(Fleet, "running", lambda fleet: next(states))
        simulation, signals = cast("Simulation", Endless()), cast("StopSignals", Told(told_after))
        demo._feed(simulation, cast("Any", None), Settings(home=tmp_path), 1000, seconds, signals)
        return sink, " ".join(capsys.readouterr().err.split())

    return run


def test_it_says_in_one_sentence_that_tieout_was_stopped(feed: Callable[..., tuple[Sink, str]]) -> None:
    sink, said = feed(["runs", "runs", None])
    assert sink.sent == 3
    assert said == "Tieout was stopped from elsewhere, so no more events are fed."
    assert sink.left_by is not None  # what is queued is given up, not waited for


def test_told_to_stop_it_says_nothing(feed: Callable[..., tuple[Sink, str]]) -> None:
    sink, said = feed(["runs"] * 9, told_after=5)
    assert (sink.sent, said, sink.left_by) == (5, "", None)
