"""The drill: a running service is backed up, and an empty one gets the same books, records and tables from it."""

from __future__ import annotations

import datetime as dt
import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from confluent_kafka import Producer

from deploy.stack import StackUrls
from domain.rule_changes import event_of
from domain.rule_sets import read_rule_set
from domain.rules import Rules
from schemas.codec import Codec
from schemas.partitioner import PRODUCER_PARTITIONER
from schemas.registry import FingerprintRegistry
from schemas.topics import DISCREPANCIES, INPUTS, PAYMENTS, RULES
from services.operations.backup.owned_tables import owned_tables
from services.operations.backup.records import InputRecord
from services.operations.kafka_log import KafkaLog
from services.simulator.simulation import Simulation
from services.store.engine import create_engine
from services.store.tables import consumer_offsets
from tests.e2e.service import SCRIPT, WholeService

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

Rows = dict[str, list[dict[str, Any]]]
Records = dict[tuple[str, int], list[tuple[int, bytes | None, bytes | None, tuple[Any, ...]]]]


def records(urls: StackUrls, upto: dict[tuple[str, int], int]) -> Records:
    """What the input partitions hold below the offsets, without the offsets."""
    found: Records = {}
    with KafkaLog(urls.kafka_bootstrap_servers) as log:
        for (topic, partition), end in upto.items():
            found[topic, partition] = [
                (record.timestamp_ms, record.key, record.value, record.headers)
                for record in map(InputRecord.of_message, log.read(topic, {partition: end}))
            ]
    return found


def ends(urls: StackUrls) -> dict[tuple[str, int], int]:
    with KafkaLog(urls.kafka_bootstrap_servers) as log:
        return {(topic.name, p): log.bounds(topic.name, p)[1] for topic in INPUTS for p in range(4)}


def owned_rows(urls: StackUrls) -> Rows:
    engine = create_engine(urls.database_url)
    try:
        with engine.connect() as connection:
            return {
                table.name: [
                    dict(row._mapping)
                    for row in connection.execute(sa.select(table).order_by(*table.primary_key))
                ]
                for table in owned_tables()
            }
    finally:
        engine.dispose()


def publish_odd_records(urls: StackUrls) -> None:
    """Records that a careless copy would lose or mend: no value, no key, headers, an old time, no Avro."""
    producer = Producer(
        {"bootstrap.servers": urls.kafka_bootstrap_servers, "partitioner": PRODUCER_PARTITIONER}
    )
    headers: list[tuple[str, str | bytes | None]] = [("trace", b"\x00\x01"), ("trace", None)]
    producer.produce(PAYMENTS.name, b"no Avro", b"C-ODD", headers=headers, timestamp=86_400_000)
    producer.produce(PAYMENTS.name, None, b"C-ODD")
    producer.produce(PAYMENTS.name, b"\x00\x00\x00\x00\x4dno such schema", None, 2)
    assert producer.flush(20) == 0


def put_rules_in_force(urls: StackUrls, customers: list[str]) -> None:
    """A rule set of these customers, as two people would have decided on it."""
    content = {"name": "kept", "effective_from": "2026-01-01", "customers": customers}
    generous = read_rule_set({**content, "rules": {"tolerance_minor": 5_000}}, Rules(), 1_000)
    event = event_of(
        generous,
        retires=False,
        proposed_by="ann",
        approved_by="bob",
        occurred_at=dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
    )
    assert RULES.schema is not None
    value = Codec(FingerprintRegistry()).encode(
        RULES.schema, msgspec.to_builtins(event, builtin_types=(dt.date, dt.datetime))
    )
    producer = Producer({"bootstrap.servers": urls.kafka_bootstrap_servers})
    for partition in range(4):
        producer.produce(RULES.name, value, b"1000", partition)
    assert producer.flush(20) == 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept") / "backup"


@pytest.fixture(scope="module")
def report(tieout: WholeService, folder: Path) -> dict[str, Any]:
    """A backup taken while events arrive: before it some are in the books, during it others come."""
    customers = tieout.home / "customers.csv"
    customers.write_text('customer_id,name,language,address\nC-ODD,"Odd, ""Ltd""",zh,"Line 1\nLine 2"\n')
    tieout.cli("import", "customers", customers)
    publish_odd_records(tieout.urls)
    kept = Simulation(21, customers=20, days=60, tag="K")
    tieout.publish(kept.events())
    before = tieout.verify()["digest"]
    put_rules_in_force(tieout.urls, [str(one["customer_id"]) for one in kept.customers()])
    tieout.settle_rules()
    assert tieout.verify()["digest"] != before
    tieout.cli("statements", "--period", "2026-01", "--output", tieout.home / "issued")
    later = tieout.write(Simulation(22, customers=40, days=60, tag="L").events())
    with subprocess.Popen([SCRIPT, "publish", later, "--wait"], env=tieout.environment) as publication:
        made: dict[str, Any] = tieout.json("backup", folder)
    assert publication.returncode == 0
    return made


