"""Mistakes put in on purpose that make our books and a customer's statement differ, with what must be found.

An account has at most one of them, so that what must be found is certain: nothing else on that account can
explain or hide it. What one of them does to the balances of this and of all later statements is a ``Gap``.
The answers are written down from what was done here and from ``docs/reference/discrepancies.md``.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from services.simulator.account import Account, Gap, Tampering
from services.simulator.days import Period, Window, working_day
from services.simulator.own_mistakes import Mistake

_LEAD_DAYS: Final = 5


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


def opening_balance_wrong(account: Account) -> bool:
    return _tamper(account, "opening")


def _tamper(account: Account, what: str) -> bool:
    found = _inside(account)
    if found is None:
        return False
    number, _period, day = found
    account.unpaid.remove(account.invoice(day))  # so that the statement has a line
    off = account.rng.choice((-1, 1)) * account.rng.randint(1, 99_999)
    account.tampering = Tampering(what, number, off, account.rng.randrange(1_000_000))
    return True


STATEMENT_MISTAKES: Final[tuple[Mistake, ...]] = (
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
    opening_balance_wrong,
)
