"""Upkeep of the read model: schema ids in their table, and emptying it only when no projector runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from deploy.stack import StackUrls
from schemas.registry import all_schemas
from services.projector.errors import AnotherProjector
from services.projector.rebuild import empty_read_model
from services.queries.testing import fresh_database
from services.store import tables
from services.store.engine import create_engine
from services.store.locks import NAMESPACE, AdvisoryLock
from services.store.schema_ids import record_schemas

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def engine(stack: StackUrls) -> Iterator[sa.Engine]:
    with fresh_database(stack.database_url) as url:
        made = create_engine(url)
        yield made
        made.dispose()


def test_every_schema_has_its_id_in_the_table(engine: sa.Engine) -> None:
    record_schemas(engine)
    record_schemas(engine)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(tables.schema_ids.c.id, tables.schema_ids.c.subject)).all()
    assert {(row.id, row.subject) for row in rows} == {(s.id, s.subject) for s in all_schemas()}


def test_emptying_forgets_projected_rows_and_places_but_not_what_services_own(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for consumer in ("projector", "alerts"):
            row = {"consumer": consumer, "topic": "t", "partition": 0, "next_offset": 5}
            connection.execute(sa.insert(tables.consumer_offsets), row)
        connection.execute(sa.insert(tables.customers), {"customer_id": "C-1", "name": "One"})
    emptied = empty_read_model(engine)
    assert {"ledger_entries", "balances", "discrepancies", "dead_letters"} <= set(emptied)
    with engine.connect() as connection:
        places = connection.scalars(sa.select(tables.consumer_offsets.c.consumer)).all()
        assert places == ["alerts"]
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.customers)) == 1


def test_a_running_projector_is_not_emptied_under_its_feet(engine: sa.Engine) -> None:
    key = (NAMESPACE, AdvisoryLock.PROJECTOR.value)
    with engine.connect() as projector:
        projector.execute(sa.select(sa.func.pg_advisory_lock(*key)))
        with pytest.raises(AnotherProjector):
            empty_read_model(engine, patience_s=0.2)
        projector.execute(sa.select(sa.func.pg_advisory_unlock(*key)))
