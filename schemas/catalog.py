"""The Avro contracts of the package: today's and every released one, with their ids and fingerprints.

``avro/<name>.avsc`` is what is written today; ``avro/history/<name>.v<N>.avsc`` is what was released and is
therefore on somebody's disk for ever. Invariants: a released file never changes; two schemas get the same
id only if they are the same on the wire; an id depends on nothing but the schema's canonical form.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Final

from fastavro.schema import fingerprint as schema_fingerprint
from fastavro.schema import parse_schema, to_parsing_canonical_form

from schemas import topics
from schemas.errors import FingerprintCollision, NoSuchSchema

#: a parsed Avro schema as fastavro keeps it
ParsedSchema = dict[str, object]

#: Ids from fingerprints start here, so that they never meet the small running numbers of a schema registry,
#: and end below 2**31, so that they fit PostgreSQL's INTEGER and the wire's signed reading.
FIRST_FINGERPRINT_ID: Final = 1 << 30

_RELEASED_FILE: Final = re.compile(r"(?P<name>[a-z_]+)\.v(?P<version>[1-9][0-9]*)\.avsc")


@dataclass(frozen=True, slots=True)
class Contract:
    """One version of one schema. ``version`` is ``None`` for today's file, which may be unreleased."""

    name: str
    version: int | None
    schema_json: str
    fingerprint: str

    @property
    def subject(self) -> str:
        """Name in a schema registry, by its TopicNameStrategy."""
        return subject_of(self.name)

    @property
    def label(self) -> str:
        return f"{self.name}.{'today' if self.version is None else f'v{self.version}'}"


def parse(schema_json: str) -> ParsedSchema:
    """Parse the text of a record schema. Raises ``ValueError`` for what is not one."""
    try:
        parsed = parse_schema(json.loads(schema_json), named_schemas={})
    except Exception as error:  # fastavro raises KeyError, TypeError, its own: all say "not a schema"
        raise ValueError(f"not an Avro schema: {error!r}") from error
    if not isinstance(parsed, dict) or parsed.get("type") != "record":
        raise ValueError("not a record schema")
    return parsed


def fingerprint(schema_json: str) -> str:
    """SHA-256 of the schema's Parsing Canonical Form, in hex (Avro specification, "Schema Fingerprints").

    Documentation, defaults and order of attributes do not count, so a corrected comment is no new schema.
    """
    return schema_fingerprint(to_parsing_canonical_form(json.loads(schema_json)), "sha256")


def fingerprint_id(digest: str) -> int:
    """Schema id that a fingerprint (hex) stands for: its first 30 bits, above ``FIRST_FINGERPRINT_ID``."""
    return FIRST_FINGERPRINT_ID | (int(digest[:8], 16) >> 2)


@functools.cache
def subject_of(name: str) -> str:
    """Subject of a schema: ``<topic>-value`` (TopicNameStrategy)."""
    for topic in topics.ALL:
        if topic.schema == name:
            return f"{topic.name}-value"
    raise NoSuchSchema(name)


@functools.cache
def contracts() -> tuple[Contract, ...]:
    """Every contract of the package: released ones by name and version, then today's. Reads files once."""
    return read_contracts(importlib.resources.files("schemas") / "avro")


def read_contracts(folder: Traversable) -> tuple[Contract, ...]:
    """Read a folder of contracts laid out as this module's docstring says."""
    released = []
    for file in (folder / "history").iterdir():
        match = _RELEASED_FILE.fullmatch(file.name)
        if match is None:
            raise ValueError(f"{file.name} is not named <schema>.v<version>.avsc")
        released.append(_contract(match["name"], int(match["version"]), file))
    today = [
        _contract(file.name.removesuffix(".avsc"), None, file)
        for file in folder.iterdir()
        if file.name.endswith(".avsc")
    ]
    released.sort(key=lambda contract: (contract.name, contract.version))
    today.sort(key=lambda contract: contract.name)
    return (*released, *today)


def todays(name: str) -> Contract:
    """Return the contract that is written today. Raises ``NoSuchSchema``."""
    for contract in contracts():
        if contract.name == name and contract.version is None:
            return contract
    raise NoSuchSchema(name)


@functools.cache
def todays_parsed(name: str) -> ParsedSchema:
    """Return today's contract, parsed once per process."""
    return parse(todays(name).schema_json)


def by_id(
    known: Iterable[Contract], identify: Callable[[str], int] = fingerprint_id
) -> Mapping[int, Contract]:
    """Give every contract its id; of texts with one fingerprint the last (newest) stands.

    Raises ``FingerprintCollision`` where one id would stand for two schemas: either two fingerprints share
    their first bits, or one fingerprint covers texts of different meaning (logical types are not in the
    canonical form). It can only happen when a schema is added, so the test suite meets it before a release.
    """
    table: dict[int, Contract] = {}
    for contract in known:
        schema_id = identify(contract.fingerprint)
        earlier = table.get(schema_id)
        if earlier is not None and _meaning(earlier) != _meaning(contract):
            raise FingerprintCollision(schema_id, earlier.label, contract.label)
        table[schema_id] = contract
    return table


def _contract(name: str, version: int | None, file: Traversable) -> Contract:
    text = file.read_text(encoding="utf-8")
    return Contract(name, version, json.dumps(json.loads(text), separators=(",", ":")), fingerprint(text))


def _meaning(contract: Contract) -> object:
    """Everything of a schema that decides what its bytes mean: the canonical form and the logical types."""
    return contract.name, _without_comments(json.loads(contract.schema_json))


def _without_comments(node: object) -> object:
    if isinstance(node, dict):
        return {key: _without_comments(item) for key, item in node.items() if key not in ("doc", "default")}
    if isinstance(node, list):
        return [_without_comments(item) for item in node]
    return node
