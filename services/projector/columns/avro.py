"""Many Avro records of one schema as columns: one pass per field over all records.

Invariant: whatever bytes come in, the outcome is the columns that `schemas.codec` would have decoded one by one, or
`Misread`, after which the records are to be decoded one by one: the codec then tells which is wrong, and why. What is
rare (integers beyond 55 bits, U+0000) is misread as well; it costs time, nothing else.

Varints, zigzag, unions, blocks: Avro specification, "Binary Encoding". Arrays and maps become JSON: all first items at
the same time, then all second ones. Where few records have as many, fastavro reads them record by record.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final, Literal, cast

import msgspec
import numpy as np
from fastavro import parse_schema, schemaless_reader

from schemas.catalog import ParsedSchema
from schemas.codec import HEADER_BYTES
from schemas.exactness import READ, Check, compile_check
from services.projector.columns.folding import Ints, Words
from services.projector.columns.table import (
    PADDING,
    WITHIN,
    Column,
    Columns,
    Flags,
    Kind,
    NumberKind,
    Numbers,
    Spans,
    stored_json,
)

_ONE: Final = np.uint64(1)
_STOPS: Final = np.uint64(0x8080_8080_8080_8080)
_LOWEST: Final = np.uint64(0x0101_0101_0101_0101)
_HEADER: Final = np.uint64((1 << 8 * HEADER_BYTES) - 1)
#: brings 8 groups of 7 bits together, two, four, then eight of them: (stay, move, by how many bits)
_SEVENS: Final = (
    (np.uint64(0x007F_007F_007F_007F), np.uint64(0x7F00_7F00_7F00_7F00), np.uint64(1)),
    (np.uint64(0x0000_3FFF_0000_3FFF), np.uint64(0x3FFF_0000_3FFF_0000), np.uint64(2)),
    (np.uint64(0x0000_0000_0FFF_FFFF), np.uint64(0x0FFF_FFFF_0000_0000), np.uint64(4)),
)
#: by length: the bytes of a word that are beyond a text's end, as 1 (neither U+0000 nor beyond ASCII)
_BEYOND: Final = np.array([0x0101_0101_0101_0101 >> 8 * n << 8 * n for n in range(8)] + [0], np.uint64)
#: of a text, what is looked at eight bytes at a time; longer ones are rare and looked at one by one
_WORDWISE: Final = 64

_EPOCH: Final = dt.date(1970, 1, 1)
_DAY_US: Final = 86_400_000_000
_FIRST_DAY: Final = (dt.date.min - _EPOCH).days
_LAST_DAY: Final = (dt.date.max - _EPOCH).days
#: further values are no int of Avro, or nothing that Python has a date for
_LIMITS: Final[Mapping[NumberKind, tuple[int, int]]] = {
    "int4": (-(1 << 31), (1 << 31) - 1),
    "date": (_FIRST_DAY, _LAST_DAY),
    "timestamp": (_FIRST_DAY * _DAY_US, (_LAST_DAY + 1) * _DAY_US - 1),
}
_KINDS: Final[Mapping[str, Kind]] = {
    "int": "int4",
    "long": "int8",
    "date": "date",
    "timestamp-micros": "timestamp",
    "string": "text",
    "bytes": "bytes",
    "array": "json",
    "map": "json",
}


class Misread(Exception):
    """These are not all records of this schema, or one of them is unusual."""


class Misfit(ValueError):
    """A schema of a shape that is not read by columns."""


class _Sparse(Exception):
    """Too few records have as many items."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What an array or map holds, and so on inwards."""

    kind: Kind | Literal["array", "map", "record"]
    #: which branch of its union says null; None where it is no union
    null_branch: Literal[0, 1, None] = None
    #: of a record
    names: tuple[str, ...] = ()
    #: a record's fields, an array's items, a map's values
    parts: tuple[_Part, ...] = ()


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    kind: Kind
    #: as of ``_Part``
    null_branch: Literal[0, 1, None]
    #: of arrays and maps: what they hold, and for fastavro
    part: _Part | None = None
    schema: Any = None
    check: Check | None = None


class ColumnReader:
    """Reads records that were written with one schema. A field of an inner record is named ``outer_inner``."""

    def __init__(self, schema: ParsedSchema, few: int) -> None:
        """Below ``few`` items at the same time, arrays and maps are read record by record. Raises Misfit."""
        self._few = few
        self._fields = tuple(_flatten(schema, ""))

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """What each column is."""
        return {field.name: field.kind for field in self._fields}

    def read(self, records: Sequence[bytes]) -> Columns:
        """All of the records, each behind its header, as columns. Raises Misread."""
        count = len(records)
        lengths = np.fromiter(map(len, records), np.int64, count)
        if count == 0 or lengths.min() < HEADER_BYTES:
            raise Misread
        ends = np.cumsum(lengths)
        walk = _Walk(b"".join([*records, PADDING]), ends - lengths, self._few)
        fields = {field.name: walk.column(field) for field in self._fields}
        if (walk.at != ends).any():
            raise Misread
        return Columns(count, fields)


