"""The ids of our Avro schemas in a table of our own, for readers of the topics who have no Schema Registry."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from schemas.registry import all_schemas
from services.store.tables import schema_ids


def record_schemas(engine: sa.Engine) -> None:
    """Write every released schema with its id. Idempotent; an id never changes its meaning."""
    rows = [schema._asdict() for schema in all_schemas()]
    with engine.begin() as connection:
        connection.execute(insert(schema_ids).on_conflict_do_nothing(), rows)
