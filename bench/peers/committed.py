"""How far a consumer group has committed, asked from the broker."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from confluent_kafka import Consumer, TopicPartition

_TIMEOUT_S = 20.0


def committed_by(
    bootstrap_servers: str, group: str, topics: Sequence[str], partitions: int
) -> Callable[[], int]:
    """A question that may be asked again and again: the sum of the group's committed offsets. Blocks shortly.

    Inputs begin at offset 0 and have no gaps, so the sum is the number of records covered.
    """
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": group})
    places = [TopicPartition(topic, number) for topic in topics for number in range(partitions)]

    def ask() -> int:
        return sum(max(0, place.offset) for place in consumer.committed(places, timeout=_TIMEOUT_S))

    return ask
