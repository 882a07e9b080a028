"""Whose account it is, and in whose view: what is turned for suppliers, and what is not."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.discrepancies.explanations import SENTENCES, SUPPLIER_SENTENCES, explain
from domain.events import (
    AdjustmentEvent,
    AdjustmentType,
    CustomerStatementEvent,
    RefundEvent,
    Source,
    StatementLine,
)
from domain.facts import Fact, StatementFact, fact_of
from domain.ledger import Side, our_side_of
from domain.parties import Role, SupplierIdError, known_names, own_id, role_of, supplier_party, view_sign
from domain.wording import Wording

DAY = dt.date(2026, 1, 31)
SOURCE = Source("events", 0, 0)
ENVELOPE = {
    "event_id": "e-1",
    "source_system": "erp",
    "source_record_id": "r-1",
    "occurred_at": dt.datetime(2026, 1, 31, tzinfo=dt.UTC),
    "business_date": DAY,
    "currency": "EUR",
    "document_no": "D-1",
}


@pytest.mark.parametrize(
    ("party_id", "role", "number", "sign"),
    [
        ("C-1", Role.CUSTOMER, "C-1", 1),
        ("supplier:S-1", Role.SUPPLIER, "S-1", -1),
        ("supplier:客/2", Role.SUPPLIER, "客/2", -1),
        ("Supplier:S-1", Role.CUSTOMER, "Supplier:S-1", 1),
        ("supplier", Role.CUSTOMER, "supplier", 1),
        ("my supplier:S-1", Role.CUSTOMER, "my supplier:S-1", 1),
    ],
)
def test_the_role_is_in_the_id(party_id: str, role: Role, number: str, sign: int) -> None:
    assert (role_of(party_id), own_id(party_id), view_sign(party_id)) == (role, number, sign)


def test_a_suppliers_own_number_becomes_its_party_id() -> None:
    assert supplier_party("S-1") == "supplier:S-1"
    assert role_of(supplier_party("S-1")) is Role.SUPPLIER
    for wrong in ("", "  ", "supplier:S-1"):
        with pytest.raises(SupplierIdError, match="no supplier's own number"):
            supplier_party(wrong)


def test_a_text_may_call_a_supplier_by_its_own_number() -> None:
    assert known_names("supplier:S-1") == ("supplier:S-1", "S-1")
    assert known_names("C-1") == ("C-1",)


def test_a_side_is_turned_even_where_nothing_stands_on_it() -> None:
    assert [our_side_of(n, 1) for n in (5, 0, -5)] == [Side.DEBIT, Side.DEBIT, Side.CREDIT]
    assert [our_side_of(n, -1) for n in (5, 0, -5)] == [Side.CREDIT, Side.CREDIT, Side.DEBIT]


def test_signed_amounts_are_told_in_our_view_and_others_as_they_are() -> None:
    ours, mirrored = Wording.of("C-1", "EUR"), Wording.of("supplier:S-1", "EUR")
    assert (ours.signed(1250), mirrored.signed(1250), mirrored.amount(1250)) == (
        "12.50 EUR",
        "-12.50 EUR",
        "12.50 EUR",
    )
    assert (ours.side(1), ours.side(-1), mirrored.side(1), mirrored.side(-1)) == (
        "debit",
        "credit",
        "credit",
        "debit",
    )


def adjustment(party_id: str, **said: object) -> Fact:
    value = {"adjustment_id": "A-1", "proposed_by": "ann", "approved_by": "bob", "reason": "r", **said}
    value["adjustment_type"] = AdjustmentType(str(said["adjustment_type"]))
    event = AdjustmentEvent(
        **ENVELOPE,  # type: ignore[arg-type]
        event_type="adjustment.posted",
        customer_id=party_id,
        **value,  # type: ignore[arg-type]
    )
    fact = fact_of(event, SOURCE, ENVELOPE["occurred_at"])  # type: ignore[arg-type]
    assert isinstance(fact, Fact)
    return fact


@pytest.mark.parametrize(
    ("said", "signed_minor"),
    [
        ({"adjustment_type": "debit", "amount_minor": 70}, 70),
        ({"adjustment_type": "credit", "amount_minor": 70}, -70),
        ({"adjustment_type": "write_off", "amount_minor": 70, "write_off_side": "CREDIT"}, -70),
        ({"adjustment_type": "write_off", "amount_minor": 70, "write_off_side": "DEBIT"}, 70),
    ],
)
def test_what_people_book_is_said_in_our_view(said: dict[str, object], signed_minor: int) -> None:
    assert adjustment("C-1", **said).signed_minor == signed_minor
    assert adjustment("supplier:S-1", **said).signed_minor == -signed_minor


def test_a_statement_of_a_supplier_is_turned_and_a_customers_is_as_it_came() -> None:
    line = StatementLine(
        line_no=1, document_no="R-1", date=DAY, debit_minor=0, credit_minor=500, running_balance_minor=-700
    )
    bare = StatementLine(line_no=2, document_no="R-2", date=DAY, debit_minor=30, credit_minor=0)
    for party_id, sign in (("C-1", 1), ("supplier:S-1", -1)):
        event = CustomerStatementEvent(
            **ENVELOPE,  # type: ignore[arg-type]
            event_type="customer_statement.received",
            customer_id=party_id,
            amount_minor=-670,
            statement_id="S",
            statement_version=1,
            period_start=DAY,
            period_end=DAY,
            opening_balance_minor=-200,
            closing_balance_minor=-670,
            total_debit_minor=30,
            total_credit_minor=500,
            line_count=2,
            lines=(line, bare),
        )
        fact = fact_of(event, SOURCE, ENVELOPE["occurred_at"])  # type: ignore[arg-type]
        assert isinstance(fact, StatementFact)
        assert (fact.opening_minor, fact.closing_minor) == (-200 * sign, -670 * sign)
        totals = (fact.total_debit_minor, fact.total_credit_minor)
        assert totals == ((30, 500) if sign > 0 else (500, 30))
        assert [one.debit_minor - one.credit_minor for one in fact.lines] == [-500 * sign, 30 * sign]
        assert [one.running_balance_minor for one in fact.lines] == [-700 * sign, None]


def test_a_corrected_line_of_a_supplier_is_turned() -> None:
    said = {
        "adjustment_type": "statement_line",
        "amount_minor": 0,
        "statement_id": "S",
        "statement_version": 1,
        "line_no": 1,
    }
    line = StatementLine(line_no=1, document_no="R-1", date=DAY, debit_minor=0, credit_minor=500)
    for party_id, debit in (("C-1", 0), ("supplier:S-1", 500)):
        correction = adjustment(party_id, **said, corrected_line=line).correction
        assert correction is not None
        assert correction.line is not None
        assert correction.line.debit_minor == debit
        struck = adjustment(party_id, **said).correction
        assert struck is not None
        assert struck.line is None


@pytest.mark.parametrize("party_id", ["C-1", "supplier:S-1"])
def test_an_exchange_for_something_dearer_raises_the_bill_whoever_sends_it(party_id: str) -> None:
    event = RefundEvent(
        **ENVELOPE,  # type: ignore[arg-type]
        event_type="exchange.settled",
        customer_id=party_id,
        amount_minor=40,
        price_difference_minor=40,
    )
    fact = fact_of(event, SOURCE, ENVELOPE["occurred_at"])  # type: ignore[arg-type]
    assert isinstance(fact, Fact)
    assert fact.signed_minor == 40


def test_suppliers_have_their_own_words_only_where_they_are_others() -> None:
    assert SUPPLIER_SENTENCES.keys() < SENTENCES.keys()
    said = {"document": "R-1", "amount": "121.00 EUR", "received": "120.50 EUR", "open": "0.50 EUR"}
    assert explain("paid_short", said) == "R-1 of 121.00 EUR received 120.50 EUR; 0.50 EUR is still open."
    assert (
        explain("paid_short", said, Role.SUPPLIER)
        == "We paid 120.50 EUR on R-1 of 121.00 EUR; 0.50 EUR is still to be paid."
    )
    assert explain("matched", {}, Role.SUPPLIER) == explain("matched", {}) == "Both sides agree."
    for reason, sentence in SUPPLIER_SENTENCES.items():
        assert sentence != SENTENCES[reason]
        assert "customer" not in sentence