def _flatten(schema: Mapping[str, Any], prefix: str) -> Iterator[_Field]:
    for field in schema["fields"]:
        name = prefix + field["name"]
        node, null_branch = _nullable(name, field["type"])
        if isinstance(node, dict) and node["type"] == "record":
            if null_branch is not None:
                raise Misfit(f"{name} is a record that may be null")
            yield from _flatten(node, f"{name}_")
            continue
        kind = _kind_of(name, node)
        if kind != "json":
            yield _Field(name, kind, null_branch)
            continue
        part = _part_of(name, node)
        inner = parse_schema(_record_of(node), named_schemas={})
        yield _Field(name, "json", null_branch, part, inner, compile_check(inner, READ))


def _nullable(name: str, node: Any) -> tuple[Any, Literal[0, 1, None]]:
    """What a type is beside null, and which branch of its union says null."""
    if not isinstance(node, list):
        return node, None
    if len(node) != 2 or "null" not in node:
        raise Misfit(f"{name} is a union of {node}")
    null_branch: Literal[0, 1] = 0 if node[0] == "null" else 1
    return node[1 - null_branch], null_branch


def _kind_of(name: str, node: Any) -> Kind:
    shape = node if isinstance(node, str) else node.get("logicalType", node["type"])
    if shape not in _KINDS:
        raise Misfit(f"{name} is {shape}")
    return _KINDS[shape]


def _part_of(name: str, node: Any) -> _Part:
    node, null_branch = _nullable(name, node)
    match node:
        case {"type": "record", "fields": [_, *_] as fields}:
            names = tuple(str(field["name"]) for field in fields)
            parts = tuple(_part_of(f"{name}_{field['name']}", field["type"]) for field in fields)
            return _Part("record", null_branch, names, parts)
        case {"type": "array", "items": inner}:
            return _Part("array", null_branch, parts=(_part_of(name, inner),))
        case {"type": "map", "values": inner}:
            return _Part("map", null_branch, parts=(_part_of(name, inner),))
        case _:
            return _Part(_kind_of(name, node), null_branch)


def _record_of(node: Any) -> dict[str, Any]:
    """The same bytes, and half the time: fastavro parses the schema of what is no record again at each value."""
    return {"type": "record", "name": "tieout.Inner", "fields": [{"name": "value", "type": node}]}


