"""The mapping from result topics to rows: complete, and right in each special case."""

from __future__ import annotations

import dataclasses
import json
from importlib import resources

import msgspec
import pytest

from schemas import topics
from schemas.codec import Codec
from schemas.registry import FingerprintRegistry
from services.projector import testing
from services.projector.batch import Batch
from services.projector.columns.table import Columns
from services.projector.live_side import told_of
from services.projector.projections import BY_TOPIC, PROJECTIONS, Projection
from services.projector.records import RecordsReader
from services.projector.statements import ARRIVAL, statements_of
from services.store import tables
from services.store.live import BalanceRow, Change, Told

COMMON = {"customer_id": "C-1", "currency": "EUR", "account_version": 1}
IDS = [projection.topic.name for projection in PROJECTIONS]


def fields_of(topic: topics.Topic) -> set[str]:
    """The columns that a record of the topic should give, by its contract."""
    schema = json.loads(resources.files("schemas").joinpath(f"avro/{topic.schema}.avsc").read_text())
    names = {field["name"] for field in schema["fields"]}
    if "source" in names:
        names = names - {"source"} | {"source_topic", "source_partition", "source_offset"}
    return names


def read(*results: testing.Result) -> Columns:
    """What a reader makes of results of one topic."""
    codec = Codec(FingerprintRegistry())
    projection = BY_TOPIC[results[0].topic.name]
    values = [codec.encode(projection.topic.schema or "", result.record) for result in results]
    return RecordsReader(projection, codec).read(values)


def test_every_result_topic_has_one_projection() -> None:
    assert [projection.topic for projection in PROJECTIONS] == [*topics.RESULTS, topics.WORK_EVENTS]
    assert len({projection.change for projection in PROJECTIONS}) == len(PROJECTIONS)
    assert set(BY_TOPIC) == {topic.name for topic in (*topics.RESULTS, topics.WORK_EVENTS)}


@pytest.mark.parametrize("projection", PROJECTIONS, ids=IDS)
def test_tables_hold_every_field_of_the_contract_and_nothing_else(projection: Projection) -> None:
    first, *further = projection.targets
    fields = fields_of(projection.topic)
    assert {column.name for column in first.table.columns} == fields
    for target in further:
        assert {column.name for column in target.table.columns} <= fields
    assert projection.not_in_feed <= fields


@pytest.mark.parametrize("projection", PROJECTIONS, ids=IDS)
def test_newest_targets_have_a_version_to_go_by(projection: Projection) -> None:
    for target in projection.targets:
        assert ARRIVAL not in target.table.columns
        if target.keeps == "newest":
            assert "account_version" in target.table.columns


def test_the_live_balance_is_the_row_of_the_table() -> None:
    assert BalanceRow.__struct_fields__ == tuple(column.name for column in tables.balances.columns)


def test_statements_guard_versions_or_keep_the_first() -> None:
    for projection in PROJECTIONS:
        for target in projection.targets:
            statement = statements_of(target)
            assert set(statement.into_table.binary.names) == {column.name for column in target.table.columns}
            if target.keeps == "newest":
                guard = f"excluded.account_version >= {target.table.name}.account_version"
                assert guard in statement.upsert
            else:
                assert statement.upsert.endswith("DO NOTHING")


@pytest.mark.parametrize(("state", "amount_minor"), [("confirmed", 70), ("suggested", 70), ("withdrawn", 0)])
def test_a_withdrawn_allocation_allocates_nothing(state: str, amount_minor: int) -> None:
    other = testing.allocation(COMMON, "b", 30, "confirmed")
    first, second = read(testing.allocation(COMMON, "a", 70, state), other).rows()
    assert (first["state"], first["amount_minor"]) == (state, amount_minor)
    assert second["amount_minor"] == 30


def test_positions_become_columns() -> None:
    (row,) = read(testing.dead_letter("C-1", 9)).rows()
    assert (row["source_topic"], row["source_partition"], row["source_offset"]) == ("tieout.payments", 0, 9)
    assert "source" not in row


