"""What changed between two versions of a statement, line by line.

It works on the registered figures alone, so it says what the customer was sent, not what the ledger says now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

#: what makes two lines the same line; the running balance moves with every line before it and is no change
_LINE = ("date", "document_no", "kind", "role", "debit_minor", "credit_minor")
_ITEM = ("document_no", "kind", "date", "due_date", "original_minor", "allocated_minor", "open_minor")
_TOTALS = ("opening_minor", "debit_minor", "credit_minor", "closing_minor")


class StatementDiff(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that only the older version has, and rows that only the newer one has; totals as (old, new).

    A corrected line shows as one row removed and one added, on the same document.
    """

    removed_lines: tuple[dict[str, Any], ...]
    added_lines: tuple[dict[str, Any], ...]
    removed_items: tuple[dict[str, Any], ...]
    added_items: tuple[dict[str, Any], ...]
    totals: dict[str, tuple[int, int]]

    @property
    def is_empty(self) -> bool:
        return not (
            self.removed_lines or self.added_lines or self.removed_items or self.added_items or self.totals
        )


def compare(older: Mapping[str, Any], newer: Mapping[str, Any]) -> StatementDiff:
    """The difference of two ``domain.statements.figures_of``. Equal lines are matched one to one."""
    removed_lines, added_lines = _difference(older["lines"], newer["lines"], _LINE)
    removed_items, added_items = _difference(older["open_items"], newer["open_items"], _ITEM)
    return StatementDiff(
        removed_lines=removed_lines,
        added_lines=added_lines,
        removed_items=removed_items,
        added_items=added_items,
        totals={name: (older[name], newer[name]) for name in _TOTALS if older[name] != newer[name]},
    )


def _difference(
    older: Iterable[Mapping[str, Any]], newer: Iterable[Mapping[str, Any]], fields: tuple[str, ...]
) -> tuple[tuple[dict[str, Any], ...], tuple[dict[str, Any], ...]]:
    before = Counter(tuple(row[name] for name in fields) for row in older)
    after = Counter(tuple(row[name] for name in fields) for row in newer)
    return tuple(_rows(before - after, fields)), tuple(_rows(after - before, fields))


def _rows(counts: Counter[tuple[Any, ...]], fields: tuple[str, ...]) -> Iterable[dict[str, Any]]:
    for values in counts.elements():
        yield dict(zip(fields, values, strict=True))
