"""The watchdog ends a worker that has work and gets nowhere, and says what every thread was doing."""

from __future__ import annotations

import threading

import pytest

from streams.engine.watchdog import Watchdog, stacks


def test_a_stall_is_diagnosed_and_ends_the_process(caplog: pytest.LogCaptureFixture) -> None:
    stopped: list[str] = []
    ended = threading.Event()

    def stop(why: str) -> None:
        stopped.append(why)
        ended.set()

    dog = Watchdog(0.04, lambda: 9.0, lambda: {"pending_events": 7}, lambda: "nothing moved", stop=stop)
    dog.start()
    assert ended.wait(10)
    assert stopped == ["nothing moved for 0 s"]  # it has watched for no longer, whatever it is told
    assert "pending_events" in caplog.text
    assert "thread MainThread" in caplog.text


def test_progress_keeps_it_quiet() -> None:
    asked = threading.Semaphore(0)

    def stalled_s() -> float:
        asked.release()
        return 0.0

    stopped: list[str] = []
    dog = Watchdog(0.04, stalled_s, dict, str, stop=stopped.append)
    dog.start()
    for _ in range(5):
        assert asked.acquire(timeout=10)
    dog.close()
    assert stopped == []


def test_stacks_name_the_threads() -> None:
    assert "test_stacks_name_the_threads" in stacks()["MainThread"]
