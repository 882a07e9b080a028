"""Mistakes put in on purpose, each with what must be found because of it.

Two groups. *Own* ones show among our own events; an account may have several. *Statement* ones make our books
and the customer's differ; an account has at most one, so that what must be found is certain: nothing else on
that account can explain or hide it. Every mistake brings documents of its own, so none depends on chance.

The answers are written down from what was done here and from ``docs/reference/discrepancies.md``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

from services.simulator.account import Account, Gap, Invoice, Tampering
from services.simulator.days import Period, Window, working_day
from services.simulator.remittance import text_for

Injection = Callable[[Account], bool]
"""Makes the mistake on an account; ``False`` if the window has no room for it, and then nothing was done."""

_LEAD_DAYS: Final = 5


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


# among our own events


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


# between our books and the customer's statement


def _inside(account: Account, *, before_end: int = _LEAD_DAYS) -> tuple[int, Period, dt.date] | None:
    """(number of a period, the period, a working day in it with so many days left)."""
    periods = account.window.periods()
    number = account.rng.randrange(len(periods))
    period = periods[number]
    days = [
        day
        for day in Window(period.start, period.end).days()
        if working_day(day) == day and (period.end - day).days >= before_end
    ]
    return (number, period, account.rng.choice(days)) if days else None


def lost_payment(account: Account) -> bool:
    """The customer paid, and has it in the statement; it never reached us."""
    found = _inside(account)
    if found is None:
        return False
    _number, _period, day = found
    invoice = account.invoice(max(account.window.start, day - dt.timedelta(days=_LEAD_DAYS)))
    amount = invoice.amount_minor
    account.pay(day, amount, claims=[(invoice.document_no, amount)], reaches_us=False)
    account.unpaid.remove(invoice)
    account.theirs[-1].findings.append(("MISSING_IN_LEDGER", amount))
    account.gaps.append(Gap(day, -amount))
    return True


def lost_invoice(account: Account) -> bool:
    """The customer has an invoice of ours that never reached the books."""
    found = _inside(account)
    if found is None:
        return False
    invoice = account.invoice(found[2], reaches_us=False)
    account.unpaid.remove(invoice)
    account.theirs[-1].findings.append(("MISSING_IN_LEDGER", invoice.amount_minor))
    account.gaps.append(Gap(found[2], invoice.amount_minor))
    return True


def redelivered_under_another_id(account: Account) -> bool:
    """The bank tells us of one transfer twice, as two payments; the customer paid once."""
    found = _inside(account)
    if found is None:
        return False
    number, _period, day = found
    invoice = account.invoice(max(account.window.start, day - dt.timedelta(days=_LEAD_DAYS)))
    amount = invoice.amount_minor
    claims = [(invoice.document_no, amount)]
    first = account.pay(day, amount, claims=claims)
    later = first.at + dt.timedelta(minutes=30)
    again = account.pay(day, amount, claims=claims, shown=False, end_to_end_id=first.end_to_end_id, at=later)
    account.unpaid.remove(invoice)
    because = "redelivered_under_another_id"
    account.expect("DUPLICATE", amount, again.document_no, because)
    account.unlisted.append((number, again.document_no, -amount, "MISSING_IN_STATEMENT"))
    account.gaps.append(Gap(day, amount))
    return True


def statement_amount_wrong(account: Account) -> bool:
    """Their line has another amount than our invoice."""
    found = _inside(account)
    if found is None:
        return False
    invoice = account.invoice(found[2])
    account.unpaid.remove(invoice)
    off = account.rng.choice((-1, 1)) * account.rng.randint(1, invoice.amount_minor // 4 + 1)
    line = account.theirs[-1]
    line.signed_minor += off
    line.findings.append(("AMOUNT_MISMATCH", abs(off)))
    account.gaps.append(Gap(found[2], off))
    return True


def missing_in_statement(account: Account) -> bool:
    """The customer never booked an invoice of ours."""
    found = _inside(account)
    if found is None:
        return False
    number, _period, day = found
    invoice = account.invoice(day, shown=False)
    account.unpaid.remove(invoice)
    account.unlisted.append((number, invoice.document_no, invoice.amount_minor, "MISSING_IN_STATEMENT"))
    account.gaps.append(Gap(day, -invoice.amount_minor))
    return True


def reference_mismatch(account: Account) -> bool:
    """Amount and date are right, the number on their line is nobody's."""
    found = _inside(account)
    if found is None:
        return False
    invoice = account.invoice(found[2])
    account.unpaid.remove(invoice)
    line = account.theirs[-1]
    line.shown_as = f"RE-{account.numbers.unknown()}"
    line.findings.append(("REFERENCE_MISMATCH", invoice.amount_minor))
    return True


def date_mismatch(account: Account) -> bool:
    """Their date is more than the three days off that are allowed for."""
    found = _inside(account, before_end=10)
    if found is None:
        return False
    invoice = account.invoice(found[2])
    account.unpaid.remove(invoice)
    line = account.theirs[-1]
    line.date += dt.timedelta(days=account.rng.randint(4, 9))
    line.findings.append(("DATE_MISMATCH", invoice.amount_minor))
    return True


def in_transit(account: Account) -> bool:
    """Paid at the end of their period, received at the beginning of our next one."""
    periods = account.window.periods()
    if len(periods) < 2:
        return False
    number = account.rng.randrange(len(periods) - 1)
    sent, received = periods[number].end, working_day(periods[number + 1].start)
    invoice = account.invoice(max(account.window.start, sent - dt.timedelta(days=_LEAD_DAYS)))
    amount = invoice.amount_minor
    payment = account.pay(received, amount, claims=[(invoice.document_no, amount)])
    account.unpaid.remove(invoice)
    line = account.theirs[-1]
    line.date = sent
    line.findings.append(("TIMING", amount))
    account.unlisted.append((number + 1, payment.document_no, -amount, "TIMING"))
    account.gaps.append(Gap(sent, -amount, received))
    return True


def line_twice(account: Account) -> bool:
    """Their statement has one invoice on two lines."""
    found = _inside(account)
    if found is None:
        return False
    invoice = account.invoice(found[2])
    account.unpaid.remove(invoice)
    account.theirs[-1].apart = True
    account.both(found[2], invoice.document_no, invoice.amount_minor)
    account.ours.pop()
    line = account.theirs[-1]
    line.apart = True
    line.findings.append(("DUPLICATE", invoice.amount_minor))
    account.gaps.append(Gap(found[2], invoice.amount_minor))
    return True


def running_balance_wrong(account: Account) -> bool:
    return _tamper(account, "running")


def closing_balance_wrong(account: Account) -> bool:
    return _tamper(account, "closing")


def _tamper(account: Account, what: str) -> bool:
    found = _inside(account)
    if found is None:
        return False
    number, _period, day = found
    account.unpaid.remove(account.invoice(day))  # so that the statement has a line
    off = account.rng.choice((-1, 1)) * account.rng.randint(1, 99_999)
    account.tampering = Tampering(what, number, off, account.rng.randrange(1_000_000))
    return True


OWN: Final[tuple[Injection, ...]] = (
    short_payment,
    partial_payment,
    overpayment,
    wrong_reference,
    paid_after_cancellation,
    refund_exceeds_payment,
    paid_twice,
    invoice_number_twice,
)
STATEMENT: Final[tuple[Injection, ...]] = (
    lost_payment,
    lost_invoice,
    redelivered_under_another_id,
    statement_amount_wrong,
    missing_in_statement,
    reference_mismatch,
    date_mismatch,
    in_transit,
    line_twice,
    running_balance_wrong,
    closing_balance_wrong,
)
