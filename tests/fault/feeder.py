"""A steady flow of events, so that faults strike in its middle."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from schemas.codec import Codec
from schemas.registry import FingerprintRegistry
from services.imports.canonical import Outgoing, read_event
from services.imports.errors import Receipt
from services.imports.publisher import Publisher
from services.imports.settle import wait_until_reflected
from services.store.engine import create_engine
from services.store.live_redis import connect_live
from tests.e2e.service import WholeService

#: events per publication and second; a broker that is away for a while must not fail one
DELIVERED_WITHIN_S = 90


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
        began = time.monotonic()
        try:
            with Publisher(
                self._bootstrap_servers, codec, delivery_timeout_s=DELIVERED_WITHIN_S
            ) as publisher:
                for number, outgoing in enumerate(self._outgoing):
                    time.sleep(max(0.0, began + number / self._per_second - time.monotonic()))
                    publisher.send(outgoing)
                    with self._moved:
                        self._sent += 1
                        self._moved.notify_all()
                self._receipt = publisher.flush()
        except BaseException as error:
            with self._moved:
                self._error = error
                self._moved.notify_all()


def wait_until_settled(service: WholeService, receipt: Receipt, timeout_s: int = 90) -> None:
    """Block until books, PostgreSQL and Redis reflect the receipt (I10: after faults the lag returns to zero)."""
    urls = service.urls
    engine = create_engine(urls.database_url, application="tieout-fault-test")
    live = connect_live(urls.redis_url)
    try:
        wait_until_reflected(
            receipt,
            bootstrap_servers=urls.kafka_bootstrap_servers,
            engine=engine,
            live=live,
            timeout_s=timeout_s,
        )
    finally:
        live.close()
        engine.dispose()


def _outgoing(number: int, event: dict[str, Any]) -> Outgoing:
    outgoing = read_event(number, event)
    assert isinstance(outgoing, Outgoing), outgoing
    return outgoing
