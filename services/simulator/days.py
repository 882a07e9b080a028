"""The simulated calendar: its working days, its statement periods, and numbers that grow with the date."""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
import random
from dataclasses import dataclass
from typing import Final, Protocol

#: how much is ordered from Monday to Sunday, relative
WEEKDAY_WEIGHTS: Final = (10, 10, 10, 9, 8, 2, 1)
#: numbers below are never given to a document, so that a customer's own short numbers cannot be mistaken
FIRST_NUMBER: Final = 100_001
#: numbers that no document ever gets: references to nothing
UNKNOWN_NUMBERS: Final = range(90_000_000, 99_000_000)


@dataclass(frozen=True, slots=True)
class Period:
    """Both days included."""

    start: dt.date
    end: dt.date

    def __contains__(self, date: object) -> bool:
        return isinstance(date, dt.date) and self.start <= date <= self.end


@dataclass(frozen=True, slots=True)
class Window:
    """The simulated days, both included."""

    start: dt.date
    end: dt.date

    @classmethod
    def of(cls, start: dt.date, days: int) -> Window:
        return cls(start, start + dt.timedelta(days=days - 1))

    def periods(self) -> list[Period]:
        """What customers send statements for: the months that end inside, else the window as one period."""
        periods: list[Period] = []
        start = self.start
        while True:
            end = start.replace(day=calendar.monthrange(start.year, start.month)[1])
            if end > self.end:
                return periods or [Period(self.start, self.end)]
            periods.append(Period(start, end))
            start = end + dt.timedelta(days=1)

    def days(self) -> list[dt.date]:
        return [self.start + dt.timedelta(days=n) for n in range((self.end - self.start).days + 1)]


def working_day(date: dt.date) -> dt.date:
    """The same day, or the Monday after a weekend: banks do not settle on weekends."""
    return date + dt.timedelta(days={5: 2, 6: 1}.get(date.weekday(), 0))


def some_day(rng: random.Random, days: list[dt.date]) -> dt.date:
    """A day on which something is ordered, by the pattern of the week."""
    return rng.choices(days, [WEEKDAY_WEIGHTS[day.weekday()] for day in days])[0]


class NumberSource(Protocol):
    """Gives every document a number of its own."""

    def of(self, date: dt.date) -> int:
        """A new number for a document of that day."""

    def unknown(self) -> int:
        """A number that no document has or will have."""


class Numbers:
    """Gives every document a number of its own, in one series: later days have higher numbers.

    One series for all kinds, so that the bare digits of a number identify the document.
    """

    def __init__(self, start: dt.date, per_day: int) -> None:
        self._start = start
        self._per_day = per_day
        self._used: dict[dt.date, int] = {}
        self._overflow = FIRST_NUMBER + 80_000_000
        self._unknown = iter(UNKNOWN_NUMBERS)

    def of(self, date: dt.date) -> int:
        used = self._used.get(date, 0)
        self._used[date] = used + 1
        if used >= self._per_day:
            self._overflow += 1
            return self._overflow
        return FIRST_NUMBER + (date - self._start).days * self._per_day + used

    def unknown(self) -> int:
        """A number that no document has or will have."""
        return next(self._unknown)


class LiveNumbers:
    """Numbers of documents after the history: beyond all of its numbers, and other ones after each start.

    A demonstration is stopped and started again on the same books; an event that came back with the same id
    and other content would be refused. So numbers begin at a thousand for every second since ``epoch``, which
    keeps two starts apart as long as fewer documents than that are made in a second.
    """

    _PER_SECOND: Final = 1000
    _FIRST: Final = 10_000_000_000

    def __init__(self, epoch: dt.date, start_at: dt.datetime) -> None:
        since = start_at - dt.datetime.combine(epoch, dt.time(), dt.UTC)
        self._numbers = itertools.count(self._FIRST + since // dt.timedelta(seconds=1) * self._PER_SECOND)
        self._unknown = iter(UNKNOWN_NUMBERS)

    def of(self, date: dt.date) -> int:
        return next(self._numbers)

    def unknown(self) -> int:
        return next(self._unknown)
