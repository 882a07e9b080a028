"""The figures at the top of the page: computed once per process while somebody looks, sent to every page.

Recomputed when something changed, but at most so often that it takes a quarter of the time; and every few
seconds anyway, because rates fall and items become overdue without an event.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import anyio.to_thread
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from services.queries.overview import CurrencyFigures, count_entries, read_currency_figures
from services.web.hub import LagSource, LiveHub, Signal
from services.web.wire import browser_json

_log: Final = logging.getLogger(__name__)
_SHORTEST_S: Final = 0.25
_IDLE_S: Final = 2.0
_SHARE: Final = 4
_RATE_WINDOW_S: Final = 10.0
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Figures:
    """``entries_per_s`` over the last ten seconds, as a decimal string; None until two readings are there."""

    currencies: list[CurrencyFigures]
    entries_per_s: str | None
    lag_records: int | None
    newest_change_ms: int | None
    now_ms: int


class FigureReader:
    """Computes figures; remembers the last readings of the entry count for the rate."""

    def __init__(
        self,
        engine: sa.Engine,
        hub: LiveHub,
        lag: LagSource,
        clock: Callable[[], dt.datetime],
        zone: ZoneInfo,
    ) -> None:
        self._engine = engine
        self._hub = hub
        self._lag = lag
        self._clock = clock
        self._zone = zone
        self._readings: deque[tuple[float, int]] = deque()

    def read(self) -> Figures:
        """Blocks for a few aggregates over the present tables. Raises SQLAlchemy's errors."""
        with self._engine.connect() as connection:
            currencies = read_currency_figures(connection, self._clock().astimezone(self._zone).date())
            entries = count_entries(connection)
        return Figures(
            currencies, self._rate(entries), self._lag().records, self._hub.newest_change_ms, self._now_ms()
        )

    async def run(self) -> None:
        """Send figures for ever, while there are pages."""
        while True:
            await self._hub.wait_for_change(_IDLE_S)
            if not self._hub.pages:
                continue
            started = time.monotonic()
            try:
                data = browser_json(await anyio.to_thread.run_sync(self.read))
            except (DBAPIError, PoolTimeoutError) as error:
                _log.warning("the figures cannot be read", exc_info=error)
                self._hub.broadcast(Signal("outage"))
                await asyncio.sleep(_IDLE_S)
                continue
            self._hub.broadcast(Signal("figures", data))
            await asyncio.sleep(max(_SHORTEST_S, (_SHARE - 1) * (time.monotonic() - started)))

    def _now_ms(self) -> int:
        # The browser's clock may be wrong by hours: ages are counted from ours.
        return (self._clock() - _EPOCH) // dt.timedelta(milliseconds=1)

    def _rate(self, entries: int) -> str | None:
        now = time.monotonic()
        self._readings.append((now, entries))
        while len(self._readings) > 2 and now - self._readings[0][0] > _RATE_WINDOW_S:
            self._readings.popleft()
        then, before = self._readings[0]
        if now - then < _SHORTEST_S:
            return None
        return f"{max(0, entries - before) / (now - then):.1f}"
