"""The period of a statement, as a file says it in words, and where it does not, as its lines tell."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Final

from domain.statements import PeriodUnreadableError, parse_period
from services.imports.notes import Note, NoteCode
from services.imports.statements.dates import Order, parse_date
from services.imports.statements.draft import StatementDraft
from services.imports.statements.sheet import Cell
from services.imports.statements.words import Field

Period = tuple[dt.date, dt.date]

_BETWEEN: Final = re.compile(r"\s*(?:\bto\b|\buntil\b|至|到|~|—|–|\.\.|\s-\s)\s*", re.IGNORECASE)
_MONTH: Final = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?(?:份)?")


def read_period(said: Mapping[Field, Cell], order: Order | None) -> Period | None:
    """The period that labels of a file name; ``None`` if they do not or if it cannot be read."""
    whole = said.get(Field.PERIOD)
    if isinstance(whole, str) and (found := period_of(whole, order)) is not None:
        return found
    start, end = (
        parse_date(said[what], order) if what in said else None
        for what in (Field.PERIOD_START, Field.PERIOD_END)
    )
    if start is not None and end is not None:
        return (start, end) if start <= end else None
    return None


def period_of(text: str, order: Order | None) -> Period | None:
    """``2026-01``, ``2026年1月``, ``2026-Q1``, ``2026-01-01 to 2026-01-31``; ``None`` for anything else."""
    parts = _BETWEEN.split(text.strip())
    if len(parts) == 2:
        start, end = (parse_date(part, order) for part in parts)
        if start is not None and end is not None:
            return (start, end) if start <= end else None
        return None
    month = _MONTH.fullmatch(text.strip())
    if month is not None and 1 <= int(month[2]) <= 12:
        return month_of(dt.date(int(month[1]), int(month[2]), 1))
    try:
        period = parse_period(text.strip())
    except PeriodUnreadableError:
        return None
    return period.start, period.end


def month_of(date: dt.date) -> Period:
    """The calendar month that a date lies in."""
    last = calendar.monthrange(date.year, date.month)[1]
    return date.replace(day=1), date.replace(day=last)


def start_of_opening(opened: dt.date, end: dt.date | None, dates: Iterable[dt.date]) -> dt.date:
    """The first day of a bank's statement whose opening balance bears the date ``opened``.

    Banks date it by the statement before, whose closing balance it is; some by the period's own first day. It is that
    day if a line says so, or if the statement is of whole months.
    """
    after = opened + dt.timedelta(days=1)
    if end is not None and after > end:
        return opened
    whole_months = opened.day == 1 and (end is None or month_of(end)[1] == end)
    return opened if whole_months or any(date <= opened for date in dates) else after


def start_after(date: dt.date) -> dt.date:
    """The first day of a period whose opening balance bears ``date``: a last day of a month is the day before."""
    after = date + dt.timedelta(days=1)
    return after if after.day == 1 else date


def complete(draft: StatementDraft) -> None:
    """Fill in what the file leaves open: the period from whole months, the balances from the lines.

    ``opening_minor`` stays ``None`` where no balance is known at all.
    """
    if draft.period_start is None or draft.period_end is None:
        dates = [line.date for line in draft.lines]
        known = [date for date in (draft.period_start, draft.period_end) if date is not None]
        if dates or known:
            start = draft.period_start or month_of(min(dates or known))[0]
            end = draft.period_end or month_of(max(dates or known))[1]
            draft.period_start, draft.period_end = start, max(start, end)
            told = {"start": start.isoformat(), "end": draft.period_end.isoformat()}
            draft.notes.append(Note(NoteCode.PERIOD_TAKEN, told))
    total = sum(line.signed_minor for line in draft.lines)
    first = draft.lines[0] if draft.lines else None
    last = draft.lines[-1] if draft.lines else None
    if draft.opening_minor is None and first is not None and first.running_minor is not None:
        draft.opening_minor = first.running_minor - first.signed_minor
    if draft.closing_minor is None and last is not None and last.running_minor is not None:
        draft.closing_minor = last.running_minor
    if draft.closing_minor is None and draft.opening_minor is not None:
        draft.closing_minor = draft.opening_minor + total
    # with a row left out the difference would be taken for an opening balance
    if draft.opening_minor is None and draft.closing_minor is not None and not draft.problems:
        draft.opening_minor = draft.closing_minor - total
