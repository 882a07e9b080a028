"""Kafka has a record and has not said where: it is taken to be no later than the last one of its partition."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest
from confluent_kafka import KafkaError, KafkaException

from schemas.codec import Codec
from schemas.registry import FingerprintRegistry
from services.imports import publisher as publishers
from services.imports.canonical import Outgoing, read_event
from services.imports.errors import DeliveryFailedError
from services.imports.publisher import Publisher
from services.simulator.simulation import Simulation
from services.store import producer as producers
from services.store.producer import Courier, NotDeliveredError, Parcel

Place = tuple[str, int]


@dataclass(frozen=True)
class Report:
    """A delivery report."""

    at_topic: str
    at: int | None

    def topic(self) -> str:
        return self.at_topic

    def partition(self) -> int:
        return 1

    def offset(self) -> int | None:
        return self.at


class Reporting:
    """A producer that delivers at once, and tells these offsets one after the other."""

    def __init__(self, offsets: Iterable[int | None]) -> None:
        self.offsets = iter(offsets)

    def produce(
        self, topic: str, *given: object, on_delivery: Callable[[KafkaError | None, Report], None]
    ) -> None:
        on_delivery(None, Report(topic, next(self.offsets)))

    def flush(self, timeout: float = 0) -> int:
        return 0

    def poll(self, timeout: float) -> int:
        return 0


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What the producer reports, and where the partitions end: nowhere if Kafka does not answer."""

    def given(offsets: Iterable[int | None], end: int | None) -> None:
        def ends_of(servers: str, places: Iterable[Place], within_s: float) -> dict[Place, int]:
            if end is None:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
            return dict.fromkeys(places, end)

        for module in (producers, publishers):
            monkeypatch.setattr(module, "make_producer", lambda *_, **__: Reporting(offsets))
            monkeypatch.setattr(module, "ends_of", ends_of)

    return given


@pytest.mark.parametrize("unknown", [None, -1001])
def test_a_courier_tells_the_last_place_of_the_partition(
    reports: Callable[..., None], unknown: int | None
) -> None:
    reports([7, unknown, 9], 12)
    parcels = [Parcel("t", b"k", b"v")] * 3
    assert Courier("", "tests", delivery_timeout_s=1).deliver(parcels) == [(1, 7), (1, 11), (1, 9)]


def test_a_courier_that_cannot_learn_the_place_says_which_record_that_is(
    reports: Callable[..., None],
) -> None:
    reports([7, None, None], None)
    with pytest.raises(NotDeliveredError) as caught:
        Courier("", "tests", delivery_timeout_s=1).deliver([Parcel("t", b"k", b"v")] * 3)
    assert caught.value.number == 1


def _three_sent() -> Publisher:
    publisher = Publisher("", Codec(FingerprintRegistry()), delivery_timeout_s=1)
    orders = (e for e in Simulation(3, 2, 6).events() if e["event_type"].startswith("order."))
    for position, event in enumerate(itertools.islice(orders, 3), start=1):
        outgoing = read_event(position, event)
        assert isinstance(outgoing, Outgoing)
        publisher.send(outgoing)
    return publisher


@pytest.mark.parametrize("unknown", [None, -1001])
def test_a_publisher_waits_for_all_up_to_the_end(reports: Callable[..., None], unknown: int | None) -> None:
    reports([7, unknown, 9], 12)
    publisher = _three_sent()
    assert (publisher.receipt.delivered, [*publisher.receipt.next_offsets.values()]) == (3, [10])
    assert [*publisher.flush().next_offsets.values()] == [12]


def test_a_publisher_that_cannot_learn_the_place_says_so(reports: Callable[..., None]) -> None:
    reports([7, None, None], None)
    publisher = _three_sent()
    with pytest.raises(DeliveryFailedError) as caught:
        publisher.flush()
    assert caught.value.failed_position == 2
