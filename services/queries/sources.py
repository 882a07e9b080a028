"""When each source system was last heard of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from services.store.tables import ledger_entries


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source system that books entries, and when the latest of them reached Kafka."""

    source_system: str
    last_recorded_at: dt.datetime


def list_sources(connection: sa.Connection) -> list[SourceRow]:
    """By source system. Hops from source to source over an index, so its cost does not grow with the ledger."""
    entry = ledger_entries.c
    names = sa.select(sa.func.min(entry.source_system).label("source_system")).cte("names", recursive=True)
    following = (
        sa.select(sa.func.min(entry.source_system))
        .where(entry.source_system > names.c.source_system)
        .correlate(names)
        .scalar_subquery()
    )
    names = names.union_all(sa.select(following).where(names.c.source_system.is_not(None)))
    last = (
        sa.select(sa.func.max(entry.recorded_at))
        .where(entry.source_system == names.c.source_system)
        .correlate(names)
        .scalar_subquery()
    )
    rows = connection.execute(
        sa.select(names.c.source_system, last.label("last_recorded_at"))
        .where(names.c.source_system.is_not(None))
        .order_by(names.c.source_system)
    )
    return [SourceRow(row.source_system, row.last_recorded_at.astimezone(dt.UTC)) for row in rows]
