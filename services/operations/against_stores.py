"""What PostgreSQL and Redis hold, compared with books of the stream's state, account by account (I5).

A store that is at a later version of an account has moved on since the state was read; its entries are compared on the
topic. One that is at an earlier version lacks something: the comparison begins only when the stores have caught up.

The tables of one account follow the result topics one by one: for a moment an entry, an item or a finding is of a later
version than the balance. Entries are added up to the balance's version; items and findings wait for the next look.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa
import tenacity

from domain.books import Book
from services.operations.offline_fold import Place
from services.store import tables
from services.store.live import LiveReader

Account = tuple[str, str]
#: ``None``: all customers
Customers = list[str] | None
_PROJECTOR: Final = "projector"


class Stores:
    """The read side. Blocking; reads only; raises what SQLAlchemy and the live store raise."""

    def __init__(self, engine: sa.Engine, live: LiveReader, timeout_s: int) -> None:
        self._engine = engine
        self._live = live
        self._timeout_s = timeout_s

    def await_projection(self, ends: Mapping[tuple[str, int], int]) -> list[str]:
        """Wait until both stores have the result topics up to ``ends``; what is left after the timeout."""

        def behind() -> list[str]:
            with self._engine.connect() as connection:
                offsets = tables.consumer_offsets.c
                rows = connection.execute(
                    sa.select(offsets.topic, offsets.partition, offsets.next_offset).where(
                        offsets.consumer == _PROJECTOR
                    )
                )
                postgres = {(row.topic, row.partition): row.next_offset for row in rows}
            redis = self._live.projected()
            return [
                f"{name} has {place[0]}[{place[1]}] up to {have.get(place, 0)} of {end}"
                for name, have in (("PostgreSQL", postgres), ("Redis", redis))
                for place, end in ends.items()
                if have.get(place, 0) < end
            ]

        return _until_empty(behind, self._timeout_s)

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """PostgreSQL at one moment."""
        with self._engine.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
            yield connection

    def missing_dead_letters(self, connection: sa.Connection, refused: Collection[Place]) -> Iterator[str]:
        """Refused positions without a row."""
        letters = tables.dead_letters.c
        rows = connection.execute(
            sa.select(letters.source_topic, letters.source_partition, letters.source_offset)
        )
        stored = {(r.source_topic, r.source_partition, r.source_offset) for r in rows}
        for place in sorted(set(refused) - stored):
            yield f"the dead letter {place} is not in PostgreSQL"

    def against_postgres(
        self, connection: sa.Connection, books: Collection[Book], *, whole: bool
    ) -> Iterator[str]:
        """Balances, entry sums, open items and open findings that differ. ``whole``: ``books`` are all of them."""
        of: Customers = None if whole else [book.customer_id for book in books]
        table = tables.balances.c
        query = sa.select(table.customer_id, table.currency, table.account_version, table.balance_minor)
        stored = {
            (row.customer_id, row.currency): row
            for row in connection.execute(_restricted(query, tables.balances, of))
        }
        sums = _entry_sums(connection, of)
        moving = _ahead_of_balance(connection, tables.open_items, of)
        moving |= _ahead_of_balance(connection, tables.discrepancies, of)
        items = _rows_by_account(
            connection,
            tables.open_items,
            lambda r: (r.item_id, r.original_minor, r.allocated_minor, r.due_date, r.state),
            of,
        )
        findings = _rows_by_account(
            connection,
            tables.discrepancies,
            lambda r: (r.discrepancy_id, r.amount_minor),
            of,
            tables.discrepancies.c.state.in_(("OPENED", "UPDATED")),
        )
        for book in books:
            for currency, account in book.accounts.items():
                name = (book.customer_id, currency)
                row = stored.get(name)
                if row is None or row.account_version < account.version:
                    yield f"{name}: PostgreSQL lacks version {account.version}"
                    continue
                if row.account_version > account.version:
                    continue
                balance = book.our_balance_minor(currency)
                if row.balance_minor != balance or sums.get(name, 0) != balance:
                    yield (
                        f"{name}: state {balance}, balances {row.balance_minor}, "
                        f"Σ entries {sums.get(name, 0)}"
                    )
                if name in moving:
                    continue
                ours = {
                    (key, i.original_minor, i.allocated_minor, i.due_date, i.state)
                    for key, record in account.records.items()
                    if (i := record.item) is not None
                }
                if ours != items.get(name, set()):
                    yield f"{name}: open items differ: {sorted(ours ^ items.get(name, set()))[:2]}"
                found = {(key, held.amount_minor) for key, held in account.findings.items()}
                if found != findings.get(name, set()):
                    yield f"{name}: open findings differ: {sorted(found ^ findings.get(name, set()))[:2]}"

    def against_redis(self, books: Collection[Book], *, whole: bool) -> Iterator[str]:
        """Balances that differ. ``whole``: all are read at once."""
        rows = {(row.customer_id, row.currency): row for row in self._live.balances()} if whole else {}
        for book in books:
            for currency, account in book.accounts.items():
                name = (book.customer_id, currency)
                row = rows.get(name) if whole else self._live.balance(*name)
                if row is None or row.account_version < account.version:
                    yield f"{book.customer_id} {currency}: Redis lacks version {account.version}"
                elif row.account_version == account.version and row.balance_minor != (
                    balance := book.our_balance_minor(currency)
                ):
                    yield f"{book.customer_id} {currency}: Redis {row.balance_minor}, state {balance}"


def _until_empty(behind: Callable[[], list[str]], timeout_s: int) -> list[str]:
    wait = tenacity.Retrying(
        retry=tenacity.retry_if_result(bool),
        wait=tenacity.wait_fixed(0.1),
        stop=tenacity.stop_after_delay(timeout_s),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else [],
    )
    left: list[str] = wait(behind)
    return left


def _restricted(query: sa.Select[Any], table: sa.Table, customers: Customers) -> sa.Select[Any]:
    if customers is None:
        return query
    return query.where(table.c.customer_id == sa.any_(sa.cast(customers, sa.ARRAY(sa.Text))))


def _with_balance(table: sa.Table) -> sa.Join:
    balance = tables.balances.c
    same = (table.c.customer_id == balance.customer_id) & (table.c.currency == balance.currency)
    return table.join(tables.balances, same)


def _entry_sums(connection: sa.Connection, customers: Customers) -> dict[Account, int]:
    """Σ signed entries up to the version of the balance."""
    entry = tables.ledger_entries.c
    signed = sa.case((entry.side == "DEBIT", entry.amount_minor), else_=-entry.amount_minor)
    total = sa.cast(sa.func.sum(signed), sa.BigInteger).label("total")
    query = (
        sa.select(entry.customer_id, entry.currency, total)
        .select_from(_with_balance(tables.ledger_entries))
        .where(entry.account_version <= tables.balances.c.account_version)
        .group_by(entry.customer_id, entry.currency)
    )
    rows = connection.execute(_restricted(query, tables.ledger_entries, customers))
    return {(row.customer_id, row.currency): row.total for row in rows}


def _ahead_of_balance(connection: sa.Connection, table: sa.Table, customers: Customers) -> set[Account]:
    """Accounts with rows of a later version than that of the balance."""
    query = (
        sa.select(table.c.customer_id, table.c.currency)
        .select_from(_with_balance(table))
        .where(table.c.account_version > tables.balances.c.account_version)
        .distinct()
    )
    rows = connection.execute(_restricted(query, table, customers))
    return {(row.customer_id, row.currency) for row in rows}


def _rows_by_account(
    connection: sa.Connection,
    table: sa.Table,
    shape: Callable[[Any], tuple[Any, ...]],
    customers: Customers,
    *where: sa.ColumnElement[bool],
) -> dict[Account, set[tuple[Any, ...]]]:
    found: dict[Account, set[tuple[Any, ...]]] = {}
    for row in connection.execute(_restricted(sa.select(table).where(*where), table, customers)):
        found.setdefault((row.customer_id, row.currency), set()).add(shape(row))
    return found
