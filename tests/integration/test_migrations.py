"""Migrations against a real PostgreSQL: complete, safe at once, never backwards."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from deploy.stack import StackUrls
from services.store.engine import create_engine
from services.store.errors import SchemaTooNew
from services.store.locks import NAMESPACE, AdvisoryLock
from services.store.migrations import migrate
from services.store.tables import metadata

pytestmark = pytest.mark.integration


@pytest.fixture
def database_url(stack: StackUrls) -> Iterator[str]:
    name = f"migrations_{secrets.token_hex(4)}"
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        connection.execute(f'create database "{name}"'.encode())
        yield sa.make_url(stack.database_url).set(database=name).render_as_string(hide_password=False)
        connection.execute(f'drop database "{name}" with (force)'.encode())


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def test_the_migrated_schema_is_the_declared_one(database_url: str, engine: sa.Engine) -> None:
    migrate(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_check_constraints_are_migrated_as_well(database_url: str, engine: sa.Engine) -> None:
    # alembic's comparison does not see them
    migrate(database_url)
    inspector = sa.inspect(engine)
    for table in metadata.tables.values():
        declared = {c.name for c in table.constraints if isinstance(c, sa.CheckConstraint)}
        assert {c["name"] for c in inspector.get_check_constraints(table.name)} == declared


def test_processes_that_start_at_once_all_find_the_schema(database_url: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        revisions = list(pool.map(lambda _: migrate(database_url), range(6)))
    assert len(set(revisions)) == 1
    assert revisions[0]


def test_a_migration_waits_for_the_one_that_runs(database_url: str, engine: sa.Engine) -> None:
    with psycopg.connect(database_url) as other, ThreadPoolExecutor(1) as pool:
        other.execute("select pg_advisory_xact_lock(%s, %s)", (NAMESPACE, AdvisoryLock.MIGRATION.value))
        waiting = pool.submit(migrate, database_url)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=1.0)
        with engine.connect() as connection:
            assert sa.inspect(connection).get_table_names() == []
        other.rollback()
        assert waiting.result(timeout=30)


def test_migrating_again_changes_nothing(database_url: str, engine: sa.Engine) -> None:
    first = migrate(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("insert into customers (customer_id, name) values ('C-1', 'Ann')"))
    assert migrate(database_url) == first
    with engine.connect() as connection:
        assert connection.execute(sa.text("select name, language from customers")).one() == ("Ann", "en")


def test_a_database_of_a_later_version_is_refused(database_url: str, engine: sa.Engine) -> None:
    migrate(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(SchemaTooNew) as raised:
        migrate(database_url)
    assert raised.value.revision == "9999"
    with engine.connect() as connection:
        assert connection.execute(sa.text("select version_num from alembic_version")).scalar_one() == "9999"


def test_sessions_have_their_limits(database_url: str, engine: sa.Engine) -> None:
    with engine.connect() as connection:
        settings = {
            name: connection.execute(sa.text(f"show {name}")).scalar_one()
            for name in ("statement_timeout", "lock_timeout", "timezone", "application_name")
        }
    assert settings == {
        "statement_timeout": "30s",
        "lock_timeout": "30s",
        "timezone": "UTC",
        "application_name": "tieout",
    }
