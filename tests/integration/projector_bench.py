"""A bench for the projector on real servers: topics and a database of its own, and readers of both stores."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
import redis
import sqlalchemy as sa
import tenacity
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.stack import StackUrls
from schemas import topics
from schemas.admin import RECORD_MAX_BYTES
from schemas.codec import Codec
from schemas.registry import FingerprintRegistry
from services.projector import testing
from services.projector.live_side import LiveSide
from services.projector.loop import Projector
from services.projector.offsets import live_offsets, projected_offsets
from services.projector.projections import PROJECTIONS
from services.projector.reader import ResultsReader
from services.projector.testing import Result
from services.projector.writer import PostgresWriter
from services.store.engine import create_engine
from services.store.live import BalanceRow, LiveStore, Place
from services.store.live_redis import connect_live
from services.store.migrations import migrate
from services.store.tables import metadata

PARTITIONS = 2
COMMON = {"customer_id": "C-1", "currency": "EUR"}


@dataclass
class Bench:
    """A database, a Redis database and result topics of one test."""

    bootstrap: str
    database_url: str
    redis_url: str
    prefix: str
    codec: Codec = field(default_factory=lambda: Codec(FingerprintRegistry()))

    def __post_init__(self) -> None:
        self.projections = tuple(
            dataclasses.replace(
                projection, topic=dataclasses.replace(projection.topic, name=self.name(projection.topic))
            )
            for projection in PROJECTIONS
        )
        self.engine = create_engine(self.database_url)
        self.redis = redis.Redis.from_url(self.redis_url, decode_responses=True)
        self.live = connect_live(self.redis_url)

    def name(self, topic: topics.Topic) -> str:
        return f"{self.prefix}.{topic.name}"

    def publish(self, groups: list[list[Result]] | Iterator[list[Result]], per_transaction: int = 50) -> None:
        testing.publish(
            self.bootstrap,
            self.codec,
            groups,
            per_transaction=per_transaction,
            name_of=self.name,
            transactional_id=self.prefix,
        )

    def projector(self, live: LiveStore | None = None, **options: Any) -> Session:
        return Session(self, live or self.live, options)

    def ends(self) -> dict[Place, int]:
        consumer = ResultsReader(self.bootstrap, self.codec, projections=self.projections)._consumer
        found = {}
        for projection in self.projections:
            for partition in range(PARTITIONS):
                place = (projection.topic.name, partition)
                found[place] = consumer.get_watermark_offsets(TopicPartition(*place), timeout=10)[1]
        consumer.close()
        return found

    def wait_for_leaders(self, names: list[str]) -> None:
        """Until every partition answers: a topic is created a moment before its leader knows of it."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(KafkaException),
            wait=tenacity.wait_fixed(0.05),
            stop=tenacity.stop_after_delay(30),
            reraise=True,
        )
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "bench"})
        for place in (TopicPartition(name, partition) for name in names for partition in range(PARTITIONS)):
            retrying(consumer.get_watermark_offsets, place, timeout=10)
        consumer.close()

    def records(self, topic: topics.Topic) -> list[bytes]:
        """The committed values of a topic, partition by partition."""
        places = [TopicPartition(self.name(topic), partition, 0) for partition in range(PARTITIONS)]
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": "bench",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
            }
        )
        consumer.assign(places)
        found: list[Message] = []
        ended = 0
        while ended < PARTITIONS:
            for message in consumer.consume(100, timeout=0.1):
                error = message.error()
                if error is None:
                    found.append(message)
                elif error.code() == KafkaError._PARTITION_EOF:
                    ended += 1
                else:
                    raise KafkaException(error)
        consumer.close()
        found.sort(key=lambda message: (message.partition() or 0, message.offset() or 0))
        return [message.value() or b"" for message in found]

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        return dump(self.engine)

    def close(self) -> None:
        self.engine.dispose()
        self.redis.close()
        self.live.close()


class Session:
    """One life of a projector, turn by turn."""

    def __init__(self, bench: Bench, live: LiveStore, options: dict[str, Any]) -> None:
        self.writer = PostgresWriter(
            bench.database_url,
            projections=bench.projections,
            lock_patience_s=options.pop("lock_patience_s", 5.0),
        )
        self.side = LiveSide(live, self.writer, projections=bench.projections)
        self.reader = ResultsReader(
            bench.bootstrap, bench.codec, projections=bench.projections, idle_s=0.1, **options
        )
        self.projector = Projector(self.reader, self.writer, self.side)
        self.bench = bench

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.close()
        self.writer.close()

    def run_until(self, done: Callable[[], bool], timeout_s: float = 30.0) -> None:
        deadline = time.monotonic() + timeout_s

        def is_stopping() -> bool:
            assert time.monotonic() < deadline, "not done in time"
            return done()

        self.projector.run(is_stopping)

    def catch_up(self, *, with_redis: bool = True) -> None:
        wanted = self.bench.ends()

        def is_done() -> bool:
            nonlocal wanted
            projected = projected_offsets(self.bench.engine)
            if any(offset > wanted[place] for place, offset in projected.items()):
                wanted = self.bench.ends()  # the last transaction's markers came after they were asked for
            reached = projected == {place: end for place, end in wanted.items() if end}
            return reached and (not with_redis or live_offsets(self.bench.redis) == projected)

        self.run_until(is_done)


