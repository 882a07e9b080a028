"""What the projector survives, and what stops it with a position instead of being skipped."""

from __future__ import annotations

import dataclasses
import threading
import time

import pytest
import sqlalchemy as sa
from confluent_kafka import Producer

from schemas import topics
from services.projector import testing
from services.projector.batch import Batch
from services.projector.errors import AnotherProjector, HistoryMissing, ResultRejected, ResultUnreadable
from services.projector.offsets import live_offsets, projected_offsets
from tests.integration.projector_bench import COMMON, Bench, assert_reflects, some_results

pytestmark = pytest.mark.integration


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
