"""How fast result records reach PostgreSQL and Redis, beside a raw COPY of the same rows, and how far behind at a pace.

Raw COPY: the rows that stand in the tables after a projection, one prepared text COPY per table into the same empty
tables with the same indexes, one transaction, nothing read from Kafka and nothing decoded: the most that the server
takes from one connection. The projector does all of its work meanwhile, Redis included. Both alternate in one run.

``python -m bench.sections.projector`` starts servers of its own.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import redis
import sqlalchemy as sa
from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from deploy.stack import EmbeddedStack, StackUrls
from schemas import topics
from schemas.codec import Codec
from schemas.partitioner import PRODUCER_PARTITIONER
from schemas.registry import FingerprintRegistry
from services.projector import testing
from services.projector.live_side import LiveSide
from services.projector.loop import Projector, tune_process
from services.projector.offsets import live_offsets, projected_offsets
from services.projector.projections import PROJECTIONS, Projection
from services.projector.reader import ResultsReader
from services.projector.rebuild import empty_read_model
from services.projector.writer import PostgresWriter
from services.store.engine import create_engine
from services.store.live import Place
from services.store.live_redis import connect_live
from services.store.migrations import migrate

PARTITIONS: Final = 4
_TABLES: Final = tuple(target.table.name for projection in PROJECTIONS for target in projection.targets)
_WITHIN_S: Final = 300.0
_TICK_S: Final = 0.05


def projector(
    urls: StackUrls,
    *,
    events: int = 40_000,
    rounds: int = 5,
    rate: int = 20_000,
    paced_s: int = 20,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Rates in rows/s with their ratio to raw COPY, and seconds behind at ``rate`` records/s. Blocks for minutes.

    ``new``: nearly every record is a row of its own, as when a read model is made for the first time. ``running``:
    few accounts, so that most balances and open items are updates; its raw COPY has only the rows that remain.
    """
    tune_process()  # as the process that runs the projector does
    found: dict[str, Any] = {"events": events, "rounds": rounds, "workloads": {}}
    for name, customers in (("new", events * 50), ("running", events // 20)):
        with _scratch(urls) as bench:
            found["workloads"][name] = _throughput(bench, customers, events, rounds)
            say(f"projector, {name}: {found['workloads'][name]}")
    found["paced"] = _paced(urls, rate, paced_s)
    say(f"projector, {rate:,} records/s: {found['paced']}")
    return found


class _Bench:
    """A database, a Redis database and result topics under a prefix."""

    def __init__(self, urls: StackUrls, prefix: str) -> None:
        self.bootstrap = urls.kafka_bootstrap_servers
        self.prefix = prefix
        url = sa.make_url(urls.database_url).set(database=prefix)
        self.database_url = url.render_as_string(hide_password=False)
        self.redis_url = urls.redis_url.removesuffix("/0") + "/14"
        self.codec = Codec(FingerprintRegistry())
        self.projections: tuple[Projection, ...] = tuple(
            dataclasses.replace(
                each, topic=dataclasses.replace(each.topic, name=f"{prefix}.{each.topic.name}")
            )
            for each in PROJECTIONS
        )
        self.engine = create_engine(self.database_url)
        self.redis = redis.Redis.from_url(self.redis_url, decode_responses=True)

    def publish(self, groups: list[list[testing.Result]]) -> None:
        testing.publish(
            self.bootstrap,
            self.codec,
            groups,
            per_transaction=1_000,
            name_of=lambda topic: f"{self.prefix}.{topic.name}",
            transactional_id=self.prefix,
        )

    def empty(self) -> None:
        empty_read_model(self.engine)
        self.redis.flushdb()
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute("checkpoint")

    def ends(self) -> dict[Place, int]:
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": self.prefix})
        places = [
            (each.topic.name, partition) for each in self.projections for partition in range(PARTITIONS)
        ]
        try:
            found = {
                place: consumer.get_watermark_offsets(TopicPartition(*place), timeout=30)[1]
                for place in places
            }
        finally:
            consumer.close()
        return {place: end for place, end in found.items() if end}

    def project(self) -> float:
        """From nothing to all of it in both stores; seconds, from the first read."""
        writer = PostgresWriter(self.database_url, projections=self.projections)
        live = connect_live(self.redis_url)
        reader = ResultsReader(self.bootstrap, self.codec, projections=self.projections)
        made = Projector(reader, writer, LiveSide(live, writer, projections=self.projections))
        writer.positions()  # connected
        ends = self.ends()
        began_s = time.monotonic()
        ended_s = [began_s]

        def is_stopping() -> bool:
            now_s = time.monotonic()
            if now_s - began_s > _WITHIN_S:
                raise TimeoutError("the projector did not catch up")
            ended_s[0] = now_s
            return writer.positions() == ends

        try:
            made.run(is_stopping)
        finally:
            reader.close()
            writer.close()
            live.close()
        if projected_offsets(self.engine) != live_offsets(self.redis):
            raise RuntimeError("PostgreSQL and Redis stand at different positions")
        return ended_s[0] - began_s

    def rows(self) -> dict[str, tuple[bytes, int]]:
        """Each table as text for COPY, and its number of rows."""
        found = {}
        with psycopg.connect(self.database_url) as connection, connection.cursor() as cursor:
            for table in _TABLES:
                with cursor.copy(f"copy {table} to stdout".encode()) as copy:
                    text = b"".join(bytes(block) for block in copy)
                found[table] = (text, cursor.rowcount)
        return found

    def raw_copy(self, rows: dict[str, tuple[bytes, int]]) -> float:
        with psycopg.connect(self.database_url) as connection, connection.cursor() as cursor:
            began_s = time.monotonic()
            for table, (text, _) in rows.items():
                with cursor.copy(f"copy {table} from stdin".encode()) as copy:
                    copy.write(text)
            connection.commit()
            return time.monotonic() - began_s


class _scratch:  # noqa: N801 - a context manager that reads as a verb
    def __init__(self, urls: StackUrls) -> None:
        self.urls = urls
        self.prefix = f"b{secrets.token_hex(4)}"

    def __enter__(self) -> _Bench:
        with psycopg.connect(self.urls.database_url, autocommit=True) as connection:
            connection.execute(f'create database "{self.prefix}"'.encode())
        self.bench = _Bench(self.urls, self.prefix)
        migrate(self.bench.database_url)
        _create(self.bench.bootstrap, [each.topic.name for each in self.bench.projections])
        return self.bench

    def __exit__(self, *_: object) -> None:
        self.bench.engine.dispose()
        self.bench.redis.flushdb()
        self.bench.redis.close()
        with psycopg.connect(self.urls.database_url, autocommit=True) as connection:
            connection.execute(f'drop database "{self.prefix}" with (force)'.encode())


def _create(bootstrap: str, names: list[str]) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names]).values():
        future.result(30)


