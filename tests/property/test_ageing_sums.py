"""As of any date: Σ buckets = Σ open items = Σ entries, for any ledger in any order of arrival."""

from __future__ import annotations

import datetime as dt
import random

from hypothesis import given
from hypothesis import strategies as st

from domain.ageing import Allocated, LedgerLine, age, open_items_as_of, without_annulled
from domain.ledger import EntryRole, Side
from domain.statements import Period, build_statement

START = dt.date(2011, 1, 1)
days = st.integers(0, 400).map(lambda n: START + dt.timedelta(days=n))
items = st.sampled_from([f"i{n}" for n in range(6)])
edges = st.lists(st.integers(1, 400), unique=True, max_size=6).map(lambda e: tuple(sorted(e)))


@st.composite
def ledgers(draw: st.DrawFn) -> list[LedgerLine]:
    """Any lines at all, with contras for some of them."""
    lines: list[LedgerLine] = []
    for number in range(draw(st.integers(0, 25))):
        line = LedgerLine(
            entry_id=f"e{number}",
            item_id=draw(items),
            kind="INVOICE",
            role=draw(st.sampled_from(list(EntryRole))),
            side=draw(st.sampled_from(list(Side))),
            amount_minor=draw(st.integers(0, 10**12)),
            document_no=draw(st.sampled_from(["A", "B", "中"])),
            business_date=draw(days),
            due_date=draw(st.none() | days),
            source_version=draw(st.integers(1, 3)),
            topic=draw(st.sampled_from(["tieout.orders", "tieout.payments"])),
            partition=draw(st.integers(0, 1)),
            offset=number,
        )
        lines.append(line)
        if draw(st.booleans()):
            lines.append(contra_of(line))
    return lines


def contra_of(line: LedgerLine) -> LedgerLine:
    return LedgerLine(
        entry_id=f"{line.entry_id}-contra",
        item_id=line.item_id,
        kind=line.kind,
        role=EntryRole.ANNULLED,
        side=Side.CREDIT if line.side is Side.DEBIT else Side.DEBIT,
        amount_minor=line.amount_minor,
        document_no=line.document_no,
        business_date=line.business_date,
        source_version=line.source_version,
        topic=line.topic,
        partition=line.partition,
        offset=line.offset,
    )


allocations = st.lists(
    st.builds(
        Allocated,
        credit_item_id=items,
        debit_item_id=items,
        amount_minor=st.integers(0, 10**12),
        effective_date=days,
    ),
    max_size=10,
)


@given(ledgers(), allocations, days, edges)
def test_buckets_open_items_and_entries_have_one_sum(
    lines: list[LedgerLine], booked: list[Allocated], as_of: dt.date, bucket_edges: tuple[int, ...]
) -> None:
    balance = sum(line.signed_minor for line in lines if line.business_date <= as_of)
    open_items = open_items_as_of(lines, booked, as_of)
    ageing = age(open_items, as_of, bucket_edges)
    assert sum(item.open_minor for item in open_items) == balance
    assert sum(bucket.amount_minor for bucket in ageing.buckets) == balance
    assert ageing.total_minor == balance
    assert all(item.original_minor - item.allocated_minor == item.open_minor != 0 for item in open_items)


@given(ledgers(), days)
def test_leaving_out_annulled_pairs_changes_no_balance_on_any_day(
    lines: list[LedgerLine], as_of: dt.date
) -> None:
    real = without_annulled(lines)
    assert sum(line.signed_minor for line in real if line.business_date <= as_of) == sum(
        line.signed_minor for line in lines if line.business_date <= as_of
    )


@given(ledgers(), allocations, days, days, st.integers())
def test_a_statement_proves_and_does_not_know_the_order_of_arrival(
    lines: list[LedgerLine], booked: list[Allocated], one: dt.date, other: dt.date, seed: int
) -> None:
    period = Period(min(one, other), max(one, other))
    known = {line.item_id for line in lines if line.business_date <= period.end}
    resolved = [a for a in booked if {a.credit_item_id, a.debit_item_id} <= known]
    shuffler = random.Random(seed)

    def build() -> object:
        return build_statement(
            customer_id="C-1",
            currency="EUR",
            period=period,
            lines=shuffler.sample(lines, len(lines)),
            allocations=shuffler.sample(resolved, len(resolved)),
            control_total_minor=sum(x.signed_minor for x in lines if x.business_date <= period.end),
        )

    assert build() == build()
