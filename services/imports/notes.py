"""What an import says beside its counts, for people to know: in English and in Chinese, by a code.

A note is no refusal: what it tells of was taken in. What was not is a ``Rejection``.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


class NoteCode(enum.StrEnum):
    """What is told; never changes its meaning."""

    # how a file was read
    COLUMN_NOT_THERE = "COLUMN_NOT_THERE"
    NO_DOCUMENT_COLUMN = "NO_DOCUMENT_COLUMN"
    OTHER_PARTY_NAMED = "OTHER_PARTY_NAMED"
    CURRENCY_TAKEN = "CURRENCY_TAKEN"
    BALANCES_WITHOUT_SIDE = "BALANCES_WITHOUT_SIDE"
    PERIOD_TAKEN = "PERIOD_TAKEN"
    NOT_CORRECTED = "NOT_CORRECTED"
    # what became of a statement
    KNOWN_BEFORE = "KNOWN_BEFORE"
    RECEIVED = "RECEIVED"
    REPLACED = "REPLACED"
    WITHDRAWN = "WITHDRAWN"
    ROWS_LEFT_OUT = "ROWS_LEFT_OUT"
    DOES_NOT_ADD_UP = "DOES_NOT_ADD_UP"
    SAME_DAYS = "SAME_DAYS"
    OPENING_IS_NOT_LAST_CLOSING = "OPENING_IS_NOT_LAST_CLOSING"
    ON_THE_OTHER_SIDE = "ON_THE_OTHER_SIDE"
    # receipts
    RECEIPTS_KNOWN_BEFORE = "RECEIPTS_KNOWN_BEFORE"
    PAYMENTS_OUT = "PAYMENTS_OUT"
    RECEIPTS_UNIDENTIFIED = "RECEIPTS_UNIDENTIFIED"
    RECEIPTS_IDENTIFIED = "RECEIPTS_IDENTIFIED"
    # other files
    ROUNDED = "ROUNDED"
    ANONYMOUS_ROWS = "ANONYMOUS_ROWS"
    RECORDS_CHANGED = "RECORDS_CHANGED"


#: code -> (English, Chinese); arguments by name
SENTENCES: Final[Mapping[NoteCode, tuple[str, str]]] = {
    NoteCode.COLUMN_NOT_THERE: (
        "there is no column {told}, {read} was read as {field}.",
        "没有“{told}”这一列，“{read}”作为 {field} 读取。",
    ),
    NoteCode.NO_DOCUMENT_COLUMN: (
        "no column names the documents, so lines are known by amount and date alone; --columns document=HEADING says "
        "which one does.",
        "没有单据号列，各行只能按金额和日期识别；可用 --columns document=表头 指定。",
    ),
    NoteCode.OTHER_PARTY_NAMED: (
        "the file names {said}, taken for {taken} as it was asked for.",
        "文件写的是 {said}，按指定归于 {taken}。",
    ),
    NoteCode.CURRENCY_TAKEN: (
        "currency not stated, taken as {currency}, which stands beside its amounts.",
        "未写明币种，按金额旁所注的 {currency} 处理。",
    ),
    NoteCode.BALANCES_WITHOUT_SIDE: (
        "nothing tells whether its balances are in debit or in credit, taken as what is owed; --view decides.",
        "无从判断余额在借方还是贷方，按应收（应付）余额处理；可用 --view 指定。",
    ),
    NoteCode.PERIOD_TAKEN: (
        "period not stated, taken as {start} to {end}.",
        "未写明期间，按 {start} 至 {end} 处理。",
    ),
    NoteCode.NOT_CORRECTED: (
        "the corrections of rows {rows} were not put in: the whole row is damaged, or this format has no cells. "
        "Mend the file itself and import it again.",
        "第 {rows} 行的更正未能采用：整行已损坏，或该格式没有单元格。请改正文件本身后重新导入。",
    ),
    NoteCode.KNOWN_BEFORE: (
        "imported before as version {version}; nothing was sent.",
        "此前已作为第 {version} 版导入，未重复发送。",
    ),
    **{
        code: (
            f"{life}, version {{version}}, {{lines}} lines, read in {{how}}.",
            f"{life_zh}，第 {{version}} 版，{{lines}} 行，{{how_zh}}。",
        )
        for code, life, life_zh in (
            (NoteCode.RECEIVED, "received", "已收到"),
            (NoteCode.REPLACED, "replaced", "已替换前一版"),
            (NoteCode.WITHDRAWN, "withdrawn", "已撤回"),
        )
    },
    NoteCode.ROWS_LEFT_OUT: (
        "rows were left out; what they show is missing in the comparison until they are corrected.",
        "有行被剔除，更正之前比对中缺少这些内容。",
    ),
    NoteCode.DOES_NOT_ADD_UP: (
        "opening plus lines misses closing by {gap}.",
        "期初加明细与期末相差 {gap}。",
    ),
    NoteCode.SAME_DAYS: (
        "{other} is of the same days, in part or in whole. If this one replaces it, withdraw that one, or give "
        "--statement-id.",
        "{other} 与本份期间有重叠。如以本份取代，请撤回那一份，或使用 --statement-id。",
    ),
    NoteCode.OPENING_IS_NOT_LAST_CLOSING: (
        "its opening balance {opening} is not the closing balance {closing} of {before}.",
        "期初余额 {opening} 与 {before} 的期末余额 {closing} 不一致。",
    ),
    NoteCode.ON_THE_OTHER_SIDE: (
        "{other} of its {there} documents that the books have stand there on the other side. If all its amounts are "
        "turned round, import it again with --view {view}.",
        "我方账上有的 {there} 张单据中，{other} 张方向相反。如全部金额方向相反，请用 --view {view} 重新导入。",
    ),
    NoteCode.RECEIPTS_KNOWN_BEFORE: (
        "{count} receipts were imported before; the books know them.",
        "{count} 笔收款此前已导入，账上已有。",
    ),
    NoteCode.PAYMENTS_OUT: (
        "{count} payments to suppliers known by {by}.",
        "{count} 笔对供应商的付款，按{by_zh}识别。",
    ),
    NoteCode.RECEIPTS_UNIDENTIFIED: (
        "{count} receipts of unknown payers, booked on {account}.",
        "{count} 笔收款的付款人不明，记入 {account}。",
    ),
    NoteCode.RECEIPTS_IDENTIFIED: (
        "{count} receipts known by {by}.",
        "{count} 笔收款，按{by_zh}识别。",
    ),
    NoteCode.ROUNDED: (
        "{exact} rounded to {booked} minor units (rows {rows})",
        "{exact} 舍入为 {booked}（最小货币单位，第 {rows} 行）",
    ),
    NoteCode.ANONYMOUS_ROWS: (
        "{count} rows without a customer booked on {account}",
        "{count} 行没有客户，记入 {account}",
    ),
    NoteCode.RECORDS_CHANGED: (
        "{changed} of {different} are new or changed.",
        "{different} 条中有 {changed} 条新增或有变。",
    ),
}


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that is told. ``about``: the statement or document, in front of the sentence."""

    code: NoteCode
    arguments: Mapping[str, str] = field(default_factory=dict)
    about: str = ""

    def sentence(self, language: str) -> str:
        """As people read it; ``language`` is ``en`` or ``zh``."""
        chinese = language == "zh"
        told = SENTENCES[self.code][chinese].format_map(self.arguments)
        return f"{self.about}{'：' if chinese else ': '}{told}" if self.about else told

    def __str__(self) -> str:
        return self.sentence("en")
