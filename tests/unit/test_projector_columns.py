"""Records read by columns are the records that the codec reads, and what COPY gets is what they say."""

from __future__ import annotations

import datetime as dt
import functools
import io
import json
import random
import struct
from typing import Any

import fastavro
import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import catalog, topics
from schemas.codec import Codec, frame
from schemas.registry import FingerprintRegistry
from services.projector import testing
from services.projector.columns.avro import ColumnReader, Misfit, Misread
from services.projector.columns.binary_copy import BinaryCopy, kinds_of
from services.projector.columns.table import Columns, Kind
from services.projector.projections import BY_TOPIC, PROJECTIONS, Projection
from services.projector.records import RecordsReader, Unreadable
from tests.unit.schema_records import TEXT, records, values

IDS = [projection.topic.name for projection in PROJECTIONS]
CENTURIES = dt.timedelta(days=3 * 36_525)
LONG_TEXT = "a Ω " * 40


@functools.cache
def codec() -> Codec:
    return Codec(FingerprintRegistry())


@functools.cache
def by_columns(projection: Projection) -> RecordsReader:
    return RecordsReader(projection, codec(), few=1)


@functools.cache
def one_by_one(projection: Projection) -> RecordsReader:
    return RecordsReader(projection, codec(), few=10**9)


def schema_of(projection: Projection) -> str:
    assert projection.topic.schema is not None
    return projection.topic.schema


def body(schema_json: str, value: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, catalog.parse(schema_json), value)
    return stream.getvalue()


def encoded(projection: Projection, found: list[dict[str, Any]]) -> list[bytes | None]:
    return [codec().encode(schema_of(projection), record) for record in found]


def usual(projection: Projection) -> st.SearchStrategy[dict[str, Any]]:
    """Without what is read one by one: U+0000, and numbers (so are instants) of nine bytes or ten."""
    text = st.one_of(TEXT.filter(lambda text: "\0" not in text), st.just(LONG_TEXT), st.just("a" * 64))
    schema = json.loads(catalog.todays(schema_of(projection)).schema_json)
    found: st.SearchStrategy[dict[str, Any]] = values(
        schema,
        text,
        st.integers(-(2**55), 2**55 - 1),
        st.timedeltas(-CENTURIES, CENTURIES).map(
            lambda since: dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + since
        ),
    )
    return found


@pytest.mark.parametrize("projection", PROJECTIONS, ids=IDS)
@given(data=st.data())
@settings(max_examples=60)
def test_usual_records_are_read_by_columns_and_say_the_same(
    projection: Projection, data: st.DataObject
) -> None:
    given_records = encoded(projection, data.draw(st.lists(usual(projection), min_size=1, max_size=12)))

    reader = by_columns(projection)
    assert reader._by_columns(given_records) is not None
    assert reader.read(given_records).rows() == one_by_one(projection).read(given_records).rows()


@pytest.mark.parametrize("projection", PROJECTIONS, ids=IDS)
@given(data=st.data())
@settings(max_examples=60)
def test_any_records_say_the_same_either_way(projection: Projection, data: st.DataObject) -> None:
    found = data.draw(st.lists(records(schema_of(projection)), min_size=1, max_size=3))
    given_records = encoded(projection, found)

    assert (
        by_columns(projection).read(given_records).rows() == one_by_one(projection).read(given_records).rows()
    )


def outcome(reader: RecordsReader, given_records: list[bytes | None]) -> Any:
    try:
        return reader.read(given_records).rows()
    except Unreadable as unreadable:
        return unreadable.place, unreadable.reason


@pytest.mark.parametrize("projection", PROJECTIONS, ids=IDS)
def test_of_damaged_records_the_same_one_is_refused_for_the_same_reason(projection: Projection) -> None:
    generator = random.Random(20260105)
    events = testing.results(3, customers=50, events=400)
    whole = [result.record for group in events for result in group if result.topic is projection.topic][:30]
    if projection.topic is topics.WORK_EVENTS:
        whole = [dict(WORK) for _ in range(30)]
    seen = {"rows": 0, "refused": 0, "by columns": 0}
    for _ in range(400):
        given_records = encoded(projection, [dict(record) for record in generator.sample(whole, 4)])
        for _ in range(generator.randint(0, 2)):
            place = generator.randrange(4)
            damaged = bytearray(given_records[place] or b"")
            if generator.random() < 0.2:
                del damaged[generator.randrange(len(damaged)) + 1 :]
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
            given_records[place] = bytes(damaged)
        found = outcome(by_columns(projection), given_records)
        assert found == outcome(one_by_one(projection), given_records)
        seen["rows" if isinstance(found, list) else "refused"] += 1
        seen["by columns"] += by_columns(projection)._by_columns(given_records) is not None
    assert seen["rows"] >= seen["by columns"] > 100
    assert seen["refused"] > 50