def _throughput(bench: _Bench, customers: int, events: int, rounds: int) -> dict[str, Any]:
    groups = list(testing.results(7, customers=customers, events=events))
    bench.publish(groups)
    records = [result.topic for group in groups for result in group]
    history = sum(topic is topics.DISCREPANCIES for topic in records)  # one record, two rows
    brought = len(records) + history
    del groups  # a projector does not carry them, and the garbage collector would walk over them meanwhile
    bench.empty()
    bench.project()  # warm: caches of the broker and the server
    rows = bench.rows()
    standing = sum(number for _, number in rows.values())
    projected, copied = [], []
    for _ in range(rounds):
        bench.empty()
        projected.append(brought / bench.project())
        bench.empty()
        copied.append(standing / bench.raw_copy(rows))
    return {
        "records": len(records),
        "records_per_event": round(len(records) / events, 2),
        "rows_brought": brought,
        "rows_standing": standing,
        "projector_rows_per_s": _spread(projected),
        "raw_copy_rows_per_s": _spread(copied),
        "ratio": round(statistics.median(projected) / statistics.median(copied), 3),
    }


def _spread(values: list[float]) -> dict[str, int]:
    return {
        "median": round(statistics.median(values)),
        "min": round(min(values)),
        "max": round(max(values)),
    }


