"""Columns as the bytes of ``COPY … FROM STDIN (FORMAT binary)``.

Layout of a row: number of fields, then for each its length (-1: null) and its bytes, all big-endian (PostgreSQL manual,
"COPY", File Formats; jsonb begins with its version, 1). Every row's place is known before anything is written, so that
each field is written to all rows at the same time.

Invariant: text is written in words of eight bytes, beyond its end too; what follows it in the row is therefore written
later, and a number of eight bytes that is never null comes last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from services.projector.columns.folding import Ints, Words
from services.projector.columns.table import NUMBER_KINDS, Columns, Kind, Numbers, Spans

_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"
_WIDTHS: Final[Mapping[str, int]] = {"int4": 4, "date": 4, "int8": 8, "timestamp": 8}
#: PostgreSQL counts from 2000-01-01
_EPOCHS: Final[Mapping[str, int]] = {"date": 10_957, "timestamp": 946_684_800_000_000}
#: what is written eight bytes at a time; longer ones are rare and written one by one
_WORDWISE: Final = 64


def _kind_of(column: sa.Column[Any]) -> Kind:
    kinds: tuple[tuple[type, Kind], ...] = (
        (sa.BigInteger, "int8"),
        (sa.Integer, "int4"),
        (sa.TIMESTAMP, "timestamp"),
        (sa.Date, "date"),
        (sa.LargeBinary, "bytes"),
        (postgresql.JSONB, "json"),
        (sa.Text, "text"),
    )
    for shape, kind in kinds:
        if isinstance(column.type, shape):
            return kind
    raise ValueError(f"{column} is {column.type!r}")


def kinds_of(columns: Iterable[sa.Column[Any]]) -> dict[str, Kind]:
    """What each column of a table holds. Raises ValueError for what no result has."""
    return {str(column.name): _kind_of(column) for column in columns}


class BinaryCopy:
    """The COPY into one table. ``names`` is the order of its columns."""

    def __init__(self, columns: Sequence[sa.Column[Any]]) -> None:
        """Raises ValueError for a table without a BIGINT or TIMESTAMP that is never null."""
        self._kinds = kinds_of(columns)
        lasts = [
            str(column.name)
            for column in columns
            if not column.nullable and _WIDTHS.get(self._kinds[str(column.name)]) == 8
        ]
        if not lasts:
            raise ValueError("no column to close a row with")
        self._kinds[lasts[0]] = self._kinds.pop(lasts[0])
        self.names = tuple(sorted(self._kinds, key=lambda name: self._kinds[name] in NUMBER_KINDS))

    def block(self, columns: Columns) -> memoryview:
        """The whole COPY of these rows."""
        sizes = [_sizes(columns.fields[name]) for name in self.names]
        row_sizes = np.full(columns.count, 2 + 4 * len(sizes), np.int64)
        for size in sizes:
            row_sizes += size
        ends = np.cumsum(row_sizes) + len(_SIGNATURE)
        total = int(ends[-1]) if columns.count else len(_SIGNATURE)
        page = _Page(total + len(_END))
        page.put(0, _SIGNATURE)
        page.at = ends - row_sizes
        page.small(len(sizes))
        for name, size in zip(self.names, sizes, strict=True):
            column = columns.fields[name]
            if isinstance(column, Numbers):
                page.numbers(column, size, self._kinds[name])
            else:
                page.spans(column, size)
        page.put(total, _END)
        return page.written


def _sizes(column: Numbers | Spans) -> Ints | int:
    """Bytes of each value."""
    if isinstance(column, Spans):
        size = column.lengths + 1 if column.kind == "json" else column.lengths
        return size if column.null is None else np.where(column.null, 0, size)
    width = _WIDTHS[column.kind]
    return width if column.null is None else np.where(column.null, 0, width)


class _Page:
    """What is written, and ``at``: where in it each row is."""

    def __init__(self, size: int) -> None:
        self._out = bytearray(size + 8)
        self.written = memoryview(self._out)[:size]
        self.at: Ints = np.zeros(0, np.int64)
        self._int2, self._int4, self._int8 = (
            _every(self._out, kind, width) for kind, width in ((">i2", 2), (">i4", 4), (">i8", 8))
        )
        self._words = _every(self._out, "<u8", 8)

    def put(self, at: int, what: bytes) -> None:
        self._out[at : at + len(what)] = what

    def small(self, number: int) -> None:
        self._int2[self.at] = number
        self.at = self.at + 2

    def _length(self, column: Numbers | Spans, size: Ints | int) -> None:
        self._int4[self.at] = size if column.null is None else np.where(column.null, -1, size)
        self.at = self.at + 4

    def numbers(self, column: Numbers, size: Ints | int, kind: Kind) -> None:
        self._length(column, size)
        target = self._int4 if _WIDTHS[kind] == 4 else self._int8
        numbers = column.numbers - _EPOCHS[kind] if kind in _EPOCHS else column.numbers
        if column.null is None:
            target[self.at] = numbers
        else:
            present = np.flatnonzero(~column.null)
            target[self.at[present]] = numbers[present]
        self.at = self.at + size

    def spans(self, column: Spans, size: Ints | int) -> None:
        self._length(column, size)
        to = self.at
        if column.kind == "json":
            present = slice(None) if column.null is None else np.flatnonzero(~column.null)
            np.frombuffer(self._out, np.uint8)[to[present]] = 1
            to = to + 1
        starts, lengths = column.starts, column.lengths
        source: Words = np.ndarray((len(column.data) - 7,), "<u8", column.data, strides=(1,))
        for begin in range(0, min(int(lengths.max(initial=0)), _WORDWISE), 8):
            some = np.flatnonzero(lengths > begin)
            if len(some) == len(lengths):
                self._words[to + begin] = source[starts + begin]
            else:
                self._words[to[some] + begin] = source[starts[some] + begin]
        for row in np.flatnonzero(lengths > _WORDWISE).tolist():
            start, target, length = int(starts[row]), int(to[row]), int(lengths[row])
            self._out[target : target + length] = column.data[start : start + length]
        self.at = self.at + size


def _every(out: bytearray, kind: str, width: int) -> npt.NDArray[Any]:
    """A number of that kind at every byte."""
    return np.ndarray((len(out) - width + 1,), kind, out, strides=(1,))
