"""Which result topic becomes which rows: the whole mapping, one entry per topic.

A new result topic is one new entry here (and its table in `services.store.tables`). A row has the columns of
the entry's first table; further tables take a part of the same row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa

from schemas import topics
from services.store import tables

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """A table and which record of a key stands in it.

    ``first``: rows are immutable, a second one of the same key is the same. ``newest``: the highest
    ``account_version``; at the same version the later record of the stream.
    """

    table: sa.Table
    keeps: Literal["first", "newest"]


@dataclass(frozen=True, slots=True)
class Projection:
    """One result topic: its tables, how a record becomes a row, and its name in the live feed."""

    topic: topics.Topic
    targets: tuple[Target, ...]
    change: str
    row_of: Callable[[Mapping[str, Any]], Row] = dict
    #: columns that pages do not get
    not_in_feed: frozenset[str] = frozenset()


def _with_source(record: Mapping[str, Any]) -> Row:
    """The record ``source`` as the columns ``source_topic``, ``source_partition``, ``source_offset``."""
    row = dict(record)
    for name, value in row.pop("source").items():
        row[f"source_{name}"] = value
    return row


def _allocation(record: Mapping[str, Any]) -> Row:
    """A withdrawn allocation stays as a row, so that it is known to be gone, and allocates nothing."""
    row = dict(record)
    if row["state"] == "withdrawn":
        row["amount_minor"] = 0
    return row


PROJECTIONS: Final = (
    Projection(
        topics.LEDGER_ENTRIES, (Target(tables.ledger_entries, "first"),), "entry", row_of=_with_source
    ),
    Projection(topics.OPEN_ITEMS, (Target(tables.open_items, "newest"),), "open_item"),
    Projection(topics.ALLOCATIONS, (Target(tables.allocations, "newest"),), "allocation", row_of=_allocation),
    Projection(topics.BALANCES, (Target(tables.balances, "newest"),), "balance"),
    Projection(
        topics.DISCREPANCIES,
        (Target(tables.discrepancies, "newest"), Target(tables.discrepancy_history, "newest")),
        "discrepancy",
    ),
    Projection(
        topics.DEAD_LETTERS,
        (Target(tables.dead_letters, "first"),),
        "dead_letter",
        row_of=_with_source,
        not_in_feed=frozenset({"raw_key", "raw_value"}),
    ),
)
BY_TOPIC: Final = {projection.topic.name: projection for projection in PROJECTIONS}


def storable(value: Any) -> Any:
    """The value with U+0000 replaced by U+FFFD: legal in Avro, refused by PostgreSQL's text and jsonb."""
    match value:
        case str():
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if "\0" in value else value
        case dict():
            return {storable(key): storable(inner) for key, inner in value.items()}
        case list():
            return [storable(inner) for inner in value]
        case _:
            return value
