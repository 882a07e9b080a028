"""Brings a database to the present schema. Run by every process at its start.

Invariants: one migration at a time per database (advisory lock), in one transaction; a database that a later
version migrated is refused, never downgraded; ``versions/`` is append-only once released.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from services.store.engine import create_engine
from services.store.errors import SchemaTooNew
from services.store.locks import NAMESPACE, AdvisoryLock

#: a process that waits for another's migration waits this long before it gives up
_STATEMENT_TIMEOUT_S: Final = 300


def migrate(database_url: str) -> str:
    """Upgrade to the newest schema and return its revision; does nothing when it is there. Blocks.

    Safe when many processes start at once. Raises SchemaTooNew, or sqlalchemy.exc.OperationalError when
    PostgreSQL is not reached or another process's migration takes longer than five minutes.
    """
    engine = create_engine(
        database_url, application="tieout-migrate", pool_size=1, statement_timeout_s=_STATEMENT_TIMEOUT_S
    )
    try:
        with engine.begin() as connection:
            # released by the end of the transaction, so also by the death of the process
            lock = sa.func.pg_advisory_xact_lock(NAMESPACE, AdvisoryLock.MIGRATION.value)
            connection.execute(sa.select(lock))
            config = configuration()
            config.attributes["connection"] = connection
            _refuse_newer(connection, ScriptDirectory.from_config(config))
            command.upgrade(config, "head")
            return _revision(connection) or ""
    finally:
        engine.dispose()


def newest_revision() -> str:
    """The revision that this version brings a database to."""
    return ScriptDirectory.from_config(configuration()).get_current_head() or ""


def known_revisions() -> frozenset[str]:
    """Every revision that this version can bring a database forward from."""
    scripts = ScriptDirectory.from_config(configuration())
    return frozenset(script.revision for script in scripts.walk_revisions())


def configuration() -> Config:
    """Alembic's configuration without an ini file; put the connection into ``attributes["connection"]``."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


def _refuse_newer(connection: sa.Connection, scripts: ScriptDirectory) -> None:
    revision = _revision(connection)
    known = [script.revision for script in scripts.walk_revisions()]
    if revision is not None and revision not in known:
        raise SchemaTooNew(revision, sorted(known))


def _revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
