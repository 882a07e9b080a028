"""A comparison as rows that people read: one per line of theirs, per document that only we have, and per balance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

import msgspec

from domain.comparison.bridge import Bridge, bridge, corrections
from domain.comparison.compare import Compared
from domain.comparison.corrections import as_sent
from domain.comparison.entries import OurDocument
from domain.comparison.verdict import Action, Outcome, Verdict, signed
from domain.events import StatementLine
from domain.facts import StatementFact
from domain.identity import content_digest


class ComparedRow(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts are signed in the book's view. ``step_minor``: a row's step of the bridge; Σ of all = ours - theirs.

    Where several lines make up one document, the figures of both sides and the step stand on the line that the
    verdict is about; the reason stands on each. Where a line stands for several documents, each further one has a row
    without figures. Before the row of a line that is read otherwise than it was sent stands
    one of what was sent (CORRECTED).
    """

    line_no: int | None = None
    document_no: str | None = None
    date: dt.date | None = None
    theirs_minor: int | None = None
    our_kind: str | None = None
    our_document_no: str | None = None
    our_date: dt.date | None = None
    ours_minor: int | None = None
    outcome: str
    action: str
    step_minor: int
    reason_code: str
    reason_arguments: Mapping[str, str] = {}


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison in its figures. ``theirs_closing_minor`` + Σ steps of ``rows`` = ``ours_closing_minor``."""

    statement_id: str
    statement_version: int
    period_start: dt.date
    period_end: dt.date
    theirs_opening_minor: int
    ours_opening_minor: int
    theirs_closing_minor: int
    ours_closing_minor: int
    line_count: int
    matched_count: int
    pending_count: int
    first_divergent_line_no: int | None
    rows: tuple[ComparedRow, ...]


def overview(compared: Compared) -> Overview:
    """Everything that people see of a comparison: opening, lines in their order, what only we have by date, totals."""
    statement = compared.statement
    rows = tuple(_rows(compared, bridge(compared)))
    steps_minor = sum(row.step_minor for row in rows)
    assert statement.closing_minor + steps_minor == compared.ours_closing_minor, "the rows have a gap"
    return Overview(
        statement_id=statement.statement_id,
        statement_version=statement.rank[0],
        period_start=statement.period_start,
        period_end=statement.period_end,
        theirs_opening_minor=statement.opening_minor,
        ours_opening_minor=compared.ours_opening_minor,
        theirs_closing_minor=statement.closing_minor,
        ours_closing_minor=compared.ours_closing_minor,
        line_count=len(statement.lines),
        matched_count=compared.matched_count,
        pending_count=sum(v.outcome is Outcome.PENDING for v in compared.verdicts),
        first_divergent_line_no=compared.first_divergent_line_no,
        rows=rows,
    )


def withdrawn(statement: StatementFact) -> Overview:
    """The overview of a statement that is compared no more: it says nothing about our books."""
    return Overview(
        statement_id=statement.statement_id,
        statement_version=statement.rank[0],
        period_start=statement.period_start,
        period_end=statement.period_end,
        theirs_opening_minor=statement.opening_minor,
        ours_opening_minor=0,
        theirs_closing_minor=statement.closing_minor,
        ours_closing_minor=0,
        line_count=0,
        matched_count=0,
        pending_count=0,
        first_divergent_line_no=None,
        rows=(),
    )


def overview_digest(found: Overview) -> bytes:
    """Changes when anything that people see of the comparison changes."""
    return content_digest(msgspec.json.encode(found, order="deterministic"))


def _rows(compared: Compared, built: Bridge) -> Iterator[ComparedRow]:
    # A correction has a row of its own, about the same line as the verdict on how the line is read.
    steps = {_subject(s): s.step_minor for s in built.steps if s.outcome is not Outcome.CORRECTED}
    balances = [step for step in built.steps if step.outcome is Outcome.BALANCE]
    by_line: dict[int, ComparedRow] = {}
    ours_only = []
    for verdict in (*compared.verdicts, *compared.agreements()):
        step_minor = steps.get(_subject(verdict), 0)
        if verdict.line is None:
            ours_only.append((verdict.date, _row(compared, verdict, None, step_minor)))
        for other in verdict.others:
            ours_only.append((verdict.date, _row(compared, _beside(verdict, other), None, 0)))
        for line in verdict.lines:
            by_line[line.line_no] = _row(compared, verdict, line, step_minor)
    for step in balances:
        if step.reason != "lines_not_closing":
            yield _row(compared, step, None, step.step_minor)
    corrected = {step.line.line_no: step for step in corrections(compared) if step.line is not None}
    for line in as_sent(compared.statement).lines:
        correction = corrected.get(line.line_no)
        if correction is not None:
            yield _row(compared, correction, correction.line, correction.step_minor)
        if line.line_no in by_line:  # else it is struck out
            yield by_line[line.line_no]
    for _, row in sorted(ours_only, key=lambda pair: (pair[0], pair[1].our_document_no, pair[1].our_kind)):
        yield row
    for step in balances:
        if step.reason == "lines_not_closing":
            yield _row(compared, step, None, step.step_minor)


def _subject(verdict: Verdict) -> tuple[int | None, str | None]:
    """What tells the verdicts of one statement apart: each line is in one, and so is a document without a line."""
    line, document = verdict.line, verdict.document
    return (None if line is None else line.line_no, None if document is None else document.key)


def _beside(verdict: Verdict, document: OurDocument) -> Verdict:
    """A further document of a verdict, as a row of its own: the figures stand on the row of the line."""
    return msgspec.structs.replace(
        verdict,
        document=document,
        action=Action.NONE,
        reason="within_line",
        arguments={"document": document.document_no, "lines": verdict.line_numbers},
        line=None,
        lines=(),
        others=(),
        ours_minor=None,
    )


def _row(compared: Compared, verdict: Verdict, line: StatementLine | None, step_minor: int) -> ComparedRow:
    document, statement = verdict.document, compared.statement
    main = line is None or line is verdict.line
    if document is None:
        our_date = None
    else:
        our_date = document.first_date(statement.period_start, statement.period_end) or min(
            booked.date for booked in document.lines
        )
    return ComparedRow(
        line_no=None if line is None else line.line_no,
        document_no=None if line is None else line.document_no,
        date=None if line is None else line.date,
        theirs_minor=None if line is None else signed(line),
        our_kind=None if document is None else document.kind.value,
        our_document_no=None if document is None else document.document_no,
        our_date=our_date,
        ours_minor=verdict.ours_minor if main else None,
        outcome=verdict.outcome.value,
        action=verdict.action.value if main else "NONE",
        step_minor=step_minor if main else 0,
        reason_code=verdict.reason,
        reason_arguments=verdict.arguments,
    )
