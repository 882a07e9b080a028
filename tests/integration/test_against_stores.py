"""The comparison of PostgreSQL with the state, while the tables of an account are a version apart for a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from deploy.stack import StackUrls
from domain.books import Book
from services.operations.against_stores import Stores
from services.queries.testing import balance, discrepancy, entry, fresh_database, item, project, write
from services.store import tables
from services.store.engine import create_engine
from services.store.testing import MemoryLiveStore
from tests.unit.ledger_teller import holds

pytestmark = pytest.mark.integration
DAY = dt.date(2026, 1, 5)


@pytest.fixture
def engine(stack: StackUrls) -> Iterator[sa.Engine]:
    with fresh_database(stack.database_url) as url:
        made = create_engine(url)
        yield made
        made.dispose()


@pytest.fixture(scope="module")
def book() -> Book:
    return holds(
        """
        order  2026-01-05  INV-1  100.00
        => balance 100.00
        """
    )


def problems(engine: sa.Engine, book: Book) -> list[str]:
    stores = Stores(engine, MemoryLiveStore(), timeout_s=1)
    with stores.snapshot() as connection:
        return [*stores.against_postgres(connection, [book], whole=True)]


def test_what_is_of_a_later_version_than_the_balance_waits_for_the_next_look(
    engine: sa.Engine, book: Book
) -> None:
    (key,) = book.accounts["EUR"].records
    project(engine, MemoryLiveStore(), [balance("C-1", 10_000)])
    write(engine, tables.ledger_entries, [entry("C-1", "INV-1", 10_000, DAY)])
    write(engine, tables.open_items, [item("C-1", "INV-1", 10_000, DAY, item_id=key)])
    assert problems(engine, book) == []
    later = {"account_version": 2}
    write(engine, tables.ledger_entries, [entry("C-1", "INV-2", 2_470, DAY, **later)])
    write(engine, tables.open_items, [item("C-1", "INV-2", 2_470, DAY, **later)])
    assert problems(engine, book) == []


def test_a_finding_of_a_later_version_waits_too_and_one_of_the_same_is_found(
    engine: sa.Engine, book: Book
) -> None:
    (key,) = book.accounts["EUR"].records
    project(engine, MemoryLiveStore(), [balance("C-1", 10_000)])
    write(engine, tables.ledger_entries, [entry("C-1", "INV-1", 10_000, DAY)])
    write(engine, tables.open_items, [item("C-1", "INV-1", 10_000, DAY, item_id=key)])
    write(engine, tables.discrepancies, [discrepancy("d-1", "SHORT_PAYMENT", "C-1", 5, account_version=2)])
    assert problems(engine, book) == []
    with engine.begin() as connection:
        connection.execute(sa.update(tables.discrepancies).values(account_version=1))
    (found,) = problems(engine, book)
    assert "open findings differ" in found


def test_an_entry_too_many_of_the_balances_own_version_is_found(engine: sa.Engine, book: Book) -> None:
    project(engine, MemoryLiveStore(), [balance("C-1", 10_000)])
    write(
        engine, tables.ledger_entries, [entry("C-1", "INV-1", 10_000, DAY), entry("C-1", "INV-2", 2_470, DAY)]
    )
    (found, *_) = problems(engine, book)
    assert found.endswith("state 10000, balances 10000, Σ entries 12470")
