"""Discrepancies between a statement that the customer sent and our books.

Their lines are laid against our documents of the period; what differs, and what stands on one side only, is a
finding. Amounts are signed in our view: debit > 0. The rules are those of ``docs/reference/discrepancies.md``.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from domain.discrepancies.finding import DiscrepancyKind, Finding
from domain.events import Source, StatementLine
from domain.facts import EntryKind, StatementFact
from domain.ledger import Line, balance_as_of
from domain.matching.references import DocumentIndex, squeeze
from domain.money import to_text
from domain.rules import Rules


class OurDocument(msgspec.Struct):
    """One document of ours as a statement would show it: its standing lines under one number."""

    key: str
    kind: EntryKind
    document_no: str
    aliases: tuple[str, ...]
    lines: list[Line]
    source: Source

    def net_minor(self, start: dt.date, end: dt.date) -> int:
        return sum(line.signed_minor for line in self.lines if start <= line.business_date <= end)

    def first_date(self, start: dt.date, end: dt.date) -> dt.date | None:
        dates = [line.business_date for line in self.lines if start <= line.business_date <= end]
        return min(dates) if dates else None

    def figures(self, start: dt.date, end: dt.date) -> Counter[int]:
        """How often each signed amount stands in the period."""
        return Counter(line.signed_minor for line in self.lines if start <= line.business_date <= end)


class Comparison(msgspec.Struct):
    """One statement laid against the books of its account."""

    currency: str
    rules: Rules
    statement: StatementFact
    documents: Mapping[str, OurDocument]
    index: DocumentIndex
    others: Sequence[StatementFact]
    """The customer's other statements in force."""

    @property
    def start(self) -> dt.date:
        return self.statement.period_start

    @property
    def end(self) -> dt.date:
        return self.statement.period_end

    def money(self, amount_minor: int) -> str:
        return f"{to_text(amount_minor, self.currency)} {self.currency}"

    def finding(
        self,
        kind: DiscrepancyKind,
        reason: str,
        amount_minor: int,
        date: dt.date,
        arguments: Mapping[str, str],
        *,
        document_no: str | None = None,
        line_no: int | None = None,
        ours_minor: int | None = None,
        theirs_minor: int | None = None,
        source: Source | None = None,
        subject: str = "",
    ) -> Finding:
        evidence = (self.statement.source,) if source is None else (self.statement.source, source)
        return Finding(
            kind=kind,
            amount_minor=abs(amount_minor),
            business_date=date,
            reason=reason,
            arguments=arguments,
            document_no=document_no,
            statement_id=self.statement.statement_id,
            line_no=line_no,
            ours_minor=ours_minor,
            theirs_minor=theirs_minor,
            subject=subject,
            evidence=evidence,
        )


def _signed(line: StatementLine) -> int:
    return line.debit_minor - line.credit_minor


def statement_findings(comparison: Comparison) -> Iterator[Finding]:
    """All findings of one statement in force."""
    yield from arithmetic(comparison)
    yield from balance_breaks(comparison)
    yield from line_findings(comparison)


def arithmetic(comparison: Comparison) -> Iterator[Finding]:
    """STATEMENT_ARITHMETIC: their own figures do not add up.

    A running balance may follow from the opening balance or from the running balance shown before it: so one
    mistyped balance gives one finding, and so does one mistyped amount.
    """
    statement = comparison.statement
    computed = shown_before = statement.opening_minor
    for line in statement.lines:
        computed += _signed(line)
        chained = shown_before + _signed(line)
        shown = line.running_balance_minor
        if shown is None:
            shown_before = chained
            continue
        if shown not in (computed, chained):
            yield comparison.finding(
                DiscrepancyKind.STATEMENT_ARITHMETIC,
                "running_balance_wrong",
                shown - chained,
                line.date,
                {
                    "line": str(line.line_no),
                    "shown": comparison.money(shown),
                    "expected": comparison.money(chained),
                },
                document_no=line.document_no,
                line_no=line.line_no,
                ours_minor=chained,
                theirs_minor=shown,
            )
        shown_before = shown
    problem, difference = _totals_problem(statement)
    if problem:
        yield comparison.finding(
            DiscrepancyKind.STATEMENT_ARITHMETIC,
            "totals_wrong",
            difference,
            statement.period_end,
            {"problem": problem},
            ours_minor=computed,
            theirs_minor=statement.closing_minor,
        )


def _totals_problem(statement: StatementFact) -> tuple[str, int]:
    debit = sum(line.debit_minor for line in statement.lines)
    credit = sum(line.credit_minor for line in statement.lines)
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


