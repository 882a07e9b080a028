"""Discrepancies between a statement that the customer sent and our books: findings from one comparison.

The rules are those of ``docs/reference/discrepancies.md``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Final

from domain.comparison.chain import carried_from
from domain.comparison.compare import Compared
from domain.comparison.corrections import as_sent, corrections_of, moved_minor
from domain.comparison.verdict import Outcome, Verdict, signed
from domain.discrepancies.finding import DiscrepancyKind, Finding, also_known_as
from domain.events import StatementLine
from domain.facts import StatementFact
from domain.wording import Wording

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
    evidence = [statement.source] if document is None else [statement.source, document.source]
    if line is not None:
        evidence += [c.source for c in corrections_of(statement) if c.sent.line_no == line.line_no]
    if line is None:
        assert document is not None, "a verdict is about a line or a document"
        # An invoice and a payment may bear the same number.
        document_no, line_no, subject = document.document_no, None, document.kind.value
    else:
        document_no, line_no, subject = line.document_no, line.line_no, ""
    numbers = () if document is None else (document.document_no, *document.aliases)
    finding = Finding(
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
        evidence=tuple(evidence),
    )
    return also_known_as(finding, numbers if line is None else (*numbers, line.their_reference or ""))


def arithmetic(compared: Compared) -> Iterator[Finding]:
    """STATEMENT_ARITHMETIC: their own figures do not add up.

    A running balance may follow from the opening balance or from the running balance shown before it: so one
    mistyped balance gives one finding, and so does one mistyped amount. Where people corrected lines, a figure is wrong
    only if it is wrong with the lines as they were sent and as they are read.
    """
    if compared.statement.columns.shows_balances:
        yield from _running_balances(compared)
    statement = compared.statement
    problems = _totals_problems(statement, compared.wording)
    if problems and as_sent(statement) is not statement:
        sent = _totals_problems(as_sent(statement), compared.wording)
        problems = {text: gap for text, gap in problems.items() if text in sent}
    if problems:
        yield Finding(
            kind=DiscrepancyKind.STATEMENT_ARITHMETIC,
            amount_minor=abs(next(iter(problems.values()))),
            business_date=statement.period_end,
            reason="totals_wrong",
            arguments={"problem": "; ".join(problems)},
            statement_id=statement.statement_id,
            ours_minor=statement.opening_minor + compared.laid.movement_minor,
            theirs_minor=statement.closing_minor,
            evidence=(statement.source,),
        )


def _running_balances(compared: Compared) -> Iterator[Finding]:
    statement = compared.statement
    wrong = list(_wrong_balances(statement))
    if wrong and as_sent(statement) is not statement:
        sent = {line.line_no for line, _, _ in _wrong_balances(as_sent(statement))}
        wrong = [one for one in wrong if one[0].line_no in sent]
    for line, shown, expected in wrong:
        yield Finding(
            kind=DiscrepancyKind.STATEMENT_ARITHMETIC,
            amount_minor=abs(shown - expected),
            business_date=line.date,
            reason="running_balance_wrong",
            arguments={
                "line": str(line.line_no),
                "shown": compared.wording.signed(shown),
                "expected": compared.wording.signed(expected),
            },
            document_no=line.document_no,
            statement_id=statement.statement_id,
            line_no=line.line_no,
            ours_minor=expected,
            theirs_minor=shown,
            evidence=(statement.source,),
        )


def _wrong_balances(statement: StatementFact) -> Iterator[tuple[StatementLine, int, int]]:
    """(line, running balance shown, the one that follows from the one before) where they do not agree."""
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
            yield line, shown, chained
        shown_before = shown


def _totals_problems(statement: StatementFact, wording: Wording) -> dict[str, int]:
    """What of its totals is not what its lines come to -> by how much."""
    debit, credit = statement.columns.debit_minor, statement.columns.credit_minor
    problems: dict[str, int] = {}
    gap = statement.closing_minor - (statement.opening_minor + debit - credit)
    if gap:
        problems["opening plus lines is not closing"] = gap
    if statement.total_debit_minor != debit:
        problems[f"the {wording.side(1)} total is not the sum of its lines"] = (
            statement.total_debit_minor - debit
        )
    if statement.total_credit_minor != credit:
        problems[f"the {wording.side(-1)} total is not the sum of its lines"] = (
            statement.total_credit_minor - credit
        )
    if statement.line_count != len(statement.lines):
        problems["the line count is wrong"] = 0
    return problems


def balance_breaks(compared: Compared) -> Iterator[Finding]:
    """OPENING_ and CLOSING_BALANCE_BREAK: their balances are not ours of the same days.

    A closing difference that is all made of lines that wait for our sources is no break yet, nor is what corrected
    lines move. A balance of theirs that is ours but for what we wrote off is no break: they need not know of it. A
    break that their statement before already had says that it comes from there.
    """
    statement, side = compared.statement, compared.side
    opening = statement.opening_minor - compared.ours_opening_minor
    closing = statement.closing_minor - compared.ours_closing_minor
    closing += compared.pending_minor + moved_minor(statement)
    until_then = side.written_off_minor(statement.day_before)
    in_all = side.written_off_minor(statement.period_end)
    opens_right = opening in (0, -until_then)
    before = None if opens_right else carried_from(side.statements, statement)
    if not opens_right:
        yield _break(
            compared,
            DiscrepancyKind.OPENING_BALANCE_BREAK,
            statement.day_before,
            (statement.opening_minor, compared.ours_opening_minor),
            opening,
            before,
        )
    goes_on = closing - opening in (0, until_then - in_all)
    if closing not in (0, -in_all) and not (opens_right and goes_on):
        yield _break(
            compared,
            DiscrepancyKind.CLOSING_BALANCE_BREAK,
            statement.period_end,
            (statement.closing_minor, compared.ours_closing_minor),
            closing,
            before if goes_on else None,
        )


def _break(
    compared: Compared,
    kind: DiscrepancyKind,
    date: dt.date,
    both: tuple[int, int],
    gap: int,
    before: StatementFact | None,
) -> Finding:
    """``both``: their balance and ours of the date; ``gap``: what of the difference is no write-off, and waits for
    nothing; ``before``: their statement that it comes from.
    """
    theirs, ours = both
    reason = "opening_differs" if kind is DiscrepancyKind.OPENING_BALANCE_BREAK else "closing_differs"
    arguments = {"theirs": compared.wording.signed(theirs), "ours": compared.wording.signed(ours)}
    if before is not None:
        reason = f"{reason}_before"
        arguments["other"] = before.statement_id
    return Finding(
        kind=kind,
        amount_minor=abs(gap),
        business_date=date,
        reason=reason,
        arguments=arguments,
        statement_id=compared.statement.statement_id,
        ours_minor=ours,
        theirs_minor=theirs,
        evidence=(compared.statement.source,),
    )
