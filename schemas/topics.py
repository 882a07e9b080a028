"""Every topic of Tieout, declared once: name, key, schema, who writes it, how long it is kept.

Invariants: one writer per topic; all partitioned topics have the same partition count, so that one
partition number holds all of a customer's events, state and results; auto-creation is off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

DAY_MS: Final = 24 * 60 * 60 * 1000
FOREVER: Final = -1


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. ``schema`` is the stem of its Avro file; ``None`` marks a changelog of our own format."""

    name: str
    schema: str | None
    writer: Literal["sources", "streams", "services"]
    cleanup: Literal["delete", "compact"] = "delete"
    retention_ms: int = FOREVER
    key: Literal["customer_id"] = "customer_id"
    kinds: frozenset[str] = frozenset()
    """The kinds of event (``event_type`` before its dot) that an input topic carries."""


ORDERS: Final = Topic("tieout.orders", "order", "sources", kinds=frozenset({"order", "invoice"}))
PAYMENTS: Final = Topic("tieout.payments", "payment", "sources", kinds=frozenset({"payment"}))
REFUNDS: Final = Topic(
    "tieout.refunds",
    "refund",
    "sources",
    kinds=frozenset({"refund", "credit_note", "return", "exchange"}),
)
CUSTOMER_STATEMENTS: Final = Topic(
    "tieout.customer-statements",
    "customer_statement",
    "sources",
    kinds=frozenset({"customer_statement"}),
)
# written by services for people: an adjustment is an event of a source like any other, and so is a change of the rules
RULES: Final = Topic("tieout.rules", "rule_set", "sources", kinds=frozenset({"rule_set"}))
ADJUSTMENTS: Final = Topic("tieout.adjustments", "adjustment", "sources", kinds=frozenset({"adjustment"}))

LEDGER_ENTRIES: Final = Topic("tieout.ledger-entries", "ledger_entry", "streams")
OPEN_ITEMS: Final = Topic("tieout.open-items", "open_item", "streams")
ALLOCATIONS: Final = Topic("tieout.allocations", "allocation", "streams")
BALANCES: Final = Topic("tieout.balances", "balance", "streams")
DISCREPANCIES: Final = Topic("tieout.discrepancies", "discrepancy", "streams")
STATEMENT_COMPARISONS: Final = Topic("tieout.statement-comparisons", "statement_comparison", "streams")
DEAD_LETTERS: Final = Topic("tieout.dead-letters", "dead_letter", "streams")
#: of the stream to itself: which customers a change of the rules has it review; compacted, so that none can be lost
REVIEWS: Final = Topic("tieout.reviews", "review", "streams", cleanup="compact")
BOOKS_CHANGELOG: Final = Topic("tieout-books-changelog", None, "streams", cleanup="compact")

NOTICES: Final = Topic("tieout.notices", "notice", "services", retention_ms=400 * DAY_MS)
WORK_EVENTS: Final = Topic("tieout.work-events", "work_event", "services")

# written by a service for customers whose statements wait for our sources: time passes where nothing else happens
CLOCK: Final = Topic("tieout.clock", "clock", "sources", kinds=frozenset({"clock"}))

#: events of one customer each
EVENTS: Final = (ORDERS, PAYMENTS, REFUNDS, CUSTOMER_STATEMENTS, ADJUSTMENTS, CLOCK)
#: by the front door; the books follow from these alone. A change of the rules is on every partition of its topic.
INPUTS: Final = (RULES, *EVENTS)
RESULTS: Final = (
    LEDGER_ENTRIES,
    OPEN_ITEMS,
    ALLOCATIONS,
    BALANCES,
    DISCREPANCIES,
    STATEMENT_COMPARISONS,
    DEAD_LETTERS,
)
ALL: Final = (*INPUTS, *RESULTS, REVIEWS, BOOKS_CHANGELOG, NOTICES, WORK_EVENTS)
BY_NAME: Final = {topic.name: topic for topic in ALL}