@pytest.mark.parametrize("times", [1, 50])
def test_what_postgresql_cannot_hold_is_marked(times: int) -> None:
    entry = testing.ledger_entry(COMMON, "e-1", 1, 5, is_debit=True)
    entry = dataclasses.replace(entry, record={**entry.record, "description": "a\0b", "correlation_id": None})
    finding = testing.discrepancy(COMMON, "d", "e-1", 1, 5, "OPENED")
    arguments = {"\0k": "\0", "path": "\\u0000", "plain": "plain"}
    finding = dataclasses.replace(finding, record={**finding.record, "reason_arguments": arguments})
    refused = testing.dead_letter("C-1", 9)
    for row in read(*[entry] * times).rows():
        assert (row["description"], row["correlation_id"]) == ("a\ufffdb", None)
    for row in read(*[finding] * times).rows():
        assert row["reason_arguments"] == {"\ufffdk": "\ufffd", "path": "\\u0000", "plain": "plain"}
    for row in read(*[refused] * times).rows():
        assert row["raw_value"] == refused.record["raw_value"]
        assert b"\0" in row["raw_value"]


def batch_of(*found: testing.Result) -> Batch:
    by_topic: dict[str, list[testing.Result]] = {}
    for result in found:
        by_topic.setdefault(result.topic.name, []).append(result)
    return Batch({name: read(*results) for name, results in by_topic.items()}, {}, len(found))


def versioned(version: int, balance_minor: int, customer_id: str = "C-1") -> testing.Result:
    common = {**COMMON, "customer_id": customer_id, "account_version": version}
    return testing.balance(common, f"e-{version}", version, balance_minor)


def rows_of(told: Told) -> list[BalanceRow]:
    return [msgspec.json.decode(text, type=BalanceRow) for text in told.balances]


def test_of_a_batch_only_the_newest_balance_of_an_account_goes_live() -> None:
    batch = batch_of(
        versioned(2, 20), versioned(3, 30), versioned(1, 10), versioned(1, 5, "C-2"), versioned(3, 31)
    )
    told = told_of(batch)
    assert [(row.customer_id, row.account_version, row.balance_minor) for row in rows_of(told)] == [
        ("C-1", 3, 31),
        ("C-2", 1, 5),
    ]
    assert (told.members, told.versions) == (["C-1:EUR", "C-2:EUR"], [3, 1])
    (change,) = told.changes
    assert [row["balance_minor"] for row in json.loads(change)["rows"]] == [31, 5]


def test_what_goes_live_by_columns_is_what_objects_would_have_said() -> None:
    # of what splits lines, JSON escapes the ASCII part only
    names = ["C-1", '客户"1\\', "a:b", "x\x85\u2028\r\ny", "\t", "it's"]
    found = [versioned(n + 1, (-1) ** n * (2**60 + n), name) for n, name in enumerate(names)]
    told = told_of(batch_of(*found))
    rows = [msgspec.convert(result.record, BalanceRow) for result in found]
    assert rows_of(told) == rows
    assert told == Told.of(rows, Change.of_rows("balances", rows))


def test_many_balances_are_told_fifty_at_a_time() -> None:
    told = told_of(batch_of(*(versioned(1, n, f"C-{n}") for n in range(120))))
    assert [len(json.loads(change)["rows"]) for change in told.changes] == [50, 50, 20]


def test_a_dead_letter_goes_live_without_its_bytes() -> None:
    (change,) = told_of(batch_of(testing.dead_letter("C-1", 9))).changes
    decoded = json.loads(change)
    assert decoded["type"] == "dead_letter"
    assert decoded["source_offset"] == 9
    assert "raw_value" not in decoded


def test_the_newest_of_a_finding_goes_live_with_all_of_its_fields() -> None:
    found = [testing.discrepancy(COMMON, "d", f"e-{n}", n, n, "UPDATED") for n in range(3)]
    told = told_of(batch_of(*found))
    assert told.balances == ()
    (change,) = told.changes
    rows = [json.loads(msgspec.json.encode(found[-1].record))]
    assert json.loads(change) == {"type": "discrepancies", "rows": rows}


def test_changes_are_json_with_money_as_integers_and_dates_as_text() -> None:
    (change,) = told_of(batch_of(testing.ledger_entry(COMMON, "e-1", 1, 2**60 + 1, is_debit=True))).changes
    decoded = json.loads(change)
    assert decoded["type"] == "entry"
    assert decoded["amount_minor"] == 2**60 + 1
    assert decoded["business_date"] == "2026-01-01"
    assert decoded["occurred_at"] == "2026-01-01T10:00:00Z"
