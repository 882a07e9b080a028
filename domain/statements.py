"""A statement of account that proves itself: opening + movements = closing = Σ open items = Σ ageing (I11).

Why: a statement is the one figure that leaves the house, and it is disputed months later. So it is a frozen
value built by a pure function from the ledger lines up to the period's end: the same lines give the same
value and the same bytes, whenever and wherever it is built, in whatever order the events arrived.

Invariants:

* The five figures of the proof come by different ways (a running total over the period, the sum of all
  lines, the control total that the store summed itself, the open items with their allocations, the ageing
  buckets). ``build_statement`` raises ``StatementDoesNotProveError`` unless all of them agree.
* Lines stand in the order (business date, document number, item, version, role, ...): what a line says, never
  when it arrived. A line and the contra that annulled it on the same date were never real and are left out.
* The digest is SHA-256 over ``canonical_bytes`` of the figures. It covers every amount, date and document
  number; it leaves out names, addresses, languages and the positions in Kafka, which change no figure.

Errors::

    ValueError
    ├── PeriodUnreadableError         the text names no period
    └── StatementDoesNotProveError    the figures disagree; carries all of them
"""

from __future__ import annotations

import calendar
import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from domain.ageing import (
    DEFAULT_EDGES,
    AgedItem,
    Ageing,
    Allocated,
    LedgerLine,
    age,
    open_items_as_of,
    without_annulled,
)
from domain.ledger import Side

#: of the canonical figures; a change of their shape is a new number, and so a new digest
FIGURES_FORMAT: Final = 1
_PERIOD: Final = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)|-Q(?P<quarter>[1-4]))?"
    r"|(?P<first>\d{4}-\d\d-\d\d)\.\.(?P<last>\d{4}-\d\d-\d\d)",
    re.ASCII,
)


class PeriodUnreadableError(ValueError):
    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text[:40]!r} is no period: write 2011-01, 2011, 2011-Q1 or 2011-01-05..2011-02-03"
        )
        self.text = text


class Period(msgspec.Struct, frozen=True, order=True):
    """Business dates ``start`` to ``end``, both included."""

    start: dt.date
    end: dt.date

    @property
    def label(self) -> str:
        """The shortest name that ``parse_period`` reads back: 2011, 2011-Q1, 2011-01, or both dates."""
        year, month = self.start.year, self.start.month
        candidates = [f"{year:04}", f"{year:04}-{month:02}", f"{year:04}-Q{(month + 2) // 3}"]
        for text in candidates:
            if parse_period(text) == self:
                return text
        return f"{self.start.isoformat()}..{self.end.isoformat()}"


class SourceRange(msgspec.Struct, frozen=True, order=True):
    """The lowest and highest offset of one topic partition that lines of the period rest on."""

    topic: str
    partition: int
    first_offset: int
    last_offset: int
    line_count: int


class StatementEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line. Either debit or credit is 0; ``balance_minor`` is the running balance after it."""

    date: dt.date
    document_no: str
    kind: str
    role: str
    debit_minor: int
    credit_minor: int
    balance_minor: int

    @property
    def description_key(self) -> str:
        """Names the text of the line in a catalogue: ``INVOICE.POSTED``, ``PAYMENT.REVERSED``."""
        return f"{self.kind}.{self.role}"


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """The proven figures of one account (one customer, one currency) for one period, in minor units."""

    customer_id: str
    currency: str
    period: Period
    opening_minor: int
    lines: tuple[StatementEntry, ...]
    debit_minor: int
    credit_minor: int
    closing_minor: int
    open_items: tuple[AgedItem, ...]
    ageing: Ageing
    sources: tuple[SourceRange, ...]
    digest: str  #: 64 hex digits


class StatementDoesNotProveError(ValueError):
    """``figures`` names every total of the proof, in minor units; ``detail`` says what else is wrong."""

    def __init__(
        self, customer_id: str, currency: str, period: Period, figures: Mapping[str, int], detail: str = ""
    ) -> None:
        told = ", ".join(f"{name} {amount}" for name, amount in figures.items())
        super().__init__(
            f"the statement of {customer_id} in {currency} for {period.label} does not prove: "
            f"{told}{'; ' if detail else ''}{detail}"
        )
        self.customer_id = customer_id
        self.currency = currency
        self.period = period
        self.figures = dict(figures)
        self.detail = detail


def parse_period(text: str) -> Period:
    """``2011-01``, ``2011``, ``2011-Q1`` or ``2011-01-05..2011-02-03``. Raises ``PeriodUnreadableError``."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        raise PeriodUnreadableError(text)
    try:
        if match["first"]:
            period = Period(dt.date.fromisoformat(match["first"]), dt.date.fromisoformat(match["last"]))
        else:
            first, last = 1, 12
            if match["month"]:
                first = last = int(match["month"])
            elif match["quarter"]:
                last = 3 * int(match["quarter"])
                first = last - 2
            year = int(match["year"])
            period = Period(dt.date(year, first, 1), dt.date(year, last, calendar.monthrange(year, last)[1]))
    except ValueError as error:
        raise PeriodUnreadableError(text) from error
    if period.end < period.start:
        raise PeriodUnreadableError(text)
    return period


