"""Which result topic becomes which rows: the whole mapping, one entry per topic.

A new result topic is one new entry here (and its table in `services.store.tables`). A record has the columns of
the entry's first table, those of its inner record ``source`` as ``source_topic`` and so on; further tables take a part
of the same columns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, cast

import numpy as np
import sqlalchemy as sa

from schemas import topics
from services.projector.columns.table import Columns, Numbers, Spans
from services.store import tables


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
    """One result topic: its tables, what its records become, and its name in the live feed."""

    topic: topics.Topic
    targets: tuple[Target, ...]
    change: str
    #: what is stored where it is not just what the records say
    stored: Callable[[Columns], Columns] = lambda columns: columns
    #: columns that pages do not get
    not_in_feed: frozenset[str] = frozenset()
    #: what pages are told of a batch: its last records, the newest record of each key (fifty in a change), or nothing,
    #: as no page shows it
    feeds: Literal["last", "newest", "nothing"] = "last"


def _allocations(columns: Columns) -> Columns:
    """A withdrawn allocation stays as a row, so that it is known to be gone, and allocates nothing."""
    states = cast("Spans", columns.fields["state"]).pieces()
    withdrawn = np.fromiter((state == b"withdrawn" for state in states), np.bool_, columns.count)
    amounts = cast("Numbers", columns.fields["amount_minor"])
    return columns.having(amount_minor=Numbers("int8", np.where(withdrawn, 0, amounts.numbers)))


PROJECTIONS: Final = (
    Projection(
        topics.LEDGER_ENTRIES,
        (Target(tables.ledger_entries, "first", refusals=tables.refused_entries),),
        "entry",
    ),
    Projection(topics.OPEN_ITEMS, (Target(tables.open_items, "newest"),), "open_item", feeds="nothing"),
    Projection(
        topics.ALLOCATIONS,
        (Target(tables.allocations, "newest"),),
        "allocation",
        stored=_allocations,
        feeds="nothing",
    ),
    Projection(topics.BALANCES, (Target(tables.balances, "newest"),), "balances", feeds="newest"),
    Projection(
        topics.DISCREPANCIES,
        (Target(tables.discrepancies, "newest"), Target(tables.discrepancy_history, "newest")),
        "discrepancies",
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
