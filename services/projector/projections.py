"""Which result topic becomes which rows: the whole mapping, one entry per topic.

A new result topic is one new entry here (and its table in `services.store.tables`). A row has the columns of
the entry's first table; further tables take a part of the same row.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa

from schemas import topics
from services.store import tables

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """A table and which record of a key stands in it.

    ``first``: rows are immutable; a second one of the same key is the same, or is refused. ``newest``: the highest
    ``account_version``; at the same version the later record of the stream.
    """

    table: sa.Table
    keeps: Literal["first", "newest"]
    #: with ``first``: where a record goes that differs from the one that stands under its key
    refusals: sa.Table | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of the primary key."""
        return tuple(column.name for column in self.table.primary_key.columns)


@dataclass(frozen=True, slots=True)
class Projection:
    """One result topic: its tables, how a record becomes a row, and its name in the live feed."""

    topic: topics.Topic
    targets: tuple[Target, ...]
    change: str
    #: may change the record that it is given
    row_of: Callable[[Row], Row] = lambda record: record
    #: columns that pages do not get
    not_in_feed: frozenset[str] = frozenset()
    #: what pages are told of a batch: its last records, the newest record of each key, or nothing, as no page shows it
    feeds: Literal["last", "newest", "nothing"] = "last"


def _with_source(row: Row) -> Row:
    """The record ``source`` as the columns ``source_topic``, ``source_partition``, ``source_offset``."""
    for name, value in row.pop("source").items():
        row[f"source_{name}"] = value
    return row


def _allocation(row: Row) -> Row:
    """A withdrawn allocation stays as a row, so that it is known to be gone, and allocates nothing."""
    if row["state"] == "withdrawn":
        row["amount_minor"] = 0
    return row


PROJECTIONS: Final = (
    Projection(
        topics.LEDGER_ENTRIES,
        (Target(tables.ledger_entries, "first", refusals=tables.refused_entries),),
        "entry",
        row_of=_with_source,
    ),
    Projection(topics.OPEN_ITEMS, (Target(tables.open_items, "newest"),), "open_item", feeds="nothing"),
    Projection(
        topics.ALLOCATIONS,
        (Target(tables.allocations, "newest"),),
        "allocation",
        row_of=_allocation,
        feeds="nothing",
    ),
    Projection(topics.BALANCES, (Target(tables.balances, "newest"),), "balance", feeds="newest"),
    Projection(
        topics.DISCREPANCIES,
        (Target(tables.discrepancies, "newest"), Target(tables.discrepancy_history, "newest")),
        "discrepancy",
        feeds="newest",
    ),
    Projection(
        topics.STATEMENT_COMPARISONS,
        (Target(tables.statement_comparisons, "newest"),),
        "comparison",
        not_in_feed=frozenset({"rows"}),
    ),
    Projection(
        topics.DEAD_LETTERS,
        (Target(tables.dead_letters, "first"),),
        "dead_letter",
        row_of=_with_source,
        not_in_feed=frozenset({"raw_key", "raw_value"}),
    ),
    # not a result of the stream, but history that people's pages stand on just the same
    Projection(
        topics.WORK_EVENTS,
        (Target(tables.work_events, "first"),),
        "work",
        not_in_feed=frozenset({"content", "comment", "details"}),
    ),
)
BY_TOPIC: Final = {projection.topic.name: projection for projection in PROJECTIONS}


def newest_of(rows: Sequence[Row], key: Sequence[str]) -> list[Row]:
    """Of each key the row of the highest ``account_version``, at the same version the later one."""
    key_of = operator.itemgetter(*key)
    newest: dict[Any, Row] = {}
    for row in rows:
        known = newest.setdefault(key_of(row), row)
        if known is not row and known["account_version"] <= row["account_version"]:
            newest[key_of(row)] = row
    return list(newest.values())


def make_storable(row: Row) -> Row:
    """Replace U+0000 by U+FFFD, in place: legal in Avro, refused by PostgreSQL's text and jsonb."""
    for name, value in row.items():
        kind = type(value)  # on the hot path: most values are neither
        if (kind is str and "\0" in value) or kind is dict or kind is list:
            row[name] = _storable(value)
    return row


def _storable(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
        case dict():
            return {_storable(key): _storable(inner) for key, inner in value.items()}
        case list():
            return [_storable(inner) for inner in value]
        case _:
            return value
