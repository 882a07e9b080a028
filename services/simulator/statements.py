"""The statements that customers send, made from what *they* have booked, and what is wrong with them.

Invariant: apart from an injected mistake a statement adds up, opens where the one before it closed, and lists
each document of its period once, with the sum of what happened to it.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field, replace
from typing import Any, Final

from domain.parties import own_id
from services.simulator.account import Account, Movement
from services.simulator.days import Period
from services.simulator.events import Event, event
from services.simulator.score import Expected

_RUNNING_SHARE: Final = 0.8
_OWN_SPELLING_SHARE: Final = 0.15
_REPLACED_SHARE: Final = 0.05


@dataclass(slots=True)
class _Statement:
    statement_id: str
    period: Period
    opening_minor: int
    lines: list[dict[str, Any]]
    closing_minor: int
    version: int = 1
    extra: list[tuple[str, int, int | None]] = field(default_factory=list)
    """(kind, amount, line number) that must be found because it was tampered with."""


def send_statements(account: Account, rng: random.Random) -> tuple[list[Event], list[Expected]]:
    """The statements of one account for all periods, and all that must be found against them."""
    events: list[Event] = []
    expected: list[Expected] = []
    for number, period in enumerate(account.window.periods()):
        lines, movements = _lines(account, period, rng)
        opening = _balance(account.theirs, period.start - dt.timedelta(days=1))
        statement = _Statement(
            f"ST-{own_id(account.customer.customer_id)}-{account.currency}-{period.end:%Y%m}",
            period,
            opening,
            lines,
            opening + sum(line["debit_minor"] - line["credit_minor"] for line in lines),
        )
        tampering = account.tampering
        if tampering is not None and tampering.period_no == number and tampering.what == "opening":
            _reopen(statement, tampering.by_minor)
        has_running = rng.random() < _RUNNING_SHARE
        if tampering is not None and tampering.period_no == number and tampering.what == "running":
            has_running = True
        if has_running:
            _run(statement)
        expected += _answers(account, number, statement, movements)
        expected += _breaks(account, statement)
        sent_on = period.end + dt.timedelta(days=rng.randint(1, 4))
        at = dt.datetime(sent_on.year, sent_on.month, sent_on.day, 8, rng.randint(0, 59), tzinfo=dt.UTC)
        if tampering is not None and tampering.period_no == number and tampering.what != "opening":
            _tamper(statement, tampering.what, tampering.by_minor, tampering.draw)
        elif rng.random() < _REPLACED_SHARE:
            # A first version with a wrong closing balance; the one that counts follows and is right.
            wrong = replace(statement, closing_minor=statement.closing_minor + rng.randint(1, 9999))
            events.append(_event(account, wrong, "received", at))
            statement.version, at = 2, at + dt.timedelta(days=1)
        events.append(_event(account, statement, "received" if statement.version == 1 else "replaced", at))
        expected += [
            _expected(account, statement, kind, amount, line_no=line_no)
            for kind, amount, line_no in statement.extra
        ]
    return events, expected


def _balance(movements: list[Movement], date: dt.date) -> int:
    return sum(m.signed_minor for m in movements if m.date <= date)


def _lines(
    account: Account, period: Period, rng: random.Random
) -> tuple[list[dict[str, Any]], list[Movement]]:
    """Their lines in the order of dates, and the movement behind each."""
    merged: dict[object, Movement] = {}
    for movement in account.theirs:
        if movement.date not in period:
            continue
        key: object = (len(merged), "apart") if movement.apart else movement.document_no
        known = merged.get(key)
        if known is None:
            merged[key] = replace(movement, findings=list(movement.findings))
        else:
            known.signed_minor += movement.signed_minor
            known.date = min(known.date, movement.date)
            known.findings += movement.findings
    listed = sorted((m for m in merged.values() if m.signed_minor), key=lambda m: (m.date, m.document_no))
    lines = [
        {
            "line_no": line_no,
            "document_no": m.shown_as or _spelled(m.document_no, rng),
            "date": m.date.isoformat(),
            "debit_minor": max(m.signed_minor, 0),
            "credit_minor": max(-m.signed_minor, 0),
            "running_balance_minor": None,
            "their_reference": f"PO-{rng.randint(1000, 9999)}" if m.signed_minor > 0 else None,
        }
        for line_no, m in enumerate(listed, start=1)
    ]
    return lines, listed


def _spelled(document_no: str, rng: random.Random) -> str:
    """Our number, or as this customer's clerk types it."""
    if rng.random() >= _OWN_SPELLING_SHARE:
        return document_no
    prefix, _, digits = document_no.partition("-")
    return rng.choice((f"{prefix} {digits}", f"{prefix}{digits}".lower(), digits, f"{prefix}-00{digits}"))


