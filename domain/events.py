"""The canonical events that enter the books, as typed values.

They carry the names of ``docs/reference/events.md`` and of the Avro contracts. Amounts are integers in
minor units. ``amount_minor`` is >= 0 for orders, payments and refunds (the kind gives the direction);
a customer statement's is its closing balance and may be negative.
"""

from __future__ import annotations

import datetime as dt
import enum
from typing import Literal

import msgspec


class OrderLife(enum.StrEnum):
    PLACED = "placed"
    AMENDED = "amended"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"


class PaymentLife(enum.StrEnum):
    PENDING = "pending"
    SETTLED = "settled"
    FAILED = "failed"
    CHARGED_BACK = "charged_back"


class RefundLife(enum.StrEnum):
    REQUESTED = "requested"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class StatementLife(enum.StrEnum):
    RECEIVED = "received"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


class AdjustmentLife(enum.StrEnum):
    POSTED = "posted"
    REVERSED = "reversed"


class AdjustmentType(enum.StrEnum):
    DEBIT = "debit"
    CREDIT = "credit"
    WRITE_OFF = "write_off"
    REALLOCATION = "reallocation"
    UNMATCH = "unmatch"
    STATEMENT_LINE = "statement_line"


class ClockLife(enum.StrEnum):
    PASSED = "passed"


class Source(msgspec.Struct, frozen=True, array_like=True):
    """Where in Kafka an event was read."""

    topic: str
    partition: int
    offset: int


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What every event carries. ``event_type`` is ``kind.life``, for example ``payment.settled``."""

    event_id: str
    event_type: str
    schema_version: int = 1
    source_system: str
    source_record_id: str
    source_version: int = 1
    occurred_at: dt.datetime
    business_date: dt.date
    customer_id: str
    currency: str
    amount_minor: int
    document_no: str
    correlation_id: str | None = None
    causation_id: str | None = None
    metadata: dict[str, str] = {}

    @property
    def kind(self) -> str:
        return self.event_type.partition(".")[0]

    @property
    def life(self) -> str:
        return self.event_type.partition(".")[2]


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    quantity: str
    unit_price: str
    tax_minor: int | None = None
    total_minor: int | None = None
    description: str | None = None


class OrderEvent(Envelope, frozen=True, kw_only=True):
    """``order.*`` and ``invoice.*``: booked as a DEBIT when placed; of a supplier, a purchase, as a CREDIT."""

    order_id: str | None = None
    invoice_no: str | None = None
    due_date: dt.date | None = None
    lines: tuple[OrderLine, ...] = ()
    net_minor: int | None = None
    tax_minor: int | None = None
    gross_minor: int | None = None
    salesperson: str | None = None
    department: str | None = None


class RemittanceAllocation(msgspec.Struct, frozen=True, kw_only=True):
    document_no: str
    amount_minor: int


class PaymentEvent(Envelope, frozen=True, kw_only=True):
    """``payment.*``: booked as a CREDIT when settled; to a supplier, as a DEBIT."""

    payment_id: str | None = None
    method: str | None = None
    gross_minor: int | None = None
    fee_minor: int | None = None
    net_minor: int | None = None
    payer_name: str | None = None
    payer_account_masked: str | None = None
    bank_reference: str | None = None
    end_to_end_id: str | None = None
    remittance_text: str | None = None
    value_date: dt.date | None = None
    allocations: tuple[RemittanceAllocation, ...] = ()


class RefundEvent(Envelope, frozen=True, kw_only=True):
    """``refund.*`` (DEBIT), ``credit_note.*`` and ``return.*`` (CREDIT), ``exchange.*`` (by price difference).

    Of a supplier: the other side.
    """

    refund_id: str | None = None
    original_document_no: str | None = None
    original_payment_id: str | None = None
    reason: str | None = None
    lines: tuple[OrderLine, ...] = ()
    replacement_order_id: str | None = None
    price_difference_minor: int | None = None


class StatementLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    line_no: int
    document_no: str
    date: dt.date
    debit_minor: int
    credit_minor: int
    running_balance_minor: int | None = None
    their_reference: str | None = None


class CustomerStatementEvent(Envelope, frozen=True, kw_only=True):
    """A statement of account that the party sent; debit and credit are in our view."""

    statement_id: str
    statement_version: int
    period_start: dt.date
    period_end: dt.date
    opening_balance_minor: int
    closing_balance_minor: int
    total_debit_minor: int
    total_credit_minor: int
    line_count: int
    lines: tuple[StatementLine, ...] = ()


class AdjustmentEvent(Envelope, frozen=True, kw_only=True):
    """``adjustment.*``: what one person proposed and another approved. Reversed, never edited.

    ``debit`` and ``credit`` book ``amount_minor`` on that side; a ``write_off`` books it on the side that closes
    ``target_document_no``, which ``write_off_side`` names. ``reallocation`` (amount 0) says anew what the payment
    ``target_document_no`` pays; ``unmatch`` (amount 0) keeps it from ``barred_document_no``. ``statement_line`` (amount
    0) has line ``line_no`` of that version of the customer's statement read as ``corrected_line``, or struck out
    where there is none.
    """

    adjustment_id: str
    adjustment_type: AdjustmentType
    proposed_by: str
    approved_by: str
    reason: str
    target_document_no: str | None = None
    write_off_side: Literal["DEBIT", "CREDIT"] | None = None
    barred_document_no: str | None = None
    allocations: tuple[RemittanceAllocation, ...] = ()
    statement_id: str | None = None
    statement_version: int | None = None
    line_no: int | None = None
    corrected_line: StatementLine | None = None


class ClockEvent(Envelope, frozen=True, kw_only=True):
    """``clock.passed``: the day of ``occurred_at`` has come for the customer, whether or not anything else happened.

    It books nothing. Where an account is quiet, what waits for our sources stops waiting by it; as an event it is in
    the log, so that a replay lets time pass at the same places.
    """


#: what the books keep a fact of
BookedEvent = OrderEvent | PaymentEvent | RefundEvent | CustomerStatementEvent | AdjustmentEvent
Event = BookedEvent | ClockEvent

#: event kind -> (its type, the lives it may have)
KINDS: dict[str, tuple[type[Event], frozenset[str]]] = {
    "order": (OrderEvent, frozenset(OrderLife)),
    "invoice": (OrderEvent, frozenset(OrderLife)),
    "payment": (PaymentEvent, frozenset(PaymentLife)),
    "refund": (RefundEvent, frozenset(RefundLife)),
    "credit_note": (RefundEvent, frozenset(RefundLife)),
    "return": (RefundEvent, frozenset(RefundLife)),
    "exchange": (RefundEvent, frozenset(RefundLife)),
    "customer_statement": (CustomerStatementEvent, frozenset(StatementLife)),
    "adjustment": (AdjustmentEvent, frozenset(AdjustmentLife)),
    "clock": (ClockEvent, frozenset(ClockLife)),
}
