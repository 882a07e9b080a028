from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from schemas import catalog
from schemas.exactness import READ, WRITTEN, InexactError, compile_check

NOON = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)


def check(kind: Any, value: object) -> None:
    compiled = compile_check({"type": "record", "fields": [{"name": "a", "type": kind}]}, WRITTEN)
    compiled({"a": value})


DATE = {"type": "int", "logicalType": "date"}
INSTANT = {"type": "long", "logicalType": "timestamp-micros"}
LINE = {"type": "record", "fields": [{"name": "sku", "type": "string"}, {"name": "n", "type": "int"}]}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", 2**31 - 1),
        ("int", -(2**31)),
        ("long", 2**63 - 1),
        ("long", -(2**63)),
        ({"type": "long"}, 1),
        (DATE, dt.date(2026, 1, 5)),
        (INSTANT, NOON),
        (INSTANT, NOON.astimezone(dt.timezone(dt.timedelta(hours=8)))),
        (["null", "long"], None),
        (["null", "long"], 1),
        ({"type": "array", "items": "long"}, [1, 2]),
        ({"type": "array", "items": LINE}, ({"sku": "a", "n": 1},)),
        ({"type": "map", "values": "int"}, {"k": 1}),
        (LINE, {"sku": "a"}),
    ],
)
def test_exact_values_pass(kind: object, value: object) -> None:
    check(kind, value)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("int", 2**31, "a: 2147483648 is no 32-bit integer"),
        ("int", -(2**31) - 1, "a: -2147483649 is no 32-bit integer"),
        ("int", True, "a: True is no 32-bit integer"),
        ("long", 2**63, "a: 9223372036854775808 is no 64-bit integer"),
        ("long", -(2**63) - 1, "a: -9223372036854775809 is no 64-bit integer"),
        ("long", 1.0, "a: 1.0 is no 64-bit integer"),
        ("long", "1", "a: '1' is no 64-bit integer"),
        (DATE, NOON, "is no date"),
        (DATE, "2026-01-05", "a: '2026-01-05' is no date"),
        (DATE, 3, "a: 3 is no date"),
        (INSTANT, NOON.replace(tzinfo=None), "is no datetime with a time zone"),
        (INSTANT, 3, "a: 3 is no datetime with a time zone"),
        (["null", "long"], 1.5, "a: 1.5 is no 64-bit integer"),
        ([INSTANT, "null"], 1, "a: 1 is no datetime with a time zone"),
        ({"type": "array", "items": LINE}, [{"n": 1}, {"n": 1.5}], "a: n: 1.5 is no 32-bit integer"),
        ({"type": "map", "values": "int"}, {"k": 1.5}, "a: 1.5 is no 32-bit integer"),
    ],
)
def test_inexact_values_are_named(kind: object, value: object, message: str) -> None:
    with pytest.raises(InexactError, match=message):
        check(kind, value)


@pytest.mark.parametrize(
    "kind",
    [
        "string",
        ["null", "bytes"],
        {"type": "array", "items": "string"},
        {"type": "map", "values": "double"},
        {"type": "record", "fields": []},
    ],
)
def test_where_nothing_can_go_wrong_nothing_is_checked(kind: object) -> None:
    compile_check(kind, WRITTEN)(object())  # not even looked at


@pytest.mark.parametrize(
    "kind",
    [
        ["null", "long", "string"],
        ["null"],
        "io.tieout.v1.StatementLine",
        {"type": "enum", "name": "E", "symbols": ["A"]},
        {"type": "bytes", "logicalType": "decimal", "precision": 9},
    ],
)
def test_what_nobody_could_check_is_refused(kind: object) -> None:
    with pytest.raises(ValueError, match="no check for"):
        compile_check(kind, WRITTEN)


FIGURES = (
    "amount_minor",
    "balance_minor",
    "open_minor",
    "recorded_at",
    "occurred_at",
    "step_minor",
    "line_count",
)


def test_every_contract_can_be_checked() -> None:
    for known in catalog.contracts():
        schema = catalog.parse(known.schema_json)
        compile_check(schema, READ)
        with pytest.raises(InexactError):
            compile_check(schema, WRITTEN)(dict.fromkeys(FIGURES, 1.5))
