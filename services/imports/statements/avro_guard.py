"""Looks at an Avro container file before it is decoded: a block may be packed a thousandfold.

A block is the number of its records, its size, its bytes and the file's sync mark (Avro 1.12, "Object Container
Files"). It is unpacked piece by piece, counted and thrown away; codecs that nobody needs for a statement are refused.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import BinaryIO, Final

import fastavro

from services.imports.statements.reasons import FileRefusedError, Reason

_SYNC_BYTES: Final = 16
_PIECE: Final = 256 * 1024
_CODECS: Final = ("null", "deflate")


def check_avro(path: Path, limit_bytes: int) -> None:
    """Raises ``FileRefusedError`` for a file that unpacks to more than ``limit_bytes``, else what fastavro raises."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        codec = fastavro.reader(stream).metadata.get("avro.codec", "null")
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
