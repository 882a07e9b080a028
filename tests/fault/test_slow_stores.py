"""The stream does not wait for the stores: while PostgreSQL and Redis answer nothing, books and findings go on."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

import httpx
import pytest

from deploy.faults import wait_for
from runtime.settings import Settings
from schemas.progress import read_progress
from schemas.topics import BOOKS_CHANGELOG
from services.simulator.simulation import Simulation
from tests.e2e.service import WholeService
from tests.fault.feeder import Feeder

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]


def test_stores_that_answer_nothing_do_not_hold_the_stream_up(service: WholeService) -> None:
    events = list(Simulation(17, customers=60, days=60, tag="S").events())
    with Feeder(service, events, per_second=400) as feeder:
        feeder.wait_until_sent(feeder.total // 5)
        with ExitStack() as frozen:
            for store in ("postgres", "valkey"):
                frozen.enter_context(service.stack.frozen(store))
            feeder.wait_until_sent(feeder.total)
            delivered = feeder.receipt()
            wait_for(lambda: books_are_at(service, delivered.next_offsets), "the books hold all of it")
            assert httpx.get(f"http://127.0.0.1:{service.port_of('worker-1')}/readyz").status_code == 200
    service.settle(delivered)
    service.verify()


def books_are_at(service: WholeService, wanted: Mapping[tuple[str, int], int]) -> bool:
    """Whether the committed progress of the stream has passed every offset that was delivered."""
    progress = read_progress(
        service.urls.kafka_bootstrap_servers, BOOKS_CHANGELOG.name, Settings().partitions, timeout_s=30
    )
    return all(
        number in progress and progress[number].offsets.get(topic, 0) >= offset
        for (topic, number), offset in wanted.items()
    )
