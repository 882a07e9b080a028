from __future__ import annotations

import copy
import io
import json
import random
from typing import Any

import fastavro
import pytest
from fastavro.utils import generate_one
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import catalog
from schemas.catalog import Contract, parse
from schemas.compatibility import backward, forward, full, reader_problems

LONG = "long"
DATE = {"type": "int", "logicalType": "date"}
INSTANT = {"type": "long", "logicalType": "timestamp-micros"}
COLOURS = {"type": "enum", "name": "Colour", "symbols": ["RED", "BLUE"]}
LINE = {"type": "record", "name": "Line", "fields": [{"name": "sku", "type": "string"}]}


def record(*fields: dict[str, Any], name: str = "R", namespace: str = "n") -> str:
    return json.dumps({"type": "record", "name": name, "namespace": namespace, "fields": list(fields)})


def holding(kind: object, **more: object) -> str:
    return record({"name": "a", "type": kind, **more})


def history() -> list[Contract]:
    return [known for known in catalog.contracts() if known.version is not None]


@pytest.mark.parametrize("released", history(), ids=lambda known: known.label)
def test_todays_contract_is_fully_compatible_with_every_released_one(released: Contract) -> None:
    assert full(catalog.todays(released.name).schema_json, released.schema_json) == []


@pytest.mark.parametrize("released", history(), ids=lambda known: known.label)
def test_a_field_may_go_only_if_old_readers_have_a_default_for_it(released: Contract) -> None:
    document = json.loads(released.schema_json)
    for dropped in document["fields"]:
        kept = [field for field in document["fields"] if field is not dropped]
        new = json.dumps(document | {"fields": kept})

        assert backward(new, released.schema_json) == []
        unread = [problem.path for problem in forward(new, released.schema_json)]
        assert unread == ([] if "default" in dropped else [dropped["name"]])


