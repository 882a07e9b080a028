"""The group that a customer's or supplier's master data may name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("customers", sa.Column("customer_group", sa.Text(), nullable=True))
    op.create_index("ix_customers_customer_group", "customers", ["customer_group"], unique=False)
