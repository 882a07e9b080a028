"""A worker that trusts the group's offsets instead of its progress record, for the negative control.

They are committed beside the transactions, once in a while. So that the test need not hit the moment between a
transaction and the group's commit, this worker is always in it: it never gets round to committing them.
"""

from __future__ import annotations

from typing import Any

from confluent_kafka import Consumer, TopicPartition

from streams.__main__ import main
from streams.engine.engine import Engine
from streams.engine.faust_transport import BatchConsumer


def positions(self: Engine[Any]) -> dict[tuple[str, int], int]:
    """Where the group says that it is, else the beginning; the partitions believe it too."""
    wanted = [TopicPartition(topic, n) for n in self.partitions for topic in sorted(self.source_topics)]
    consumer = Consumer({**self._kafka, "group.id": self.app_id})
    committed = consumer.committed(wanted, timeout=20)
    consumer.close()
    found = {}
    for place in committed:
        low, _ = self.data_plane.watermarks(place.topic, place.partition)
        found[place.topic, place.partition] = max(place.offset, low)
    for number, partition in self.partitions.items():
        partition.progress = {topic: offset for (topic, n), offset in found.items() if n == number}
    return found


async def never(self: BatchConsumer, topics: Any = None, start_new_transaction: bool = True) -> bool:
    return False


if __name__ == "__main__":
    Engine._positions = positions  # type: ignore[method-assign]
    BatchConsumer.force_commit = never  # type: ignore[method-assign]
    main()
