"""What happens on a day without mistakes: the ordinary stories of orders, payments, credits and refunds.

Invariant: none of them leaves a discrepancy open at the end of the window, in whatever order its events
arrive. So a story only begins to pay if it can be paid in full before the window ends: a document with a part
of its money *is* a SHORT_PAYMENT.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

from services.simulator.account import Account, Invoice, Payment
from services.simulator.days import working_day
from services.simulator.remittance import text_for

#: two payments of one amount and document closer than this may be taken for one paid twice
_APART_DAYS: Final = 7


def place(account: Account, date: dt.date) -> Invoice:
    """An order, most often followed by its delivery."""
    invoice = account.invoice(date)
    delivered = date + dt.timedelta(days=account.rng.randint(1, 4))
    if account.rng.random() < 0.75 and delivered <= account.window.end:
        account.fulfil(invoice, delivered)
    return invoice


def pay_day(account: Account, invoice: Invoice) -> dt.date | None:
    """The working day on which the customer pays, ``None`` if that is after the window."""
    rng = account.rng
    punctual = invoice.date + dt.timedelta(days=rng.randint(2, max(3, account.customer.terms_days)))
    day = working_day(punctual if rng.random() < 0.8 else invoice.due + dt.timedelta(days=rng.randint(1, 20)))
    return day if day <= account.window.end else None


def settle(
    account: Account, invoices: list[Invoice], date: dt.date, *, amount_minor: int | None = None
) -> Payment:
    """Pay documents in full (or one with another amount), naming them by allocations or in the text."""
    rng = account.rng
    amount = sum(invoice.amount_minor for invoice in invoices) if amount_minor is None else amount_minor
    by_text = rng.random() < 0.45
    claims = [(i.document_no, i.amount_minor) for i in invoices]
    if amount_minor is not None:
        claims = [(invoices[0].document_no, amount_minor)]
    payment = account.pay(
        date,
        amount,
        claims=() if by_text else claims,
        text=text_for(rng, account.customer.language, [i.document_no for i in invoices]),
        pending_first=rng.random() < 0.3,
    )
    for invoice in invoices:
        account.unpaid.remove(invoice)
    return payment


def simple(account: Account, date: dt.date) -> None:
    invoice = place(account, date)
    day = pay_day(account, invoice)
    if day is not None and account.rng.random() < 0.85:
        settle(account, [invoice], day)


def combined(account: Account, date: dt.date) -> None:
    """One transfer for several invoices."""
    invoices = [place(account, date)]
    for _ in range(account.rng.randint(1, 2)):
        following = invoices[-1].date + dt.timedelta(days=account.rng.randint(1, 5))
        if following <= account.window.end:
            invoices.append(place(account, following))
    day = pay_day(account, invoices[-1])
    if day is not None:
        settle(account, invoices, day)


def instalments(account: Account, date: dt.date) -> None:
    invoice = place(account, date)
    parts = account.rng.randint(2, 3)
    days = [working_day(date + dt.timedelta(days=_APART_DAYS * (n + 1))) for n in range(parts)]
    if days[-1] > account.window.end:
        return
    share = invoice.amount_minor // parts
    amounts = [share] * (parts - 1) + [invoice.amount_minor - share * (parts - 1)]
    account.unpaid.remove(invoice)
    for day, amount in zip(days, amounts, strict=True):
        text = text_for(account.rng, account.customer.language, [invoice.document_no])
        by_text = account.rng.random() < 0.45
        account.pay(day, amount, claims=() if by_text else [(invoice.document_no, amount)], text=text)


def amended(account: Account, date: dt.date) -> None:
    invoice = account.invoice(date)
    # Within one month, so that a statement of the month shows the document once, with its last amount.
    change = date + dt.timedelta(days=account.rng.randint(0, 3))
    if change <= account.window.end and change.month == date.month:
        account.amend(invoice, change)
    day = pay_day(account, invoice)
    if day is not None and day >= change:
        settle(account, [invoice], day)


def cancelled(account: Account, date: dt.date) -> None:
    invoice = account.invoice(date)
    day = date + dt.timedelta(days=account.rng.randint(1, 10))
    if day <= account.window.end:
        account.cancel(invoice, day)


def credited(account: Account, date: dt.date) -> None:
    """A part is credited, the rest is paid."""
    invoice = place(account, date)
    rng = account.rng
    credit = invoice.amount_minor * rng.randint(5, 40) // 100
    credit_day = date + dt.timedelta(days=rng.randint(1, 5))
    day = pay_day(account, invoice)
    if credit and day is not None and credit_day <= account.window.end:
        kind = rng.choice(("credit_note", "return"))
        account.credit_note(credit_day, credit, invoice.document_no, kind)
        settle(
            account, [invoice], max(day, working_day(credit_day)), amount_minor=invoice.amount_minor - credit
        )


def returned(account: Account, date: dt.date) -> None:
    """Paid, then a part is sent back and its price refunded."""
    invoice = place(account, date)
    day = pay_day(account, invoice)
    if day is None:
        return
    settle(account, [invoice], day)
    back = day + dt.timedelta(days=account.rng.randint(1, 6))
    amount = invoice.amount_minor * account.rng.randint(5, 50) // 100
    if amount and back <= account.window.end:
        account.credit_note(back, amount, invoice.document_no, "return")
        account.refund(back, amount, document_no=invoice.document_no)


def overpaid_and_refunded(account: Account, date: dt.date) -> None:
    """Too much is paid and the excess goes back: nothing is left to find."""
    invoice = place(account, date)
    day = pay_day(account, invoice)
    if day is None:
        return
    back = working_day(day + dt.timedelta(days=account.rng.randint(1, 5)))
    if back > account.window.end:
        settle(account, [invoice], day)
        return
    excess = invoice.amount_minor // account.rng.randint(5, 20) + 1
    payment = settle(account, [invoice], day, amount_minor=invoice.amount_minor + excess)
    account.refund(back, excess, payment=payment.document_no)


def charged_back(account: Account, date: dt.date) -> None:
    """The bank takes the money back; it is paid again later."""
    invoice = place(account, date)
    day = pay_day(account, invoice)
    if day is None:
        return
    text = text_for(account.rng, account.customer.language, [invoice.document_no])
    first = account.pay(
        day, invoice.amount_minor, claims=[(invoice.document_no, invoice.amount_minor)], text=text
    )
    back = day + dt.timedelta(days=account.rng.randint(2, 8))
    if back > account.window.end:
        account.unpaid.remove(invoice)
        return
    account.charge_back(first, back)
    again = working_day(back + dt.timedelta(days=_APART_DAYS))
    if again <= account.window.end:
        settle(account, [invoice], again)


def failed_first(account: Account, date: dt.date) -> None:
    invoice = place(account, date)
    day = pay_day(account, invoice)
    if day is not None:
        text = text_for(account.rng, account.customer.language, [invoice.document_no])
        account.fail(max(invoice.date, day - dt.timedelta(days=1)), invoice.amount_minor, text)
        settle(account, [invoice], day)


def unreferenced(account: Account, date: dt.date) -> None:
    """Money without a word of what it is for: unapplied cash, which is no discrepancy."""
    invoice = place(account, date)
    day = pay_day(account, invoice)
    if day is not None:
        account.pay(day, invoice.amount_minor, text=text_for(account.rng, account.customer.language, []))
        account.unpaid.remove(invoice)


Story = Callable[[Account, dt.date], None]

#: story -> how often, relative
STORIES: Final[dict[Story, int]] = {
    simple: 560,
    combined: 90,
    instalments: 60,
    amended: 60,
    cancelled: 40,
    credited: 50,
    returned: 40,
    overpaid_and_refunded: 20,
    charged_back: 20,
    failed_first: 30,
    unreferenced: 30,
}
