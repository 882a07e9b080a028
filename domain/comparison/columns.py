"""What must be equal for a line and an entry to agree without a closer look, as columns that are compared in bulk.

A *signature* is a number, an amount and a day in one string: two rows agree in all three exactly if their signatures
are equal. Sets of signatures find the bulk of a million lines in a few passes that make no object per line.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import compress
from operator import sub
from typing import Final

import msgspec

from domain.events import StatementLine

#: stands for the day of a row that books nothing: after every date
NO_DAY: Final = dt.date.max.toordinal() + 1
#: values that are looked at together: few enough to stay in a core's cache
PIECE: Final = 4_096


def signatures(numbers: Iterable[str], amounts: Iterable[int], days: Iterable[int]) -> list[str]:
    """One per row. No two different rows share one: after its last two spaces stand the amount and the day."""
    return [f"{number} {amount} {day}" for number, amount, day in zip(numbers, amounts, days, strict=True)]


def distinct_and_repeated(values: Sequence[str]) -> tuple[set[str], set[str]]:
    """Each value once, and those that stand more than once.

    Piece by piece, so that operations on sets do the work: less than half the time of counting each value.
    """
    distinct: set[str] = set()
    several: set[str] = set()
    for start in range(0, len(values), PIECE):
        piece = values[start : start + PIECE]
        found = set(piece)
        if len(found) < len(piece):
            several.update(value for value, count in Counter(piece).items() if count > 1)
        several |= distinct & found
        distinct |= found
    return distinct, several


class StatementColumns(msgspec.Struct, frozen=True):
    """The lines of a statement in columns and totals; a day is a date's ordinal."""

    signatures: list[str]
    """Per line; the amount is signed in the book's view."""
    distinct: set[str]
    """Each signature once."""
    repeated: dict[str, list[int]]
    """Signature -> its places, of those that several lines have."""
    days: list[int]
    distinct_days: set[int]
    debit_minor: int
    credit_minor: int
    shows_balances: bool
    """Whether any line shows a running balance."""

    def places_on(self, days: Set[int]) -> Iterator[int]:
        """The places of the lines of these days."""
        return compress(range(len(self.days)), map(days.__contains__, self.days)) if days else iter(())


def statement_columns(lines: Sequence[StatementLine]) -> StatementColumns:
    """The columns of these lines."""
    days = [line.date.toordinal() for line in lines]
    debits = [line.debit_minor for line in lines]
    credits = [line.credit_minor for line in lines]
    signed = signatures([line.document_no for line in lines], map(sub, debits, credits), days)
    balances = [line.running_balance_minor for line in lines]
    distinct, several = distinct_and_repeated(signed)
    return StatementColumns(
        signed,
        distinct,
        _places_of(signed, several),
        days,
        set(days),
        sum(debits),
        sum(credits),
        balances.count(None) < len(balances),
    )


def _places_of(signed: Sequence[str], wanted: Set[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    if wanted:
        for place in compress(range(len(signed)), map(wanted.__contains__, signed)):
            places.setdefault(signed[place], []).append(place)
    return places
