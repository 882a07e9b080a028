"""Matching by figures on random open accounts: the same in every order, nothing used twice, never beyond its bound."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from domain.events import Event, OrderEvent, PaymentEvent
from domain.rules import MatchingRules, OrderPolicy, Rules
from tests.property.histories import START
from tests.unit.ledger_teller import Teller, matches, settled_figures

#: few amounts, so that ties, sums and near misses all happen
amounts = st.sampled_from([100, 5_003, 10_007, 15_010, 20_011, 30_018, 29_900])
texts = st.sampled_from(
    [None, "thank you", "INV-10013", "INV-10010", "10012 EUR", "INV-10012, INV-10019", "INV-1001, INV-10031"]
)
rules = st.builds(
    Rules,
    tolerance_minor=st.sampled_from([0, 7]),
    matching=st.builds(
        MatchingRules,
        steps_max=st.sampled_from([0, 5, 20_000]),
        order_policy=st.sampled_from(list(OrderPolicy)),
    ),
)


def _envelope(kind: str, number: str, day: int, amount: int) -> dict[str, object]:
    date = START + dt.timedelta(days=day)
    return {
        "event_id": number,
        "event_type": kind,
        "source_system": "s",
        "source_record_id": number,
        "source_version": 1,
        "occurred_at": dt.datetime(date.year, date.month, date.day, tzinfo=dt.UTC),
        "business_date": date,
        "customer_id": "C-1",
        "currency": "EUR",
        "amount_minor": amount,
        "document_no": number,
    }


@st.composite
def open_accounts(draw: st.DrawFn) -> list[Event]:
    days = st.integers(0, 40)
    found: list[Event] = [
        OrderEvent(**_envelope("order.placed", f"INV-1001{n}", draw(days), draw(amounts)))  # type: ignore[arg-type]
        for n in range(draw(st.integers(0, 6)))
    ]
    for n in range(draw(st.integers(0, 6))):
        envelope = _envelope("payment.settled", f"P-{n}", draw(days), draw(amounts))
        envelope |= {"remittance_text": draw(texts), "fee_minor": draw(st.sampled_from([None, 7]))}
        envelope |= {"payer_name": draw(st.sampled_from([None, "Nordlicht GmbH", "Another One Ltd"]))}
        found.append(PaymentEvent(**envelope))  # type: ignore[arg-type]
    return found


@given(open_accounts(), rules, st.data())
def test_any_order_gives_the_same_matches(events: list[Event], by: Rules, data: st.DataObject) -> None:
    one, other = Teller(by), Teller(by)
    for event in events:
        one.take(event)
    for event in data.draw(st.permutations(events + events[:2])):
        other.take(event)
    assert sorted(matches(one.book), key=str) == sorted(matches(other.book), key=str)
    assert settled_figures(one.book) == settled_figures(other.book)


@given(open_accounts(), rules)
def test_nothing_is_allocated_beyond_what_it_is(events: list[Event], by: Rules) -> None:
    teller = Teller(by)
    for event in events:
        teller.take(event)
    original = {event.document_no: event.amount_minor for event in events}
    used: Counter[object] = Counter()
    for credit, debit, _, amount, state, _ in matches(teller.book):
        assert isinstance(amount, int)
        assert 0 < amount <= min(original[str(credit)], original[str(debit)])
        if state == "confirmed":
            used[credit] += amount
            used[debit] += amount
    assert all(used[number] <= original[str(number)] for number in used)