class _Walk:
    """Goes through all records at the same time; ``at`` is where each is. Only forward, so that who arrives at the
    end of its record has never been beyond it.
    """

    def __init__(self, data: bytes, starts: Ints, few: int) -> None:
        self._data = data
        self._few = few
        self._limit = len(data) - len(PADDING)
        self._bytes = np.frombuffer(data, np.uint8)
        self._words: Words = np.ndarray((self._limit + 1,), "<u8", data, strides=(1,))
        headers = self._words[starts] & _HEADER
        if (headers != headers[0]).any():
            raise Misread
        self.at = starts + HEADER_BYTES

    def column(self, field: _Field) -> Column:
        """The next field of all records."""
        null = self._null(field.null_branch)
        if null is None:
            return self._values(field)
        present = np.flatnonzero(~null)
        everywhere = self.at
        self.at = everywhere[present]
        found = self._values(field)
        everywhere[present] = self.at
        self.at = everywhere
        if isinstance(found, Numbers):
            return Numbers(found.kind, _spread(found.numbers, present, len(null)), null)
        starts, lengths = (_spread(part, present, len(null)) for part in (found.starts, found.lengths))
        return Spans(found.kind, found.data, starts, lengths, null)

    def _null(self, null_branch: Literal[0, 1, None]) -> Flags | None:
        """Where the next value is null; None where it is nowhere."""
        if null_branch is None:
            return None
        branch = self._long()
        if ((branch != 0) & (branch != 1)).any():
            raise Misread
        null: Flags = branch == null_branch
        return null if null.any() else None

    def _values(self, field: _Field) -> Column:
        return self._json(field) if field.kind == "json" else self._plain(field.kind)

    def _plain(self, kind: NumberKind | Literal["text", "bytes"]) -> Column:
        match kind:
            case "text" | "bytes":
                spans = self._spans(kind)
                if kind == "text":
                    _check_text(spans, self._words)
                return spans
            case _:
                numbers = self._long()
                if kind in _LIMITS and len(numbers):
                    low, high = _LIMITS[kind]
                    if numbers.min() < low or numbers.max() > high:
                        raise Misread
                return Numbers(kind, numbers)

    def _long(self) -> Ints:
        """A number of each record. ``at`` becomes an array of its own."""
        first = self._bytes[self.at]
        if not (first >= 0x80).any():  # all of one byte
            self.at = self.at + 1
            zigzag: Words = first.astype(np.uint64)
        else:
            word = self._words[self.at]
            stops = ~word & _STOPS
            if not stops.all():
                raise Misread  # of nine bytes or ten
            lowest = stops & (~stops + _ONE)
            mask = lowest | (lowest - _ONE)
            zigzag = word & mask & ~_STOPS
            for stay, move, by in _SEVENS:
                zigzag = (zigzag & stay) | ((zigzag & move) >> by)
            self.at = self.at + (np.bitwise_count(mask).astype(np.int64) >> 3)
        self._check_place()
        return (zigzag >> _ONE).view(np.int64) ^ -((zigzag & _ONE).view(np.int64))

    def _spans(self, kind: Literal["text", "bytes"]) -> Spans:
        lengths = self._long()
        if len(lengths) and lengths.min() < 0:
            raise Misread
        starts = self.at
        self.at = starts + lengths
        self._check_place()
        return Spans(kind, self._data, starts, lengths)

    def _json(self, field: _Field) -> Spans:
        begin = self.at
        try:
            found = self._inner(cast("_Part", field.part))
        except _Sparse:
            self.at = begin
            return self._json_one_by_one(field)
        return Spans.joined("json", list(map(msgspec.json.encode, found)))  # no text in it has U+0000

    def _inner(self, part: _Part) -> list[Any]:
        """The next value of all records as Python has it."""
        null = self._null(part.null_branch)
        if null is None:
            return self._inner_values(part)
        present = np.flatnonzero(~null)
        everywhere = self.at
        self.at = everywhere[present]
        found: list[Any] = [None] * len(everywhere)
        for place, value in zip(present.tolist(), self._inner_values(part), strict=True):
            found[place] = value
        everywhere[present] = self.at
        self.at = everywhere
        return found

    def _inner_values(self, part: _Part) -> list[Any]:
        match part.kind:
            case "record":
                columns = [self._inner(inner) for inner in part.parts]
                return [dict(zip(part.names, row, strict=True)) for row in zip(*columns, strict=True)]
            case "array":
                lists: list[list[Any]] = [[] for _ in range(len(self.at))]
                for some in self._items():
                    for place, value in zip(some.tolist(), self._inner(part.parts[0]), strict=True):
                        lists[place].append(value)
                return lists
            case "map":
                maps: list[dict[str, Any]] = [{} for _ in range(len(self.at))]
                for some in self._items():
                    keys = self._plain("text").values()
                    for place, key, value in zip(
                        some.tolist(), keys, self._inner(part.parts[0]), strict=True
                    ):
                        maps[place][key] = value
                return maps
            case kind:
                return self._plain(cast("NumberKind", kind)).values()

    def _items(self) -> Iterator[Ints]:
        """Once for all first items, once for all second ones, and so on: which of the values have one. Read them then.

        Of several blocks, or one with its size, nobody of ours writes an array. Raises _Sparse.
        """
        counts = self._long()
        at = self.at
        most = int(counts.max(initial=0))
        if counts.min(initial=0) < 0 or most > self._limit:
            raise Misread
        if int(counts.sum()) < self._few * most:
            raise _Sparse
        for number in range(most):
            some = np.flatnonzero(counts > number)
            self.at = at[some]
            yield some
            at[some] = self.at
        some = np.flatnonzero(counts)
        self.at = at[some]
        if self._long().any():
            raise Misread
        at[some] = self.at
        self.at = at

    def _json_one_by_one(self, field: _Field) -> Spans:
        stream = BytesIO(self._data)
        pieces: list[bytes] = []
        ends: list[int] = []
        check = cast("Check", field.check)
        for place in self.at.tolist():
            stream.seek(place)
            try:
                record = cast("dict[str, Any]", schemaless_reader(stream, field.schema, None))
                check(record)
            except Exception as error:  # anything, as in `schemas.codec`: the bytes are anybody's
                raise Misread from error
            pieces.append(stored_json(record["value"]))
            ends.append(stream.tell())
        self.at = np.array(ends, np.int64)
        self._check_place()
        return Spans.joined("json", pieces)

    def _check_place(self) -> None:
        if len(self.at) and self.at.max() > self._limit:
            raise Misread


def _check_text(spans: Spans, words: Words) -> None:
    """Raises Misread where a text is not UTF-8, or has U+0000, which PostgreSQL does not store."""
    starts, lengths = spans.starts, spans.lengths
    doubtful: Flags = lengths > _WORDWISE
    for begin in range(0, min(int(lengths.max(initial=0)), _WORDWISE), 8):
        if begin == 0:
            left, at = np.minimum(lengths, 8), starts
        else:
            left = np.clip(lengths - begin, 0, 8)
            at = np.where(left > 0, starts + begin, 0)
        word = (words[at] & WITHIN[left]) | _BEYOND[left]
        # the highest bit of a byte that is beyond ASCII, or 0 (Mycroft's test for a zero byte)
        doubtful |= ((word | ((word - _LOWEST) & ~word)) & _STOPS) != 0
    if doubtful.any():
        # an end of line between two texts: half a character at the end of one cannot be made whole by the next
        joined = b"\n".join(spans.at(np.flatnonzero(doubtful)).pieces())
        try:
            joined.decode()
        except UnicodeDecodeError as error:
            raise Misread from error
        if b"\0" in joined:
            raise Misread


def _spread(found: Ints, places: Ints, count: int) -> Ints:
    spread = np.zeros(count, np.int64)
    spread[places] = found
    return spread
