"""Publishing to a real Kafka, and waiting for what became of it in real stores."""

from __future__ import annotations

import gzip
import json
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
import sqlalchemy as sa
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from deploy.stack import StackUrls
from schemas import topics
from schemas.admin import topic_settings
from schemas.codec import Codec
from schemas.partitioner import PRODUCER_PARTITIONER, partition_for
from schemas.progress import PROGRESS_KEY, STATE_HEADERS, Progress, encode_progress
from schemas.registry import FingerprintRegistry
from services.imports.canonical import LineError, Outgoing, read_event
from services.imports.errors import NotReflectedError, PublishInterruptedError, Receipt
from services.imports.kinds import Options, Targets, find_import
from services.imports.publisher import Publisher, publish
from services.imports.settle import PROJECTOR, wait_until_reflected
from services.simulator.simulation import Simulation
from services.store.engine import create_engine
from services.store.live import Place
from services.store.migrations import migrate
from services.store.tables import consumer_offsets, customers

pytestmark = pytest.mark.integration

PARTITIONS = 4


@pytest.fixture
def admin(stack: StackUrls) -> AdminClient:
    return AdminClient({"bootstrap.servers": stack.kafka_bootstrap_servers})


@pytest.fixture
def prefix(admin: AdminClient) -> Iterator[str]:
    """Topics of this test alone, laid out as the declared ones."""
    prefix = f"publish-{secrets.token_hex(4)}."
    wanted = [
        NewTopic(prefix + topic.name, PARTITIONS, 1, config=topic_settings(topic, 1)) for topic in topics.ALL
    ]
    for created in admin.create_topics(wanted).values():
        created.result(30)
    yield prefix
    for deleted in admin.delete_topics([topic.topic for topic in wanted]).values():
        deleted.result(30)


@pytest.fixture
def publisher(stack: StackUrls) -> Publisher:
    return Publisher(stack.kafka_bootstrap_servers, Codec(FingerprintRegistry()))


@pytest.fixture
def engine(stack: StackUrls) -> Iterator[sa.Engine]:
    name = f"publish_{secrets.token_hex(4)}"
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        connection.execute(f'create database "{name}"'.encode())
        url = sa.make_url(stack.database_url).set(database=name).render_as_string(hide_password=False)
        migrate(url)
        engine = create_engine(url)
        yield engine
        engine.dispose()
        connection.execute(f'drop database "{name}" with (force)'.encode())


def under(prefix: str, outgoing: Outgoing | LineError) -> Outgoing:
    assert isinstance(outgoing, Outgoing), outgoing
    return replace(outgoing, topic=replace(outgoing.topic, name=prefix + outgoing.topic.name))


def simulated(prefix: str, events: Iterator[dict[str, Any]]) -> Iterator[Outgoing]:
    for position, event in enumerate(events, start=1):
        yield under(prefix, read_event(position, event))


def read_all(stack: StackUrls, topic: str) -> dict[int, list[tuple[bytes, bytes]]]:
    consumer = Consumer(
        {
            "bootstrap.servers": stack.kafka_bootstrap_servers,
            "group.id": "test",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
        }
    )
    consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
    found: dict[int, list[tuple[bytes, bytes]]] = {number: [] for number in range(PARTITIONS)}
    open_partitions = set(found)
    while open_partitions:
        message = consumer.poll(10)
        assert message is not None, "Kafka does not answer"
        if message.error() is not None:
            open_partitions.discard(message.partition())
        else:
            found[message.partition()].append((message.key(), message.value()))
    consumer.close()
    return found


def test_all_events_arrive_once_in_order_on_the_partition_of_their_customer(
    stack: StackUrls, prefix: str, publisher: Publisher
) -> None:
    events = list(Simulation(3, 20, 40).events())
    heard: list[int] = []
    with publisher:
        published = publish(
            simulated(prefix, iter(events)), publisher, on_error=pytest.fail, on_progress=heard.append
        )
    assert published.receipt.delivered == published.last_position == len(events) == heard[-1]
    codec = Codec(FingerprintRegistry())
    arrived = 0
    for topic in topics.INPUTS:
        for partition, records in read_all(stack, prefix + topic.name).items():
            place = (prefix + topic.name, partition)
            assert published.receipt.next_offsets.get(place, 0) == len(records)
            assert published.receipt.first_offsets.get(place) == (0 if records else None)
            ids = []
            for key, value in records:
                assert topic.schema is not None
                event = codec.decode(topic.schema, value)
                assert event["customer_id"].encode() == key
                assert partition_for(key, PARTITIONS) == partition
                ids.append(event["event_id"])
            kept = set(ids)
            customers_here = {k for k, _ in records}
            sent = [
                e["event_id"]
                for e in events
                if e["event_id"] in kept and e["customer_id"].encode() in customers_here
            ]
            assert ids == sent
            arrived += len(ids)
    assert arrived == len(events)