WORK = {
    "event_id": "w-1",
    "subject_kind": "case",
    "subject": "d-1",
    "action": "comment",
    "actor": "ann",
    "occurred_at": dt.datetime(2026, 1, 5, tzinfo=dt.UTC),
    "customer_id": "C-1",
    "currency": None,
    "comment": "as agreed",
    "details": {"with": "them"},
    "content": b"\x00\xff",
}
COMMON = {"customer_id": "C-1", "currency": "EUR", "account_version": 1}
ITEMS = BY_TOPIC[topics.OPEN_ITEMS.name]
ALLOCATIONS = BY_TOPIC[topics.ALLOCATIONS.name]


def some_items(number: int) -> list[dict[str, Any]]:
    return [dict(testing.open_item(COMMON, f"item-{n}", n, is_debit=True).record) for n in range(number)]


def test_records_of_an_older_version_are_read_among_todays() -> None:
    old = next(known for known in catalog.contracts() if (known.name, known.version) == ("allocation", 1))
    made = [dict(testing.allocation(COMMON, f"a-{n}", n, "confirmed").record) for n in range(5)]
    first = {name: value for name, value in made[0].items() if name != "score_parts"}
    header = frame(catalog.fingerprint_id(old.fingerprint))
    mixed = [*encoded(ALLOCATIONS, made[1:]), header + body(old.schema_json, first)]

    for given_records in (mixed, mixed[::-1], mixed[-1:]):
        assert by_columns(ALLOCATIONS)._by_columns(given_records) is None
        rows = by_columns(ALLOCATIONS).read(given_records).rows()
        assert [row for row in rows if row["allocation_id"] == "a-0"] == [{**first, "score_parts": {}}]


def test_a_record_without_a_value_is_named() -> None:
    good = encoded(ITEMS, some_items(40))
    with pytest.raises(Unreadable) as raised:
        RecordsReader(ITEMS, codec()).read([*good, None, *good])
    assert raised.value.place == 40


def test_few_records_are_read_one_by_one() -> None:
    reader = RecordsReader(ITEMS, codec(), few=3)
    assert reader._by_columns(encoded(ITEMS, some_items(2))) is None
    assert reader._by_columns(encoded(ITEMS, some_items(3))) is not None


INT_MAP = {"type": "map", "values": "int"}


@pytest.mark.parametrize(
    ("read_as", "written_as", "values"),
    [
        ("int", "long", [2**31]),  # of 33 bits: on the wire just a longer number
        ({"type": "int", "logicalType": "date"}, "long", [2**31]),  # after the year 9999
        (INT_MAP, {"type": "map", "values": "long"}, [{"a": 2**31}]),
        ("string", "bytes", [b"\xc3", b"\xa9"]),  # one character, if they stood side by side
        ("string", "bytes", [b"a" * 100 + b"\xff"]),
        ("string", "bytes", [b"a" * 100 + b"\0"]),
        ("string", "bytes", [b"a" * 8 + b"\0"]),
        ("string", "bytes", [b"\xed\xa0\x80"]),  # half a surrogate pair
        ("long", "long", [2**55]),
    ],
)
def test_what_the_codec_must_look_at_is_not_read_by_columns(
    read_as: Any, written_as: Any, values: list[Any]
) -> None:
    ours, theirs = (
        json.dumps({"type": "record", "name": "R", "fields": [{"name": "f", "type": kind}]})
        for kind in (read_as, written_as)
    )
    with pytest.raises(Misread):
        ColumnReader(catalog.parse(ours), few=1).read(
            [frame(1) + body(theirs, {"f": value}) for value in values]
        )


@pytest.mark.parametrize(
    "kind",
    [
        "double",
        ["null", "int", "long"],
        ["null", {"type": "record", "name": "I", "fields": []}],
        ["int", "long"],
        {"type": "array", "items": ["null", "int", "long"]},
        {"type": "array", "items": {"type": "record", "name": "I", "fields": []}},
    ],
)
def test_shapes_that_no_contract_has_are_told(kind: Any) -> None:
    schema = {"type": "record", "name": "R", "fields": [{"name": "f", "type": kind}]}
    with pytest.raises(Misfit):
        ColumnReader(catalog.parse(json.dumps(schema)), few=1)


LISTS = json.dumps(
    {
        "type": "record",
        "name": "R",
        "fields": [
            {"name": "f", "type": {"type": "array", "items": ["null", {"type": "map", "values": "int"}]}}
        ],
    }
)


def read_lists(found: list[bytes], few: int) -> list[Any]:
    reader = ColumnReader(catalog.parse(LISTS), few)
    return [row["f"] for row in reader.read([frame(1) + each for each in found]).rows()]


@pytest.mark.parametrize("few", [1, 3, 4])
def test_lists_say_the_same_read_side_by_side_or_one_by_one(few: int) -> None:
    lists: list[Any] = [[{"a": 1, "b": 2}, None], [], [{}], [None, {"c": -3}, {"d": 4}]]
    assert read_lists([body(LISTS, {"f": each}) for each in lists], few) == lists


