"""The Redis side: follows PostgreSQL, never holds it up.

Invariants: called after the commit only, so Redis never shows what PostgreSQL does not have; a failure marks
Redis as out of step, and then it is rebuilt from PostgreSQL, a piece per turn of the loop while the stream
goes on; tries that fail take at most a tenth of the projector's time.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol, cast

import msgspec

from services.projector.batch import Batch
from services.projector.columns.table import Columns, Numbers
from services.projector.projections import PROJECTIONS, Projection
from services.store.errors import LiveStoreError, LiveStoreUnavailable
from services.store.live import Applied, BalanceRow, Change, LiveStore, Place, Told, member

_log: Final = logging.getLogger(__name__)
_PIECE: Final = 2_000
_SHORTEST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0
#: of one batch and topic: a page lists some forty
_LAST_RECORDS: Final = 200
#: before the first account: no customer id is shorter
_START: Final = ("", "")


class Committed(Protocol):
    """What a rebuild reads: the state that PostgreSQL has committed."""

    def positions(self) -> dict[Place, int]: ...

    def balances_after(self, account: tuple[str, str], limit: int) -> list[BalanceRow]: ...


class LiveSide:
    """Keeps a live store in step with PostgreSQL. For one thread, but `problem` may be read from any."""

    def __init__(
        self,
        store: LiveStore,
        committed: Committed,
        *,
        projections: Sequence[Projection] = PROJECTIONS,
        clock_s: Callable[[], float] = time.monotonic,
        observe: Callable[[Applied, int], None] = lambda applied, changes: None,
        observe_rebuilt: Callable[[], None] = lambda: None,
    ) -> None:
        """``observe`` gets what each write did, and how many changes it added to the feed."""
        self._store = store
        self._committed = committed
        self._projections = projections
        self._clock_s = clock_s
        self._observe = observe
        self._observe_rebuilt = observe_rebuilt
        self._out_since_s: float | None = None
        self._rebuilding_after: tuple[str, str] | None = None  # the last account that was put
        self._try_again_s = 0.0
        self.problem: str | None = None

    @property
    def busy(self) -> bool:
        """Whether `tend` has work now, so that the loop should not wait for records."""
        return self._out_since_s is not None and self._clock_s() >= self._try_again_s

    def out_of_step_s(self) -> float:
        """Seconds since Redis ceased to reflect PostgreSQL, 0 when it does."""
        return 0.0 if self._out_since_s is None else self._clock_s() - self._out_since_s

    def start(self) -> None:
        """Compare where both stores are; when they differ, `tend` will rebuild Redis. Blocks."""
        positions = self._committed.positions()
        try:
            projected = self._store.projected()
        except LiveStoreUnavailable as error:
            self._fall_out(error, self._clock_s())
            return
        if projected != positions:
            _log.info("Redis stands elsewhere than PostgreSQL and is rebuilt")
            self._out_since_s = self._clock_s()
            self.problem = "Redis is behind PostgreSQL and will be rebuilt"

    def apply(self, batch: Batch) -> None:
        """Bring a batch that PostgreSQL has. Blocks for the store's own retries; its errors stay here."""
        if self._out_since_s is not None and self._rebuilding_after is None:
            return  # the rebuild will bring it
        began_s = self._clock_s()
        told = told_of(batch, self._projections)
        advanced = batch.advanced if self._out_since_s is None else None
        if advanced is None and not told.changes:
            return
        try:
            applied = self._store.apply(told, advanced)
        except LiveStoreError as error:
            self._fall_out(error, began_s)
        else:
            self._observe(applied, len(told.changes))

    def tend(self) -> None:
        """One piece of a rebuild, if one is due. Blocks for a read and a write; PostgreSQL's errors raise."""
        if self._out_since_s is None or self._clock_s() < self._try_again_s:
            return
        began_s = self._clock_s()
        try:
            self._rebuild_piece()
        except LiveStoreError as error:
            self._fall_out(error, began_s)

    def _rebuild_piece(self) -> None:
        if self._rebuilding_after is None:
            self._store.begin_rebuild()
            self._rebuilding_after = _START
            self.problem = "Redis is being rebuilt from PostgreSQL"
        rows = self._committed.balances_after(self._rebuilding_after, _PIECE)
        if rows:
            self._store.rebuild(rows)
            self._rebuilding_after = (rows[-1].customer_id, rows[-1].currency)
        if len(rows) < _PIECE:
            gone = self._store.finish_rebuild(self._committed.positions())
            _log.info("Redis was rebuilt from PostgreSQL; %s accounts went", gone)
            self._rebuilding_after = None
            self._out_since_s = None
            self.problem = None
            self._observe_rebuilt()

    def _fall_out(self, error: LiveStoreError, began_s: float) -> None:
        now_s = self._clock_s()
        if self._out_since_s is None:
            self._out_since_s = now_s
        self._rebuilding_after = None
        # ten times as long as the try took: a Redis that hangs, not refuses, must not hold up the stream
        pause_s = min(max(10 * (now_s - began_s), _SHORTEST_PAUSE_S), _LONGEST_PAUSE_S)
        self._try_again_s = now_s + pause_s
        self.problem = f"Redis does not reflect PostgreSQL: {error}"
        _log.warning("%s; to be rebuilt in %.1f s", self.problem, pause_s)


def told_of(batch: Batch, projections: Sequence[Projection] = PROJECTIONS) -> Told:
    """The newest balance of each account in the batch, and what pages are told of it, by the projections."""
    balances, changes = Told(), list[str]()
    for projection in projections:
        columns = batch.rows.get(projection.topic.name)
        if columns is None or projection.feeds == "nothing":
            continue
        if projection.feeds == "last":
            told = columns.last(_LAST_RECORDS).without(projection.not_in_feed)
            changes += told.json(type=projection.change)
            continue
        newest = columns.newest(projection.targets[0].key)
        texts = newest.without(projection.not_in_feed).json()
        changes += [
            change.json() for change in Change.of_rows(projection.change, list(map(msgspec.Raw, texts)))
        ]
        if projection.change == "balances":
            balances = _balances(newest, texts)
    return dataclasses.replace(balances, changes=changes)


def _balances(columns: Columns, texts: Sequence[str]) -> Told:
    customers, currencies = (columns.fields[name].values() for name in ("customer_id", "currency"))
    versions = cast("Numbers", columns.fields["account_version"]).numbers.tolist()
    return Told(list(map(member, customers, currencies)), versions, texts)
