"""What the score of a match is made of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column(
        "allocations",
        sa.Column(
            "score_parts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
        ),
    )
