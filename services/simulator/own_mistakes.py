"""Mistakes put in on purpose that show among our own events, each with what must be found because of it.

An account may have several. Every mistake brings documents of its own, so none depends on chance and none
touches another. The answers are written down from what was done here and from
``docs/reference/discrepancies.md``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

from services.simulator.account import Account, Invoice
from services.simulator.days import working_day
from services.simulator.remittance import text_for

Mistake = Callable[[Account], bool]
"""Makes the mistake on an account; ``False`` if the window has no room for it, and then nothing was done."""

_LEAD_DAYS: Final = 5


def short_payment(account: Account) -> bool:
    """A little less than was asked comes in: a fee, a discount that nobody granted."""
    return _partly(account, account.rng.randint(1, 10), "short_payment")


def partial_payment(account: Account) -> bool:
    """A first part is paid, and no more."""
    return _partly(account, account.rng.randint(30, 70), "partial_payment")


def _partly(account: Account, open_percent: int, because: str) -> bool:
    begun = _invoice_and_pay_day(account)
    if begun is None:
        return False
    invoice, day = begun
    left = max(1, invoice.amount_minor * open_percent // 100)
    paid = invoice.amount_minor - left
    by_text = account.rng.random() < 0.5
    account.pay(
        day,
        paid,
        claims=() if by_text else [(invoice.document_no, paid)],
        text=_text(account, invoice.document_no),
    )
    account.unpaid.remove(invoice)
    account.expect("SHORT_PAYMENT", left, invoice.document_no, because)
    return True


def overpayment(account: Account) -> bool:
    begun = _invoice_and_pay_day(account)
    if begun is None:
        return False
    invoice, day = begun
    over = account.rng.randint(1, max(2, invoice.amount_minor // 10))
    paid = invoice.amount_minor + over
    by_text = account.rng.random() < 0.5
    account.pay(
        day,
        paid,
        claims=() if by_text else [(invoice.document_no, paid)],
        text=_text(account, invoice.document_no),
    )
    account.unpaid.remove(invoice)
    account.expect("OVERPAYMENT", over, invoice.document_no, "overpayment")
    return True


def wrong_reference(account: Account) -> bool:
    """The payer names a document that nobody has."""
    begun = _invoice_and_pay_day(account)
    if begun is None:
        return False
    invoice, day = begun
    wrong = f"{invoice.document_no.partition('-')[0]}-{account.numbers.unknown()}"
    if account.rng.random() < 0.5:
        payment = account.pay(day, invoice.amount_minor, text=f"payment {wrong}")
    else:
        payment = account.pay(day, invoice.amount_minor, claims=[(wrong, invoice.amount_minor)])
    account.unpaid.remove(invoice)  # the customer believes it paid
    account.expect("UNKNOWN_REFERENCE", invoice.amount_minor, payment.document_no, "wrong_reference")
    return True


def paid_after_cancellation(account: Account) -> bool:
    begun = _invoice_and_pay_day(account)
    if begun is None:
        return False
    invoice, day = begun
    account.cancel(invoice, invoice.date + dt.timedelta(days=account.rng.randint(0, _LEAD_DAYS)))
    amount = invoice.amount_minor
    payment = account.pay(
        day, amount, claims=[(invoice.document_no, amount)], text=_text(account, invoice.document_no)
    )
    account.expect("PAYMENT_ON_CANCELLED", amount, payment.document_no, "paid_after_cancellation")
    return True


def refund_exceeds_payment(account: Account) -> bool:
    begun = _invoice_and_pay_day(account)
    if begun is None:
        return False
    invoice, day = begun
    amount = invoice.amount_minor
    payment = account.pay(day, amount, claims=[(invoice.document_no, amount)])
    account.unpaid.remove(invoice)
    over = account.rng.randint(1, max(2, amount // 4))
    account.refund(day, amount + over, payment=payment.document_no)
    account.expect("REFUND_EXCEEDS_PAYMENT", over, payment.document_no, "refund_exceeds_payment")
    return True


def currency_mismatch(account: Account, other: Account) -> bool:
    """Paid in another currency than the document's: ``other`` is the customer's account in that currency."""
    begun = _invoice_and_pay_day(account)
    if begun is None:
        return False
    invoice, day = begun
    amount = invoice.amount_minor // 2 + 1
    # Two accounts, two statements: this customer's covers the account of the document only.
    payment = other.pay(day, amount, claims=[(invoice.document_no, amount)])
    account.unpaid.remove(invoice)
    other.expect("CURRENCY_MISMATCH", amount, payment.document_no, "currency_mismatch")
    return True


def paid_twice(account: Account) -> bool:
    """The customer really pays the same invoice twice, with two transfers."""
    begun = _invoice_and_pay_day(account)
    if begun is None:
        return False
    invoice, day = begun
    amount = invoice.amount_minor
    account.pay(day, amount, claims=[(invoice.document_no, amount)])
    again = day + dt.timedelta(days=account.rng.randint(1, 3))
    if again.month != day.month or again > account.window.end:
        again = day
    first_at = dt.datetime(again.year, again.month, again.day, 23, tzinfo=dt.UTC)  # after the first, that day
    payment = account.pay(again, amount, claims=[(invoice.document_no, amount)], at=first_at)
    account.unpaid.remove(invoice)
    account.expect("DUPLICATE", amount, payment.document_no, "paid_twice")
    return True


def invoice_number_twice(account: Account) -> bool:
    """Two orders carry one document number; the customer has both."""
    begun = _invoice_and_pay_day(account)
    if begun is None:
        return False
    first, _day = begun
    second = account.invoice(first.date + dt.timedelta(days=1), number=first.document_no)
    account.unpaid.remove(first)
    account.unpaid.remove(second)
    account.expect("DUPLICATE", second.amount_minor, first.document_no, "invoice_number_twice")
    return True


def _invoice_and_pay_day(account: Account) -> tuple[Invoice, dt.date] | None:
    """An invoice of its own, and a working day a few days later; both inside the window."""
    window = account.window
    latest = (window.end - window.start).days - 2 * _LEAD_DAYS
    if latest < 0:
        return None
    date = window.start + dt.timedelta(days=account.rng.randint(0, latest))
    return account.invoice(date), working_day(date + dt.timedelta(days=_LEAD_DAYS))


def _text(account: Account, number: str) -> str:
    return text_for(account.rng, account.customer.language, [number])


OWN_MISTAKES: Final[tuple[Mistake, ...]] = (
    short_payment,
    partial_payment,
    overpayment,
    wrong_reference,
    paid_after_cancellation,
    refund_exceeds_payment,
    paid_twice,
    invoice_number_twice,
)
