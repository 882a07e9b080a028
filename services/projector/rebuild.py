"""Empty the read model, so that the projector makes it again from the result topics.

PostgreSQL and Redis hold nothing of the read model that the topics do not: this is always safe. What services own
(customers, issued statements, notices) stays.
"""

from __future__ import annotations

import sqlalchemy as sa
import tenacity

from services.projector.errors import AnotherProjector
from services.projector.projections import PROJECTIONS
from services.projector.writer import CONSUMER
from services.store.locks import NAMESPACE, AdvisoryLock
from services.store.tables import consumer_offsets


def empty_read_model(engine: sa.Engine, *, patience_s: float = 5.0) -> list[str]:
    """Truncate the projected tables and forget the projector's place, in one transaction; returns the tables.

    Blocks for the database, and up to ``patience_s`` for a projector that has just ended: the server may need a moment
    to notice. Raises ``AnotherProjector`` while one runs: it would go on from its old place.
    """
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(AnotherProjector),
        wait=tenacity.wait_fixed(0.1),
        stop=tenacity.stop_after_delay(patience_s),
        reraise=True,
    )
    return retrying(_empty, engine, patience_s)


def _empty(engine: sa.Engine, waited_s: float) -> list[str]:
    # Events of people are immutable rows that a restore brings back without their topic: reading again adds to them.
    made_by_streams = [projection for projection in PROJECTIONS if projection.topic.writer == "streams"]
    targets = [target for projection in made_by_streams for target in projection.targets]
    tables = [target.table.name for target in targets]
    tables += [target.refusals.name for target in targets if target.refusals is not None]
    with engine.begin() as connection:
        lock = sa.func.pg_try_advisory_xact_lock(NAMESPACE, AdvisoryLock.PROJECTOR.value)
        free = connection.scalar(sa.select(lock))
        if not free:
            raise AnotherProjector("the running projector", waited_s)
        connection.execute(sa.text(f"TRUNCATE {', '.join(tables)}"))
        connection.execute(sa.delete(consumer_offsets).where(consumer_offsets.c.consumer == CONSUMER))
    return tables
