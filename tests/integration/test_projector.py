"""The projector against real Kafka, PostgreSQL and Valkey, in this process; each test has its own topics."""

from __future__ import annotations

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
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.stack import StackUrls
from schemas import topics
from schemas.codec import Codec
from schemas.registry import FingerprintRegistry
from services.projector import testing
from services.projector.batch import Batch
from services.projector.errors import AnotherProjector, HistoryMissing, ResultRejected, ResultUnreadable
from services.projector.live_side import LiveSide
from services.projector.loop import Projector
from services.projector.offsets import live_offsets, projected_offsets
from services.projector.projections import PROJECTIONS
from services.projector.reader import ResultsReader
from services.projector.testing import Result
from services.projector.writer import PostgresWriter
from services.store.engine import create_engine
from services.store.errors import LiveStoreUnavailable
from services.store.live import BEGINNING, Advance, Applied, BalanceRow, Change, LiveStore, Place
from services.store.live_redis import connect_live
from services.store.migrations import migrate
from services.store.tables import metadata

pytestmark = pytest.mark.integration

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
        ends = self.bench.ends()
        wanted = {place: end for place, end in ends.items() if end}
        self.run_until(
            lambda: (
                projected_offsets(self.bench.engine) == wanted
                and (not with_redis or live_offsets(self.bench.redis) == wanted)
            )
        )


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
    names = [projection.topic.name for projection in bench.projections]
    for future in admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names]).values():
        future.result(30)
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


def test_results_reach_both_stores(bench: Bench) -> None:
    groups = some_results()
    assert {result.topic for group in groups for result in group} == set(topics.RESULTS)
    bench.publish(groups)
    with bench.projector(batch_records=97) as session:
        session.catch_up()
    assert_reflects(bench, groups)
    assert projected_offsets(bench.engine) == live_offsets(bench.redis)


def test_what_the_stream_took_back_is_never_seen(bench: Bench) -> None:
    bench.publish([[testing.balance({**COMMON, "account_version": 1}, "e-1", 1, 100)]])
    producer = Producer({"bootstrap.servers": bench.bootstrap, "transactional.id": "aborted"})
    producer.init_transactions(30)
    producer.begin_transaction()
    taken_back = testing.balance({**COMMON, "account_version": 2}, "e-2", 2, 999)
    value = bench.codec.encode("balance", taken_back.record)
    producer.produce(bench.name(topics.BALANCES), value, b"C-1")
    producer.flush(30)
    producer.abort_transaction(30)
    with bench.projector() as session:
        session.catch_up()
    found = bench.live.balance("C-1", "EUR")
    assert found is not None
    assert found.balance_minor == 100
    assert [row[3] for row in bench.tables()["balances"]] == [100]


def test_going_on_after_a_stop_reads_nothing_twice(bench: Bench) -> None:
    groups = some_results()
    bench.publish(groups[:150])
    with bench.projector() as session:
        session.catch_up()
    bench.publish(groups[150:])
    written: list[tuple[str, int, int]] = []
    with bench.projector() as session:
        session.writer._observe_rows = lambda *counts: written.append(counts)
        session.catch_up()
    assert_reflects(bench, groups)
    entries = sum(1 for group in groups[150:] for result in group if result.topic is topics.LEDGER_ENTRIES)
    assert sum(new + old for table, new, old in written if table == "ledger_entries") == entries


def test_a_replay_from_the_beginning_changes_nothing(bench: Bench) -> None:
    groups = some_results()
    bench.publish(groups)
    with bench.projector() as session:
        session.catch_up()
    before = bench.tables()
    balances = sorted(bench.live.balances(), key=lambda row: (row.customer_id, row.currency))
    with bench.engine.begin() as connection:
        connection.execute(sa.text("delete from consumer_offsets"))
    bench.redis.delete("tieout:projected")
    written: list[tuple[str, int, int]] = []
    with bench.projector() as session:  # in one batch each version wins at once, so that nothing is written
        session.writer._observe_rows = lambda *counts: written.append(counts)
        session.catch_up()
    assert bench.tables() == before
    assert sorted(bench.live.balances(), key=lambda row: (row.customer_id, row.currency)) == balances
    assert sum(new for _, new, _ in written) == 0
    assert sum(old for _, _, old in written) > 400


