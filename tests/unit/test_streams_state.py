"""The state of a partition behaves like one dictionary, whatever is an object, cold, deleted or not yet committed."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from streams.engine.rocksdb_store import RocksStore
from streams.engine.seen import SEGMENT_IDS, SEGMENTS_MAX, SeenIds
from streams.engine.state import State
from streams.engine.stores import ColdStore, MemoryStore, Position
from streams.engine.table import StateTable

KEYS = st.sampled_from([b"a", b"b", b"c", b"d", b"e"])
NOWHERE = Position(0, {})


class Counter(SeenIds):
    """A value that counts events once each."""

    __slots__ = ("count",)

    def __init__(self, count: int = 0, tail: bytes = b"", sealed: int = 0) -> None:
        super().__init__(tail, sealed)
        self.count = count


def encode(value: Counter) -> bytes:
    return value.count.to_bytes(4, "big") + value.sealed.to_bytes(4, "big") + value.tail


def decode(data: bytes) -> Counter:
    return Counter(int.from_bytes(data[:4], "big"), data[8:], int.from_bytes(data[4:8], "big"))


TABLE: StateTable[Counter] = StateTable("t", "t-changelog", encode, decode)


def event_id(number: int) -> bytes:
    return number.to_bytes(8, "big")


class LikeOneDictionary(RuleBasedStateMachine):
    """Against a plain dictionary; a crash at any point leaves what was committed."""

    def open_store(self) -> ColdStore:
        return MemoryStore()

    @initialize()
    def start(self) -> None:
        self.state = State(TABLE, self.open_store(), hot_max=2)
        self.model: dict[bytes, int] = {}
        self.changelog: dict[bytes, bytes | None] = {}

    @rule(key=KEYS, number=st.integers(0, 400))
    def event(self, key: bytes, number: int) -> None:
        value = self.state.get(key) or Counter()
        if value.is_new(event_id(number)):
            value.count += 1
        self.state.put(key, value)
        self.seen.setdefault(key, set()).add(number)
        self.model[key] = len(self.seen[key])

    @rule(key=KEYS, first=st.integers(0, 300))
    def many_events(self, key: bytes, first: int) -> None:
        for number in range(first, first + SEGMENT_IDS):
            self.event(key, number)

    @rule(key=KEYS)
    def delete(self, key: bytes) -> None:
        self.state.delete(key)
        self.model.pop(key, None)
        self.seen.pop(key, None)

    @rule(key=KEYS, number=st.integers(0, 2), part=st.none() | st.binary(max_size=3))
    def put_part(self, key: bytes, number: int, part: bytes | None) -> None:
        """Parts of other keys than those that seal themselves."""
        self.state.put_part(b"p" + key, number, part)
        self.state.put(b"p" + key, Counter(1))
        self.model[b"p" + key] = 1
        self.parts[b"p" + key, number] = part

    @rule()
    def checkpoint(self) -> None:
        changes = self.state.take_changes()
        self.changelog.update(changes)
        self.state.cold.commit(changes, NOWHERE)
        self.state.committed(changes)

    @rule(key=KEYS)
    def work_goes_on_while_a_checkpoint_is_in_flight(self, key: bytes) -> None:
        changes = self.state.take_changes()
        self.event(key, 7)
        self.changelog.update(changes)
        self.state.cold.commit(changes, NOWHERE)
        self.state.committed(changes)

    @rule()
    def restart(self) -> None:
        self.checkpoint()
        self.state.close()
        store = self.open_store()
        store.discard()
        self.state = State(TABLE, store, hot_max=2)
        self.state.install(self.changelog, NOWHERE)

    @rule()
    def lose_what_is_not_committed_and_go_on_from_the_local_store(self) -> None:
        self.checkpoint()
        if self.state.cold.holds_committed:
            self.state.close()

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[bytes, set[int]] = {}
        self.parts: dict[tuple[bytes, int], bytes | None] = {}

    @invariant()
    def parts_are_those_of_the_model(self) -> None:
        for (key, number), part in self.parts.items():
            assert self.state.find_part(key, number) == part
            if part is not None:
                assert self.state.get_part(key, number) == part
            else:
                with pytest.raises(AssertionError, match="missing from the state"):
                    self.state.get_part(key, number)

    @invariant()
    def values_are_those_of_the_model(self) -> None:
        if hasattr(self, "state"):
            assert set(self.state.keys()) == set(self.model)
            for key in sorted(self.model):
                value = self.state.get(key)
                assert value is not None
                assert value.count == self.model[key], key


class LikeOneDictionaryOnDisk(LikeOneDictionary):
    def open_store(self) -> ColdStore:
        return RocksStore(Path(self.folder.name) / "state")

    @initialize()
    def start(self) -> None:
        self.folder = TemporaryDirectory()
        super().start()

    def teardown(self) -> None:
        if hasattr(self, "state"):
            self.state.close()
            self.folder.cleanup()


TestLikeOneDictionary = LikeOneDictionary.TestCase
TestLikeOneDictionary.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestLikeOneDictionaryOnDisk = LikeOneDictionaryOnDisk.TestCase
TestLikeOneDictionaryOnDisk.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)


def test_an_id_across_two_others_is_not_taken_for_seen() -> None:
    value = Counter()
    assert value.is_new(b"aaaabbbb")
    assert value.is_new(b"ccccdddd")
    assert value.is_new(b"bbbbcccc")
    assert not value.is_new(b"ccccdddd")


def test_sealed_segments_are_written_once_and_found_again() -> None:
    state = State(TABLE, MemoryStore(), hot_max=10)
    value = Counter()
    state.put(b"k", value)
    for number in range(3 * SEGMENT_IDS + 5):
        assert value.is_new(event_id(number))
    first = dict(state.take_changes())
    assert len(first) == 4
    state.put(b"k", value)
    assert list(dict(state.take_changes())) == [b"k"]
    again = State(TABLE, MemoryStore(), hot_max=10)
    again.install(first, NOWHERE)
    found = again.get(b"k")
    assert found is not None
    assert [n for n in range(3 * SEGMENT_IDS + 6) if found.is_new(event_id(n))] == [3 * SEGMENT_IDS + 5]
    assert list(again.keys()) == [b"k"]


def test_segments_past_the_horizon_are_deleted() -> None:
    value = Counter(sealed=SEGMENTS_MAX)
    value.unseal([])
    for number in range(SEGMENT_IDS):
        value.is_new(event_id(number))
    assert [number for number, segment in value.seal() if segment is None] == [0]
    assert value.segments() == range(1, SEGMENTS_MAX + 1)


def test_a_missing_segment_is_a_broken_state_not_an_empty_past() -> None:
    state = State(TABLE, MemoryStore(), hot_max=10)
    state.install({b"k": encode(Counter(1, b"", 1))}, NOWHERE)
    with pytest.raises(AssertionError, match="segment 0"):
        state.get(b"k")