def build_statement(
    *,
    customer_id: str,
    currency: str,
    period: Period,
    lines: Iterable[LedgerLine],
    allocations: Iterable[Allocated],
    control_total_minor: int,
    edges: Sequence[int] = DEFAULT_EDGES,
) -> Statement:
    """Build and prove the statement of one account.

    ``lines`` are all lines of the account up to the period's end, in any order (later ones are ignored);
    ``allocations`` the booked ones. ``control_total_minor`` is the balance as of the period's end as the
    store itself sums it in the same snapshot: it shows a line that was lost on the way here.
    Raises ``StatementDoesNotProveError`` and ``BucketEdgesError``.
    """
    known = [line for line in lines if line.business_date <= period.end]
    booked = [allocation for allocation in allocations if allocation.effective_date <= period.end]
    real = without_annulled(known)
    opening_minor = sum(line.signed_minor for line in real if line.business_date < period.start)
    movements = [line for line in real if line.business_date >= period.start]
    entries, balance_minor = _running(opening_minor, movements)
    debit_minor = sum(entry.debit_minor for entry in entries)
    credit_minor = sum(entry.credit_minor for entry in entries)
    items = open_items_as_of(known, booked, period.end)
    ageing = age(items, period.end, edges)
    figures = {
        "opening + movements": opening_minor + debit_minor - credit_minor,
        "running balance": balance_minor,
        "ledger": sum(line.signed_minor for line in known),
        "control total": control_total_minor,
        "open items": sum(item.open_minor for item in items),
        "ageing": sum(bucket.amount_minor for bucket in ageing.buckets),
    }
    detail = _unresolved({line.item_id for line in known}, booked)
    if detail or len(set(figures.values())) > 1:
        raise StatementDoesNotProveError(customer_id, currency, period, figures, detail)
    statement = Statement(
        customer_id=customer_id,
        currency=currency,
        period=period,
        opening_minor=opening_minor,
        lines=entries,
        debit_minor=debit_minor,
        credit_minor=credit_minor,
        closing_minor=balance_minor,
        open_items=items,
        ageing=ageing,
        sources=_source_ranges(movements),
        digest="",
    )
    return msgspec.structs.replace(statement, digest=digest_of(figures_of(statement)))


def figures_of(statement: Statement) -> dict[str, Any]:
    """Everything that the digest covers, as JSON values: integers of minor units and ISO dates."""
    return {
        "format": FIGURES_FORMAT,
        "customer_id": statement.customer_id,
        "currency": statement.currency,
        "period_start": statement.period.start.isoformat(),
        "period_end": statement.period.end.isoformat(),
        "opening_minor": statement.opening_minor,
        "lines": [
            {
                "date": line.date.isoformat(),
                "document_no": line.document_no,
                "kind": line.kind,
                "role": line.role,
                "debit_minor": line.debit_minor,
                "credit_minor": line.credit_minor,
                "balance_minor": line.balance_minor,
            }
            for line in statement.lines
        ],
        "debit_minor": statement.debit_minor,
        "credit_minor": statement.credit_minor,
        "closing_minor": statement.closing_minor,
        "open_items": [
            {
                "document_no": item.document_no,
                "kind": item.kind,
                "date": item.business_date.isoformat(),
                "due_date": item.due_date.isoformat(),
                "original_minor": item.original_minor,
                "allocated_minor": item.allocated_minor,
                "open_minor": item.open_minor,
            }
            for item in statement.open_items
        ],
        "ageing": [
            {"bucket": bucket.name, "amount_minor": bucket.amount_minor}
            for bucket in statement.ageing.buckets
        ],
    }


def canonical_bytes(figures: Mapping[str, Any]) -> bytes:
    """One spelling of a JSON value: keys sorted, no white space, UTF-8."""
    return msgspec.json.encode(figures, order="sorted")


def digest_of(figures: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical bytes, 64 hex digits."""
    return hashlib.sha256(canonical_bytes(figures)).hexdigest()


def _running(opening_minor: int, movements: Iterable[LedgerLine]) -> tuple[tuple[StatementEntry, ...], int]:
    balance_minor = opening_minor
    entries = []
    for line in movements:
        balance_minor += line.signed_minor
        entries.append(
            StatementEntry(
                date=line.business_date,
                document_no=line.document_no,
                kind=line.kind,
                role=line.role.value,
                debit_minor=line.amount_minor if line.side is Side.DEBIT else 0,
                credit_minor=line.amount_minor if line.side is Side.CREDIT else 0,
                balance_minor=balance_minor,
            )
        )
    return tuple(entries), balance_minor


def _unresolved(item_ids: set[str], booked: Iterable[Allocated]) -> str:
    """Names items that allocations point at but that have no line: the store is behind, or it is wrong."""
    missing = sorted(
        {
            item_id
            for allocation in booked
            for item_id in (allocation.credit_item_id, allocation.debit_item_id)
            if item_id not in item_ids
        }
    )
    return f"allocations name items that have no line: {', '.join(missing[:5])}" if missing else ""


def _source_ranges(movements: Iterable[LedgerLine]) -> tuple[SourceRange, ...]:
    offsets: dict[tuple[str, int], list[int]] = {}
    for line in movements:
        offsets.setdefault((line.topic, line.partition), []).append(line.offset)
    return tuple(
        SourceRange(topic, partition, min(seen), max(seen), len(seen))
        for (topic, partition), seen in sorted(offsets.items())
    )
