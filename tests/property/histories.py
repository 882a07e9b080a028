"""Random histories: everything that a customer and a supplier and their banks may send, in any order, again and again.

A history is made of records with one content per version, so nothing in it is refused; ``conflicts`` makes the events
that are. Numbers, amounts, dates and references come from small pools, so that they meet.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import strategies as st

from domain.events import (
    AdjustmentEvent,
    ClockEvent,
    CustomerStatementEvent,
    Event,
    OrderEvent,
    PaymentEvent,
    RefundEvent,
)

CUSTOMERS = ("C-1", "supplier:客-2")
CURRENCIES = ("EUR", "JPY")
#: numbers that agree exactly, when squeezed, when bare, and not at all
DOCUMENTS = ("INV-1001", "inv 1001", "RE-01001", "INV-1002", "FP2003", "SO-7", "P-501")
UNKNOWN = ("INV-9999", "8888")
PAYMENTS = ("P-501", "P-502", "P-503", "0502")
STATEMENTS = ("S0", "S1")
TEXTS = (
    None,
    "",
    "INV-1001",
    "invoice 1001, 1002",
    "付款 FP2003 谢谢",
    "for INV-9999",
    "P-501/1002 100.00",
    "rest",
)
START = dt.date(2026, 1, 1)

dates = st.integers(0, 59).map(lambda n: START + dt.timedelta(days=n))
amounts = st.sampled_from([0, 1, 20, 50, 50, 70, 100, 100, 150])
references = st.sampled_from([*DOCUMENTS, *PAYMENTS, *UNKNOWN])
maybe_reference = st.none() | references


class Delivered(msgspec.Struct, frozen=True):
    """Two deliveries of one history: other orders, other repetitions."""

    one: tuple[Event, ...]
    other: tuple[Event, ...]


def _envelope(draw: st.DrawFn, system: str, record: str, version: int, life: str) -> dict[str, Any]:
    date = draw(dates)
    return {
        "event_id": f"{system}/{record}/{version}/{life}",
        "event_type": life,
        "source_system": system,
        "source_record_id": record,
        "source_version": version,
        "occurred_at": dt.datetime.combine(date, dt.time(draw(st.integers(8, 10))), dt.UTC),
        "business_date": date,
        "amount_minor": draw(amounts),
    }


def _order(draw: st.DrawFn, record: str, version: int) -> OrderEvent:
    lives = ("order.placed", "order.placed", "invoice.amended", "order.cancelled", "order.fulfilled")
    return OrderEvent(
        **_envelope(draw, "shop", record, version, draw(st.sampled_from(lives))),
        customer_id="",
        currency="",
        document_no=draw(st.sampled_from(DOCUMENTS)),
        order_id=draw(st.none() | st.sampled_from(("SO-7", "SO-8"))),
        due_date=draw(st.none() | dates),
    )


def _payment(draw: st.DrawFn, record: str, version: int) -> PaymentEvent:
    lives = ("settled", "settled", "settled", "pending", "failed", "charged_back")
    claims = st.lists(st.tuples(references, amounts), max_size=3)
    value = _envelope(draw, "bank", record, version, f"payment.{draw(st.sampled_from(lives))}")
    value |= {"customer_id": "", "currency": "", "document_no": draw(st.sampled_from(PAYMENTS))}
    value["occurred_at"] = value["occurred_at"].isoformat()
    value["business_date"] = value["business_date"].isoformat()
    value |= {
        "remittance_text": draw(st.sampled_from(TEXTS)),
        "end_to_end_id": draw(st.sampled_from((None, None, "E-1"))),
        "bank_reference": draw(st.sampled_from((None, None, "B-1"))),
        "allocations": [{"document_no": d, "amount_minor": a} for d, a in draw(claims)],
    }
    return msgspec.convert(value, PaymentEvent)


def _refund(draw: st.DrawFn, record: str, version: int) -> RefundEvent:
    kind = draw(st.sampled_from(("refund", "refund", "credit_note", "return", "exchange")))
    life = draw(st.sampled_from(("settled", "settled", "requested", "cancelled")))
    return RefundEvent(
        **_envelope(draw, "desk", record, version, f"{kind}.{life}"),
        customer_id="",
        currency="",
        document_no=draw(st.sampled_from(("R-1", "R-2", "CN-3", "INV-1001"))),
        original_document_no=draw(maybe_reference),
        original_payment_id=draw(maybe_reference),
        price_difference_minor=draw(st.none() | st.integers(-60, 60)),
    )


def _adjustment(draw: st.DrawFn, record: str, version: int) -> AdjustmentEvent:
    kind = draw(
        st.sampled_from(("debit", "credit", "write_off", "reallocation", "unmatch", "statement_line"))
    )
    life = draw(st.sampled_from(("posted", "posted", "reversed")))
    value = _envelope(draw, "tieout", record, version, f"adjustment.{life}")
    links = st.lists(st.tuples(references, amounts), max_size=2)
    value |= {
        "customer_id": "",
        "currency": "",
        "document_no": record,
        "adjustment_id": record,
        "adjustment_type": kind,
        "proposed_by": "ann",
        "approved_by": "bob",
        "reason": "",
        "occurred_at": value["occurred_at"].isoformat(),
        "business_date": value["business_date"].isoformat(),
        "target_document_no": draw(references),
    }
    if kind in ("reallocation", "unmatch", "statement_line"):
        value["amount_minor"] = 0
    if kind == "write_off":
        value["write_off_side"] = draw(st.sampled_from(("DEBIT", "CREDIT")))
    if kind == "unmatch":
        value["barred_document_no"] = draw(references)
    if kind == "statement_line":
        number = draw(st.integers(1, 3))
        value |= {
            "statement_id": draw(st.sampled_from(STATEMENTS)),
            "statement_version": draw(st.integers(1, 4)),
            "line_no": number,
            "corrected_line": _statement_line(draw, number) if draw(st.booleans()) else None,
        }
    if kind == "reallocation":
        value["allocations"] = [{"document_no": d, "amount_minor": a} for d, a in draw(links)]
    return msgspec.convert(value, AdjustmentEvent)


def _statement_line(draw: st.DrawFn, number: int) -> dict[str, Any]:
    return {
        "line_no": number,
        "document_no": draw(references),
        "date": draw(dates).isoformat(),
        "debit_minor": draw(amounts),
        "credit_minor": draw(st.sampled_from((0, 0, 50, 100))),
        "running_balance_minor": draw(st.none() | st.integers(-50, 300)),
        "their_reference": draw(maybe_reference),
    }


def _statement(draw: st.DrawFn, record: str, version: int) -> CustomerStatementEvent:
    value = _envelope(draw, "mail", record, version, "customer_statement.received")
    life = draw(st.sampled_from(("received", "received", "replaced", "withdrawn")))
    lines = [_statement_line(draw, number) for number in range(1, draw(st.integers(0, 5)) + 1)]
    end = draw(dates)
    value |= {
        "event_type": f"customer_statement.{life}",
        "customer_id": "",
        "currency": "",
        "document_no": record,
        "statement_id": record,
        "statement_version": version,
        "period_start": START.isoformat() if draw(st.booleans()) else end.isoformat(),
        "period_end": end.isoformat(),
        "opening_balance_minor": draw(st.sampled_from((0, 0, 100, -50))),
        "closing_balance_minor": draw(st.sampled_from((0, 100, -50))),
        "total_debit_minor": sum(line["debit_minor"] for line in lines),
        "total_credit_minor": sum(line["credit_minor"] for line in lines),
        "line_count": draw(st.sampled_from((len(lines), len(lines), 99))),
        "lines": lines,
        "occurred_at": value["occurred_at"].isoformat(),
        "business_date": value["business_date"].isoformat(),
    }
    return msgspec.convert(value, CustomerStatementEvent)


_MAKERS: dict[str, Callable[[st.DrawFn, str, int], Event]] = {
    "o": _order,
    "p": _payment,
    "r": _refund,
    "S": _statement,
    "a": _adjustment,
}


@st.composite
def events(draw: st.DrawFn, customers: tuple[str, ...] = CUSTOMERS) -> list[Event]:
    """Every version of every record of a history, each once, in no particular order."""
    found: list[Event] = []
    for customer in draw(st.sampled_from([customers[:1], customers])):
        for letter, most in (("o", 4), ("p", 4), ("r", 3), ("S", 2), ("a", 3)):
            for number in range(draw(st.integers(0, most))):
                record = f"{letter}{number}"
                currency = draw(st.sampled_from((*CURRENCIES[:1] * 4, *CURRENCIES)))
                for version in draw(st.lists(st.integers(1, 4), min_size=1, max_size=3, unique=True)):
                    event = _MAKERS[letter](draw, record, version)
                    found.append(
                        msgspec.structs.replace(
                            event,
                            customer_id=customer,
                            currency=currency,
                            event_id=f"{customer}/{event.event_id}",
                        )
                    )
    return found


@st.composite
def clocks(draw: st.DrawFn) -> list[Event]:
    """Days that come for some customers."""
    return [
        ClockEvent(
            event_id=f"{customer}/clock/{day}",
            event_type="clock.passed",
            source_system="clock",
            source_record_id=f"{customer}/{day}",
            occurred_at=dt.datetime.combine(day, dt.time(), dt.UTC),
            business_date=day,
            customer_id=customer,
            currency=CURRENCIES[0],
            amount_minor=0,
            document_no=str(day),
        )
        for customer in CUSTOMERS
        for day in draw(st.lists(dates, max_size=2, unique=True))
    ]


@st.composite
def deliveries(draw: st.DrawFn) -> Delivered:
    """One history delivered in two ways, while days come."""
    history = [*draw(events()), *draw(clocks())]

    def delivered() -> tuple[Event, ...]:
        again = draw(st.lists(st.sampled_from(history), max_size=4)) if history else []
        return tuple(draw(st.permutations([*history, *again])))

    return Delivered(delivered(), delivered())


@st.composite
def conflicts(draw: st.DrawFn, known: Event) -> tuple[Event, str]:
    """An event that contradicts ``known``, and the reason for which it is to be refused."""
    other = known.amount_minor + 1
    match draw(st.sampled_from(("id", "version", "currency"))):
        case "id":
            return msgspec.structs.replace(known, amount_minor=other), "EVENT_ID_CONFLICT"
        case "version":
            changed = msgspec.structs.replace(known, event_id="new", amount_minor=other)
            return changed, "VERSION_CONFLICT"
        case _:
            changed = msgspec.structs.replace(known, event_id="new", currency="USD")
            return changed, "CURRENCY_CHANGED"
