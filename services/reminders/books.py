"""What the reminder rules need to know, read from the books."""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from domain.parties import Role
from domain.reminders import Claim, Reminded, ReminderPolicy
from services.notify import NoticeKind, NoticeState
from services.queries.discrepancies import OPEN_STATES
from services.queries.filters import has_role
from services.store.tables import discrepancies, notices, open_items

#: debit items that ask the customer to pay; an unclaimed refund is money of ours on its way, not a debt
#: fallen due
CLAIM_KINDS: Final = ("INVOICE", "EXCHANGE")


def read_claims(connection: sa.Connection, policy: ReminderPolicy, today: dt.date) -> list[Claim]:
    """Open debit items that have reached the first level, with the kinds of what is open against them."""
    item, finding = open_items.c, discrepancies.c
    kinds = (
        sa.select(sa.func.array_agg(sa.distinct(finding.kind)))
        .where(
            finding.customer_id == item.customer_id,
            finding.currency == item.currency,
            finding.document_no == item.document_no,
            finding.state.in_(OPEN_STATES),
        )
        .correlate(open_items)
        .scalar_subquery()
    )
    rows = connection.execute(
        sa.select(open_items, kinds.label("kinds")).where(
            has_role(item.customer_id, Role.CUSTOMER),  # nobody reminds a supplier of what we owe
            item.side == "DEBIT",
            item.kind.in_(CLAIM_KINDS),
            item.open_minor > 0,
            item.due_date <= today - dt.timedelta(days=policy.levels[0]),
        )
    ).mappings()
    return [
        Claim(
            item_id=row["item_id"],
            customer_id=row["customer_id"],
            currency=row["currency"],
            document_no=row["document_no"],
            due_date=row["due_date"],
            original_minor=row["original_minor"],
            open_minor=row["open_minor"],
            discrepancy_kinds=frozenset(row["kinds"] or ()),
        )
        for row in rows
    ]


def read_unallocated(connection: sa.Connection) -> dict[tuple[str, str], int]:
    """Open credit (receipts, credit notes) per (customer, currency), minor units > 0."""
    item = open_items.c
    rows = connection.execute(
        sa.select(item.customer_id, item.currency, sa.cast(sa.func.sum(item.open_minor), sa.BigInteger))
        .where(item.side == "CREDIT", item.open_minor > 0)
        .group_by(item.customer_id, item.currency)
    )
    return {(customer_id, currency): credit for customer_id, currency, credit in rows}


def read_reminded(connection: sa.Connection, zone: ZoneInfo) -> dict[str, Reminded]:
    """By cause: the highest level that went out (or was recorded, or given up) and the latest day, in our
    zone.

    What still waits is not among them: it is decided afresh, with today's figures, until it has left.
    """
    row = notices.c
    left_the_house = sa.or_(
        row.state.in_([NoticeState.SENT.value, NoticeState.RECORDED.value, NoticeState.FAILED.value]),
        sa.func.jsonb_array_length(row.delivered_to) > 0,
    )
    found = connection.execute(
        sa.select(row.cause_id, sa.func.max(row.level), sa.func.max(row.created_at))
        .where(row.notice_kind == NoticeKind.OVERDUE_REMINDER.value, left_the_house)
        .group_by(row.cause_id)
    )
    return {cause_id: Reminded(level, latest.astimezone(zone).date()) for cause_id, level, latest in found}
