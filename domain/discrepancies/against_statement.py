"""Discrepancies between a statement that the customer sent and our books: findings from one comparison.

The rules are those of ``docs/reference/discrepancies.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from domain.comparison.compare import Compared
from domain.comparison.verdict import Outcome, Verdict, signed
from domain.discrepancies.finding import DiscrepancyKind, Finding
from domain.facts import StatementFact
from domain.money import to_text

_KINDS: Final[Mapping[Outcome, DiscrepancyKind]] = {
    Outcome.TIMING: DiscrepancyKind.TIMING,
    Outcome.AMOUNT: DiscrepancyKind.AMOUNT_MISMATCH,
    Outcome.REFERENCE: DiscrepancyKind.REFERENCE_MISMATCH,
    Outcome.DATE: DiscrepancyKind.DATE_MISMATCH,
    Outcome.MISSING_HERE: DiscrepancyKind.MISSING_IN_LEDGER,
    Outcome.MISSING_THERE: DiscrepancyKind.MISSING_IN_STATEMENT,
    Outcome.DUPLICATE: DiscrepancyKind.DUPLICATE,
}


def statement_findings(compared: Compared) -> Iterator[Finding]:
    """All findings of one statement in force."""
    yield from arithmetic(compared)
    yield from balance_breaks(compared)
    for verdict in compared.verdicts:
        if verdict.outcome in _KINDS:
            yield finding_of(compared, verdict)


def finding_of(compared: Compared, verdict: Verdict) -> Finding:
    """The discrepancy that a verdict is. Its outcome must be one that disagrees."""
    line, document = verdict.line, verdict.document
    statement = compared.statement
    evidence = (statement.source,) if document is None else (statement.source, document.source)
    if line is None:
        assert document is not None, "a verdict is about a line or a document"
        # An invoice and a payment may bear the same number.
        document_no, line_no, subject = document.document_no, None, document.kind.value
    else:
        document_no, line_no, subject = line.document_no, line.line_no, ""
    return Finding(
        kind=_KINDS[verdict.outcome],
        amount_minor=verdict.amount_minor,
        business_date=verdict.date,
        reason=verdict.reason,
        arguments=verdict.arguments,
        document_no=document_no,
        statement_id=statement.statement_id,
        line_no=line_no,
        subject=subject,
        ours_minor=verdict.ours_minor,
        theirs_minor=verdict.theirs_minor,
        evidence=evidence,
    )


def arithmetic(compared: Compared) -> Iterator[Finding]:
    """STATEMENT_ARITHMETIC: their own figures do not add up.

    A running balance may follow from the opening balance or from the running balance shown before it: so one
    mistyped balance gives one finding, and so does one mistyped amount.
    """
    if any(line.running_balance_minor is not None for line in compared.statement.lines):
        yield from _running_balances(compared)
    statement = compared.statement
    problem, difference = _totals_problem(statement)
    if problem:
        yield Finding(
            kind=DiscrepancyKind.STATEMENT_ARITHMETIC,
            amount_minor=abs(difference),
            business_date=statement.period_end,
            reason="totals_wrong",
            arguments={"problem": problem},
            statement_id=statement.statement_id,
            ours_minor=statement.opening_minor + compared.laid.movement_minor,
            theirs_minor=statement.closing_minor,
            evidence=(statement.source,),
        )


def _running_balances(compared: Compared) -> Iterator[Finding]:
    statement = compared.statement
    computed = shown_before = statement.opening_minor
    for line in statement.lines:
        amount = signed(line)
        computed += amount
        chained = shown_before + amount
        shown = line.running_balance_minor
        if shown is None:
            shown_before = chained
            continue
        if shown not in (computed, chained):
            yield Finding(
                kind=DiscrepancyKind.STATEMENT_ARITHMETIC,
                amount_minor=abs(shown - chained),
                business_date=line.date,
                reason="running_balance_wrong",
                arguments={
                    "line": str(line.line_no),
                    "shown": _money(compared, shown),
                    "expected": _money(compared, chained),
                },
                document_no=line.document_no,
                statement_id=statement.statement_id,
                line_no=line.line_no,
                ours_minor=chained,
                theirs_minor=shown,
                evidence=(statement.source,),
            )
        shown_before = shown


def _totals_problem(statement: StatementFact) -> tuple[str, int]:
    debit = sum([line.debit_minor for line in statement.lines])
    credit = sum([line.credit_minor for line in statement.lines])
    problems: list[tuple[str, int]] = []
    gap = statement.closing_minor - (statement.opening_minor + debit - credit)
    if gap:
        problems.append(("opening plus lines is not closing", gap))
    if statement.total_debit_minor != debit:
        problems.append(("the debit total is not the sum of its lines", statement.total_debit_minor - debit))
    if statement.total_credit_minor != credit:
        problems.append(
            ("the credit total is not the sum of its lines", statement.total_credit_minor - credit)
        )
    if statement.line_count != len(statement.lines):
        problems.append(("the line count is wrong", 0))
    return ("; ".join(text for text, _ in problems), problems[0][1]) if problems else ("", 0)


def balance_breaks(compared: Compared) -> Iterator[Finding]:
    """OPENING_ and CLOSING_BALANCE_BREAK: their balances are not ours of the same days.

    A closing difference that is all made of lines that wait for our sources is no break yet.
    """
    statement = compared.statement
    waiting = compared.pending_minor
    for kind, reason, date, theirs, ours, allowed in (
        (
            DiscrepancyKind.OPENING_BALANCE_BREAK,
            "opening_differs",
            statement.day_before,
            statement.opening_minor,
            compared.ours_opening_minor,
            0,
        ),
        (
            DiscrepancyKind.CLOSING_BALANCE_BREAK,
            "closing_differs",
            statement.period_end,
            statement.closing_minor,
            compared.ours_closing_minor,
            waiting,
        ),
    ):
        gap = theirs + allowed - ours
        if gap:
            yield Finding(
                kind=kind,
                amount_minor=abs(gap),
                business_date=date,
                reason=reason,
                arguments={"theirs": _money(compared, theirs), "ours": _money(compared, ours)},
                statement_id=statement.statement_id,
                ours_minor=ours,
                theirs_minor=theirs,
                evidence=(statement.source,),
            )


def _money(compared: Compared, amount_minor: int) -> str:
    return f"{to_text(amount_minor, compared.currency)} {compared.currency}"
