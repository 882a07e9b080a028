"""Long answers: rows of the read model as a JSON array, encoded as they are read.

A short answer is a plain response; a long one streams, with at most one piece in memory.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from fastapi import Response
from fastapi.responses import StreamingResponse

_PIECE_BYTES: Final = 256 * 1024
_JSON: Final = "application/json"


def json_rows(engine: sa.Engine, query: Callable[[sa.Connection], Iterator[Any]]) -> Response:
    """Answer with the rows of ``query``, read in one snapshot. Blocks for the first piece.

    Errors of the query are raised before anything is answered; a failure later breaks the connection off,
    so that no client takes half an array for the whole.
    """
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(
            engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        )
        pieces = _pieces(query(connection))
        first = next(pieces)
        second = next(pieces, None)
        if second is None:
            return Response(first, media_type=_JSON)
        opened = stack.pop_all()
    return StreamingResponse(_rest(first, second, pieces, opened), media_type=_JSON)


def _pieces(rows: Iterator[Any]) -> Iterator[bytes]:
    encode = msgspec.json.Encoder().encode
    buffer = bytearray(b"[")
    separator = b""
    for row in rows:
        buffer += separator + encode(row)
        separator = b",\n"
        if len(buffer) >= _PIECE_BYTES:
            yield bytes(buffer)
            buffer.clear()
    buffer += b"]\n"
    yield bytes(buffer)


def _rest(
    first: bytes, second: bytes, pieces: Iterator[bytes], opened: contextlib.ExitStack
) -> Iterator[bytes]:
    with opened:
        yield first
        yield second
        yield from pieces
