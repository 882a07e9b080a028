"""What the engine does where its surroundings fail: it ends without committing, and its successor loses nothing.

Each trouble ends the process with the code that names it (``streams.engine.failstop``), and the state and the outputs
are those of the input, each event once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from deploy.faults import limit_files
from deploy.stack import EmbeddedStack
from deploy.topic_settings import own_values, setting
from streams.engine.failstop import ExitCode
from tests.integration.engine_workers import App, everything, wait_for

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

#: less than the record batch of any record of the app, more than that of a transaction's marker
NO_RECORD = "100"


@pytest.fixture
def app(embedded_stack: EmbeddedStack, tmp_path: Path) -> Iterator[App]:
    started = App(embedded_stack.urls.kafka_bootstrap_servers, tmp_path, "memory", watchdog_s=4.0)
    try:
        yield started
    finally:
        for worker in started.workers.values():
            worker.kill()


def at_work(app: App) -> None:
    """A worker has every partition and has committed something."""
    worker = app.start()
    wait_for(everything(worker), "the worker is at work")
    app.send(2_000)
    app.settled()


def nothing_lost_nothing_twice(app: App) -> None:
    app.start()
    app.send(500)
    app.settled()
    assert sorted(app.records("sums")) == sorted(app.outputs)


def test_a_broker_that_answers_nothing_is_met_by_the_watchdog(
    app: App, embedded_stack: EmbeddedStack
) -> None:
    at_work(app)
    app.send(8_000)
    worker = app.workers[1]
    with embedded_stack.frozen("kafka"):
        assert worker.process.wait(60) == ExitCode.STALLED
    log = worker.log.read_text()
    assert "work is waiting and nothing was committed for" in log
    assert "thread MainThread" in log, "the stacks tell where it stands"
    nothing_lost_nothing_twice(app)


def test_refused_records_end_the_worker_and_the_topics_are_as_before(app: App) -> None:
    at_work(app)
    topics = [f"{app.prefix}-changelog", f"{app.prefix}-sums"]
    with setting(app.bootstrap, topics, "max.message.bytes", NO_RECORD):
        assert limits(app, topics) == dict.fromkeys(topics, NO_RECORD)
        app.send(1_000)
        assert app.workers[1].process.wait(60) == ExitCode.CHECKPOINT_ERROR
    assert "MSG_SIZE_TOO_LARGE" in app.workers[1].log.read_text()
    assert limits(app, topics) == dict.fromkeys(topics)
    nothing_lost_nothing_twice(app)


def test_a_setting_that_a_topic_had_of_its_own_comes_back(app: App) -> None:
    topic = f"{app.prefix}-sums"
    with setting(app.bootstrap, [topic], "max.message.bytes", "2000"):
        with setting(app.bootstrap, [topic], "max.message.bytes", NO_RECORD):
            assert limits(app, [topic]) == {topic: NO_RECORD}
        assert limits(app, [topic]) == {topic: "2000"}
    assert limits(app, [topic]) == {topic: None}


def test_a_full_disk_under_rocksdb_ends_the_worker(app: App) -> None:
    app.store = "rocksdb"
    at_work(app)
    worker = app.workers[1]
    limit_files(worker.process.pid, 0)
    app.send(4_000)
    assert worker.process.wait(60) == ExitCode.CHECKPOINT_ERROR
    nothing_lost_nothing_twice(app)


def limits(app: App, topics: list[str]) -> dict[str, str | None]:
    return own_values(AdminClient({"bootstrap.servers": app.bootstrap}), topics, "max.message.bytes")
