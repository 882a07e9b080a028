"""The page's words in English and Chinese. Invariant: both languages have the same keys (held by a test)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from domain.money import currencies, minor_units
from services.language import Language, sentences
from services.language.comparisons import ACTION_NAMES, OUTCOME_NAMES
from services.language.findings import KIND_NAMES, STATE_NAMES

_PAGE: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "title": "Live accounts",
        "tagline": "Customer accounts, reconciled as events arrive",
        "skip": "Skip to balances",
        "language": "Language",
        "receivable": "Receivable",
        "overdue": "Overdue",
        "open_discrepancies": "Open discrepancies",
        "throughput": "Throughput",
        "freshness": "Freshness",
        "balances": "Balances",
        "search": "Search customers",
        "search_hint": "Press / to search",
        "customer": "Customer",
        "currency": "Currency",
        "balance": "Balance",
        "discrepancies_short": "Open",
        "last_date": "Last entry",
        "statement": "Statement",
        "discrepancies": "Open discrepancies",
        "comparisons": "Customers' statements against our books",
        "no_comparisons": "No statement has come in yet.",
        "ageing": "Ageing",
        "changes": "Recent changes",
        "no_script": "This page needs JavaScript to move. The same figures are under /api/v1.",
        "api": "API description",
        "work": "Cases",
    },
    "zh": {
        "title": "客户账户实时视图",
        "tagline": "客户往来账，随事件到达实时对账",
        "skip": "跳到余额",
        "language": "语言",
        "receivable": "应收余额",
        "overdue": "逾期",
        "open_discrepancies": "未决差异",
        "throughput": "入账速度",
        "freshness": "数据时效",
        "balances": "账户余额",
        "search": "查找客户",
        "search_hint": "按 / 键查找",
        "customer": "客户",
        "currency": "币种",
        "balance": "余额",
        "discrepancies_short": "差异",
        "last_date": "最近入账",
        "statement": "对账单",
        "discrepancies": "未决差异",
        "comparisons": "客户对账单与我方账目比对",
        "no_comparisons": "尚未收到客户对账单。",
        "ageing": "账龄",
        "changes": "最近变动",
        "no_script": "本页需要 JavaScript 才能实时更新。相同数据见 /api/v1。",
        "api": "接口说明",
        "work": "差异处理",
    },
}

_BROWSER: Final[Mapping[Language, Mapping[str, Any]]] = {
    "en": {
        "locale": "en-GB",
        "live": "Live",
        "connecting": "Connecting…",
        "reconnecting": "Connection lost, reconnecting…",
        "outage": "A store is down: figures stand still",
        "accounts": "{count} accounts",
        "payable": "we owe {amount}",
        "items": "{count} items",
        "at_stake": "{amount} at stake",
        "none_at_stake": "nothing at stake",
        "per_second": "entries/s",
        "now": "just now",
        "overdue": "Overdue",
        "ago": "{age} ago",
        "newest": "newest change",
        "no_change": "no change yet",
        "behind": "{count} records behind",
        "up_to_date": "nothing waiting",
        "shown": "{shown} of {total}",
        "no_accounts": "No accounts yet. They appear with the first event.",
        "nothing_found": "No customer matches “{search}”.",
        "no_discrepancies": "None open. Everything ties out.",
        "no_changes": "Nothing has changed lately.",
        "days": "{range} days",
        "current": "Current",
        "statement_of": "Statement of {customer} for {period} (PDF)",
        "line": "line {line}",
        "lines_agree": "{matched} of {lines} lines agree",
        "agrees": "agrees",
        "opening": "balance",
        "their_closing": "their closing balance",
        "our_closing": "our closing balance",
        "bridge_columns": ["step", "about", "how it compares", "proposed"],
        "entry_kinds": {
            "INVOICE": "Invoice",
            "PAYMENT": "Payment",
            "REFUND": "Refund",
            "CREDIT_NOTE": "Credit note",
            "RETURN": "Return",
            "EXCHANGE": "Exchange",
            "ADJUSTMENT": "Adjustment",
            "WRITE_OFF": "Write-off",
        },
        "roles": {"REVERSED": "reversed", "ANNULLED": "annulled"},
        "dead_letter": "Refused: {reason}",
    },
    "zh": {
        "locale": "zh-CN",
        "live": "实时",
        "connecting": "正在连接…",
        "reconnecting": "连接中断，正在重连…",
        "outage": "存储不可用，数据暂停更新",
        "accounts": "{count} 个账户",
        "payable": "应付 {amount}",
        "items": "{count} 笔",
        "at_stake": "涉及 {amount}",
        "none_at_stake": "无涉及金额",
        "per_second": "笔/秒",
        "now": "刚刚",
        "overdue": "逾期",
        "ago": "{age}前",
        "newest": "最新变动",
        "no_change": "尚无变动",
        "behind": "待处理 {count} 条",
        "up_to_date": "无积压",
        "shown": "{shown} / {total}",
        "no_accounts": "尚无账户，首个事件到达后即会出现。",
        "nothing_found": "没有与“{search}”匹配的客户。",
        "no_discrepancies": "无未决差异，账账相符。",
        "no_changes": "近期无变动。",
        "days": "{range} 天",
        "current": "未到期",
        "statement_of": "{customer} {period} 对账单（PDF）",
        "line": "第 {line} 行",
        "lines_agree": "{lines} 行中 {matched} 行一致",
        "agrees": "相符",
        "opening": "余额",
        "their_closing": "对方期末余额",
        "our_closing": "我方期末余额",
        "bridge_columns": ["调节", "对象", "比对结果", "建议处理"],
        "entry_kinds": {
            "INVOICE": "发票",
            "PAYMENT": "收款",
            "REFUND": "退款",
            "CREDIT_NOTE": "贷项通知单",
            "RETURN": "退货",
            "EXCHANGE": "换货",
            "ADJUSTMENT": "调整",
            "WRITE_OFF": "核销",
        },
        "roles": {"REVERSED": "冲销", "ANNULLED": "作废"},
        "dead_letter": "拒收：{reason}",
    },
}


def texts(language: Language) -> Mapping[str, str]:
    """The words that the server puts into the page."""
    return _PAGE[language]


def browser_texts(language: Language) -> Mapping[str, Any]:
    """The words and currency decimals that the page's script works with.

    ``sentences`` is empty for English: findings carry their English sentence.
    """
    return {
        **_BROWSER[language],
        "language": language,
        "kinds": dict(KIND_NAMES[language]),
        "states": dict(STATE_NAMES[language]),
        "outcomes": dict(OUTCOME_NAMES[language]),
        "actions": dict(ACTION_NAMES[language]),
        "sentences": {} if language == "en" else dict(sentences(language)),
        "decimals": {code: minor_units(code) for code in currencies()},
    }
