"""What the live page shows at a glance: figures over all accounts, and the accounts that matter most.

These read the present (``balances``, ``open_items``, ``discrepancies``), never the whole ledger, so that
they can be asked every second. They are about what is booked so far; the as-of figures of ``ageing`` leave
out later dates.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from domain.ageing import DEFAULT_EDGES, AgedItem, age
from domain.parties import Role
from services.queries.discrepancies import OPEN_STATES, DiscrepancyRow
from services.queries.filters import document_side, has_role
from services.store.tables import balances, customers, discrepancies, open_items


@dataclass(frozen=True, slots=True)
class CurrencyFigures:
    """Over all accounts of one currency, minor units. ``receivable - payable`` is the sum of the balances.

    ``overdue_minor`` and ``ageing_minor`` are of customers' accounts; what we owe suppliers stands in
    ``overdue_payable_minor`` (>= 0) and ``payable_ageing_minor`` (signed in our view, so what we owe is < 0).
    """

    currency: str
    accounts: int
    receivable_minor: int
    payable_minor: int
    overdue_minor: int
    overdue_items: int
    at_stake_minor: int
    open_discrepancies: int
    ageing_minor: dict[str, int]
    supplier_accounts: int
    overdue_payable_minor: int
    overdue_payable_items: int
    payable_ageing_minor: dict[str, int]


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account as the live page lists it. ``name`` is None where no master data was imported.

    ``overdue_minor``: what they should have paid by now; of a supplier what we should have, < 0.
    """

    customer_id: str
    name: str | None
    currency: str
    balance_minor: int
    overdue_minor: int
    open_discrepancies: int
    last_business_date: dt.date
    account_version: int


@dataclass(frozen=True, slots=True)
class AccountPage:
    """``total`` counts all accounts that were found, ``rows`` holds the first of them."""

    total: int
    rows: list[AccountRow]


class AccountOrder(enum.StrEnum):
    BALANCE = "balance"
    CUSTOMER = "customer"
    OVERDUE = "overdue"
    DISCREPANCIES = "discrepancies"
    DATE = "date"


def read_currency_figures(
    connection: sa.Connection, today: dt.date, edges: Sequence[int] = DEFAULT_EDGES
) -> list[CurrencyFigures]:
    """One row per currency that has an account, largest number of accounts first."""
    account, item, finding = balances.c, open_items.c, discrepancies.c
    positive = sa.case((account.balance_minor > 0, account.balance_minor), else_=0)
    negative = sa.case((account.balance_minor < 0, -account.balance_minor), else_=0)
    supplier = sa.case((has_role(account.customer_id, Role.SUPPLIER), 1), else_=0)
    totals = connection.execute(
        sa.select(
            account.currency,
            sa.func.count(),
            _bigint_sum(positive),
            _bigint_sum(negative),
            _bigint_sum(supplier),
        ).group_by(account.currency)
    ).all()
    stakes = {
        currency: (count, stake)
        for currency, count, stake in connection.execute(
            sa.select(finding.currency, sa.func.count(), _bigint_sum(finding.amount_minor))
            .where(finding.state.in_(OPEN_STATES))
            .group_by(finding.currency)
        )
    }
    # The sums per due date are few; which bucket a date falls in is the domain's to say.
    by_due: dict[tuple[str, bool], list[AgedItem]] = {}
    overdue: dict[tuple[str, bool], tuple[int, int]] = {}
    payable = has_role(item.customer_id, Role.SUPPLIER).label("payable")
    for currency, ours, side, due_date, count, amount in connection.execute(
        sa.select(
            item.currency, payable, item.side, item.due_date, sa.func.count(), _bigint_sum(item.open_minor)
        )
        .where(item.open_minor != 0)
        .group_by(item.currency, payable, item.side, item.due_date)
    ):
        signed = amount if side == "DEBIT" else -amount
        by_due.setdefault((currency, ours), []).append(_lump(due_date, signed))
        if side == ("CREDIT" if ours else "DEBIT") and due_date < today:
            sum_so_far, items_so_far = overdue.get((currency, ours), (0, 0))
            overdue[currency, ours] = (sum_so_far + amount, items_so_far + count)

    def ageing(currency: str, *, ours: bool) -> dict[str, int]:
        buckets = age(by_due.get((currency, ours), ()), today, edges).buckets
        return {bucket.name: bucket.amount_minor for bucket in buckets}

    figures = [
        CurrencyFigures(
            currency=currency,
            accounts=count,
            receivable_minor=receivable,
            payable_minor=payable_minor,
            overdue_minor=overdue.get((currency, False), (0, 0))[0],
            overdue_items=overdue.get((currency, False), (0, 0))[1],
            open_discrepancies=stakes.get(currency, (0, 0))[0],
            at_stake_minor=stakes.get(currency, (0, 0))[1],
            ageing_minor=ageing(currency, ours=False),
            supplier_accounts=suppliers,
            overdue_payable_minor=overdue.get((currency, True), (0, 0))[0],
            overdue_payable_items=overdue.get((currency, True), (0, 0))[1],
            payable_ageing_minor=ageing(currency, ours=True),
        )
        for currency, count, receivable, payable_minor, suppliers in totals
    ]
    return sorted(figures, key=lambda row: (-row.accounts, row.currency))


