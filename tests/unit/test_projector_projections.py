"""The mapping from result topics to rows: complete, and right in each special case."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest
import sqlalchemy as sa

from schemas import topics
from services.projector import testing
from services.projector.batch import Batch
from services.projector.live_side import balances_of, changes_of
from services.projector.projections import BY_TOPIC, PROJECTIONS, Projection, make_storable
from services.projector.statements import ARRIVAL, statements_of
from services.store import tables
from services.store.live import BalanceRow

COMMON = {"customer_id": "C-1", "currency": "EUR", "account_version": 1}
IDS = [projection.topic.name for projection in PROJECTIONS]


def fields_of(topic: topics.Topic) -> set[str]:
    """The columns that a record of the topic should give, by its contract."""
    schema = json.loads(resources.files("schemas").joinpath(f"avro/{topic.schema}.avsc").read_text())
    names = {field["name"] for field in schema["fields"]}
    if "source" in names:
        names = names - {"source"} | {"source_topic", "source_partition", "source_offset"}
    return names


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
            assert statement.columns == tuple(column.name for column in target.table.columns)
            if target.keeps == "newest":
                guard = f"excluded.account_version >= {target.table.name}.account_version"
                assert guard in statement.upsert
            else:
                assert statement.upsert.endswith("DO NOTHING")


def test_json_columns_are_known_by_their_type() -> None:
    (target, _) = BY_TOPIC[topics.DISCREPANCIES.name].targets
    assert statements_of(target).json_columns == {"reason_arguments", "evidence"}
    assert all(isinstance(column.type, sa.types.TypeEngine) for column in target.table.columns)


@pytest.mark.parametrize(("state", "amount_minor"), [("confirmed", 70), ("suggested", 70), ("withdrawn", 0)])
def test_a_withdrawn_allocation_allocates_nothing(state: str, amount_minor: int) -> None:
    record = dict(testing.allocation(COMMON, "a", 70, state).record)
    row = BY_TOPIC[topics.ALLOCATIONS.name].row_of(record)
    assert (row["state"], row["amount_minor"]) == (state, amount_minor)


def test_positions_become_columns() -> None:
    row = BY_TOPIC[topics.DEAD_LETTERS.name].row_of(dict(testing.dead_letter("C-1", 9).record))
    assert (row["source_topic"], row["source_partition"], row["source_offset"]) == ("tieout.payments", 0, 9)
    assert "source" not in row


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("plain", "plain"),
        ("a\0b", "a\ufffdb"),
        ({"\0k": ["\0", {"x": "\0"}]}, {"\ufffdk": ["\ufffd", {"x": "\ufffd"}]}),
        (b"\0", b"\0"),
        (7, 7),
        (None, None),
    ],
)
def test_what_postgresql_cannot_hold_is_marked(value: Any, stored: Any) -> None:
    assert make_storable({"value": value}) == {"value": stored}


def batch_of(*found: testing.Result) -> Any:
    rows: dict[str, list[dict[str, Any]]] = {}
    for result in found:
        rows.setdefault(result.topic.name, []).append(BY_TOPIC[result.topic.name].row_of(dict(result.record)))
    return Batch(rows, {}, len(found))


def versioned(version: int, balance_minor: int, customer_id: str = "C-1") -> testing.Result:
    common = {**COMMON, "customer_id": customer_id, "account_version": version}
    return testing.balance(common, f"e-{version}", version, balance_minor)


def test_of_a_batch_only_the_newest_balance_of_an_account_goes_live() -> None:
    batch = batch_of(
        versioned(2, 20), versioned(3, 30), versioned(1, 10), versioned(1, 5, "C-2"), versioned(3, 31)
    )
    balances = balances_of(batch)
    assert [(row.customer_id, row.account_version, row.balance_minor) for row in balances] == [
        ("C-1", 3, 31),
        ("C-2", 1, 5),
    ]
    assert [change.row["balance_minor"] for change in changes_of(batch, balances)] == [31, 5]


def test_a_dead_letter_goes_live_without_its_bytes() -> None:
    batch = batch_of(testing.dead_letter("C-1", 9))
    (change,) = changes_of(batch, [])
    assert change.type == "dead_letter"
    assert change.row["source_offset"] == 9
    assert "raw_value" not in change.json()


def test_changes_are_json_with_money_as_integers_and_dates_as_text() -> None:
    (change,) = changes_of(batch_of(testing.ledger_entry(COMMON, "e-1", 1, 2**60 + 1, is_debit=True)), [])
    decoded = json.loads(change.json())
    assert decoded["type"] == "entry"
    assert decoded["amount_minor"] == 2**60 + 1
    assert decoded["business_date"] == "2026-01-01"
    assert decoded["occurred_at"] == "2026-01-01T10:00:00Z"
