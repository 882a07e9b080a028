"""Suppliers in the read model: asked for by role, overdue where we should have paid, aged apart from customers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from deploy.stack import StackUrls
from domain.parties import Role
from domain.reminders import ReminderPolicy
from services import queries
from services.queries import testing as books
from services.queries.overview import AccountOrder, list_accounts, read_currency_figures
from services.reminders.books import read_claims
from services.store import tables
from services.store.engine import create_engine

pytestmark = pytest.mark.integration

JAN = dt.date(2026, 1, 5)
DUE = dt.date(2026, 2, 4)
TODAY = dt.date(2026, 2, 7)
SUPPLIER = "supplier:S-1"
SUPPLIERS, CUSTOMERS = queries.AccountFilter(role=Role.SUPPLIER), queries.AccountFilter(role=Role.CUSTOMER)


@pytest.fixture(scope="module")
def connection(stack: StackUrls) -> Iterator[sa.Connection]:
    """A customer owes 121.00; we owe a supplier 100.00 that is past due and 30.00 that is not, and paid 20.00 ahead."""
    late = {"kind": "INVOICE", "due_date": DUE}
    with books.fresh_database(stack.database_url) as url:
        engine = create_engine(url)
        books.write(
            engine,
            tables.ledger_entries,
            [
                books.entry("C-1", "INV-1", 12_100, JAN),
                books.entry(SUPPLIER, "R-1", -10_000, JAN, **late),
                books.entry(SUPPLIER, "R-2", -3_000, TODAY, kind="INVOICE", due_date=dt.date(2026, 3, 9)),
                books.entry(SUPPLIER, "PAY-1", 2_000, JAN, kind="PAYMENT", due_date=JAN),
            ],
        )
        books.write(
            engine,
            tables.open_items,
            [
                books.item("C-1", "INV-1", 12_100, JAN),
                books.item(SUPPLIER, "R-1", -10_000, JAN, **late),
                books.item(SUPPLIER, "R-2", -3_000, TODAY, kind="INVOICE", due_date=dt.date(2026, 3, 9)),
                books.item(SUPPLIER, "PAY-1", 2_000, JAN, kind="PAYMENT", due_date=JAN),
                # what a supplier owes us for an exchange is no claim that anybody is reminded of
                books.item(SUPPLIER, "EX-1", 0, JAN, kind="EXCHANGE", open_minor=500),
            ],
        )
        rows = [books.balance("C-1", 12_100), books.balance(SUPPLIER, -11_000)]
        books.write(
            engine, tables.balances, [{name: getattr(r, name) for name in r.__struct_fields__} for r in rows]
        )
        with engine.connect() as open_connection:
            yield open_connection
        engine.dispose()


@pytest.mark.parametrize("as_of", [None, TODAY])
def test_a_role_narrows_the_question(connection: sa.Connection, as_of: dt.date | None) -> None:
    def asked(accounts: queries.AccountFilter) -> list[tuple[str, int]]:
        return [
            (row.customer_id, row.balance_minor)
            for row in queries.iterate_balances(connection, accounts, as_of)
        ]

    assert asked(SUPPLIERS) == [(SUPPLIER, -11_000)]
    assert asked(CUSTOMERS) == [("C-1", 12_100)]
    assert asked(queries.AccountFilter()) == [("C-1", 12_100), (SUPPLIER, -11_000)]
    assert asked(queries.AccountFilter(SUPPLIER, role=Role.CUSTOMER)) == []


@pytest.mark.parametrize("as_of", [None, TODAY])
def test_overdue_is_what_we_should_have_paid(connection: sa.Connection, as_of: dt.date | None) -> None:
    rows = queries.iterate_open_items(connection, SUPPLIERS, TODAY, as_of=as_of, overdue_only=True)
    assert [(row.document_no, row.side, row.open_minor, row.days_past_due) for row in rows] == [
        ("R-1", "CREDIT", 10_000, 3)
    ]
    rows = queries.iterate_open_items(connection, CUSTOMERS, TODAY, as_of=as_of, overdue_only=True)
    assert [row.document_no for row in rows] == ["INV-1"]


def test_the_ageing_of_payables_is_below_zero_and_sums_to_the_balance(connection: sa.Connection) -> None:
    (row,) = queries.iterate_ageing(connection, SUPPLIERS, TODAY)
    assert {name: minor for name, minor in row.buckets.items() if minor} == {
        "current": -3_000,
        "1-30": -10_000,
        "31-60": 2_000,
    }
    assert row.total_minor == -11_000


def test_the_page_counts_what_we_owe_apart(connection: sa.Connection) -> None:
    (euro,) = read_currency_figures(connection, TODAY)
    assert (euro.accounts, euro.supplier_accounts) == (2, 1)
    assert (euro.receivable_minor, euro.payable_minor) == (12_100, 11_000)
    assert (euro.overdue_minor, euro.overdue_items) == (12_100, 1)
    assert (euro.overdue_payable_minor, euro.overdue_payable_items) == (10_000, 1)
    assert {name: minor for name, minor in euro.ageing_minor.items() if minor} == {"1-30": 12_100}
    payable = {name: minor for name, minor in euro.payable_ageing_minor.items() if minor}
    assert payable == {"current": -3_000, "1-30": -9_500, "31-60": 2_000}


def test_accounts_are_listed_by_role(connection: sa.Connection) -> None:
    page = list_accounts(connection, TODAY, role=Role.SUPPLIER, order=AccountOrder.OVERDUE)
    assert page.total == 1
    assert [(row.customer_id, row.balance_minor, row.overdue_minor) for row in page.rows] == [
        (SUPPLIER, -11_000, -10_000)
    ]
    both = list_accounts(connection, TODAY)
    assert [row.overdue_minor for row in both.rows] == [12_100, -10_000]
    assert list_accounts(connection, TODAY, search="S-1", role=Role.CUSTOMER).total == 0


def test_nobody_reminds_a_supplier(connection: sa.Connection) -> None:
    claims = read_claims(connection, ReminderPolicy(), dt.date(2026, 6, 1))
    assert [claim.document_no for claim in claims] == ["INV-1"]
