"""Looks at an Avro container file before it is decoded: a block may be packed a thousandfold, and an array of what
takes no bytes (``null``) may count to any number.

A block is the number of its records, its size, its bytes and the file's sync mark (Avro 1.12, "Object Container
Files"). It is unpacked piece by piece, counted and thrown away; codecs that nobody needs for a statement are refused.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import fastavro

from services.imports.statements.reasons import FileRefusedError, Reason

_SYNC_BYTES: Final = 16
_PIECE: Final = 256 * 1024
_CODECS: Final = ("null", "deflate")


def check_avro(path: Path, limit_bytes: int) -> None:
    """Raises ``FileRefusedError`` for a file that unpacks to more than ``limit_bytes``, else what fastavro raises."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        header = fastavro.reader(stream)
        if _counts_for_nothing(header.writer_schema):
            raise FileRefusedError(Reason.HOSTILE, "it holds arrays of what takes no bytes")
        codec = header.metadata.get("avro.codec", "null")
        if codec not in _CODECS:
            raise FileRefusedError(Reason.UNREADABLE, f"it is packed by {codec[:20]}", format="Avro")
        unpacked = 0
        while stream.tell() < size:
            _long(stream)
            packed = _long(stream)
            if not 0 <= packed <= size - stream.tell():
                raise FileRefusedError(Reason.UNREADABLE, "it is cut off", format="Avro")
            end = stream.tell() + packed
            unpacked += packed if codec == "null" else _unpacked(stream.read(packed), limit_bytes)
            if unpacked > limit_bytes:
                limit = f"{limit_bytes // 2**20} MiB"
                raise FileRefusedError(Reason.TOO_LARGE, f"more than {limit} unpacked", limit=limit)
            stream.seek(end + _SYNC_BYTES)


def _counts_for_nothing(schema: Any) -> bool:
    """Whether a schema has an array whose items take no bytes. A map's items each have a key."""
    parts = list(_parts_of(schema))
    named = {str(part["name"]).rpartition(".")[2]: part for part in parts if "name" in part}
    return any(part.get("type") == "array" and _takes_nothing(part.get("items"), named) for part in parts)


def _parts_of(schema: Any) -> Iterator[Mapping[str, Any]]:
    """All definitions in a schema."""
    if isinstance(schema, list):
        for one in schema:
            yield from _parts_of(one)
    elif isinstance(schema, Mapping):
        yield schema
        for inner in (schema.get("type"), schema.get("items"), schema.get("values"), schema.get("fields")):
            yield from _parts_of(inner)


def _takes_nothing(schema: Any, named: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a value of it takes no bytes; ``named``: the definitions that a name may stand for."""
    if isinstance(schema, str):
        name = schema.rpartition(".")[2]
        rest = {
            other: definition for other, definition in named.items() if other != name
        }  # it may name itself
        return schema == "null" or (name in named and _takes_nothing(named[name], rest))
    if not isinstance(schema, Mapping):
        return False  # a union says which it is
    if "fields" in schema:
        return all(_takes_nothing(field.get("type"), named) for field in schema["fields"])
    return schema.get("size") == 0 or _takes_nothing(schema.get("type"), named)


def _long(stream: BinaryIO) -> int:
    """A number in Avro's zigzag form of at most ten bytes."""
    value = 0
    for shift in range(0, 70, 7):
        byte = stream.read(1)
        if not byte:
            raise EOFError("a block is cut off")
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return (value >> 1) ^ -(value & 1)
    raise ValueError("a number has no end")


def _unpacked(packed: bytes, limit_bytes: int) -> int:
    """The size of a block's bytes, or more than the limit."""
    unpack, count = zlib.decompressobj(-zlib.MAX_WBITS), 0
    while packed and count <= limit_bytes and not unpack.eof:
        count += len(unpack.decompress(packed, _PIECE))
        packed = unpack.unconsumed_tail
    return count
