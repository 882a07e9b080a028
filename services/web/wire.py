"""What the browser is sent. Amounts become strings: ``JSON.parse`` would make floats of them beyond 2**53."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from services.store.live import Change

#: entries of the feed that one batch may bring; a page shows no more anyway
FEED_MAX: Final = 40
_GONE: Final = ("RESOLVED", "RETRACTED")
#: type of change → what a line of it is called, and its fields
_LINES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "entry": (
        "entry",
        (
            "customer_id",
            "currency",
            "kind",
            "role",
            "side",
            "amount_minor",
            "document_no",
            "business_date",
        ),
    ),
    "discrepancies": (
        "discrepancy",
        ("customer_id", "currency", "kind", "state", "amount_minor", "document_no", "statement_id"),
    ),
    "dead_letter": ("dead_letter", ("customer_id", "reason", "detail")),
}


def browser_json(value: object) -> str:
    """JSON with every ``*_minor`` as a string. Takes dataclasses, structs, dates and plain values."""
    return msgspec.json.encode(_exact(msgspec.to_builtins(value))).decode()


def _exact(value: Any, is_amount: bool = False) -> Any:
    """``is_amount`` holds for everything under a ``*_minor`` key, so also for amounts by bucket."""
    if isinstance(value, dict):
        return {key: _exact(inner, is_amount or key.endswith("_minor")) for key, inner in value.items()}
    if isinstance(value, list):
        return [_exact(inner, is_amount) for inner in value]
    return str(value) if is_amount and isinstance(value, int) else value


class Batch(msgspec.Struct, frozen=True):
    """Changes of one moment, the latest of each account and discrepancy only; ``id`` is where to resume."""

    id: str
    balances: list[dict[str, Any]]
    discrepancies: list[dict[str, Any]]
    feed: list[dict[str, Any]]
    comparisons: int = 0
    """How many comparisons of statements changed; the page asks for them again."""

    def json(self) -> str:
        """As the browser gets it."""
        return browser_json(
            {
                "balances": self.balances,
                "discrepancies": self.discrepancies,
                "feed": self.feed,
                "comparisons": self.comparisons,
            }
        )


def batch_of(changes: Sequence[Change]) -> Batch:
    """``changes`` in the feed's order, at least one, without a reset among them."""
    balances: dict[tuple[str, str], dict[str, Any]] = {}
    discrepancies: dict[str, dict[str, Any]] = {}
    for change in changes:
        row = change.row
        if change.type == "balances":
            balances |= {(each["customer_id"], each["currency"]): each for each in row["rows"]}
        elif change.type == "discrepancies":
            discrepancies |= {
                each["discrepancy_id"]: {**each, "gone": each["state"] in _GONE} for each in row["rows"]
            }
    return Batch(
        changes[-1].id,
        list(balances.values()),
        list(discrepancies.values()),
        feed_of(changes)[-FEED_MAX:],
        sum(change.type == "comparison" for change in changes),
    )


def feed_of(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """What people read in "recent changes", in order; changes that say the same again are left out."""
    return [
        {
            "type": _LINES[change.type][0],
            "id": change.id,
            "at": _instant(change.id),
            **{name: row.get(name) for name in _LINES[change.type][1]},
        }
        for change in changes
        if change.type in _LINES
        for row in change.row.get("rows", [change.row])
    ]


def _instant(change_id: str) -> str:
    """When the change became visible: the first part of its id, milliseconds since the epoch."""
    milliseconds = int(change_id.partition("-")[0])
    return (dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=milliseconds)).isoformat()
