"""Months and quarters that a text names: "März 2026", "03/2026", "2026年3月", "Jan–Mar 2026", "Q1 2026".

The names are CLDR's (Babel). A month without a year is the one nearest to the day of the payment.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from typing import Final

import msgspec
from babel import Locale

from domain.matching.forms import TEXTS_KEPT
from domain.matching.ranges import JOINT

Month = tuple[int, int]
"""(year, month)."""

#: the languages whose names of months and quarters are read
_LANGUAGES: Final = ("da", "de", "en", "es", "fr", "it", "nl", "pl", "pt", "sv", "zh")
#: a shorter name without a year is too weak: "May", "Mar."
_ALONE_MIN: Final = 4
#: a month without a year is so many months ago at most, else it is still to come
_NEAR: Final = 8


@functools.cache
def _months_of() -> dict[str, tuple[int, int]]:
    """Name -> the first and the last month of what it means; names that mean two things in two languages are none."""
    found: dict[str, set[tuple[int, int]]] = {}
    for language in _LANGUAGES:
        locale = Locale(language)
        for names, length in ((locale.months, 1), (locale.quarters, 3)):
            for context in ("format", "stand-alone"):
                for width in ("wide", "abbreviated"):
                    for number, name in names[context][width].items():
                        first = length * (number - 1) + 1
                        written = name.casefold().rstrip(".")
                        found.setdefault(written, set()).add((first, first + length - 1))
    return {name: months.pop() for name, months in found.items() if len(months) == 1 and not name.isdigit()}


@functools.cache
def _pattern() -> re.Pattern[str]:
    longest_first = sorted(_months_of(), key=lambda name: (-len(name), name))
    latin = "|".join(re.escape(name) for name in longest_first if name < "\u2e80")
    others = "|".join(re.escape(name) for name in longest_first if name >= "\u2e80")
    return re.compile(
        r"(?<![\w./-])(?P<month>0?[1-9]|1[0-2])[./-](?P<year>20\d\d)(?![\w/-])"
        r"|(?<![\w./-])(?P<year_first>20\d\d)[./-](?P<month_last>0[1-9]|1[0-2])(?![\w/-]|\.\d)"
        r"|(?<![\w./-])(?P<year_joined>20\d\d)(?P<month_joined>0[1-9]|1[0-2])(?![\w./-])"
        r"|(?:(?<!\d)(?P<year_before>20\d\d)\s?[年/-]?\s?)?"
        rf"(?P<name>(?<![^\W\d_])(?:{latin})(?![^\W_])|(?<!十)(?:{others})|(?<!\d)(?:1[0-2]|0?[1-9])月(?!\s?\d{{1,2}}[日号]))"
        r"(?:\.?\s?(?:de\s|[/-])?(?P<year_after>20\d\d)(?!\d)|\.?\s?['’/-]\s?(?P<year_short>\d\d)(?![\d.])"
        r"|\.?\s(?P<day_or_year>\d\d)(?![\d.]))?"
    )


@functools.cache
def _name_and_year() -> re.Pattern[str]:
    longest_first = sorted(_months_of(), key=lambda name: (-len(name), name))
    names = "|".join(re.escape(name) for name in longest_first if name.isalpha() and name < "\u2e80")
    return re.compile(
        rf"(?<![\w./-])(?:{names})\.?\s(?:del?\s)?20\d\d(?![\w/-]|\.\d)|(?<!\d)20\d\d年", re.IGNORECASE
    )


@functools.lru_cache(maxsize=TEXTS_KEPT)
def without_month_names(text: str) -> str:
    """``text`` with a sign that joins nothing in place of each month by its name and year: the year is no number."""
    return _name_and_year().sub("|", text)


def without_months(text: str) -> str:
    """``text`` with a sign that joins nothing in place of each month that it names: "Miete Mai 2026", "货款 3月"."""
    return _pattern().sub(lambda match: match.group() if match["name"] is None else "|", text.casefold())


class _Named(msgspec.Struct, frozen=True):
    """A stretch of a text that names the months from ``first`` to ``last``."""

    start: int
    end: int
    first: int
    last: int
    year: int | None
    weak: bool
    """Too short a name to mean anything without a year."""


def periods(text: str, day: dt.date) -> list[list[Month]]:
    """What ``text`` names, each as its months; from one to another is one. ``day``: of the payment."""
    return [_months(one, day) for one in _named_in(text) if one.year is not None or not one.weak]


@functools.lru_cache(maxsize=TEXTS_KEPT)
def _named_in(text: str) -> tuple[_Named, ...]:
    named: list[_Named] = []
    text = text.casefold()
    for match in _pattern().finditer(text):
        now = _named(match)
        before = named[-1] if named else None
        if before is not None and _JOINED.fullmatch(text, before.end, now.start):
            year = now.year or before.year
            named[-1] = _Named(before.start, now.end, before.first, now.last, year, before.weak and not year)
        else:
            named.append(now)
    return tuple(named)


_JOINED = re.compile(JOINT)


def _named(match: re.Match[str]) -> _Named:
    found = match.groupdict()
    name = found["name"]
    if name is None:
        month = int(found["month"] or found["month_last"] or found["month_joined"])
        return _Named(
            match.start(),
            match.end(),
            month,
            month,
            int(found["year"] or found["year_first"] or found["year_joined"]),
            False,
        )
    first, last = _months_of().get(name) or (int(name[:-1]), int(name[:-1]))
    year = found["year_before"] or found["year_after"] or (found["year_short"] and "20" + found["year_short"])
    weak = name < "\u2e80" and len(name) < _ALONE_MIN and not found["day_or_year"] and not name[0].isdigit()
    return _Named(match.start(), match.end(), first, last, int(year) if year else None, weak)


def _months(named: _Named, day: dt.date) -> list[Month]:
    """The months of ``named``; from November to February ends in the year after."""
    length = (named.last - named.first) % 12
    year = named.year
    if year is None:  # the nearest one
        before = (day.month - named.last) % 12
        year = day.year - (before > day.month - 1) if before <= _NEAR else day.year + (named.last < day.month)
    end = 12 * year + named.last - 1
    return [(month // 12, month % 12 + 1) for month in range(end - length, end + 1)]
