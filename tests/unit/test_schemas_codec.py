from __future__ import annotations

import datetime as dt
import functools
import io
import json
import random
from typing import Any

import fastavro
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas import catalog
from schemas.codec import HEADER_BYTES, Codec, frame, schema_id_in
from schemas.errors import (
    NoSuchSchema,
    NotFramed,
    RegistryUnavailable,
    SchemaRefused,
    Undecodable,
    Unencodable,
    UnknownSchema,
    WireError,
    WrongSchema,
)
from schemas.registry import FingerprintRegistry
from tests.unit.schema_records import records

NAMES = sorted({known.name for known in catalog.contracts()})
NOON = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)
BALANCE: dict[str, Any] = {
    "customer_id": "C-1",
    "currency": "EUR",
    "account_version": 3,
    "balance_minor": -50,
    "entry_count": 2,
    "open_discrepancies": 1,
    "last_business_date": dt.date(2026, 1, 5),
    "event_id": "e-1",
    "occurred_at": NOON,
}
ORDER: dict[str, Any] = {
    "event_id": "e-1",
    "event_type": "order.placed",
    "schema_version": 1,
    "source_system": "shop",
    "source_record_id": "order/SO-1",
    "source_version": 1,
    "occurred_at": NOON,
    "business_date": dt.date(2026, 1, 5),
    "customer_id": "C-1",
    "currency": "EUR",
    "amount_minor": 12100,
    "document_no": "INV-1",
    "lines": [{"sku": "A", "quantity": "1", "unit_price": "121.00"}],
}


class TableRegistry:
    """A registry of the test's own: ids are given, questions are counted."""

    def __init__(self, schemas: dict[int, str]) -> None:
        self.schemas = schemas
        self.asked: list[int] = []

    def id_of(self, subject: str, schema_json: str) -> int:
        for schema_id, text in self.schemas.items():
            if text == schema_json:
                return schema_id
        raise SchemaRefused(subject, "not in the table")

    def schema_of(self, schema_id: int) -> str | None:
        self.asked.append(schema_id)
        return self.schemas.get(schema_id)


def today(name: str) -> str:
    return catalog.todays(name).schema_json


def changed(name: str, /, **attributes: Any) -> str:
    """Today's contract with some attributes of the record replaced."""
    return json.dumps(json.loads(today(name)) | attributes)


def body(text: str, value: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, catalog.parse(text), value)
    return stream.getvalue()


@functools.cache
def warm_codec() -> Codec:
    """One codec for all examples of a property, as one process has one."""
    return Codec(FingerprintRegistry())


@pytest.fixture
def codec() -> Codec:
    return Codec(FingerprintRegistry())


def test_the_header_is_the_one_of_schema_registries() -> None:
    data = Codec(TableRegistry({258: today("balance")})).encode("balance", BALANCE)

    assert data[:HEADER_BYTES] == b"\x00\x00\x00\x01\x02" == frame(258)
    assert data[HEADER_BYTES:] == body(today("balance"), BALANCE)
    assert schema_id_in(data) == 258


@pytest.mark.parametrize("data", [None, b"", b"\x00\x00\x00\x01", b"\x01\x00\x00\x00\x01"])
def test_a_value_without_header_has_no_schema_id(data: bytes | None) -> None:
    assert schema_id_in(data) is None


def test_what_is_written_is_read_back(codec: Codec) -> None:
    assert codec.decode("balance", codec.encode("balance", BALANCE)) == BALANCE


def test_absent_fields_stand_at_their_defaults(codec: Codec) -> None:
    record = codec.decode("order", codec.encode("order", ORDER))

    assert {name: record[name] for name in ORDER if name != "lines"} == {
        name: value for name, value in ORDER.items() if name != "lines"
    }
    assert record["metadata"] == {}
    assert record["due_date"] is None
    assert record["lines"] == [
        ORDER["lines"][0] | {"tax_minor": None, "total_minor": None, "description": None}
    ]


def test_instants_come_back_in_utc(codec: Codec) -> None:
    shanghai = NOON.astimezone(dt.timezone(dt.timedelta(hours=8)))

    read = codec.decode("balance", codec.encode("balance", BALANCE | {"occurred_at": shanghai}))

    assert read["occurred_at"] == NOON
    assert read["occurred_at"].utcoffset() == dt.timedelta(0)