def test_ctrl_c_delivers_what_was_sent_and_the_rest_can_follow(
    stack: StackUrls, prefix: str, publisher: Publisher
) -> None:
    events = list(Simulation(3, 10, 30).events())

    def interrupted() -> Iterator[Outgoing]:
        for outgoing in simulated(prefix, iter(events)):
            if outgoing.position == 50:
                signal.raise_signal(signal.SIGINT)
            yield outgoing

    with publisher, pytest.raises(PublishInterruptedError) as caught:
        publish(interrupted(), publisher, on_error=pytest.fail)
    assert caught.value.position == caught.value.receipt.delivered == 50
    rest = (o for o in simulated(prefix, iter(events)) if o.position > caught.value.position)
    with Publisher(stack.kafka_bootstrap_servers, Codec(FingerprintRegistry())) as following:
        publish(rest, following, on_error=pytest.fail, after=caught.value.position)
    total = sum(len(r) for t in topics.INPUTS for r in read_all(stack, prefix + t.name).values())
    assert total == len(events)


def test_kinds_of_import_on_a_file(stack: StackUrls, engine: sa.Engine, tmp_path: Path) -> None:
    def nothing() -> Publisher:
        raise AssertionError("master data are no events")

    path = tmp_path / "customers.csv"
    path.write_text("customer_id,name,language\nC-1,Old,en\nC-2,二,zh\n,x,en\nC-1,New,en\n", encoding="utf-8")
    run = find_import("customers")
    for _ in range(2):
        summary = run(path, Targets(nothing, lambda: engine), Options(), None)
    assert (summary.rows, summary.accepted, summary.rejected) == (4, {"customer": 2}, {"BAD_VALUE": 1})
    assert summary.report is not None
    assert summary.report.exists()
    with engine.connect() as connection:
        rows = connection.execute(sa.select(customers.c.customer_id, customers.c.name)).all()
    assert sorted(map(tuple, rows)) == [("C-1", "New"), ("C-2", "二")]


def test_a_packed_file_of_events_with_a_wrong_line(
    stack: StackUrls, tmp_path: Path, admin: AdminClient
) -> None:
    # No valid event in it: the declared topics of this Kafka belong to other tests too.
    path = tmp_path / "events.ndjson.gz"
    path.write_bytes(gzip.compress(b'{\n\n{"event_type":"order.placed"}\n'))
    heard = []
    summary = find_import("events")(
        path,
        Targets(
            lambda: Publisher(stack.kafka_bootstrap_servers, Codec(FingerprintRegistry())),
            lambda: pytest.fail("events are no master data"),
        ),
        Options(),
        heard.append,
    )
    assert summary.rejected == {"NOT_JSON": 1, "MISSING_FIELD": 1}
    assert (heard[-1].bytes_done, heard[-1].bytes_total) == (path.stat().st_size,) * 2
    assert summary.receipt == Receipt()


class Stores:
    """A stream and a projector played by hand."""

    def __init__(self, stack: StackUrls, prefix: str, engine: sa.Engine) -> None:
        self.servers = stack.kafka_bootstrap_servers
        self.prefix = prefix
        self.engine = engine
        self.results = [prefix + topic.name for topic in topics.RESULTS]
        self.changelog = prefix + topics.BOOKS_CHANGELOG.name
        self.balances = prefix + topics.BALANCES.name
        self.in_redis: dict[Place, int] = {}
        self.producer = Producer(
            {
                "bootstrap.servers": self.servers,
                "transactional.id": f"test-{secrets.token_hex(4)}",
                "partitioner": PRODUCER_PARTITIONER,
            }
        )
        self.producer.init_transactions(30)

    def commit(self, partition: int, offsets: dict[str, int], results: int) -> None:
        """One checkpoint of the stream: results, and progress behind them."""
        self.producer.begin_transaction()
        for _ in range(results):
            self.producer.produce(self.balances, b"x", b"C-1", partition=partition)
        progress = encode_progress(Progress(offsets))
        self.producer.produce(
            self.changelog, progress, PROGRESS_KEY, partition=partition, headers=list(STATE_HEADERS)
        )
        self.producer.commit_transaction(30)

    def abort(self, partition: int, results: int) -> None:
        self.producer.begin_transaction()
        for _ in range(results):
            self.producer.produce(self.balances, b"y", b"C-1", partition=partition)
        self.producer.flush(30)
        self.producer.abort_transaction(30)

    def project(self, partition: int, next_offset: int) -> None:
        self.in_redis[self.balances, partition] = next_offset
        with self.engine.begin() as connection:
            connection.execute(sa.delete(consumer_offsets).where(consumer_offsets.c.partition == partition))
            connection.execute(
                sa.insert(consumer_offsets).values(
                    consumer=PROJECTOR, topic=self.balances, partition=partition, next_offset=next_offset
                )
            )

    # the one method of LiveReader that is asked
    def projected(self) -> dict[Place, int]:
        return dict(self.in_redis)

    def wait(self, receipt: Receipt, timeout_s: int) -> None:
        wait_until_reflected(
            receipt,
            bootstrap_servers=self.servers,
            engine=self.engine,
            live=self,  # type: ignore[arg-type]
            timeout_s=timeout_s,
            changelog=self.changelog,
            results=self.results,
        )


