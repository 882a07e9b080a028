"""The simulated world: repeatable, balanced, with every kind of mistake, and right about its answers."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import random
import subprocess
import sys
from collections import Counter, defaultdict
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.books import Book, new_book
from domain.decide import decide, evolve
from domain.events import KINDS, Source
from domain.outcomes import Refused
from domain.rules import Rules
from domain.validation import Refusal, parse_event
from services.imports.canonical import Outgoing, read_event
from services.imports.master import CUSTOMERS
from services.simulator.days import FIRST_NUMBER, Numbers, Window, working_day
from services.simulator.own_mistakes import OWN_MISTAKES
from services.simulator.remittance import text_for
from services.simulator.score import Expected, score
from services.simulator.simulation import Simulation
from services.simulator.statement_mistakes import STATEMENT_MISTAKES

START = dt.date(2026, 1, 1)
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def digest(events: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(list(events))).hexdigest()


def naive_balances(events: list[dict[str, Any]]) -> dict[tuple[str, str], int]:
    """An auditor who knows nothing of how the events were made: the newest version of each record counts."""
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for event in events:
        kind, life = event["event_type"].split(".")
        if life == "fulfilled" or kind == "customer_statement":
            continue
        key = (event["source_system"], event["source_record_id"])
        if key not in newest or newest[key]["source_version"] < event["source_version"]:
            newest[key] = event
    balances: dict[tuple[str, str], int] = defaultdict(int)
    for event in newest.values():
        kind, life = event["event_type"].split(".")
        debit = kind == "refund" or (kind == "order" and life in ("placed", "amended"))
        credit = life == "settled" and kind in ("payment", "credit_note", "return")
        signed = event["amount_minor"] * (debit - credit)
        if event["customer_id"].startswith("supplier:"):  # a purchase is what we owe
            signed = -signed
        balances[event["customer_id"], event["currency"]] += signed
    return dict(balances)


def without_zeros(balances: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    return {account: amount for account, amount in balances.items() if amount}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 25), st.integers(1, 100), st.dates(START, dt.date(2027, 1, 1)))
def test_the_balances_are_those_of_a_naive_sum(seed: int, customers: int, days: int, start: dt.date) -> None:
    simulation = Simulation(seed, customers, days, start)
    events = list(simulation.events(shuffle=True))
    assert without_zeros(naive_balances(events)) == without_zeros(simulation.expected_balances())


def test_suppliers_join_without_changing_what_customers_do() -> None:
    alone, together = Simulation(5, 20, 40), Simulation(5, 20, 40, suppliers=8)
    known = {row["customer_id"] for row in together.suppliers()}
    assert len(known) == 8
    assert together.customers() == alone.customers()
    of_customers = [item for item in together.expected_discrepancies() if item.customer_id not in known]
    assert of_customers == alone.expected_discrepancies()
    balances = together.expected_balances()
    assert {k: v for k, v in balances.items() if k[0] not in known} == alone.expected_balances()
    assert without_zeros(naive_balances(list(together.events()))) == without_zeros(balances)
    owed = [minor for (party, _), minor in balances.items() if party in known and minor]
    assert owed
    assert sum(minor < 0 for minor in owed) > len(owed) // 2


@pytest.mark.no_cover
def test_what_is_wrong_with_suppliers_is_found_too() -> None:
    """I9 for accounts payable."""
    simulation = Simulation(9, 2, 60, suppliers=40)
    expected = simulation.expected_discrepancies()
    result = score(found_by_the_domain(list(simulation.events(shuffle=True))), expected)
    assert (list(result.spurious), list(result.missed)) == ([], [])
    assert len([one for one in expected if one.customer_id.startswith("supplier:")]) > 10


def test_a_simulation_is_the_same_in_every_process() -> None:
    program = (
        "import hashlib, msgspec\n"
        "from services.simulator.simulation import Simulation\n"
        "events = list(Simulation(11, 20, 40).events())\n"
        "print(hashlib.sha256(msgspec.json.encode(events)).hexdigest())"
    )
    ours = digest(Simulation(11, 20, 40).events())
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == ours
    assert digest(Simulation(12, 20, 40).events()) != ours


def test_shuffling_keeps_the_events_and_the_answers() -> None:
    simulation = Simulation(3, 15, 60)
    ordered, shuffled = list(simulation.events()), list(simulation.events(shuffle=True))
    assert ordered != shuffled
    assert Counter(map(msgspec.json.encode, ordered)) == Counter(map(msgspec.json.encode, shuffled))


def test_the_usual_scale() -> None:
    simulation = Simulation(1, 500, 60)
    events = list(simulation.events())
    assert 15_000 <= len(events) <= 25_000
    assert len({event["customer_id"] for event in events}) > 450
    redelivered = len(events) - len({event["event_id"] for event in events})
    assert 0.01 < redelivered / len(events) < 0.04
    by_customer = Counter(event["customer_id"] for event in events).most_common()
    assert by_customer[0][1] > 8 * by_customer[250][1]  # few big ones, a long tail
    weekdays = Counter(
        dt.date.fromisoformat(e["business_date"]).weekday()
        for e in events
        if e["event_type"] == "order.placed"
    )
    assert weekdays[6] * 4 < weekdays[1]


def test_arrival_differs_from_what_happened() -> None:
    events = list(Simulation(1, 60, 60).events())
    moments = [event["occurred_at"] for event in events]
    assert moments != sorted(moments)
    first: dict[str, str] = {}
    for event in events:
        first.setdefault(event["source_record_id"], event["event_type"])
    assert "payment.charged_back" in first.values() or "order.cancelled" in first.values()


def test_every_event_is_canonical_and_fit_for_the_books() -> None:
    for position, event in enumerate(Simulation(4, 40, 60).events()):
        read = read_event(position, event)
        assert isinstance(read, Outgoing), read
        assert read.value["metadata"] == {}, "a field that the contract does not know"
        parsed = parse_event(read.value, frozenset(KINDS), read.key)
        assert not isinstance(parsed, Refusal), parsed


def test_order_lines_add_up() -> None:
    for event in Simulation(4, 40, 60).events():
        if event["event_type"] in ("order.placed", "order.amended"):
            assert sum(line["total_minor"] for line in event["lines"]) == event["net_minor"]
            assert sum(line["tax_minor"] for line in event["lines"]) == event["tax_minor"]
            assert event["net_minor"] + event["tax_minor"] == event["gross_minor"] == event["amount_minor"]


def test_master_data_cover_both_languages() -> None:
    customers = Simulation(4, 40, 10).customers()
    assert {row["language"] for row in customers} == {"zh", "en"}
    assert all(CUSTOMERS.headings.keys() >= row.keys() >= set(CUSTOMERS.mandatory) for row in customers)
    assert len({row["customer_id"] for row in customers}) == 40


def found_by_the_domain(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    books: dict[str, Book] = {}
    for position, event in enumerate(events):
        read = read_event(position, event)
        assert isinstance(read, Outgoing)
        parsed = parse_event(read.value, frozenset(KINDS), read.key)
        assert not isinstance(parsed, Refusal)
        book = books.setdefault(parsed.customer_id, new_book(parsed.customer_id))
        for outcome in decide(book, parsed, Source(read.topic.name, 0, position), NOW, Rules()):
            assert not isinstance(outcome, Refused), outcome
            evolve(book, outcome)
    return [
        {
            "kind": held.kind,
            "customer_id": book.customer_id,
            "currency": currency,
            "amount_minor": held.amount_minor,
            "document_no": held.document_no,
            "statement_id": held.statement_id,
            "line_no": held.line_no,
        }
        for book in books.values()
        for currency, account in book.accounts.items()
        for held in account.findings.values()
    ]


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("seed", "customers", "days", "shuffle"),
    [(0, 40, 60, True), (1, 30, 95, False), (2, 60, 20, True), (12, 40, 60, True), (19, 25, 95, False)],
)
def test_the_rules_find_the_answers_and_nothing_else(
    seed: int, customers: int, days: int, shuffle: bool
) -> None:
    """I9: two implementations that share no code agree on every discrepancy, to the minor unit."""
    simulation = Simulation(seed, customers, days, START + dt.timedelta(days=seed * 13 % 40))
    result = score(
        found_by_the_domain(list(simulation.events(shuffle=shuffle))), simulation.expected_discrepancies()
    )
    assert not result.spurious
    assert not result.missed
    assert result.right > 10


def test_a_big_simulation_has_every_kind_of_mistake() -> None:
    kinds = Counter(item.kind for item in Simulation(1, 300, 60).expected_discrepancies())
    assert set(kinds) == {
        "CURRENCY_MISMATCH", "DUPLICATE", "UNKNOWN_REFERENCE", "OVERPAYMENT", "SHORT_PAYMENT",
        "REFUND_EXCEEDS_PAYMENT", "PAYMENT_ON_CANCELLED", "AMOUNT_MISMATCH", "MISSING_IN_LEDGER",
        "MISSING_IN_STATEMENT", "OPENING_BALANCE_BREAK", "CLOSING_BALANCE_BREAK", "STATEMENT_ARITHMETIC",
        "REFERENCE_MISMATCH", "DATE_MISMATCH", "TIMING",
    }  # fmt: skip
    because = {item.because for item in Simulation(1, 300, 60).expected_discrepancies()}
    assert {mistake.__name__ for mistake in OWN_MISTAKES} <= because
    assert len(STATEMENT_MISTAKES) == 12


def test_most_customers_have_nothing_to_find() -> None:
    simulation = Simulation(1, 300, 60)
    concerned = {item.customer_id for item in simulation.expected_discrepancies()}
    assert 60 < len(concerned) < 180


def test_live_events_go_on_where_the_history_ends() -> None:
    simulation = Simulation(5, 30, 30)
    balances = simulation.expected_balances()
    history = {event["event_id"] for event in simulation.events()}
    live = list(itertools.islice(simulation.live_events(rate=5), 3000))
    assert len({event["event_id"] for event in live} | history) == len(history) + 3000
    moments = [event["occurred_at"] for event in live]
    assert moments == sorted(moments)
    assert moments[0] == "2026-01-31T08:00:00Z"
    assert moments[-1] == "2026-01-31T08:09:59Z"
    assert {e["event_type"] for e in live} >= {"order.placed", "payment.settled", "refund.settled"}
    assert simulation.expected_balances() == balances
    assert list(itertools.islice(simulation.live_events(rate=5), 100)) == live[:100]
    later = simulation.live_events(rate=5, start_at=dt.datetime(2026, 1, 31, 8, 10, tzinfo=dt.UTC))
    assert not {e["event_id"] for e in itertools.islice(later, 500)} & {e["event_id"] for e in live}
    for position, event in enumerate(live):
        assert isinstance(read_event(position, event), Outgoing)
    with pytest.raises(ValueError, match="rate"):
        next(simulation.live_events(rate=0))


def test_live_events_begin_when_they_are_told_to() -> None:
    begin = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    first = next(Simulation(5, 30, 30).live_events(rate=5, start_at=begin))
    assert (first["occurred_at"], first["business_date"]) == ("2026-03-01T12:00:00Z", "2026-03-01")


@pytest.mark.parametrize(
    ("start", "days", "periods"),
    [
        (dt.date(2026, 1, 1), 60, [("2026-01-01", "2026-01-31"), ("2026-02-01", "2026-02-28")]),
        (dt.date(2026, 1, 15), 20, [("2026-01-15", "2026-01-31")]),
        (dt.date(2026, 1, 5), 7, [("2026-01-05", "2026-01-11")]),
    ],
)
def test_periods(start: dt.date, days: int, periods: list[tuple[str, str]]) -> None:
    found = [(p.start.isoformat(), p.end.isoformat()) for p in Window.of(start, days).periods()]
    assert found == periods


def test_banks_rest_on_weekends() -> None:
    assert working_day(dt.date(2026, 1, 3)) == working_day(dt.date(2026, 1, 4)) == dt.date(2026, 1, 5)
    assert working_day(dt.date(2026, 1, 2)) == dt.date(2026, 1, 2)


def test_numbers_are_never_given_twice() -> None:
    numbers = Numbers(START, per_day=3)
    days = [START + dt.timedelta(days=n) for n in (0, 0, 1, 0, 0, 0, 1)]
    given_out = [numbers.of(day) for day in days] + [numbers.unknown() for _ in range(3)]
    assert len(set(given_out)) == len(given_out)
    assert given_out[:3] == [FIRST_NUMBER, FIRST_NUMBER + 1, FIRST_NUMBER + 3]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_remittance_texts_name_all_numbers_and_no_other(language: str) -> None:
    for count in range(4):
        numbers = [f"INV-{100_500 + n}" for n in range(count)]
        for seed in range(30):
            text = text_for(random.Random(seed), language, numbers)
            digits = "".join(c if c.isdigit() else " " for c in text).split()
            assert digits == [number[4:] for number in numbers]


def test_score_counts_right_missed_and_spurious() -> None:
    wanted = [
        Expected("SHORT_PAYMENT", "C", "EUR", 5, document_no="INV-1"),
        Expected("AMOUNT_MISMATCH", "C", "EUR", 5, statement_id="S", line_no=2),
        Expected("MISSING_IN_STATEMENT", "C", "EUR", 5, statement_id="S", document_no="INV-1"),
        Expected("CLOSING_BALANCE_BREAK", "C", "EUR", 5, statement_id="S"),
    ]
    rows = [{**msgspec.to_builtins(item), "document_no": item.document_no} for item in wanted]
    rows[1]["document_no"] = "as they write it"  # a line is one subject, whatever number it shows
    assert score(rows, wanted).perfect
    assert (score(rows, wanted).precision, score(rows, wanted).recall) == (1, 1)

    wrong_amount = score([{**rows[0], "amount_minor": 6}, *rows[1:]], wanted)
    assert (wrong_amount.precision, wrong_amount.recall) == (Fraction(3, 4), Fraction(3, 4))
    twice = score([*rows, rows[3]], wanted)
    assert (twice.precision, twice.recall) == (Fraction(4, 5), 1)
    wrong_subject = score([*rows[:2], {**rows[2], "document_no": "INV-2"}, rows[3]], wanted)
    assert [item.kind for item in wrong_subject.missed] == ["MISSING_IN_STATEMENT"]
    assert score([], []).precision == score([], []).recall == 1
    assert score([], wanted).recall == 0


def test_an_empty_world_is_refused() -> None:
    for customers, days in ((0, 5), (5, 0)):
        with pytest.raises(ValueError, match="at least one"):
            Simulation(1, customers, days)
