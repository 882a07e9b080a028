"""The engine on a real broker: exactly once through kill -9, ordinary agents beside it, the door, both stores."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.stack import StackUrls
from tests.integration.engine_workers import App, everything, wait_for

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


@pytest.fixture(params=["memory", "rocksdb"])
def app(request: pytest.FixtureRequest, stack: StackUrls, tmp_path: Path) -> Iterator[App]:
    started = App(stack.kafka_bootstrap_servers, tmp_path, request.param)
    try:
        yield started
    finally:
        for worker in started.workers.values():
            worker.kill()


def test_state_and_outputs_are_exactly_once_through_kills(app: App) -> None:
    app.start()
    for _ in range(4):
        app.send(6_000)
        wait_for(lambda: len(app.state()) > 10, "something is committed")
        worker = app.workers[1]
        worker.kill()  # most likely with a checkpoint in hand
        app.start()
    app.settled()
    assert sorted(app.records("sums")) == sorted(app.outputs)


def test_terminated_workers_hand_over_everything(app: App) -> None:
    first = app.start(1)
    app.send(5_000)
    second = app.start(2)
    wait_for(
        lambda: bool(first.partitions()) and bool(second.partitions()) and everything(first, second)(),
        "two workers share the partitions",
    )
    app.send(5_000)
    second.process.send_signal(signal.SIGTERM)
    second.process.wait(30)
    wait_for(everything(first), "the first has all partitions again")
    app.send(2_000)
    app.settled()
    assert sorted(app.records("sums")) == sorted(app.outputs)


def test_the_door_tells_committed_values_to_who_has_the_token(app: App) -> None:
    worker = app.start()
    wait_for(everything(worker), "the worker is at work")
    app.send(500)
    app.settled()
    key, tally = next(iter(app.sent.items()))
    assert worker.get(f"/state/{key.decode()}").json() == {"total": tally.total, "count": tally.count}
    assert worker.get("/state/nobody").status_code == 404
    refused = worker.get(f"/state/{key.decode()}", token="a guess")
    assert refused.status_code == 401
    assert refused.json()["type"] == "urn:tieout:problem:unauthorized"


def test_per_event_agents_work_beside_and_write_the_table(app: App) -> None:
    worker = app.start()
    wait_for(everything(worker), "the worker is at work")
    app.send(300)
    app.settled()
    keys = sorted(app.sent)[:20]
    for key in keys:
        app.producer.produce(f"{app.prefix}-notes", b"1000", key)
        app.sent[key].total += 1000
    assert app.producer.flush(30) == 0
    app.settled()
    worker.process.send_signal(signal.SIGTERM)  # at least once: a kill might bring the last notes again
    worker.process.wait(30)
    app.start()
    app.send(100)  # goes on from there, with what the ordinary agent wrote
    app.settled()
