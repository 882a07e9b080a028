"""The words by which columns, rows and figures of a statement are known, in English, Chinese and some other languages.

A word is compared after ``plain``: case, spaces, signs, full width and a unit in brackets do not count. Another
language is more words in ``words.toml``; a house's own wording is a layout that is kept for the customer.
"""

from __future__ import annotations

import enum
import importlib.resources
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from domain.money import is_currency


class Field(enum.StrEnum):
    """What a column, or a figure above the table, holds."""

    DATE = "date"
    YEAR = "year"
    MONTH = "month"
    """Of ledgers that print month and day in columns of their own, under the year."""
    DAY = "day"
    DOCUMENT = "document"
    REFERENCE = "reference"
    TEXT = "text"
    DEBIT = "debit"
    CREDIT = "credit"
    RAISES = "raises"
    """Raises what the buyer owes the seller, in whoever's books: the template's own column."""
    LOWERS = "lowers"
    OWED = "owed"
    AMOUNT = "amount"
    DIRECTION = "direction"
    BALANCE = "balance"
    PAYER = "payer"
    PAYER_ACCOUNT = "payer_account"
    CUSTOMER = "customer"
    SUPPLIER = "supplier"
    CUSTOMER_NAME = "customer_name"
    CURRENCY = "currency"
    STATEMENT_NO = "statement_no"
    PERIOD = "period"
    PERIOD_START = "period_start"
    PERIOD_END = "period_end"
    OPENING = "opening"
    CLOSING = "closing"


#: fields that a table may have as columns
COLUMNS: Final = frozenset(Field) - {
    Field.PERIOD,
    Field.PERIOD_START,
    Field.PERIOD_END,
    Field.OPENING,
    Field.CLOSING,
    Field.CUSTOMER_NAME,
}

_WORDS: Final = tomllib.loads(
    (importlib.resources.files("services.imports.statements") / "words.toml").read_text(encoding="utf-8")
)

_SIGNS: Final = re.compile(r"[\s_:：.,，/\\\-()（）*#'’&]+")
_UNIT: Final = re.compile(r"[(（\[][^)）\]]{0,12}[)）\]]\s*$")
#: traditional signs of the words in ``words.toml``, by their simplified ones
_TRADITIONAL: Final = str.maketrans(
    "據單號編餘額貸幣別計賬帳戶應備註對發開憑證記結轉過頁間總業務參內項稱說訂給客",
    "据单号编余额贷币别计账账户应备注对发开凭证记结转过页间总业务参内项称说订给客",
)
#: 合　　计 is spaced to the width of its column
_SPACED: Final = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
#: sums of a month, a page or a year to date, which a ledger prints between its lines
_SUM: Final = re.compile(
    r"(?:\d{4}年)?(?:\d{1,2}月份?|本[日周旬月季年期页]|当[日月季年期页前]|截止.{0,12}|全年|以上)?(?:借方|贷方|发生额)?"
    r"(?:合计|小计|累计|总计|共计)(?:数|额|金额|发生额)?"
    r"|(?:(?:grand|page|daily|weekly|monthly|quarterly|annual|period|month|year to date|ytd) )?totals?"
    r"(?: (?:for|of|in|to|as of|as at|this|debits?|credits?|movements?|transactions?)\b.*)?"
)


#: what follows a label of a balance: "Opening balance as at 01/01/2026", "Saldovortrag per 1.1."
_AS_OF: Final = re.compile(r"(?<=\w) (?:as at|as of|per|at|on|from|zum|vom|am|au|al)\b.*")


def plain(text: str) -> str:
    """A heading or label as words are compared: ``Debit  Amount (EUR)`` → ``debit amount``, ``合　计`` → ``合计``."""
    narrow = unicodedata.normalize("NFKC", text[:80])
    word = _SIGNS.sub(" ", _UNIT.sub("", narrow)).strip().casefold()
    return word if word.isascii() else _SPACED.sub("", word.translate(_TRADITIONAL))


FIELD_OF: Final[Mapping[str, Field]] = {
    plain(word): Field(field) for field, words in _WORDS["fields"].items() for word in words
}
#: headings that mean other over a column than beside a table
_OVER_A_COLUMN: Final[Mapping[str, Field]] = {
    plain(word): Field(field) for field, words in _WORDS["headings"].items() for word in words
}
TOTALS: Final = frozenset(map(plain, _WORDS["sums"]["totals"]))
SUBTOTALS: Final = frozenset(map(plain, _WORDS["sums"]["subtotals"]))
OPENING_WORDS: Final = frozenset(word for word, field in FIELD_OF.items() if field is Field.OPENING)
CLOSING_WORDS: Final = frozenset(word for word, field in FIELD_OF.items() if field is Field.CLOSING)
#: words for currencies that people write instead of the ISO code
CURRENCY_WORDS: Final[Mapping[str, str]] = _WORDS["currencies"]


class RowWord(enum.Enum):
    """What a row of balances or sums holds."""

    OPENING = enum.auto()
    CLOSING = enum.auto()
    TOTAL = enum.auto()
    SUBTOTAL = enum.auto()


@lru_cache(maxsize=4096)
def row_word(text: str) -> RowWord | None:
    """What the words of a cell make of its row, if they make it other than a line."""
    word = _AS_OF.sub("", plain(text))
    if word in OPENING_WORDS:
        return RowWord.OPENING
    if word in CLOSING_WORDS:
        return RowWord.CLOSING
    if word in TOTALS:
        return RowWord.TOTAL
    return RowWord.SUBTOTAL if word in SUBTOTALS or _SUM.fullmatch(word) else None


@lru_cache(maxsize=4096)
def column_field(text: str) -> Field | None:
    """The field that a heading names; a heading in two languages (``日期 Date``) is known by either."""
    whole = plain(text)
    spelt = (
        _SIGNS.sub(" ", unicodedata.normalize("NFKC", text[:80])).strip().casefold()
    )  # "Amount (Debit)" is two
    found = _OVER_A_COLUMN.get(whole) or FIELD_OF.get(spelt) or FIELD_OF.get(whole)
    if found is None and not whole.isascii():
        latin = re.sub(r"[^\x00-\x7f]+", " ", whole).strip()
        other = re.sub(r"[\x00-\x7f]+", "", whole).strip()
        found = FIELD_OF.get(other) or FIELD_OF.get(latin)
    if found is None:
        word, _, unit = whole.rpartition(" ")  # "Debit EUR", "Betrag Soll EUR"
        found = FIELD_OF.get(word) if is_currency(unit.upper()) else None
    return found if found in COLUMNS else None


def label_field(text: str) -> tuple[Field, str] | None:
    """(field, what stands behind it in the same cell) of a label above or below the table: ``币种：人民币``."""
    whole = FIELD_OF.get(plain(text))
    if whole is not None:
        return whole, ""
    label, mark, value = unicodedata.normalize("NFKC", text[:200]).partition(":")
    if mark:
        field = FIELD_OF.get(plain(label))
        if field is not None:
            return field, value.strip()
    return None


def currency_of(text: str) -> str:
    """The ISO 4217 code that a cell means, or the cell's own text in capitals."""
    trimmed = unicodedata.normalize("NFKC", text).strip()
    if trimmed.casefold() in CURRENCY_WORDS:
        return CURRENCY_WORDS[trimmed.casefold()]
    code = re.search(r"\b([A-Z]{3})\b", trimmed.upper())
    return code[1] if code else trimmed.upper()
