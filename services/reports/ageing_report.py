"""Ageing of all accounts, or of one customer, as of any date."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator

import msgspec
import sqlalchemy as sa

from domain.ageing import DEFAULT_EDGES, age, open_items_as_of
from services.reports import read


class AgeingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One account. ``buckets`` are in order of age, minor units; they sum to ``total_minor``, the balance."""

    customer_id: str
    currency: str
    as_of: dt.date
    buckets: dict[str, int]
    total_minor: int


def ageing_rows(
    engine: sa.Engine,
    as_of: dt.date,
    customer_id: str | None = None,
    edges: tuple[int, ...] = DEFAULT_EDGES,
) -> Iterator[AgeingRow]:
    """Rows in order of customer and currency, of every account that has an entry up to ``as_of``.

    Streams: one account in memory at a time, and one database snapshot until the iterator is used up or
    closed. Due on ``as_of`` is current. Raises ``BucketEdgesError``.
    """
    with (
        read.snapshot(engine) as connection,
        contextlib.closing(read.accounts_as_of(connection, as_of, customer_id)) as accounts,
    ):
        for customer, currency, lines, allocations in accounts:
            ageing = age(open_items_as_of(lines, allocations, as_of), as_of, edges)
            yield AgeingRow(
                customer_id=customer,
                currency=currency,
                as_of=as_of,
                buckets={bucket.name: bucket.amount_minor for bucket in ageing.buckets},
                total_minor=ageing.total_minor,
            )
