"""Columns of one table: what a batch brings to it.

Invariants: a column is integers, or points into bytes; money is never anything else than a 64-bit integer. What is text
or JSON holds no U+0000: legal in Avro, refused by PostgreSQL's text and jsonb. Nothing here changes once it is made.
"""

from __future__ import annotations

import datetime as dt
import functools
import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

import msgspec
import numpy as np
import numpy.typing as npt

from services.projector.columns import folding
from services.projector.columns.folding import Ints, Words

Flags = npt.NDArray[np.bool_]

NumberKind = Literal["int4", "int8", "date", "timestamp"]
SpanKind = Literal["text", "bytes", "json"]
Kind = NumberKind | SpanKind
Row = dict[str, Any]

NUMBER_KINDS: Final[frozenset[str]] = frozenset({"int4", "int8", "date", "timestamp"})
#: room behind the last byte, so that a word of 8 bytes can be read at any position
PADDING: Final = bytes(8)
#: by length: the bytes of a word that belong to a text
WITHIN: Final = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)
#: where a text of a key is longer, as few are, its rows are folded one by one
_LONGEST_KEY: Final = 256

_EPOCH_DAY: Final = dt.date(1970, 1, 1).toordinal()
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_ENCODER: Final = msgspec.json.Encoder()
_MICROSECOND: Final = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Integers, dates (days since 1970) or instants (microseconds since 1970, UTC); 0 where null."""

    kind: NumberKind
    numbers: Ints
    null: Flags | None = None

    @classmethod
    def of(cls, kind: NumberKind, values: Sequence[Any]) -> Numbers:
        """From int, date or datetime, and None for null."""
        null = _nulls(values)
        number = _NUMBERS[kind]
        numbers = np.fromiter(
            (0 if value is None else number(value) for value in values), np.int64, len(values)
        )
        return cls(kind, numbers, null)

    def at(self, index: Ints | slice) -> Numbers:
        """Those of some rows."""
        return Numbers(self.kind, self.numbers[index], None if self.null is None else self.null[index])

    def words(self) -> list[Words]:
        """As `folding.Key`."""
        return [self.numbers.view(np.uint64)]

    def hashables(self) -> list[Any]:
        """As `folding.Key`."""
        found: list[Any] = self.numbers.tolist()
        return found

    def values(self) -> list[Any]:
        """As Python has them: int, date, or datetime in UTC; None where null."""
        found: list[Any] = self.numbers.tolist()
        if self.kind == "date":
            found = self.numbers.view("M8[D]").tolist()
        elif self.kind == "timestamp":
            # a tenth of the time of datetimes without a zone that are given one
            found = [_EPOCH + since for since in self.numbers.view("m8[us]").tolist()]
        return _with_nulls(found, self.null)


@dataclass(frozen=True, slots=True)
class Spans:
    """Texts (UTF-8 without U+0000), bytes or JSON texts within ``data``, which ends with `PADDING`."""

    kind: SpanKind
    data: bytes
    starts: Ints
    lengths: Ints  # 0 where null
    null: Flags | None = None

    @classmethod
    def of(cls, kind: SpanKind, values: Sequence[Any]) -> Spans:
        """From str, bytes or what becomes JSON, and None for null. U+0000 becomes U+FFFD."""
        encode = _BYTES[kind]
        return cls.joined(kind, [b"" if value is None else encode(value) for value in values], _nulls(values))

    @classmethod
    def joined(cls, kind: SpanKind, pieces: Sequence[bytes], null: Flags | None = None) -> Spans:
        """From the bytes of each, empty where null."""
        lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
        return cls(kind, b"".join([*pieces, PADDING]), np.cumsum(lengths) - lengths, lengths, null)

    def at(self, index: Ints | slice) -> Spans:
        """Those of some rows."""
        null = None if self.null is None else self.null[index]
        return Spans(self.kind, self.data, self.starts[index], self.lengths[index], null)

    def pieces(self) -> list[bytes]:
        """The bytes of each, empty where null."""
        data = self.data
        ends = self.starts + self.lengths
        return [data[start:end] for start, end in zip(self.starts.tolist(), ends.tolist(), strict=True)]

    def words(self) -> list[Words] | None:
        """As `folding.Key`."""
        longest = int(self.lengths.max(initial=0))
        if longest > _LONGEST_KEY:
            return None
        source: Words = np.ndarray((len(self.data) - 7,), "<u8", self.data, strides=(1,))
        words = [self.lengths.view(np.uint64)]
        for begin in range(0, longest, 8):
            left = np.clip(self.lengths - begin, 0, 8)
            words.append(source[np.where(left > 0, self.starts + begin, 0)] & WITHIN[left])
        return words

    def hashables(self) -> list[Any]:
        """As `folding.Key`."""
        return self.pieces()

    def raw(self) -> list[Any]:
        """JSON as it is, `msgspec.Raw`; None where null."""
        return _with_nulls(list(map(msgspec.Raw, self.pieces())), self.null)

    def values(self) -> list[Any]:
        """As Python has them: str, bytes, or what the JSON says; None where null."""
        found: list[Any] = self.pieces()
        if self.kind == "text":
            found = list(map(bytes.decode, found))
        elif self.kind == "json":
            found = [msgspec.json.decode(piece) if piece else None for piece in found]
        return _with_nulls(found, self.null)


Column = Numbers | Spans


@dataclass(frozen=True)
class Columns:
    """``count`` rows in the order of the stream."""

    count: int
    fields: Mapping[str, Column]

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, Kind]) -> Columns:
        """From rows as Python has them; each has a value for every name of ``kinds``."""
        fields: dict[str, Column] = {}
        for name, kind in kinds.items():
            values = [row[name] for row in rows]
            fields[name] = (
                Numbers.of(cast("NumberKind", kind), values)
                if kind in NUMBER_KINDS
                else Spans.of(cast("SpanKind", kind), values)
            )
        return cls(len(rows), fields)

    def at(self, index: Ints | slice) -> Columns:
        """Some of the rows."""
        fields = {name: column.at(index) for name, column in self.fields.items()}
        count = len(range(self.count)[index]) if isinstance(index, slice) else len(index)
        return Columns(count, fields)

    def last(self, number: int) -> Columns:
        """The last rows, at most that many."""
        return self if self.count <= number else self.at(slice(self.count - number, None))

    def having(self, **columns: Column) -> Columns:
        """The same rows with these columns, put in or added."""
        return Columns(self.count, {**self.fields, **columns})

    def without(self, names: Collection[str]) -> Columns:
        """The same rows without some columns."""
        return Columns(self.count, {name: found for name, found in self.fields.items() if name not in names})

    def rows(self) -> list[Row]:
        """As Python has them."""
        values = [column.values() for column in self.fields.values()]
        return [dict(zip(self.fields, row, strict=False)) for row in zip(*values, strict=True)]

    def json(self, **first: str) -> list[str]:
        """Each row as a compact JSON object, behind the fields given. Money is integers, dates are ISO 8601."""
        values = [
            column.raw() if isinstance(column, Spans) and column.kind == "json" else column.values()
            for column in self.fields.values()
        ]
        rows = list(map(_row_type((*first, *self.fields)), *map(itertools.repeat, first.values()), *values))
        # in one go, a line for each: an end of line within a text is escaped (U+2028 is not, nor is it looked for)
        return _ENCODER.encode_lines(rows).decode().split("\n")[:-1]

    def newest(self, key: Sequence[str]) -> Columns:
        """Of each key (texts and numbers without null) the row of the highest ``account_version``.

        At the same version the later one. In the order in which the keys appeared.
        """
        return self._newest(tuple(key))

    @functools.cached_property
    def _newest(self) -> Callable[[tuple[str, ...]], Columns]:
        # asked for twice of a batch: for the table and for the pages
        return functools.cache(self._find_newest)

    def _find_newest(self, key: tuple[str, ...]) -> Columns:
        versions = cast("Numbers", self.fields["account_version"]).numbers
        places = folding.newest([self.fields[name] for name in key], versions)
        return self if places is None else self.at(places)


@functools.cache
def _row_type(names: tuple[str, ...]) -> Callable[..., msgspec.Struct]:
    """Made and encoded in half the time of a dict."""
    return msgspec.defstruct("Row", names, gc=False)


def _nulls(values: Sequence[Any]) -> Flags | None:
    if None not in values:
        return None
    return np.fromiter((value is None for value in values), np.bool_, len(values))


def _with_nulls(values: list[Any], null: Flags | None) -> list[Any]:
    if null is not None:
        for place in np.flatnonzero(null).tolist():
            values[place] = None
    return values


def _same(value: int) -> int:
    return value


def _day(value: dt.date) -> int:
    return value.toordinal() - _EPOCH_DAY


def _microseconds(value: dt.datetime) -> int:
    return (value - _EPOCH) // _MICROSECOND


_NUMBERS: Final[Mapping[NumberKind, Callable[[Any], int]]] = {
    "int4": _same,
    "int8": _same,
    "date": _day,
    "timestamp": _microseconds,
}


def stored_text(value: str) -> bytes:
    """As PostgreSQL takes it."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode()


def stored_json(value: Any) -> bytes:
    """Compact JSON as PostgreSQL takes it."""
    text = msgspec.json.encode(value)
    return msgspec.json.encode(_marked(value)) if b"\\u0000" in text else text


def _marked(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
        case dict():
            return {_marked(key): _marked(inner) for key, inner in value.items()}
        case list():
            return [_marked(inner) for inner in value]
        case _:
            return value


_BYTES: Final[Mapping[SpanKind, Callable[[Any], bytes]]] = {
    "text": stored_text,
    "bytes": bytes,
    "json": stored_json,
}
