"""How far the stores are: next offset of each result partition, in PostgreSQL and in Redis.

Both reach the partition's end offset (transaction markers included) when nothing is left to project, so
``projected_offsets(engine) == live_offsets(redis)`` and equality with the end offsets say "all caught up".
"""

from __future__ import annotations

import redis
import sqlalchemy as sa

from services.projector.writer import CONSUMER
from services.store.live import Place
from services.store.live_redis import RedisLiveStore
from services.store.tables import consumer_offsets


def projected_offsets(engine: sa.Engine) -> dict[Place, int]:
    """(topic, partition) → next offset that PostgreSQL lacks. Blocks; raises SQLAlchemy's errors."""
    columns = consumer_offsets.c
    query = sa.select(columns.topic, columns.partition, columns.next_offset).where(
        columns.consumer == CONSUMER
    )
    with engine.connect() as connection:
        return {
            (topic, partition): next_offset for topic, partition, next_offset in connection.execute(query)
        }


def live_offsets(client: redis.Redis) -> dict[Place, int]:
    """(topic, partition) → next offset that Redis does not reflect; empty while it is rebuilt.

    ``client`` must decode responses. Blocks; raises LiveStoreUnavailable.
    """
    return RedisLiveStore(client).projected()
