"""Lines of canonical JSON: what becomes a record, what is an error, and that nothing is lost or rounded."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.catalog import todays_parsed
from schemas.codec import Codec
from schemas.registry import FingerprintRegistry
from services.imports.canonical import (
    INT32_FIELDS,
    LineError,
    LineReason,
    Outgoing,
    read_event,
    read_line,
)

ORDER: dict[str, Any] = {
    "event_id": "e-1",
    "event_type": "order.placed",
    "schema_version": 1,
    "source_system": "shop",
    "source_record_id": "order/SO-1001",
    "source_version": 1,
    "occurred_at": "2026-01-05T09:30:00Z",
    "business_date": "2026-01-05",
    "customer_id": "C-1",
    "currency": "EUR",
    "amount_minor": 12100,
    "document_no": "INV-1001",
    "correlation_id": "SO-1001",
    "causation_id": None,
    "metadata": {},
    "order_id": "SO-1001",
    "invoice_no": "INV-1001",
    "due_date": "2026-02-04",
    "net_minor": 10000,
    "tax_minor": 2100,
    "gross_minor": 12100,
    "lines": [{"sku": "A", "quantity": 4, "unit_price": "25.00", "tax_minor": 2100, "total_minor": 12100}],
}
PAYMENT: dict[str, Any] = {
    **{name: ORDER[name] for name in ("schema_version", "source_version", "customer_id", "currency")},
    "event_id": "e-2",
    "event_type": "payment.settled",
    "source_system": "bank",
    "source_record_id": "payment/P-77",
    "occurred_at": "2026-01-20T11:00:00Z",
    "business_date": "2026-01-20",
    "amount_minor": 12050,
    "document_no": "P-77",
    "payment_id": "P-77",
    "remittance_text": "inv 1001 less 0.50",
    "allocations": [],
}
STATEMENT: dict[str, Any] = {
    **PAYMENT,
    "event_id": "e-3",
    "event_type": "customer_statement.received",
    "source_record_id": "statement/S-1",
    "document_no": "S-1",
    "statement_id": "S-1",
    "statement_version": 1,
    "period_start": "2026-01-01",
    "period_end": "2026-01-31",
    "opening_balance_minor": 0,
    "closing_balance_minor": -5,
    "total_debit_minor": 0,
    "total_credit_minor": 5,
    "line_count": 1,
    "lines": [{"line_no": 1, "document_no": "X", "date": "2026-01-05", "debit_minor": 0, "credit_minor": 5}],
}
for _gone in ("payment_id", "remittance_text", "allocations"):
    del STATEMENT[_gone]


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec(FingerprintRegistry())


def line(event: object) -> bytes:
    return json.dumps(event).encode()


def accepted(event: object) -> Outgoing:
    read = read_line(1, line(event))
    assert isinstance(read, Outgoing), read
    return read


def refused(event: object) -> LineError:
    read = read_line(7, event if isinstance(event, bytes) else line(event))
    assert isinstance(read, LineError), read
    assert read.line_no == 7
    assert read.excerpt
    return read


@pytest.mark.parametrize(
    ("event", "topic"),
    [
        (ORDER, "tieout.orders"),
        ({**ORDER, "event_type": "invoice.cancelled"}, "tieout.orders"),
        (PAYMENT, "tieout.payments"),
        ({**PAYMENT, "event_type": "credit_note.settled"}, "tieout.refunds"),
        ({**PAYMENT, "event_type": "exchange.requested"}, "tieout.refunds"),
        (STATEMENT, "tieout.customer-statements"),
    ],
)
def test_an_event_goes_to_its_topic_and_survives_the_wire(
    event: dict[str, Any], topic: str, codec: Codec
) -> None:
    read = accepted(event)
    assert (read.topic.name, read.key) == (topic, b"C-1")
    assert read.topic.schema is not None
    back = codec.decode(read.topic.schema, codec.encode(read.topic.schema, read.value))
    assert back["occurred_at"] == dt.datetime.fromisoformat(event["occurred_at"])
    assert back["business_date"] == dt.date.fromisoformat(event["business_date"])
    assert back["amount_minor"] == event["amount_minor"]
    assert back == {**read.value, **{k: list(v) for k, v in read.value.items() if isinstance(v, tuple)}}


@pytest.mark.parametrize("lines", [None, []])
def test_containers_may_be_null_or_empty_or_absent(lines: object) -> None:
    without = {name: value for name, value in ORDER.items() if name not in ("lines", "metadata")}
    assert accepted(without).value["lines"] == ()
    assert accepted({**ORDER, "lines": lines, "metadata": None}).value["lines"] == ()
    assert accepted({**PAYMENT, "allocations": None}).value["allocations"] == ()


def test_unknown_fields_go_to_metadata_as_text() -> None:
    event = {
        **ORDER,
        "channel": "web",
        "priority": 3,
        "tags": ["a", {"b": None}],
        "metadata": {"channel": "kept", "n": 5},
        "lines": [{"sku": "A", "quantity": "1", "unit_price": "2", "colour": "red"}],
    }
    assert accepted(event).value["metadata"] == {
        "channel": "kept",
        "field:channel": "web",
        "n": "5",
        "priority": "3",
        "tags": '["a",{"b":null}]',
        "lines.0.colour": "red",
    }


def test_decimals_written_as_numbers_keep_their_digits() -> None:
    raw = line({**ORDER, "lines": [{"sku": "A", "quantity": 4, "unit_price": "@"}], "rate": "@"})
    read = read_line(1, raw.replace(b'"@"', b"0.10000000000000000000000000001"))
    assert isinstance(read, Outgoing)
    assert read.value["lines"][0]["quantity"] == "4"
    assert read.value["lines"][0]["unit_price"] == "0.10000000000000000000000000001"
    assert read.value["metadata"]["rate"] == "0.10000000000000000000000000001"


def test_a_huge_exponent_is_not_written_out() -> None:
    raw = line({**ORDER, "lines": [{"sku": "A", "quantity": "@", "unit_price": "1"}]})
    read = read_line(1, raw.replace(b'"@"', b"1e999999999"))
    assert isinstance(read, Outgoing)
    assert len(read.value["lines"][0]["quantity"]) < 20


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-05T09:30:00", dt.datetime(2026, 1, 5, 9, 30, tzinfo=dt.UTC)),
        ("2026-01-05T09:30:00+08:00", dt.datetime(2026, 1, 5, 1, 30, tzinfo=dt.UTC)),
        ("2026-01-05T09:30:00.123456Z", dt.datetime(2026, 1, 5, 9, 30, 0, 123456, tzinfo=dt.UTC)),
    ],
)
def test_instants_become_utc(text: str, utc: dt.datetime) -> None:
    assert accepted({**ORDER, "occurred_at": text}).value["occurred_at"] == utc


@pytest.mark.parametrize(
    "change",
    [
        {"currency": "???"},
        {"currency": ""},
        {"amount_minor": -1},
        {"amount_minor": 2**63 - 1},
        {"customer_id": ""},
        {"source_version": 0},
    ],
)
def test_what_makes_no_sense_is_sent_all_the_same(change: dict[str, Any], codec: Codec) -> None:
    """Sense is judged behind the topic, where a refused event is kept as a dead letter."""
    read = accepted({**ORDER, **change})
    assert codec.encode("order", read.value)
    assert read.key == read.value["customer_id"].encode()


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (b"{", LineReason.NOT_JSON),
        (b"\xff\xfe", LineReason.NOT_JSON),
        (b'{"a":"\\ud800"}', LineReason.NOT_JSON),
        (b"[" * 100_000, LineReason.NOT_JSON),
        ([ORDER], LineReason.NOT_AN_OBJECT),
        (b"null", LineReason.NOT_AN_OBJECT),
        ({**ORDER, "event_type": "order.teleported"}, LineReason.UNKNOWN_EVENT_TYPE),
        ({**ORDER, "event_type": "parcel.placed"}, LineReason.UNKNOWN_EVENT_TYPE),
        ({**ORDER, "event_type": 5}, LineReason.UNKNOWN_EVENT_TYPE),
        ({**ORDER, "customer_id": None}, LineReason.MISSING_FIELD),
        ({k: v for k, v in ORDER.items() if k != "amount_minor"}, LineReason.MISSING_FIELD),
        ({**ORDER, "amount_minor": "12100"}, LineReason.WRONG_TYPE),
        ({**ORDER, "amount_minor": 121.0}, LineReason.WRONG_TYPE),
        ({**ORDER, "amount_minor": True}, LineReason.WRONG_TYPE),
        ({**ORDER, "lines": {"sku": "A"}}, LineReason.WRONG_TYPE),
        ({**ORDER, "lines": [5]}, LineReason.WRONG_TYPE),
        ({**ORDER, "lines": [{"sku": "A"}]}, LineReason.WRONG_TYPE),
        ({**ORDER, "metadata": [1]}, LineReason.WRONG_TYPE),
        ({**ORDER, "business_date": "2026-02-30"}, LineReason.BAD_DATE),
        ({**ORDER, "occurred_at": "yesterday"}, LineReason.BAD_DATE),
        ({**ORDER, "occurred_at": "0001-01-01T00:00:00+05:00"}, LineReason.BAD_DATE),
        ({**ORDER, "amount_minor": 2**63}, LineReason.NOT_ENCODABLE),
        ({**ORDER, "source_version": 2**31}, LineReason.NOT_ENCODABLE),
        (
            {**STATEMENT, "lines": [{**STATEMENT["lines"][0], "line_no": -(2**31) - 1}]},
            LineReason.NOT_ENCODABLE,
        ),
    ],
)
def test_what_cannot_be_a_record_is_an_error_of_its_line(event: object, reason: LineReason) -> None:
    assert refused(event).reason == reason


def test_an_error_names_the_field() -> None:
    assert "customer_id" in refused({**ORDER, "customer_id": None}).detail
    assert "$.lines[0]" in refused({**ORDER, "lines": [{"sku": "A"}]}).detail


def test_an_excerpt_is_short_and_printable() -> None:
    excerpt = refused(b"\x1b[31m" + b"x" * 1000).excerpt
    assert len(excerpt) <= 120
    assert "\x1b" not in excerpt


def test_the_32_bit_fields_are_those_of_the_contracts() -> None:
    def ints(schema: Any, name: str = "") -> set[str]:
        if isinstance(schema, list):
            return set().union(*(ints(branch, name) for branch in schema))
        if not isinstance(schema, dict):
            return {name} if schema == "int" else set()
        if schema["type"] == "record":
            return set().union(*(ints(field["type"], field["name"]) for field in schema["fields"]))
        if schema["type"] == "array":
            return ints(schema["items"], name)
        return {name} if schema["type"] == "int" and "logicalType" not in schema else set()

    found = {f for s in ("order", "payment", "refund", "customer_statement") for f in ints(todays_parsed(s))}
    assert found == INT32_FIELDS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("a0-.é中\x00", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("a0-.é中\x00", max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*ORDER, *STATEMENT, "unheard_of"]), JSON, max_size=4), st.booleans())
def test_whatever_comes_in_is_a_record_or_an_error(changes: dict[str, Any], statement: bool) -> None:
    read = read_event(1, {**(STATEMENT if statement else ORDER), **changes})
    if isinstance(read, Outgoing):
        assert read.topic.schema is not None
        Codec(FingerprintRegistry()).encode(read.topic.schema, read.value)


@given(st.binary(max_size=200))
def test_no_bytes_raise(raw: bytes) -> None:
    assert isinstance(read_line(1, raw), LineError)