def balance_breaks(comparison: Comparison) -> Iterator[Finding]:
    """OPENING_ and CLOSING_BALANCE_BREAK: their balances are not ours of the same days."""
    statement = comparison.statement
    lines = [line for document in comparison.documents.values() for line in document.lines]
    day_before = statement.period_start - dt.timedelta(days=1)
    for kind, reason, date, theirs in (
        (DiscrepancyKind.OPENING_BALANCE_BREAK, "opening_differs", day_before, statement.opening_minor),
        (
            DiscrepancyKind.CLOSING_BALANCE_BREAK,
            "closing_differs",
            statement.period_end,
            statement.closing_minor,
        ),
    ):
        ours = balance_as_of(lines, date)
        if ours != theirs:
            arguments = {"theirs": comparison.money(theirs), "ours": comparison.money(ours)}
            yield comparison.finding(
                kind, reason, theirs - ours, date, arguments, ours_minor=ours, theirs_minor=theirs
            )


class _Laid(msgspec.Struct):
    """Their lines, sorted by what they were laid against."""

    on_document: dict[str, list[StatementLine]]
    loose: list[StatementLine]


def line_findings(comparison: Comparison) -> Iterator[Finding]:
    """Every line of theirs against our documents, and the reverse."""
    laid = _lay(comparison)
    unmatched: dict[str, OurDocument] = {}
    for key, document in comparison.documents.items():
        lines = laid.on_document.get(key)
        if lines is not None:
            yield from _compare(comparison, document, lines)
        elif document.net_minor(comparison.start, comparison.end):
            unmatched[key] = document
    for line in laid.loose:
        twin = _twin(comparison, line, laid.loose, unmatched)
        if twin is None:
            yield _missing_in_ledger(comparison, line)
        else:
            yield _reference_mismatch(comparison, line, twin)
            del unmatched[twin.key]
    for document in unmatched.values():
        yield _missing_in_statement(comparison, document)


def _lay(comparison: Comparison) -> _Laid:
    laid = _Laid({}, [])
    for line in comparison.statement.lines:
        key = _document_for(comparison, line)
        if key is None:
            laid.loose.append(line)
        else:
            laid.on_document.setdefault(key, []).append(line)
    return laid


def _document_for(comparison: Comparison, line: StatementLine) -> str | None:
    """The document that a line means; of several under one number the one of its amount, then of its side."""
    for reference in (line.document_no, line.their_reference):
        if not reference:
            continue
        candidates = [comparison.documents[key] for key in comparison.index.resolve(reference).keys]
        if not candidates:
            continue
        fits = [_fit(comparison, document, _signed(line)) for document in candidates]
        best = candidates[fits.index(max(fits))]
        if fits.count(max(fits)) == 1 or squeeze(best.document_no) == squeeze(reference):
            return best.key
    return None


def _fit(comparison: Comparison, document: OurDocument, signed_minor: int) -> tuple[bool, bool, bool]:
    """How well a document fits a line of that amount: better ones compare greater."""
    net = document.net_minor(comparison.start, comparison.end)
    return (net == signed_minor, net != 0, (net > 0) == (signed_minor > 0))


def _compare(
    comparison: Comparison, document: OurDocument, lines: Sequence[StatementLine]
) -> Iterator[Finding]:
    start, end = comparison.start, comparison.end
    ours = document.net_minor(start, end)
    our_date = document.first_date(start, end)
    if our_date is None:
        first = min(line.business_date for line in document.lines) if document.lines else None
        for line in lines:
            if first is None:
                yield _missing_in_ledger(comparison, line)
            else:
                yield _other_period(comparison, document, line, first)
        return
    kept = list(lines)
    if sum(map(_signed, kept)) != ours:
        repeated = _repeated(kept, document.figures(start, end))
        if repeated:
            kept = [line for line in kept if line not in repeated]
        for line in repeated:
            yield comparison.finding(
                DiscrepancyKind.DUPLICATE,
                "line_twice",
                _signed(line),
                line.date,
                {
                    "line": str(line.line_no),
                    "document": line.document_no,
                    "amount": comparison.money(abs(_signed(line))),
                },
                document_no=line.document_no,
                line_no=line.line_no,
                ours_minor=ours,
                theirs_minor=sum(map(_signed, lines)),
                source=document.source,
            )
    theirs = sum(map(_signed, kept))
    if theirs != ours:
        line = kept[-1]
        yield comparison.finding(
            DiscrepancyKind.AMOUNT_MISMATCH,
            "line_amount",
            theirs - ours,
            line.date,
            {
                "line": str(line.line_no),
                "document": line.document_no,
                "theirs": comparison.money(theirs),
                "ours": comparison.money(ours),
            },
            document_no=line.document_no,
            line_no=line.line_no,
            ours_minor=ours,
            theirs_minor=theirs,
            source=document.source,
        )
    elif abs((kept[0].date - our_date).days) > comparison.rules.date_window_days:
        line = kept[0]
        yield comparison.finding(
            DiscrepancyKind.DATE_MISMATCH,
            "line_date",
            _signed(line),
            line.date,
            {
                "line": str(line.line_no),
                "document": line.document_no,
                "their_date": line.date.isoformat(),
                "our_date": our_date.isoformat(),
            },
            document_no=line.document_no,
            line_no=line.line_no,
            ours_minor=ours,
            theirs_minor=theirs,
            source=document.source,
        )


