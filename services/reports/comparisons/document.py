"""What a document about comparisons is made of, before anyone decides how it looks.

The same comparisons give the same bytes in every format and language: the date of a document is that of the last
event that changed one of them, not the moment at which it was written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

import msgspec

from domain.comparison.verdict import Outcome
from services.queries.comparisons import ComparedLine, ComparisonRow
from services.reports.document import Customer, Letterhead

#: in the order in which a reader goes through them; what agrees is not gone through
DIFFERING: Final = tuple(outcome.value for outcome in Outcome if outcome is not Outcome.MATCHED)


class Group(msgspec.Struct, frozen=True):
    """All lines of one kind of difference, in the statement's order, and what they add to the bridge."""

    outcome: str
    lines: tuple[ComparedLine, ...]
    step_minor: int


class ComparisonDocument(msgspec.Struct, frozen=True, kw_only=True):
    """``comparisons`` are one customer's, by currency and period, and never empty."""

    language: str
    letterhead: Letterhead
    customer: Customer
    comparisons: tuple[ComparisonRow, ...]

    @property
    def changed_at(self) -> dt.datetime:
        """When the event happened that last changed one of the comparisons."""
        return max(comparison.occurred_at for comparison in self.comparisons)

    @property
    def document_no(self) -> str:
        """Names the statement; of several the time that they are of."""
        first = self.comparisons[0]
        if len(self.comparisons) == 1:
            return f"CMP-{first.statement_id}-{first.currency}-{first.customer_id}"
        start = min(comparison.period_start for comparison in self.comparisons)
        end = max(comparison.period_end for comparison in self.comparisons)
        return f"CMP-{start}_{end}-{first.customer_id}"


def groups(comparison: ComparisonRow) -> Iterator[Group]:
    """The lines that differ, by kind. Their closing balance + Σ ``step_minor`` of all groups = ours."""
    by_outcome: dict[str, list[ComparedLine]] = {outcome: [] for outcome in DIFFERING}
    for line in comparison.lines:
        if line.outcome != Outcome.MATCHED:
            by_outcome.setdefault(line.outcome, []).append(line)
    for outcome, lines in by_outcome.items():
        if lines:
            yield Group(outcome, tuple(lines), sum(line.step_minor for line in lines))


def first_divergent(comparison: ComparisonRow) -> ComparedLine | None:
    """The first of their lines that does not agree."""
    wanted = comparison.first_divergent_line_no
    return next((line for line in comparison.lines if wanted is not None and line.line_no == wanted), None)
