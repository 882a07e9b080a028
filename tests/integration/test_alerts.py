"""Alerts from real Kafka over real PostgreSQL to a real webhook: announced once, in time, and never too many."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import sqlalchemy as sa
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.stack import StackUrls
from schemas.codec import Codec
from schemas.errors import WireError
from schemas.partitioner import PRODUCER_PARTITIONER
from schemas.registry import FingerprintRegistry
from schemas.topics import DISCREPANCIES, NOTICES
from services.alerts.clock import ClockTopic, DayTeller
from services.alerts.decide import AlertPolicy
from services.alerts.intake import AlertIntake, TopicRecord
from services.alerts.process import AlertProcess
from services.alerts.stalled import SourceWatch
from services.alerts.text import compose_alerts
from services.alerts.topic import DiscrepancyTopic
from services.notify import (
    ChannelUnusableError,
    Dispatcher,
    KafkaNoticePublisher,
    Notice,
    NoticeKind,
    NoticePublishError,
    apprise_channels,
    one_message_each,
)
from services.notify.dispatch import Dispatched, DispatchPolicy
from services.queries import testing as books
from services.store import tables
from services.store.engine import create_engine

# apprise imports a module of Python's that is deprecated
pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")]

CODEC = Codec(FingerprintRegistry())
START = dt.datetime(2026, 1, 20, 12, tzinfo=dt.UTC)
GRACE = dt.timedelta(seconds=5)


class Webhook(ThreadingHTTPServer):
    """Keeps what is posted, by path; answers 500 on the paths in ``broken``."""

    daemon_threads = True

    def __init__(self) -> None:
        self.received: list[tuple[str, dict[str, Any]]] = []
        self.broken: set[str] = set()
        self.arrived = threading.Condition()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                broken = self.path in hook.broken
                if not broken:
                    with hook.arrived:
                        hook.received.append((self.path, body))
                        hook.arrived.notify_all()
                self.send_response(500 if broken else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        super().__init__(("127.0.0.1", 0), Handler)

    def titles(self, path: str = "/a") -> list[str]:
        return [body["title"] for at, body in self.received if at == path]

    def wait_for(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        with self.arrived:
            return self.arrived.wait_for(condition, timeout_s)


def record(
    offset: int, key: str, state: str = "OPENED", amount_minor: int = 50, partition: int = 0
) -> TopicRecord:
    return TopicRecord(
        partition, offset, CODEC.encode("discrepancy", value(key, state, amount_minor, offset + 1))
    )


def value(key: str, state: str, amount_minor: int, version: int) -> dict[str, Any]:
    return {
        "customer_id": "C-1",
        "currency": "EUR",
        "account_version": version,
        "discrepancy_id": key,
        "kind": "SHORT_PAYMENT",
        "state": state,
        "document_no": f"INV-{key}",
        "amount_minor": amount_minor,
        "rule": "paid_short",
        "rule_version": 1,
        "explanation": f"INV-{key} is still open.",
        "reason_code": "paid_short",
        "event_id": f"e-{version}",
        "business_date": START.date(),
        "occurred_at": START,
    }


@dataclass
class Bench:
    engine: sa.Engine
    hook: Webhook
    now: dt.datetime = START
    published: list[str] = field(default_factory=list)
    kafka_down: bool = False

    def __post_init__(self) -> None:
        self.intake = AlertIntake(
            self.engine, CODEC, AlertPolicy(grace=GRACE, group_above=3), "en", lambda: self.now
        )
        self.dispatcher = self.new_dispatcher("/a")

    def new_dispatcher(self, *paths: str, policy: DispatchPolicy | None = None) -> Dispatcher:
        port = self.hook.server_address[1]
        urls = ",".join(f"json://127.0.0.1:{port}{path}" for path in paths)
        return Dispatcher(
            self.engine,
            NoticeKind.DISCREPANCY_ALERT,
            apprise_channels(urls),
            compose_alerts(3, "en"),
            self,
            lambda: self.now,
            policy,
        )

    def publish(self, batch: Sequence[Notice]) -> None:
        if self.kafka_down:
            raise NoticePublishError(batch[0].notice_id, "down")
        self.published += [notice.notice_id for notice in batch]

    def later(self, seconds: float) -> Dispatched:
        self.now += dt.timedelta(seconds=seconds)
        return self.dispatcher.dispatch()

    def states(self) -> list[str]:
        row = tables.notices.c
        with self.engine.connect() as connection:
            return list(
                connection.execute(sa.select(row.state).order_by(row.created_at, row.notice_id)).scalars()
            )


@pytest.fixture(scope="module")
def database(stack: StackUrls) -> Iterator[str]:
    with books.fresh_database(stack.database_url) as url:
        yield url


@pytest.fixture
def bench(database: str) -> Iterator[Bench]:
    engine = create_engine(database)
    with engine.begin() as connection:
        connection.execute(sa.delete(tables.notices))
        connection.execute(sa.delete(tables.consumer_offsets))
        connection.execute(sa.delete(tables.ledger_entries))
    with Webhook() as hook:
        serving = threading.Thread(target=hook.serve_forever)
        serving.start()
        try:
            yield Bench(engine, hook)
        finally:
            hook.shutdown()
            serving.join()
            engine.dispose()


def test_a_finding_is_announced_once_after_its_grace(bench: Bench) -> None:
    bench.intake.take([record(0, "1", amount_minor=1_000_000)])
    assert bench.later(4) == Dispatched()
    assert bench.later(1) == Dispatched(sent=1)
    assert bench.later(60) == Dispatched()
    [(_, body)] = bench.hook.received
    assert body["title"] == "[critical] Short payment (opened) C-1 INV-1 EUR 10,000.00"
    assert body["type"] == "failure"
    assert body["message"].endswith(bench.published[0])


def test_a_finding_that_clears_within_the_grace_is_never_announced(bench: Bench) -> None:
    bench.intake.take([record(0, "1"), record(1, "1", "RETRACTED")])
    assert bench.later(3600) == Dispatched()
    assert bench.states() == ["withdrawn"]
    assert bench.published == []


def test_a_change_within_the_grace_replaces_what_waits(bench: Bench) -> None:
    bench.intake.take([record(0, "1", amount_minor=50)])
    bench.intake.take([record(1, "1", "UPDATED", amount_minor=75)])
    assert bench.later(5) == Dispatched(sent=1)
    assert bench.hook.titles() == ["[info] Short payment (updated) C-1 INV-1 EUR 0.75"]


def test_a_finding_that_clears_after_it_was_announced_is_announced_as_over(bench: Bench) -> None:
    bench.intake.take([record(0, "1")])
    bench.later(5)
    bench.intake.take([record(1, "1", "RETRACTED")])
    bench.later(5)
    assert bench.hook.titles()[1] == "[info] Short payment (withdrawn) C-1 INV-1 EUR 0.50"


def test_reading_the_topic_again_changes_nothing(bench: Bench) -> None:
    records = [record(0, "1"), record(1, "1", "RETRACTED"), record(2, "1"), record(0, "2", partition=1)]
    assert bench.intake.take(records) == 3
    before = bench.states()
    assert bench.intake.take(records) == 0
    assert bench.intake.take(records[1:2]) == 0
    assert bench.states() == before
    assert bench.intake.places() == {0: 3, 1: 1}
    assert bench.later(5) == Dispatched(sent=2)


def test_a_batch_with_a_broken_record_is_taken_not_at_all(bench: Bench) -> None:
    with pytest.raises(WireError):
        bench.intake.take([record(0, "1"), TopicRecord(0, 1, b"broken")])
    assert bench.states() == []
    assert bench.intake.places() == {}


def test_many_at_once_are_one_summary(bench: Bench) -> None:
    bench.intake.take([record(n, str(n), amount_minor=100 * n) for n in range(40)])
    assert bench.later(5) == Dispatched(sent=40)
    assert bench.hook.titles() == ["[info] 40 discrepancy alerts"]
    assert set(bench.states()) == {"sent"}
    assert len(bench.published) == 40


def test_a_failing_channel_is_tried_again_and_the_others_are_not_sent_to_twice(bench: Bench) -> None:
    bench.dispatcher = bench.new_dispatcher("/a", "/b")
    bench.hook.broken.add("/b")
    bench.intake.take([record(0, "1")])
    assert bench.later(5) == Dispatched(retried=1)
    assert bench.later(1) == Dispatched()
    assert bench.later(1) == Dispatched(retried=1)
    bench.hook.broken.clear()
    assert bench.later(3) == Dispatched()
    assert bench.later(1) == Dispatched(sent=1)
    assert len(bench.hook.titles("/a")) == 1
    assert len(bench.hook.titles("/b")) == 1
    assert bench.hook.titles("/a") == bench.hook.titles("/b")


def test_a_notice_joins_no_summary_that_would_go_to_a_channel_twice(bench: Bench) -> None:
    bench.dispatcher = bench.new_dispatcher("/a", "/b")
    bench.hook.broken.add("/b")
    bench.intake.take([record(0, "first")])
    bench.later(5)
    bench.hook.broken.clear()
    bench.intake.take([record(1 + n, str(n)) for n in range(9)])
    assert bench.later(10) == Dispatched(sent=10)
    assert len([title for title in bench.hook.titles("/a") if "first" in title]) == 1
    assert "[info] 9 discrepancy alerts" in bench.hook.titles("/a")


def test_it_gives_up_after_the_last_attempt_and_keeps_the_reason(bench: Bench) -> None:
    bench.dispatcher = bench.new_dispatcher("/a", policy=DispatchPolicy(attempts=3))
    bench.hook.broken.add("/a")
    bench.intake.take([record(0, "1")])
    assert [bench.later(1000) for _ in range(4)] == [
        Dispatched(retried=1),
        Dispatched(retried=1),
        Dispatched(failed=1),
        Dispatched(),
    ]
    row = tables.notices.c
    with bench.engine.connect() as connection:
        state, attempts, error = connection.execute(sa.select(row.state, row.attempts, row.last_error)).one()
    assert (state, attempts) == ("failed", 3)
    assert "500" in error


def test_a_sender_that_died_is_followed_by_another_after_its_lease(bench: Bench) -> None:
    class DiesError(Exception):
        pass

    class Dies:
        fingerprint = "dies"

        def send(self, message: object) -> Any:
            raise DiesError

    bench.intake.take([record(0, "1")])
    dying = Dispatcher(
        bench.engine,
        NoticeKind.DISCREPANCY_ALERT,
        [Dies()],
        compose_alerts(3, "en"),
        bench,
        lambda: bench.now,
    )
    bench.now += GRACE
    with pytest.raises(DiesError):
        dying.dispatch()
    assert bench.later(60) == Dispatched()
    assert bench.later(60) == Dispatched(sent=1)
    assert len(bench.published) == 1


def test_nothing_is_sent_that_kafka_has_not(bench: Bench) -> None:
    bench.kafka_down = True
    bench.intake.take([record(0, "1")])
    with pytest.raises(NoticePublishError):
        bench.later(5)
    assert bench.hook.received == []
    bench.kafka_down = False
    assert bench.later(2) == Dispatched(sent=1)


def test_without_a_channel_alerts_are_recorded_and_published(bench: Bench) -> None:
    bench.dispatcher = bench.new_dispatcher()
    bench.intake.take([record(0, "1")])
    assert bench.later(5) == Dispatched(recorded=1)
    assert bench.states() == ["recorded"]
    assert len(bench.published) == 1


def test_a_url_that_is_none_is_refused_without_telling_it() -> None:
    with pytest.raises(ChannelUnusableError) as refused:
        apprise_channels("json://127.0.0.1/x,nonsense://secret-token")
    assert refused.value.position == 2
    assert "secret-token" not in str(refused.value)


def test_from_topic_to_webhook_and_on_after_a_restart(bench: Bench, stack: StackUrls) -> None:
    """The process with real time: each finding is announced once although the process is started anew."""
    servers = stack.kafka_bootstrap_servers
    run_id = secrets.token_hex(3)
    findings, told = f"{run_id}.{DISCREPANCIES.name}", f"{run_id}.{NOTICES.name}"
    _create_topics(servers, findings, told)
    producer = Producer({"bootstrap.servers": servers, "partitioner": PRODUCER_PARTITIONER})
    policy = AlertPolicy(grace=dt.timedelta(milliseconds=200), group_above=50)

    def clock() -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def run_until(title_part: str) -> None:
        intake = AlertIntake(bench.engine, CODEC, policy, "en", clock)
        port = bench.hook.server_address[1]
        dispatcher = Dispatcher(
            bench.engine,
            NoticeKind.DISCREPANCY_ALERT,
            apprise_channels(f"json://127.0.0.1:{port}/a"),
            compose_alerts(policy.group_above, "en"),
            KafkaNoticePublisher(servers, CODEC, topic=told),
            clock,
        )
        with DiscrepancyTopic(servers, run_id, intake.places, topic=findings) as topic:
            watch = SourceWatch(bench.engine, dt.timedelta(0), "en", lambda: dt.datetime.now(dt.UTC))
            days = DayTeller(bench.engine, ClockTopic(servers, CODEC, topic=told).tell, clock)
            process = AlertProcess(topic, intake, [dispatcher], watch, days)
            running = threading.Thread(target=process.run)
            running.start()
            try:
                assert bench.hook.wait_for(lambda: any(title_part in t for t in bench.hook.titles()), 60)
                assert process.alive() == []
                assert process.ready() == []
            finally:
                process.stop()
                running.join()

    for round_no in (1, 2):
        key = f"{run_id}-{round_no}"
        producer.produce(findings, CODEC.encode("discrepancy", value(key, "OPENED", 50, 1)), b"C-1")
        assert producer.flush(30) == 0
        run_until(f"INV-{key} ")
    assert len(bench.hook.titles()) == len(set(bench.hook.titles())) == 2
    row = tables.notices.c
    with bench.engine.connect() as connection:
        ids = set(connection.execute(sa.select(row.notice_id)).scalars())
    assert ids == {n["notice_id"] for n in _read_notices(servers, told)}


def _create_topics(servers: str, *names: str) -> None:
    admin = AdminClient({"bootstrap.servers": servers})  # kept until its futures are done
    for future in admin.create_topics([NewTopic(name, 2, 1) for name in names]).values():
        future.result(30)


def _read_notices(servers: str, topic: str) -> list[dict[str, Any]]:
    consumer = Consumer(
        {"bootstrap.servers": servers, "group.id": secrets.token_hex(8), "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    found: list[dict[str, Any]] = []
    deadline = time.monotonic() + 20
    try:
        while time.monotonic() < deadline:
            messages = consumer.consume(100, 1.0)
            found += [CODEC.decode("notice", message.value()) for message in messages]
            if found and not messages:
                break
    finally:
        consumer.close()
    return found


def test_a_silent_source_is_named_once_and_again_only_after_it_has_spoken(bench: Bench) -> None:
    last = dt.datetime(2026, 1, 19, 12, tzinfo=dt.UTC)

    def write(source: str, document_no: str, at: dt.datetime) -> None:
        entry = books.entry("C-1", document_no, 50, at.date(), source_system=source, recorded_at=at)
        books.write(bench.engine, tables.ledger_entries, [entry])

    write("shop", "INV-1", last - dt.timedelta(days=30))
    write("shop", "INV-2", last)
    write("bank", "P-1", START)
    watch = SourceWatch(bench.engine, dt.timedelta(hours=30), "en", lambda: bench.now)
    stalled = Dispatcher(
        bench.engine,
        NoticeKind.SOURCE_STALLED,
        apprise_channels(f"json://127.0.0.1:{bench.hook.server_address[1]}/a"),
        one_message_each,
        bench,
        lambda: bench.now,
    )

    def look(later: dt.timedelta) -> int:
        bench.now += later
        new = watch.look()
        stalled.dispatch()
        return new

    assert look(dt.timedelta(0)) == 0
    assert look(dt.timedelta(hours=7)) == 1
    assert look(dt.timedelta(hours=1)) == 0
    assert bench.hook.titles() == ["[critical] Source stalled: shop"]
    write("shop", "INV-3", bench.now)
    write("bank", "P-2", bench.now)
    assert look(dt.timedelta(hours=1)) == 0
    assert look(dt.timedelta(hours=30)) == 2
    assert len(bench.hook.titles()) == 3
