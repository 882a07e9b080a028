"""The rows of one statement of a table, and the draft that they come to."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field, replace

from domain.parties import Role
from services.imports.statements.balances import Figures, Readings, Shown, debit_positive, readings_of
from services.imports.statements.draft import StatementDraft, View
from services.imports.statements.heading import Heading
from services.imports.statements.periods import Period, start_after
from services.imports.statements.words import Field, RowWord


@dataclass(frozen=True, slots=True)
class LabelledBalance:
    """A row such as ``Balance brought forward``. ``after``: how many rows stand before it."""

    word: RowWord
    after: int
    shown: Shown
    date: dt.date | None
    in_column: bool = False
    """Whether it stands in a column of debits or credits."""


@dataclass(slots=True)
class Gathered:
    """The rows of one statement, while they are read."""

    draft: StatementDraft
    heading: Heading
    shown: list[Shown | None] = field(default_factory=list)
    """The running balance of each line of the draft."""
    figures: list[Figures] = field(default_factory=list)
    """Date, amount and running balance of each row, also of those that are left out."""
    totals: list[tuple[int | None, int | None]] = field(default_factory=list)
    """Debit and credit of each row of sums."""
    balances: list[LabelledBalance] = field(default_factory=list)
    opening: Shown | None = None
    closing: Shown | None = None
    balances_out: bool = False
    """Whether the closing balance stands in a column of debits or credits: it may be what makes them equal."""

    @property
    def unsided(self) -> bool:
        """Whether a balance bears no side."""
        shown = (self.opening, self.closing, *(shown for _, _, shown in self.figures))
        return any(one is not None and one.minor and not one.sided for one in shown)


def place_balances(group: Gathered) -> None:
    """Take the opening and the closing balance from the rows that are labelled so and stand outermost.

    Those between lines are carried over to a page or a month. In a table with running balances whose dates tell the
    order, what stands on the other side of the lines is so, too; elsewhere it is a summary.
    """
    dates = [date for date, _, _ in group.figures if date is not None]
    rises, falls = dates == sorted(dates), dates == sorted(dates, reverse=True)
    first, last = (len(group.figures), 0) if falls and not rises else (0, len(group.figures))
    ordered = rises is not falls and any(shown is not None for _, _, shown in group.figures)
    closings = [one for one in group.balances if one.word is not RowWord.OPENING][::-1]
    ends = {(one.after, one.shown) for one in closings}
    openings = [
        one
        for one in group.balances
        if one.word is RowWord.OPENING and (one.after == first or (one.after, one.shown) not in ends)
    ]
    opening = _outermost(openings, (first,) if ordered else (first, last))
    closing = _outermost(closings, (last,) if ordered else (last, first))
    draft = group.draft
    if opening is not None:
        group.opening = opening.shown
        draft.period_start = None if opening.date is None else start_after(opening.date)
    if closing is not None:
        group.closing = closing.shown
        group.balances_out = closing.in_column
        draft.period_end = closing.date


def _outermost(rows: list[LabelledBalance], places: tuple[int, ...]) -> LabelledBalance | None:
    return next((row for place in places for row in rows if row.after == place), None)


def sort_by_date(group: Gathered) -> None:
    """Bring the rows in the order of their dates, if their balances follow one another so and not as they stand."""
    dates = [date for date, _, _ in group.figures if date is not None]
    if len(dates) < len(group.figures) or dates in (sorted(dates), sorted(dates, reverse=True)):
        return
    as_they_stand = readings_of(group.figures, group.opening, group.closing)
    figures = [group.figures[at] for at in sorted(range(len(dates)), key=dates.__getitem__)]
    if readings_of(figures, group.opening, group.closing).best <= as_they_stand.best:
        return
    lines = group.draft.lines
    order = sorted(range(len(lines)), key=lambda at: lines[at].date)
    group.figures = figures
    group.draft.lines, group.shown = [lines[at] for at in order], [group.shown[at] for at in order]


def finished(
    group: Gathered, readings: Readings, role: Role, sign: int, period: Period | None
) -> StatementDraft:
    """The draft, with its balances debit-positive and its oldest line first.

    ``sign``: +1 if balances without a side rise in debit, else -1. ``period``: as stated.
    """
    draft = group.draft
    newest_first = readings.newest_first(sign)
    if Field.RAISES in group.heading.columns or Field.OWED in group.heading.columns:
        # what the buyer owes: to us if it is a customer, by us if it is a supplier's
        sign, draft.view = 1, View.OURS if role is Role.CUSTOMER else View.THEIRS
    lines = [
        line if shown is None else replace(line, running_minor=debit_positive(shown, sign))
        for line, shown in zip(draft.lines, group.shown, strict=True)
    ]
    draft.lines = lines[::-1] if newest_first else lines
    draft.opening_minor = debit_positive(group.opening, sign)
    draft.closing_minor = debit_positive(group.closing, sign)
    if group.balances_out and draft.opening_minor is not None and draft.closing_minor is not None:
        # an account ruled off: the balance is written on the lesser side, so that both sides are equal
        came_to = draft.opening_minor + sum(line.signed_minor for line in draft.lines)
        draft.closing_minor *= -1 if came_to == -draft.closing_minor else 1
    if draft.problems:
        _of_rows_left_out(group, sign, newest_first=newest_first)
    else:
        _of_the_chain(draft)
    if len(set(group.totals)) == 1:  # those of several months or pages are none of the statement
        draft.total_debit_minor, draft.total_credit_minor = group.totals[0]
    if period is not None:
        draft.period_start, draft.period_end = period
    return draft


def _of_rows_left_out(group: Gathered, sign: int, *, newest_first: bool) -> None:
    """The balances that only the first or the last row tells, where that row is left out for something else."""
    draft = group.draft
    if not group.figures:
        return
    first, last = (group.figures[0], group.figures[-1])[:: -1 if newest_first else 1]
    _, signed, shown = first
    if draft.opening_minor is None and signed is not None and shown is not None:
        after = debit_positive(shown, sign)
        assert after is not None
        draft.opening_minor = after - signed
    if draft.closing_minor is None:
        draft.closing_minor = debit_positive(last[2], sign)


def _of_the_chain(draft: StatementDraft) -> None:
    """The balances that no label tells: the one that no line leads to, and the one from which none leads on.

    So they do not depend on the order in which lines of a day stand.
    """
    reached = Counter(line.running_minor for line in draft.lines if line.running_minor is not None)
    if reached.total() < len(draft.lines):
        return
    left = Counter((line.running_minor or 0) - line.signed_minor for line in draft.lines)
    starts, ends = [*(left - reached).elements()], [*(reached - left).elements()]
    if len(starts) != 1 or len(ends) != 1:
        return
    if draft.opening_minor is None:
        draft.opening_minor = starts[0]
    if draft.closing_minor is None:
        draft.closing_minor = ends[0]
