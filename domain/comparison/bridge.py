"""The bridge: from their closing balance to ours, step by step, to the minor unit.

ours - theirs = (our opening - their opening) + Σ steps of the verdicts - what their own figures do not add up to.
So the steps always sum to the difference; a finding that moves no money has no step.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from domain.comparison.compare import Compared
from domain.comparison.verdict import Action, Outcome, Verdict


class Bridge(msgspec.Struct, frozen=True):
    """``theirs_minor + Σ step_minor of steps == ours_minor``."""

    theirs_minor: int
    ours_minor: int
    steps: tuple[Verdict, ...]


def bridge(compared: Compared) -> Bridge:
    """The bridge of one comparison."""
    statement = compared.statement
    steps = tuple(_steps(compared))
    built = Bridge(statement.closing_minor, compared.ours_closing_minor, steps)
    assert built.theirs_minor + sum(s.step_minor for s in steps) == built.ours_minor, "the bridge has a gap"
    return built


def _steps(compared: Compared) -> Iterator[Verdict]:
    statement = compared.statement
    opening = compared.ours_opening_minor - statement.opening_minor
    earlier = [v for v in compared.verdicts if _entered_late(compared, v)]
    # A document of our last period that they list in this one explains an opening that lacks just that: both steps
    # are one cause and cancel.
    settled = opening != 0 and sum(v.step_minor for v in earlier) == -opening
    if opening and not settled:
        yield _balance_step(compared, opening, *_opening_cause(compared))
    for verdict in compared.verdicts:
        if verdict.step_minor and not (settled and verdict in earlier):
            yield verdict
    gap = statement.closing_minor - statement.opening_minor - compared.laid.movement_minor
    if gap:
        yield _balance_step(compared, -gap, "lines_not_closing", Action.ASK_TO_CORRECT)


def _entered_late(compared: Compared, verdict: Verdict) -> bool:
    document, start = verdict.document, compared.statement.period_start
    return (
        verdict.outcome is Outcome.TIMING
        and verdict.line is not None
        and document is not None
        and all(line.date < start for line in document.lines)
    )


def _opening_cause(compared: Compared) -> tuple[str, Action]:
    """Whether the opening difference comes from their chain of statements or from before it."""
    statement = compared.statement
    before = [s for s in compared.side.statements if s.period_end == statement.day_before]
    if before and all(s.closing_minor != statement.opening_minor for s in before):
        return "opening_not_their_closing", Action.ASK_TO_CORRECT
    return "opening_carried", Action.COMPARE_EARLIER


def _balance_step(compared: Compared, step_minor: int, reason: str, action: Action) -> Verdict:
    statement = compared.statement
    return Verdict(
        outcome=Outcome.BALANCE,
        action=action,
        step_minor=step_minor,
        reason=reason,
        arguments={"statement": statement.statement_id},
        date=statement.period_end if reason == "lines_not_closing" else statement.period_start,
        amount_minor=abs(step_minor),
    )
