"""A text that names the first of several documents, and how many more: RE-1001 u.a., INV-7 and 3 others, 发票1001等4张.

In the words of payers in German, English, French, Dutch, Spanish, Italian, Polish, Chinese and Japanese.
"""

from __future__ import annotations

import functools
import re

from domain.matching.forms import TEXTS_KEPT, plain

_AND = r"(?:\b(?:und|u\.|and|et|en|y|e|ed|i|oraz)|[+&])"
_MORE = r"(?:weitere[nr]?|andere[nr]?|others?|more|autres?|suivante?s?|anderen?|otr[ao]s|m[aá]s|altr[ei]|inne|innych)\b"
#: how many there are beside the one that is named, where it is told: before the word, behind it or not
_BESIDE = re.compile(
    rf"{_AND}\s?(?:(\d{{1,2}})\s)?{_MORE}(?:\s(\d{{1,2}})\b(?![.,/-]\d))?"
    r"|(?<![a-z])(?:u\.\s?a\.|ua(?![0-9a-z])|e\.\s?a\.|ff\b|etc\b|et al\b)"
    r"|(?:及其他|和其他|其他|ほか|他)\s?(?:(\d{1,2})\s?[张笔份件单])?",
    re.IGNORECASE,
)
#: how many there are with it: "等4张"
_IN_ALL = re.compile(r"(?<=[0-9A-Za-z])\s?等(?![待级于])\s?(?:(\d{1,2})\s?[张笔份件单])?")


@functools.lru_cache(maxsize=TEXTS_KEPT)
def others_of(text: str) -> int | None:
    """How many documents ``text`` says that are paid beside the one that it names; 0 where it does not say how many,
    ``None`` where it does not say that there are any.
    """
    text = plain(text)
    in_all = _IN_ALL.search(text)
    if in_all is not None:
        return max(int(in_all[1]) - 1, 0) if in_all[1] else 0
    beside = _BESIDE.search(text)
    return int(next(filter(None, beside.groups()), 0)) if beside is not None else None


def without_others(text: str) -> str:
    """``text`` without the words for others and how many they are, which is no number of a document."""
    return _BESIDE.sub(" ", _IN_ALL.sub(" ", plain(text)))
