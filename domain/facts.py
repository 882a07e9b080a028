"""Facts: what the books keep of an event once it is accepted.

A fact is one version of one record of a source. Everything that the books say is a pure function of the
set of facts, so neither the order of arrival nor duplicates can change it (invariants I3, I6).

Facts are in the view of the book: for a supplier, what an event says with a sign or a side is turned here, and only
here (``domain.parties``). What a kind books needs no turning: a purchase is to them what a sale is to us.
"""

from __future__ import annotations

import datetime as dt
import enum
import functools
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from domain.comparison.columns import StatementColumns
from domain.comparison.named import packed, tags_of
from domain.events import (
    AdjustmentEvent,
    AdjustmentLife,
    AdjustmentType,
    BookedEvent,
    CustomerStatementEvent,
    Event,
    OrderEvent,
    OrderLife,
    PaymentEvent,
    PaymentLife,
    RefundEvent,
    RefundLife,
    Source,
    StatementLife,
    StatementLine,
)
from domain.fillers import is_filler
from domain.identity import content_digest
from domain.parties import view_sign


class EntryKind(enum.StrEnum):
    INVOICE = "INVOICE"
    PAYMENT = "PAYMENT"
    REFUND = "REFUND"
    CREDIT_NOTE = "CREDIT_NOTE"
    RETURN = "RETURN"
    EXCHANGE = "EXCHANGE"
    ADJUSTMENT = "ADJUSTMENT"
    WRITE_OFF = "WRITE_OFF"


#: the contract whose events a record is told by: what bears one id in two of them is two records
_FAMILIES: Final[Mapping[EntryKind, str]] = {
    EntryKind.INVOICE: "order",
    EntryKind.PAYMENT: "payment",
    EntryKind.REFUND: "refund",
    EntryKind.CREDIT_NOTE: "refund",
    EntryKind.RETURN: "refund",
    EntryKind.EXCHANGE: "refund",
    EntryKind.ADJUSTMENT: "adjustment",
    EntryKind.WRITE_OFF: "adjustment",
}


def record_key(kind: EntryKind, source_system: str, source_record_id: str) -> str:
    """The name of a record within its account; also the id of its open item.

    An order and a payment that a source both calls 77 are two records, so the contract is part of it.
    """
    return f"{_FAMILIES[kind]}:{source_system}/{source_record_id}"


class Instruction(msgspec.Struct, frozen=True, array_like=True):
    """What a person decided about a payment: it pays ``links``, or (``None``) it does not pay ``document_no``."""

    payment_document_no: str
    document_no: str | None
    links: tuple[tuple[str, int], ...] | None


class LineCorrection(msgspec.Struct, frozen=True, array_like=True):
    """What a person decided about a line of a statement of theirs: it is read as ``line``, or (``None``) struck out."""

    statement_id: str
    statement_version: int
    line_no: int
    line: StatementLine | None


