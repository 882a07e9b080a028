"""The lines of a statement in columns and totals: what a comparison asks of them as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from operator import sub
from typing import TYPE_CHECKING, Final

from domain.events import StatementLine

if TYPE_CHECKING:
    from domain.comparison.bulk import BulkRows

#: values that are looked at together: few enough to stay in a core's cache
PIECE: Final = 4_096


class StatementColumns:
    """The lines of a statement in columns and totals."""

    def __init__(self, lines: Sequence[StatementLine]) -> None:
        self._lines = lines
        self._debits = [line.debit_minor for line in lines]
        self._credits = [line.credit_minor for line in lines]
        self.debit_minor = sum(self._debits)
        self.credit_minor = sum(self._credits)
        self.shows_balances = [line.running_balance_minor for line in lines].count(None) < len(lines)
        """Whether any line shows a running balance."""

    @cached_property
    def bulk(self) -> BulkRows:
        """The lines as they are compared in bulk; the amount is signed in the book's view."""
        # numpy, which only long statements need: a worker starts without it
        from domain.comparison.bulk import BulkRows

        return BulkRows(
            [line.document_no for line in self._lines],
            list(map(sub, self._debits, self._credits)),
            [line.date.toordinal() for line in self._lines],
        )


def repeated_values(values: Sequence[str]) -> set[str]:
    """The values that stand more than once.

    Piece by piece, so that operations on sets do the work: less than half the time of counting each value.
    """
    seen: set[str] = set()
    several: set[str] = set()
    for start in range(0, len(values), PIECE):
        piece = values[start : start + PIECE]
        found = set(piece)
        if len(found) < len(piece):
            several.update(value for value, count in Counter(piece).items() if count > 1)
        several |= seen & found
        seen |= found
    return several
