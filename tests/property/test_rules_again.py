"""Other rules for books that exist: the same as if they had been in force when each event came (I6)."""

from __future__ import annotations

import copy
import datetime as dt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.decide import decide_again, evolve
from domain.outcomes import Booked
from domain.rules import BorneBy, OrderPolicy, Rules, RulesByDate, Timeline
from services.operations.shadow import Figure, figures_of
from tests.property.histories import START, Delivered, deliveries
from tests.unit.ledger_teller import Teller, encoded, settled_figures

pytestmark = pytest.mark.no_cover  # searches in what examples cover, thrice as long when measured


@st.composite
def other_rules(draw: st.DrawFn) -> Rules:
    chosen = Rules(
        terms_days=draw(st.integers(0, 60)),
        tolerance_minor=draw(st.integers(0, 500)),
        tolerance_ppm=draw(st.integers(0, 50_000)),
        tolerance_borne_by=draw(st.sampled_from(BorneBy)),
        duplicate_window_days=draw(st.integers(0, 30)),
        date_window_days=draw(st.integers(0, 10)),
        transit_days=draw(st.integers(0, 20)),
    )
    matching = msgspec.structs.replace(chosen.matching, order_policy=draw(st.sampled_from(OrderPolicy)))
    return msgspec.structs.replace(chosen, version=2, matching=matching)


@st.composite
def timelines(draw: st.DrawFn) -> RulesByDate:
    start = START + dt.timedelta(days=draw(st.integers(-5, 60)))
    return Timeline(((dt.date.min, Rules()), (start, draw(other_rules()))))


def told(delivered: Delivered, rules: RulesByDate, way: int) -> dict[str, Teller]:
    tellers: dict[str, Teller] = {}
    for event in (delivered.one, delivered.other)[way]:
        tellers.setdefault(event.customer_id, Teller(rules, event.customer_id)).take(event)
    return tellers


def outcomes_of(teller: Teller) -> dict[str, list[Figure]]:
    return {
        currency: sorted(figures_of(account), key=repr)
        for currency, account in sorted(teller.book.accounts.items())
    }


@given(deliveries(), timelines())
def test_a_review_under_other_rules_comes_to_what_a_replay_under_them_comes_to(
    delivered: Delivered, rules: RulesByDate
) -> None:
    replayed, otherwise = told(delivered, rules, 0), told(delivered, rules, 1)
    for customer, teller in told(delivered, Rules(), 0).items():
        before = encoded(copy.deepcopy(teller.book))
        outcomes = decide_again(teller.book, rules)
        assert encoded(teller.book) == before, "decide_again changed the book"
        assert not any(isinstance(outcome, Booked) for outcome in outcomes), "rules book nothing"
        for outcome in outcomes:
            evolve(teller.book, outcome)
        assert outcomes_of(teller) == outcomes_of(replayed[customer]) == outcomes_of(otherwise[customer])
        assert settled_figures(teller.book) == settled_figures(otherwise[customer].book)
        assert decide_again(teller.book, rules) == []
