"""What Alembic runs for a migration: on the connection that `migrate` hands over, within its transaction."""

from __future__ import annotations

from alembic import context

from services.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
