"""Ranges in texts, "1001-1003", "RE-26-00042 bis 46", "42至46": both ends, and the numbers from one to the other."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import msgspec

#: a range that is longer than this is no list of documents
RANGE_MAX = 50
#: a text of more ranges is no list of documents
RANGES_MAX = 40
#: from one to the other, in the words of payers' languages
JOINT = r"\s*(?:-|–|—|~|〜|\.\.|至|到|\b(?:to|bis|through|thru|till|until|à|au|al|a|hasta|tot|t/m)\b)\s*"
_NUMBER = r"([A-Za-z]{0,8}[ ./-]?(?:\d{1,8}[-/.])?)(\d{1,12})"
_RANGE = re.compile(rf"(?<![0-9A-Za-z./_-]){_NUMBER}{JOINT}{_NUMBER}(?![0-9A-Za-z]|[./_-]\d)", re.IGNORECASE)


class Range(msgspec.Struct, frozen=True):
    """``figures``: of every number of the range, as many as the first end has. ``whole``: so has the last end."""

    text: str
    prefix: str
    figures: tuple[str, ...]
    whole: bool

    @property
    def numbers(self) -> Iterator[str]:
        """Each number as the first end is written, prefix and all."""
        return (self.prefix + figures for figures in self.figures)


def ranges(text: str) -> Iterator[Range]:
    """The ranges of at most ``RANGE_MAX`` steps in ``text``. An end may be shortened: "00042 - 46"."""
    for match in itertools.islice(_RANGE.finditer(text), RANGES_MAX):
        prefix, first, _, last = match.groups()
        whole = len(last) == len(first)
        if len(last) < len(first):
            last = first[: -len(last)] + last
        if len(first) == len(last) and 1 <= int(last) - int(first) <= RANGE_MAX:
            figures = (str(number).zfill(len(first)) for number in range(int(first), int(last) + 1))
            yield Range(match.group().strip(), prefix, tuple(figures), whole)