def test_a_batch_is_encoded_in_order_and_whole_or_not_at_all(codec: Codec) -> None:
    other = BALANCE | {"customer_id": "C-2"}

    assert codec.encode_batch("balance", [BALANCE, other]) == [
        codec.encode("balance", BALANCE),
        codec.encode("balance", other),
    ]
    with pytest.raises(Unencodable):
        codec.encode_batch("balance", [BALANCE, {}])


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"balance_minor": 1.5}, "balance_minor: 1.5 is no 64-bit integer"),
        ({"balance_minor": True}, "balance_minor: True is no 64-bit integer"),
        ({"balance_minor": 2**63}, "OverflowError"),
        ({"balance_minor": "12"}, "TypeError"),
        ({"balance_minor": None}, "TypeError"),
        ({"open_discrepancies": 2**31}, "open_discrepancies: 2147483648 is no 32-bit integer"),
        ({"customer_id": 5}, "TypeError"),
        ({"customer_id": None}, "TypeError"),
        ({"customer_id": b"C-1"}, "TypeError"),
        ({"customer_id": "\ud800"}, "UnicodeEncodeError"),
        ({"last_business_date": NOON}, "is no date"),
        ({"last_business_date": "2026-01-05"}, "is no date"),
        ({"occurred_at": NOON.replace(tzinfo=None)}, "is no datetime with a time zone"),
        ({"occurred_at": 0}, "is no datetime with a time zone"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_value_that_would_change_on_its_way_is_refused(
    codec: Codec, change: dict[str, object], detail: str
) -> None:
    with pytest.raises(Unencodable) as caught:
        codec.encode("balance", BALANCE | change)
    assert detail in caught.value.detail
    assert caught.value.schema_name == "balance"


@pytest.mark.parametrize("value", [{}, None, [], "x"])
def test_what_is_no_record_is_refused(codec: Codec, value: Any) -> None:
    with pytest.raises(Unencodable):
        codec.encode("balance", value)


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (None, "the record has no value"),
        (b"", "0 bytes are no header"),
        (b"\x00\x00\x00\x01", "4 bytes are no header"),
        (b'{"event_id": 1}', "the first byte is 0x7b, not 0x00"),
        (b"\x01\x00\x00\x00\x01x", "the first byte is 0x01, not 0x00"),
    ],
)
def test_values_without_header_are_not_framed(codec: Codec, data: bytes | None, detail: str) -> None:
    with pytest.raises(NotFramed) as caught:
        codec.decode("order", data)
    assert (caught.value.reason, caught.value.detail) == ("NOT_FRAMED", detail)


def test_an_id_that_nobody_knows(codec: Codec) -> None:
    with pytest.raises(UnknownSchema) as caught:
        codec.decode("order", frame(7) + b"x")
    assert (caught.value.reason, caught.value.schema_id) == ("UNKNOWN_SCHEMA", 7)


def test_an_id_that_becomes_known_is_read_from_then_on() -> None:
    registry = TableRegistry({1: today("balance")})
    codec = Codec(registry)
    data = frame(2) + body(today("balance"), BALANCE)
    with pytest.raises(UnknownSchema):
        codec.decode("balance", data)

    registry.schemas[2] = today("balance")

    assert codec.decode("balance", data) == BALANCE


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (today("payment"), "io.tieout.v1.PaymentEvent is not read as io.tieout.v1.OrderEvent"),
        (changed("order", name="Order"), "io.tieout.v1.Order is not read as"),
        (changed("order", fields=json.loads(today("order"))["fields"][1:]), "event_id: the writer lacks it"),
        ('"string"', "schema 9 is not a record schema"),
        ('syntax = "proto3";', "schema 9 is not an Avro schema"),
    ],
    ids=["another topic's", "another name", "a field short", "not a record", "not Avro"],
)
def test_a_schema_of_something_else_is_wrong(text: str, detail: str) -> None:
    registry = TableRegistry({1: today("order"), 9: text})
    codec = Codec(registry)

    for _ in range(3):
        with pytest.raises(WrongSchema) as caught:
            codec.decode("order", frame(9) + b"whatever")
        assert (caught.value.reason, caught.value.schema_id, caught.value.expected) == (
            "WRONG_SCHEMA",
            9,
            "order",
        )
        assert detail in caught.value.detail
    assert registry.asked == [9]  # a flood of them is no flood of questions


def test_an_older_or_newer_writer_is_read_into_todays_fields() -> None:
    fields = json.loads(today("balance"))["fields"]
    # FULL-compatible evolutions of both directions: a field more, fields in another order, an int still int
    newer = changed("balance", fields=[*fields[::-1], {"name": "colour", "type": "string", "default": ""}])
    registry = TableRegistry({1: today("balance"), 2: newer})

    data = frame(2) + body(newer, BALANCE | {"colour": "red"})

    assert Codec(registry).decode("balance", data) == BALANCE