@contextlib.contextmanager
def projecting(bench: Bench) -> Iterator[None]:
    """A projector that runs in a thread meanwhile."""
    stop = threading.Event()
    with bench.projector() as session:
        thread = threading.Thread(target=session.projector.run, args=(stop.is_set,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(30)
    assert not thread.is_alive()


def dump(engine: sa.Engine) -> dict[str, list[tuple[Any, ...]]]:
    with engine.connect() as connection:
        return {
            name: [
                tuple(row)
                for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))
            ]
            for name, table in metadata.tables.items()
        }


@pytest.fixture
def bench(stack: StackUrls) -> Iterator[Bench]:
    prefix = f"t{secrets.token_hex(4)}"
    database_url = sa.make_url(stack.database_url).set(database=prefix).render_as_string(hide_password=False)
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        connection.execute(f'create database "{prefix}"'.encode())
    migrate(database_url)
    redis_url = stack.redis_url.removesuffix("/0") + "/15"  # other tests use 0
    bench = Bench(stack.kafka_bootstrap_servers, database_url, redis_url, prefix)
    bench.redis.flushdb()
    admin = AdminClient({"bootstrap.servers": bench.bootstrap})
    names = [
        *(projection.topic.name for projection in bench.projections),
        *map(bench.name, (topics.ADJUSTMENTS, topics.PAYMENTS, topics.RULES)),
    ]
    config = {"max.message.bytes": str(RECORD_MAX_BYTES)}
    wanted = [NewTopic(name, PARTITIONS, 1, config=config) for name in names]
    for future in admin.create_topics(wanted).values():
        future.result(30)
    bench.wait_for_leaders(names)
    yield bench
    bench.redis.flushdb()
    bench.close()
    for future in admin.delete_topics(names).values():
        future.result(30)
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        connection.execute(f'drop database "{prefix}" with (force)'.encode())


def expected_latest(groups: list[list[Result]], topic: topics.Topic, *key: str) -> dict[tuple[Any, ...], Any]:
    found: dict[tuple[Any, ...], Any] = {}
    for group in groups:
        for result in group:
            if result.topic is topic:
                found[tuple(result.record[name] for name in key)] = result.record
    return found


def assert_reflects(bench: Bench, groups: list[list[Result]]) -> None:
    """PostgreSQL and Redis hold what a plain fold of the results gives."""
    tables = bench.tables()
    results = [result for group in groups for result in group]
    by_topic = {topic: [r.record for r in results if r.topic is topic] for topic in topics.RESULTS}

    balances = expected_latest(groups, topics.BALANCES, "customer_id", "currency")
    wanted = sorted(tuple(record.values()) for record in balances.values())
    assert sorted(tables["balances"]) == wanted
    live = {(row.customer_id, row.currency): row for row in bench.live.balances()}
    assert live.keys() == balances.keys()
    for account, record in balances.items():
        assert live[account] == BalanceRow(**record)

    entries = {record["entry_id"]: record for record in by_topic[topics.LEDGER_ENTRIES]}
    assert [row[0] for row in tables["ledger_entries"]] == sorted(entries)
    columns = [column.name for column in metadata.tables["ledger_entries"].columns]
    for row in tables["ledger_entries"]:
        stored = dict(zip(columns, row, strict=True))
        record = dict(entries[stored["entry_id"]])
        source = record.pop("source")
        assert stored == {**record, **{f"source_{name}": value for name, value in source.items()}}

    items = expected_latest(groups, topics.OPEN_ITEMS, "customer_id", "currency", "item_id")
    assert {row[:3]: row[3] for row in tables["open_items"]} == {
        key: record["account_version"] for key, record in items.items()
    }
    allocations = expected_latest(groups, topics.ALLOCATIONS, "customer_id", "currency", "allocation_id")
    assert {row[:3]: (row[8], row[13]) for row in tables["allocations"]} == {
        key: (0 if record["state"] == "withdrawn" else record["amount_minor"], record["state"])
        for key, record in allocations.items()
    }
    found = expected_latest(groups, topics.DISCREPANCIES, "discrepancy_id")
    names = [column.name for column in metadata.tables["discrepancies"].columns]
    assert len(tables["discrepancies"]) == len(found)
    for row in tables["discrepancies"]:
        assert dict(zip(names, row, strict=True)) == found[row[0],]
    assert {row[:3] for row in tables["discrepancy_history"]} == {
        (record["discrepancy_id"], record["account_version"], record["state"])
        for record in by_topic[topics.DISCREPANCIES]
    }
    assert {(row[2], bytes(row[9])) for row in tables["dead_letters"]} == {
        (record["source"]["offset"], record["raw_value"]) for record in by_topic[topics.DEAD_LETTERS]
    }


def some_results(count: int = 400, seed: int = 7) -> list[list[Result]]:
    return list(testing.results(seed, customers=20, events=count))
