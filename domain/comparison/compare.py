"""One statement compared: a verdict on every line of theirs and every document of ours.

The rules are those of ``docs/reference/discrepancies.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from domain.comparison.desk import Desk
from domain.comparison.entries import OurSide
from domain.comparison.judge import Judge, matched
from domain.comparison.lay import Laid
from domain.comparison.verdict import Outcome, Verdict, signed
from domain.comparison.waiting import Progress
from domain.facts import StatementFact
from domain.rules import Rules
from domain.wording import Wording

#: so many documents that are dated otherwise, and more than the others, are how they date
OWN_DATES_MIN: Final = 5


class Compared(msgspec.Struct):
    """The outcome for one statement.

    ``ours_opening_minor + Σ(ours in the period) == ours_closing_minor``; what agrees without remark is in
    ``laid.agreed`` and has no verdict unless asked for (``agreements``).
    """

    wording: Wording
    rules: Rules
    side: OurSide
    statement: StatementFact
    laid: Laid
    verdicts: list[Verdict]
    ours_opening_minor: int
    ours_closing_minor: int

    @property
    def pending_minor(self) -> int:
        """What waits for our own sources: part of the difference, but no disagreement yet."""
        return sum(v.step_minor for v in self.verdicts if v.outcome is Outcome.PENDING)

    @property
    def matched_count(self) -> int:
        """Lines of theirs that agree."""
        return self.laid.agreed.count() + sum(
            len(v.lines) for v in self.verdicts if v.outcome is Outcome.MATCHED
        )

    @property
    def first_divergent_line_no(self) -> int | None:
        """The first line, in their order, that does not agree."""
        divergent = {
            line.line_no for v in self.verdicts if v.outcome is not Outcome.MATCHED for line in v.lines
        }
        return next((line.line_no for line in self.statement.lines if line.line_no in divergent), None)

    def agreements(self) -> Iterator[Verdict]:
        """A verdict on each pair that agrees without remark, in the order of their lines."""
        for place, row in self.laid.agreed.pairs():
            line = self.statement.lines[place]
            (document,) = self.side.entries.documents([row]).values()
            yield matched((line,), document, signed(line))


def compare(
    wording: Wording, rules: Rules, desk: Desk, statement: StatementFact, progress: Progress
) -> Compared:
    """Compare ``statement`` with the entries of its account. ``progress``: how far our sources have come."""
    laid, found = desk.sorted_out(statement, rules)
    judge = Judge(wording, rules, desk, statement, found, progress)
    verdicts = list(judge.verdicts())
    return Compared(
        wording,
        rules,
        desk.side,
        statement,
        laid,
        _dated_their_way(verdicts, laid.agreed.count()),
        desk.side.balance_minor(statement.day_before),
        desk.side.balance_minor(statement.period_end),
    )


def _dated_their_way(verdicts: list[Verdict], agreed: int) -> list[Verdict]:
    """The verdicts without what is said of dates, where most of what agrees is dated otherwise: that is their habit."""
    other = sum(v.outcome is Outcome.DATE for v in verdicts)
    if other < OWN_DATES_MIN or other <= agreed + sum(v.outcome is Outcome.MATCHED for v in verdicts):
        return verdicts
    return [
        msgspec.structs.replace(v, outcome=Outcome.MATCHED, reason="matched", arguments={})
        if v.outcome is Outcome.DATE
        else v
        for v in verdicts
    ]