@pytest.mark.parametrize(
    "written",
    [
        b"\x02\x00\x02\x00\x00",  # two blocks of one item each
        b"\x01\x02\x00\x00",  # one block that tells its size
        b"\x80\x80\x80\x80\x10\x00",  # more items than there are bytes
        b"\x02\x04\x00",  # the third branch of two
    ],
)
def test_lists_of_another_form_are_left_to_the_codec(written: bytes) -> None:
    with pytest.raises(Misread):
        read_lists([written] * 3, 1)


def test_a_list_that_cannot_be_read_one_by_one_is_left_to_the_codec() -> None:
    with pytest.raises(Misread):
        read_lists([b"\x02\x04\x00"] * 3, 4)


def test_every_contract_of_a_projection_fits_its_table() -> None:
    for projection in PROJECTIONS:
        kinds = ColumnReader(catalog.todays_parsed(schema_of(projection)), few=1).kinds
        assert kinds == kinds_of(projection.targets[0].table.columns)


def parsed(block: bytes, names: tuple[str, ...], kinds: dict[str, Kind]) -> list[dict[str, Any]]:
    """What PostgreSQL reads out of a binary COPY, by its manual."""
    assert block[:19] == b"PGCOPY\n\xff\r\n\0" + bytes(8)
    at, found = 19, []
    while (fields := struct.unpack_from(">h", block, at)[0]) != -1:
        at += 2
        assert fields == len(names)
        row: dict[str, Any] = {}
        for name in names:
            (length,) = struct.unpack_from(">i", block, at)
            at += 4
            if length == -1:
                row[name] = None
                continue
            row[name] = decoded(block[at : at + length], kinds[name])
            at += length
        found.append(row)
    assert at + 2 == len(block)
    return found


def decoded(value: bytes, kind: Kind) -> Any:
    match kind:
        case "int4" | "int8":
            assert len(value) == int(kind[-1])
            return int.from_bytes(value, "big", signed=True)
        case "date":
            return dt.date.fromordinal(dt.date(2000, 1, 1).toordinal() + struct.unpack(">i", value)[0])
        case "timestamp":
            return dt.datetime(2000, 1, 1, tzinfo=dt.UTC) + dt.timedelta(
                microseconds=struct.unpack(">q", value)[0]
            )
        case "text":
            return value.decode()
        case "json":
            assert value[0] == 1
            return msgspec.json.decode(value[1:])
        case "bytes":
            return value


@pytest.mark.parametrize("projection", PROJECTIONS, ids=IDS)
@given(data=st.data())
@settings(max_examples=60)
def test_a_copy_says_what_the_records_say(projection: Projection, data: st.DataObject) -> None:
    found = data.draw(
        st.lists(st.one_of(usual(projection), records(schema_of(projection))), min_size=1, max_size=8)
    )
    columns = by_columns(projection).read(encoded(projection, found))
    for target in projection.targets:
        kinds = kinds_of(target.table.columns)
        copy = BinaryCopy(list(target.table.columns))
        expected = [{name: row[name] for name in copy.names} for row in columns.rows()]
        assert parsed(bytes(copy.block(columns)), copy.names, kinds) == expected


def test_a_copy_of_nothing() -> None:
    table = ITEMS.targets[0].table
    kinds = kinds_of(table.columns)
    copy = BinaryCopy(list(table.columns))
    assert parsed(bytes(copy.block(Columns.of([], kinds))), copy.names, kinds) == []


def test_tables_that_cannot_be_copied_into_are_told() -> None:
    with pytest.raises(ValueError, match="no column to close a row with"):
        BinaryCopy([sa.Column("name", sa.Text, nullable=False), sa.Column("at", sa.BigInteger)])
    with pytest.raises(ValueError, match="price is Numeric"):
        BinaryCopy([sa.Column("price", sa.Numeric)])


VERSIONED = st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 3), st.integers(1, 4)), max_size=30)


@given(VERSIONED)
def test_of_each_key_the_newest_row_remains(given_rows: list[tuple[str, int, int]]) -> None:
    rows = [
        {"who": who, "which": which, "account_version": version, "at": place}
        for place, (who, which, version) in enumerate(given_rows)
    ]
    kinds: dict[str, Kind] = {"who": "text", "which": "int4", "account_version": "int8", "at": "int8"}
    expected: dict[Any, dict[str, Any]] = {}
    for row in rows:
        key = (row["who"], row["which"])
        known = expected.setdefault(key, row)
        if row["account_version"] >= known["account_version"]:
            expected[key] = row

    columns = Columns.of(rows, kinds)
    assert columns.newest(("who", "which")).rows() == list(expected.values())
    assert columns.newest(("who", "which")) is columns.newest(["who", "which"])
    assert columns.last(2).rows() == rows[-2:]
