"""Where schema ids come from: a protocol, and the implementation that needs no service at all.

``FingerprintRegistry`` derives ids from the schemas of the package, so every process of a release agrees on
them without asking anybody. ``schemas.confluent.ConfluentRegistry`` asks a schema registry of one's own.
Invariant, for both: after ``i = id_of(subject, text)``, every process gets a schema of the same canonical
form from ``schema_of(i)``, for ever.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from schemas import catalog
from schemas.errors import SchemaRefused


class SchemaRegistry(Protocol):
    """Ids of schemas. Both methods may block on the network the first time; answers are kept."""

    def id_of(self, subject: str, schema_json: str) -> int:
        """Return the id under which records of this schema are written.

        Raises ``SchemaRefused`` where the registry does not take the schema under this subject.
        """
        ...

    def schema_of(self, schema_id: int) -> str | None:
        """Return the text of a schema, ``None`` where nobody knows the id."""
        ...


class KnownSchema(NamedTuple):
    """One schema of the package, as a row of the table ``schema_ids``."""

    id: int
    fingerprint: str
    subject: str
    schema_json: str


def all_schemas() -> list[KnownSchema]:
    """Return every schema of the package, today's and released ones, by subject; ids are unique."""
    known = [
        KnownSchema(schema_id, contract.fingerprint, contract.subject, contract.schema_json)
        for schema_id, contract in catalog.by_id(catalog.contracts()).items()
    ]
    return sorted(known, key=lambda schema: (schema.subject, schema.id))


class FingerprintRegistry:
    """Ids from fingerprints of the package's own schemas; nothing else is known. Never blocks."""

    def __init__(self) -> None:
        self._known = {schema.id: schema for schema in all_schemas()}

    def id_of(self, subject: str, schema_json: str) -> int:
        """Return the id of a schema of the package; another process would not know any other."""
        try:
            schema_id = catalog.fingerprint_id(catalog.fingerprint(schema_json))
        except Exception as error:  # fastavro and json have many ways to say "not a schema"
            raise SchemaRefused(subject, f"not an Avro schema: {error!r}") from error
        known = self._known.get(schema_id)
        if known is None:
            raise SchemaRefused(subject, "it is none of the package's released schemas")
        if known.subject != subject:
            raise SchemaRefused(subject, f"it belongs to {known.subject}")
        return schema_id

    def schema_of(self, schema_id: int) -> str | None:
        known = self._known.get(schema_id)
        return None if known is None else known.schema_json
