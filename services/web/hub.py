"""One reader of the change feed per process, fanned out to every open page.

Invariants:
- Pages never slow the reader down: each has a bounded queue, and one that does not keep up is dropped and
  told to load afresh.
- A batch is encoded once, whatever the number of pages.
- A page resumes from the id it saw last without a gap: it is subscribed first, then the feed is read from
  that id, and what it was sent already is skipped.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import anyio.to_thread
import tenacity

from runtime.metrics import API_LIVE_CONNECTIONS
from services.store.errors import LiveStoreUnavailable
from services.store.live import BEGINNING, RESET, Change, LiveReader, parse_change_id
from services.web.wire import FEED_MAX, Batch, batch_of, feed_of

_log: Final = logging.getLogger(__name__)
_READ_LIMIT: Final = 5_000
_WAIT_MS: Final = 1_000
#: changes are gathered this long, so that a flood becomes a few messages a second instead of thousands
_GATHER_S: Final = 0.05
_QUEUE_MAX: Final = 100
#: how far back "recent changes" reaches when the process starts, and how much of it is read at most
_LOOK_BACK_MS: Final = 60 * 60 * 1000
_LOOK_BACK_READS: Final = 25


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the figures are behind the sources: records not processed or projected yet; None where
    unknown.
    """

    records: int | None


@dataclass(frozen=True, slots=True)
class Signal:
    """Something for the page besides batches: ``figures`` (with JSON), ``reload``, ``outage`` or
    ``recovered``.
    """

    event: str
    data: str = ""


@dataclass(slots=True, eq=False)
class Subscription:
    """One page's queue. ``overflowed`` is set once it was full; from then on nothing more is put."""

    queue: asyncio.Queue[Batch | Signal] = field(default_factory=lambda: asyncio.Queue(_QUEUE_MAX))
    overflowed: bool = False

    def put(self, item: Batch | Signal) -> None:
        """Never waits."""
        if self.overflowed:
            return
        try:
            self.queue.put_nowait(item)
        except asyncio.QueueFull:
            self.overflowed = True


class LiveHub:
    """Start ``run`` as a task on the event loop that serves the pages; everything else is called on that
    loop.
    """

    def __init__(self, live: LiveReader) -> None:
        self._live = live
        self._subscriptions: set[Subscription] = set()
        self._position = BEGINNING
        self._recent: deque[dict[str, Any]] = deque(maxlen=FEED_MAX)
        self._changed = asyncio.Event()
        self._ready = asyncio.Event()
        self._outage = False

    @property
    def recent(self) -> list[dict[str, Any]]:
        """The latest lines of the feed, oldest first."""
        return list(self._recent)

    @property
    def newest_change_ms(self) -> int | None:
        """When the newest change became visible, milliseconds since the epoch; None before the first."""
        return parse_change_id(self._position)[0] or None

    @property
    def pages(self) -> int:
        """Open pages."""
        return len(self._subscriptions)

    async def wait_for_change(self, timeout_s: float) -> bool:
        """Wait until something changed since the last call returned True, at most ``timeout_s``."""
        try:
            await asyncio.wait_for(self._changed.wait(), timeout_s)
        except TimeoutError:
            return False
        self._changed.clear()
        return True

    def broadcast(self, item: Batch | Signal) -> None:
        """Put an item into every page's queue."""
        for subscription in self._subscriptions:
            subscription.put(item)

    @contextlib.contextmanager
    def _subscribed(self) -> Any:
        subscription = Subscription()
        self._subscriptions.add(subscription)
        API_LIVE_CONNECTIONS.set(len(self._subscriptions))
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            API_LIVE_CONNECTIONS.set(len(self._subscriptions))

    async def follow(self, after: str) -> AsyncIterator[Batch | Signal]:
        """What happens after the change ``after``, until the page leaves or is dropped.

        Raises ValueError for text that is no change id. Raises ``LiveStoreUnavailable`` while catching up.
        """
        seen = parse_change_id(after)
        with self._subscribed() as subscription:
            if self._outage:
                yield Signal("outage")
            # Before the hub knows where the feed stands, it cannot be told what a page has missed.
            await self._ready.wait()
            while seen < parse_change_id(self._position):
                changes = await self._read(after, 0)
                if not changes:
                    break
                if changes[-1].type == RESET:
                    yield Signal("reload")
                    return
                after, seen = changes[-1].id, parse_change_id(changes[-1].id)
                yield batch_of(changes)
            while not subscription.overflowed:
                item = await subscription.queue.get()
                if isinstance(item, Batch):
                    if parse_change_id(item.id) <= seen:
                        continue
                    seen = parse_change_id(item.id)
                yield item
            yield Signal("reload")

    async def run(self) -> None:
        """Read the feed for ever; waits out outages of Redis and tells the pages of them."""
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(LiveStoreUnavailable),
            wait=tenacity.wait_random_exponential(multiplier=0.2, max=5),
            before_sleep=self._note_outage,
        )
        await retrying(self._look_back)
        self._ready.set()
        while True:
            await retrying(self._step)
            if self._outage:
                self._outage = False
                self.broadcast(Signal("recovered"))

    async def _look_back(self) -> None:
        newest = await anyio.to_thread.run_sync(self._live.latest_change_id)
        since = parse_change_id(newest)[0] - _LOOK_BACK_MS
        self._position = f"{since}-0" if since > 0 else BEGINNING
        for _ in range(_LOOK_BACK_READS):
            changes = await self._read(self._position, 0)
            if changes and changes[-1].type == RESET and self._position != BEGINNING:
                self._position = BEGINNING  # the feed is younger than that: all of it is recent
                continue
            if not changes:
                return
            self._take(changes)
        self._position = newest

    async def _step(self) -> None:
        changes = await self._read(self._position, _WAIT_MS)
        if not changes:
            return
        if changes[-1].type == RESET:
            self._position = changes[-1].id
            self._changed.set()
            self.broadcast(Signal("reload"))
            return
        self.broadcast(self._take(changes))
        if len(changes) < _READ_LIMIT:
            await asyncio.sleep(_GATHER_S)

    def _take(self, changes: list[Change]) -> Batch:
        self._position = changes[-1].id
        self._recent.extend(feed_of(changes))
        self._changed.set()
        return batch_of(changes)

    async def _read(self, after: str, wait_ms: int) -> list[Change]:
        def read() -> list[Change]:
            return self._live.changes_since(after, limit=_READ_LIMIT, wait_ms=wait_ms)

        return until_reset(await anyio.to_thread.run_sync(read, abandon_on_cancel=True))

    def _note_outage(self, state: tenacity.RetryCallState) -> None:
        if not self._outage:
            _log.warning("the change feed cannot be read", extra={"attempt": state.attempt_number})
            self._outage = True
            self.broadcast(Signal("outage"))


def until_reset(changes: list[Change]) -> list[Change]:
    """``changes``, or only the last reset among them: what came before it is void, what comes after is
    read next.
    """
    resets = [change for change in changes if change.type == RESET]
    return resets[-1:] or changes


#: asked by the page's figures; blocks
LagSource = Callable[[], Lag]
