"""Whatever is gathered comes to the same on both sides and lies in one place."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.comparison.desk import Desk
from domain.comparison.entries import OurEntries, OurSide
from domain.comparison.gather import gather
from domain.comparison.lay import lay
from domain.comparison.turns import turned
from domain.comparison.verdict import signed
from domain.facts import EntryKind
from domain.ledger import EntryRole, Line
from domain.rules import Rules
from tests.property.test_comparison import SOURCE, START, statement_of

RULES = Rules()
NUMBERS = ("INV-1001", "INV-1002", "INV-1003", "PB/004")
WRITTEN = (*NUMBERS, "INV-1001, INV-1002", "INV-1001/1", "4", "", "ZA-701", "ZA-701", "ZA-702", "P-1", "CN-1")
dates = st.integers(0, 34).map(lambda n: START + dt.timedelta(days=n))
invoices = st.fixed_dictionaries(
    {number: st.tuples(dates, st.sampled_from([40, 60, 100, 100, 250])) for number in NUMBERS}
)
credits = st.lists(
    st.tuples(
        st.sampled_from([EntryKind.PAYMENT, EntryKind.CREDIT_NOTE]),
        dates,
        st.lists(st.tuples(st.sampled_from(NUMBERS), st.sampled_from([40, 60, 100])), max_size=2).map(tuple),
        st.sampled_from([40, 60, 100, 160]),
    ),
    max_size=4,
)
rows = st.lists(
    st.tuples(st.sampled_from(WRITTEN), st.none() | st.sampled_from(NUMBERS), dates)
    .flatmap(
        lambda row: st.tuples(st.just(row), st.sampled_from([-160, -100, -60, -40, 40, 60, 100, 160, 200]))
    )
    .map(lambda pair: (*pair[0], pair[1])),
    max_size=9,
)


def _side(
    booked: dict[str, tuple[dt.date, int]],
    paid: list[tuple[EntryKind, dt.date, tuple[tuple[str, int], ...], int]],
) -> OurSide:
    entries = OurEntries()
    records = [(EntryKind.INVOICE, number, date, amount, ()) for number, (date, amount) in booked.items()]
    records += [
        (kind, f"{'P' if kind is EntryKind.PAYMENT else 'CN'}-{place}", date, -amount, about)
        for place, (kind, date, about, amount) in enumerate(paid, start=1)
    ]
    records.sort(key=lambda record: (record[2], record[1], record[0]))
    for kind, number, date, amount, about in records:
        line = Line(f"e-{number}", kind, EntryRole.POSTED, amount, number, date, (1, 0))
        entries.add(kind, number, (), [line], SOURCE, about)
    return OurSide(entries)


@settings(max_examples=3 * settings().max_examples)
@given(invoices, credits, rows)
def test_what_is_gathered_agrees_and_nothing_is_lost(
    booked: dict[str, tuple[dt.date, int]],
    paid: list[tuple[EntryKind, dt.date, tuple[tuple[str, int], ...], int]],
    written: list[tuple[str, str | None, dt.date, int]],
) -> None:
    side = _side(booked, paid)
    statement = statement_of("S-1", written, 0, 0)
    laid = lay(side, statement, RULES.date_window_days)
    table = gather(side, statement, laid, RULES)
    for group in table.groups:
        assert sum(map(signed, group.lines)) == sum(map(table.net, group.documents))
    places = Counter(line.line_no for group in table.groups for line in group.lines)
    places += Counter(line.line_no for lines in table.on_document.values() for line in lines)
    places += Counter(list(table.loose))
    places += Counter(statement.lines[place].line_no for place, _ in laid.agreed.pairs())
    assert places == Counter(line.line_no for line in statement.lines)
    documents = Counter(document.key for group in table.groups for document in group.documents)
    documents += Counter([*table.on_document, *table.unlisted])
    documents += Counter(side.entries.key(row) for _, row in laid.agreed.pairs())
    assert max(documents.values(), default=1) == 1
    everything = side.entries.documents(range(len(side.entries.numbers)))
    assert set(documents) >= {key for key, document in everything.items() if table.net(document)}
    for line_no in turned(Desk(side), statement, table, RULES).lines:
        assert line_no in table.loose
