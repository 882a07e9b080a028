"""A comparison by columns and indexes says what the plain one says, and its bridge always adds up."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.comparison import lay
from domain.comparison.bridge import bridge
from domain.comparison.columns import repeated_values
from domain.comparison.compare import Compared, compare
from domain.comparison.desk import Desk
from domain.comparison.entries import OurEntries, OurSide
from domain.comparison.normalised import bare_forms, squeezed_forms
from domain.comparison.verdict import Outcome
from domain.comparison.waiting import Progress
from domain.discrepancies.against_statement import statement_findings
from domain.events import Source, StatementLine
from domain.facts import EntryKind, StatementFact
from domain.ledger import EntryRole, Line
from domain.matching.forms import bare, squeeze
from domain.rules import Rules
from domain.wording import Wording
from tests.property.naive_comparison import Document, NaiveComparison

START = dt.date(2026, 1, 1)
LENGTH = dt.timedelta(days=30)
#: of the other statement: the same; a later and an earlier one, without a gap between and with one
PERIODS = (
    START,
    START + LENGTH + dt.timedelta(days=1),
    START + LENGTH + dt.timedelta(days=2),
    START - LENGTH - dt.timedelta(days=1),
    START - LENGTH - dt.timedelta(days=2),
)
SOURCE = Source("t", 0, 0)
NUMBERS = (
    "INV-1001",
    "inv 1001",
    " INV-1001",
    "RE-01001",
    "1001",
    "INV-1002",
    "FP-2003",
    "2003",
    "发票一",
    "P-5",
    "",
    "RE-01001, INV-1002",
    "Rg. FP-2003 v. 05.01.26",
    "INV-1002/1",
)
dates = st.integers(-5, 40).map(lambda n: START + dt.timedelta(days=n))
#: about the turns of the periods and the days up to which something is in transit
turns = st.sampled_from([-11, -10, -9, -1, 0, 1, 9, 10, 11, 20, 21, 22, 30, 31, 32, 40, 41]).map(
    lambda n: START + dt.timedelta(days=n)
)
amounts = st.sampled_from([-100, -50, 0, 50, 50, 70, 100, 100])
numbers = st.sampled_from(NUMBERS)
kinds = st.sampled_from([EntryKind.INVOICE, EntryKind.PAYMENT, EntryKind.CREDIT_NOTE, EntryKind.WRITE_OFF])
about = st.lists(st.tuples(numbers, st.sampled_from([0, 50, 100])), max_size=2).map(tuple)
records = st.lists(
    st.tuples(
        kinds, numbers, st.lists(numbers, max_size=1), st.lists(st.tuples(dates, amounts), max_size=2), about
    ),
    max_size=7,
)
statement_lines = st.lists(st.tuples(numbers, st.none() | numbers, dates, amounts), max_size=7)
balances = st.integers(-200, 200)
turn_records = st.lists(
    st.tuples(
        kinds,
        st.sampled_from(["A-7001", "B-7002", "C-7003", "D-7004"]),
        st.just([]),
        st.lists(st.tuples(turns, st.sampled_from([50, 100])), min_size=1, max_size=1),
        st.just(()),
    ),
    max_size=4,
)
turn_lines = st.lists(
    st.tuples(st.sampled_from(["", "", "X-1", "Y-2"]), st.none(), turns, st.sampled_from([50, 100])),
    max_size=4,
)


def statement_of(
    statement_id: str,
    rows: list[tuple[str, str | None, dt.date, int]],
    opening: int,
    closing: int,
    start: dt.date = START,
) -> StatementFact:
    lines = tuple(
        StatementLine(
            line_no=number,
            document_no=document_no,
            date=date,
            debit_minor=max(amount, 0),
            credit_minor=max(-amount, 0),
            their_reference=reference,
        )
        for number, (document_no, reference, date, amount) in enumerate(rows, start=1)
    )
    return StatementFact(
        statement_id=statement_id,
        rank=(1, 1, 0),
        withdrawn=False,
        event_id=f"e-{statement_id}",
        digest=b"",
        period_start=start,
        period_end=start + LENGTH,
        opening_minor=opening,
        closing_minor=closing,
        total_debit_minor=sum(line.debit_minor for line in lines),
        total_credit_minor=sum(line.credit_minor for line in lines),
        line_count=len(lines),
        lines=lines,
        occurred_at=dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
        correlation_id=None,
        source=SOURCE,
    )


@st.composite
def comparisons(
    draw: st.DrawFn,
    records: st.SearchStrategy[Any] = records,
    statement_lines: st.SearchStrategy[Any] = statement_lines,
) -> tuple[Compared, NaiveComparison]:
    """One statement against some records, and beside another statement; compared both ways."""
    entries = OurEntries()
    documents: dict[str, Document] = {}
    for place, (kind, number, aliases, booked, said) in enumerate(draw(records)):
        lines = [
            Line(f"e-{place}-{n}", kind, EntryRole.POSTED, amount, number, date, (1, 0))
            for n, (date, amount) in enumerate(booked)
        ]
        entries.add(kind, number, tuple(aliases), lines, SOURCE, said)
        known = documents.setdefault(f"{kind}|{number.strip()}", Document(kind, number.strip(), (), []))
        known.aliases += tuple(aliases)
        known.lines += booked
        known.about += said
    statement = statement_of("S-1", draw(statement_lines), draw(balances), draw(balances))
    other = statement_of("S-2", draw(statement_lines), 0, 0, draw(st.sampled_from(PERIODS)))
    rules = Rules(transit_days=draw(st.sampled_from((0, 10))))
    progress = Progress({}, {}, dt.date(2026, 3, 1))
    with patch.object(lay, "BULK_MIN", draw(st.sampled_from((1, lay.BULK_MIN)))):
        compared = compare(
            Wording("EUR"), rules, Desk(OurSide(entries, [statement, other])), statement, progress
        )
    return compared, NaiveComparison(list(documents.values()), statement, [other], rules)


def test_a_line_without_a_number_means_no_document_even_if_one_has_none_either() -> None:
    entries = OurEntries()
    line = Line("e-1", EntryKind.INVOICE, EntryRole.POSTED, 100, "", START, (1, 0))
    entries.add(EntryKind.INVOICE, "", (), [line], SOURCE)
    statement = statement_of("S-1", [("", None, START, 70)], 0, 70)
    compared = compare(
        Wording("EUR"), Rules(), Desk(OurSide(entries)), statement, Progress({}, {}, dt.date(2026, 3, 1))
    )
    assert [v.outcome for v in compared.verdicts] == [Outcome.MISSING_HERE, Outcome.MISSING_THERE]


@settings(max_examples=4 * settings().max_examples)
@given(comparisons() | comparisons(turn_records, turn_lines))
def test_it_says_what_the_plain_comparison_says(both: tuple[Compared, NaiveComparison]) -> None:
    compared, naive = both
    balance_kinds = {"OPENING_BALANCE_BREAK", "CLOSING_BALANCE_BREAK", "STATEMENT_ARITHMETIC"}
    found = [
        (f.kind.value, f.document_no, f.line_no, f.amount_minor)
        for f in statement_findings(compared)
        if f.kind not in balance_kinds
    ]
    assert Counter(found) == Counter(naive.said())


@given(comparisons())
def test_the_bridge_adds_up_to_the_minor_unit(both: tuple[Compared, NaiveComparison]) -> None:
    compared, naive = both
    built = bridge(compared)
    booked = [line for document in naive.documents.values() for line in document.lines]
    end = compared.statement.period_end
    assert built.ours_minor == sum(amount for date, amount in booked if date <= end)
    assert built.theirs_minor + sum(s.step_minor for s in built.steps) == built.ours_minor
    assert all(s.step_minor for s in built.steps)


@given(comparisons())
def test_every_line_of_theirs_and_every_document_of_ours_has_one_verdict(
    both: tuple[Compared, NaiveComparison],
) -> None:
    compared, naive = both
    verdicts = [*compared.verdicts, *compared.agreements()]
    lines = Counter(line.line_no for verdict in verdicts for line in verdict.lines)
    assert lines == Counter(line.line_no for line in compared.statement.lines)
    said_of = {
        document.key
        for verdict in verdicts
        for document in (verdict.document, *verdict.others)
        if document is not None
    }
    assert said_of >= {key for key, document in naive.documents.items() if naive.net(document)}
    matched = sum(len(v.lines) for v in verdicts if v.outcome is Outcome.MATCHED)
    assert compared.matched_count == matched
    divergent = [n.line_no for v in verdicts if v.outcome is not Outcome.MATCHED for n in v.lines]
    assert compared.first_divergent_line_no == min(divergent, default=None)


@given(st.lists(st.text(max_size=8) | st.from_regex(r"[A-Za-zß]{0,3}[-/ ]?0*[0-9A-Z]{0,5}", fullmatch=True)))
def test_references_normalised_together_are_those_normalised_singly(references: list[str]) -> None:
    squeezed = squeezed_forms(references)
    assert squeezed == [squeeze(reference) for reference in references]
    assert bare_forms(squeezed) == [bare(reference) for reference in references]


@given(st.lists(st.integers(0, 20_000).map(str), max_size=10), st.integers(0, 9_000), st.integers(0, 9_000))
def test_what_stands_several_times_is_found_in_whatever_piece(some: list[str], first: int, gap: int) -> None:
    values = [*some, *(f"a{n}" for n in range(first)), *some, *(f"b{n}" for n in range(gap)), "x", *some[:1]]
    counted = Counter(values)
    assert repeated_values(values) == {value for value, count in counted.items() if count > 1}
