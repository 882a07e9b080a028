"""One simulated account: what happened, what reached us, and what the customer has in their books.

A supplier's account is told by the same acts with the roles exchanged: they invoice, we pay. Its movements are signed
as a customer's (what raises the debt > 0); what is said in our view is turned by ``our_sign``.

Every act (an invoice placed, a payment made...) writes up to three things at once: the events that reach us,
the movements that *our* books must show, and the movements that *theirs* show. Injected mistakes are acts
that write them differently, and say what must be found.

Invariant: balances and answers come from these movements alone, never from the code under test.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.parties import Role, role_of
from services.simulator.days import NumberSource, Window
from services.simulator.events import Basket, Event, basket, event, moment, salesperson
from services.simulator.population import Customer
from services.simulator.score import Expected

_PREFIX = {"CNY": "XS"}


@dataclass(slots=True)
class Movement:
    """A document moved a balance on a day. ``signed_minor`` > 0: the customer (we, to a supplier) owes more.

    ``shown_as``: their number for it, where it is not ours. ``apart``: stands on a line of its own even if
    the document has another line in the period. ``findings``: (kind, amount) that must open on its line.
    """

    date: dt.date
    document_no: str
    signed_minor: int
    shown_as: str | None = None
    apart: bool = False
    findings: list[tuple[str, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Gap:
    """From ``start`` (to before ``end``, if it ends) their balance minus ours is ``signed_minor``."""

    start: dt.date
    signed_minor: int
    end: dt.date | None = None


@dataclass(slots=True)
class Tampering:
    """A statement with a wrong figure: ``running``, ``closing`` or ``opening`` is off by ``by_minor`` in one period."""

    what: str
    period_no: int
    by_minor: int
    draw: int


@dataclass(slots=True)
class Invoice:
    document_no: str
    order_no: str
    digits: int
    date: dt.date
    at: dt.datetime
    due: dt.date
    amount_minor: int
    version: int = 1


@dataclass(slots=True)
class Payment:
    document_no: str
    date: dt.date
    at: dt.datetime
    amount_minor: int
    claims: list[dict[str, object]]
    text: str | None
    end_to_end_id: str


class Account:
    """One customer in one currency."""

    def __init__(
        self, customer: Customer, currency: str, rng: random.Random, numbers: NumberSource, window: Window
    ) -> None:
        self.customer = customer
        self.currency = currency
        self.rng = rng
        self.numbers = numbers
        self.window = window
        self.events: list[Event] = []
        self.late: set[str] = set()
        self.ours: list[Movement] = []
        self.theirs: list[Movement] = []
        self.gaps: list[Gap] = []
        self.tampering: Tampering | None = None
        self.expected: list[Expected] = []
        #: (number of the period, document, signed amount, kind): ours, and not on their statement
        self.unlisted: list[tuple[int, str, int, str]] = []
        self.unpaid: list[Invoice] = []

    @property
    def our_sign(self) -> int:
        """What turns a signed amount of the account into our view."""
        return -1 if role_of(self.customer.customer_id) is Role.SUPPLIER else 1

    # what must be found

    def expect(self, kind: str, amount_minor: int, document_no: str, because: str) -> None:
        self.expected.append(
            Expected(
                kind, self.customer.customer_id, self.currency, amount_minor, document_no, because=because
            )
        )

    # acts

    def invoice(
        self, date: dt.date, *, reaches_us: bool = True, number: str | None = None, shown: bool = True
    ) -> Invoice:
        """An order is placed; with ``number`` it wrongly carries the number of another one."""
        goods = basket(self.rng, self.currency)
        digits = self.numbers.of(date)
        document_no = number or f"{_PREFIX.get(self.currency, 'INV')}-{digits}"
        due = date + dt.timedelta(days=self.customer.terms_days)
        placed = Invoice(
            document_no, f"SO-{digits}", digits, date, moment(self.rng, date), due, goods.gross_minor
        )
        if reaches_us:
            self._order_event("placed", placed, placed.at, date, goods)
            self.ours.append(Movement(date, document_no, placed.amount_minor))
        if shown:
            self.theirs.append(Movement(date, document_no, placed.amount_minor))
        self.unpaid.append(placed)
        return placed

    def fulfil(self, invoice: Invoice, date: dt.date) -> None:
        invoice.version += 1
        self._order_event("fulfilled", invoice, moment(self.rng, date), date, None)

    def amend(self, invoice: Invoice, date: dt.date) -> None:
        """The order is changed: on that day the old amount is taken back and the new one is booked."""
        goods = basket(self.rng, self.currency)
        before, invoice.amount_minor = invoice.amount_minor, goods.gross_minor
        invoice.version += 1
        invoice.due = date + dt.timedelta(days=self.customer.terms_days)
        self._order_event("amended", invoice, moment(self.rng, date), date, goods)
        self.both(date, invoice.document_no, -before)
        self.both(date, invoice.document_no, invoice.amount_minor)

    def cancel(self, invoice: Invoice, date: dt.date) -> None:
        invoice.version += 1
        self._order_event("cancelled", invoice, moment(self.rng, date), date, None)
        self.both(date, invoice.document_no, -invoice.amount_minor)
        self.unpaid.remove(invoice)

    def pay(
        self,
        date: dt.date,
        amount_minor: int,
        *,
        claims: Sequence[tuple[str, int]] = (),
        text: str | None = None,
        pending_first: bool = False,
        reaches_us: bool = True,
        shown: bool = True,
        end_to_end_id: str | None = None,
        at: dt.datetime | None = None,
    ) -> Payment:
        """Money comes in. ``claims`` are remittance allocations (document number, amount)."""
        digits = self.numbers.of(date)
        paid = Payment(
            f"PAY-{digits}",
            date,
            at or moment(self.rng, date),
            amount_minor,
            [{"document_no": number, "amount_minor": amount} for number, amount in claims],
            text,
            end_to_end_id or f"E2E{digits}X{self.rng.randint(1000, 9999)}",
        )
        if reaches_us:
            version = 1
            if pending_first:
                self._payment_event("pending", paid, version, paid.at - dt.timedelta(hours=2), date)
                version += 1
            self._payment_event("settled", paid, version, paid.at, date)
            self.ours.append(Movement(date, paid.document_no, -amount_minor))
        if shown:
            self.theirs.append(Movement(date, paid.document_no, -amount_minor))
        return paid

    def fail(self, date: dt.date, amount_minor: int, text: str) -> None:
        """A transfer that never came through; it books nothing."""
        digits = self.numbers.of(date)
        at = moment(self.rng, date)
        payment = Payment(f"PAY-{digits}", date, at, amount_minor, [], text, f"E2E{digits}X")
        self._payment_event("pending", payment, 1, at, date)
        self._payment_event("failed", payment, 2, at + dt.timedelta(hours=3), date)

    def charge_back(self, payment: Payment, date: dt.date) -> None:
        """The bank takes a settled payment back."""
        self._payment_event("charged_back", payment, 2, moment(self.rng, date), date)
        self.both(date, payment.document_no, payment.amount_minor)

    def credit_note(self, date: dt.date, amount_minor: int, original: str, kind: str = "credit_note") -> str:
        """Less is owed for goods sent back (``return``) or for a complaint; returns its number."""
        digits = self.numbers.of(date)
        number = f"{'CN' if kind == 'credit_note' else 'RT'}-{digits}"
        self._refund_event(kind, number, date, amount_minor, original_document_no=original)
        self.both(date, number, -amount_minor)
        return number

    def refund(
        self, date: dt.date, amount_minor: int, *, document_no: str | None = None, payment: str | None = None
    ) -> str:
        """Money goes back to the customer; returns its number."""
        number = f"RF-{self.numbers.of(date)}"
        self._refund_event(
            "refund",
            number,
            date,
            amount_minor,
            original_document_no=document_no,
            original_payment_id=payment,
        )
        self.both(date, number, amount_minor)
        return number

    def both(self, date: dt.date, document_no: str, signed_minor: int) -> None:
        """A movement that both sides book alike."""
        self.ours.append(Movement(date, document_no, signed_minor))
        self.theirs.append(Movement(date, document_no, signed_minor))

    # events

    def _order_event(
        self, life: str, invoice: Invoice, at: dt.datetime, date: dt.date, goods: Basket | None
    ) -> None:
        sums = (
            {
                "lines": goods.lines,
                "net_minor": goods.net_minor,
                "tax_minor": goods.tax_minor,
                "gross_minor": goods.gross_minor,
            }
            if goods is not None
            else {}
        )
        self.events.append(
            event(
                f"order.{life}",
                source_system="shop",
                record=f"order/{invoice.order_no}",
                version=invoice.version,
                at=at,
                date=date,
                customer_id=self.customer.customer_id,
                currency=self.currency,
                amount_minor=invoice.amount_minor,
                document_no=invoice.document_no,
                correlation_id=invoice.order_no,
                order_id=invoice.order_no,
                invoice_no=invoice.document_no,
                due_date=invoice.due.isoformat(),
                **sums,
                **salesperson(self.rng),
            )
        )

    def _payment_event(
        self, life: str, payment: Payment, version: int, at: dt.datetime, date: dt.date
    ) -> None:
        digits = payment.document_no.rpartition("-")[2]
        self.events.append(
            event(
                f"payment.{life}",
                source_system="bank",
                record=f"payment/{payment.document_no}",
                version=version,
                at=at,
                date=date,
                customer_id=self.customer.customer_id,
                currency=self.currency,
                amount_minor=payment.amount_minor,
                document_no=payment.document_no,
                correlation_id=payment.document_no,
                payment_id=payment.document_no,
                method="bank_transfer",
                gross_minor=payment.amount_minor,
                fee_minor=0,
                net_minor=payment.amount_minor,
                payer_name=self.customer.name,
                payer_account_masked=f"****{self.customer.customer_id[-4:]}",
                bank_reference=f"FT{digits}BK",
                end_to_end_id=payment.end_to_end_id,
                remittance_text=payment.text,
                value_date=date.isoformat(),
                allocations=payment.claims,
            )
        )

    def _refund_event(
        self, kind: str, number: str, date: dt.date, amount_minor: int, **origin: str | None
    ) -> None:
        self.events.append(
            event(
                f"{kind}.settled",
                source_system="shop",
                record=f"refund/{number}",
                version=1,
                at=moment(self.rng, date),
                date=date,
                customer_id=self.customer.customer_id,
                currency=self.currency,
                amount_minor=amount_minor,
                document_no=number,
                correlation_id=number,
                refund_id=number,
                reason=self.rng.choice(("damaged", "wrong item", "price agreed", "not ordered")),
                **origin,
            )
        )
