"""Names of outcomes and proposed actions of a statement comparison in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from domain.parties import Role
from services.language.findings import Language

OUTCOME_NAMES: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "MATCHED": "matched",
        "TIMING": "other period",
        "AMOUNT": "amount differs",
        "REFERENCE": "other number",
        "DATE": "date differs",
        "MISSING_HERE": "missing in our books",
        "MISSING_THERE": "missing on theirs",
        "WRITTEN_OFF": "written off by us",
        "DUPLICATE": "twice on theirs",
        "CORRECTED": "corrected",
        "PENDING": "pending",
        "BALANCE": "balance",
    },
    "zh": {
        "MATCHED": "一致",
        "TIMING": "跨期",
        "AMOUNT": "金额不符",
        "REFERENCE": "单据号不符",
        "DATE": "日期不符",
        "MISSING_HERE": "我方缺失",
        "MISSING_THERE": "对方缺失",
        "WRITTEN_OFF": "我方已核销",
        "DUPLICATE": "对方重复",
        "CORRECTED": "已更正",
        "PENDING": "待到达",
        "BALANCE": "余额",
    },
}
ACTION_NAMES: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "NONE": "nothing to do",
        "WAIT": "wait: timing",
        "BOOK_DOCUMENT": "check and book the missing document",
        "ASK_FOR_REMITTANCE": "ask for the remittance",
        "SEND_COPY": "send a copy",
        "WRITE_OFF": "write off within tolerance",
        "ASK_TO_CORRECT": "ask the customer to correct",
        "AGREE_AMOUNT": "agree on the amount",
        "COMPARE_EARLIER": "compare the period before",
    },
    "zh": {
        "NONE": "无需处理",
        "WAIT": "等待：时间差异",
        "BOOK_DOCUMENT": "核实并补记缺失单据",
        "ASK_FOR_REMITTANCE": "向对方索取付款明细",
        "SEND_COPY": "寄送单据副本",
        "WRITE_OFF": "在容差内核销",
        "ASK_TO_CORRECT": "请对方更正",
        "AGREE_AMOUNT": "协商确认金额",
        "COMPARE_EARLIER": "核对上一期",
    },
}


#: what is said otherwise where the statement is a supplier's
SUPPLIER_ACTION_NAMES: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "BOOK_DOCUMENT": "ask for the document and book it",
        "ASK_FOR_REMITTANCE": "find out what they credited, and for which payment",
        "SEND_COPY": "send a copy or proof of payment",
        "ASK_TO_CORRECT": "ask the supplier to correct",
    },
    "zh": {
        "BOOK_DOCUMENT": "向供应商索取单据并补记",
        "ASK_FOR_REMITTANCE": "核实对方入账的付款",
        "SEND_COPY": "提供单据副本或付款凭证",
        "ASK_TO_CORRECT": "请供应商更正",
    },
}


def outcome_name(outcome: str, language: Language) -> str:
    """An outcome as people say it; one unknown to this process by its code."""
    return OUTCOME_NAMES[language].get(outcome, outcome)


def action_name(action: str, language: Language, role: Role = Role.CUSTOMER) -> str:
    """A proposed action as people say it; one unknown to this process by its code."""
    if role is Role.SUPPLIER and action in SUPPLIER_ACTION_NAMES[language]:
        return SUPPLIER_ACTION_NAMES[language][action]
    return ACTION_NAMES[language].get(action, action)
