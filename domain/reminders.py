"""When an overdue item is reminded of, and why it is not: a pure function of the books, the policy and today.

Invariants:
- Each (item, level) is reminded of at most once; its notice id is derived from just these two.
- After a gap only the highest level that was reached is due: levels that nobody saw in time are not made
  up for, so a customer never gets three letters about one invoice on one day.
- The claim is what is open today, so a part payment lowers it and a full payment ends it.
- Nobody is chased for what they may have paid (a receipt on the account that nothing was allocated to yet)
  or for what they contest (an open discrepancy of a contesting kind on the document).
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Mapping

import msgspec

from domain.identity import stable_id


class ReminderPolicyError(ValueError):
    """The policy contradicts itself. ``field`` names the value at fault."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"reminder policy: {field} {reason}")
        self.field = field


#: findings in which the customer's own papers, or ours, cast doubt on the claim itself
CONTESTING_KINDS = frozenset(
    {
        "AMOUNT_MISMATCH",
        "CURRENCY_MISMATCH",
        "DUPLICATE",
        "MISSING_IN_STATEMENT",
        "REFERENCE_MISMATCH",
        "WRONG_ACCOUNT",
    }
)


class ReminderPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Levels are days past due, ascending; level numbers count from 1."""

    levels: tuple[int, ...] = (1, 14, 30)
    minimum_interval_days: int = 7
    """Days between two reminders of one item, however late a level was reached."""
    contesting_kinds: frozenset[str] = CONTESTING_KINDS

    def __post_init__(self) -> None:
        if not self.levels:
            raise ReminderPolicyError("levels", "is empty")
        if self.levels[0] < 1 or list(self.levels) != sorted(set(self.levels)):
            raise ReminderPolicyError("levels", "must be ascending days past due, from 1")
        if self.minimum_interval_days < 0:
            raise ReminderPolicyError("minimum_interval_days", "is negative")

    def level_reached(self, days_past_due: int) -> int:
        """The highest level whose days have passed; 0 before the first."""
        return sum(1 for days in self.levels if days_past_due >= days)


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A debit item as it stands today. ``open_minor`` in minor units of ``currency``."""

    item_id: str
    customer_id: str
    currency: str
    document_no: str
    due_date: dt.date
    original_minor: int
    open_minor: int
    discrepancy_kinds: frozenset[str] = frozenset()
    """Kinds of the discrepancies that are open on this document."""

    @property
    def cause_id(self) -> str:
        """Names the item among all accounts; a record key alone may recur under another customer."""
        return f"{self.currency}:{self.customer_id}:{self.item_id}"


class Reminded(msgspec.Struct, frozen=True):
    """What was decided for an item before: its highest level so far and the day of the latest reminder."""

    level: int
    on: dt.date


class Hold(enum.StrEnum):
    """Why an item that has reached a level is not reminded of now."""

    UNALLOCATED_RECEIPT = "UNALLOCATED_RECEIPT"
    DISPUTED = "DISPUTED"
    TOO_SOON = "TOO_SOON"


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one claim that has reached a level not yet reminded of; ``hold`` is None where it
    is sent.
    """

    notice_id: str
    claim: Claim
    level: int
    days_past_due: int
    hold: Hold | None = None


def is_overdue(open_minor: int, due_date: dt.date, as_of: dt.date) -> bool:
    """Due on the as-of date is current. Credits (``open_minor`` <= 0) are never overdue."""
    return open_minor > 0 and due_date < as_of


def reminder_id(claim: Claim, level: int) -> str:
    """The same item at the same level always gives the same id."""
    return stable_id("r", claim.currency, claim.customer_id, claim.item_id, str(level))


def decide_reminders(
    policy: ReminderPolicy,
    claims: Iterable[Claim],
    unallocated: Mapping[tuple[str, str], int],
    reminded: Mapping[str, Reminded],
    today: dt.date,
) -> list[Reminder]:
    """What is due ``today``, held or not, by (customer, currency, due date, document).

    ``unallocated`` is the open credit per (customer, currency), minor units >= 0; ``reminded`` is by
    ``cause_id``. A credit holds every item that it could pay in full, not the oldest only: which one it is
    meant for is exactly what is not known yet.
    """
    verdicts: list[Reminder] = []
    for claim in claims:
        if not is_overdue(claim.open_minor, claim.due_date, today):
            continue
        days = (today - claim.due_date).days
        level = policy.level_reached(days)
        before = reminded.get(claim.cause_id)
        if level == 0 or (before is not None and before.level >= level):
            continue
        credit = unallocated.get((claim.customer_id, claim.currency), 0)
        verdicts.append(
            Reminder(
                notice_id=reminder_id(claim, level),
                claim=claim,
                level=level,
                days_past_due=days,
                hold=_hold(policy, claim, credit, before, today),
            )
        )
    verdicts.sort(
        key=lambda r: (
            r.claim.customer_id,
            r.claim.currency,
            r.claim.due_date,
            r.claim.document_no,
            r.notice_id,
        )
    )
    return verdicts


def _hold(
    policy: ReminderPolicy, claim: Claim, credit_minor: int, before: Reminded | None, today: dt.date
) -> Hold | None:
    if credit_minor >= claim.open_minor:
        return Hold.UNALLOCATED_RECEIPT
    if claim.discrepancy_kinds & policy.contesting_kinds:
        return Hold.DISPUTED
    if before is not None and (today - before.on).days < policy.minimum_interval_days:
        return Hold.TOO_SOON
    return None
