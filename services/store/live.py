"""The live store: present balances and the feed of changes, for pages that must not wait for PostgreSQL.

A cache that can always be rebuilt from PostgreSQL. Invariants: a balance only moves to an account version
that is not lower (I8; at the same version the later record of the stream wins, as in PostgreSQL); what it
reflects of the result topics is written in the same step as the balances (`projected`), so a hole is noticed,
not shown. One writer: the projector. `live_redis` holds the real one, `testing` the fake.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec

#: topic and partition
Place = tuple[str, int]
#: the id to read the whole feed from
BEGINNING: Final = "0-0"
#: type of the change that tells readers to load everything afresh
RESET: Final = "reset"
#: in changes; one of balances or discrepancies holds up to `ROWS_A_CHANGE`
DEFAULT_FEED_LENGTH: Final = 20_000
ROWS_A_CHANGE: Final = 50


class BalanceRow(msgspec.Struct, frozen=True, kw_only=True):
    """The running balance of one account; the columns of table ``balances``."""

    customer_id: str
    currency: str
    account_version: int
    balance_minor: int
    entry_count: int
    open_discrepancies: int
    last_business_date: dt.date
    event_id: str
    occurred_at: dt.datetime


class Change(msgspec.Struct, frozen=True):
    """One entry of the feed. ``row`` holds JSON values; ``id`` is set on reading and orders the feed.

    Types: ``entry``, ``comparison``, ``dead_letter`` and ``work`` (the row as in PostgreSQL), ``balances`` and
    ``discrepancies`` (``rows``: the newest of some) and ``reset`` (empty row: what the reader has may be incomplete,
    load it afresh).
    """

    type: str
    row: dict[str, Any] = {}
    id: str = ""

    def json(self) -> str:
        """Compact JSON: the row with its type beside its fields. Dates and instants are ISO 8601."""
        return msgspec.json.encode({"type": self.type, **self.row}).decode()

    @classmethod
    def of_rows(cls, type: str, rows: Sequence[Any]) -> list[Change]:
        """What tells of ``balances`` or ``discrepancies``; a row is anything that becomes JSON."""
        return [
            cls(type, {"rows": rows[first : first + ROWS_A_CHANGE]})
            for first in range(0, len(rows), ROWS_A_CHANGE)
        ]

    @classmethod
    def from_json(cls, text: str, change_id: str) -> Change:
        """The inverse of `json`."""
        row = msgspec.json.decode(text)
        return cls(row.pop("type"), row, change_id)


@dataclass(frozen=True, slots=True)
class Told:
    """What one write brings, as the store keeps it: JSON, so that no balance is an object on its way there.

    ``members``, ``versions`` and ``balances`` are of the same accounts; an account may come twice, in order.
    """

    members: Sequence[str] = ()
    """As `member`."""
    versions: Sequence[int] = ()
    balances: Sequence[str] = ()
    """Each a `BalanceRow`."""
    changes: Sequence[str] = ()
    """Each as `Change.json`."""

    @classmethod
    def of(cls, balances: Sequence[BalanceRow], changes: Sequence[Change]) -> Told:
        """From objects."""
        return cls(
            [member(row.customer_id, row.currency) for row in balances],
            [row.account_version for row in balances],
            [msgspec.json.encode(row).decode() for row in balances],
            [change.json() for change in changes],
        )


@dataclass(frozen=True, slots=True)
class Advance:
    """A write takes the store from ``start`` to ``end``: next offsets of one place."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Applied:
    """What one write did: balances written, and refused because a higher version stands."""

    written: int = 0
    rejected: int = 0


class LiveReader(Protocol):
    """What services read. All methods block for a network round trip and raise LiveStoreUnavailable."""

    def balance(self, customer_id: str, currency: str) -> BalanceRow | None:
        """The account's balance, None for an unknown account."""

    def balances(self) -> Iterator[BalanceRow]:
        """All balances, unordered; each is whole, together they are of differing moments."""

    def latest_change_id(self) -> str:
        """Id of the newest change: take it, load a snapshot, then read on with `changes_since` it."""

    def changes_since(self, change_id: str, *, limit: int = 1000, wait_ms: int = 0) -> list[Change]:
        """Changes after that id in order, at most ``limit``; waits up to ``wait_ms`` (at most 1000).

        Where changes after the id were dropped, a single ``reset`` comes; its id is where to read on.
        Raises ValueError for text that is no id (``<milliseconds>-<number>``).
        """

    def projected(self) -> dict[Place, int]:
        """Next offset of each place that is reflected; empty when nothing is known (then: rebuild)."""


class LiveStore(LiveReader, Protocol):
    """What the projector writes, one caller at a time. Writes are atomic; sending one twice has no effect.

    All raise LiveStoreUnavailable; after that, whether the write was taken is unknown.
    """

    def apply(self, told: Told, advanced: Mapping[Place, Advance] | None = None) -> Applied:
        """Write the balances (guarded by version), the changes, and where that takes the store.

        Raises LiveStoreOutOfStep, and writes nothing, when the store does not stand at the starts given.
        """

    def begin_rebuild(self) -> None:
        """From now on nothing is `projected`, until `finish_rebuild`. Starts over when one was going on."""

    def rebuild(self, balances: Sequence[BalanceRow]) -> None:
        """Put balances as they are, whatever version stands. Raises LiveStoreOutOfStep: begin again."""

    def finish_rebuild(self, projected: Mapping[Place, int]) -> int:
        """Drop the accounts that were not put since `begin_rebuild`, return how many, announce a ``reset``.

        Raises LiveStoreOutOfStep: begin again.
        """


def member(customer_id: str, currency: str) -> str:
    """The name of an account: one text, the same for no two of them, as a currency has no colon."""
    return f"{customer_id}:{currency}"


def parse_change_id(change_id: str) -> tuple[int, int]:
    """The two numbers of an id, which order the feed. Raises ValueError."""
    milliseconds, dash, number = change_id.partition("-")
    if not (milliseconds.isdecimal() and (number.isdecimal() or not dash)):
        raise ValueError(f"not a change id: {change_id!r}")
    return int(milliseconds), int(number or 0)
