"""A day is told to accounts that wait quietly: over real PostgreSQL, through the contract of its topic."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from deploy.stack import StackUrls
from domain.events import ClockEvent
from domain.validation import parse_event
from schemas.codec import Codec
from schemas.registry import FingerprintRegistry
from schemas.topics import CLOCK
from services.alerts.clock import DayNotToldError, DayTeller
from services.queries import testing as books
from services.store import tables
from services.store.engine import create_engine

pytestmark = pytest.mark.integration

CODEC = Codec(FingerprintRegistry())
START = dt.datetime(2026, 1, 20, 12, tzinfo=dt.UTC)


@pytest.fixture
def engine(stack: StackUrls) -> Iterator[sa.Engine]:
    with books.fresh_database(stack.database_url) as url:
        made = create_engine(url)
        yield made
        made.dispose()


def test_a_day_is_told_once_to_each_account_that_waits(engine: sa.Engine) -> None:
    def compared(customer_id: str, statement_id: str, **figures: int) -> None:
        part = books.comparison_part(customer_id, statement_id, 1, 1, [], **figures)
        books.write(engine, tables.statement_comparisons, [part])

    compared("C-1", "S-1", pending_count=2)
    compared("C-1", "S-2", pending_count=1)
    compared("C-2", "S-1", pending_count=0)
    now = [START]
    told: list[dict[str, Any]] = []
    down = [True]

    def tell(events: list[dict[str, Any]]) -> None:
        if down[0]:
            raise DayNotToldError("down")
        told.extend(events)

    days = DayTeller(engine, tell, lambda: now[0])

    def look(later: dt.timedelta) -> int:
        now[0] += later
        return days.look()

    minute, hour = dt.timedelta(minutes=1), dt.timedelta(hours=1)
    assert look(dt.timedelta(0)) == 0, "it has only begun to wait"
    with pytest.raises(DayNotToldError):
        look(hour)
    down[0] = False
    assert look(dt.timedelta(0)) == 1
    [event] = told
    assert (event["customer_id"], event["occurred_at"].date()) == ("C-1", START.date())
    parsed = parse_event(CODEC.decode("clock", CODEC.encode("clock", event)), CLOCK.kinds, b"C-1")
    assert isinstance(parsed, ClockEvent)
    assert look(minute) == 0, "told already"
    compared("C-3", "S-1", pending_count=1)
    assert look(minute) == 0
    assert look(hour / 2) == 0
    change = sa.update(tables.statement_comparisons).where(
        tables.statement_comparisons.c.customer_id == "C-3"
    )
    with engine.begin() as connection:
        connection.execute(change.values(account_version=2))
    assert look(hour * 2 / 3) == 0, "something happened: its own events are its clock"
    assert look(hour) == 1
    assert look(dt.timedelta(days=1)) == 2
    assert len({event["event_id"] for event in told}) == len(told) == 4
    days = DayTeller(engine, tell, lambda: now[0])
    assert look(dt.timedelta(0)) == 0
    assert look(hour) == 2
    assert told[-2:] == told[-4:-2], "told again it is the same event"
