"""The nearest candidates among what is left over on both sides, by amount and date.

Look-ups are by bisection in sorted columns, so their cost does not grow with how many amounts are equal.
"""

from __future__ import annotations

import bisect
import datetime as dt
from collections.abc import Sequence
from typing import Final

from domain.comparison.entries import OurDocument
from domain.comparison.verdict import signed
from domain.events import StatementLine

#: (signed amount, day number, place)
_Point = tuple[int, int, int]
#: Beyond a tenth of the amount two figures are not near, they are different.
_NEAR_SHARE: Final = 10


class Nearest:
    """``lines`` and ``documents`` in canonical order; the earlier wins where two are equally near."""

    def __init__(
        self,
        lines: Sequence[StatementLine],
        documents: Sequence[OurDocument],
        start: dt.date,
        end: dt.date,
    ) -> None:
        self._lines = lines
        self._documents = documents
        days = [(document.first_date(start, end) or end).toordinal() for document in documents]
        nets = [document.net_minor(start, end) for document in documents]
        points = list(zip(nets, days, range(len(nets)), strict=True))
        self._point_of = {document.key: point for document, point in zip(documents, points, strict=True)}
        self._document_points = sorted(points)
        self._line_points = sorted(
            (signed(line), line.date.toordinal(), place) for place, line in enumerate(lines)
        )

    def document_near(self, line: StatementLine) -> OurDocument | None:
        """The document of the same side that comes nearest to a line, if any is left."""
        place = _nearest(self._document_points, signed(line), line.date.toordinal())
        return None if place is None else self._documents[place]

    def line_near(self, document: OurDocument) -> StatementLine | None:
        """The line of the same side that comes nearest to one of the documents."""
        amount, day, _ = self._point_of[document.key]
        place = _nearest(self._line_points, amount, day)
        return None if place is None else self._lines[place]


def _nearest(points: Sequence[_Point], amount: int, day: int) -> int | None:
    """The place of the point of the nearest amount, then the nearest day; none if even that is far off.

    Points are sorted by amount, then day: the nearest is a neighbour of (amount, day). Of several days at one
    other amount a farther one may be taken, which is as good a hint.
    """
    at = bisect.bisect_left(points, (amount, day, -1))
    neighbours = points[max(at - 1, 0) : at + 1]
    best = min(neighbours, key=lambda p: (abs(p[0] - amount), abs(p[1] - day), p[2]), default=None)
    if best is None or abs(best[0] - amount) * _NEAR_SHARE > abs(amount):
        return None
    return best[2]
