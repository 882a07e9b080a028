"""A cold store on disk: RocksDB, for state that does not fit into memory and for a restart that replays only the tail.

It is written after a checkpoint's transaction, in one atomic batch of the values and the position that they stand
for. So it is always a consistent prefix of the changelog, also after kill -9, and needs no marker of a clean end.
Its log is not synced: what a power cut takes is replayed from the changelog.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
from rocksdict import AccessType, BlockBasedOptions, Cache, Options, Rdict, WriteBatch

from streams.engine.stores import Encoded, Position

_POSITION_KEY: Final = b"\x00position"
_MAX_AGE_S: Final = 12 * 60 * 60
"""Half of the changelog's ``delete.retention.ms``: an older store may have missed the tombstones of deleted keys."""
_INSTALL_CHUNK: Final = 50_000


class _Stored(msgspec.Struct, array_like=True):
    changelog_offset: int
    progress: dict[str, int]
    written_at_s: int


class RocksStore:
    """See the module. ``commit`` may run in another thread than the rest. Opens when first used."""

    holds_committed = True

    def __init__(self, path: Path, *, cache_mb: int = 16) -> None:
        self._path = path
        self._cache_mb = cache_mb
        self._opened: Rdict | None = None

    @property
    def _db(self) -> Rdict:
        if self._opened is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._opened = Rdict(str(self._path), self._options(), access_type=AccessType.read_write())
        return self._opened

    def _options(self) -> Options:
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_max_open_files(256)
        options.set_write_buffer_size(32 * 1024 * 1024)
        options.set_max_background_jobs(2)
        blocks = BlockBasedOptions()
        blocks.set_block_cache(Cache(self._cache_mb * 1024 * 1024))
        blocks.set_bloom_filter(10, block_based=False)
        options.set_block_based_table_factory(blocks)
        return options

    def take(self, key: bytes) -> bytes | None:
        return self._get(key)

    def peek(self, key: bytes) -> bytes | None:
        return self._get(key)

    def _get(self, key: bytes) -> bytes | None:
        value: bytes | None = self._db.get(key)
        return value

    def put(self, key: bytes, value: bytes) -> None:
        raise AssertionError("a store of committed values takes nothing but checkpoints")

    def forget(self, key: bytes) -> None:
        return  # the checkpoint that deletes it will tell

    def install(self, values: Mapping[bytes, bytes | None], position: Position) -> None:
        batch = WriteBatch(raw_mode=True)
        for count, (key, value) in enumerate(values.items(), start=1):
            _add(batch, key, value)
            if count % _INSTALL_CHUNK == 0:
                # Without the position: a crash in between replays the same values again.
                self._db.write(batch)
                batch = WriteBatch(raw_mode=True)
        _add(batch, _POSITION_KEY, _encode(position))
        self._db.write(batch)

    def commit(self, values: Encoded, position: Position) -> None:
        batch = WriteBatch(raw_mode=True)
        for key, value in values:
            _add(batch, key, value)
        _add(batch, _POSITION_KEY, _encode(position))
        self._db.write(batch)

    def position(self) -> Position | None:
        if self._opened is None and not self._path.exists():
            return None
        stored = self._get(_POSITION_KEY)
        if stored is None:
            return None
        found = msgspec.msgpack.decode(stored, type=_Stored)
        if time.time() - found.written_at_s > _MAX_AGE_S:
            self.discard()
            return None
        return Position(found.changelog_offset, found.progress)

    def stored_keys(self) -> Iterator[bytes]:
        for key in self._db.keys():  # noqa: SIM118 - an iterator; iterating the database itself is not offered
            assert isinstance(key, bytes)
            if key != _POSITION_KEY:
                yield key

    def __len__(self) -> int:
        return int(self._db.property_int_value("rocksdb.estimate-num-keys") or 0)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def discard(self) -> None:
        self.close()
        if self._path.exists():
            Rdict.destroy(str(self._path), Options(raw_mode=True))


def _add(batch: WriteBatch, key: bytes, value: bytes | None) -> None:
    if value is None:
        batch.delete(key)
    else:
        batch.put(key, value)


def _encode(position: Position) -> bytes:
    return msgspec.msgpack.encode(_Stored(position.changelog_offset, position.progress, int(time.time())))
