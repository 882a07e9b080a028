"""From a change of a discrepancy to a notice. Pure: the clock and what was announced come in as arguments.

Invariant: the notice id is a function of (discrepancy, state, account version), so the same change read
twice is one notice.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from domain.discrepancies.explanations import CARRIED
from domain.identity import stable_id
from domain.money import minor_units
from services.alerts.change import Change
from services.alerts.text import alert_body, alert_subject
from services.language import Language
from services.notify import Notice, NoticeKind, Severity

_LEVELS = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """Amounts at stake in whole units of the currency (100 is 100.00 EUR and 100 JPY)."""

    warning_amount: int = 100
    critical_amount: int = 10_000
    grace: dt.timedelta = dt.timedelta(seconds=5)
    group_above: int = 10


def severity_of(change: Change, policy: AlertPolicy) -> Severity:
    """By the amount at stake; what cleared is information, and what their statement before tells of already."""
    if not change.stands or change.reason_code in CARRIED:
        return Severity.INFO
    unit = 10 ** minor_units(change.currency)
    if change.amount_minor >= policy.critical_amount * unit:
        return Severity.CRITICAL
    if change.amount_minor >= policy.warning_amount * unit:
        return Severity.WARNING
    return Severity.INFO


def alert_id(change: Change) -> str:
    """The same change always gives the same id."""
    return stable_id("a", change.discrepancy_id, change.state.value, str(change.account_version))


def decide_alert(
    change: Change, announced: bool, policy: AlertPolicy, language: Language, now: dt.datetime
) -> Notice | None:
    """The notice that a change calls for, or None: nobody needs to hear that what they never heard of is
    over.
    """
    if not change.stands and not announced:
        return None
    severity = severity_of(change, policy)
    return Notice(
        notice_id=alert_id(change),
        notice_kind=NoticeKind.DISCREPANCY_ALERT,
        cause_id=change.discrepancy_id,
        customer_id=change.customer_id,
        currency=change.currency,
        document_no=change.document_no,
        amount_minor=change.amount_minor,
        level=_LEVELS[severity],
        severity=severity,
        language=language,
        subject=alert_subject(change, severity, language),
        body=alert_body(change, language),
        created_at=now,
    )
