"""What fastavro lets through and money must not: a second look at integers, dates and instants.

fastavro 1.13 writes 1.5 into a long as 1, ``True`` into an int as 1, an int of 40 bits into an int of 32, a
datetime into a date without its time, and a naive datetime as if it were UTC; and it reads an int of 40 bits
back. Each would be silently wrong figures, or a row that PostgreSQL refuses for ever. So a check is compiled
once per schema, of only the fields where that can happen, and run on every value.

Invariant: a value that passes and is written by fastavro is read back equal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

#: raises ``InexactError``; the value has the schema's shape already
Check = Callable[[Any], None]

#: checks of primitives, by Avro type or logical type
Leaves = Mapping[str, Check]

_INT32: Final = 1 << 31
_INT64: Final = 1 << 63
_ABSENT: Final = object()
_UNCHECKED: Final = frozenset({"null", "boolean", "float", "double", "bytes", "string"})


class InexactError(ValueError):
    """A value that would change on its way; the message names the field."""


def _check_int(value: object) -> None:
    if type(value) is not int or not -_INT32 <= value < _INT32:
        raise InexactError(f"{value!r} is no 32-bit integer")


def _check_long(value: object) -> None:
    if type(value) is not int or not -_INT64 <= value < _INT64:
        raise InexactError(f"{value!r} is no 64-bit integer")


def _check_date(value: object) -> None:
    if type(value) is not dt.date:
        raise InexactError(f"{value!r} is no date")


def _check_instant(value: object) -> None:
    if not isinstance(value, dt.datetime) or value.utcoffset() is None:
        raise InexactError(f"{value!r} is no datetime with a time zone")


#: before writing
WRITTEN: Final[Leaves] = {
    "int": _check_int,
    "long": _check_long,
    "date": _check_date,
    "timestamp-micros": _check_instant,
}

#: after reading: a date or an instant out of range has failed already, a long cannot be out of range
READ: Final[Leaves] = {"int": _check_int}


def compile_check(schema: object, leaves: Leaves) -> Check:
    """Compile the check of a parsed schema.

    Raises ``ValueError`` for shapes that our contracts do not use (unions of several types, references to
    named types, enums, fixed): better no start than a field that nobody checks.
    """
    return _compile(schema, leaves) or _pass


def _pass(value: object) -> None:
    """Nothing in the schema can go wrong."""


def _compile(schema: object, leaves: Leaves) -> Check | None:
    """Compile a part of a schema; ``None`` where nothing in it needs a look, so that it costs nothing."""
    if isinstance(schema, list):
        return _compile_union(schema, leaves)
    if isinstance(schema, str):
        return _compile_leaf(schema, leaves)
    node = cast("dict[str, Any]", schema)
    kind = node["type"]
    if kind == "record":
        return _compile_record(node, leaves)
    if kind == "array":
        return _each(_compile(node["items"], leaves), lambda value: value)
    if kind == "map":
        return _each(_compile(node["values"], leaves), lambda value: value.values())
    logical = node.get("logicalType")
    return _compile(kind, leaves) if logical is None else _compile_logical(logical, leaves)


def _compile_leaf(kind: str, leaves: Leaves) -> Check | None:
    if kind not in WRITTEN and kind not in _UNCHECKED:
        raise ValueError(f"no check for the type {kind}")
    return leaves.get(kind)


def _compile_logical(logical: str, leaves: Leaves) -> Check | None:
    if logical not in WRITTEN:
        raise ValueError(f"no check for the logical type {logical}")
    return leaves.get(logical)


def _compile_union(branches: list[object], leaves: Leaves) -> Check | None:
    others = [branch for branch in branches if branch != "null"]
    if len(others) != 1:
        raise ValueError("no check for a union of several types")
    check = _compile(others[0], leaves)
    if check is None:
        return None

    def check_nullable(value: object) -> None:
        if value is not None:
            check(value)

    return check_nullable


def _compile_record(schema: Mapping[str, Any], leaves: Leaves) -> Check | None:
    compiled = [(field["name"], _compile(field["type"], leaves)) for field in schema["fields"]]
    fields = [(name, check) for name, check in compiled if check is not None]
    if not fields:
        return None

    def check_record(value: Mapping[str, object]) -> None:
        for name, check in fields:
            item = value.get(name, _ABSENT)
            if item is _ABSENT:  # the schema's default stands for it
                continue
            try:
                check(item)
            except InexactError as error:
                raise InexactError(f"{name}: {error}") from None

    return check_record


def _each(check: Check | None, items: Callable[[Any], Any]) -> Check | None:
    if check is None:
        return None

    def check_each(value: object) -> None:
        for item in items(value):
            check(item)

    return check_each
