"""Which of several amounts add up to one? Bounded, deterministic, exact.

Subset sum is exponential. So the search stops after a number of steps, and says whether it has seen everything: only
then does one combination mean *the* combination.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import msgspec

#: an account's open documents change little between two events, and receipts without a word stay for a while
_SEARCHES_KEPT = 4_096
#: the third combination tells nothing that the second does not
_ENOUGH = 2


class Search(msgspec.Struct, frozen=True):
    """``found``: up to two combinations, as ascending positions. ``steps``: sums that were tried."""

    found: tuple[tuple[int, ...], ...]
    complete: bool
    steps: int

    @property
    def only(self) -> tuple[int, ...] | None:
        """The combination, if it is certain that there is no other."""
        return self.found[0] if self.complete and len(self.found) == 1 else None


def combinations_of(amounts: Sequence[int], total: int, size_max: int, steps_max: int) -> Search:
    """Combinations of 2 to ``size_max`` of ``amounts`` (each > 0) that add up to ``total``, all in minor units.

    Tries at most ``steps_max`` sums, in an order that depends on the arguments alone.
    """
    return _search(tuple(amounts), total, size_max, steps_max)


@functools.lru_cache(maxsize=_SEARCHES_KEPT)
def _search(amounts: tuple[int, ...], total: int, size_max: int, steps_max: int) -> Search:
    places = sorted((p for p, amount in enumerate(amounts) if amount < total), key=lambda p: (-amounts[p], p))
    largest_first = [amounts[p] for p in places]
    # rest[i]: everything from i on; what cannot be reached any more is not tried
    rest = [0] * (len(places) + 1)
    for i in range(len(places) - 1, -1, -1):
        rest[i] = rest[i + 1] + largest_first[i]
    found: list[tuple[int, ...]] = []
    steps = 0
    stack: list[tuple[int, int, tuple[int, ...]]] = [(0, total, ())]
    while stack:
        at, wanted, taken = stack.pop()
        if at == len(places) or rest[at] < wanted:
            continue
        if largest_first[at] * (size_max - len(taken)) < wanted:
            continue  # even the largest that are left, as often as allowed, are too little
        if steps == steps_max:
            return Search(tuple(found), complete=False, steps=steps)
        steps += 1
        stack.append((at + 1, wanted, taken))
        left = wanted - largest_first[at]
        if left == 0:  # never of one alone: only amounts below the total are in
            found.append(tuple(sorted((*taken, places[at]))))
            if len(found) == _ENOUGH:
                return Search(tuple(found), complete=True, steps=steps)
        elif left > 0:
            stack.append((at + 1, left, (*taken, places[at])))
    return Search(tuple(found), complete=True, steps=steps)
