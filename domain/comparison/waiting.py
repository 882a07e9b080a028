"""*Not yet* is not *missing*: how far our own sources have come, by event time.

A line of theirs that our books do not have is only missing once our sources have passed its date. The watermark of
a source is the latest business date that it has told of; the clock is the latest instant of any event of the
account, or the latest day that the customer's clock events told of, so that a quiet account does not wait for
ever. Both are maxima over the set of events, so neither depends on the order of arrival.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import msgspec

from domain.facts import Fact, StatementFact
from domain.rules import Rules


class Progress(msgspec.Struct, frozen=True):
    """``debit``, ``credit``: source system that books on that side -> its watermark."""

    debit: Mapping[str, dt.date]
    credit: Mapping[str, dt.date]
    clock: dt.date

    def awaits(self, date: dt.date, signed_minor: int, rules: Rules) -> bool:
        """Whether a document of that date and side may still arrive.

        It may while the slowest source of the side has not passed the date, but no longer than the grace period.
        """
        if self.clock >= date + dt.timedelta(days=rules.grace_days):
            return False
        watermarks = (self.debit if signed_minor >= 0 else self.credit).values()
        return min(watermarks, default=dt.date.min) <= date


def progress_of(
    facts: Iterable[Fact], statements: Iterable[StatementFact], clock: dt.date = dt.date.min
) -> Progress:
    """The progress of an account's sources, from all versions of all that is known. ``clock``: the customer's."""
    debit: dict[str, dt.date] = {}
    credit: dict[str, dt.date] = {}
    for fact in facts:
        clock = max(clock, fact.occurred_at.date())
        if fact.signed_minor:
            side = debit if fact.signed_minor > 0 else credit
            side[fact.source_system] = max(side.get(fact.source_system, dt.date.min), fact.business_date)
    for statement in statements:
        clock = max(clock, statement.occurred_at.date())
    return Progress(debit, credit, clock)