class Fact(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One version of an order, payment, refund, credit note, return or exchange.

    ``signed_minor`` is what this version books: > 0 a debit (they owe more), < 0 a credit, 0 nothing.
    """

    kind: EntryKind
    signed_minor: int
    undone: bool
    """True where this life takes back what an earlier version booked: cancelled, failed, charged back."""
    rank: tuple[int, int]
    """(source version, place in the record's life): the highest known is in force."""
    event_id: str
    digest: bytes
    source_system: str
    source_record_id: str
    document_no: str
    aliases: tuple[str, ...]
    """Other numbers that this document answers to."""
    business_date: dt.date
    due_date: dt.date | None
    occurred_at: dt.datetime
    claims: tuple[tuple[str, int], ...] = ()
    """A payment's remittance allocations: (document number, amount)."""
    remittance_text: str | None = None
    own_references: tuple[str, ...] = ()
    """References of the transfer itself (end-to-end id, bank reference): equal ones mean the same money."""
    original_document_no: str | None = None
    original_payment_id: str | None = None
    correlation_id: str | None = None
    salesperson: str | None = None
    department: str | None = None
    source: Source
    recorded_at: dt.datetime
    fee_minor: int = 0
    """What a bank or provider kept of a payment before it reached us."""
    payer_name: str | None = None
    instruction: Instruction | None = None
    not_with: tuple[str, ...] = ()
    """Documents that this record must not be matched with; only ``domain.instructions`` sets it."""
    decided: bool = False
    """A person said what this payment pays or does not: only ``domain.instructions`` sets it."""
    correction: LineCorrection | None = None

    @property
    def about(self) -> tuple[tuple[str, int], ...]:
        """What it says that it is for: (document number, amount; 0 where none is said)."""
        return ((self.original_document_no, 0),) if self.original_document_no else self.claims

    @property
    def record_key(self) -> str:
        return record_key(self.kind, self.source_system, self.source_record_id)


class StatementFact(msgspec.Struct, frozen=True, array_like=True, kw_only=True, dict=True):
    """One version of a statement that the party sent; amounts in the book's view, minor units."""

    statement_id: str
    rank: tuple[int, int, int]
    """(statement version, source version, place in its life)."""
    withdrawn: bool
    event_id: str
    digest: bytes
    period_start: dt.date
    period_end: dt.date
    opening_minor: int
    closing_minor: int
    total_debit_minor: int
    total_credit_minor: int
    line_count: int
    lines: tuple[StatementLine, ...]
    occurred_at: dt.datetime
    correlation_id: str | None
    source: Source

    @property
    def day_before(self) -> dt.date:
        """The day whose closing balance is the statement's opening balance."""
        return day_before(self.period_start)

    @functools.cached_property
    def columns(self) -> StatementColumns:
        """The lines in columns, made once: a statement is compared again with each event of its account."""
        return StatementColumns(self.lines)

    @functools.cached_property
    def names(self) -> bytes:
        """The documents that its lines name (``domain.comparison.named``)."""
        return packed(
            tags_of(r for line in self.lines for r in (line.document_no, line.their_reference) if r)
        )


def day_before(period_start: dt.date) -> dt.date:
    """The day whose closing balance is the opening balance of a period."""
    return period_start - dt.timedelta(days=1)


# Where two versions carry the same number, the later life wins: sources are often careless about versions.
_ORDER_RANK = {OrderLife.PLACED: 0, OrderLife.AMENDED: 1, OrderLife.CANCELLED: 2}
_PAYMENT_RANK = {
    PaymentLife.PENDING: 0,
    PaymentLife.SETTLED: 1,
    PaymentLife.FAILED: 2,
    PaymentLife.CHARGED_BACK: 3,
}
_REFUND_RANK = {RefundLife.REQUESTED: 0, RefundLife.SETTLED: 1, RefundLife.CANCELLED: 2}
_ADJUSTMENT_RANK = {AdjustmentLife.POSTED: 0, AdjustmentLife.REVERSED: 1}
_STATEMENT_RANK = {StatementLife.RECEIVED: 0, StatementLife.REPLACED: 1, StatementLife.WITHDRAWN: 2}

_REFUND_KINDS = {
    "refund": EntryKind.REFUND,
    "credit_note": EntryKind.CREDIT_NOTE,
    "return": EntryKind.RETURN,
    "exchange": EntryKind.EXCHANGE,
}

_NOT_CONTENT: Final[Mapping[str, Any]] = {
    "event_id": "",
    "correlation_id": None,
    "causation_id": None,
    "metadata": {},
}


def event_digest(event: Event) -> bytes:
    """Digest of the whole event: tells a redelivery from an ``event_id`` used twice."""
    return content_digest(msgspec.json.encode(event))


def _content(event: Event) -> bytes:
    """Digest of what the event says, leaving out how it was delivered."""
    return content_digest(msgspec.json.encode(msgspec.structs.replace(event, **_NOT_CONTENT)))


def fact_of(event: BookedEvent, source: Source, recorded_at: dt.datetime) -> Fact | StatementFact | None:
    """What the books keep of ``event``; ``None`` for one that books nothing and replaces nothing (fulfilled)."""
    match event:
        case OrderEvent():
            return _order_fact(event, source, recorded_at)
        case PaymentEvent():
            return _payment_fact(event, source, recorded_at)
        case RefundEvent():
            return _refund_fact(event, source, recorded_at)
        case AdjustmentEvent():
            return _adjustment_fact(event, source, recorded_at)
        case _:  # CustomerStatementEvent
            return _statement_fact(event, source)


def _others(document_no: str, *numbers: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n for n in numbers if n and n != document_no))


def _order_fact(event: OrderEvent, source: Source, recorded_at: dt.datetime) -> Fact | None:
    life = OrderLife(event.life)
    if life is OrderLife.FULFILLED:
        return None
    cancelled = life is OrderLife.CANCELLED
    return Fact(
        kind=EntryKind.INVOICE,
        signed_minor=0 if cancelled else event.amount_minor,
        undone=cancelled,
        rank=(event.source_version, _ORDER_RANK[life]),
        event_id=event.event_id,
        digest=_content(event),
        source_system=event.source_system,
        source_record_id=event.source_record_id,
        document_no=event.document_no,
        aliases=_others(event.document_no, event.invoice_no, event.order_id),
        business_date=event.business_date,
        due_date=event.due_date,
        occurred_at=event.occurred_at,
        correlation_id=event.correlation_id,
        salesperson=event.salesperson,
        department=event.department,
        source=source,
        recorded_at=recorded_at,
    )


def _payment_fact(event: PaymentEvent, source: Source, recorded_at: dt.datetime) -> Fact:
    life = PaymentLife(event.life)
    return Fact(
        kind=EntryKind.PAYMENT,
        signed_minor=-event.amount_minor if life is PaymentLife.SETTLED else 0,
        undone=life in (PaymentLife.FAILED, PaymentLife.CHARGED_BACK),
        rank=(event.source_version, _PAYMENT_RANK[life]),
        event_id=event.event_id,
        digest=_content(event),
        source_system=event.source_system,
        source_record_id=event.source_record_id,
        document_no=event.document_no,
        aliases=_others(event.document_no, event.payment_id),
        business_date=event.business_date,
        due_date=None,
        occurred_at=event.occurred_at,
        claims=tuple((a.document_no, a.amount_minor) for a in event.allocations),
        remittance_text=event.remittance_text,
        own_references=tuple(
            reference
            for reference in _others("", event.end_to_end_id, event.bank_reference)
            if not is_filler(reference)
        ),
        fee_minor=max(event.fee_minor or 0, 0),
        payer_name=event.payer_name,
        correlation_id=event.correlation_id,
        source=source,
        recorded_at=recorded_at,
    )


def _refund_fact(event: RefundEvent, source: Source, recorded_at: dt.datetime) -> Fact:
    life = RefundLife(event.life)
    kind = _REFUND_KINDS[event.kind]
    if kind is EntryKind.REFUND:
        signed = event.amount_minor
    elif kind is EntryKind.EXCHANGE:
        difference = event.price_difference_minor
        signed = event.amount_minor if difference is None else difference
    else:
        signed = -event.amount_minor
    return Fact(
        kind=kind,
        signed_minor=signed if life is RefundLife.SETTLED else 0,
        undone=life is RefundLife.CANCELLED,
        rank=(event.source_version, _REFUND_RANK[life]),
        event_id=event.event_id,
        digest=_content(event),
        source_system=event.source_system,
        source_record_id=event.source_record_id,
        document_no=event.document_no,
        aliases=_others(event.document_no, event.refund_id),
        business_date=event.business_date,
        due_date=None,
        occurred_at=event.occurred_at,
        original_document_no=event.original_document_no,
        original_payment_id=event.original_payment_id,
        correlation_id=event.correlation_id,
        source=source,
        recorded_at=recorded_at,
    )


def _adjustment_fact(event: AdjustmentEvent, source: Source, recorded_at: dt.datetime) -> Fact:
    life = AdjustmentLife(event.life)
    reversed_ = life is AdjustmentLife.REVERSED
    write_off = event.adjustment_type is AdjustmentType.WRITE_OFF
    credits = event.adjustment_type is AdjustmentType.CREDIT or event.write_off_side == "CREDIT"
    signed = view_sign(event.customer_id) * (-event.amount_minor if credits else event.amount_minor)
    return Fact(
        kind=EntryKind.WRITE_OFF if write_off else EntryKind.ADJUSTMENT,
        signed_minor=0 if reversed_ else signed,
        undone=reversed_,
        rank=(event.source_version, _ADJUSTMENT_RANK[life]),
        event_id=event.event_id,
        digest=_content(event),
        source_system=event.source_system,
        source_record_id=event.source_record_id,
        document_no=event.document_no,
        aliases=_others(event.document_no, event.adjustment_id),
        business_date=event.business_date,
        due_date=None,
        occurred_at=event.occurred_at,
        original_document_no=None if _instructs(event) else event.target_document_no,
        correlation_id=event.correlation_id,
        source=source,
        recorded_at=recorded_at,
        instruction=_instruction(event),
        correction=_correction(event),
    )


def _instructs(event: AdjustmentEvent) -> bool:
    return event.adjustment_type in (AdjustmentType.REALLOCATION, AdjustmentType.UNMATCH)


def _instruction(event: AdjustmentEvent) -> Instruction | None:
    target = event.target_document_no or ""
    if event.adjustment_type is AdjustmentType.UNMATCH:
        return Instruction(target, event.barred_document_no, None)
    if event.adjustment_type is AdjustmentType.REALLOCATION:
        return Instruction(target, None, tuple((a.document_no, a.amount_minor) for a in event.allocations))
    return None


def _correction(event: AdjustmentEvent) -> LineCorrection | None:
    if event.adjustment_type is not AdjustmentType.STATEMENT_LINE:
        return None
    assert event.statement_id is not None, "validated"
    assert event.statement_version is not None, "validated"
    assert event.line_no is not None, "validated"
    line = event.corrected_line
    read = line if line is None or view_sign(event.customer_id) > 0 else _turned_line(line)
    return LineCorrection(event.statement_id, event.statement_version, event.line_no, read)


def _statement_fact(event: CustomerStatementEvent, source: Source) -> StatementFact:
    life = StatementLife(event.life)
    sign = view_sign(event.customer_id)
    totals = (event.total_debit_minor, event.total_credit_minor)
    debit, credit = totals if sign > 0 else reversed(totals)
    return StatementFact(
        statement_id=event.statement_id,
        rank=(event.statement_version, event.source_version, _STATEMENT_RANK[life]),
        withdrawn=life is StatementLife.WITHDRAWN,
        event_id=event.event_id,
        digest=_content(event),
        period_start=event.period_start,
        period_end=event.period_end,
        opening_minor=sign * event.opening_balance_minor,
        closing_minor=sign * event.closing_balance_minor,
        total_debit_minor=debit,
        total_credit_minor=credit,
        line_count=event.line_count,
        lines=event.lines if sign > 0 else tuple(map(_turned_line, event.lines)),
        occurred_at=event.occurred_at,
        correlation_id=event.correlation_id,
        source=source,
    )


def _turned_line(line: StatementLine) -> StatementLine:
    """A line of a supplier's statement as the mirrored book reads it."""
    running = line.running_balance_minor
    return msgspec.structs.replace(
        line,
        debit_minor=line.credit_minor,
        credit_minor=line.debit_minor,
        running_balance_minor=None if running is None else -running,
    )
