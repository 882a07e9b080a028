"""Which events a key has seen: exact deduplication in about the size of the ids themselves.

Ids are packed side by side; a search over at most ``SEGMENT_IDS`` of them takes tens of nanoseconds, and a set of the
same ids would cost ten times the memory. A full run of ids is *sealed*: it becomes a changelog record of its own,
written once, so a busy key does not rewrite its past at every checkpoint. A key with sealed segments keeps an index of
all its ids, made again when its value is woken.

Horizon: the newest ``SEGMENTS_MAX`` segments. An id that comes back after more than that may not be recognised here;
the ledger's unique key in PostgreSQL refuses its entries (docs/adr/0001-delivery-guarantee.md).
"""

from __future__ import annotations

from typing import ClassVar, Final

SEGMENT_IDS: Final = 64
SEGMENTS_MAX: Final = 4096


class SeenIds:
    """Base of a state value that deduplicates. Ids are exactly ``ID_BYTES`` long."""

    __slots__ = ("index", "sealed", "tail")
    ID_BYTES: ClassVar[int] = 8

    def __init__(self, tail: bytes = b"", sealed: int = 0) -> None:
        """``tail``: the packed ids that are not sealed yet; ``sealed``: how many segments were ever sealed."""
        self.tail = tail
        self.sealed = sealed
        self.index: set[bytes] | None = None

    def is_new(self, event_id: bytes) -> bool:
        """True at the first sight of ``event_id``, which is remembered."""
        index = self.index
        if index is not None:
            if event_id in index:
                return False
            index.add(event_id)
        else:
            tail = self.tail
            found = tail.find(event_id)
            while found > 0 and found % self.ID_BYTES:  # a match across two ids is none
                found = tail.find(event_id, found + 1)
            if found >= 0:
                return False
        self.tail += event_id
        return True

    def is_full(self) -> bool:
        return len(self.tail) >= SEGMENT_IDS * self.ID_BYTES

    def segments(self) -> range:
        """The numbers of the segments within the horizon."""
        return range(max(0, self.sealed - SEGMENTS_MAX), self.sealed)

    def seal(self) -> list[tuple[int, bytes | None]]:
        """Move the tail into segments. Returns (number, ids) to write once; ``None`` for one past the horizon."""
        size = SEGMENT_IDS * self.ID_BYTES
        if self.index is None:
            self.index = set(_split(self.tail, self.ID_BYTES))
        changes: list[tuple[int, bytes | None]] = []
        while len(self.tail) >= size:
            changes.append((self.sealed, self.tail[:size]))
            self.tail = self.tail[size:]
            if self.sealed >= SEGMENTS_MAX:
                changes.append((self.sealed - SEGMENTS_MAX, None))
            self.sealed += 1
        return changes

    def unseal(self, segments: list[bytes]) -> None:
        """Make the index again from the segments within the horizon, in order."""
        size = self.ID_BYTES
        self.index = {event_id for segment in (*segments, self.tail) for event_id in _split(segment, size)}


def _split(packed: bytes, size: int) -> list[bytes]:
    return [packed[at : at + size] for at in range(0, len(packed), size)]
