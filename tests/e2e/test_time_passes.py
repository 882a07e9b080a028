"""A quiet account learns that what it waits for is missing: clock, topic, worker, stores, people."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from runtime.settings import Settings
from schemas.codec import Codec
from schemas.registry import FingerprintRegistry
from schemas.topics import CLOCK
from services.alerts.clock import ClockTopic, DayTeller
from services.imports.errors import Receipt
from services.operations.kafka_log import KafkaLog
from services.store.engine import create_engine
from tests.e2e.service import WholeService, event_of

pytestmark = pytest.mark.e2e

CUSTOMER = "C-QUIET"


def statement() -> dict[str, Any]:
    """Theirs of January, with an invoice of the last day that our books do not have."""
    lines = [
        {"line_no": 1, "document_no": "QI-1", "date": "2026-01-05", "debit_minor": 12_100, "credit_minor": 0},
        {"line_no": 2, "document_no": "QI-2", "date": "2026-01-31", "debit_minor": 5_000, "credit_minor": 0},
    ]
    return event_of(
        CUSTOMER,
        "customer_statement.received",
        "QS-1",
        "2026-01-31",
        17_100,
        statement_id="QS-1",
        statement_version=1,
        period_start="2026-01-01",
        period_end="2026-01-31",
        opening_balance_minor=0,
        closing_balance_minor=17_100,
        total_debit_minor=17_100,
        total_credit_minor=0,
        line_count=2,
        lines=lines,
    )


def test_a_line_that_waits_is_missing_when_its_grace_is_over(tieout: WholeService) -> None:
    placed = event_of(CUSTOMER, "order.placed", "QI-1", "2026-01-05", 12_100, order_id="QO-1")
    tieout.publish([placed, statement()])

    def kinds() -> list[tuple[str, str]]:
        rows = tieout.json("discrepancies", "--customer", CUSTOMER)
        return sorted((row["kind"], row["document_no"]) for row in rows if row["document_no"] == "QI-2")

    assert kinds() == [], "our sources may still tell of it"
    engine = create_engine(tieout.urls.database_url, application="tieout-tests")
    now = [dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)]
    topic = ClockTopic(tieout.urls.kafka_bootstrap_servers, Codec(FingerprintRegistry()))

    def tell(events: list[dict[str, Any]]) -> None:
        topic.tell(
            event for event in events if event["customer_id"] == CUSTOMER
        )  # others wait for tests of theirs

    days = DayTeller(engine, tell, lambda: now[0])
    assert days.look() == 0
    now[0] += dt.timedelta(hours=1)
    assert days.look() >= 1
    engine.dispose()
    with KafkaLog(tieout.urls.kafka_bootstrap_servers) as log:
        partitions = range(Settings(home=tieout.home).partitions)
        tieout.settle(Receipt({(CLOCK.name, p): log.bounds(CLOCK.name, p)[1] for p in partitions}, {}))
    assert kinds() == [("MISSING_IN_LEDGER", "QI-2")]
    tieout.verify()
