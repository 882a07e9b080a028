"""Result topics reach PostgreSQL and Redis, once, in order, and the same on every replay."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from confluent_kafka import Producer

from schemas import topics
from services.projector import testing
from services.projector.offsets import live_offsets, projected_offsets
from services.projector.testing import Result
from tests.integration.projector_bench import COMMON, Bench, assert_reflects, some_results

pytestmark = pytest.mark.integration


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
    bench.redis.delete("tieout:positions")
    written: list[tuple[str, int, int]] = []
    with bench.projector() as session:  # in one batch each version wins at once, so that nothing is written
        session.writer._observe_rows = lambda *counts: written.append(counts)
        session.catch_up()
    assert bench.tables() == before
    assert sorted(bench.live.balances(), key=lambda row: (row.customer_id, row.currency)) == balances
    assert sum(new for _, new, _ in written) == 0
    assert sum(old for _, _, old in written) > 400


def of_customers(numbers: range, version: int, amount_minor: int) -> list[Result]:
    found = []
    for number in numbers:
        common = {**COMMON, "customer_id": f"C-{number}", "account_version": version}
        found.append(testing.balance(common, f"e-{number}-{version}", number, amount_minor))
        found.append(testing.open_item(common, "item", amount_minor, is_debit=True))
    return found


def test_what_new_accounts_bring_is_written_once_and_so_is_what_comes_again(bench: Bench) -> None:
    written: list[tuple[str, int, int]] = []

    def project() -> dict[str, tuple[int, int]]:
        written.clear()
        with bench.projector() as session:
            session.writer._observe_rows = lambda *counts: written.append(counts)
            session.catch_up()
        return {
            table: (sum(new for name, new, _ in written if name == table), len(written))
            for table in ("balances", "open_items")
        }

    bench.publish([of_customers(range(120), 1, 100), of_customers(range(100, 120), 2, 200)])
    assert project() == {"balances": (120, 2), "open_items": (120, 2)}
    # at the same version the later record stands, beside accounts that are new and others that go on
    bench.publish(
        [
            of_customers(range(60), 1, 150),
            of_customers(range(60, 90), 2, 250),
            of_customers(range(120, 200), 1, 100),
        ]
    )
    assert project() == {"balances": (170, 2), "open_items": (170, 2)}

    amounts = {f"C-{number}": 100 for number in range(200)}
    amounts |= {f"C-{number}": 150 for number in range(60)}
    amounts |= {f"C-{number}": 250 for number in range(60, 90)}
    amounts |= {f"C-{number}": 200 for number in range(100, 120)}
    tables = bench.tables()
    assert {row[0]: row[3] for row in tables["balances"]} == amounts
    assert {row[0]: row[9] for row in tables["open_items"]} == amounts


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
