"""Why a row or a file could not be taken in: stable codes, each with one sentence in each language.

``FileRefusedError`` is for a file of which nothing can be taken in; a ``Problem`` is a value and concerns a row.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from services.imports.errors import ImportingError
from services.imports.rejections import Rejection


class Reason(enum.StrEnum):
    """The code of a refusal; it never changes its meaning."""

    # rows
    BAD_DATE = "BAD_DATE"
    MISSING_DATE = "MISSING_DATE"
    BAD_AMOUNT = "BAD_AMOUNT"
    MISSING_AMOUNT = "MISSING_AMOUNT"
    AMBIGUOUS_AMOUNT = "AMBIGUOUS_AMOUNT"
    TOO_MANY_DECIMALS = "TOO_MANY_DECIMALS"
    OTHER_CURRENCY = "OTHER_CURRENCY"
    BOTH_SIDES = "BOTH_SIDES"
    BAD_DIRECTION = "BAD_DIRECTION"
    BAD_CURRENCY = "BAD_CURRENCY"
    MISSING_CUSTOMER = "MISSING_CUSTOMER"
    BAD_ROW = "BAD_ROW"
    BAD_TEXT = "BAD_TEXT"
    BATCH_DOES_NOT_ADD_UP = "BATCH_DOES_NOT_ADD_UP"
    NOT_A_RECEIPT = "NOT_A_RECEIPT"
    NOT_BOOKED = "NOT_BOOKED"
    RETURNED_RECEIPT = "RETURNED_RECEIPT"
    # statements
    NO_BALANCE = "NO_BALANCE"
    NO_CURRENCY = "NO_CURRENCY"
    NO_CUSTOMER = "NO_CUSTOMER"
    BAD_PERIOD = "BAD_PERIOD"
    BAD_BALANCE = "BAD_BALANCE"
    NO_CLOSING = "NO_CLOSING"
    SAME_STATEMENT = "SAME_STATEMENT"
    SEVERAL_ACCOUNTS = "SEVERAL_ACCOUNTS"
    STATEMENT_TOO_LARGE = "STATEMENT_TOO_LARGE"
    STATEMENT_TOO_LONG = "STATEMENT_TOO_LONG"
    STATEMENT_HELD_BACK = "STATEMENT_HELD_BACK"
    # files
    NO_HEADING = "NO_HEADING"
    NO_LINES = "NO_LINES"
    COLUMN_NOT_FOUND = "COLUMN_NOT_FOUND"
    DATE_ORDER_AMBIGUOUS = "DATE_ORDER_AMBIGUOUS"
    UNKNOWN_FORMAT = "UNKNOWN_FORMAT"
    UNREADABLE = "UNREADABLE"
    TOO_LARGE = "TOO_LARGE"
    HOSTILE = "HOSTILE"
    PASSWORD = "PASSWORD"  # noqa: S105 - a reason, no secret
    EMPTY_FILE = "EMPTY_FILE"


#: reason -> (English, Chinese); arguments by name
SENTENCES: Final[Mapping[Reason, tuple[str, str]]] = {
    Reason.BAD_DATE: ("{value} is no date.", "“{value}”不是日期。"),
    Reason.MISSING_DATE: ("The row has an amount but no date.", "该行有金额但没有日期。"),
    Reason.BAD_AMOUNT: ("{value} is no amount.", "“{value}”不是金额。"),
    Reason.MISSING_AMOUNT: ("The row has a date but no amount.", "该行有日期但没有金额。"),
    Reason.AMBIGUOUS_AMOUNT: (
        "{value} can be read in two ways: say which mark is the decimal one (--decimal point or comma).",
        "“{value}”有两种读法：请用 --decimal point 或 comma 指明小数点符号。",
    ),
    Reason.TOO_MANY_DECIMALS: (
        "{value} has more decimals than {currency} has.",
        "“{value}”的小数位多于 {currency} 允许的位数。",
    ),
    Reason.OTHER_CURRENCY: (
        "{value} is not in {currency}, as the statement is.",
        "“{value}”不是对账单的币种 {currency}。",
    ),
    Reason.BOTH_SIDES: (
        "The row has an amount on both sides: {value}.",
        "该行借贷两方都有金额：{value}。",
    ),
    Reason.BAD_DIRECTION: ("{value} is neither debit nor credit.", "“{value}”既不是借方也不是贷方。"),
    Reason.BAD_CURRENCY: ("{value} is no ISO 4217 currency.", "“{value}”不是 ISO 4217 币种。"),
    Reason.MISSING_CUSTOMER: ("The row names no customer or supplier.", "该行没有客户或供应商编号。"),
    Reason.BAD_ROW: ("The row cannot be read: {value}.", "该行无法读取：{value}。"),
    Reason.BAD_TEXT: (
        "The cell holds a character that no store takes.",
        "单元格含有无法存储的字符。",
    ),
    Reason.BATCH_DOES_NOT_ADD_UP: (
        "The {value} transactions of the entry do not add up to its amount.",
        "该笔的 {value} 笔交易之和与金额不符。",
    ),
    Reason.NOT_A_RECEIPT: (
        "The entry is no receipt; only receipts are booked.",
        "该笔不是收款，只入账收款。",
    ),
    Reason.NOT_BOOKED: (
        "The bank has announced the entry and not booked it yet; it is taken in when it is booked.",
        "银行仅预告该笔，尚未入账；入账后再导入。",
    ),
    Reason.RETURNED_RECEIPT: (
        "The bank took a payment back: send payment.charged_back for it.",
        "银行退回了一笔款项：请为其发送 payment.charged_back。",
    ),
    Reason.NO_BALANCE: (
        "The statement shows no balance: add an opening or closing balance, or give --opening.",
        "对账单没有余额：请补上期初或期末余额，或使用 --opening。",
    ),
    Reason.NO_CURRENCY: (
        "The statement names no currency: give --currency.",
        "对账单没有币种：请使用 --currency。",
    ),
    Reason.NO_CUSTOMER: (
        "The statement does not say whose it is: give --customer or --supplier.",
        "对账单没有说明客户或供应商：请使用 --customer 或 --supplier。",
    ),
    Reason.BAD_PERIOD: ("The period {value} cannot be read.", "期间“{value}”无法读取。"),
    Reason.BAD_BALANCE: ("The balance {value} cannot be read.", "余额“{value}”无法读取。"),
    Reason.NO_CLOSING: (
        "The statement has no closing balance: the file may have been cut off.",
        "对账单没有期末余额：文件可能不完整。",
    ),
    Reason.SAME_STATEMENT: (
        "The file holds a second statement {value} with other content; only the first is taken in. Import it in a file "
        "of its own, with another --statement-id.",
        "文件中有第二份内容不同的对账单 {value}，只导入第一份。请将其单独存为文件，并用 --statement-id 指定另一编号。",
    ),
    Reason.SEVERAL_ACCOUNTS: (
        "The file shows several accounts for the same days ({value}); a customer has one in each currency. Import the "
        "one that they keep with you, in a file of its own.",
        "文件在同一期间含多个账户（{value}）；每个客户每种币种只有一个账户。请只导入与贵方往来的账户。",
    ),
    Reason.STATEMENT_TOO_LARGE: (
        "{value} holds more than {limit} lines on one day, which is more than one record takes.",
        "{value} 一天内的行数超过 {limit}，超出单条记录的容量。",
    ),
    Reason.STATEMENT_TOO_LONG: (
        "{value} has more than {limit} lines, which is more than one account's books hold; ask for shorter periods.",
        "{value} 超过 {limit} 行，超出单个账户账簿的容量；请改为较短的期间。",
    ),
    Reason.STATEMENT_HELD_BACK: (
        "The statement {value} has rows that cannot be read; it is held back.",
        "对账单 {value} 有无法读取的行，已暂缓导入。",
    ),
    Reason.NO_HEADING: (
        "No row of the first {limit} names a date and an amount column: see `tieout template`, or give --columns.",
        "前 {limit} 行中没有日期列和金额列的标题：请参见 `tieout template`，或使用 --columns。",
    ),
    Reason.NO_LINES: ("The file holds no line and no balance.", "文件中没有明细，也没有余额。"),
    Reason.COLUMN_NOT_FOUND: ("There is no column {value}.", "没有“{value}”这一列。"),
    Reason.DATE_ORDER_AMBIGUOUS: (
        "Dates such as {value} can be day first or month first: give --date-order dmy or mdy.",
        "“{value}”这样的日期无法判断先日还是先月：请使用 --date-order dmy 或 mdy。",
    ),
    Reason.UNKNOWN_FORMAT: (
        "The file is in none of the formats {value}: give --format.",
        "文件不属于以下任何格式：{value}。请使用 --format。",
    ),
    Reason.UNREADABLE: (
        "The file cannot be read as {format}: {value}.",
        "文件无法按 {format} 读取：{value}。",
    ),
    Reason.TOO_LARGE: (
        "The file has {value}; at most {limit} is read.",
        "文件为 {value}，最多读取 {limit}。",
    ),
    Reason.HOSTILE: (
        "The file is refused because {value}, as files do that are made to harm.",
        "文件被拒绝：{value}，属于恶意文件的特征。",
    ),
    Reason.PASSWORD: (
        "The workbook has a password: save it without one.",
        "工作簿有密码：请另存为无密码的文件。",
    ),
    Reason.EMPTY_FILE: ("The file is empty.", "文件是空的。"),
}


#: the causes that stand inside a sentence, and are ours; what a parser says stays in its words
CAUSES_ZH: Final[Mapping[str, str]] = {
    "it has more cells than the headings": "单元格多于表头",
    "it declares a document type": "文件声明了文档类型",
    "it holds no STMTRS": "没有 STMTRS",
    "it holds no Stmt, Rpt or Ntfctn": "没有 Stmt、Rpt 或 Ntfctn",
    "it holds no field :20: with :25:": "没有带 :25: 的 :20: 字段",
    "it is cut off": "文件不完整",
    "it is no object": "不是对象",
    "it has no visible sheet": "没有可见的工作表",
    "it is a web page; save it as .xlsx": "这是网页，请另存为 .xlsx",
    "save it as .xlsx: it has a password or is older than 2007": "请另存为 .xlsx：文件有密码，或早于 2007 版",
    "it is no workbook of Excel since 2007; save it as .xlsx": "不是 Excel 2007 及以后的工作簿，请另存为 .xlsx",
    "it holds arrays of what takes no bytes": "含有不占字节的数组",
    "it unpacks to more than 1 GiB": "解压后超过 1 GiB",
    "a sheet declares XML entities": "工作表声明了 XML 实体",
    "a sheet holds a tag without an end": "工作表含有未结束的标签",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One row, or one statement, that was not taken in. ``row`` counts from 1, 0 for the whole file."""

    row: int
    reason: Reason
    column: str = ""
    value: str = ""
    document_no: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)

    def sentence(self, language: str) -> str:
        """What went wrong, as people read it; ``language`` is ``en`` or ``zh``."""
        value = CAUSES_ZH.get(self.value, self.value) if language == "zh" else self.value
        return sentence(self.reason, language, {"value": shown(value), **self.arguments})

    def rejection(self) -> Rejection:
        """The row of the error report."""
        return Rejection(
            self.row,
            self.reason,
            self.sentence("en"),
            self.document_no,
            "",
            column=self.column,
            value=self.value,
            detail_zh=self.sentence("zh"),
        )


class FileRefusedError(ImportingError):
    """Nothing of the file can be taken in. The message is English; ``problem`` has it in each language."""

    def __init__(self, reason: Reason, value: str = "", **arguments: str) -> None:
        self.problem = Problem(0, reason, value=value, arguments=arguments)
        super().__init__(self.problem.sentence("en"))


def sentence(reason: Reason, language: str, arguments: Mapping[str, str]) -> str:
    """The sentence of a reason in a language."""
    return SENTENCES[reason][1 if language == "zh" else 0].format_map(arguments)


def shown(value: str) -> str:
    """A value as a sentence may quote it: printable, at most 60 characters."""
    text = "".join(c if c.isprintable() else " " for c in value[:61])
    return f"{text[:60]}…" if len(text) > 60 else text
