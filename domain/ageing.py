"""Open items as of any date, and how long they are past due.

Why: users of other systems complain that the ageing does not add up to the balance, that credit notes are
left out, and that a later payment changes last month's ageing. Here all three are impossible by construction:

* Every item is signed: debit positive (they owe us), credit negative. Credits are aged too.
* An item's original amount as of a date is the sum of its ledger lines up to that date.
* An allocation moves an amount from one item to another of the same account; it counts once it is effective
  and both of its items have a line. What it takes from one it takes from the other: no sum ever changes.

Hence, as of any date: Σ buckets = Σ open items = Σ entries = balance.

All functions are pure and take the lines of ONE account (one customer, one currency), in any order.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from domain.ledger import EntryRole, Side, annulment_id

#: last day past due of each bucket but the last, which has no end
DEFAULT_EDGES: Final = (30, 60, 90, 120)
CURRENT: Final = "current"


class LedgerLine(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable line of the ledger, as statements and ageing need it. ``amount_minor`` >= 0."""

    entry_id: str
    item_id: str  #: the open item that the line belongs to: one per record of a source, through all versions
    kind: str
    role: EntryRole
    side: Side
    amount_minor: int
    document_no: str
    business_date: dt.date
    due_date: dt.date | None = None
    source_version: int = 1
    topic: str
    partition: int
    offset: int

    @property
    def signed_minor(self) -> int:
        """Debit positive, credit negative."""
        return self.amount_minor if self.side is Side.DEBIT else -self.amount_minor


class Allocated(msgspec.Struct, frozen=True, kw_only=True):
    """A booked amount (>= 0) of a credit item against a debit item of the same account."""

    credit_item_id: str
    debit_item_id: str
    amount_minor: int
    effective_date: dt.date


class AgedItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item that is open as of a date. All amounts are signed; ``original - allocated = open``."""

    item_id: str
    kind: str
    document_no: str
    business_date: dt.date
    due_date: dt.date
    original_minor: int
    allocated_minor: int
    open_minor: int


class Bucket(msgspec.Struct, frozen=True):
    """``first_day`` to ``last_day`` days past due, both included; ``None`` has no end on that side."""

    name: str
    first_day: int | None
    last_day: int | None
    amount_minor: int = 0


class Ageing(msgspec.Struct, frozen=True, kw_only=True):
    """Signed amounts per bucket, youngest first; every bucket is there, empty or not."""

    as_of: dt.date
    buckets: tuple[Bucket, ...]
    total_minor: int

    @property
    def overdue_minor(self) -> int:
        """What is in the buckets after ``current``."""
        return self.total_minor - self.buckets[0].amount_minor


class BucketEdgesError(ValueError):
    """Edges of buckets are whole days > 0, each greater than the one before."""

    def __init__(self, edges: Sequence[int]) -> None:
        super().__init__(f"bucket edges must be increasing numbers of days above 0, not {list(edges)}")
        self.edges = tuple(edges)


def buckets_of(edges: Sequence[int] = DEFAULT_EDGES) -> tuple[Bucket, ...]:
    """Empty buckets: ``current`` (due today or later), one up to each edge, and one beyond the last edge.

    ``(30, 60)`` gives current, 1-30, 31-60 and 61+; no edge at all gives current and 1+.
    Raises ``BucketEdgesError``.
    """
    if any(edge <= before for before, edge in zip((0, *edges), edges, strict=False)):
        raise BucketEdgesError(edges)
    starts = (1, *(edge + 1 for edge in edges))
    closed = [Bucket(f"{first}-{last}", first, last) for first, last in zip(starts, edges, strict=False)]
    return (Bucket(CURRENT, None, 0), *closed, Bucket(f"{starts[-1]}+", starts[-1], None))


def without_annulled(lines: Iterable[LedgerLine]) -> tuple[LedgerLine, ...]:
    """The lines that were real: each ANNULLED contra line leaves together with the line that it takes back.

    Such a pair stands on one date and nets to zero; it only tells that an older version of a record arrived
    after a newer one. Leaving it out makes the result depend on which events are known, not on their order.
    A contra line whose partner is not there (a store that is still catching up) stays, so that sums are
    never changed. The result is sorted by date, document number, then by what else the lines say.
    """
    ordered = sorted(lines, key=_line_order)
    annulled = [line for line in ordered if line.role is EntryRole.ANNULLED]
    if not annulled:
        return tuple(ordered)
    unpaired: list[LedgerLine] = []
    real: dict[tuple[str, dt.date, int], list[LedgerLine]] = defaultdict(list)
    for line in ordered:
        if line.role is not EntryRole.ANNULLED:
            real[line.item_id, line.business_date, line.signed_minor].append(line)
    for contra in annulled:
        group = real[contra.item_id, contra.business_date, -contra.signed_minor]
        partner = _partner(contra, group)
        if partner is None:
            unpaired.append(contra)
        else:
            group.remove(partner)
    return tuple(sorted((*unpaired, *(line for group in real.values() for line in group)), key=_line_order))


def open_items_as_of(
    lines: Iterable[LedgerLine], allocations: Iterable[Allocated], as_of: dt.date
) -> tuple[AgedItem, ...]:
    """Every item that is not zero as of the end of a day, oldest due first.

    ``lines`` may be the whole ledger of the account and may hold annulled pairs; ``allocations`` are the
    booked ones. Document number, kind and due date are those of the version in force on that day. A line
    without a due date (credits) is due on its business date.
    """
    by_item: dict[str, list[LedgerLine]] = defaultdict(list)
    for line in without_annulled(line for line in lines if line.business_date <= as_of):
        by_item[line.item_id].append(line)
    allocated: dict[str, int] = defaultdict(int)
    for allocation in allocations:
        if (
            allocation.effective_date <= as_of
            and allocation.debit_item_id in by_item
            and allocation.credit_item_id in by_item
        ):
            allocated[allocation.debit_item_id] += allocation.amount_minor
            allocated[allocation.credit_item_id] -= allocation.amount_minor
    items = (_aged_item(item_id, own, allocated[item_id]) for item_id, own in by_item.items())
    return tuple(
        sorted(
            (item for item in items if item.open_minor),
            key=lambda item: (item.due_date, item.business_date, item.document_no, item.item_id),
        )
    )


def age(items: Iterable[AgedItem], as_of: dt.date, edges: Sequence[int] = DEFAULT_EDGES) -> Ageing:
    """Put open items into buckets by days past due. Due on the as-of date is current.

    ``Σ buckets == total_minor == Σ item.open_minor``, credits included. Raises ``BucketEdgesError``.
    """
    empty = buckets_of(edges)
    amounts = [0] * len(empty)
    total = 0
    for item in items:
        days = days_past_due(item, as_of)
        amounts[
            sum(1 for bucket in empty[:-1] if bucket.last_day is not None and days > bucket.last_day)
        ] += item.open_minor
        total += item.open_minor
    return Ageing(
        as_of=as_of,
        buckets=tuple(
            Bucket(bucket.name, bucket.first_day, bucket.last_day, amount)
            for bucket, amount in zip(empty, amounts, strict=True)
        ),
        total_minor=total,
    )


def days_past_due(item: AgedItem, as_of: dt.date) -> int:
    """Whole days since the due date; 0 on the due date, negative before it."""
    return (as_of - item.due_date).days


def _partner(contra: LedgerLine, candidates: Iterable[LedgerLine]) -> LedgerLine | None:
    """The line that ``contra`` undoes: the one that its id names, else one of its own version and document, if it can
    be. (Lines of no amount are alike in all but their ids.)
    """
    return min(
        candidates,
        key=lambda line: (
            annulment_id(line.entry_id) != contra.entry_id,
            line.source_version != contra.source_version,
            line.document_no != contra.document_no,
        ),
        default=None,
    )


def _in_force(own: Sequence[LedgerLine]) -> LedgerLine:
    """The line that describes an item: the highest version that was posted and not reversed, if any."""
    posted = [line for line in own if line.role is EntryRole.POSTED]
    standing = list(posted)
    for reversal in (line for line in own if line.role is EntryRole.REVERSED):
        partner = _partner(
            reversal, (line for line in standing if line.signed_minor == -reversal.signed_minor)
        )
        if partner is not None:
            standing.remove(partner)
    return max(standing or posted or own, key=lambda line: (line.source_version, _line_order(line)))


def _aged_item(item_id: str, own: Sequence[LedgerLine], allocated_minor: int) -> AgedItem:
    head = _in_force(own)
    original_minor = sum(line.signed_minor for line in own)
    return AgedItem(
        item_id=item_id,
        kind=head.kind,
        document_no=head.document_no,
        business_date=head.business_date,
        due_date=head.due_date or head.business_date,
        original_minor=original_minor,
        allocated_minor=allocated_minor,
        open_minor=original_minor - allocated_minor,
    )


def _line_order(line: LedgerLine) -> tuple[dt.date, str, str, int, str, str, str, int, str]:
    """A total order that rests on what a line says; its id only decides between lines that say the same."""
    return (
        line.business_date,
        line.document_no,
        line.item_id,
        line.source_version,
        line.role,
        line.side,
        line.kind,
        line.amount_minor,
        line.entry_id,
    )