def _repeated(lines: Sequence[StatementLine], ours: Counter[int]) -> list[StatementLine]:
    """The lines that show a figure more often than we do, and more than once."""
    seen: Counter[int] = Counter()
    repeated = []
    for line in lines:
        signed_minor = _signed(line)
        seen[signed_minor] += 1
        if seen[signed_minor] > max(1, ours[signed_minor] - ours[-signed_minor]):
            repeated.append(line)
    return repeated


def _other_period(
    comparison: Comparison, document: OurDocument, line: StatementLine, our_date: dt.date
) -> Finding:
    return comparison.finding(
        DiscrepancyKind.TIMING,
        "line_other_period",
        _signed(line),
        line.date,
        {"line": str(line.line_no), "document": line.document_no, "our_date": our_date.isoformat()},
        document_no=line.document_no,
        line_no=line.line_no,
        theirs_minor=_signed(line),
        source=document.source,
    )


def _twin(
    comparison: Comparison,
    line: StatementLine,
    loose: Sequence[StatementLine],
    unmatched: Mapping[str, OurDocument],
) -> OurDocument | None:
    """The one unmatched document of ours with the line's amount near its date, if no other line fits it too."""
    window = comparison.rules.date_window_days
    start, end = comparison.start, comparison.end

    def fits(document: OurDocument, candidate: StatementLine) -> bool:
        date = document.first_date(start, end)
        return (
            date is not None
            and document.net_minor(start, end) == _signed(candidate)
            and abs((date - candidate.date).days) <= window
        )

    documents = [document for document in unmatched.values() if fits(document, line)]
    if len(documents) != 1 or sum(fits(documents[0], other) for other in loose) != 1:
        return None
    return documents[0]


def _reference_mismatch(comparison: Comparison, line: StatementLine, twin: OurDocument) -> Finding:
    return comparison.finding(
        DiscrepancyKind.REFERENCE_MISMATCH,
        "line_reference",
        _signed(line),
        line.date,
        {"line": str(line.line_no), "document": line.document_no, "other": twin.document_no},
        document_no=line.document_no,
        line_no=line.line_no,
        ours_minor=_signed(line),
        theirs_minor=_signed(line),
        source=twin.source,
    )


def _missing_in_ledger(comparison: Comparison, line: StatementLine) -> Finding:
    return comparison.finding(
        DiscrepancyKind.MISSING_IN_LEDGER,
        "line_unknown",
        _signed(line),
        line.date,
        {
            "line": str(line.line_no),
            "document": line.document_no,
            "amount": comparison.money(abs(_signed(line))),
        },
        document_no=line.document_no,
        line_no=line.line_no,
        theirs_minor=_signed(line),
    )


def _missing_in_statement(comparison: Comparison, document: OurDocument) -> Finding:
    net = document.net_minor(comparison.start, comparison.end)
    date = document.first_date(comparison.start, comparison.end) or comparison.end
    arguments = {"document": document.document_no, "amount": comparison.money(abs(net))}
    elsewhere = _other_statement(comparison, document)
    if elsewhere is not None:
        arguments["other"] = elsewhere
    return comparison.finding(
        DiscrepancyKind.MISSING_IN_STATEMENT if elsewhere is None else DiscrepancyKind.TIMING,
        "entry_unlisted" if elsewhere is None else "entry_other_statement",
        net,
        date,
        arguments,
        document_no=document.document_no,
        ours_minor=net,
        source=document.source,
        subject=document.kind.value,  # an invoice and a payment may bear the same number
    )


def _other_statement(comparison: Comparison, document: OurDocument) -> str | None:
    """The statement of theirs, other than this one, that lists ``document``."""
    for other in comparison.others:
        for line in other.lines:
            for reference in (line.document_no, line.their_reference):
                if reference and document.key in comparison.index.resolve(reference).keys:
                    return other.statement_id
    return None
