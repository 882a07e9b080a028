"""Which of many document numbers could mean one of the wanted ones? Told from their last characters, in bulk.

Equal cores (``domain.comparison.normalised``) end alike. So the last characters of every number, at most eight as one
machine word, are looked up among the endings of the wanted cores: a few array operations on the numbers as one text,
without an object per number. What has a wanted core passes; what passes need not have one and is to be looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

import numpy as np
import numpy.typing as npt

from domain.comparison.columns import PIECE
from domain.comparison.normalised import squeezed_text

_Words = npt.NDArray[np.uint64]

_WORD_BYTES: Final = 8
_WORD_BITS: Final = 64
_LINE_END: Final = ord("\n")
#: spreads endings over a table by their highest bits (Knuth's multiplicative hashing: 2**64 by the golden ratio)
_SPREAD: Final = np.uint64(0x9E3779B97F4A7C15)
#: places of a table for each ending in it: one of so many numbers passes by chance
_PLACES_EACH: Final = 128


def sifted(numbers: Sequence[str], wanted: Iterable[str]) -> list[int]:
    """The places of all numbers that have one of the ``wanted`` cores, ascending, and of a few others."""
    endings = _endings(wanted)
    return list(
        chain.from_iterable(
            (start + _passing(squeezed_text(numbers[start : start + PIECE]), endings)).tolist()
            for start in range(0, len(numbers), PIECE)
        )
    )


class _Endings:
    """Wanted cores of one length (or of eight characters and more), by their last characters."""

    def __init__(self, length: int, cores: Sequence[str]) -> None:
        self._other_bits = np.uint64(_WORD_BITS - 8 * length)
        self._unused_bits = np.uint64(_WORD_BITS - (len(cores) * _PLACES_EACH).bit_length())
        words = [int.from_bytes(core[-length:].encode("ascii"), "little") for core in cores]
        self._table = np.zeros(1 << (len(cores) * _PLACES_EACH).bit_length(), np.bool_)
        self._table[self._place(np.array(words, np.uint64))] = True

    def _place(self, words: _Words) -> _Words:
        return (words * _SPREAD) >> self._unused_bits

    def among(self, last_words: _Words) -> npt.NDArray[np.bool_]:
        """Per word of eight last characters whether it may end like one of the cores."""
        return self._table[self._place(last_words >> self._other_bits)]


def _endings(wanted: Iterable[str]) -> list[_Endings]:
    by_length: dict[int, list[str]] = {}
    for core in wanted:
        by_length.setdefault(min(len(core), _WORD_BYTES), []).append(core)
    return [_Endings(length, cores) for length, cores in sorted(by_length.items())]


def _passing(squeezed: str, endings: Sequence[_Endings]) -> npt.NDArray[np.intp]:
    """The lines of a squeezed text that end like a wanted core."""
    text = b"\0" * _WORD_BYTES + squeezed.encode("ascii") + b"\n"
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == _LINE_END)
    # A word from each byte on: its last character, before the end of a line, is in its highest bits.
    words = np.ndarray((len(text) - _WORD_BYTES + 1,), "<u8", text, strides=(1,))
    last_words = words[ends - _WORD_BYTES]
    found = np.zeros(len(ends), np.bool_)
    for ending in endings:
        found |= ending.among(last_words)
    return np.flatnonzero(found)
