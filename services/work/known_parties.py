"""Whether a rule set names somebody whom nobody knows: a slip in an id would else pass as a set for no one."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from services.store.tables import balances, customers


def unknown_among(connection: sa.Connection, names: Collection[str]) -> list[str]:
    """Those that neither the master data nor the books have, sorted."""
    if not names:
        return []
    wanted = sa.literal(sorted(set(names)), sa.ARRAY(sa.Text))
    known: set[str] = set()
    for table in (customers, balances):
        column = table.c.customer_id
        known |= set(connection.scalars(sa.select(column).where(column == sa.any_(wanted))))
    return sorted(set(names) - known)
