"""A day that comes is told to the customers whose statements wait for our sources: time passes where nothing happens.

A line of a statement that our books do not have is pending until our sources have passed its date, or until its
grace is over (``domain.comparison.waiting``). What tells the books is an event, never a clock of theirs: so a replay
lets time pass at the same places. An account gets it from here once it has waited for an hour and nothing of its
comparisons has changed: while a history is being brought in, its own events are its clock.

Invariant: one event per account and day, with one id and one content: told twice it is a duplicate.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

import sqlalchemy as sa

from domain.identity import stable_id
from schemas.topics import CLOCK
from services.queries.comparisons import WaitingAccount, list_waiting
from services.store.producer import Courier, NotDeliveredError, Parcel

_LOOK_EVERY: Final = dt.timedelta(minutes=1)
_QUIET_FOR: Final = dt.timedelta(hours=1)
_SOURCE: Final = "tieout-clock"


class Encoder(Protocol):
    """Turns a value into the bytes of its contract (``schemas.codec.Codec``)."""

    def encode(self, schema_name: str, value: dict[str, Any]) -> bytes: ...


class DayNotToldError(Exception):
    """Kafka did not take a day. It is told again at the next look."""


class ClockTopic:
    """Puts days on ``tieout.clock``, by an idempotent producer. Not for several threads."""

    def __init__(
        self,
        bootstrap_servers: str,
        encoder: Encoder,
        *,
        topic: str = CLOCK.name,
        delivery_timeout_s: int = 30,
    ) -> None:
        self._encoder = encoder
        self._topic = topic
        self._courier = Courier(bootstrap_servers, "tieout-clock", delivery_timeout_s=delivery_timeout_s)

    def tell(self, events: Iterable[dict[str, Any]]) -> None:
        """Blocks until Kafka has all of them. Raises ``DayNotToldError``."""
        parcels = (
            Parcel(self._topic, event["customer_id"].encode(), self._encoder.encode("clock", event))
            for event in events
        )
        try:
            self._courier.deliver(parcels)
        except NotDeliveredError as error:
            raise DayNotToldError(error.reason) from error


class DayTeller:
    """Looks at most once a minute. Days are those of UTC, as the books count when something occurred."""

    def __init__(
        self,
        engine: sa.Engine,
        tell: Callable[[list[dict[str, Any]]], None],
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._engine = engine
        self._tell = tell
        self._clock = clock
        self._next_look: dt.datetime | None = None
        self._quiet_since: dict[WaitingAccount, dt.datetime] = {}
        self._told: dict[WaitingAccount, dt.date] = {}

    def look(self) -> int:
        """Tell the day to every account that waits quietly and has not been told of it; how many those were.

        Raises SQLAlchemy's errors and ``DayNotToldError``.
        """
        now = self._clock().astimezone(dt.UTC)
        if self._next_look is not None and now < self._next_look:
            return 0
        with self._engine.connect() as connection:
            waiting = list_waiting(connection)
        self._quiet_since = {account: self._quiet_since.get(account, now) for account in waiting}
        self._told = {account: day for account, day in self._told.items() if account in self._quiet_since}
        today = now.date()
        due = [
            account
            for account, since in self._quiet_since.items()
            if now - since >= _QUIET_FOR and self._told.get(account) != today
        ]
        if due:
            self._tell([day_event(account.customer_id, account.currency, today) for account in due])
            self._told.update(dict.fromkeys(due, today))
        self._next_look = now + _LOOK_EVERY
        return len(due)


def day_event(customer_id: str, currency: str, day: dt.date) -> dict[str, Any]:
    """The event that tells an account of a day."""
    return {
        "event_id": stable_id("clock", customer_id, currency, day.isoformat()),
        "event_type": "clock.passed",
        "schema_version": 1,
        "source_system": _SOURCE,
        "source_record_id": f"{currency}/{day.isoformat()}",
        "source_version": 1,
        "occurred_at": dt.datetime.combine(day, dt.time(), dt.UTC),
        "business_date": day,
        "customer_id": customer_id,
        "currency": currency,
        "amount_minor": 0,
        "document_no": day.isoformat(),
        "correlation_id": None,
        "causation_id": None,
        "metadata": {},
    }
