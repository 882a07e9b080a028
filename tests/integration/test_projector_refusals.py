"""The last guard against a double: an entry under an id that stands, from elsewhere, is kept apart and told."""

from __future__ import annotations

import dataclasses

import pytest
import sqlalchemy as sa

from services.projector import testing
from services.projector.testing import Result
from services.store.tables import refused_entries
from tests.integration.projector_bench import COMMON, Bench

pytestmark = pytest.mark.integration


def _entry(version: int, amount_minor: int = 100) -> Result:
    return testing.ledger_entry({**COMMON, "account_version": version}, "e-1", 1, amount_minor, is_debit=True)


def _from(entry: Result, offset: int) -> Result:
    source = {**entry.record["source"], "offset": offset}
    return dataclasses.replace(entry, record={**entry.record, "source": source})


@pytest.mark.parametrize("batch_records", [1, 5_000], ids=["later batch", "same batch"])
def test_a_double_beyond_the_streams_horizon_is_refused_and_told(bench: Bench, batch_records: int) -> None:
    first, again = _from(_entry(1), 10), _from(_entry(2), 99)
    bench.publish([[first], [again], [first]])
    told: list[tuple[str, int]] = []
    with bench.projector(batch_records=batch_records) as session:
        session.writer._observe_refused = lambda *counts: told.append(counts)
        session.catch_up()
    assert told == [("ledger_entries", 1)]
    tables = bench.tables()
    assert [(row[3], row[-1]) for row in tables["ledger_entries"]] == [(1, 10)]
    with bench.engine.connect() as connection:
        (kept,) = connection.execute(sa.select(refused_entries)).mappings()
    assert (kept["entry_id"], kept["account_version"], kept["source_offset"]) == ("e-1/1", 2, 99)
    assert kept["content"]["amount_minor"] == 100
    assert "arrival__" not in kept["content"]


def test_the_same_entry_read_again_is_no_double(bench: Bench) -> None:
    bench.publish([[_entry(1)], [_entry(1)]])
    told: list[tuple[str, int]] = []
    with bench.projector() as session:
        session.writer._observe_refused = lambda *counts: told.append(counts)
        session.catch_up()
    assert told == []
    assert bench.tables()["refused_entries"] == []