def test_a_lower_version_never_overwrites(bench: Bench) -> None:
    def versioned(version: int) -> list[Result]:
        common = {**COMMON, "account_version": version}
        return [
            testing.balance(common, f"e-{version}", version, version * 100),
            testing.open_item(common, "item", version * 100, is_debit=True),
            testing.allocation(common, "alloc", version * 100, "confirmed"),
            testing.discrepancy(common, "d", f"e-{version}", version, version * 100, "UPDATED"),
        ]

    bench.publish([versioned(5)])
    with bench.projector() as session:
        session.catch_up()
    bench.publish([versioned(3), versioned(4)])
    with bench.projector() as session:
        session.catch_up()
    tables = bench.tables()
    assert tables["balances"][0][2:4] == (5, 500)
    assert (tables["open_items"][0][3], tables["open_items"][0][9]) == (5, 500)
    assert (tables["allocations"][0][3], tables["allocations"][0][8]) == (5, 500)
    assert (tables["discrepancies"][0][3], tables["discrepancies"][0][7]) == (5, 500)
    assert [row[1] for row in tables["discrepancy_history"]] == [3, 4, 5]
    found = bench.live.balance("C-1", "EUR")
    assert found is not None
    assert (found.account_version, found.balance_minor) == (5, 500)


class FailingLive:
    """The real live store, with writes that fail while ``failing``."""

    def __init__(self, real: LiveStore) -> None:
        self._real = real
        self.failing = True
        self.refused = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def _refuse(self) -> None:
        if self.failing:
            self.refused += 1
            raise LiveStoreUnavailable(ConnectionError("injected"))

    def apply(
        self, balances: list[BalanceRow], changes: list[Change], advanced: dict[Place, Advance] | None = None
    ) -> Applied:
        self._refuse()
        return self._real.apply(balances, changes, advanced)

    def begin_rebuild(self) -> None:
        self._refuse()
        self._real.begin_rebuild()


def test_killed_between_the_commit_and_redis_then_started_again(bench: Bench) -> None:
    groups = some_results()
    bench.publish(groups[:100])
    with bench.projector() as session:
        session.catch_up()
    behind = live_offsets(bench.redis)
    bench.publish(groups[100:])
    failing: Any = FailingLive(bench.live)
    with bench.projector(failing) as session:
        session.catch_up(with_redis=False)
    assert failing.refused >= 1
    assert live_offsets(bench.redis) == behind, "Redis was not to be reached"
    assert projected_offsets(bench.engine) != behind, "PostgreSQL went on without it"
    with bench.projector() as session:
        session.catch_up()
    assert_reflects(bench, groups)


def test_redis_that_returns_is_rebuilt_while_the_stream_goes_on(bench: Bench) -> None:
    groups = some_results()
    failing: Any = FailingLive(bench.live)
    bench.publish(groups[:200])
    with bench.projector(failing) as session:
        session.catch_up(with_redis=False)
        assert session.projector.ready_problems()
        assert session.projector.out_of_step_s() > 0
        failing.failing = False
        bench.publish(groups[200:])
        session.reader.close()
        session.reader = ResultsReader(
            bench.bootstrap, bench.codec, projections=bench.projections, idle_s=0.1
        )
        session.projector = Projector(session.reader, session.writer, session.side)
        session.catch_up()
        assert session.projector.ready_problems() == []
        assert session.projector.out_of_step_s() == 0
    assert_reflects(bench, groups)
    assert bench.live.changes_since(BEGINNING, limit=10_000)[-1].type in {
        "reset",
        "entry",
        "dead_letter",
        "balance",
    }


@pytest.mark.parametrize("loss", ["flushed", "one batch behind", "ahead", "another account"])
def test_redis_that_differs_at_the_start_is_rebuilt(bench: Bench, loss: str) -> None:
    groups = some_results(100)
    bench.publish(groups)
    with bench.projector() as session:
        session.catch_up()
    place, offset = next(iter(live_offsets(bench.redis).items()))
    match loss:
        case "flushed":
            bench.redis.flushdb()
        case "one batch behind":
            bench.redis.hset("tieout:projected", f"{place[0]}:{place[1]}", offset - 1)
        case "ahead":  # PostgreSQL was restored from a backup
            row = next(bench.live.balances())
            bench.live.apply([BalanceRow(**{**row_dict(row), "account_version": 10_000})], [])
            bench.redis.hset("tieout:projected", f"{place[0]}:{place[1]}", offset + 50)
        case "another account":
            row = next(bench.live.balances())
            bench.live.apply([BalanceRow(**{**row_dict(row), "customer_id": "stranger"})], [])
            bench.redis.delete("tieout:projected")
    with bench.projector() as session:
        session.catch_up()
    assert_reflects(bench, groups)


