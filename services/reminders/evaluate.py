"""One evaluation: read the books, decide, write what is due to the outbox, take back what no longer is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from domain.reminders import Hold, Reminder, ReminderPolicy, ReminderPolicyError, decide_reminders
from runtime.metrics import NOTICES
from services.language import Language
from services.notify import Notice, NoticeKind, NoticeOutbox, Severity
from services.reminders.books import read_claims, read_reminded, read_unallocated
from services.reminders.text import Recipient, reminder_line, reminder_subject
from services.store.tables import customers


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What one evaluation found: reminders that are new in the outbox, held ones by reason, and those
    taken back.
    """

    decided: int
    held: Mapping[Hold, int]
    withdrawn: int


def policy_of_text(levels: str, minimum_interval_days: int) -> ReminderPolicy:
    """The policy from settings; ``levels`` like ``1,14,30``. Raises ``ReminderPolicyError``."""
    try:
        days = tuple(int(part) for part in levels.split(","))
    except ValueError as error:
        raise ReminderPolicyError("levels", f"{levels!r} is not a list of whole days") from error
    return ReminderPolicy(levels=days, minimum_interval_days=minimum_interval_days)


def plan_reminders(
    connection: sa.Connection, policy: ReminderPolicy, now: dt.datetime, zone: ZoneInfo
) -> list[Reminder]:
    """The dry run: what is due now, with why it is held where it is. Writes nothing.

    "Today" is the date of ``now`` in the company's ``zone``.
    """
    today = now.astimezone(zone).date()
    return decide_reminders(
        policy,
        read_claims(connection, policy, today),
        read_unallocated(connection),
        read_reminded(connection, zone),
        today,
    )


def evaluate_reminders(
    engine: sa.Engine, policy: ReminderPolicy, now: dt.datetime, zone: ZoneInfo, default_language: Language
) -> Evaluated:
    """Decide and write, in one transaction. Running it again changes nothing. Raises SQLAlchemy's errors."""
    with engine.begin() as connection:
        verdicts = plan_reminders(connection, policy, now, zone)
        due = [reminder for reminder in verdicts if reminder.hold is None]
        known = read_recipients(
            connection, sorted({reminder.claim.customer_id for reminder in due}), default_language
        )
        outbox = NoticeOutbox(connection)
        withdrawn = outbox.withdraw_waiting_except(
            NoticeKind.OVERDUE_REMINDER, [reminder.notice_id for reminder in due]
        )
        decided = outbox.add(
            [_notice(reminder, known[reminder.claim.customer_id].language, now) for reminder in due], now
        )
    NOTICES.labels(NoticeKind.OVERDUE_REMINDER.value, "decided").inc(decided)
    held = [reminder.hold for reminder in verdicts if reminder.hold is not None]
    return Evaluated(decided, {hold: held.count(hold) for hold in Hold if hold in held}, withdrawn)


def read_recipients(
    connection: sa.Connection, ids: Sequence[str], default_language: Language
) -> dict[str, Recipient]:
    """Every id that was asked for, also those that master data does not know."""
    row = customers.c
    found = {
        one["customer_id"]: one
        for one in connection.execute(
            sa.select(row.customer_id, row.name, row.email, row.language).where(
                row.customer_id == sa.any_(sa.cast(ids, sa.ARRAY(sa.Text)))
            )
        ).mappings()
    }
    recipients: dict[str, Recipient] = {}
    for customer_id in ids:
        known = found.get(customer_id)
        if known is None:
            recipients[customer_id] = Recipient(customer_id, customer_id, None, default_language)
        else:
            language: Language = "zh" if known["language"].startswith("zh") else "en"
            recipients[customer_id] = Recipient(customer_id, known["name"], known["email"], language)
    return recipients


def _notice(reminder: Reminder, language: Language, now: dt.datetime) -> Notice:
    claim = reminder.claim
    return Notice(
        notice_id=reminder.notice_id,
        notice_kind=NoticeKind.OVERDUE_REMINDER,
        cause_id=claim.cause_id,
        customer_id=claim.customer_id,
        currency=claim.currency,
        document_no=claim.document_no,
        amount_minor=claim.open_minor,
        level=reminder.level,
        severity=_severity(reminder.level),
        language=language,
        subject=reminder_subject(reminder, language),
        body=reminder_line(reminder, language),
        created_at=now,
    )


def _severity(level: int) -> Severity:
    if level == 1:
        return Severity.INFO
    return Severity.WARNING if level == 2 else Severity.CRITICAL
