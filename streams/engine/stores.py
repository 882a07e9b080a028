"""Where values rest as bytes: the protocol, and the dictionary that is the default (``rocksdb_store`` is the other).

Called on the event loop only, but for ``commit``, which runs in the checkpoint's thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

Encoded = list[tuple[bytes, bytes | None]]
"""Changelog records of a checkpoint, one per changed key; ``None`` deletes the key."""


@dataclass(frozen=True, slots=True)
class Position:
    """What a local store stands for: every changelog record before ``changelog_offset``, the sources up to here."""

    changelog_offset: int
    progress: dict[str, int]


class ColdStore(Protocol):
    """Encoded values of one partition."""

    holds_committed: bool
    """True where every committed value is here; False where a value is either here or at work as an object."""

    def take(self, key: bytes) -> bytes | None:
        """The value of a key that goes to work. A store that does not hold committed values forgets it."""

    def peek(self, key: bytes) -> bytes | None: ...
    def put(self, key: bytes, value: bytes) -> None: ...
    def forget(self, key: bytes) -> None: ...
    def install(self, values: Mapping[bytes, bytes | None], position: Position) -> None: ...
    def commit(self, values: Encoded, position: Position) -> None:
        """``values`` are in the changelog. A store that holds committed values takes them over with the position."""

    def position(self) -> Position | None:
        """Where a store that outlived its process stands; ``None`` where it holds nothing to go on from."""

    def stored_keys(self) -> Iterator[bytes]: ...
    def __len__(self) -> int: ...

    def close(self) -> None:
        """Let go. What outlives this is a consistent prefix of the changelog. The store opens again when used."""

    def discard(self) -> None:
        """Forget everything, for good."""


class MemoryStore:
    """A dictionary of what is not at work; nothing of it outlives the process."""

    holds_committed = False

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}

    def take(self, key: bytes) -> bytes | None:
        return self._values.pop(key, None)

    def peek(self, key: bytes) -> bytes | None:
        return self._values.get(key)

    def put(self, key: bytes, value: bytes) -> None:
        self._values[key] = value

    def forget(self, key: bytes) -> None:
        self._values.pop(key, None)

    def install(self, values: Mapping[bytes, bytes | None], position: Position) -> None:
        del position
        if not self._values:
            self._values = {key: value for key, value in values.items() if value is not None}
            return
        for key, value in values.items():
            if value is None:
                self._values.pop(key, None)
            else:
                self._values[key] = value

    def commit(self, values: Encoded, position: Position) -> None:
        return  # the objects at work are the values

    def position(self) -> Position | None:
        return None

    def stored_keys(self) -> Iterator[bytes]:
        return iter(list(self._values))

    def __len__(self) -> int:
        return len(self._values)

    def close(self) -> None:
        self._values = {}

    def discard(self) -> None:
        self._values = {}
