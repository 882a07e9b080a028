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
#: a text of more ranges is no list of documents
RANGES_MAX = 40
#: from one to the other, in the words of payers' languages
JOINT = (
    r"\s*(?:-|–|—|~|〜|\.\.\.?|至|到|\b(?:bis einschl(?:\.|ie(?:ß|ss)lich\b)|tot en met\b"
    r"|(?:to|bis|through|thru|till|until|à|au|al|a|hasta|tot|t/m)\b))\s*"
)
_NUMBER = r"([A-Za-z]{0,8}[ ./-]?(?:\d{1,8}[-/.])?)(\d{1,12})"
_RANGE = re.compile(rf"(?<![0-9A-Za-z./_-]){_NUMBER}{JOINT}{_NUMBER}(?![0-9A-Za-z]|[./_-]\d)", re.IGNORECASE)


class Range(msgspec.Struct, frozen=True):
    """``first`` and ``last``: figures of the ends, as many of each. ``whole``: so the last end is written.

    ``wide``: of more than ``RANGE_MAX`` steps. ``before``: the figures before those of either end, "26" in "26/34".
    """

    text: str
    prefix: str
    first: str
    last: str
    whole: bool
    wide: bool = False
    before: str = ""

    @property
    def figures(self) -> Iterator[str]:
        """Of every number of the range, as many as the first end has."""
        width = len(self.first)
        return (str(number).zfill(width) for number in range(int(self.first), int(self.last) + 1))

    @property
    def numbers(self) -> Iterator[str]:
        """Each number as the first end is written, prefix and all."""
        return (self.prefix + figures for figures in self.figures)


@functools.lru_cache(maxsize=TEXTS_KEPT)
def ranges(text: str) -> tuple[Range, ...]:
    """The ranges of at most ``WIDE_MAX`` steps in ``text``. An end may be shortened: "00042 - 46"."""
    found: list[Range] = []
    for match in itertools.islice(_RANGE.finditer(text), RANGES_MAX):
        prefix, first, again, last = match.groups()
        whole = len(last) == len(first)
        if len(last) < len(first):
            last = first[: -len(last)] + last
        steps = int(last) - int(first) if len(first) == len(last) else 0
        before, same = _figures(prefix), _figures(again) in ("", _figures(prefix))
        if 1 <= steps <= (WIDE_MAX if same else RANGE_MAX):
            wide = steps > RANGE_MAX
            found.append(
                Range(match.group().strip(), prefix, first, last, whole, wide, before if same else "")
            )
    return tuple(found)


def _figures(text: str) -> str:
    return "".join(filter(str.isdigit, text))
