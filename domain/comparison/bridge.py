"""The bridge: from their closing balance to ours, step by step, to the minor unit.

ours - theirs = (our opening - their opening) + Σ steps of the verdicts - what their own figures do not add up to.
A line that people corrected is a step of its own wherever it moves the closing balance. So the steps always sum to the
difference; a finding that moves no money has no step.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from domain.comparison.chain import preceding
from domain.comparison.compare import Compared
from domain.comparison.corrections import CorrectedLine, corrections_of, moved_minor
from domain.comparison.verdict import Action, Outcome, Verdict, signed
from domain.events import StatementLine


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
    # A document of our last period that they list in this one, or of theirs that is ours in this one, explains an
    # opening that lacks just that: both steps are one cause and cancel.
    settled = opening != 0 and sum(v.step_minor for v in earlier) == -opening
    if opening and not settled:
        yield _balance_step(compared, opening, *_opening_cause(compared))
    for verdict in compared.verdicts:
        if verdict.step_minor and not (settled and verdict in earlier):
            yield verdict
    yield from (step for step in corrections(compared) if step.step_minor)
    closing_minor = statement.closing_minor + moved_minor(statement)
    gap = closing_minor - statement.opening_minor - compared.laid.movement_minor
    if gap:
        yield _balance_step(compared, -gap, "lines_not_closing", Action.ASK_TO_CORRECT)


def corrections(compared: Compared) -> Iterator[Verdict]:
    """A verdict on each line that is read otherwise than it was sent, about the line as sent."""
    for correction in corrections_of(compared.statement):
        yield _correction(compared, correction)


def _correction(compared: Compared, correction: CorrectedLine) -> Verdict:
    sent, read = correction.sent, correction.read
    arguments = {
        "line": str(sent.line_no),
        "sent": _said(compared, sent),
        "adjustment": correction.adjustment_no,
    }
    if read is not None:
        arguments["read"] = _said(compared, read)
    return Verdict(
        outcome=Outcome.CORRECTED,
        action=Action.NONE,
        step_minor=correction.moved_minor,
        reason="line_struck" if read is None else "line_corrected",
        arguments=arguments,
        line=sent,
        date=sent.date,
        amount_minor=abs(correction.moved_minor),
        theirs_minor=signed(sent),
    )


def _said(compared: Compared, line: StatementLine) -> str:
    return f"{line.document_no} {compared.wording.signed(signed(line))} {line.date.isoformat()}"


def _entered_late(compared: Compared, verdict: Verdict) -> bool:
    document, start = verdict.document, compared.statement.period_start
    if verdict.outcome is not Outcome.TIMING or document is None:
        return False
    if verdict.line is None:
        return verdict.action is Action.COMPARE_EARLIER
    return all(line.date < start for line in document.lines)


def _opening_cause(compared: Compared) -> tuple[str, Action]:
    """Whether the opening difference comes from their chain of statements or from before it."""
    statement = compared.statement
    before = preceding(compared.side.statements, statement)
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
