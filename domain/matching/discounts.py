"""The same share of each of several documents: a discount for paying early, a tax or a retention that is kept back,
what a factor advances, and what of it is paid later.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

#: discounts that are usual, in millionths
USUAL_DISCOUNTS = (10_000, 20_000, 30_000)
Share = tuple[int, int]
_DISCOUNTS: tuple[Share, ...] = ((1, 100), (2, 100), (3, 100))
#: Discounts, taxes withheld at source, retentions until acceptance and what factors keep: whole percents up to a fifth,
#: 2.5 and 7.5
_PERCENTS: tuple[Share, ...] = (*((percents, 100) for percents in range(1, 21)), (25, 1_000), (75, 1_000))
#: Of documents in hundreds every other sum is a whole percent less by chance. Where the figures have a grain so fine
#: that so many sums are smaller, hardly any is.
_TELLING = 2_000
#: instalments of a list
_FRACTIONS: tuple[Share, ...] = ((1, 4), (1, 3), (1, 2), (2, 3), (3, 4))


def same_share(open_minor: Sequence[int], original_minor: Sequence[int], paid_minor: int) -> Sequence[int]:
    """What each of several documents is paid where all less one share of each come to exactly ``paid_minor``, or one
    share of what each was; empty where they do not. Minor units, as large as what is open of each.

    Round figures are shares of each other by chance, so they tell no more than the usual discounts.
    """
    if len(open_minor) < 2:
        return ()
    short = sum(open_minor) - paid_minor
    kept = _shared_out(open_minor, short, _DISCOUNTS)
    if not kept and sum(open_minor) >= _TELLING * math.gcd(*open_minor, paid_minor):
        kept = _shared_out(open_minor, short, (*_PERCENTS, *_FRACTIONS))
        paid = () if kept else _shared_out(original_minor, paid_minor, _PERCENTS)
        if paid and all(part <= left for part, left in zip(paid, open_minor, strict=True)):
            return paid
    return [left - part for left, part in zip(open_minor, kept, strict=True)] if kept else ()


def _shared_out(figures: Sequence[int], total: int, shares: Sequence[Share]) -> Sequence[int]:
    """The first of ``shares`` of each of ``figures``, rounded up or down so that they come to exactly ``total``; empty
    where none does. What is rounded up has the most behind the point, so rounding to the nearest is kept.
    """
    for numerator, denominator in shares:
        parts = [figure * numerator // denominator for figure in figures]
        cut_off = [figure * numerator % denominator for figure in figures]
        up = total - sum(parts)
        if 0 <= up <= sum(map(bool, cut_off)):
            for place in sorted(range(len(parts)), key=lambda at: -cut_off[at])[:up]:
                parts[place] += 1
            return parts
    return ()
