"""The producers of the services: idempotent, every replica acknowledged, partitions by key as for all topics."""

from __future__ import annotations

import logging

from confluent_kafka import Producer

from runtime.kafka import STAYS_IN_TOUCH
from schemas.partitioner import PRODUCER_PARTITIONER


def make_producer(
    bootstrap_servers: str, client_id: str, *, delivery_timeout_s: int, **more: str | int
) -> Producer:
    """A record that Kafka does not take within ``delivery_timeout_s`` is reported to its callback as failed.

    ``more``: settings of librdkafka, with ``_`` for ``.`` in their names.
    """
    return Producer(
        {
            **STAYS_IN_TOUCH,
            "bootstrap.servers": bootstrap_servers,
            "client.id": client_id,
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": PRODUCER_PARTITIONER,
            "message.timeout.ms": delivery_timeout_s * 1000,
            **{name.replace("_", "."): value for name, value in more.items()},
        },
        logger=logging.getLogger("librdkafka"),
    )
