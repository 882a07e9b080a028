"""Ageing: the open balance of each account by days past due, as of a date. The rules are
``domain.ageing``'s.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from domain.ageing import DEFAULT_EDGES, age, buckets_of, open_items_as_of
from services.queries.filters import AccountFilter
from services.queries.ledger import AccountLedger, iterate_ledgers


@dataclass(frozen=True, slots=True)
class AgeingRow:
    """``buckets`` by name, youngest first; they sum to ``total_minor``, the balance as of the date."""

    customer_id: str
    currency: str
    as_of: dt.date
    buckets: dict[str, int]
    total_minor: int


def iterate_ageing(
    connection: sa.Connection,
    accounts: AccountFilter,
    as_of: dt.date,
    edges: Sequence[int] = DEFAULT_EDGES,
) -> Iterator[AgeingRow]:
    """Accounts with an open item, by customer, then currency. Raises ``BucketEdgesError`` for unusable
    edges.
    """
    buckets_of(edges)  # refuses bad edges here, before the first row
    return _aged(iterate_ledgers(connection, accounts, as_of), as_of, edges)


def _aged(ledgers: Iterator[AccountLedger], as_of: dt.date, edges: Sequence[int]) -> Iterator[AgeingRow]:
    for ledger in ledgers:
        items = open_items_as_of(ledger.lines, ledger.allocations, as_of)
        if not items:
            continue
        ageing = age(items, as_of, edges)
        yield AgeingRow(
            customer_id=ledger.customer_id,
            currency=ledger.currency,
            as_of=as_of,
            buckets={bucket.name: bucket.amount_minor for bucket in ageing.buckets},
            total_minor=ageing.total_minor,
        )
