"""The rows of two sides that are equal in number, amount and day, found in a few array operations.

The bulk of a long statement agrees, and must not cost an object or a look-up per line. So each side lays out its
rows in machine words: the number's text exactly, zero-filled, the amount and the day. A *print* mixes a row's words
into one. Prints are sorted and theirs are looked up in ours; whatever meets is then compared word for word, so that no
pair rests on a hash: rows that share a print by chance are left to those who look line by line.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

_Words = npt.NDArray[np.uint64]
_Places = npt.NDArray[np.intp]
_Marks = npt.NDArray[np.bool_]

#: bytes of UTF-8, a UUID has 36; longer numbers are not bulk
NUMBER_BYTES_MAX: Final = 40
_WORD_BYTES: Final = 8
_LINE_END: Final = "\n"
_FILL: Final = "\0"
#: per count of bytes the mask of a word's last ones, which are its highest bits
_LAST_BYTES: Final = np.array(
    [(2**64 - 1) ^ (2 ** (64 - 8 * count) - 1) for count in range(_WORD_BYTES + 1)], np.uint64
)
#: odd: 2**64 by the golden ratio (Knuth's multiplicative hashing)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_HALF: Final = np.uint64(32)


class BulkRows:
    """One side's rows, at least one. ``amounts`` in minor units of 64 bits, ``days`` as ordinals.

    A row without a number, with a longer one than ``NUMBER_BYTES_MAX``, or with a line end or a NUL in it is equal to
    none here.
    """

    def __init__(self, numbers: Sequence[str], amounts: Sequence[int], days: Sequence[int]) -> None:
        words, self.comparable = _words_of(numbers)
        self.days = np.array(days, np.int64)
        self.columns: tuple[_Words, ...] = (
            np.array(amounts, np.int64).view(np.uint64),
            self.days.view(np.uint64),
            *words,
        )
        self.prints = np.zeros(len(numbers), np.uint64)
        # Words that a side does not need come first and leave the print as it is, so both sides come to the same.
        for column in reversed(self.columns):
            # Folded in between: a product never carries what differs in the high bits, a word's last characters, down.
            self.prints ^= self.prints >> _HALF
            self.prints += column
            self.prints *= _MIX

    @cached_property
    def order(self) -> _Places:
        """The rows by their prints."""
        return np.argsort(self.prints)

    @cached_property
    def ordered(self) -> _Words:
        """The prints, ascending."""
        return self.prints[self.order]

    @cached_property
    def alone(self) -> _Marks:
        """Per print of ``ordered`` whether no other row has it."""
        differs = np.ones(len(self.ordered) + 1, np.bool_)
        differs[1:-1] = self.ordered[1:] != self.ordered[:-1]
        return differs[1:] & differs[:-1]


class Equal(NamedTuple):
    """The pairs of equal rows, both ways (-1: in none), and what is left on either side."""

    row_of: array[int]
    """Per row of theirs the row of ours."""
    place_of: array[int]
    """Per row of ours the place of the row of theirs."""
    unpaired: set[int]
    """The rows of ours in no pair."""
    others: list[int]
    """The places of theirs in no pair."""


def equal_rows(ours: BulkRows, theirs: BulkRows, first: int, last: int, unsure: bytes) -> Equal:
    """The rows of the days from ``first`` to ``last`` that are equal on both sides.

    None of which a side has two, and none of ours that is marked in ``unsure``.
    """
    row_of, place_of = np.full(len(theirs.days), -1, np.int64), np.full(len(ours.days), -1, np.int64)
    rows, places = _met(ours, theirs)
    row_of[places] = rows
    same = (row_of >= 0) & theirs.comparable & (first <= theirs.days) & (theirs.days <= last)
    same &= (ours.comparable & ~np.frombuffer(unsure, np.bool_))[row_of]
    for mine, other in zip(ours.columns, theirs.columns, strict=False):
        same &= mine[row_of] == other
    # A number that needs more words than any of the other side's is equal to none of them.
    shared = min(len(ours.columns), len(theirs.columns))
    for words in ours.columns[shared:]:
        same &= words[row_of] == 0
    for words in theirs.columns[shared:]:
        same &= words == 0
    row_of[~same] = -1
    places = np.flatnonzero(same)
    place_of[row_of[places]] = places
    return Equal(
        array("q", row_of.tobytes()),
        array("q", place_of.tobytes()),
        set(np.flatnonzero(place_of < 0).tolist()),
        np.flatnonzero(~same).tolist(),
    )


def _met(ours: BulkRows, theirs: BulkRows) -> tuple[_Places, _Places]:
    """The rows of ours and of theirs with one print, pair by pair; no print that a side has twice."""
    at = np.searchsorted(ours.ordered, theirs.ordered)
    at[at == len(ours.ordered)] = 0
    met = (ours.ordered[at] == theirs.ordered) & ours.alone[at] & theirs.alone
    return ours.order[at[met]], theirs.order[met]


def _words_of(numbers: Sequence[str]) -> tuple[list[_Words], _Marks]:
    """The numbers in words, that of the last eight bytes first, and which of them can be told by their words."""
    text = _LINE_END.join(numbers)
    if text.count(_LINE_END) != len(numbers) - 1 or _FILL in text:
        numbers = ["" if _LINE_END in number or _FILL in number else number for number in numbers]
        text = _LINE_END.join(numbers)
    filled = bytes(NUMBER_BYTES_MAX) + f"{text}{_LINE_END}".encode("utf-8", "surrogatepass")
    ends = np.flatnonzero(np.frombuffer(filled, np.uint8) == ord(_LINE_END))
    lengths = np.diff(ends, prepend=NUMBER_BYTES_MAX - 1) - 1
    comparable = (lengths > 0) & (lengths <= NUMBER_BYTES_MAX)
    longest = int(lengths.max(initial=0, where=comparable))
    # A word from each byte on.
    from_byte = np.ndarray((len(filled) - _WORD_BYTES + 1,), "<u8", filled, strides=(1,))
    words = [
        from_byte[ends - last] & _LAST_BYTES[np.clip(lengths - last + _WORD_BYTES, 0, _WORD_BYTES)]
        for last in range(_WORD_BYTES, longest + _WORD_BYTES, _WORD_BYTES)
    ]
    return words, comparable
