"""Records are sent, each is known to have arrived, and a producer that did not deliver is not used again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from confluent_kafka import OFFSET_INVALID, Message

from deploy.stack import StackUrls
from services.operations.kafka_log import KafkaLog
from services.store import producer as producers
from services.store.producer import Courier, NotDeliveredError, Parcel

pytestmark = pytest.mark.integration


def test_each_record_is_told_its_place_whoever_sends_beside_it(stack: StackUrls, topic: str) -> None:
    courier = Courier(stack.kafka_bootstrap_servers, "tests", delivery_timeout_s=30)

    def send(number: int) -> list[tuple[int, int]]:
        return courier.deliver(Parcel(topic, b"k", b"%d" % number, partition=number % 2) for _ in range(3))

    with ThreadPoolExecutor(8) as threads:
        places = [place for sent in threads.map(send, range(40)) for place in sent]
    assert sorted(places) == [(partition, offset) for partition in (0, 1) for offset in range(60)]
    assert courier.deliver([]) == []


def test_a_record_whose_place_is_not_told_is_no_later_than_the_last_of_its_partition(
    stack: StackUrls, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = producers.make_producer

    class Untold:
        """Reports every second record as delivered without saying where."""

        def __init__(self, servers: str, client: str, *, delivery_timeout_s: int) -> None:
            self._producer = make(servers, client, delivery_timeout_s=delivery_timeout_s)
            self._count = 0
            self.flush, self.poll = self._producer.flush, self._producer.poll

        def produce(
            self, topic: str, value: bytes, key: bytes, partition: int, *, on_delivery: Callable[..., None]
        ) -> None:
            self._count += 1
            told = self._count % 2

            def delivered(error: object, message: Message) -> None:
                nowhere = SimpleNamespace(
                    topic=message.topic, partition=message.partition, offset=lambda: OFFSET_INVALID
                )
                on_delivery(error, message if told else nowhere)

            self._producer.produce(topic, value, key, partition, on_delivery=delivered)

    monkeypatch.setattr(producers, "make_producer", Untold)
    courier = Courier(stack.kafka_bootstrap_servers, "tests", delivery_timeout_s=30)
    sent = [Parcel(topic, b"k", b"%d" % number, partition=1) for number in range(5)]
    assert courier.deliver(sent) == [(1, 0), (1, 4), (1, 2), (1, 4), (1, 4)]


def test_what_is_too_large_is_named_and_the_next_try_has_a_new_producer(
    stack: StackUrls, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    make = producers.make_producer

    def counted(servers: str, client: str, *, delivery_timeout_s: int) -> object:
        made.append(client)
        return make(servers, client, delivery_timeout_s=delivery_timeout_s)

    monkeypatch.setattr(producers, "make_producer", counted)
    courier = Courier(stack.kafka_bootstrap_servers, "tests", delivery_timeout_s=30)
    small, large = Parcel(topic, b"k", b"v"), Parcel(topic, b"k", bytes(20_000_000))
    with pytest.raises(NotDeliveredError) as caught:
        courier.deliver([small, large, small])
    assert caught.value.number == 1
    assert len(courier.deliver([small])) == 1
    assert len(courier.deliver([small])) == 1
    assert made == ["tests", "tests"]


def test_what_is_delivered_together_is_there_or_not_at_all(stack: StackUrls, topic: str) -> None:
    courier = Courier(stack.kafka_bootstrap_servers, "tests", delivery_timeout_s=30)
    sent = [Parcel(topic, b"k", b"%d" % number, partition=number % 2) for number in range(4)]
    assert courier.deliver_together(sent) == [(0, 0), (1, 0), (0, 1), (1, 1)]
    with pytest.raises(NotDeliveredError):
        courier.deliver_together([*sent, Parcel(topic, b"k", bytes(20_000_000), partition=0)])
    with ThreadPoolExecutor(4) as threads:
        for places in threads.map(courier.deliver_together, [sent] * 4):
            assert [partition for partition, _ in places] == [0, 1, 0, 1]
    with KafkaLog(stack.kafka_bootstrap_servers) as log:
        ends = {partition: log.bounds(topic, partition)[1] for partition in (0, 1)}
        values = sorted(message.value() or b"" for message in log.read(topic, ends))
    assert values == sorted(parcel.value for parcel in sent * 5)
