"""Names and explanations of discrepancies in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from domain.discrepancies.explanations import SENTENCES, SUPPLIER_SENTENCES
from domain.parties import Role

Language = Literal["en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")

KIND_NAMES: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {
        "CURRENCY_MISMATCH": "Currency mismatch",
        "DUPLICATE": "Duplicate",
        "WRONG_ACCOUNT": "Wrong account",
        "UNKNOWN_REFERENCE": "Unknown reference",
        "OVERPAYMENT": "Overpayment",
        "SHORT_PAYMENT": "Short payment",
        "REFUND_EXCEEDS_PAYMENT": "Refund exceeds payment",
        "PAYMENT_ON_CANCELLED": "Payment on cancelled document",
        "AMOUNT_MISMATCH": "Amount mismatch",
        "MISSING_IN_LEDGER": "Missing in our books",
        "MISSING_IN_STATEMENT": "Missing in their statement",
        "OPENING_BALANCE_BREAK": "Opening balance break",
        "CLOSING_BALANCE_BREAK": "Closing balance break",
        "STATEMENT_ARITHMETIC": "Statement does not add up",
        "REFERENCE_MISMATCH": "Reference mismatch",
        "DATE_MISMATCH": "Date mismatch",
        "TIMING": "Other period",
    },
    "zh": {
        "CURRENCY_MISMATCH": "币种不符",
        "DUPLICATE": "重复",
        "WRONG_ACCOUNT": "户头错误",
        "UNKNOWN_REFERENCE": "单据号不存在",
        "OVERPAYMENT": "多付",
        "SHORT_PAYMENT": "少付",
        "REFUND_EXCEEDS_PAYMENT": "退款超过付款",
        "PAYMENT_ON_CANCELLED": "付款对应已取消单据",
        "AMOUNT_MISMATCH": "金额不符",
        "MISSING_IN_LEDGER": "我方账上缺失",
        "MISSING_IN_STATEMENT": "对方对账单缺失",
        "OPENING_BALANCE_BREAK": "期初余额不符",
        "CLOSING_BALANCE_BREAK": "期末余额不符",
        "STATEMENT_ARITHMETIC": "对账单计算有误",
        "REFERENCE_MISMATCH": "单据号不符",
        "DATE_MISMATCH": "日期不符",
        "TIMING": "跨期差异",
    },
}

STATE_NAMES: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {"OPENED": "opened", "UPDATED": "updated", "RESOLVED": "resolved", "RETRACTED": "withdrawn"},
    "zh": {"OPENED": "新增", "UPDATED": "更新", "RESOLVED": "已解决", "RETRACTED": "已撤回"},
}

_CHINESE: Final[Mapping[str, str]] = {
    "document_twice": "{kind} {document} 在账上出现两次：记录 {record} 与 {other}。",
    "same_transfer": "付款 {document} 与 {other}（{amount}）的转账流水号相同：{reference}。",
    "paid_twice": "付款 {document} 与 {other}（{amount}）支付同一批单据，其中一笔多余。",
    "other_currency": "{document} 指向 {reference}，后者以 {currency} 入账，与本户币种不同。",
    "reference_unknown": "{document} 指向 {reference}，该客户没有这张单据。",
    "paid_over": "{document} 金额 {amount}，付款合计 {claimed}，多付 {excess}。",
    "written_off_needlessly": "{adjustment} 核销 {document} {amount}，其中 {excess} 在该单据上已无未清余额。",
    "paid_short": "{document} 金额 {amount}，已收 {received}，尚欠 {open}。",
    "paid_short_of_fee": "{document} 金额 {amount}，已收 {received}，尚欠 {open}，恰为途中扣收的手续费。",
    "refunded_over": "退款合计 {refunded}，超过 {document} 的已付金额 {paid}。",
    "paid_cancelled": "付款 {document} 有 {amount} 付在已取消的 {reference} 上。",
    "line_twice": "第 {line} 行重复列示 {document}（{amount}），账上只有一笔。",
    "line_amount": "第 {line} 行 {document} 为 {theirs}，我方账上为 {ours}。",
    "line_reference": "第 {line} 行单据号为 {document}，我方同额单据为 {other}。",
    "line_date": "第 {line} 行 {document} 日期为 {their_date}，我方账上为 {our_date}。",
    "line_other_period": "第 {line} 行把 {document} 列入本期，我方账上日期为 {our_date}。",
    "line_in_transit": "第 {line} 行把 {document} 列入本期，我方同额单据 {other} 的日期为 {our_date}。",
    "entry_other_statement": "{document}（{amount}）不在本期对账单内，而在对账单 {other} 内。",
    "set_right": "{document}：本期相差 {amount}，下一期对账单 {other} 期间已更正。",
    "sets_right": "{document}：本期相差 {amount}，系更正上一期对账单 {other} 中的差错。",
    "line_unknown": "第 {line} 行有 {document}（{amount}），我方账上没有这张单据。",
    "line_unknown_near": "第 {line} 行有 {document}（{amount}），我方账上没有这张单据。"
    "我方有而对方未列的最接近单据为 {other}：金额相差 {gap}，日期相差 {days} 天。",
    "line_corrected": "第 {line} 行原为 {sent}，按调整 {adjustment} 更正为 {read}。",
    "line_struck": "第 {line} 行原为 {sent}，按调整 {adjustment} 剔除。",
    "line_pending": "第 {line} 行有 {document}（{amount}），我方数据源尚未到达该日期，暂不算差异。",
    "matched": "双方一致。",
    "line_for_several": "双方一致：第 {lines} 行合并列示 {documents}。",
    "within_line": "{document} 是第 {lines} 行合并列示的单据之一。",
    "opening_carried": "期初余额之差来自本期之前。",
    "opening_not_their_closing": "对账单期初余额与客户上一期对账单的期末余额不符。",
    "lines_not_closing": "对方期初余额加各行发生额不等于其期末余额。",
    "entry_unlisted_near": "{document}（{amount}）在我方账上，但不在对方对账单内。"
    "对方无对应单据的最接近一行为第 {line} 行 {other}：金额相差 {gap}，日期相差 {days} 天。",
    "entry_written_off": "{document}（{amount}）为我方核销，与对方无关。",
    "entry_unlisted": "{document}（{amount}）在我方账上，但不在对方对账单内。",
    "opening_differs": "对账单期初余额为 {theirs}，我方前一日余额为 {ours}。",
    "opening_differs_before": "对账单期初余额为 {theirs}，与对账单 {other} 的期末余额相同；"
    "我方前一日余额为 {ours}，差异来自该对账单。",
    "closing_differs_before": "对账单期末余额为 {theirs}，我方当日余额为 {ours}，差异来自对账单 {other}。",
    "closing_differs": "对账单期末余额为 {theirs}，我方当日余额为 {ours}。",
    "running_balance_wrong": "第 {line} 行余额为 {shown}，按其自身数字应为 {expected}。",
    "withdrawn": "已由事件 {event} 消除。",
    "resolved": "已由调整 {adjustment} 解决，提出人 {maker}，批准人 {checker}。",
    "totals_wrong": "对账单自身不平：{problem}。",
}


#: what is said otherwise of suppliers' accounts: the reasons of ``SUPPLIER_SENTENCES``
_CHINESE_OF_SUPPLIERS: Final[Mapping[str, str]] = {
    "reference_unknown": "{document} 指向 {reference}，该供应商没有这张单据。",
    "paid_over": "{document} 金额 {amount}，我方共付 {claimed}，多付 {excess}。",
    "paid_short": "{document} 金额 {amount}，我方已付 {received}，尚未付 {open}。",
    "paid_short_of_fee": "{document} 金额 {amount}，我方已付 {received}，尚未付 {open}，恰为途中扣收的手续费。",
    "refunded_over": "对方退款合计 {refunded}，超过我方为 {document} 所付的 {paid}。",
    "paid_cancelled": "我方付款 {document} 有 {amount} 付在已取消的 {reference} 上。",
    "opening_not_their_closing": "对账单期初余额与供应商上一期对账单的期末余额不符。",
    "entry_written_off": "{document}（{amount}）为我方核销，与对方无关。",
}


#: what the worker fills into a sentence in words of its own; several are parted by "; "
_CHINESE_ARGUMENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "kind": {
        "INVOICE": "发票",
        "PAYMENT": "付款",
        "REFUND": "退款",
        "CREDIT_NOTE": "红字",
        "RETURN": "退货",
        "EXCHANGE": "换货",
        "ADJUSTMENT": "调整",
        "WRITE_OFF": "核销",
    },
    "problem": {
        "opening plus lines is not closing": "期初加各行不等于期末",
        "the debit total is not the sum of its lines": "借方合计与各行之和不符",
        "the credit total is not the sum of its lines": "贷方合计与各行之和不符",
        "the line count is wrong": "行数不符",
    },
}


def argument_words(language: Language) -> Mapping[str, Mapping[str, str]]:
    """By argument: the worker's words, and what they are in the language; empty for English."""
    return _CHINESE_ARGUMENTS if language == "zh" else {}


