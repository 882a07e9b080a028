"""A client of Kafka that has fallen silent is found out by what another one hears."""

from __future__ import annotations

import secrets
import threading

import pytest
from confluent_kafka import Producer, TopicPartition

from deploy.stack import StackUrls
from runtime.kafka import HeardEnds
from streams.engine.data_plane import DataPlane
from tests.integration.engine_workers import wait_for

pytestmark = pytest.mark.integration


def transaction(stack: StackUrls, topic: str) -> Producer:
    """A producer in an open transaction that holds three records of partition 0."""
    producer = Producer(
        {"bootstrap.servers": stack.kafka_bootstrap_servers, "transactional.id": secrets.token_hex(4)}
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    for _ in range(3):
        producer.produce(topic, b"x", partition=0)
    producer.flush(30)
    return producer


def test_what_is_committed_is_heard_and_nothing_else(stack: StackUrls, topic: str) -> None:
    ends = HeardEnds(stack.kafka_bootstrap_servers, lambda: [(topic, 0), (topic, 1)])
    assert ends.end(topic, 0) == 0
    producer = transaction(stack, topic)
    ends.ask()
    assert ends.end(topic, 0) == 0, "its transaction is open"
    producer.commit_transaction(30)

    def heard() -> tuple[int, int]:
        ends.ask()
        return ends.end(topic, 0), ends.end(topic, 1)

    wait_for(lambda: heard() == (4, 0), "three records and the marker, which comes a moment after the answer")


def test_where_nobody_answers_nothing_is_heard_any_more(stack: StackUrls, topic: str) -> None:
    servers = [stack.kafka_bootstrap_servers]
    asked = threading.Semaphore(0)

    def places() -> list[tuple[str, int]]:
        asked.release()
        if not servers:
            raise OSError("no more threads")
        return [(topic, 0), ("gone", 0)]

    ends = HeardEnds(servers[0], places, every_s=0.2)
    transaction(stack, topic).commit_transaction(30)
    ends.start()
    wait_for(lambda: ends.end(topic, 0) == 4, "it is heard, whatever becomes of the other")
    servers.clear()
    wait_for(lambda: ends.end(topic, 0) == 0, "what was heard long ago does not count")
    for _ in range(3):
        assert asked.acquire(timeout=10), "it goes on asking"
    ends.close()


def test_a_silent_data_plane_is_behind_by_what_others_hear(stack: StackUrls, topic: str) -> None:
    plane = DataPlane({"bootstrap.servers": stack.kafka_bootstrap_servers}, topic, 100)
    ends = HeardEnds(stack.kafka_bootstrap_servers, lambda: [(topic, 0)], every_s=0.5)
    plane.assign({(topic, 0): 0})
    transaction(stack, topic).commit_transaction(30)
    got: list[int] = []

    def has_read_all() -> bool:
        got.extend(message.offset() or 0 for batch in plane.fetch(0.2) for message in batch.records)
        return got == [0, 1, 2] and plane.unread(topic, 0, 3) == 0

    wait_for(has_read_all, "all is read")
    ends.start()
    wait_for(lambda: ends.end(topic, 0) == 4, "the end is heard")
    assert plane.unread(topic, 0, 3, ends.end(topic, 0)) == 0, "at the end, behind which only a marker stands"
    assert [plane.covered(topic, 0, done) for done in (0, 2, 3)] == [0, 2, 4], (
        "who has done all is at the end"
    )
    plane._consumer.pause([TopicPartition(topic, 0)])  # as silent as one that has lost its broker
    transaction(stack, topic).commit_transaction(30)
    wait_for(lambda: ends.end(topic, 0) == 8, "the new end is heard")
    assert plane.fetch(0.5) == []
    assert plane.unread(topic, 0, 3, ends.end(topic, 0)) == 5
    ends.close()
    plane.close()


def test_what_an_open_transaction_holds_back_does_not_wait_for_us(stack: StackUrls, topic: str) -> None:
    plane = DataPlane({"bootstrap.servers": stack.kafka_bootstrap_servers}, topic, 100)
    ends = HeardEnds(stack.kafka_bootstrap_servers, lambda: [(topic, 0)])
    plane.assign({(topic, 0): 0})
    transaction(stack, topic).commit_transaction(30)
    read: list[int] = []

    def unread() -> int:
        read.extend(message.offset() or 0 for batch in plane.fetch(0.2) for message in batch.records)
        return plane.unread(topic, 0, 3)

    wait_for(lambda: unread() == 0 and len(read) == 3, "all is read")
    assert not plane.held_back(topic, 0, ends.end(topic, 0)), "nothing was heard"
    somebody = transaction(stack, topic)
    wait_for(lambda: unread() > 0, "there is more")
    ends.ask()
    assert plane.held_back(topic, 0, ends.end(topic, 0))
    somebody.commit_transaction(30)

    def heard() -> int:
        ends.ask()
        return ends.end(topic, 0)

    wait_for(lambda: heard() == 8, "the new end is heard")
    assert not plane.held_back(topic, 0, ends.end(topic, 0))
    plane.close()
