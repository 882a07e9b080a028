"""What every cold store promises the engine's state, checked on the dictionary and on RocksDB alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.engine.rocksdb_store import RocksStore
from streams.engine.stores import ColdStore, MemoryStore, Position

HERE = Position(10, {"in": 5})
Opener = Callable[[], ColdStore]


@pytest.fixture(params=["memory", "rocksdb"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    def opened() -> ColdStore:
        if request.param == "memory":
            return MemoryStore()
        store = RocksStore(tmp_path / "state" / "0")
        request.addfinalizer(store.close)
        return store

    return opened


def test_an_empty_store_holds_nothing_and_stands_nowhere(open_store: Opener) -> None:
    store = open_store()
    assert store.position() is None
    assert store.take(b"k") is None
    assert list(store.stored_keys()) == []


def test_installed_values_are_found_and_deletions_are_not(open_store: Opener) -> None:
    store = open_store()
    store.install({b"a": b"1", b"b": b"2"}, HERE)
    store.install({b"a": None, b"c": b"3"}, HERE)
    assert store.peek(b"a") is None
    assert {key: store.peek(key) for key in store.stored_keys()} == {b"b": b"2", b"c": b"3"}


def test_a_value_is_here_or_at_work_as_the_store_says(open_store: Opener) -> None:
    store = open_store()
    store.install({b"a": b"1"}, HERE)
    assert store.take(b"a") == b"1"
    assert store.peek(b"a") == (b"1" if store.holds_committed else None)


def test_discarded_means_gone(open_store: Opener) -> None:
    store = open_store()
    store.install({b"a": b"1"}, HERE)
    store.discard()
    assert store.position() is None
    assert store.peek(b"a") is None


def test_a_checkpoint_moves_values_and_position_together(tmp_path: Path) -> None:
    store = RocksStore(tmp_path / "0")
    store.install({b"a": b"1", b"b": b"2"}, HERE)
    later = Position(12, {"in": 7})
    store.commit([(b"a", None), (b"c", b"3")], later)
    store.close()
    again = RocksStore(tmp_path / "0")
    assert again.position() == later
    assert {key: again.peek(key) for key in again.stored_keys()} == {b"b": b"2", b"c": b"3"}
    again.close()


def test_an_old_store_is_given_up_because_it_may_have_missed_deletions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RocksStore(tmp_path / "0")
    store.install({b"a": b"1"}, HERE)
    now = time.time()
    monkeypatch.setattr("streams.engine.rocksdb_store.time.time", lambda: now + 13 * 3600)
    assert store.position() is None
    assert store.peek(b"a") is None
    store.close()
