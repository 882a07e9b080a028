"""Events without end, for demonstrations: customers go on buying and paying, and now and then err."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from typing import Final

from services.simulator.account import Account, Invoice
from services.simulator.days import LiveNumbers, Window
from services.simulator.events import Event
from services.simulator.population import Customer
from services.simulator.remittance import text_for

RATE_MAX: Final = 1000
_UNPAID_KEPT: Final = 200


def live_events(
    rng: random.Random, customers: Sequence[Customer], window: Window, rate: int, start_at: dt.datetime
) -> Iterator[Event]:
    """``rate`` events per simulated second from ``start_at``; lazily, so the caller sets the pace.

    The customers of the history ``window`` go on; they pay what they buy from here on only, so that a second
    start does not pay again what the first one paid. Raises ``ValueError`` for a rate that is not 1 to 1000.
    """
    if not 1 <= rate <= RATE_MAX:
        raise ValueError(f"rate is events per second, 1 to {RATE_MAX}")
    numbers = LiveNumbers(window.start, start_at)
    accounts = [Account(customer, customer.currency, rng, numbers, window) for customer in customers]
    weights = [account.customer.weight for account in accounts]
    count = 0
    while True:
        account = rng.choices(accounts, weights)[0]
        at = (start_at + dt.timedelta(microseconds=1_000_000 * count // rate)).replace(microsecond=0)
        account.events.clear()
        _act(rng, account, numbers, at)
        for event in account.events:
            count += 1
            event["occurred_at"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
            yield event
        # what the history needed for its answers would only grow here
        account.ours.clear()
        account.theirs.clear()
        del account.unpaid[:-_UNPAID_KEPT]


def _act(rng: random.Random, account: Account, numbers: LiveNumbers, at: dt.datetime) -> None:
    date, draw = at.date(), rng.random()
    payable = [invoice for invoice in account.unpaid if invoice.date <= date]
    if draw < 0.5 or not payable:
        account.invoice(date)
        return
    invoice = rng.choice(payable)
    account.unpaid.remove(invoice)
    if draw < 0.90:
        _pay(rng, account, invoice, date, invoice.amount_minor)
    elif draw < 0.93:
        _pay(
            rng, account, invoice, date, invoice.amount_minor - invoice.amount_minor // rng.randint(8, 40) - 1
        )
    elif draw < 0.95:
        _pay(rng, account, invoice, date, invoice.amount_minor + rng.randint(1, 5000))
    elif draw < 0.97:
        account.pay(date, invoice.amount_minor, text=f"payment INV-{numbers.unknown()}")
    elif draw < 0.985:
        for _ in range(2):
            account.pay(date, invoice.amount_minor, claims=[(invoice.document_no, invoice.amount_minor)])
    else:
        payment = account.pay(
            date, invoice.amount_minor, claims=[(invoice.document_no, invoice.amount_minor)]
        )
        account.refund(date, invoice.amount_minor // 2 + 1, payment=payment.document_no)


def _pay(rng: random.Random, account: Account, invoice: Invoice, date: dt.date, amount_minor: int) -> None:
    text = text_for(rng, account.customer.language, [invoice.document_no])
    account.pay(date, amount_minor, text=text)
