"""Amounts as people and spreadsheets write them, into exact decimal text.

Read: ``1,234.56``, ``1.234,56``, ``1 234,56``, ``1'234.56``, ``(123.45)``, ``123.45-``, ``-123.45``, full-width digits,
``¥``/``EUR``/``元`` beside the number, ``123.45 CR``, ``123,45 H``, ``贷 123.45``. A float never appears: spreadsheet
numbers come as decimals with the 15 digits that a spreadsheet itself shows.

Which mark is the decimal one is decided over all amounts of a file: one ``12,50`` says that the comma is. An
amount that stays open (``1,234`` beside nothing that decides) is read as thousands where the currency has no
three decimals, and is a problem where it has.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from domain.money import (
    AmountInexactError,
    AmountUnreadableError,
    MoneyError,
    from_text,
    is_currency,
    minor_units,
)
from services.imports.statements.reasons import Reason

TEXT_MAX: Final = 64


class Mark(enum.StrEnum):
    """The decimal mark."""

    POINT = "point"
    COMMA = "comma"


class Side(enum.Enum):
    """A side that stands beside an amount."""

    DEBIT = 1
    CREDIT = -1


SIDE_WORDS: Final = {
    **dict.fromkeys(("dr", "d", "debit", "dbit", "s", "soll", "借", "借方", "借项"), Side.DEBIT),
    **dict.fromkeys(("cr", "c", "credit", "crdt", "h", "haben", "贷", "贷方", "贷项"), Side.CREDIT),
}
_SIDE_BESIDE: Final = re.compile(
    r"^(?:(dr|cr|借|贷)[.:：]?\s*)?(.*?)\s*(dr|cr|借|贷|(?<=[\d.,\s])[dcsh])?\.?$", re.IGNORECASE | re.DOTALL
)
_MONEY_SIGNS: Final = re.compile(r"[¥￥$€£₹₩元圆]|\b(?:RMB|[A-Z]{3})\b|(?:US|HK|NT|A|C|S)\$")
#: what stands for one currency alone; a dollar or ¥ may be several
_CODES: Final = re.compile(r"\b[A-Z]{3}\b|€|(?:US|HK)\$|\bRMB\b")
_CODE_OF: Final = {"€": "EUR", "US$": "USD", "HK$": "HKD", "RMB": "CNY"}
_DIGITS: Final = re.compile(r"[0-9]+(?:[.,'’ ][0-9]+)*[.,]?|[.,][0-9]+")
#: thousands as they are grouped in most places, and in India
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:([.,'’ ])(?:[0-9]{2,3}\1)*[0-9]{3})?(?:(?!\1)[.,][0-9]*)?")
_EMPTY: Final = frozenset({"", "-", "--", "—", "–", "nil", "n/a", "/"})


class AmountError(ValueError):
    """The text is no amount; ``reason`` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def is_empty(text: str) -> bool:
    """Whether a cell says "no amount"."""
    return text.strip().casefold() in _EMPTY


def side_of(text: str) -> Side | None:
    """The side that a direction cell names; ``None`` for 平, an empty cell or another word."""
    return SIDE_WORDS.get(unicodedata.normalize("NFKC", text).strip().rstrip(".").casefold())


def currencies_in(text: str) -> set[str]:
    """The currencies that stand beside an amount: ``USD 450.00``, ``450,00 €``."""
    found = (
        _CODE_OF.get(code, code) for code in _CODES.findall(unicodedata.normalize("NFKC", text[:TEXT_MAX]))
    )
    return {code for code in found if is_currency(code)}


def votes(texts: Iterable[str]) -> set[Mark]:
    """The decimal marks that the amounts of a file prove."""
    found: set[Mark] = set()
    for text in texts:
        try:
            mark = _proven(_taken_apart(text)[0])
        except AmountError:
            continue
        if mark is not None:
            found.add(mark)
            if len(found) == len(Mark):
                break
    return found


def to_minor(value: str | Decimal, currency: str, marks: set[Mark]) -> tuple[int, Side | None]:
    """(signed minor units, side beside the number or ``None``). Raises ``AmountError``."""
    if isinstance(value, Decimal):
        return _exact(f"{value:f}", currency), None
    if (named := currencies_in(value)) and currency not in named:
        raise AmountError(Reason.OTHER_CURRENCY)
    digits, negative, side = _taken_apart(value)
    mark = _proven(digits) or _assumed(digits, currency, marks)
    thousands = "." if mark is Mark.COMMA else ","
    plain = re.sub(r"['’ ]", "", digits).replace(thousands, "").replace(",", ".")
    amount = _exact(plain.rstrip("."), currency)
    return (-amount if negative else amount), side


def _exact(plain: str, currency: str) -> int:
    try:
        return from_text(plain, currency)
    except AmountInexactError:
        raise AmountError(Reason.TOO_MANY_DECIMALS) from None
    except (AmountUnreadableError, MoneyError):
        raise AmountError(Reason.BAD_AMOUNT) from None


def _taken_apart(text: str) -> tuple[str, bool, Side | None]:
    """(digits with their marks, negative, side)."""
    if len(text) > TEXT_MAX:
        raise AmountError(Reason.BAD_AMOUNT)
    plain = unicodedata.normalize("NFKC", text).replace("−", "-").strip()
    found = _SIDE_BESIDE.match(plain)
    word = (found[1] or found[3]) if found else None
    side = side_of(word) if word else None
    body = _MONEY_SIGNS.sub("", found[2] if found else plain).strip()
    negative = False
    if body.startswith("(") and body.endswith(")"):
        negative, body = True, body[1:-1].strip()
    if body.endswith("-"):
        negative, body = not negative, body[:-1].strip()
    if body[:1] in ("-", "+"):
        negative, body = negative != (body[0] == "-"), body[1:].strip()
    if not _DIGITS.fullmatch(body):
        raise AmountError(Reason.BAD_AMOUNT)
    return body, negative, side


def _proven(digits: str) -> Mark | None:
    """The decimal mark that an amount by itself proves; also checks that its groups are groups."""
    points, commas = digits.count("."), digits.count(",")
    marks = points + commas + sum(digits.count(space) for space in "'’ ")
    if (marks > 1 or marks > points + commas) and not _GROUPED.fullmatch(digits):
        raise AmountError(Reason.BAD_AMOUNT)
    if points and commas:
        mark = Mark.POINT if digits.rindex(".") > digits.rindex(",") else Mark.COMMA
        if (points if mark is Mark.POINT else commas) > 1:
            raise AmountError(Reason.BAD_AMOUNT)
        return mark
    if points > 1:
        return Mark.COMMA
    if commas > 1:
        return Mark.POINT
    if points or commas:
        sign = "." if points else ","
        whole, _, rest = digits.partition(sign)
        if len(rest) != 3 or not 1 <= len(re.sub(r"\D", "", whole)) <= 3 or whole.startswith("0"):
            return Mark.POINT if points else Mark.COMMA
    return None


def _assumed(digits: str, currency: str, marks: set[Mark]) -> Mark:
    if len(marks) == 1:
        return next(iter(marks))
    if "." not in digits and "," not in digits:
        return Mark.POINT
    if marks or minor_units(currency) >= 3:
        raise AmountError(Reason.AMBIGUOUS_AMOUNT)
    # three digits cannot be decimals of this currency, so the mark parts thousands
    return Mark.COMMA if "." in digits else Mark.POINT