def _worded(arguments: Mapping[str, str], language: Language) -> dict[str, str]:
    """The arguments with the worker's words in the language."""
    words = argument_words(language)
    return {
        name: "；".join(words[name].get(part, part) for part in value.split("; ")) if name in words else value
        for name, value in arguments.items()
    }


def sentences(language: Language) -> Mapping[str, str]:
    """Sentence templates by reason code; arguments stand in braces."""
    return _CHINESE if language == "zh" else SENTENCES


def supplier_sentences(language: Language) -> Mapping[str, str]:
    """Those that suppliers' accounts have instead."""
    return _CHINESE_OF_SUPPLIERS if language == "zh" else SUPPLIER_SENTENCES


def explain(
    reason_code: str,
    arguments: Mapping[str, str],
    written: str,
    language: Language,
    role: Role = Role.CUSTOMER,
) -> str:
    """The sentence for a reason. A reason of a newer worker than this process, or one whose arguments do
    not fit, is told in the words that the worker wrote (English) rather than not at all.
    """
    template = sentences(language).get(reason_code)
    if role is Role.SUPPLIER:
        template = supplier_sentences(language).get(reason_code, template)
    if template is None or language == "en":
        return written
    try:
        return template.format_map(_worded(arguments, language))
    except KeyError:
        return written


def kind_name(kind: str, language: Language) -> str:
    """A kind as people say it; a kind unknown to this process by its code."""
    return KIND_NAMES[language].get(kind, kind)


def state_name(state: str, language: Language) -> str:
    """A state as people say it; one unknown to this process by its code."""
    return STATE_NAMES[language].get(state, state)
