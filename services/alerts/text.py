"""The words of alerts, English and Chinese. Plain text: channels put it into their own form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from domain.parties import own_id, role_of
from services.alerts.change import Change
from services.language import Language, explain, kind_name, money_text, state_name
from services.notify import Message, Notice, Severity, one_message_each
from services.notify.messages import Compose

_SEVERITIES: Final = {
    "en": {Severity.INFO: "info", Severity.WARNING: "warning", Severity.CRITICAL: "critical"},
    "zh": {Severity.INFO: "提示", Severity.WARNING: "警告", Severity.CRITICAL: "严重"},
}
_LABELS: Final = {
    "en": {
        "customer": "Customer",
        "supplier": "Supplier",
        "document": "Document",
        "statement": "Statement",
        "line": "line",
        "amount": "At stake",
        "state": "State",
        "id": "Discrepancy",
        "summary": "[{severity}] {count} discrepancy alerts",
        "first": "The largest of them",
        "more": "… and {count} more on the live page.",
        "about": "{kind} ({state}) {customer} {document} {amount}",
    },
    "zh": {
        "customer": "客户",
        "supplier": "供应商",
        "document": "单据",
        "statement": "对账单",
        "line": "行",
        "amount": "涉及金额",
        "state": "状态",
        "id": "差异编号",
        "summary": "[{severity}] 对账差异提醒 {count} 条",
        "first": "其中金额最大的",
        "more": "……另有 {count} 条，请看实时页面。",
        "about": "{kind}（{state}）{customer} {document} {amount}",
    },
}
#: notices that a summary names one by one
NAMED_IN_SUMMARY: Final = 10


def alert_subject(change: Change, severity: Severity, language: Language) -> str:
    """One line: how serious, what, who, how much."""
    about = _LABELS[language]["about"].format(
        kind=kind_name(change.kind, language),
        state=state_name(change.state, language),
        customer=own_id(change.customer_id),
        document=change.document_no or change.statement_id or "",
        amount=money_text(change.amount_minor, change.currency, language),
    )
    return f"[{_SEVERITIES[language][severity]}] {' '.join(about.split())}"


def alert_body(change: Change, language: Language) -> str:
    """The explanation, then the facts one per line."""
    label, role = _LABELS[language], role_of(change.customer_id)
    facts = [
        (label[role.value], own_id(change.customer_id)),
        (label["document"], change.document_no),
        (label["statement"], change.statement_id),
        (label["line"], change.line_no),
        (label["amount"], money_text(change.amount_minor, change.currency, language)),
        (label["state"], state_name(change.state, language)),
        (label["id"], change.discrepancy_id),
    ]
    sentence = explain(change.reason_code, change.reason_arguments, change.explanation, language, role)
    return "\n".join([sentence, "", *(f"{name}: {value}" for name, value in facts if value is not None)])


def compose_alerts(group_above: int, language: Language) -> Compose:
    """One message per alert, or one summary for a batch of more than ``group_above``."""

    def compose(batch: Sequence[Notice]) -> list[Message]:
        if len(batch) <= group_above:
            return one_message_each(batch)
        return [_summary(batch, language)]

    return compose


def _summary(batch: Sequence[Notice], language: Language) -> Message:
    label = _LABELS[language]
    ranked = sorted(batch, key=lambda notice: (-notice.level, -notice.amount_minor, notice.notice_id))
    worst = ranked[0].severity
    counts = Counter(notice.severity for notice in batch)
    lines = [
        ", ".join(
            f"{_SEVERITIES[language][severity]} {counts[severity]}"
            for severity in (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
            if counts[severity]
        ),
        "",
        f"{label['first']}:",
        *(f"- {notice.subject} ({notice.notice_id})" for notice in ranked[:NAMED_IN_SUMMARY]),
    ]
    if len(ranked) > NAMED_IN_SUMMARY:
        lines.append(label["more"].format(count=len(ranked) - NAMED_IN_SUMMARY))
    subject = label["summary"].format(severity=_SEVERITIES[language][worst], count=len(batch))
    return Message(tuple(notice.notice_id for notice in batch), subject, "\n".join(lines), worst)
