"""Empty the read model, so that the projector makes it again from the result topics.

PostgreSQL and Redis hold nothing of the read model that the topics do not: this is always safe. What services own
(customers, issued statements, notices) stays.
"""

from __future__ import annotations

import sqlalchemy as sa

from services.projector.errors import AnotherProjector
from services.projector.projections import PROJECTIONS
from services.projector.writer import CONSUMER
from services.store.locks import NAMESPACE, AdvisoryLock
from services.store.tables import consumer_offsets


def empty_read_model(engine: sa.Engine) -> list[str]:
    """Truncate the projected tables and forget the projector's place, in one transaction; returns the tables.

    Blocks for the database. Raises ``AnotherProjector`` while a projector runs: it would go on from its old place.
    """
    tables = [target.table.name for projection in PROJECTIONS for target in projection.targets]
    with engine.begin() as connection:
        lock = sa.func.pg_try_advisory_xact_lock(NAMESPACE, AdvisoryLock.PROJECTOR.value)
        free = connection.scalar(sa.select(lock))
        if not free:
            raise AnotherProjector("the running projector", 0)
        connection.execute(sa.text(f"TRUNCATE {', '.join(tables)}"))
        connection.execute(sa.delete(consumer_offsets).where(consumer_offsets.c.consumer == CONSUMER))
    return tables
