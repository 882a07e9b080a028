"""Finding the last entry of each source system without reading the ledger."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_index(
        "ix_ledger_entries_source", "ledger_entries", ["source_system", "recorded_at"], unique=False
    )