def _paced(urls: StackUrls, rate: int, seconds: int) -> dict[str, Any]:
    """The real process beside a producer of ``rate`` result records per second, in transactions of one tick."""
    _create(urls.kafka_bootstrap_servers, [each.topic.name for each in PROJECTIONS])
    codec = Codec(FingerprintRegistry())
    events = testing.results(11, customers=5_000, events=rate * seconds // 3)
    ready = [
        (result.topic.name, codec.encode(result.topic.schema or "", result.record), result.key.encode())
        for group in events
        for result in group
    ][: rate * seconds]
    environment = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": urls.kafka_bootstrap_servers,
        "DATABASE_URL": urls.database_url,
        "REDIS_URL": urls.redis_url,
        "TIEOUT_PROJECTOR_METRICS_PORT": "0",
    }
    command = [sys.executable, "-m", "services.projector"]
    engine = create_engine(urls.database_url)
    migrate(urls.database_url)
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            behind = list(_pace(urls.kafka_bootstrap_servers, engine, ready, rate))
        finally:
            process.terminate()
            process.wait(30)
            engine.dispose()
    return {
        "records_per_s": rate,
        "seconds": seconds,
        "behind_s": {
            "median": round(statistics.median(behind), 3),
            "p99": round(statistics.quantiles(behind, n=100)[98], 3),
            "max": round(max(behind), 3),
        },
    }


def _pace(
    bootstrap: str, engine: sa.Engine, ready: list[tuple[str, bytes, bytes]], rate: int
) -> Iterator[float]:
    """Seconds that PostgreSQL is behind, at every tick until all is there: age of the oldest tick not projected."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "transactional.id": "bench-paced",
            "partitioner": PRODUCER_PARTITIONER,
            "linger.ms": 1,
        }
    )
    producer.init_transactions(30)
    per_tick = round(rate * _TICK_S)
    waiting: deque[tuple[float, dict[Place, int]]] = deque()
    sent = 1
    producer.begin_transaction()
    producer.produce(*ready[0])
    producer.commit_transaction(30)
    began_s = time.monotonic()
    while not projected_offsets(engine):  # until the process has started
        if time.monotonic() - began_s > _WITHIN_S:
            raise TimeoutError("the projector did not start")
        time.sleep(_TICK_S)
    began_s = time.monotonic()
    while sent < len(ready) or waiting:
        tick_s = time.monotonic()
        if tick_s - began_s > _WITHIN_S:
            raise TimeoutError("the projector did not catch up")
        due = min(len(ready), round((tick_s - began_s) * rate))
        if due > sent:
            last: dict[Place, int] = {}

            def delivered(error: Any, message: Message, last: dict[Place, int] = last) -> None:
                if error is not None:
                    raise RuntimeError(str(error))
                place = (message.topic() or "", message.partition() or 0)
                last[place] = max(last.get(place, 0), message.offset() or 0)

            producer.begin_transaction()
            for topic, value, key in ready[sent : min(due, sent + 4 * per_tick)]:
                producer.produce(topic, value, key, on_delivery=delivered)
                sent += 1
            producer.commit_transaction(30)
            waiting.append((tick_s, last))
        stands = projected_offsets(engine)
        while waiting and all(stands.get(place, 0) > offset for place, offset in waiting[0][1].items()):
            waiting.popleft()
        yield time.monotonic() - waiting[0][0] if waiting else 0.0
        time.sleep(max(0.0, _TICK_S - (time.monotonic() - tick_s)))


def on_own_servers(**options: Any) -> dict[str, Any]:
    """`projector` on Kafka, PostgreSQL and Valkey that are started for it and stopped after."""
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o755)  # PostgreSQL of root runs as another user
        with EmbeddedStack(Path(home)) as stack:
            return projector(stack.start(), **options)


def main() -> int:
    """Measure on servers of its own and print JSON; 0 when both goals hold."""
    parser = argparse.ArgumentParser(description=projector.__doc__)
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rate", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=20)
    given = parser.parse_args()
    found = on_own_servers(
        events=given.events,
        rounds=given.rounds,
        rate=given.rate,
        paced_s=given.seconds,
        say=lambda line: print(line, file=sys.stderr),
    )
    print(json.dumps(found, indent=2))
    holds = found["workloads"]["new"]["ratio"] >= 0.5 and found["paced"]["behind_s"]["max"] <= 2.0
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
