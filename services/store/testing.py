"""The live store in memory, for tests of its callers. It passes the same contract suite as the real one.

Faults are set from outside: ``down`` (calls fail before they do anything), ``reply_lost`` (one write is taken
and fails nevertheless) and `lose_everything` (a flush, or a crash before the disk had it).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from services.store.errors import LiveStoreOutOfStep, LiveStoreUnavailable
from services.store.live import (
    BEGINNING,
    DEFAULT_FEED_LENGTH,
    RESET,
    Advance,
    Applied,
    BalanceRow,
    Change,
    Place,
    Told,
    parse_change_id,
)


class MemoryLiveStore:
    """See `services.store.live.LiveStore`. Waits for nothing: ``wait_ms`` is ignored."""

    def __init__(self, *, feed_length: int = DEFAULT_FEED_LENGTH) -> None:
        self.down = False
        self.reply_lost = False
        self._feed_length = feed_length
        self._balances: dict[tuple[str, str], BalanceRow] = {}
        self._feed: list[Change] = []
        self._written = 0
        self._projected: dict[Place, int] = {}
        self._put: set[tuple[str, str]] | None = None  # accounts of the rebuild that goes on

    def lose_everything(self) -> None:
        """What a flush does."""
        self._balances.clear()
        self._feed.clear()
        self._projected.clear()
        self._put = None

    def balance(self, customer_id: str, currency: str) -> BalanceRow | None:
        self._reach()
        return self._balances.get((customer_id, currency))

    def balances(self) -> Iterator[BalanceRow]:
        self._reach()
        yield from list(self._balances.values())

    def latest_change_id(self) -> str:
        self._reach()
        return self._feed[-1].id if self._feed else BEGINNING

    def changes_since(self, change_id: str, *, limit: int = 1000, wait_ms: int = 0) -> list[Change]:
        self._reach()
        wanted = parse_change_id(change_id)
        ids = [parse_change_id(change.id) for change in self._feed]
        if wanted != parse_change_id(BEGINNING) and not (ids and ids[0] <= wanted <= ids[-1]):
            return [Change(RESET, {}, self.latest_change_id())]
        return [change for change, known in zip(self._feed, ids, strict=True) if known > wanted][:limit]

    def projected(self) -> dict[Place, int]:
        self._reach()
        return dict(self._projected)

    def apply(self, told: Told, advanced: Mapping[Place, Advance] | None = None) -> Applied:
        self._reach()
        moves = advanced or {}
        found = {place: self._projected.get(place, 0) for place in moves}
        if moves and all(found[place] == move.end != move.start for place, move in moves.items()):
            return Applied()
        for place, move in moves.items():
            if found[place] != move.start:
                raise LiveStoreOutOfStep(f"{place[0]}:{place[1]}", move.start, found[place])
        balances = [msgspec.json.decode(text, type=BalanceRow) for text in told.balances]
        applied = self._write(balances, forced=False)
        self._append(told.changes)
        self._projected.update({place: move.end for place, move in moves.items()})
        self._reply()
        return applied

    def begin_rebuild(self) -> None:
        self._reach()
        self._projected.clear()
        self._put = set()

    def rebuild(self, balances: Sequence[BalanceRow]) -> None:
        self._reach()
        if self._put is None:
            raise LiveStoreOutOfStep("rebuild", 0, -1)
        self._write(balances, forced=True)

    def finish_rebuild(self, projected: Mapping[Place, int]) -> int:
        self._reach()
        if self._put is None:
            raise LiveStoreOutOfStep("rebuild", 0, -1)
        gone = self._balances.keys() - self._put
        for account in gone:
            del self._balances[account]
        self._put = None
        self._projected = dict(projected)
        self._append([Change(RESET).json()])
        return len(gone)

    def _write(self, balances: Sequence[BalanceRow], *, forced: bool) -> Applied:
        written = 0
        for row in balances:
            account = (row.customer_id, row.currency)
            known = self._balances.get(account)
            if forced or known is None or known.account_version <= row.account_version:
                self._balances[account] = row
                written += 1
            if self._put is not None:
                self._put.add(account)
        return Applied(written, len(balances) - written)

    def _append(self, changes: Sequence[str]) -> None:
        for text in changes:
            self._written += 1
            self._feed.append(Change.from_json(text, f"{self._written}-0"))
        del self._feed[: -self._feed_length]

    def _reach(self) -> None:
        if self.down:
            raise LiveStoreUnavailable(ConnectionError("down"))

    def _reply(self) -> None:
        if self.reply_lost:
            self.reply_lost = False
            raise LiveStoreUnavailable(TimeoutError("reply lost"))