@pytest.fixture
def stores(stack: StackUrls, prefix: str, engine: sa.Engine) -> Stores:
    return Stores(stack, prefix, engine)


def test_it_waits_for_the_stream_then_for_both_stores(stores: Stores) -> None:
    receipt = Receipt({("in", 1): 7}, {"order": 7})
    with pytest.raises(NotReflectedError) as caught:
        stores.wait(receipt, 1)
    [behind] = caught.value.behind
    assert (behind.store, behind.reached, behind.wanted) == ("the stream", 0, 7)

    stores.commit(1, {"in": 6}, results=2)
    with pytest.raises(NotReflectedError) as caught:
        stores.wait(receipt, 1)
    assert caught.value.behind[0].reached == 6

    stores.commit(1, {"in": 7}, results=1)  # offsets 0 1 (marker) 3 (marker)
    with pytest.raises(NotReflectedError) as caught:
        stores.wait(receipt, 1)
    assert [(b.store, b.partition, b.wanted) for b in caught.value.behind] == [
        ("PostgreSQL", 1, 4),
        ("Redis", 1, 4),
    ]
    stores.project(1, 4)  # behind its last record, before the marker
    stores.wait(receipt, 10)
    stores.in_redis.clear()
    with pytest.raises(NotReflectedError, match="Redis is 4 offsets behind"):
        stores.wait(receipt, 1)


def test_results_that_were_taken_back_are_not_waited_for(stores: Stores) -> None:
    stores.commit(2, {"in": 1}, results=1)
    stores.abort(2, results=100)  # more than the tail that is read first
    stores.project(2, 1)
    stores.wait(Receipt({("in", 2): 1}, {"order": 1}), 10)


def test_it_returns_as_soon_as_the_last_store_is_there(stores: Stores) -> None:
    stores.commit(0, {"in": 3}, results=3)
    receipt = Receipt({("in", 0): 3}, {"order": 3})
    done_at: list[float] = []

    def later() -> None:
        time.sleep(0.7)
        stores.project(0, 3)
        done_at.append(time.monotonic())

    thread = threading.Thread(target=later)
    thread.start()
    stores.wait(receipt, 30)
    returned_at = time.monotonic()
    thread.join()
    assert done_at, "it returned before the stores were there"
    assert returned_at - done_at[0] < 2


def test_the_real_live_store_is_asked(stack: StackUrls, stores: Stores) -> None:
    from services.store.live_redis import RedisLiveStore

    stores.commit(3, {"in": 1}, results=1)
    stores.project(3, 1)
    client = redis.Redis.from_url(stack.redis_url, decode_responses=True)
    client.hset("tieout:positions", f"{stores.balances}:3", 1)
    wait_until_reflected(
        Receipt({("in", 3): 1}),
        bootstrap_servers=stores.servers,
        engine=stores.engine,
        live=RedisLiveStore(client),
        timeout_s=10,
        changelog=stores.changelog,
        results=stores.results,
    )
    client.hdel("tieout:positions", f"{stores.balances}:3")
    client.close()


def test_the_contract_example_is_publishable(prefix: str, publisher: Publisher) -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "events.md"
    examples = [
        json.loads(row) for row in page.read_text("utf-8").splitlines() if row.startswith('{"event_id"')
    ]
    assert len(examples) == 3
    with publisher:
        published = publish(simulated(prefix, iter(examples)), publisher, on_error=pytest.fail)
    assert published.receipt.counts == {"order": 1, "payment": 1, "customer_statement": 1}
