"""The real books and the statement together: events in any order of arrival give the same statement (I6, I11)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.ageing import Allocated, LedgerLine
from domain.books import new_book
from domain.decide import decide, evolve
from domain.events import Event, OrderEvent, PaymentEvent, RemittanceAllocation, Source
from domain.facts import Fact
from domain.ledger import EntryRole, Line, side_of
from domain.outcomes import AllocationChanged, Booked
from domain.review import due_date
from domain.rules import Rules
from domain.statements import Period, Statement, build_statement

START = dt.date(2011, 1, 1)
NOW = dt.datetime(2011, 9, 1, tzinfo=dt.UTC)
days = st.integers(0, 90).map(lambda n: START + dt.timedelta(days=n))
amounts = st.integers(0, 500)


def envelope(
    system: str, record: str, version: int, kind: str, date: dt.date, amount: int
) -> dict[str, object]:
    return {
        "event_id": f"{system}/{record}/{version}",
        "event_type": kind,
        "source_system": system,
        "source_record_id": record,
        "source_version": version,
        "occurred_at": dt.datetime.combine(date, dt.time(9), dt.UTC),
        "business_date": date,
        "customer_id": "C-1",
        "currency": "EUR",
        "amount_minor": amount,
        "document_no": record,
    }


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """A few orders and payments, each in up to three versions; payments name orders."""
    events: list[Event] = []
    for number in range(draw(st.integers(1, 3))):
        for version in range(1, draw(st.integers(1, 3)) + 1):
            life = "placed" if version == 1 else draw(st.sampled_from(["amended", "cancelled"]))
            base = envelope("shop", f"INV-{number}", version, f"order.{life}", draw(days), draw(amounts))
            events.append(OrderEvent(**base, due_date=draw(st.none() | days)))  # type: ignore[arg-type]
    for number in range(draw(st.integers(0, 3))):
        for version in range(1, draw(st.integers(1, 2)) + 1):
            life = "settled" if version == 1 else draw(st.sampled_from(["settled", "charged_back"]))
            base = envelope("bank", f"P-{number}", version, f"payment.{life}", draw(days), draw(amounts))
            named = draw(st.lists(st.integers(0, 2), max_size=2, unique=True))
            claims = tuple(
                RemittanceAllocation(document_no=f"INV-{order}", amount_minor=draw(amounts))
                for order in named
            )
            events.append(PaymentEvent(**base, allocations=claims))  # type: ignore[arg-type]
    return events


def statements_after(events: Sequence[Event], periods: Sequence[Period]) -> list[Statement]:
    """Book the events in their order of arrival, keep what the topics would hold, and state every period."""
    book, rules = new_book("C-1"), Rules()
    lines: list[LedgerLine] = []
    booked: dict[tuple[str, str], Allocated] = {}
    for offset, event in enumerate(events):
        source = Source("tieout.orders", 0, offset)
        for outcome in decide(book, event, source, NOW, rules):
            book = evolve(book, outcome)
            if isinstance(outcome, Booked):
                facts = book.accounts["EUR"].records[outcome.record_key].facts
                written = (*outcome.annulled, *outcome.posted)
                lines += [entry(line, outcome.record_key, facts, rules, offset) for line in written]
            elif isinstance(outcome, AllocationChanged):
                booked.pop((outcome.credit_key, outcome.debit_key), None)
                if outcome.link is not None and outcome.link.confirmed:
                    booked[outcome.credit_key, outcome.debit_key] = Allocated(
                        credit_item_id=outcome.credit_key,
                        debit_item_id=outcome.debit_key,
                        amount_minor=outcome.link.amount_minor,
                        effective_date=outcome.link.effective_date,
                    )
    return [
        build_statement(
            customer_id="C-1",
            currency="EUR",
            period=period,
            lines=lines,
            allocations=booked.values(),
            control_total_minor=sum(x.signed_minor for x in lines if x.business_date <= period.end),
        )
        for period in periods
    ]


def entry(line: Line, record_key: str, facts: Sequence[Fact], rules: Rules, offset: int) -> LedgerLine:
    """As the stream writes it and ``services/reports/read.py`` reads it."""
    fact = next(fact for fact in facts if fact.rank == line.fact_rank)
    posted = line.role is EntryRole.POSTED
    return LedgerLine(
        entry_id=line.entry_id,
        item_id=record_key,
        kind=line.kind.value,
        role=line.role,
        side=side_of(line.signed_minor),
        amount_minor=abs(line.signed_minor),
        document_no=line.document_no,
        business_date=line.business_date,
        due_date=due_date(fact, rules) if posted else None,
        source_version=line.fact_rank[0],
        topic="tieout.orders",
        partition=0,
        offset=offset,
    )


def _of_no_amount(*versions: int) -> list[Event]:
    lives = {1: "placed", 2: "amended", 3: "amended"}
    return [
        OrderEvent(**envelope("shop", "INV-1", version, f"order.{lives[version]}", START, 0))  # type: ignore[arg-type]
        for version in versions
    ]


@settings(deadline=None)
@example((_of_no_amount(1, 2, 3), _of_no_amount(1, 3, 2)), START, START)
@given(histories().flatmap(lambda events: st.tuples(st.just(events), st.permutations(events))), days, days)
def test_the_order_of_arrival_changes_no_digest(
    arrivals: tuple[list[Event], list[Event]], one: dt.date, other: dt.date
) -> None:
    in_order, shuffled = arrivals
    whole = Period(START, START + dt.timedelta(days=120))
    periods = [whole, Period(min(one, other), max(one, other))]
    for first, second in zip(
        statements_after(in_order, periods), statements_after(shuffled, periods), strict=True
    ):
        assert first.lines == second.lines
        assert first.open_items == second.open_items
        assert first.digest == second.digest
