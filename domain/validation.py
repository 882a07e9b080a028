"""Is this event fit to enter the books? The one home of that rule.

A refusal is a value (a finding), not an exception: bad input is an ordinary outcome (invariant I7).
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from typing import Final

import msgspec

from domain.events import (
    KINDS,
    AdjustmentEvent,
    AdjustmentType,
    CustomerStatementEvent,
    Event,
    OrderEvent,
    PaymentEvent,
    RefundEvent,
    StatementLine,
)
from domain.identity import same_person
from domain.money import is_currency
from domain.parties import own_id, role_of

#: Ten trillion major units of a two-decimal currency: beyond any real document, far below 64 bits.
AMOUNT_MINOR_MAX = 10**15
#: Bounds of business dates: outside lies a damaged field, not a document.
YEAR_MIN, YEAR_MAX = 1970, 2200


#: source and record of an adjustment that was decided here: what is sent under them by others could undo it
OWN_SOURCE: Final = "tieout"
ADJUSTMENTS: Final = "adjustment/"


class RefusalReason(enum.StrEnum):
    UNKNOWN_EVENT_TYPE = "UNKNOWN_EVENT_TYPE"
    INVALID_FIELD = "INVALID_FIELD"
    MISSING_PARTY = "MISSING_PARTY"
    KEY_MISMATCH = "KEY_MISMATCH"
    WRONG_PARTITION = "WRONG_PARTITION"
    UNKNOWN_CURRENCY = "UNKNOWN_CURRENCY"
    AMOUNT_OUT_OF_RANGE = "AMOUNT_OUT_OF_RANGE"
    NEGATIVE_AMOUNT = "NEGATIVE_AMOUNT"
    DATE_OUT_OF_RANGE = "DATE_OUT_OF_RANGE"
    UNSUPPORTED_VERSION = "UNSUPPORTED_VERSION"
    MAKER_IS_CHECKER = "MAKER_IS_CHECKER"
    EVENT_ID_CONFLICT = "EVENT_ID_CONFLICT"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    CURRENCY_CHANGED = "CURRENCY_CHANGED"


class Refusal(msgspec.Struct, frozen=True):
    """Why an input does not enter the books. ``detail`` is one sentence for people."""

    reason: RefusalReason
    detail: str
    event_id: str | None = None
    customer_id: str | None = None


def parse_event(value: Mapping[str, object], allowed: frozenset[str], key: bytes | None) -> Event | Refusal:
    """The typed event of a decoded record, or why it is refused.

    ``allowed`` holds the event kinds that the topic carries; ``key`` is the record's key, which must be the
    customer: another key would put the event on another partition than the customer's books.
    """
    event_type = value.get("event_type")
    event_id = _text(value.get("event_id"))
    customer_id = _text(value.get("customer_id"))

    def refuse(reason: RefusalReason, detail: str) -> Refusal:
        return Refusal(reason, detail, event_id, customer_id)

    kind, _, life = event_type.partition(".") if isinstance(event_type, str) else ("", "", "")
    if kind not in allowed or life not in KINDS[kind][1]:
        return refuse(
            RefusalReason.UNKNOWN_EVENT_TYPE, f"Event type {event_type!r} is not known on this topic."
        )
    try:
        event = msgspec.convert(value, KINDS[kind][0])
    except msgspec.ValidationError as error:
        return refuse(RefusalReason.INVALID_FIELD, str(error))
    if _has_nul(event):
        return refuse(RefusalReason.INVALID_FIELD, "A text holds a NUL character, which no store takes.")
    if not own_id(event.customer_id).strip():
        return refuse(RefusalReason.MISSING_PARTY, f"The event names no {role_of(event.customer_id)}.")
    if key is not None and key != event.customer_id.encode():
        return refuse(
            RefusalReason.KEY_MISMATCH, f"The record's key is not its customer {event.customer_id!r}."
        )
    for name in ("event_id", "source_system", "source_record_id", "document_no"):
        if not getattr(event, name).strip():
            return refuse(RefusalReason.INVALID_FIELD, f"{name} is empty.")
    if (
        kind != "adjustment"
        and event.source_system == OWN_SOURCE
        and event.source_record_id.startswith(ADJUSTMENTS)
    ):
        return refuse(RefusalReason.INVALID_FIELD, "Only adjustments are records of this name.")
    if event.schema_version != 1:
        return refuse(
            RefusalReason.UNSUPPORTED_VERSION, f"schema_version {event.schema_version} is not known."
        )
    if event.source_version < 1:
        return refuse(RefusalReason.INVALID_FIELD, f"source_version {event.source_version} is below 1.")
    if not is_currency(event.currency):
        return refuse(RefusalReason.UNKNOWN_CURRENCY, f"{event.currency!r} is no ISO 4217 currency.")
    for name, amount, may_be_negative in _amounts(event):
        if abs(amount) > AMOUNT_MINOR_MAX:
            return refuse(RefusalReason.AMOUNT_OUT_OF_RANGE, f"{name} {amount} is out of range.")
        if amount < 0 and not may_be_negative:
            return refuse(RefusalReason.NEGATIVE_AMOUNT, f"{name} {amount} is negative.")
    for date in _dates(event):
        if not YEAR_MIN <= date.year <= YEAR_MAX:
            return refuse(RefusalReason.DATE_OUT_OF_RANGE, f"The date {date} is out of range.")
    if isinstance(event, CustomerStatementEvent):
        if event.period_end < event.period_start:
            return refuse(RefusalReason.INVALID_FIELD, "period_end is before period_start.")
        numbers = [line.line_no for line in event.lines]
        if len(set(numbers)) != len(numbers):
            return refuse(RefusalReason.INVALID_FIELD, "A line_no occurs twice.")
        if event.statement_version < 1 or not event.statement_id.strip():
            return refuse(RefusalReason.INVALID_FIELD, "statement_id is empty or statement_version below 1.")
    if isinstance(event, AdjustmentEvent):
        if not event.proposed_by.strip() or same_person(event.proposed_by, event.approved_by):
            return refuse(
                RefusalReason.MAKER_IS_CHECKER, "An adjustment is approved by another than its proposer."
            )
        incomplete = adjustment_gap(event)
        if incomplete is not None:
            return refuse(RefusalReason.INVALID_FIELD, incomplete)
    return event


def adjustment_gap(event: AdjustmentEvent) -> str | None:
    """What an adjustment of its type lacks or has too much of, as a sentence; ``None`` where it is complete."""
    kind = event.adjustment_type
    if not event.approved_by.strip() or not event.adjustment_id.strip():
        return "approved_by or adjustment_id is empty."
    if kind in (AdjustmentType.REALLOCATION, AdjustmentType.UNMATCH, AdjustmentType.STATEMENT_LINE):
        if event.amount_minor:
            return f"A {kind} moves no amount; amount_minor is {event.amount_minor}."
    elif not event.amount_minor:
        return f"A {kind} needs an amount."
    needs_target = (AdjustmentType.WRITE_OFF, AdjustmentType.REALLOCATION, AdjustmentType.UNMATCH)
    if kind in needs_target and not event.target_document_no:
        return f"A {kind} names its target_document_no."
    if (kind is AdjustmentType.WRITE_OFF) != (event.write_off_side is not None):
        return "write_off_side is for a write_off, which needs it."
    if (kind is AdjustmentType.UNMATCH) != bool(event.barred_document_no):
        return "barred_document_no is for an unmatch, which needs it."
    if kind is AdjustmentType.STATEMENT_LINE:
        return _correction_gap(event)
    return None if event.corrected_line is None else "corrected_line is for a statement_line."


def _correction_gap(event: AdjustmentEvent) -> str | None:
    if not event.statement_id or event.statement_version is None or event.line_no is None:
        return "A statement_line names statement_id, statement_version and line_no."
    line = event.corrected_line
    if line is not None and line.line_no != event.line_no:
        return f"The corrected_line is line {line.line_no}, not line {event.line_no}."
    if line is not None and not line.document_no.strip():
        return "The corrected_line names no document_no."
    return None


def _has_nul(event: Event) -> bool:
    # JSON escapes NUL; the escaped form may also be ordinary text, so only a hit is looked at closely.
    data = msgspec.json.encode(event)
    return b"\\u0000" in data and "\0" in _all_text(msgspec.json.decode(data))


def _all_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "".join(_all_text(item) for pair in value.items() for item in pair)
    if isinstance(value, list):
        return "".join(_all_text(item) for item in value)
    return ""


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _amounts(event: Event) -> list[tuple[str, int, bool]]:
    """(field, amount, may be negative) of every amount that the books use."""
    if isinstance(event, CustomerStatementEvent):
        found = [
            ("amount_minor", event.amount_minor, True),
            ("opening_balance_minor", event.opening_balance_minor, True),
            ("closing_balance_minor", event.closing_balance_minor, True),
            ("total_debit_minor", event.total_debit_minor, False),
            ("total_credit_minor", event.total_credit_minor, False),
        ]
        for line in event.lines:
            found += _line_amounts(line)
        return found
    found = [("amount_minor", event.amount_minor, False)]
    if isinstance(event, PaymentEvent | AdjustmentEvent):
        found += [(f"allocation to {a.document_no}", a.amount_minor, False) for a in event.allocations]
    if isinstance(event, RefundEvent) and event.price_difference_minor is not None:
        found.append(("price_difference_minor", event.price_difference_minor, True))
    if isinstance(event, AdjustmentEvent) and event.corrected_line is not None:
        found += _line_amounts(event.corrected_line)
    return found


def _line_amounts(line: StatementLine) -> list[tuple[str, int, bool]]:
    found = [
        (f"line {line.line_no} debit_minor", line.debit_minor, False),
        (f"line {line.line_no} credit_minor", line.credit_minor, False),
    ]
    if line.running_balance_minor is not None:
        found.append((f"line {line.line_no} running_balance_minor", line.running_balance_minor, True))
    return found


def _dates(event: Event) -> list[dt.date]:
    if isinstance(event, CustomerStatementEvent):
        return [
            event.business_date,
            event.period_start,
            event.period_end,
            *(line.date for line in event.lines),
        ]
    if isinstance(event, OrderEvent) and event.due_date is not None:
        return [event.business_date, event.due_date]
    if isinstance(event, AdjustmentEvent) and event.corrected_line is not None:
        return [event.business_date, event.corrected_line.date]
    return [event.business_date]
