"""The state of one partition: values at work as objects, all others as bytes, and what the next checkpoint writes.

Decoded objects cost about five times their bytes, so only keys in use are objects. They live in two generations: a
key that is touched moves to the young one; when that is full, the old one is cooled (handed to the cold store as
bytes) and the young one becomes the old. This is close to least-recently-used and costs nothing on a hit. A value
that no checkpoint has committed is never cooled, so a cold store may hold committed values only.

Called on the event loop only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Generic, TypeVar, cast

from streams.engine.seen import SeenIds
from streams.engine.stores import ColdStore, Encoded, Position
from streams.engine.table import StateTable

V = TypeVar("V")

_SEGMENT: Final = b"\x00"


class State(Generic[V]):
    """Values by key, and which of them no checkpoint has taken yet. ``hot_max``: objects per generation."""

    __slots__ = (
        "_decode",
        "_encode",
        "_fresh",
        "_gone",
        "_hot_max",
        "_parts",
        "cold",
        "dirty",
        "old",
        "young",
    )

    def __init__(self, table: StateTable[V], cold: ColdStore, hot_max: int) -> None:
        assert hot_max > 0
        self.cold = cold
        self.young: dict[bytes, V] = {}
        self.old: dict[bytes, V] = {}
        self.dirty: dict[bytes, V | bytes | None] = {}
        self._gone: set[bytes] = set()
        self._parts: dict[bytes, bytes | None] = {}
        self._fresh: dict[bytes, bytes | None] = {}
        self._encode = table.encode
        self._decode = table.decode
        self._hot_max = hot_max

    def get(self, key: bytes) -> V | None:
        """The value of ``key``; ``None`` where there is none. Whoever changes it puts it back."""
        value = self.young.get(key)
        return value if value is not None else self.wake(key)

    def wake(self, key: bytes) -> V | None:
        """``get`` for a key that is not in the young generation."""
        value = self.old.pop(key, None)
        if value is None:
            if key in self._gone:
                return None
            encoded = self.cold.take(key)
            if encoded is None:
                return None
            value = self._decode(encoded)
            if isinstance(value, SeenIds) and value.sealed:
                value.unseal([self._segment(key, number) for number in value.segments()])
        self.young[key] = value
        return value

    def put(self, key: bytes, value: V) -> None:
        """``value`` is what ``key`` holds from now on; the next checkpoint writes it."""
        self.young[key] = value
        self.dirty[key] = value
        if self._gone:
            self._gone.discard(key)

    def delete(self, key: bytes) -> None:
        """``key`` holds nothing from now on; the next checkpoint writes a tombstone. Idempotent."""
        value = self.get(key)
        if isinstance(value, SeenIds):
            for segment in (_segment_key(key, number) for number in value.segments()):
                self.cold.forget(segment)
                self.dirty[segment] = None
        self.young.pop(key, None)
        self.old.pop(key, None)
        self.cold.forget(key)
        self.dirty[key] = None
        self._gone.add(key)

    # -- parts: bytes beside the value of a key, each a changelog record of its own

    def get_part(self, key: bytes, number: int) -> bytes:
        """Part ``number`` of ``key``, which must be there."""
        part = self.find_part(key, number)
        assert part is not None, f"part {number} of {key!r} is missing from the state"
        return part

    def find_part(self, key: bytes, number: int) -> bytes | None:
        """Part ``number`` of ``key``, if there is one."""
        part_key = _segment_key(key, number)
        return self._fresh[part_key] if part_key in self._fresh else self.cold.peek(part_key)

    def put_part(self, key: bytes, number: int, part: bytes | None) -> None:
        """Keep ``part`` under ``number``, or forget it (``None``); the next checkpoint writes it. No key has both
        parts and a value that seals itself (``SeenIds``).
        """
        part_key = _segment_key(key, number)
        self._parts[part_key] = part
        if self.cold.holds_committed:
            self._fresh[part_key] = part  # until the checkpoint that takes it is committed
        elif part is None:
            self.cold.forget(part_key)
        else:
            self.cold.put(part_key, part)

    def __len__(self) -> int:
        """How many values there are. Where the cold store holds committed values, its own count, which may lag."""
        return len(self.cold) + (0 if self.cold.holds_committed else len(self.young) + len(self.old))

    def keys(self) -> Iterable[bytes]:
        """All keys with a value, in no order; a snapshot."""
        found = {*self.young, *self.old, *self.cold.stored_keys()} - self._gone
        return [key for key in found if _SEGMENT not in key]

    # -- checkpoints

    def take_changes(self) -> Encoded:
        """What has changed since the last call, encoded; from here on it belongs to the checkpoint in hand."""
        dirty, self.dirty = self.dirty, {}
        encode = self._encode
        changes: Encoded = []
        if self._gone:  # tombstones first: a key may have begun anew, with new segments under the old numbers
            changes += [(key, None) for key, value in dirty.items() if value is None]
        add = changes.append
        for key, value in dirty.items():
            if value is None:
                continue
            if isinstance(value, SeenIds) and value.is_full():
                changes += self._seal(key, value)
            add((key, encode(cast("V", value))))
        if self._parts:
            changes += self._parts.items()
            self._parts = {}
        return changes

    def committed(self, changes: Encoded) -> None:
        """``changes`` are in the changelog and, where the cold store holds committed values, there."""
        if self._gone:
            self._gone -= {key for key, value in changes if value is None and key not in self.dirty}
        if self._fresh:
            for key, value in changes:
                if key in self._fresh and self._fresh[key] is value:
                    del self._fresh[key]
        if len(self.young) > self._hot_max:
            self._cool()

    def _cool(self) -> None:
        young, dirty, cold = self.young, self.dirty, self.cold
        for key, value in self.old.items():
            if key in dirty:
                young[key] = value
            elif not cold.holds_committed:
                cold.put(key, self._encode(value))
        self.old, self.young = young, {}

    # -- segments of identities (see ``seen``)

    def _segment(self, key: bytes, number: int) -> bytes:
        segment = self.cold.peek(_segment_key(key, number))
        assert segment is not None, f"segment {number} of {key!r} is missing from the state"
        return segment

    def _seal(self, key: bytes, value: SeenIds) -> Encoded:
        sealed: Encoded = []
        for number, segment in value.seal():
            segment_key = _segment_key(key, number)
            if segment is None:
                self.cold.forget(segment_key)
            elif not self.cold.holds_committed:
                self.cold.put(segment_key, segment)
            sealed.append((segment_key, segment))
        return sealed

    # -- life

    def install(self, values: Mapping[bytes, bytes | None], position: Position) -> None:
        """Newer values from the changelog replace what is held. Nothing may be waiting for a checkpoint."""
        assert not self.dirty, "restoring over changes that no checkpoint has taken"
        assert not self._parts, "restoring over parts that no checkpoint has taken"
        if self.young or self.old:
            for key in values:
                self.young.pop(key, None)
                self.old.pop(key, None)
        self.cold.install(values, position)

    def close(self) -> None:
        """Let go of everything that is not committed, and of the cold store."""
        self.young, self.old, self.dirty, self._gone = {}, {}, {}, set()
        self._parts, self._fresh = {}, {}
        self.cold.close()


def _segment_key(key: bytes, number: int) -> bytes:
    return key + _SEGMENT + number.to_bytes(4, "big")
