"""Ranges in texts, "1001-1003", "RE-26-00042 bis 46", "42至46": both ends, and the numbers from one to the other."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator

import msgspec

from domain.matching.forms import TEXTS_KEPT

#: a range that is longer than this does not name each of its numbers, but may point to those that are open
RANGE_MAX = 50
#: and one that is longer than this says nothing of what is inside
WIDE_MAX = 2_000
#: but for numbers that begin with a year and a month: from one month into the next such steps are few documents
MONTHS_MAX = 20_000
#: a text of more ranges is no list of documents
RANGES_MAX = 40
#: from one to the other, in the words of payers' languages: each a word of its own, so no number's letter
JOINT = (
    r"(?:\s*(?:-|–|—|~|〜|\.\.\.?|至|到|から)\s*"
    r"|\s*\b(?:bis einschl\.|bis einschlie(?:ß|ss)lich|tot en met|to|bis|through|thru|till|until|tot|t/m|à|au|al|a"
    r"|hasta|até|do|aż do|až|til)\s+)"
)
#: the year of a number, also with its month, or a letter, behind the running number
_BEHIND = r"([/-](?:(?:(?:0[1-9]|1[0-2])[/-])?(?:20)?\d\d|[A-Z]{1,4})(?![0-9A-Za-z]|[/-]\d))"
_NUMBER = r"([A-Za-z]{0,8}[ ./-]?(?:\d{1,8}[-/.])?)(\d{1,12})"
_BEFORE, _END = r"(?<![0-9A-Za-z./_-])", r"(?![0-9A-Za-z]|[./_-]\d)"
_RANGE = re.compile(rf"{_BEFORE}{_NUMBER}{JOINT}{_NUMBER}{_END}", re.IGNORECASE)
_RUNNING = r"([A-Za-z]{0,8}[ ./-]?)(\d{1,12})"
_WITH_BEHIND = re.compile(rf"{_BEFORE}{_RUNNING}{_BEHIND}?{JOINT}{_RUNNING}{_BEHIND}{_END}", re.IGNORECASE)
_MONTH_AND_YEAR = re.compile(r"[/-]\d\d[/-](\d+)")
_YEAR_AND_MONTH = re.compile(r"20\d\d(?:0[1-9]|1[0-2])\d{3,}")


class Range(msgspec.Struct, frozen=True):
    """``first`` and ``last``: figures of the ends, as many of each. ``whole``: so the last end is written.

    ``wide``: of more than ``RANGE_MAX`` steps. ``before``: the figures before those of either end, "26" in "26/34".
    ``behind``: what either end has behind its figures, "/25" in "0857/25".
    """

    text: str
    prefix: str
    first: str
    last: str
    whole: bool
    wide: bool = False
    before: str = ""
    behind: str = ""

    @property
    def figures(self) -> Iterator[str]:
        """Of every number of the range, as many as the first end has."""
        width = len(self.first)
        return (str(number).zfill(width) for number in range(int(self.first), int(self.last) + 1))

    @property
    def numbers(self) -> Iterator[str]:
        """Each number as the ends are written, prefix and all."""
        return (self.prefix + figures + self.behind for figures in self.figures)


@functools.lru_cache(maxsize=TEXTS_KEPT)
def ranges(text: str) -> tuple[Range, ...]:
    """The ranges of at most ``WIDE_MAX`` steps in ``text``. An end may be shortened: "00042 - 46"."""
    found = (
        reading(match)
        for pattern, reading in ((_RANGE, _plain), (_WITH_BEHIND, _with_behind))
        for match in itertools.islice(pattern.finditer(text), RANGES_MAX)
    )
    return tuple(one for one in found if one is not None)


def _plain(match: re.Match[str]) -> Range | None:
    prefix, first, again, last = match.groups()
    joint = match.string[match.end(2) : match.start(3)].strip()
    # "A 1540 A 1544": a letter of both ends is no Spanish "to".
    return None if joint and joint == prefix.strip() else _range(match.group(), prefix, first, again, last)


def _with_behind(match: re.Match[str]) -> Range | None:
    """Both ends have the same behind them, or another month; or only the last one has it: "857-867/25"."""
    prefix, first, behind_first, again, last, behind = match.groups()
    if (behind_first or behind) != behind:
        one, other = _MONTH_AND_YEAR.fullmatch(behind_first), _MONTH_AND_YEAR.fullmatch(behind)
        if one is None or other is None or one[1] != other[1]:
            return None
    return _range(match.group(), prefix, first, again, last, behind)


def _range(text: str, prefix: str, first: str, again: str, last: str, behind: str = "") -> Range | None:
    """The range from one end to the other, if it goes up, and not too far."""
    whole = len(last) == len(first)
    if len(last) < len(first):
        last = first[: -len(last)] + last
    steps = int(last) - int(first) if len(first) == len(last) else 0
    before, same = _figures(prefix), _figures(again) in ("", _figures(prefix))
    by_month = all(map(_YEAR_AND_MONTH.fullmatch, (first, last)))
    most = (MONTHS_MAX if by_month else WIDE_MAX) if same else RANGE_MAX
    if not 1 <= steps <= most:
        return None
    return Range(text.strip(), prefix, first, last, whole, steps > RANGE_MAX, before if same else "", behind)


def _figures(text: str) -> str:
    return "".join(filter(str.isdigit, text))
