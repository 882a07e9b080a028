"""What does not enter the books, and why."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.events import (
    KINDS,
    AdjustmentEvent,
    CustomerStatementEvent,
    OrderEvent,
    PaymentEvent,
    RefundEvent,
)
from domain.validation import AMOUNT_MINOR_MAX, Refusal, RefusalReason, parse_event

ALL = frozenset(KINDS)
DAY = dt.date(2026, 1, 5)


def order(**changes: object) -> dict[str, object]:
    value: dict[str, object] = {
        "event_id": "e-1",
        "event_type": "order.placed",
        "schema_version": 1,
        "source_system": "shop",
        "source_record_id": "o-1",
        "source_version": 1,
        "occurred_at": dt.datetime(2026, 1, 5, 9, 30, tzinfo=dt.UTC),
        "business_date": DAY,
        "customer_id": "C-1",
        "currency": "EUR",
        "amount_minor": 12100,
        "document_no": "INV-1001",
        "metadata": {},
    }
    return value | changes


def payment(**changes: object) -> dict[str, object]:
    return order(event_type="payment.settled", allocations=[]) | changes


def refund(**changes: object) -> dict[str, object]:
    return order(event_type="refund.settled") | changes


def adjustment(**changes: object) -> dict[str, object]:
    value = order(
        event_type="adjustment.posted",
        adjustment_id="A-1",
        adjustment_type="write_off",
        proposed_by="ann",
        approved_by="bob",
        reason="r",
        target_document_no="INV-1001",
        write_off_side="CREDIT",
        allocations=[],
    )
    return value | changes


LINE = {"line_no": 2, "document_no": "INV-1", "date": "2026-01-05", "debit_minor": 5, "credit_minor": 0}


def correction(**changes: object) -> dict[str, object]:
    about = {"statement_id": "S-1", "statement_version": 1, "line_no": 2, "corrected_line": LINE}
    kind = {"adjustment_type": "statement_line", "amount_minor": 0, "write_off_side": None}
    return adjustment(target_document_no=None, **kind, **about) | changes


def statement(**changes: object) -> dict[str, object]:
    value = order(
        event_type="customer_statement.received",
        statement_id="S-1",
        statement_version=1,
        period_start=DAY,
        period_end=DAY,
        opening_balance_minor=-5,
        closing_balance_minor=-5,
        total_debit_minor=7,
        total_credit_minor=7,
        line_count=2,
        amount_minor=-5,
        lines=[line(1), line(2, running_balance_minor=-5)],
    )
    return value | changes


def line(number: int, **changes: object) -> dict[str, object]:
    value = {"line_no": number, "document_no": "D", "date": DAY, "debit_minor": 7, "credit_minor": 7}
    return value | changes


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (order(), OrderEvent),
        (order(due_date=DAY), OrderEvent),
        (order(event_type="invoice.amended"), OrderEvent),
        (payment(), PaymentEvent),
        (payment(allocations=[{"document_no": "A", "amount_minor": 0}]), PaymentEvent),
        (refund(), RefundEvent),
        (refund(event_type="exchange.settled", price_difference_minor=-7), RefundEvent),
        (statement(), CustomerStatementEvent),
        (statement(lines=[]), CustomerStatementEvent),
    ],
)
def test_a_sound_event_enters_with_its_type(value: dict[str, object], kind: type) -> None:
    event = parse_event(value, ALL, b"C-1")
    assert type(event) is kind


@pytest.mark.parametrize("amount", [0, AMOUNT_MINOR_MAX])
def test_the_bounds_of_an_amount_are_legal(amount: int) -> None:
    assert isinstance(parse_event(order(amount_minor=amount), ALL, None), OrderEvent)


REFUSED = [
    (RefusalReason.UNKNOWN_EVENT_TYPE, order(event_type="order.eaten")),
    (RefusalReason.UNKNOWN_EVENT_TYPE, order(event_type="parcel.placed")),
    (RefusalReason.UNKNOWN_EVENT_TYPE, order(event_type=7)),
    (RefusalReason.UNKNOWN_EVENT_TYPE, {}),
    (RefusalReason.INVALID_FIELD, order(amount_minor="12")),
    (RefusalReason.INVALID_FIELD, order(business_date=None)),
    (RefusalReason.INVALID_FIELD, order(document_no="INV\0")),
    (RefusalReason.INVALID_FIELD, order(metadata={"a\0": "b"})),
    (RefusalReason.INVALID_FIELD, payment(allocations=[{"document_no": "\0", "amount_minor": 1}])),
    (RefusalReason.INVALID_FIELD, order(document_no=" ")),
    (RefusalReason.INVALID_FIELD, order(event_id="")),
    (RefusalReason.INVALID_FIELD, order(source_system="")),
    (RefusalReason.INVALID_FIELD, order(source_record_id="\t")),
    (RefusalReason.INVALID_FIELD, order(source_version=0)),
    (RefusalReason.MISSING_PARTY, order(customer_id=" ")),
    (RefusalReason.UNSUPPORTED_VERSION, order(schema_version=2)),
    (RefusalReason.UNKNOWN_CURRENCY, order(currency="EURO")),
    (RefusalReason.UNKNOWN_CURRENCY, order(currency="XAU")),
    (RefusalReason.AMOUNT_OUT_OF_RANGE, order(amount_minor=AMOUNT_MINOR_MAX + 1)),
    (RefusalReason.NEGATIVE_AMOUNT, order(amount_minor=-1)),
    (RefusalReason.NEGATIVE_AMOUNT, payment(allocations=[{"document_no": "A", "amount_minor": -1}])),
    (
        RefusalReason.AMOUNT_OUT_OF_RANGE,
        refund(event_type="exchange.settled", price_difference_minor=-AMOUNT_MINOR_MAX - 1),
    ),
    (RefusalReason.AMOUNT_OUT_OF_RANGE, statement(opening_balance_minor=-AMOUNT_MINOR_MAX - 1)),
    (RefusalReason.NEGATIVE_AMOUNT, statement(total_debit_minor=-1)),
    (RefusalReason.NEGATIVE_AMOUNT, statement(total_credit_minor=-1)),
    (RefusalReason.NEGATIVE_AMOUNT, statement(lines=[line(1, debit_minor=-1)])),
    (RefusalReason.NEGATIVE_AMOUNT, statement(lines=[line(1, credit_minor=-1)])),
    (
        RefusalReason.AMOUNT_OUT_OF_RANGE,
        statement(lines=[line(1, running_balance_minor=AMOUNT_MINOR_MAX + 1)]),
    ),
    (RefusalReason.DATE_OUT_OF_RANGE, order(business_date=dt.date(1969, 12, 31))),
    (RefusalReason.DATE_OUT_OF_RANGE, order(due_date=dt.date(2201, 1, 1))),
    (RefusalReason.DATE_OUT_OF_RANGE, statement(lines=[line(1, date=dt.date(1, 1, 1))])),
    (RefusalReason.DATE_OUT_OF_RANGE, statement(period_end=dt.date(9999, 1, 1))),
    (RefusalReason.INVALID_FIELD, statement(period_end=DAY - dt.timedelta(days=1))),
    (RefusalReason.INVALID_FIELD, statement(lines=[line(1), line(1)])),
    (RefusalReason.INVALID_FIELD, statement(statement_version=0)),
    (RefusalReason.INVALID_FIELD, statement(statement_id=" ")),
]


@pytest.mark.parametrize(("reason", "value"), REFUSED)
def test_an_unsound_event_is_refused_with_its_reason(reason: RefusalReason, value: dict[str, object]) -> None:
    refusal = parse_event(value, ALL, None)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is reason
    assert refusal.detail.endswith((".", "`"))


def test_a_refusal_names_the_event_and_the_customer_where_it_can() -> None:
    assert parse_event(order(currency="?"), ALL, None) == Refusal(
        RefusalReason.UNKNOWN_CURRENCY, "'?' is no ISO 4217 currency.", "e-1", "C-1"
    )
    refusal = parse_event(order(event_id=4, customer_id=None), ALL, None)
    assert isinstance(refusal, Refusal)
    assert (refusal.event_id, refusal.customer_id) == (None, None)


def test_a_topic_takes_only_its_own_kinds() -> None:
    refusal = parse_event(payment(), frozenset({"order", "invoice"}), None)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is RefusalReason.UNKNOWN_EVENT_TYPE


def test_the_key_of_the_record_must_be_the_customer() -> None:
    refusal = parse_event(order(), ALL, b"C-2")
    assert isinstance(refusal, Refusal)
    assert refusal.reason is RefusalReason.KEY_MISMATCH


def test_a_text_that_spells_an_escaped_nul_is_only_a_text() -> None:
    assert isinstance(parse_event(order(document_no="INV\\u0000"), ALL, None), OrderEvent)


def test_fields_that_no_contract_knows_are_no_error() -> None:
    assert isinstance(parse_event(order(colour="red"), ALL, None), OrderEvent)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"adjustment_type": "debit", "write_off_side": None, "target_document_no": None},
        {"adjustment_type": "reallocation", "amount_minor": 0, "write_off_side": None},
        {
            "adjustment_type": "unmatch",
            "amount_minor": 0,
            "write_off_side": None,
            "barred_document_no": "INV-1",
        },
    ],
)
def test_complete_adjustments_are_fit(changes: dict[str, object]) -> None:
    assert isinstance(parse_event(adjustment(**changes), ALL, b"C-1"), AdjustmentEvent)


@pytest.mark.parametrize("line", [LINE, LINE | {"running_balance_minor": -7}, None])
def test_complete_corrections_of_a_line_are_fit(line: object) -> None:
    event = parse_event(correction(corrected_line=line), ALL, b"C-1")
    assert isinstance(event, AdjustmentEvent)
    assert (event.corrected_line is None) == (line is None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"statement_id": None}, RefusalReason.INVALID_FIELD),
        ({"statement_version": None}, RefusalReason.INVALID_FIELD),
        ({"line_no": None}, RefusalReason.INVALID_FIELD),
        ({"line_no": 3}, RefusalReason.INVALID_FIELD),
        ({"amount_minor": 1}, RefusalReason.INVALID_FIELD),
        ({"write_off_side": "DEBIT"}, RefusalReason.INVALID_FIELD),
        ({"barred_document_no": "INV-1"}, RefusalReason.INVALID_FIELD),
        ({"corrected_line": LINE | {"document_no": " "}}, RefusalReason.INVALID_FIELD),
        ({"corrected_line": LINE | {"debit_minor": -1}}, RefusalReason.NEGATIVE_AMOUNT),
        ({"corrected_line": LINE | {"date": "1812-01-01"}}, RefusalReason.DATE_OUT_OF_RANGE),
        ({"adjustment_type": "debit", "amount_minor": 1}, RefusalReason.INVALID_FIELD),
    ],
)
def test_unfit_corrections_of_a_line(changes: dict[str, object], reason: RefusalReason) -> None:
    refusal = parse_event(correction(**changes), ALL, b"C-1")
    assert isinstance(refusal, Refusal)
    assert refusal.reason is reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"approved_by": "ann"}, RefusalReason.MAKER_IS_CHECKER),
        ({"approved_by": " Ann "}, RefusalReason.MAKER_IS_CHECKER),
        ({"proposed_by": " "}, RefusalReason.MAKER_IS_CHECKER),
        ({"approved_by": ""}, RefusalReason.INVALID_FIELD),
        ({"adjustment_id": " "}, RefusalReason.INVALID_FIELD),
        ({"amount_minor": 0}, RefusalReason.INVALID_FIELD),
        ({"target_document_no": None}, RefusalReason.INVALID_FIELD),
        ({"write_off_side": None}, RefusalReason.INVALID_FIELD),
        ({"barred_document_no": "INV-1"}, RefusalReason.INVALID_FIELD),
        ({"adjustment_type": "reallocation", "write_off_side": None}, RefusalReason.INVALID_FIELD),
        ({"adjustment_type": "gift"}, RefusalReason.INVALID_FIELD),
        ({"allocations": [{"document_no": "D", "amount_minor": -1}]}, RefusalReason.NEGATIVE_AMOUNT),
    ],
)
def test_unfit_adjustments(changes: dict[str, object], reason: RefusalReason) -> None:
    refusal = parse_event(adjustment(**changes), ALL, b"C-1")
    assert isinstance(refusal, Refusal)
    assert refusal.reason is reason


def test_only_adjustments_are_records_of_their_name() -> None:
    own = {"source_system": "tieout", "source_record_id": "adjustment/A-1"}
    assert isinstance(parse_event(adjustment(**own), ALL, b"C-1"), AdjustmentEvent)
    refusal = parse_event(payment(**own, event_type="payment.pending", source_version=2), ALL, b"C-1")
    assert isinstance(refusal, Refusal)
    assert refusal.reason is RefusalReason.INVALID_FIELD
    assert isinstance(parse_event(payment(source_system="tieout"), ALL, b"C-1"), PaymentEvent)
