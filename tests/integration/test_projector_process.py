"""The projector as a process: killed, stopped, doubled. It reads the real topics, as other tests do."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
import sqlalchemy as sa
from confluent_kafka import Consumer, TopicPartition

from deploy.stack import StackUrls
from schemas import topics
from schemas.admin import ensure_topics
from schemas.codec import Codec
from schemas.registry import FingerprintRegistry
from services.projector import testing
from services.projector.offsets import live_offsets, projected_offsets
from services.projector.projections import PROJECTIONS
from services.store.engine import create_engine
from services.store.live_redis import connect_live
from services.store.migrations import migrate
from services.store.tables import metadata

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
PARTITIONS = 4
EVENTS = 12_000


class Target:
    """A database, a Redis database and the processes that project into them."""

    def __init__(self, stack: StackUrls, name: str, redis_number: int, folder: Path) -> None:
        self.url = sa.make_url(stack.database_url).set(database=name).render_as_string(hide_password=False)
        self.redis_url = f"{stack.redis_url.removesuffix('/0')}/{redis_number}"
        self.engine = create_engine(self.url)
        self.redis = redis.Redis.from_url(self.redis_url, decode_responses=True)
        self._log = folder / f"{name}.log"
        self._kafka = stack.kafka_bootstrap_servers
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "KAFKA_BOOTSTRAP_SERVERS": self._kafka,
            "DATABASE_URL": self.url,
            "REDIS_URL": self.redis_url,
            "TIEOUT_PROJECTOR_METRICS_PORT": "0",
        }
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "services.projector"], cwd=ROOT, env=environment, stderr=log
            )
        self._processes.append(process)
        return process

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]

    def offsets(self) -> dict[tuple[str, int], int]:
        try:
            return projected_offsets(self.engine)
        except sa.exc.ProgrammingError:  # not migrated yet
            return {}

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        with self.engine.connect() as connection:
            return {
                name: [
                    tuple(row) for row in connection.execute(sa.select(t).order_by(*t.primary_key.columns))
                ]
                for name, t in metadata.tables.items()
            }

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait(10)
        self.redis.flushdb()
        self.redis.close()
        self.engine.dispose()


@pytest.fixture
def target_of(stack: StackUrls, tmp_path: Path) -> Iterator[Callable[[int], Target]]:
    targets: list[Target] = []
    names: list[str] = []

    def make(redis_number: int) -> Target:
        names.append(f"p{secrets.token_hex(4)}")
        with psycopg.connect(stack.database_url, autocommit=True) as connection:
            connection.execute(f'create database "{names[-1]}"'.encode())
        targets.append(Target(stack, names[-1], redis_number, tmp_path))
        return targets[-1]

    yield make
    for target in targets:
        target.close()
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        for name in names:
            connection.execute(f'drop database "{name}" with (force)'.encode())


@pytest.fixture(scope="module")
def published(stack: StackUrls) -> dict[tuple[str, int], int]:
    """The end offsets of the result topics after many results were written."""
    ensure_topics(stack.kafka_bootstrap_servers, PARTITIONS, 1)
    groups = testing.results(11, customers=300, events=EVENTS, prefix=f"K{secrets.token_hex(3)}")
    codec = Codec(FingerprintRegistry())
    testing.publish(stack.kafka_bootstrap_servers, codec, groups, per_transaction=500)
    consumer = Consumer({"bootstrap.servers": stack.kafka_bootstrap_servers, "group.id": "ends"})
    ends = {
        (topic.name, partition): consumer.get_watermark_offsets(TopicPartition(topic.name, partition), 10)[1]
        for topic in topics.RESULTS
        for partition in range(PARTITIONS)
    }
    consumer.close()
    return {place: end for place, end in ends.items() if end}


def wait_for(condition: Callable[[], bool], what: str, timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.01)


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0


def test_kill_9_in_mid_flow_gives_identical_tables(
    target_of: Callable[[int], Target], published: dict[tuple[str, int], int]
) -> None:
    killed, spared = target_of(13), target_of(14)
    moments = []
    for _ in range(3):
        process = killed.start()
        before = sum(killed.offsets().values())
        wait_for(lambda before=before: sum(killed.offsets().values()) > before, "a batch")
        process.send_signal(signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
        moments.append(killed.offsets())
    assert moments[0] != published, "it was to be killed in mid-flow"
    for target in (killed, spared):
        last = target.start()
        wait_for(lambda target=target: target.offsets() == published, "PostgreSQL has everything")
        wait_for(lambda target=target: live_offsets(target.redis) == published, "Redis has everything")
        stop(last)
    tables = killed.dump()
    assert len(tables["ledger_entries"]) > EVENTS * 0.9
    assert tables == spared.dump()
    accounts = {(row[0], row[1]): row[2:4] for row in tables["balances"]}
    for target in (killed, spared):
        live = connect_live(target.redis_url)
        found = {(r.customer_id, r.currency): (r.account_version, r.balance_minor) for r in live.balances()}
        live.close()
        assert found == accounts


def test_told_to_stop_while_postgresql_is_away_it_stops_and_commits_nothing(
    stack: StackUrls, target_of: Callable[[int], Target], published: dict[tuple[str, int], int]
) -> None:
    target = target_of(13)
    name = target.engine.url.database
    migrate(target.url)
    with psycopg.connect(stack.database_url, autocommit=True) as server, target.engine.begin() as locked:
        locked.execute(
            sa.text("lock table consumer_offsets in share mode")
        )  # no position moves, so no commit
        process = target.start()
        theirs = "from pg_stat_activity where application_name = 'tieout-projector' and datname = %s"
        waits = f"select 1 {theirs} and wait_event_type = 'Lock'".encode()
        wait_for(lambda: server.execute(waits, (name,)).fetchone() is not None, "a batch before its commit")
        server.execute(f'alter database "{name}" allow_connections false'.encode())
        server.execute(f"select pg_terminate_backend(pid) {theirs}".encode(), (name,))
        wait_for(
            lambda: any("does not take writes" in line["event"] for line in target.log()), "a try failed"
        )
        stop(process)
        server.execute(f'alter database "{name}" allow_connections true'.encode())
    assert target.offsets() == {}


def test_a_second_process_is_refused_and_the_first_ends_with_zero(
    target_of: Callable[[int], Target], published: dict[tuple[str, int], int]
) -> None:
    target = target_of(13)
    first = target.start()
    wait_for(lambda: bool(target.offsets()), "the first runs")
    second = target.start()
    assert second.wait(60) == 1
    (refusal,) = [line for line in target.log() if line["level"] == "error"]
    assert "another projector writes this database" in refusal["event"]
    assert "Traceback" not in json.dumps(refusal)
    assert first.poll() is None
    stop(first)


def test_metrics_and_health_are_served(
    target_of: Callable[[int], Target], published: dict[tuple[str, int], int]
) -> None:
    target = target_of(13)
    process = target.start()
    wait_for(lambda: live_offsets(target.redis) == published, "caught up")
    (port,) = [line["metrics_port"] for line in target.log() if "metrics_port" in line]

    def get(path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.read().decode()

    assert json.loads(get("/healthz")) == {"status": "ok"}
    assert json.loads(get("/readyz")) == {"status": "ok"}

    def lag() -> set[float]:
        lines = [
            line for line in get("/metrics").splitlines() if line.startswith("tieout_projector_lag_records{")
        ]
        assert len(lines) == len(PROJECTIONS) * PARTITIONS
        return {float(line.rpartition(" ")[2]) for line in lines}

    wait_for(lambda: lag() == {0.0}, "no lag")
    metrics = get("/metrics")
    written = sum(
        int(float(line.rpartition(" ")[2]))
        for line in metrics.splitlines()
        if line.startswith('tieout_projector_rows_total{outcome="written",table="ledger_entries"}')
    )
    assert written == len(target.dump()["ledger_entries"])
    assert 'tieout_build_info{process="projector"' in metrics
    assert "tieout_stream_" not in metrics
    stop(process)


def test_missing_urls_are_named(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.endswith(("_URL", "_SERVERS"))}
    ended = subprocess.run(
        [sys.executable, "-m", "services.projector"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        timeout=60,
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert json.loads(line)["event"] == "not set: KAFKA_BOOTSTRAP_SERVERS, DATABASE_URL, REDIS_URL"