@pytest.fixture(scope="module")
def restored(
    report: dict[str, Any],
    folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Iterator[tuple[WholeService, dict[str, Any]]]:
    service = WholeService(tmp_path_factory.mktemp("restored"), pytestconfig.cache.mkdir("bytecode"))
    try:
        service.stack.start()
        yield service, service.json("restore", folder, timeout_s=300)
    finally:
        service.stop()


def test_the_backup_is_one_cut_with_its_digest(report: dict[str, Any], folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    assert report["digest"] == manifest["digest"]
    assert report["records"] == sum(part["records"] for part in manifest["partitions"]) > 500
    assert sum(report["counts"].values()) == report["records"]
    assert report["counts"]["refused"] >= 3
    assert report["tables"]["customers"] >= 1
    assert report["tables"]["statements"] >= 1
    checked = subprocess.run(
        ["sha256sum", "--check", "--status", "manifest.json.sha256"], cwd=folder, check=False
    )
    assert checked.returncode == 0
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_second_backup_of_the_name_leaves_the_first(
    report: dict[str, Any], tieout: WholeService, folder: Path
) -> None:
    before = (folder / "manifest.json").read_bytes()
    done = tieout.run("backup", folder)
    assert done.returncode == 1
    assert "exists already" in done.stderr
    assert (folder / "manifest.json").read_bytes() == before


def test_the_restored_books_have_the_digest_of_the_backup(
    report: dict[str, Any], restored: tuple[WholeService, dict[str, Any]]
) -> None:
    service, told = restored
    assert {name: told[name] for name in ("digest", "records", "counts", "tables")} == {
        name: report[name] for name in ("digest", "records", "counts", "tables")
    }
    service.start()
    assert service.verify()["digest"] == report["digest"]


def test_records_are_the_same_on_the_same_partitions(
    report: dict[str, Any], tieout: WholeService, restored: tuple[WholeService, dict[str, Any]], folder: Path
) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    cut = {(part["topic"], part["partition"]): part["end"] for part in manifest["partitions"]}
    here = restored[0].urls
    assert records(here, ends(here)) == records(tieout.urls, cut)


def test_tables_are_the_same(
    tieout: WholeService, restored: tuple[WholeService, dict[str, Any]], report: dict[str, Any]
) -> None:
    here, there = owned_rows(restored[0].urls), owned_rows(tieout.urls)
    for name, rows in there.items():
        if name != "notices":  # the origin goes on sending
            assert here[name] == rows, name
    ids = {row["notice_id"] for row in here["notices"]}
    assert len(ids) >= report["tables"]["notices"]


def test_nobody_is_told_again_what_the_replay_repeats(restored: tuple[WholeService, dict[str, Any]]) -> None:
    engine = create_engine(restored[0].urls.database_url)
    with engine.connect() as connection, KafkaLog(restored[0].urls.kafka_bootstrap_servers) as log:
        place = consumer_offsets.c
        rows = connection.execute(
            sa.select(place.partition, place.next_offset).where(place.consumer == "alerts")
        ).all()
        assert {row.partition: row.next_offset for row in rows} == {
            p: log.bounds(DISCREPANCIES.name, p)[1] for p in range(4)
        }
    engine.dispose()


def test_a_stack_that_is_in_use_is_refused(
    report: dict[str, Any], restored: tuple[WholeService, dict[str, Any]], folder: Path
) -> None:
    service, _ = restored
    before = ends(service.urls)
    done = service.run("restore", folder)
    assert done.returncode == 1
    assert "running" in done.stderr
    service.fleet.stop()
    done = service.run("restore", folder)
    assert done.returncode == 1
    assert "empty stack only" in done.stderr
    assert ends(service.urls) == before


def test_an_interrupted_backup_leaves_nothing(tieout: WholeService, tmp_path: Path) -> None:
    """Ctrl-C once its folder is there. Who runs the tests in the background has Ctrl-C ignored: not so the backup."""
    process = subprocess.Popen(
        [SCRIPT, "backup", tmp_path / "b"],
        env=tieout.environment,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    while not list(tmp_path.iterdir()):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130, told
    assert list(tmp_path.iterdir()) == []
