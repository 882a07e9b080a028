"""Which partition holds a customer: murmur2 of the record key, exactly as Kafka's Java clients do it.

Why it exists: librdkafka's default is another hash (CRC32), so a producer that forgets to say otherwise
spreads one customer over partitions, and state, sources and results no longer meet. Every producer, ours
and theirs, sets ``PRODUCER_PARTITIONER``; what has to know the place of a key in Python asks
``partition_for``. Invariant: both agree for every key that is not empty.
"""

from __future__ import annotations

from typing import Final

from aiokafka.partitioner import murmur2

#: value of librdkafka's ``partitioner`` setting; "random" concerns records without a key only
PRODUCER_PARTITIONER: Final = "murmur2_random"

_POSITIVE: Final = 0x7FFFFFFF


def partition_for(key: bytes, count: int) -> int:
    """Return the partition, 0 <= p < ``count``, of a record with this key.

    Source: Kafka's Java client, ``BuiltInPartitioner.partitionForKey``: ``toPositive(murmur2(key)) % count``.
    """
    if count < 1:
        raise ValueError(f"a topic has at least one partition, not {count}")
    return int((murmur2(key) & _POSITIVE) % count)
