"""Schema ids of the records: kept with their schemas, and put right where another registry counts otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from schemas import catalog
from schemas.codec import HEADER_BYTES, frame, schema_id_in
from schemas.errors import SchemaRefused
from schemas.registry import SchemaRegistry, all_schemas
from services.operations.backup.errors import BackupUnfit
from services.operations.backup.manifest import SchemaBackup


def describe_ids(ids: Mapping[int, str], registry: SchemaRegistry) -> list[SchemaBackup]:
    """The ids that records carry (id → the subject of their topic) with what the registry knows of them."""
    subjects = {schema.fingerprint: schema.subject for schema in all_schemas()}
    found = []
    for schema_id, subject in sorted(ids.items()):
        text = registry.schema_of(schema_id)
        if text is None:
            found.append(SchemaBackup(id=schema_id, subject=None, schema_json=None))
        else:
            # a payment on the topic of orders is refused there, but its schema is still that of payments
            owner = subjects.get(_fingerprint(text), subject)
            found.append(SchemaBackup(id=schema_id, subject=owner, schema_json=text))
    return found


def renumbering(
    schemas: Sequence[SchemaBackup], registry: SchemaRegistry
) -> Callable[[bytes | None], bytes | None]:
    """How a record's bytes read under this registry: the same, or with the id that the schema has here.

    Registers schemas that the registry lacks. Raises ``BackupUnfit`` where that cannot be.
    """
    changed: dict[int, bytes] = {}
    for schema in schemas:
        here = registry.schema_of(schema.id)
        if schema.schema_json is None or schema.subject is None:
            if here is not None:
                raise BackupUnfit(
                    f"Records carry the schema id {schema.id}, which meant nothing where they come from "
                    "but has a schema in this registry.",
                    "Restore with a registry of its own, or with none.",
                )
        elif here is None or _fingerprint(here) != _fingerprint(schema.schema_json):
            try:
                new_id = registry.id_of(schema.subject, schema.schema_json)
            except SchemaRefused as error:
                raise BackupUnfit(
                    f"The schema {schema.id} of {schema.subject} is not taken here: {error}.",
                    "Set SCHEMA_REGISTRY_URL to the registry that the records were written with.",
                ) from error
            changed[schema.id] = frame(new_id)
    if not changed:
        return lambda value: value

    def renumber(value: bytes | None) -> bytes | None:
        schema_id = schema_id_in(value)
        if value is None or schema_id is None or schema_id not in changed:
            return value
        return changed[schema_id] + value[HEADER_BYTES:]

    return renumber


def _fingerprint(text: str) -> str:
    try:
        return catalog.fingerprint(text)
    except ValueError:  # a registry may hold what is no Avro: then only the same text is the same schema
        return text