def list_accounts(
    connection: sa.Connection,
    today: dt.date,
    *,
    search: str = "",
    order: AccountOrder = AccountOrder.BALANCE,
    descending: bool = True,
    limit: int = 100,
    role: Role | None = None,
) -> AccountPage:
    """The first ``limit`` accounts whose customer id or name contains ``search``, whatever its case."""
    account, item = balances.c, open_items.c
    source = balances.outerjoin(customers, customers.c.customer_id == account.customer_id)
    found: sa.ColumnElement[bool] = sa.true()
    if search:
        found = sa.or_(
            account.customer_id.icontains(search, autoescape=True),
            customers.c.name.icontains(search, autoescape=True),
        )
    if role is not None:
        found = sa.and_(found, has_role(account.customer_id, role))
    signed = sa.case((item.side == "DEBIT", item.open_minor), else_=-item.open_minor)
    overdue = (
        sa.select(sa.func.coalesce(_bigint_sum(signed), 0))
        .where(
            item.customer_id == account.customer_id,
            item.currency == account.currency,
            item.side == document_side(item.customer_id),
            item.due_date < today,
            item.open_minor != 0,
        )
        .correlate(balances)
        .scalar_subquery()
        .label("overdue_minor")
    )
    keys: dict[AccountOrder, sa.ColumnElement[object]] = {
        AccountOrder.BALANCE: account.balance_minor,
        AccountOrder.CUSTOMER: sa.func.lower(sa.func.coalesce(customers.c.name, account.customer_id)),
        AccountOrder.OVERDUE: sa.func.abs(overdue),  # what we owe is below 0
        AccountOrder.DISCREPANCIES: account.open_discrepancies,
        AccountOrder.DATE: account.last_business_date,
    }
    key = keys[order]
    rows = connection.execute(
        sa.select(
            account.customer_id,
            customers.c.name,
            account.currency,
            account.balance_minor,
            overdue,
            account.open_discrepancies,
            account.last_business_date,
            account.account_version,
        )
        .select_from(source)
        .where(found)
        .order_by(key.desc() if descending else key.asc(), account.customer_id, account.currency)
        .limit(limit)
    ).mappings()
    total = connection.execute(sa.select(sa.func.count()).select_from(source).where(found)).scalar_one()
    return AccountPage(total, [AccountRow(**row) for row in rows])


@dataclass(frozen=True, slots=True)
class DiscrepancyPage:
    """``total`` counts all open ones, ``rows`` holds the newest of them."""

    total: int
    rows: list[DiscrepancyRow]


def list_open_discrepancies(connection: sa.Connection, *, limit: int = 100) -> DiscrepancyPage:
    """The open discrepancies that changed last, newest first."""
    finding = discrepancies.c
    is_open = finding.state.in_(OPEN_STATES)
    total = connection.execute(
        sa.select(sa.func.count()).select_from(discrepancies).where(is_open)
    ).scalar_one()
    rows = connection.execute(
        sa.select(*(finding[name] for name in DiscrepancyRow.__dataclass_fields__))
        .where(is_open)
        .order_by(finding.occurred_at.desc(), finding.discrepancy_id)
        .limit(limit)
    ).mappings()
    return DiscrepancyPage(total, [DiscrepancyRow(**row) for row in rows])


def count_entries(connection: sa.Connection) -> int:
    """Ledger entries of all accounts; the difference of two readings over time is the rate of booking."""
    return connection.execute(sa.select(_bigint_sum(balances.c.entry_count))).scalar_one() or 0


def _bigint_sum(column: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    # PostgreSQL sums BIGINT as NUMERIC, which would come back as Decimal.
    return sa.cast(sa.func.sum(column), sa.BigInteger)


def _lump(due_date: dt.date, signed_minor: int) -> AgedItem:
    return AgedItem(
        item_id="",
        kind="",
        document_no="",
        business_date=due_date,
        due_date=due_date,
        original_minor=signed_minor,
        allocated_minor=0,
        open_minor=signed_minor,
    )