def _run(statement: _Statement) -> None:
    balance = statement.opening_minor
    for line in statement.lines:
        balance += line["debit_minor"] - line["credit_minor"]
        line["running_balance_minor"] = balance


def _reopen(statement: _Statement, by_minor: int) -> None:
    """Open with another balance than the statement before closed with; it adds up all the same."""
    statement.opening_minor += by_minor
    statement.closing_minor += by_minor
    statement.extra.append(("OPENING_BALANCE_BREAK", abs(by_minor), None))
    statement.extra.append(("CLOSING_BALANCE_BREAK", abs(by_minor), None))


def _tamper(statement: _Statement, what: str, by_minor: int, draw: int) -> None:
    if what == "running":
        line = statement.lines[draw % len(statement.lines)]
        line["running_balance_minor"] += by_minor
        statement.extra.append(("STATEMENT_ARITHMETIC", abs(by_minor), line["line_no"]))
    else:
        statement.closing_minor += by_minor
        statement.extra.append(("STATEMENT_ARITHMETIC", abs(by_minor), None))
        statement.extra.append(("CLOSING_BALANCE_BREAK", abs(by_minor), None))


def _answers(
    account: Account, number: int, statement: _Statement, movements: list[Movement]
) -> list[Expected]:
    """What must be found because of the mistakes that their books and ours differ by."""
    found = [
        _expected(account, statement, kind, amount, line_no=line["line_no"])
        for line, movement in zip(statement.lines, movements, strict=True)
        for kind, amount in movement.findings
    ]
    found += [
        _expected(account, statement, kind, abs(signed), document_no=document_no)
        for period_no, document_no, signed, kind in account.unlisted
        if period_no == number
    ]
    return found


def _breaks(account: Account, statement: _Statement) -> list[Expected]:
    """The balances that differ."""
    opening = _gap(account, statement.period.start - dt.timedelta(days=1))
    closing = _gap(account, statement.period.end)
    found = []
    if opening:
        found.append(_expected(account, statement, "OPENING_BALANCE_BREAK", abs(opening)))
    if closing:
        found.append(_expected(account, statement, "CLOSING_BALANCE_BREAK", abs(closing)))
    return found


def _gap(account: Account, date: dt.date) -> int:
    """By how much their balance of a day is not ours."""
    return sum(g.signed_minor for g in account.gaps if g.start <= date and (g.end is None or date < g.end))


def _expected(
    account: Account,
    statement: _Statement,
    kind: str,
    amount_minor: int,
    *,
    document_no: str | None = None,
    line_no: int | None = None,
) -> Expected:
    return Expected(
        kind,
        account.customer.customer_id,
        account.currency,
        amount_minor,
        document_no=document_no,
        statement_id=statement.statement_id,
        line_no=line_no,
        because="statement",
    )


def _event(account: Account, statement: _Statement, life: str, at: dt.datetime) -> Event:
    sign = account.our_sign
    lines = [_in_our_view(line, sign) for line in statement.lines]
    return event(
        f"customer_statement.{life}",
        source_system="mail",
        record=f"statement/{statement.statement_id}",
        version=statement.version,
        at=at,
        date=statement.period.end,
        customer_id=account.customer.customer_id,
        currency=account.currency,
        amount_minor=sign * statement.closing_minor,
        document_no=statement.statement_id,
        correlation_id=statement.statement_id,
        statement_id=statement.statement_id,
        statement_version=statement.version,
        period_start=statement.period.start.isoformat(),
        period_end=statement.period.end.isoformat(),
        opening_balance_minor=sign * statement.opening_minor,
        closing_balance_minor=sign * statement.closing_minor,
        total_debit_minor=sum(line["debit_minor"] for line in lines),
        total_credit_minor=sum(line["credit_minor"] for line in lines),
        line_count=len(lines),
        lines=lines,
    )


def _in_our_view(line: dict[str, Any], sign: int) -> dict[str, Any]:
    if sign > 0:
        return dict(line)
    running = line["running_balance_minor"]
    return line | {
        "debit_minor": line["credit_minor"],
        "credit_minor": line["debit_minor"],
        "running_balance_minor": None if running is None else -running,
    }
