"""What else was decided about a document: it counts with an adjustment that is proposed or approved beside it.

Two halves of a write-off are one write-off: limits are held against their sum, and the second finds open what the first
has left, also while the read model does not show the first yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from domain.events import AdjustmentType
from domain.work.adjustments import Adjustment, AdjustmentState
from services.store.tables import ledger_entries, open_items

_BOOKING: Final = frozenset({AdjustmentType.WRITE_OFF, AdjustmentType.DEBIT, AdjustmentType.CREDIT})
#: what was approved and not taken back
POSTED: Final = frozenset({AdjustmentState.POSTED, AdjustmentState.REVERSAL_PROPOSED})
WAITING: Final = frozenset({AdjustmentState.PROPOSED})


def same_document(
    event: Mapping[str, Any], account: Iterable[Adjustment], states: Collection[AdjustmentState]
) -> list[Adjustment]:
    """Those of the account, in one of ``states``, that book something about the document that ``event`` books about."""
    return [
        one
        for one in account
        if one.state in states and _document_of(_said(one)) == _document_of(event) is not None
    ]


def moved_minor(adjustments: Iterable[Adjustment]) -> int:
    """What limits are held against, of all of them together."""
    return sum(int(one.proposal.details["moved_minor"]) for one in adjustments)


def on_its_way_minor(
    connection: sa.Connection, event: Mapping[str, Any], posted: Collection[Adjustment]
) -> int:
    """What ``posted`` take of their document that its open item does not show yet.

    An item that an adjustment changed has the account version of its entry, or a later one.
    """
    if not posted:
        return 0
    item, entry = open_items.c, ledger_entries.c
    shown = (
        sa.select(entry.document_no)
        .join(
            open_items,
            sa.and_(item.customer_id == entry.customer_id, item.currency == entry.currency),
        )
        .where(
            entry.customer_id == event["customer_id"],
            entry.currency == event["currency"],
            entry.document_no.in_([one.adjustment_id for one in posted]),
            item.document_no == event["target_document_no"],
            entry.account_version <= item.account_version,
        )
    )
    seen = set(connection.execute(shown).scalars())
    return sum(_said(one)["amount_minor"] for one in posted if one.adjustment_id not in seen)


def _said(one: Adjustment) -> Mapping[str, Any]:
    event: Mapping[str, Any] = msgspec.json.decode(one.proposal.details["event"])
    return event


def _document_of(event: Mapping[str, Any]) -> str | None:
    """The document that an event books something about; ``None`` where it books nothing, or names none."""
    return event["target_document_no"] if event["adjustment_type"] in _BOOKING else None
