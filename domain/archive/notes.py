"""What a review asks of the records of its account, and what its own records could answer.

Two sets of records can be reviewed apart exactly if neither asks what the other answers and what references leave
over in one cannot meet what they leave over in the other. Questions and answers are kept as 32-bit tags: two that
collide by chance only make records come back that could have stayed away.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Iterable

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