# reader, writer, why not (None: readable)
MATRIX: list[tuple[str, str, str | None]] = [
    (holding(LONG), holding(LONG), None),
    (holding(LONG), holding("int"), None),
    (holding("int"), holding(LONG), "a: long is not read as int"),
    (holding("double"), holding("float"), None),
    (holding("double"), holding(LONG), "a: long is not read as double"),
    (holding("float"), holding("int"), "a: int is not read as float"),
    (holding("string"), holding("bytes"), "a: bytes is not read as string"),
    (holding("bytes"), holding("string"), "a: string is not read as bytes"),
    (holding(DATE), holding(DATE), None),
    (holding(DATE), holding("int"), "a: logicalType None is not read as date"),
    (holding(LONG), holding(INSTANT), "a: logicalType timestamp-micros is not read as None"),
    (
        holding({"type": "long", "logicalType": "timestamp-millis"}),
        holding(INSTANT),
        "a: logicalType timestamp-micros is not read as timestamp-millis",
    ),
    (holding(["null", LONG]), holding(LONG), None),
    (holding(["null", "string"]), holding(LONG), "a: no branch of the reader takes long"),
    (holding(["null", "string"]), holding(DATE), "a: no branch of the reader takes int"),
    (holding(["null", "string"]), holding(LINE), "a: no branch of the reader takes n.Line"),
    (holding(LONG), holding(["null", LONG]), "a: null is not read as long"),
    (holding(["null", LONG]), holding(["null", "int"]), None),
    (holding(["null", LONG]), holding(["null", "string"]), "a: no branch of the reader takes string"),
    (holding({"type": "array", "items": LONG}), holding({"type": "array", "items": "int"}), None),
    (
        holding({"type": "array", "items": "int"}),
        holding({"type": "array", "items": LONG}),
        "a: long is not read as int",
    ),
    (holding({"type": "map", "values": LONG}), holding({"type": "map", "values": "int"}), None),
    (
        holding({"type": "map", "values": "string"}),
        holding({"type": "map", "values": LONG}),
        "a: long is not read as string",
    ),
    (holding({"type": "map", "values": LONG}), holding(LONG), "a: long is not read as map"),
    (holding(COLOURS), holding(COLOURS), None),
    (holding(COLOURS), holding(COLOURS | {"symbols": ["RED"]}), None),
    (
        holding(COLOURS),
        holding(COLOURS | {"symbols": ["RED", "WHITE", "BLACK"]}),
        "a: the reader lacks the symbols BLACK, WHITE",
    ),
    (holding(COLOURS | {"default": "RED"}), holding(COLOURS | {"symbols": ["WHITE"]}), None),
    (holding(COLOURS), holding(COLOURS | {"name": "Tint"}), "a: n.Tint is not read as n.Colour"),
    (
        holding({"type": "fixed", "name": "F", "size": 4}),
        holding({"type": "fixed", "name": "F", "size": 4}),
        None,
    ),
    (
        holding({"type": "fixed", "name": "F", "size": 4}),
        holding({"type": "fixed", "name": "F", "size": 8}),
        "a: 8 bytes are not read as 4",
    ),
    (
        holding({"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}),
        holding({"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 3}),
        "a: scale 3 is not read as 2",
    ),
    (record(), holding(LONG), None),
    (holding(LONG), record(), "a: the writer lacks it and the reader has no default"),
    (holding(LONG, default=0), record(), None),
    (record(name="S"), record(), "the record: n.R is not read as n.S"),
    (record(namespace="m"), record(), "the record: n.R is not read as m.R"),
    (
        holding({"type": "array", "items": LINE}),
        holding({"type": "array", "items": LINE | {"fields": []}}),
        "a.sku: the writer lacks it and the reader has no default",
    ),
    # a second field of a named type refers to the first; a type may hold itself
    (
        record({"name": "a", "type": LINE}, {"name": "b", "type": "n.Line", "default": {"sku": ""}}),
        holding(LINE),
        None,
    ),
    (
        record({"name": "a", "type": ["null", "R"]}),
        record({"name": "a", "type": ["null", "R"]}),
        None,
    ),
]


@pytest.mark.parametrize(("reader", "writer", "why_not"), MATRIX)
def test_what_is_readable(reader: str, writer: str, why_not: str | None) -> None:
    problems = [str(problem) for problem in reader_problems(parse(reader), parse(writer))]

    assert problems == ([] if why_not is None else [why_not])


@pytest.mark.parametrize(("reader", "writer", "why_not"), MATRIX)
def test_what_is_called_readable_is_read_by_fastavro(reader: str, writer: str, why_not: str | None) -> None:
    if why_not is None and "null" not in reader:  # fastavro cannot generate a type that holds itself
        assert_fastavro_reads(reader, writer, seed=1)


def test_a_reference_is_followed() -> None:
    two = record({"name": "a", "type": LINE}, {"name": "b", "type": "n.Line"})
    other = LINE | {"fields": [{"name": "sku", "type": "long"}]}
    changed = record({"name": "a", "type": other}, {"name": "b", "type": "n.Line"})

    assert [problem.path for problem in reader_problems(parse(two), parse(changed))] == ["a.sku", "b.sku"]


def test_both_directions_are_told() -> None:
    one, two = holding(LONG), record({"name": "b", "type": LONG})

    assert [problem.path for problem in full(one, two)] == ["a", "b"]


def assert_fastavro_reads(reader: str, writer: str, seed: int) -> None:
    random.seed(seed)
    parsed = parse(writer)
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, parsed, generate_one(parsed))
    stream.seek(0)
    read = fastavro.schemaless_reader(stream, parsed, parse(reader))
    assert isinstance(read, dict)
    assert read.keys() == {field["name"] for field in json.loads(reader)["fields"]}
    assert stream.read() == b""


CHANGES = ["drop", "add", "add with default", "widen", "optional", "retype", "shuffle"]


@st.composite
def evolutions(draw: st.DrawFn) -> tuple[str, str]:
    """A contract of ours and what somebody might make of it."""
    original = json.loads(draw(st.sampled_from(catalog.contracts())).schema_json)
    changed = copy.deepcopy(original)
    fields: list[dict[str, Any]] = changed["fields"]
    for step in range(draw(st.integers(1, 4))):
        match draw(
            st.sampled_from(["drop", "add", "add with default", "widen", "optional", "retype", "shuffle"])
        ):
            case "drop":
                fields.pop(draw(st.integers(0, len(fields) - 1)))
            case "add":
                fields.append({"name": f"new_{step}", "type": draw(st.sampled_from(["string", "long"]))})
            case "add with default":
                fields.append({"name": f"new_{step}", "type": ["null", "string"], "default": None})
            case "widen":
                for field in fields:
                    if field["type"] == "int":
                        field["type"] = "long"
            case "optional":
                field = draw(st.sampled_from(fields))
                if not isinstance(field["type"], list):
                    field["type"] = ["null", field["type"]]
                    field.pop("default", None)
            case "retype":
                field = draw(st.sampled_from(fields))
                field["type"] = draw(st.sampled_from(["string", "long", "boolean"]))
                field.pop("default", None)
            case _:
                changed["fields"] = fields = draw(st.permutations(fields))
    return json.dumps(original), json.dumps(changed)


@given(evolutions(), st.integers(0, 2**16))
@settings(max_examples=150, deadline=None)
def test_every_evolution_called_compatible_is_read_by_fastavro(pair: tuple[str, str], seed: int) -> None:
    old, new = pair
    if not backward(new, old):
        assert_fastavro_reads(reader=new, writer=old, seed=seed)
    if not forward(new, old):
        assert_fastavro_reads(reader=old, writer=new, seed=seed)
