"""Feeds a service of the tests; what a feeder is stands in ``services.operations.chaos.feeder``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemas.codec import Codec
from schemas.registry import FingerprintRegistry
from services.cli.chaos import records
from services.imports.errors import Receipt
from services.operations.chaos.feeder import Feeder as ChaosFeeder
from tests.e2e.service import WholeService


class Feeder(ChaosFeeder):
    """Publishes all of ``events``; ``total`` is how many they are."""

    def __init__(self, service: WholeService, events: Sequence[dict[str, Any]], per_second: int) -> None:
        self.total = len(events)
        fed = list(records(iter(events), Codec(FingerprintRegistry())))
        super().__init__(service.urls.kafka_bootstrap_servers, fed, per_second)

    def receipt(self) -> Receipt:
        """What was delivered: everything. Blocks until it is."""
        return Receipt(self.finish(), {})