def test_a_writers_schema_is_asked_for_once() -> None:
    registry = TableRegistry({1: today("balance")})
    codec = Codec(registry)
    codec.prepare(["balance"])
    data = codec.encode("balance", BALANCE)

    assert [codec.decode("balance", data) for _ in range(5)] == [BALANCE] * 5
    assert registry.asked == [1]
    assert codec.encoder("balance") is codec.encoder("balance")
    assert codec.decoder("balance") is codec.decoder("balance")


def test_who_reads_records_in_another_way_learns_that_they_are_todays() -> None:
    reworded = changed("balance", doc="Said in other words.")
    fields = [*json.loads(today("balance"))["fields"], {"name": "later", "type": "string"}]
    codec = Codec(TableRegistry({1: today("balance"), 2: reworded, 3: changed("balance", fields=fields)}))

    assert codec.untranslated("balance", frame(1)) == catalog.todays_parsed("balance")
    assert codec.untranslated("balance", frame(2)) == catalog.parse(reworded)
    assert codec.untranslated("balance", frame(3)) is None
    assert codec.untranslated("balance", frame(4)) is None
    assert codec.untranslated("order", frame(1)) is None
    assert codec.untranslated("balance", b"no header") is None


def test_a_registry_that_is_down_says_nothing_about_the_record() -> None:
    class Down(TableRegistry):
        def schema_of(self, schema_id: int) -> str | None:
            raise RegistryUnavailable("http://registry", "connection refused")

    with pytest.raises(RegistryUnavailable):
        Codec(Down({})).decode("order", frame(1) + b"x")


def test_a_name_without_a_schema_is_an_error(codec: Codec) -> None:
    for use in (codec.encoder, codec.decoder):
        with pytest.raises(NoSuchSchema):
            use("invoice")


def test_a_schema_that_the_registry_refuses_is_an_error() -> None:
    with pytest.raises(SchemaRefused):
        Codec(TableRegistry({})).prepare(["order"])


def test_every_truncation_is_undecodable(codec: Codec) -> None:
    whole = codec.encode("order", ORDER)

    for length in range(HEADER_BYTES, len(whole)):
        with pytest.raises(Undecodable) as caught:
            codec.decode("order", whole[:length])
        assert caught.value.reason == "UNDECODABLE"


@pytest.mark.parametrize("surplus", [b"\x00", b"\x00\x00\x00\x00\x01", b"x" * 100])
def test_bytes_after_the_record_are_undecodable(codec: Codec, surplus: bytes) -> None:
    with pytest.raises(Undecodable, match=f"{len(surplus)} bytes after the record"):
        codec.decode("order", codec.encode("order", ORDER) + surplus)


def test_text_that_is_no_utf8_is_undecodable(codec: Codec) -> None:
    data = codec.encode("balance", BALANCE)

    with pytest.raises(Undecodable, match="UnicodeDecodeError"):
        codec.decode("balance", data.replace(b"C-1", b"C\xff1"))


def test_an_int_of_more_than_32_bits_is_undecodable() -> None:
    fields = json.loads(today("balance"))["fields"]
    for field in fields:
        if field["name"] == "open_discrepancies":
            field["type"] = "long"
    wide = body(changed("balance", fields=fields), BALANCE | {"open_discrepancies": 2**31})

    with pytest.raises(Undecodable, match="open_discrepancies: 2147483648 is no 32-bit integer"):
        Codec(TableRegistry({1: today("balance")})).decode("balance", frame(1) + wide)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.binary(max_size=200))
@example(data=b"")
@example(data=b"\xff" * 40)
@example(data=b"\x80" * 40)
@example(data=b"\x00" * 4)
def test_random_bytes_are_undecodable(name: str, data: bytes) -> None:
    header = frame(catalog.fingerprint_id(catalog.todays(name).fingerprint))

    with pytest.raises(Undecodable):
        warm_codec().decode(name, header + data)


def test_damage_is_a_wire_error_or_a_valid_record_but_nothing_else(codec: Codec) -> None:
    """Not all damage shows (one amount is as good as another), but none may escape as something else."""
    whole = codec.encode("order", ORDER)
    generator = random.Random(20260105)
    outcomes = {"record": 0, "error": 0}
    for _ in range(5_000):
        damaged = bytearray(whole)
        for _ in range(generator.randint(1, 4)):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        try:
            record = codec.decode("order", bytes(damaged))
        except WireError:
            outcomes["error"] += 1
        else:
            outcomes["record"] += 1
            assert codec.decode("order", codec.encode("order", record)) == record
    assert min(outcomes.values()) > 100


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_every_record_that_a_contract_allows_comes_back_equal(name: str, data: st.DataObject) -> None:
    record = data.draw(records(name))

    assert warm_codec().decode(name, warm_codec().encode(name, record)) == record
