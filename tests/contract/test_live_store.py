"""One suite for every live store: the fake and the real one behave alike."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import redis

from deploy.stack import EmbeddedStack
from services.store.errors import LiveStoreOutOfStep, LiveStoreUnavailable
from services.store.live import BEGINNING, RESET, Advance, Applied, BalanceRow, Change, LiveStore, Told
from services.store.live_redis import RedisLiveStore, connect_live
from services.store.testing import MemoryLiveStore

FEED_LENGTH = 500
P0, P1 = ("tieout.balances", 0), ("tieout.balances", 1)


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    stack = EmbeddedStack(tmp_path_factory.mktemp("valkey"), services=frozenset({"valkey"}))
    with stack as running:
        yield running.start().redis_url


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest) -> Iterator[LiveStore]:
    if request.param == "memory":
        yield MemoryLiveStore(feed_length=FEED_LENGTH)
        return
    url = request.getfixturevalue("valkey_url")
    with redis.Redis.from_url(url) as client:
        client.flushall()
    live = connect_live(url, feed_length=FEED_LENGTH)
    yield live
    live.close()


def flush(store: LiveStore) -> None:
    """What happens when somebody flushes Redis, or when it crashed before the disk had anything."""
    if isinstance(store, MemoryLiveStore):
        store.lose_everything()
    else:
        assert isinstance(store, RedisLiveStore)
        store._client.flushall()


def balance(
    customer_id: str = "C-1", version: int = 1, minor: int = 100, currency: str = "EUR"
) -> BalanceRow:
    return BalanceRow(
        customer_id=customer_id,
        currency=currency,
        account_version=version,
        balance_minor=minor,
        entry_count=version,
        open_discrepancies=0,
        last_business_date=dt.date(2026, 1, 5),
        event_id=f"e-{version}",
        occurred_at=dt.datetime(2026, 1, 5, 9, 30, 0, 123456, tzinfo=dt.UTC),
    )


def change(number: int) -> Change:
    return Change("entry", {"entry_id": f"n-{number}", "amount_minor": number})


def numbers(changes: list[Change]) -> list[int]:
    return [item.row["amount_minor"] for item in changes]


def test_an_empty_store(store: LiveStore) -> None:
    assert store.balance("C-1", "EUR") is None
    assert list(store.balances()) == []
    assert store.latest_change_id() == BEGINNING
    assert store.changes_since(BEGINNING) == []
    assert store.projected() == {}


def test_a_balance_comes_back_as_it_was_written(store: LiveStore) -> None:
    # beyond 2**53, where a double would lose the last digit
    row = balance("客户:1 %{}", version=3, minor=-9_007_199_254_740_993)
    assert store.apply(Told.of([row], [])) == Applied(written=1)
    assert store.balance("客户:1 %{}", "EUR") == row
    assert store.balance("客户:1 %{}", "USD") is None
    assert list(store.balances()) == [row]


def test_a_lower_version_never_overwrites(store: LiveStore) -> None:
    store.apply(Told.of([balance(version=10, minor=7)], []))
    assert store.apply(Told.of([balance(version=9, minor=5)], [])) == Applied(rejected=1)
    assert store.balance("C-1", "EUR") == balance(version=10, minor=7)
    store.apply(Told.of([balance(version=11, minor=8)], []))
    assert store.balance("C-1", "EUR") == balance(version=11, minor=8)


def test_at_the_same_version_the_later_record_of_the_stream_stands(store: LiveStore) -> None:
    store.apply(Told.of([balance(version=2, minor=1)], []))
    later = msgspec.structs.replace(balance(version=2, minor=1), open_discrepancies=1)
    store.apply(Told.of([later], []))
    assert store.balance("C-1", "EUR") == later


def test_applying_again_changes_nothing(store: LiveStore) -> None:
    rows = [balance(f"C-{n}", version=n) for n in range(1, 6)]
    for _ in range(2):
        store.apply(Told.of(rows, []))
        assert sorted(store.balances(), key=lambda row: row.customer_id) == rows


def test_many_accounts_are_all_listed_once(store: LiveStore) -> None:
    rows = {f"C-{n}": balance(f"C-{n}") for n in range(2_500)}
    store.apply(Told.of(list(rows.values()), []))
    listed = list(store.balances())
    assert len(listed) == len(rows)
    assert {row.customer_id: row for row in listed} == rows


def test_the_feed_keeps_order_and_content(store: LiveStore) -> None:
    store.apply(Told.of([], [change(1), change(2)]))
    first = store.changes_since(BEGINNING)
    assert numbers(first) == [1, 2]
    assert first[0].type == "entry"
    assert first[0].row == {"entry_id": "n-1", "amount_minor": 1}
    store.apply(Told.of([], [change(3)]))
    assert numbers(store.changes_since(first[0].id)) == [2, 3]
    assert numbers(store.changes_since(first[1].id)) == [3]
    assert store.changes_since(store.latest_change_id()) == []
    assert numbers(store.changes_since(BEGINNING, limit=2)) == [1, 2]


def test_a_reader_whose_place_was_dropped_is_told_to_load_afresh(store: LiveStore) -> None:
    store.apply(Told.of([], [change(0)]))
    (old,) = store.changes_since(BEGINNING)
    for start in range(1, 2_001, 500):
        store.apply(Told.of([], [change(n) for n in range(start, start + 500)]))
    (told,) = store.changes_since(old.id)
    assert told.type == RESET
    assert told.id == store.latest_change_id()
    assert store.changes_since(told.id) == []
    store.apply(Told.of([], [change(9_999)]))
    assert numbers(store.changes_since(told.id)) == [9_999]
    kept = store.changes_since(BEGINNING, limit=10_000)
    assert FEED_LENGTH <= len(kept) < 2_000


def test_a_reader_of_a_feed_that_was_lost_is_told_once(store: LiveStore) -> None:
    store.apply(Told.of([], [change(1)]))
    (old,) = store.changes_since(BEGINNING)
    flush(store)
    (told,) = store.changes_since(old.id)
    assert told.type == RESET
    assert store.changes_since(told.id) == []


@pytest.mark.parametrize("text", ["", "abc", "1-x", "$", "-1", "1-2-3"])
def test_what_is_no_change_id_is_refused(store: LiveStore, text: str) -> None:
    with pytest.raises(ValueError, match="not a change id"):
        store.changes_since(text)


def test_balances_are_told_fifty_at_a_time(store: LiveStore) -> None:
    rows = [balance(f"C-{n}", minor=2**60 + n) for n in range(120)]
    store.apply(Told.of(rows, Change.of_rows("balances", rows)))
    told = store.changes_since(BEGINNING)
    assert [change.type for change in told] == ["balances"] * 3
    assert [len(change.row["rows"]) for change in told] == [50, 50, 20]
    heard = [(row["customer_id"], row["balance_minor"]) for change in told for row in change.row["rows"]]
    assert heard == [(row.customer_id, row.balance_minor) for row in rows]
    assert Change.of_rows("balances", []) == []


def test_positions_move_with_the_write(store: LiveStore) -> None:
    store.apply(Told.of([balance()], [change(1)]), {P0: Advance(0, 5), P1: Advance(0, 2)})
    store.apply(Told.of([], []), {P0: Advance(5, 6)})
    assert store.projected() == {P0: 6, P1: 2}


def test_a_write_sent_twice_is_taken_once(store: LiveStore) -> None:
    moves = {P0: Advance(0, 5)}
    assert store.apply(Told.of([balance()], [change(1)]), moves) == Applied(written=1)
    assert store.apply(Told.of([balance()], [change(1)]), moves) == Applied()
    assert numbers(store.changes_since(BEGINNING)) == [1]


@pytest.mark.parametrize("start", [0, 4, 6])
def test_a_write_that_begins_elsewhere_is_refused_whole(store: LiveStore, start: int) -> None:
    store.apply(Told.of([], []), {P0: Advance(0, 5)})
    with pytest.raises(LiveStoreOutOfStep) as raised:
        store.apply(Told.of([balance()], [change(1)]), {P1: Advance(0, 1), P0: Advance(start, 9)})
    assert (raised.value.expected, raised.value.found) == (start, 5)
    assert store.balance("C-1", "EUR") is None
    assert store.changes_since(BEGINNING) == []
    assert store.projected() == {P0: 5}


def test_a_flushed_store_refuses_the_next_write(store: LiveStore) -> None:
    store.apply(Told.of([balance()], []), {P0: Advance(0, 5)})
    flush(store)
    with pytest.raises(LiveStoreOutOfStep):
        store.apply(Told.of([balance("C-2")], []), {P0: Advance(5, 6)})


def test_a_rebuild_replaces_what_was_there(store: LiveStore) -> None:
    store.apply(
        Told.of([balance("gone"), balance("ahead", version=9), balance("kept")], []), {P0: Advance(0, 50)}
    )
    store.begin_rebuild()
    assert store.projected() == {}, "while it is rebuilt, nothing is certain"
    store.rebuild([balance("ahead", version=4), balance("kept")])
    store.rebuild([balance("new")])
    store.apply(Told.of([balance("live", version=2)], [change(1)]))  # the stream goes on meanwhile
    assert store.finish_rebuild({P0: 12}) == 1
    assert {row.customer_id: row.account_version for row in store.balances()} == {
        "ahead": 4,
        "kept": 1,
        "new": 1,
        "live": 2,
    }
    assert store.balance("gone", "EUR") is None
    assert store.projected() == {P0: 12}
    assert [item.type for item in store.changes_since(BEGINNING)] == ["entry", RESET]
    store.apply(Told.of([], []), {P0: Advance(12, 13)})


def test_a_rebuild_from_an_empty_database_empties_the_store(store: LiveStore) -> None:
    store.apply(Told.of([balance()], []), {P0: Advance(0, 1)})
    store.begin_rebuild()
    assert store.finish_rebuild({}) == 1
    assert list(store.balances()) == []
    assert store.projected() == {}


def test_a_rebuild_that_lost_its_beginning_cannot_be_finished(store: LiveStore) -> None:
    store.begin_rebuild()
    store.rebuild([balance("C-1")])
    flush(store)
    with pytest.raises(LiveStoreOutOfStep):
        store.rebuild([balance("C-2")])
    with pytest.raises(LiveStoreOutOfStep):
        store.finish_rebuild({P0: 1})
    store.begin_rebuild()
    store.rebuild([balance("C-1"), balance("C-2")])
    store.finish_rebuild({P0: 1})
    assert len(list(store.balances())) == 2


def test_an_abandoned_rebuild_is_begun_again(store: LiveStore) -> None:
    store.begin_rebuild()
    store.rebuild([balance("stale")])
    store.begin_rebuild()
    store.rebuild([balance("C-1")])
    assert store.finish_rebuild({P0: 1}) == 1
    assert [row.customer_id for row in store.balances()] == ["C-1"]


def test_a_store_that_does_not_answer_says_so() -> None:
    memory = MemoryLiveStore()
    memory.down = True
    nobody = connect_live("redis://127.0.0.1:1/0")  # port 1: nobody listens
    for store in (memory, nobody):
        for call in (
            lambda store=store: store.balance("C-1", "EUR"),
            lambda store=store: list(store.balances()),
            lambda store=store: store.apply(Told.of([balance()], [])),
            lambda store=store: store.changes_since(BEGINNING),
            store.projected,
            store.begin_rebuild,
        ):
            with pytest.raises(LiveStoreUnavailable):
                call()
    nobody.close()


def test_a_lost_reply_leaves_the_write_taken_once() -> None:
    store = MemoryLiveStore()
    store.reply_lost = True
    with pytest.raises(LiveStoreUnavailable):
        store.apply(Told.of([balance()], [change(1)]), {P0: Advance(0, 1)})
    assert store.apply(Told.of([balance()], [change(1)]), {P0: Advance(0, 1)}) == Applied()
    assert numbers(store.changes_since(BEGINNING)) == [1]


@pytest.mark.integration
def test_a_reader_that_waits_is_woken_by_a_change(valkey_url: str, tmp_path: Path) -> None:
    reader, writer = connect_live(valkey_url), connect_live(valkey_url)
    since = reader.latest_change_id()
    thread = threading.Timer(0.1, lambda: writer.apply(Told.of([], [change(42)])))
    thread.start()
    changes = reader.changes_since(since, wait_ms=1000)
    thread.join()
    assert numbers(changes) == [42]
    assert reader.changes_since(changes[-1].id, wait_ms=50) == []
    reader.close()
    writer.close()
