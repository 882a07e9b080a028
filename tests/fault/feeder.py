"""A steady flow of events, so that faults strike in its middle."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from confluent_kafka import Producer

from schemas.codec import Codec
from schemas.partitioner import PRODUCER_PARTITIONER
from schemas.registry import FingerprintRegistry
from services.imports.canonical import Outgoing, read_event
from services.imports.errors import Receipt
from services.imports.publisher import Publisher
from tests.e2e.service import WholeService

#: a broker that is away for a while must not fail a publication
DELIVERED_WITHIN_S = 90
#: among so many events there is a record that is none: its dead letter must be written once, whatever happens
GARBAGE_EVERY = 50


class Feeder:
    """Publishes ``events`` in a thread of its own, ``per_second``; a context manager, which waits for the end."""

    def __init__(self, service: WholeService, events: Sequence[dict[str, Any]], per_second: int) -> None:
        self._outgoing = [_outgoing(number, event) for number, event in enumerate(events, start=1)]
        self._bootstrap_servers = service.urls.kafka_bootstrap_servers
        self._per_second = per_second
        self._sent = 0
        self._moved = threading.Condition()
        self._error: BaseException | None = None
        self._receipt: Receipt | None = None
        self._thread = threading.Thread(target=self._run, name="feeder")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.join()

    @property
    def total(self) -> int:
        return len(self._outgoing)

    def wait_until_sent(self, count: int, timeout_s: float = 60) -> None:
        """Block until ``count`` events were handed to the producer."""
        with self._moved:
            reached = self._moved.wait_for(lambda: self._sent >= count or self._error is not None, timeout_s)
        assert self._error is None, self._error
        assert reached, f"only {self._sent} of {count} events were sent within {timeout_s} s"

    def receipt(self) -> Receipt:
        """What was delivered: everything. Blocks until it is."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._receipt is not None
        return self._receipt

    def _run(self) -> None:
        codec = Codec(FingerprintRegistry())
        garbage = Producer(
            {
                "bootstrap.servers": self._bootstrap_servers,
                "partitioner": PRODUCER_PARTITIONER,
                "enable.idempotence": True,
                "message.timeout.ms": DELIVERED_WITHIN_S * 1000,
            }
        )
        began = time.monotonic()
        try:
            with Publisher(
                self._bootstrap_servers, codec, delivery_timeout_s=DELIVERED_WITHIN_S
            ) as publisher:
                for number, outgoing in enumerate(self._outgoing):
                    time.sleep(max(0.0, began + number / self._per_second - time.monotonic()))
                    publisher.send(outgoing)
                    if number % GARBAGE_EVERY == 0:
                        garbage.produce(outgoing.topic.name, b"no Avro", outgoing.key)
                        garbage.poll(0)
                    with self._moved:
                        self._sent += 1
                        self._moved.notify_all()
                self._receipt = publisher.flush()
            left = garbage.flush(DELIVERED_WITHIN_S)
            assert left == 0, f"{left} records of garbage were not delivered"
        except BaseException as error:
            with self._moved:
                self._error = error
                self._moved.notify_all()


def _outgoing(number: int, event: dict[str, Any]) -> Outgoing:
    outgoing = read_event(number, event)
    assert isinstance(outgoing, Outgoing), outgoing
    return outgoing
