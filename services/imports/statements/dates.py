"""Dates as people and spreadsheets write them.

Read: ``2026-01-05``, ``2026/1/5``, ``20260105``, ``2026年1月5日``, ``5 Jan 2026``, ``Jan 5, 2026``, ``05-JAN-26``,
``05/01/2026``, ``05.01.2026`` (day first, as where the point is used), a time behind any of them, and spreadsheet
serial numbers of the 1900 system. Whether the day or the month stands first is decided over the whole column, never
date by date.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

#: day 0 of spreadsheets' 1900 system, with their leap day of 1900 that never was behind it
_SERIAL_START: Final = dt.date(1899, 12, 30)
#: 1982-02-18 to 2119-01-12: numbers outside are no dates of documents
_SERIAL_MIN, _SERIAL_MAX = 30_000, 80_000
#: a mistyped year (0026, 2206) would stretch the period over all there is
_YEAR_MIN, _YEAR_MAX = 1970, 2119
_TIME: Final = r"(?:[T ]\s*\d{1,2}:\d{2}(?::\d{2})?.*)?"
_YEAR_FIRST: Final = re.compile(rf"(\d{{4}})\s*[-/.年]\s*(\d{{1,2}})\s*[-/.月]\s*(\d{{1,2}})\s*日?{_TIME}")
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NUMERIC: Final = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME}")
_DAY_NAMED: Final = re.compile(
    rf"(\d{{1,2}})(?:st|nd|rd|th)?[-\s/.]*([A-Za-z]{{3,9}})\.?[-\s/,.]*(\d{{4}}|\d{{2}}){_TIME}"
)
_MONTH_NAMED: Final = re.compile(rf"([A-Za-z]{{3,9}})\.?\s*(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}}){_TIME}")
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
} | {"mär": 3, "mai": 5, "okt": 10, "dez": 12}
TEXT_MAX: Final = 64


class Order(enum.StrEnum):
    """Which comes first in ``05/01/2026``."""

    DMY = "dmy"
    MDY = "mdy"


def parse_date(value: str | Decimal | dt.date, order: Order | None) -> dt.date | None:
    """The date, or ``None`` if it is none. ``order`` decides what the text leaves open; without: ``None``."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    if isinstance(value, Decimal):
        return _of_serial(value)
    text = unicodedata.normalize("NFKC", value).strip()
    if len(text) > TEXT_MAX:
        return None
    if found := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        return _date(int(found[1]), int(found[2]), int(found[3]))
    if found := _NUMERIC.fullmatch(text):
        first, second, year = int(found[1]), int(found[3]), _year(found[4])
        decided = Order.DMY if found[2] == "." else _decided(first, second) or order
        if decided is None:
            return _date(year, first, second) if first == second else None
        return _date(year, second, first) if decided is Order.DMY else _date(year, first, second)
    if found := _DAY_NAMED.fullmatch(text):
        month = _MONTHS.get(found[2][:3].casefold())
        return _date(_year(found[3]), month, int(found[1])) if month else None
    if found := _MONTH_NAMED.fullmatch(text):
        month = _MONTHS.get(found[1][:3].casefold())
        return _date(int(found[3]), month, int(found[2])) if month else None
    return None


def order_of(values: Iterable[object]) -> tuple[set[Order], str | None]:
    """(orders that the column proves, an example of a date that its text leaves open)."""
    proven: set[Order] = set()
    open_example = None
    for value in values:
        if not isinstance(value, str):
            continue
        found = _NUMERIC.fullmatch(unicodedata.normalize("NFKC", value).strip()[:TEXT_MAX])
        if found is None or found[2] == ".":
            continue
        first, second = int(found[1]), int(found[3])
        decided = _decided(first, second)
        if decided is not None:
            proven.add(decided)
        elif first != second and open_example is None:
            open_example = value.strip()
    return proven, open_example


def _decided(first: int, second: int) -> Order | None:
    if first > 12 >= second:
        return Order.DMY
    return Order.MDY if second > 12 >= first else None


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _of_serial(number: Decimal) -> dt.date | None:
    if not _SERIAL_MIN <= number < _SERIAL_MAX:
        compact = _COMPACT.fullmatch(f"{number:f}")
        return _date(int(compact[1]), int(compact[2]), int(compact[3])) if compact else None
    return _SERIAL_START + dt.timedelta(days=int(number))


def _date(year: int, month: int, day: int) -> dt.date | None:
    if not _YEAR_MIN <= year <= _YEAR_MAX:
        return None
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
