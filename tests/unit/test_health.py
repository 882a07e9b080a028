"""The health server answers for a process that serves no HTTP itself."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter

from runtime.health import HealthServer


class Condition:
    def __init__(self) -> None:
        self.stuck: list[str] = []
        self.unready: list[str] = []


@pytest.fixture
def condition() -> Condition:
    return Condition()


@pytest.fixture
def server(condition: Condition) -> Iterator[HealthServer]:
    registry = CollectorRegistry()
    Counter("tieout_test_total", "For the test.", registry=registry).inc(3)
    checks: dict[str, Any] = {"alive": lambda: condition.stuck, "ready": lambda: condition.unready}
    with HealthServer(registry, port=0, **checks) as running:
        yield running


def get(server: HealthServer, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_metrics_are_served(server: HealthServer) -> None:
    status, text = get(server, "/metrics")
    assert status == 200
    assert "tieout_test_total 3.0" in text


def test_alive_and_ready_tell_their_problems_apart(server: HealthServer, condition: Condition) -> None:
    assert get(server, "/healthz")[0] == 200
    assert get(server, "/readyz")[0] == 200
    condition.unready = ["PostgreSQL does not answer"]
    assert get(server, "/healthz")[0] == 200
    status, text = get(server, "/readyz")
    assert status == 503
    assert json.loads(text)["problems"] == ["PostgreSQL does not answer"]
    condition.stuck = ["no progress for 90 s"]
    assert get(server, "/healthz")[0] == 503


def test_an_unknown_path_is_not_found(server: HealthServer) -> None:
    assert get(server, "/")[0] == 404


def test_the_port_is_free_after_stop() -> None:
    first = HealthServer(CollectorRegistry(), port=0)
    first.start()
    port = first.port
    with pytest.raises(OSError, match="in use"):
        HealthServer(CollectorRegistry(), port=port)
    first.stop()
    HealthServer(CollectorRegistry(), port=port).stop()
