"""May data of one schema version be read by another? Asked before a release and before foreign data is read.

A contract lives as long as its topics, which are kept for ever, so each new version must be FULL-compatible
with every released one: new readers read old data (BACKWARD), old readers read new data (FORWARD).

The rules are Avro's schema resolution, and stricter where money needs it: no promotion of integers to floats,
none between bytes and strings, the same logical type on both sides, names equal with their namespace, no
aliases. So what passes here passes every Avro implementation (and fastavro, which reads for us). Findings are
values; an empty list means compatible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from schemas.catalog import ParsedSchema, parse

_PROMOTIONS: Final = frozenset({("int", "long"), ("float", "double")})
_LOGICAL_ATTRIBUTES: Final = ("logicalType", "precision", "scale")
_NAMED: Final = frozenset({"record", "enum", "fixed"})

_Named = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Incompatibility:
    """Why a reader cannot read what a writer wrote. ``path`` leads to it, for example ``lines.sku``."""

    path: str
    detail: str

    def __str__(self) -> str:
        return f"{self.path or 'the record'}: {self.detail}"


def full(new: str, old: str) -> list[Incompatibility]:
    """Check two schema texts in both directions. Raises ``ValueError`` for what is no record schema."""
    return [*backward(new, old), *forward(new, old)]


def backward(new: str, old: str) -> list[Incompatibility]:
    """Check that a reader of ``new`` reads data of ``old``."""
    return reader_problems(parse(new), parse(old))


def forward(new: str, old: str) -> list[Incompatibility]:
    """Check that a reader of ``old`` reads data of ``new``."""
    return reader_problems(parse(old), parse(new))


def reader_problems(reader: ParsedSchema, writer: ParsedSchema) -> list[Incompatibility]:
    """Return why ``reader`` cannot read every record of ``writer``; both parsed by ``catalog.parse``."""
    return list(_Pair(_names(reader), _names(writer)).problems(reader, writer, ""))


class _Pair:
    """One comparison: the named types of both sides, and the pairs under way (types may hold themselves)."""

    def __init__(self, reader_names: _Named, writer_names: _Named) -> None:
        self._reader_names = reader_names
        self._writer_names = writer_names
        self._under_way: set[tuple[str, str]] = set()

    def problems(self, reader: object, writer: object, path: str) -> Iterator[Incompatibility]:
        if isinstance(writer, list):
            for branch in writer:
                yield from self.problems(reader, branch, path)
            return
        if isinstance(reader, list):
            if all(list(self.problems(branch, writer, path)) for branch in reader):
                yield Incompatibility(path, f"no branch of the reader takes {_kind(writer)}")
            return
        read = _resolved(reader, self._reader_names)
        written = _resolved(writer, self._writer_names)
        kinds = (written["type"], read["type"])
        if kinds[0] != kinds[1] and kinds not in _PROMOTIONS:
            yield Incompatibility(path, f"{kinds[0]} is not read as {kinds[1]}")
            return
        for attribute in _LOGICAL_ATTRIBUTES:
            if read.get(attribute) != written.get(attribute):
                detail = f"{attribute} {written.get(attribute)} is not read as {read.get(attribute)}"
                yield Incompatibility(path, detail)
        if read["type"] in _NAMED:
            yield from self._named_problems(read, written, path)
        elif read["type"] in ("array", "map"):
            inner = "items" if read["type"] == "array" else "values"
            yield from self.problems(read[inner], written[inner], path)

    def _named_problems(self, read: _Named, written: _Named, path: str) -> Iterator[Incompatibility]:
        names = (read["name"], written["name"])
        if names[0] != names[1]:
            yield Incompatibility(path, f"{names[1]} is not read as {names[0]}")
        elif read["type"] == "fixed":
            if read["size"] != written["size"]:
                yield Incompatibility(path, f"{written['size']} bytes are not read as {read['size']}")
        elif read["type"] == "enum":
            unknown = sorted(set(written["symbols"]) - set(read["symbols"]))
            if unknown and "default" not in read:
                yield Incompatibility(path, f"the reader lacks the symbols {', '.join(unknown)}")
        elif names not in self._under_way:
            self._under_way.add(names)
            yield from self._field_problems(read, written, path)
            self._under_way.discard(names)

    def _field_problems(self, read: _Named, written: _Named, path: str) -> Iterator[Incompatibility]:
        written_fields = {field["name"]: field for field in written["fields"]}
        for field in read["fields"]:
            where = f"{path}.{field['name']}" if path else field["name"]
            counterpart = written_fields.get(field["name"])
            if counterpart is not None:
                yield from self.problems(field["type"], counterpart["type"], where)
            elif "default" not in field:
                yield Incompatibility(where, "the writer lacks it and the reader has no default")


def _resolved(schema: object, names: _Named) -> _Named:
    """Return a schema as a mapping: references looked up, primitives wrapped."""
    if isinstance(schema, str):
        return cast("_Named", names.get(schema, {"type": schema}))
    return cast("_Named", schema)


def _kind(schema: object) -> str:
    return schema if isinstance(schema, str) else str(cast("_Named", schema).get("name") or _type(schema))


def _type(schema: object) -> object:
    return cast("_Named", schema)["type"]


def _names(schema: object) -> dict[str, Any]:
    """Collect the named types of a parsed schema (fastavro has written their names out in full)."""
    found: dict[str, Any] = {}
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            if node["type"] in _NAMED:
                found[node["name"]] = node
            waiting.extend(field["type"] for field in node.get("fields", ()))
            waiting.extend(node[inner] for inner in ("items", "values") if inner in node)
    return found
