"""A long history of one account that mostly pays what it owes: invoices, payments with and without references,
late amendments, refunds of old documents, twins, slips, the customer's monthly statements, new versions of them, what
people corrected in them, and days on which nothing else happened.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import msgspec

from domain.events import (
    AdjustmentEvent,
    ClockEvent,
    CustomerStatementEvent,
    Event,
    OrderEvent,
    PaymentEvent,
    RefundEvent,
)

START = dt.date(2026, 1, 1)


class _Account:
    def __init__(self, rng: random.Random, count: int, mess_percent: int) -> None:
        self.rng = rng
        self.mess_percent = mess_percent
        self.unpaid: list[OrderEvent] = []
        self.events: list[Event] = []
        self.invoices: list[OrderEvent] = []
        self.payments: list[PaymentEvent] = []
        self.refunds: list[RefundEvent] = []
        self.statements: list[CustomerStatementEvent] = []
        self.day = START
        while len(self.events) < count:
            self.day += dt.timedelta(days=rng.choice((0, 0, 1, 1, 2)))
            self._something()

    def _envelope(
        self, record: str, life: str, version: int = 1, date: dt.date | None = None
    ) -> dict[str, Any]:
        date = date or self.day
        return {
            "event_id": f"e{len(self.events)}",
            "event_type": life,
            "source_system": "shop",
            "source_record_id": record,
            "source_version": version,
            "customer_id": "C-1",
            "currency": "USD" if self.mess_percent and self.rng.random() < 0.03 else "EUR",
            "occurred_at": dt.datetime.combine(date, dt.time(9), dt.UTC).isoformat(),
            "business_date": date.isoformat(),
        }

    def _something(self) -> None:
        what = self.rng.choices(
            (
                self._invoice,
                self._payment,
                self._refund,
                self._amendment,
                self._again,
                self._statement,
                self._clock,
                self._statement_again,
                self._correction,
            ),
            (40, 42, *[1 + self.mess_percent // 4] * 3, 3, 2, *[self.mess_percent // 8] * 2),
        )[0]
        what()

    def _invoice(self) -> None:
        number = len(self.invoices) + 1
        style = self.rng.choice(("INV-{:05}", "INV-{:05}", "INV-{:05}", "RE {:05}", "{:05}"))
        value = self._envelope(f"o{number}", "order.placed") | {
            "document_no": style.format(10_000 + number),
            "amount_minor": 250 if self._messy() else self.rng.randint(1_000, 90_000),
            "order_id": f"SO-{20_000 + number}",
        }
        self.invoices.append(msgspec.convert(value, OrderEvent))
        self.events.append(self.invoices[-1])
        self.unpaid.append(self.invoices[-1])

    def _messy(self) -> bool:
        return self.rng.randrange(100) < self.mess_percent

    def _payment(self) -> None:
        rng = self.rng
        if not self.unpaid:
            return
        meant = self.unpaid.pop(0)
        if self._messy():
            meant = rng.choice(self.invoices)
        number = len(self.payments) + 1
        amount = max(meant.amount_minor + rng.randint(-60, 60), 1) if self._messy() else meant.amount_minor
        value = self._envelope(f"p{number}", "payment.settled") | {
            "document_no": rng.choice(("PAY-{:05}", "Z{:05}", "{:05}")).format(10_000 + number),
            "amount_minor": amount,
            "payer_name": rng.choice((None, "Other Inc", "Acme GmbH")) if self._messy() else "Acme Ltd",
            "end_to_end_id": "E-1" if self._messy() else rng.choice((None, f"E{number}")),
        }
        digits = meant.document_no.strip()[-5:]
        slip = digits[:-1] + str((int(digits[-1]) + 1) % 10)
        match rng.randrange(8):
            case 0 | 1 | 2:
                value["allocations"] = [{"document_no": meant.document_no, "amount_minor": amount}]
            case 3 | 4:
                value["remittance_text"] = f"{meant.document_no} thanks"
            case 5:
                messy = rng.choice((f"Re {slip}", f"bill {digits}"))
                value["remittance_text"] = messy if self._messy() else meant.order_id
            case _:
                pass
        self.payments.append(msgspec.convert(value, PaymentEvent))
        self.events.append(self.payments[-1])

    def _refund(self) -> None:
        if not self.payments:
            return
        rng = self.rng
        number = len(self.refunds) + 1
        kind = rng.choice(("refund", "credit_note", "return"))
        value = self._envelope(f"r{number}", f"{kind}.settled") | {
            "document_no": f"CN-{30_000 + number}",
            "amount_minor": rng.choice((10, 100, 250)),
        }
        if rng.random() < 0.5:
            value["original_document_no"] = rng.choice(self.invoices).document_no
        else:
            value["original_payment_id"] = rng.choice(self.payments).document_no
        self.refunds.append(msgspec.convert(value, RefundEvent))
        self.events.append(self.refunds[-1])

    def _amendment(self) -> None:
        if not self.invoices:
            return
        rng = self.rng
        place = rng.randrange(len(self.invoices))
        known = self.invoices[place]
        self.invoices[place] = msgspec.structs.replace(
            known,
            event_id=f"e{len(self.events)}",
            source_version=known.source_version + 1,
            event_type=rng.choice(("invoice.amended", "invoice.amended", "order.cancelled")),
            amount_minor=max(known.amount_minor + rng.choice((0, -50, 50)), 0),
            document_no=self._perhaps_another(known.document_no),
            business_date=self.day,
            occurred_at=dt.datetime.combine(self.day, dt.time(9), dt.UTC),
        )
        self.events.append(self.invoices[place])

    def _perhaps_another(self, number: str) -> str:
        chance = self.rng.random()
        if chance < 0.9:
            return number if chance < 0.85 else f"{number} "
        return f"INV-{self.rng.randint(10_000, 10_400)}"

    def _again(self) -> None:
        """A redelivery, the same version under another id, or a payment that was sent twice."""
        if not self.payments:
            return
        known = self.rng.choice([*self.invoices, *self.payments, *self.refunds])
        match self.rng.randrange(3):
            case 0:
                self.events.append(known)
            case 1:
                self.events.append(msgspec.structs.replace(known, event_id=f"e{len(self.events)}"))
            case _:
                self.events.append(
                    msgspec.structs.replace(
                        known, event_id=f"e{len(self.events)}", source_record_id=f"x{len(self.events)}"
                    )
                )

    def _statement(self) -> None:
        rng = self.rng
        end = self.day - dt.timedelta(days=rng.choice((0, 1, 10)))
        start = end - dt.timedelta(days=rng.choice((7, 30)))
        lines: list[dict[str, Any]] = []
        for event in [*self.invoices, *self.payments]:
            if start <= event.business_date <= end and rng.random() < 0.9:
                debit = isinstance(event, OrderEvent)
                lines.append(
                    {
                        "line_no": len(lines) + 1,
                        "document_no": event.document_no,
                        "date": event.business_date.isoformat(),
                        "debit_minor": event.amount_minor if debit else 0,
                        "credit_minor": 0 if debit else event.amount_minor,
                    }
                )
        number = rng.randrange(12)
        value = self._envelope(f"s{number}-{len(self.events)}", "customer_statement.received") | {
            "currency": "EUR",
            "document_no": f"ST-{number}-{len(self.events)}",
            "statement_id": f"ST-{number}-{len(self.events)}",
            "statement_version": 1,
            "period_start": start.isoformat(),
            "period_end": end.isoformat(),
            "opening_balance_minor": 0,
            "closing_balance_minor": 100,
            "amount_minor": 100,
            "total_debit_minor": sum(line["debit_minor"] for line in lines),
            "total_credit_minor": sum(line["credit_minor"] for line in lines),
            "line_count": len(lines),
            "lines": lines,
        }
        self.statements.append(msgspec.convert(value, CustomerStatementEvent))
        self.events.append(self.statements[-1])

    def _clock(self) -> None:
        value = self._envelope(f"day/{self.day}", "clock.passed")
        value |= {"currency": "EUR", "amount_minor": 0, "document_no": self.day.isoformat()}
        self.events.append(msgspec.convert(value, ClockEvent))

    def _statement_again(self) -> None:
        if not self.statements:
            return
        place = self.rng.randrange(len(self.statements))
        known = self.statements[place]
        life = self.rng.choice(("replaced", "replaced", "withdrawn"))
        self.statements[place] = msgspec.structs.replace(
            known,
            event_id=f"e{len(self.events)}",
            event_type=f"customer_statement.{life}",
            statement_version=known.statement_version + 1,
            lines=known.lines[:-1],
            occurred_at=dt.datetime.combine(self.day, dt.time(9), dt.UTC),
        )
        self.events.append(self.statements[place])

    def _correction(self) -> None:
        """A line of a statement is struck out by two people."""
        if not self.statements:
            return
        statement = self.rng.choice(self.statements)
        record = f"adjustment/A-{len(self.events)}"
        value = self._envelope(record, "adjustment.posted") | {
            "currency": "EUR",
            "source_system": "tieout",
            "document_no": record,
            "adjustment_id": record,
            "adjustment_type": "statement_line",
            "amount_minor": 0,
            "proposed_by": "ann",
            "approved_by": "bob",
            "reason": "",
            "statement_id": statement.statement_id,
            "statement_version": statement.statement_version,
            "line_no": 1,
        }
        self.events.append(msgspec.convert(value, AdjustmentEvent))


def busy_account(rng: random.Random, count: int, mess_percent: int = 15) -> list[Event]:
    """``count`` events in an order in which they may arrive: mostly as they happened, some late.

    ``mess_percent``: how often something about a payment is not as it should be.
    """
    events = _Account(rng, count, mess_percent).events
    for _ in range(count // 10):
        place = rng.randrange(len(events))
        events.insert(min(place + rng.randint(1, 40), len(events)), events.pop(place))
    return events
