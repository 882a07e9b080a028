"""What the balances of a table mean: with which side they rise, and in which order its lines stand.

A table seldom says whether its balance is positive in debit or in credit, or whether the newest line stands
first. Its own arithmetic says so: that reading is taken under which most running balances follow from
the ones before. One program made a file, so the side is decided over all of its statements: one line and one balance
tell nothing. Where nothing decides, a balance is taken as what is owed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Shown:
    """A balance as it stands in the file; ``sided``: with its side, and so debit-positive already."""

    minor: int
    sided: bool


#: one row: its date, its amount, debit-positive in the file's view, and its running balance; ``None`` where it cannot
#: be read
Figures: TypeAlias = tuple[dt.date | None, int | None, Shown | None]


@dataclass(frozen=True, slots=True)
class Readings:
    """How many figures follow from one another, by (sign, newest first).

    The sign is +1 if balances without a side rise in debit, else -1. Orders that the dates speak against are missing.
    """

    score: Mapping[tuple[int, bool], int]
    links: Mapping[int, int]
    """By sign: how many balances follow from any other one or from the opening, in whatever order."""

    @property
    def best(self) -> int:
        """How many follow in the best of them."""
        return max(self.score.values())

    @property
    def debit_lead(self) -> int:
        """By how much more they follow if balances rise in debit; 0 where nothing tells."""
        best = [max(count for (of, _), count in self.score.items() if of == sign) for sign in (-1, 1)]
        return best[1] - best[0] + self.links[1] - self.links[-1]

    def newest_first(self, sign: int) -> bool:
        """Whether the newest line stands first, if balances rise so."""
        return self.score.get((sign, True), -1) > self.score.get((sign, False), -1)


def readings_of(rows: Sequence[Figures], opening: Shown | None, closing: Shown | None) -> Readings:
    """What the arithmetic of a statement tells.

    ``rows``: all rows of the table, those too that were left out for something else that cannot be read: without
    them a balance would not follow from the one before.
    """
    score = {(sign, newest): 0 for newest in (False, True) for sign in (-1, 1)}
    for (_, earlier, before), (_, later, after) in pairwise(rows):
        if before is None or after is None:
            continue
        step = after.minor - before.minor
        for sign in (-1, 1):
            factor = 1 if before.sided else sign
            if later is not None and step == factor * later:
                score[sign, False] += 1
            if earlier is not None and -step == factor * earlier:
                score[sign, True] += 1
    total = sum(signed for _, signed, _ in rows if signed is not None)
    for sign in (-1, 1):
        if opening is not None and closing is not None and not opening.sided and total:
            score[sign, False] += opening.minor + sign * total == closing.minor
        if rows and (opening is None or not opening.sided):
            before_minor = 0 if opening is None else opening.minor  # an account begins at nothing
            for newest, at in ((False, 0), (True, -1)):
                _, signed, first = rows[at]
                if first is not None and not first.sided and signed:
                    score[sign, newest] += first.minor == before_minor + sign * signed
    dates = [date for date, _, _ in rows if date is not None]
    rising, falling = dates == sorted(dates), dates == sorted(dates, reverse=True)
    if rising is not falling:  # the newest line cannot stand first where dates rise
        score = {(sign, newest): score[sign, newest] for sign, newest in score if newest is falling}
    return Readings(score, {sign: _links(rows, opening, sign) for sign in (-1, 1)})


def _links(rows: Sequence[Figures], opening: Shown | None, sign: int) -> int:
    unsided = [(signed, shown.minor) for _, signed, shown in rows if shown is not None and not shown.sided]
    begun = 0 if opening is None else opening.minor
    reached = {begun, *(minor for _, minor in unsided)}
    return sum(bool(signed) and minor - sign * (signed or 0) in reached for signed, minor in unsided)


def debit_positive(shown: Shown | None, sign: int) -> int | None:
    """The balance, debit-positive."""
    if shown is None:
        return None
    return shown.minor if shown.sided else sign * shown.minor
