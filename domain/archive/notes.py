"""What a review asks of the records of its account, and what its own records could answer.

Two sets of records can be reviewed apart exactly if neither asks what the other answers and what references leave
over in one cannot meet what they leave over in the other. Questions and answers are kept as 32-bit tags: two that
collide by chance only make records come back that could have stayed away.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

#: texts of a working set are asked for again and again
_TAGS_KEPT = 131_072


@functools.lru_cache(maxsize=_TAGS_KEPT)
def tag(kind: str, *parts: str) -> int:
    """The tag of one question or answer, the same in every process."""
    return zlib.crc32("\x1f".join((kind, *parts)).encode())


class Notes(msgspec.Struct):
    """Taken during one review. Days are ordinals, so windows at the ends of the calendar do not overflow."""

    asked: set[int] = msgspec.field(default_factory=set)
    answered: set[int] = msgspec.field(default_factory=set)
    receipts: list[tuple[int, int]] = msgspec.field(default_factory=list)
    """(day, minor units) of what references left of payments."""
    documents: list[tuple[int, int, int]] = msgspec.field(default_factory=list)
    """(first day, last day, minor units) of what references left open: a payment of these days may be for it."""
    payers: set[str] = msgspec.field(default_factory=set)
    """Payer names that these records make known."""
    other_payers: frozenset[str] = frozenset()
    """Payer names that other records of the account make known; given, not taken."""

    def ask(self, kind: str, *parts: str) -> None:
        self.asked.add(tag(kind, *parts))

    def answer(self, kind: str, *parts: str) -> None:
        self.answered.add(tag(kind, *parts))

    def meets(self, other: Notes, *, exactly: bool) -> bool:
        """Whether the two sets of records could have anything to do with each other.

        ``exactly``: without a reference, only money of exactly the open amount is taken for a document.
        """
        return (
            not self.asked.isdisjoint(other.answered)
            or not self.answered.isdisjoint(other.asked)
            or fits(self.receipts, other.documents, exactly=exactly)
            or fits(other.receipts, self.documents, exactly=exactly)
        )


def fits(
    receipts: Iterable[tuple[int, int]], documents: Iterable[tuple[int, int, int]], *, exactly: bool
) -> bool:
    """Whether some receipt could be taken for some document."""
    found: dict[int, list[int]] = {}
    for day, amount in receipts:
        found.setdefault(amount if exactly else 0, []).append(day)
    return any(
        first <= day <= last
        for first, last, amount in (documents if found else ())
        for day in found.get(amount if exactly else 0, ())
    )


def clusters_of(every: Sequence[Notes], *, exactly: bool) -> list[list[int]]:
    """Places in ``every``, those together that have to do with each other (``Notes.meets``), also through others.

    Cost grows with what was noted, not with the pairs: of all that ask one thing, one stands for the others as soon as
    anything answers it.
    """
    leader = list(range(len(every)))

    def find(place: int) -> int:
        while leader[place] != place:
            leader[place] = place = leader[leader[place]]
        return place

    def join(places: Iterable[int]) -> None:
        first, *others = sorted({find(place) for place in places})
        for other in others:
            leader[other] = first

    asking: dict[int, list[int]] = {}
    answering: dict[int, list[int]] = {}
    for place, notes in enumerate(every):
        for mine, theirs, tags in ((asking, answering, notes.asked), (answering, asking, notes.answered)):
            for one in tags:
                mine.setdefault(one, []).append(place)
                if one in theirs:
                    join((*mine[one], *theirs[one]))
                    mine[one], theirs[one] = [place], theirs[one][:1]
    for together in _by_money_and_day(every, exactly=exactly):
        join(together)
    found: dict[int, list[int]] = {}
    for place in range(len(every)):
        found.setdefault(find(place), []).append(place)
    return list(found.values())


def _by_money_and_day(every: Sequence[Notes], *, exactly: bool) -> Iterator[list[int]]:
    """Places in ``every`` whose money and documents fit each other, a few at a time (``fits``)."""
    by_amount: dict[int, list[tuple[int, int, int, int]]] = {}
    for place, notes in enumerate(every):
        for day, amount in notes.receipts:
            by_amount.setdefault(amount if exactly else 0, []).append((day, 1, place, day))
        for first, last, amount in notes.documents:
            by_amount.setdefault(amount if exactly else 0, []).append((first, 0, place, last))
    for happening in by_amount.values():
        waiting: list[tuple[int, int]] = []  # documents whose days have begun: (last day, place)
        for day, is_receipt, place, last in sorted(happening):
            if not is_receipt:
                waiting.append((last, place))
                continue
            waiting = [document for document in waiting if document[0] >= day]
            if waiting:
                yield [place, *(at for _, at in waiting)]
                waiting = [max(waiting)]  # the one that waits longest stands for all