def row_dict(row: BalanceRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


def test_redis_that_lost_its_data_in_mid_flow_is_noticed_and_rebuilt(bench: Bench) -> None:
    groups = some_results()
    bench.publish(groups)
    state = {"flushed": False}
    wanted = {place: end for place, end in bench.ends().items() if end}

    def done() -> bool:
        if not state["flushed"] and len(live_offsets(bench.redis)) > 2:
            bench.redis.flushdb()
            state["flushed"] = True
        return live_offsets(bench.redis) == wanted

    with bench.projector(batch_records=50) as session:
        session.run_until(done)
    assert state["flushed"]
    assert_reflects(bench, groups)


def test_a_broken_database_connection_is_opened_again(bench: Bench) -> None:
    groups = some_results()
    bench.publish(groups)
    wanted = {place: end for place, end in bench.ends().items() if end}
    kills = 0

    def done() -> bool:
        nonlocal kills
        found = projected_offsets(bench.engine)
        if kills < 3:
            with bench.engine.begin() as connection:
                kills += connection.execute(
                    sa.text(
                        "select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity "
                        "where application_name = 'tieout-projector' and datname = current_database()"
                    )
                ).scalar_one()
        return found == wanted and live_offsets(bench.redis) == wanted

    with bench.projector(batch_records=50) as session:
        session.run_until(done)
    assert kills >= 3
    assert_reflects(bench, groups)


def test_a_commit_whose_reply_was_lost_is_not_written_again(bench: Bench) -> None:
    bench.publish(some_results(50))
    with bench.projector() as session:
        session.reader.open(session.writer.positions())
        batch = Batch()
        while not batch.records:
            batch = session.reader.next_batch()
        session.writer.commit(batch)
        written: list[tuple[str, int, int]] = []
        session.writer._observe_rows = lambda *counts: written.append(counts)
        session.writer.commit(batch)
        assert written == []


def test_a_second_projector_is_refused_by_name(bench: Bench) -> None:
    with bench.projector() as first, bench.projector(lock_patience_s=0.3) as second:
        first.writer.positions()
        with pytest.raises(AnotherProjector, match="tieout-projector, pid"):
            second.writer.positions()
        first.writer.close()
        assert second.writer.positions() == {}


def test_a_record_that_cannot_be_read_stops_the_projector_at_its_position(bench: Bench) -> None:
    bench.publish([[testing.balance({**COMMON, "account_version": 1}, "e-1", 1, 100)]])
    producer = Producer({"bootstrap.servers": bench.bootstrap})
    producer.produce(bench.name(topics.BALANCES), b"\x00garbage", b"C-1", partition=1)
    producer.flush(30)
    with bench.projector() as session, pytest.raises(ResultUnreadable) as raised:
        session.run_until(lambda: False)
    assert (raised.value.topic, raised.value.partition) == (bench.name(topics.BALANCES), 1)
    assert f"@{raised.value.offset}" in str(raised.value)


def test_a_row_that_the_database_refuses_stops_the_projector(bench: Bench) -> None:
    bad = testing.ledger_entry({**COMMON, "account_version": 1}, "e-1", 1, -5, is_debit=True)
    bench.publish([[bad]])
    with bench.projector() as session, pytest.raises(ResultRejected, match="amount_not_negative"):
        session.run_until(lambda: False)
    assert projected_offsets(bench.engine) == {}


def test_text_that_postgresql_cannot_hold_is_stored_with_a_mark(bench: Bench) -> None:
    entry = testing.ledger_entry({**COMMON, "account_version": 1}, "e-1", 1, 5, is_debit=True)
    finding = testing.discrepancy({**COMMON, "account_version": 1}, "d", "e-1", 1, 5, "OPENED")
    entry = dataclasses.replace(entry, record={**entry.record, "description": "a\0b\\x\t\n\\N"})
    arguments = {"text": "\0", "path": "\\u0000"}
    finding = dataclasses.replace(finding, record={**finding.record, "reason_arguments": arguments})
    bench.publish([[entry, finding]])
    with bench.projector() as session:
        session.catch_up()
    tables = bench.tables()
    assert "a\ufffdb\\x\t\n\\N" in tables["ledger_entries"][0]
    assert {"text": "\ufffd", "path": "\\u0000"} in tables["discrepancies"][0]


def test_positions_that_the_topic_no_longer_holds_stop_the_projector(bench: Bench) -> None:
    bench.publish(some_results(50))
    with bench.projector() as session:
        session.catch_up()
    with bench.engine.begin() as connection:
        connection.execute(sa.text("update consumer_offsets set next_offset = next_offset + 1000"))
    with bench.projector() as session, pytest.raises(HistoryMissing):
        session.run_until(lambda: False)


def test_a_result_is_in_both_stores_within_a_tenth_of_a_second(bench: Bench) -> None:
    stopping = threading.Event()
    with bench.projector() as session:
        thread = threading.Thread(target=session.projector.run, args=(stopping.is_set,))
        thread.start()
        took_s = []
        try:
            for version in range(1, 12):
                bench.publish(
                    [[testing.balance({**COMMON, "account_version": version}, f"e-{version}", 1, version)]]
                )
                began_s = time.monotonic()
                deadline = began_s + 10
                while (found := bench.live.balance("C-1", "EUR")) is None or found.account_version != version:
                    assert time.monotonic() < deadline
                took_s.append(time.monotonic() - began_s)
        finally:
            stopping.set()
            thread.join(10)
    assert sorted(took_s)[len(took_s) // 2] < 0.1, took_s
