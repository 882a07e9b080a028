"""The live store in Redis (or Valkey), one Lua script per write.

    tieout:balances    hash: {customer}:{currency} -> account_version, a space, BalanceRow as JSON
    tieout:changes     stream: field "json", trimmed to about 20,000 entries
    tieout:positions   hash: {topic}:{partition} -> next offset
    tieout:balances:next (set of accounts), tieout:rebuilding   only during a rebuild

One hash for all accounts: a write takes two commands for a thousand of them, where a key for each took three for each
one. Numbers stay text in the scripts (but for versions): Lua's are doubles, exact to 2**53 only. What a write brings
comes as MessagePack, as text that is packed is not escaped.
"""

from __future__ import annotations

import contextlib
import importlib.resources
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

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
    member,
    parse_change_id,
)

BALANCES: Final = "tieout:balances"
NEXT_ACCOUNTS: Final = "tieout:balances:next"
REBUILDING: Final = "tieout:rebuilding"
CHANGES: Final = "tieout:changes"
POSITIONS: Final = "tieout:positions"

_KEYS: Final = (BALANCES, NEXT_ACCOUNTS, REBUILDING, CHANGES, POSITIONS)
_SCAN_SIZE: Final = 1000
_LONGEST_WAIT_MS: Final = 1000  # below the socket's timeout


def connect_live(redis_url: str, *, feed_length: int = DEFAULT_FEED_LENGTH) -> RedisLiveStore:
    """The live store at ``redis://…``; connects on first use.

    A call that fails is sent again twice within about 0.2 s, then raises LiveStoreUnavailable.
    """
    client = redis.Redis.from_url(
        redis_url,
        decode_responses=True,
        socket_connect_timeout=1,
        socket_timeout=2,
        health_check_interval=15,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.05), 2),
    )
    return RedisLiveStore(client, feed_length=feed_length)


class RedisLiveStore:
    """See `services.store.live.LiveStore`. ``client`` must decode responses."""

    def __init__(self, client: redis.Redis, *, feed_length: int = DEFAULT_FEED_LENGTH) -> None:
        self._client = client
        self._feed_length = feed_length
        self._apply = client.register_script(_source("apply.lua"))
        self._finish = client.register_script(_source("finish_rebuild.lua"))
        self._step: int | None = None  # of the rebuild that goes on

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    # --- reading ---

    def balance(self, customer_id: str, currency: str) -> BalanceRow | None:
        with _translated():
            found: Any = self._client.hget(BALANCES, member(customer_id, currency))
        return _row(found) if found else None

    def balances(self) -> Iterator[BalanceRow]:
        seen: set[str] = set()  # a scan may return a member twice
        cursor = 0
        while True:
            with _translated():
                answer: Any = self._client.hscan(BALANCES, cursor, count=_SCAN_SIZE)
            cursor, found = int(answer[0]), answer[1]
            fresh = [text for name, text in found.items() if name not in seen]
            seen.update(found)
            yield from map(_row, fresh)
            if cursor == 0:
                return

    def latest_change_id(self) -> str:
        with _translated():
            newest: Any = self._client.xrevrange(CHANGES, count=1)
        return str(newest[0][0]) if newest else BEGINNING

    def changes_since(self, change_id: str, *, limit: int = 1000, wait_ms: int = 0) -> list[Change]:
        wanted = parse_change_id(change_id)
        with _translated():
            pipeline = self._client.pipeline(transaction=False)
            pipeline.xrange(CHANGES, count=1)
            pipeline.xrevrange(CHANGES, count=1)
            oldest, newest = pipeline.execute()
            if wanted != parse_change_id(BEGINNING) and not _holds(wanted, oldest, newest):
                return [Change(RESET, {}, newest[0][0] if newest else BEGINNING)]
            block = min(wait_ms, _LONGEST_WAIT_MS) or None
            streams: Any = self._client.xread({CHANGES: change_id}, count=limit, block=block)
        return [
            Change.from_json(fields["json"], entry_id)
            for _, entries in streams
            for entry_id, fields in entries
        ]

    def projected(self) -> dict[Place, int]:
        with _translated():
            found: Any = self._client.hgetall(POSITIONS)
        return {_place(field): int(offset) for field, offset in found.items()}

    # --- writing ---

    def apply(self, told: Told, advanced: Mapping[Place, Advance] | None = None) -> Applied:
        return self._write(told, advanced or {}, forced=False)

    def begin_rebuild(self) -> None:
        self._step = None
        with _translated():
            pipeline = self._client.pipeline(transaction=True)
            pipeline.delete(POSITIONS, NEXT_ACCOUNTS)
            pipeline.set(REBUILDING, 0)
            pipeline.execute()
        self._step = 0

    def rebuild(self, balances: Sequence[BalanceRow]) -> None:
        if self._step is None:
            raise LiveStoreOutOfStep("rebuild", 0, -1)
        self._write(Told.of(balances, ()), {}, forced=True)

    def finish_rebuild(self, projected: Mapping[Place, int]) -> int:
        if self._step is None:
            raise LiveStoreOutOfStep("rebuild", 0, -1)
        words: list[str | int] = [self._feed_length, self._step, Change(RESET).json()]
        for place, offset in projected.items():
            words += (_field(place), offset)
        with _translated():
            answer: Any = self._finish(keys=_KEYS, args=words)
        self._step = None
        if answer[0] != "applied":
            raise LiveStoreOutOfStep(answer[1], int(answer[2]), int(answer[3]))
        return int(answer[1])

    def _write(self, told: Told, advanced: Mapping[Place, Advance], *, forced: bool) -> Applied:
        moves = [(_field(place), str(move.start), str(move.end)) for place, move in advanced.items()]
        kept = [f"{version} {text}" for version, text in zip(told.versions, told.balances, strict=True)]
        words: list[str | int | bytes] = [
            self._feed_length,
            int(forced),
            "" if self._step is None else self._step,
            # one argument, not one per value: redis-py packs each in Python; and no JSON within JSON
            msgspec.msgpack.encode((moves, told.members, told.versions, kept, told.changes)),
        ]
        with _translated():
            answer: Any = self._apply(keys=_KEYS, args=words)
        if answer[0] == "out of step":
            self._step = None
            raise LiveStoreOutOfStep(answer[1], int(answer[2]), int(answer[3]))
        if self._step is not None:
            self._step += 1
        return Applied(int(answer[1]), int(answer[2])) if answer[0] == "applied" else Applied()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise LiveStoreUnavailable(error) from error


def _source(name: str) -> str:
    return importlib.resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _holds(wanted: tuple[int, int], oldest: Any, newest: Any) -> bool:
    if not oldest or not newest:
        return False
    return parse_change_id(oldest[0][0]) <= wanted <= parse_change_id(newest[0][0])


def _field(place: Place) -> str:
    return f"{place[0]}:{place[1]}"


def _place(field: str) -> Place:
    topic, _, partition = field.rpartition(":")
    return topic, int(partition)


def _row(found: str) -> BalanceRow:
    return msgspec.json.decode(found.partition(" ")[2], type=BalanceRow)
