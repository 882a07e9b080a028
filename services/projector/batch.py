"""What passes from the reader to the stores: columns of some records, and the positions that they lead to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from services.projector.columns.table import Columns
from services.store.live import Advance, Place


@dataclass(frozen=True, slots=True)
class Batch:
    """Columns by topic, rows in the order of their partitions. ``advanced`` may reach beyond the last record.

    (Transaction markers take offsets, too: with them the stored positions meet the end of the partition.)
    """

    rows: dict[str, Columns] = field(default_factory=dict)
    advanced: dict[Place, Advance] = field(default_factory=dict)
    records: int = 0

    def __bool__(self) -> bool:
        return bool(self.advanced)

    def positions(self) -> str:
        """For messages: every range of offsets in it."""
        return describe(self.advanced.items())


def describe(ranges: Iterable[tuple[Place, Advance]]) -> str:
    """``topic[partition]@start..end`` for each, in order."""
    return ", ".join(
        f"{topic}[{partition}]@{advance.start}..{advance.end}"
        for (topic, partition), advance in sorted(ranges, key=lambda item: item[0])
    )
