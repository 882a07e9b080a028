"""The words of reminders, English and Chinese, firmer with each level; one message per customer.

Plain text: channels put it into their own form. What a notice itself holds is the line of its item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from domain.reminders import Reminder
from services.language import Language, money_text
from services.notify import Message, Notice
from services.notify.messages import Compose

_SUBJECTS: Final[Mapping[Language, tuple[str, ...]]] = {
    "en": (
        "Payment reminder: {document} is overdue",
        "Second reminder: {document} is {days} days overdue",
        "Final reminder: {document} is {days} days overdue",
    ),
    "zh": (
        "付款提醒：{document} 已逾期",
        "第二次催款：{document} 已逾期 {days} 天",
        "最后催款：{document} 已逾期 {days} 天",
    ),
}
_LINES: Final[Mapping[Language, str]] = {
    "en": "{document}: {open} open of {original}, due {due}, {days} days overdue",
    "zh": "{document}：金额 {original}，未付 {open}，到期日 {due}，逾期 {days} 天",
}
_OPENINGS: Final[Mapping[Language, tuple[str, ...]]] = {
    "en": (
        "Dear {name},\n\nperhaps it slipped your attention: the following is overdue.",
        "Dear {name},\n\nwe have reminded you before. The following is still open:",
        "Dear {name},\n\ndespite our reminders the following has not been paid. Please pay without delay:",
    ),
    "zh": (
        "{name}：\n\n您好！以下款项已到期，可能是您一时疏忽：",
        "{name}：\n\n您好！我们此前已提醒过，以下款项仍未付清：",
        "{name}：\n\n您好！经多次提醒，以下款项仍未支付，请尽快付款：",
    ),
}
_CLOSINGS: Final[Mapping[Language, str]] = {
    "en": "If you have paid in the meantime, please disregard this message.\n\n{company}\n\nRef. {ids}",
    "zh": "如您已付款，请忽略本通知。\n\n{company}\n\n编号 {ids}",
}
_MANY: Final[Mapping[Language, str]] = {
    "en": "Payment reminder: {count} items are overdue",
    "zh": "付款提醒：{count} 笔款项已逾期",
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """What master data knows of a customer; ``name`` is the customer id where it knows none."""

    customer_id: str
    name: str
    email: str | None
    language: Language


def reminder_subject(reminder: Reminder, language: Language) -> str:
    """One line: which document, how late."""
    return _SUBJECTS[language][_tone(reminder.level)].format(
        document=reminder.claim.document_no, days=reminder.days_past_due
    )


def reminder_line(reminder: Reminder, language: Language) -> str:
    """The item in one line, with what is open today."""
    claim = reminder.claim
    return _LINES[language].format(
        document=claim.document_no,
        open=money_text(claim.open_minor, claim.currency, language),
        original=money_text(claim.original_minor, claim.currency, language),
        due=claim.due_date.isoformat(),
        days=reminder.days_past_due,
    )


def compose_reminders(
    recipients: Callable[[Sequence[str]], Mapping[str, Recipient]], company_name: str
) -> Compose:
    """One message per customer and language; its tone is that of the highest level in it.

    ``recipients`` looks customers up by id.
    """

    def compose(batch: Sequence[Notice]) -> list[Message]:
        known = recipients(sorted({notice.customer_id for notice in batch}))
        letters: dict[tuple[str, str], list[Notice]] = {}
        for notice in batch:
            letters.setdefault((notice.customer_id, notice.language), []).append(notice)
        return [
            _letter(known[customer_id], notices, company_name)
            for (customer_id, _), notices in letters.items()
        ]

    return compose


def _letter(recipient: Recipient, notices: Sequence[Notice], company_name: str) -> Message:
    language: Language = "zh" if notices[0].language == "zh" else "en"
    worst = max(notices, key=lambda notice: notice.level)
    subject = worst.subject if len(notices) == 1 else _MANY[language].format(count=len(notices))
    opening = _OPENINGS[language][_tone(worst.level)].format(name=recipient.name)
    ids = ", ".join(notice.notice_id for notice in notices)
    closing = _CLOSINGS[language].format(company=company_name, ids=ids)
    lines = "\n".join(f"- {notice.body}" for notice in notices)
    return Message(
        tuple(notice.notice_id for notice in notices),
        subject,
        f"{opening}\n\n{lines}\n\n{closing}",
        worst.severity,
        (("customer_id", recipient.customer_id), ("email", recipient.email or "")),
    )


def _tone(level: int) -> int:
    """Levels beyond the last wording keep it."""
    return min(level, len(_SUBJECTS["en"])) - 1
