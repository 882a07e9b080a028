"""Money: integer minor units beside an ISO 4217 currency, and the exact way to and from decimal text.

Why: a float cannot hold 0.10, and "two decimals" is wrong for JPY (0), KWD (3) and CLF (4). So amounts are
integers everywhere and the number of decimals comes from the ISO 4217 list (package ``iso4217``), in this
one place. Formatting for people (separators, symbols, languages) is not done here.

Invariants:

* ``from_text(to_text(a, c), c) == a`` for every amount and currency.
* Nothing is rounded silently: ``from_text`` refuses digits beyond the minor unit unless a rule is given.
* Units of account without a minor unit (gold XAU, SDR XDR, none XXX, test XTS) are not currencies here.

Errors::

    ValueError
    └── MoneyError
        ├── UnknownCurrencyError    the code is not an ISO 4217 currency with a minor unit
        ├── AmountUnreadableError   the text is not a plain decimal number
        ├── AmountInexactError      more decimals than the currency has, and no rounding rule
        └── AmountOutOfRangeError   does not fit the 64-bit integer that the ledger stores
"""

from __future__ import annotations

import decimal
import enum
import re
from typing import Final

import iso4217

#: what a BIGINT and an Avro long hold
AMOUNT_MINOR_MAX: Final = 2**63 - 1
AMOUNT_MINOR_MIN: Final = -(2**63)

_MINOR_UNITS: Final[dict[str, int]] = {
    currency.code: currency.exponent for currency in iso4217.Currency if currency.exponent is not None
}
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
#: longer than any amount that fits 64 bits with any number of decimals; bounds the work on hostile text
_TEXT_LENGTH_MAX: Final = 64
#: as many digits as the longest text can hold, so that no operation below is ever rounded by the context
_EXACT: Final = decimal.Context(prec=2 * _TEXT_LENGTH_MAX, traps=[decimal.InvalidOperation])


class Rounding(enum.StrEnum):
    """What to do with digits beyond the minor unit. ``REFUSE`` is the default."""

    REFUSE = "refuse"
    HALF_UP = "half_up"  #: commercial rounding: 0.005 → 0.01, -0.005 → -0.01
    HALF_EVEN = "half_even"  #: banker's rounding: 0.005 → 0.00, 0.015 → 0.02


_RULES: Final = {Rounding.HALF_UP: decimal.ROUND_HALF_UP, Rounding.HALF_EVEN: decimal.ROUND_HALF_EVEN}


class MoneyError(ValueError):
    """Any failure of this module."""


class UnknownCurrencyError(MoneyError):
    def __init__(self, currency: str) -> None:
        super().__init__(f"{currency!r} is not an ISO 4217 currency with a minor unit")
        self.currency = currency


class AmountUnreadableError(MoneyError):
    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:_TEXT_LENGTH_MAX]!r} is not a plain decimal number")
        self.text = text


class AmountInexactError(MoneyError):
    def __init__(self, text: str, currency: str, decimals: int) -> None:
        super().__init__(f"{text!r} has more decimals than {currency} has ({decimals})")
        self.text = text
        self.currency = currency
        self.decimals = decimals


class AmountOutOfRangeError(MoneyError):
    def __init__(self, text: str, currency: str) -> None:
        super().__init__(f"{text!r} {currency} does not fit a 64-bit integer of minor units")
        self.text = text
        self.currency = currency


def is_currency(code: str) -> bool:
    """Whether ``code`` is an ISO 4217 code in capitals that has a minor unit, that is, money one can owe."""
    return code in _MINOR_UNITS


def currencies() -> tuple[str, ...]:
    """Every code that ``is_currency`` accepts, sorted."""
    return tuple(sorted(_MINOR_UNITS))


def minor_units(currency: str) -> int:
    """The number of decimals of a currency: EUR 2, JPY 0, KWD 3, CLF 4. Raises ``UnknownCurrencyError``."""
    try:
        return _MINOR_UNITS[currency]
    except KeyError:
        raise UnknownCurrencyError(currency) from None


def minor_in_one(currency: str) -> int:
    """How many minor units make one whole unit: EUR 100, JPY 1. Raises ``UnknownCurrencyError``."""
    units = 1
    for _ in range(minor_units(currency)):
        units *= 10
    return units


def to_decimal(amount_minor: int, currency: str) -> decimal.Decimal:
    """The exact amount in major units, with all decimals of the currency: 1200 EUR → ``Decimal("12.00")``."""
    return decimal.Decimal(amount_minor).scaleb(-minor_units(currency), context=_EXACT)


def to_text(amount_minor: int, currency: str) -> str:
    """Plain decimal text for files and machines: ``-12.05``, no separators, never an exponent."""
    return f"{to_decimal(amount_minor, currency):f}"


def from_text(text: str, currency: str, rounding: Rounding = Rounding.REFUSE) -> int:
    """Read plain decimal text (``12``, ``-12.05``, ``+.5``) as minor units.

    Only ASCII digits, one sign and one point are read: separators, exponents, ``NaN`` and white space are
    for the importer that knows where its file comes from. Zeros beyond the minor unit are not digits lost.
    Raises one of the four errors of this module.
    """
    decimals = minor_units(currency)
    if len(text) > _TEXT_LENGTH_MAX or not _DECIMAL.fullmatch(text):
        raise AmountUnreadableError(text)
    scaled = decimal.Decimal(text).scaleb(decimals, context=_EXACT)
    rule = _RULES.get(rounding)
    whole = scaled.to_integral_value(rounding=rule or decimal.ROUND_DOWN, context=_EXACT)
    if rule is None and whole != scaled:
        raise AmountInexactError(text, currency, decimals)
    amount_minor = int(whole)
    if not AMOUNT_MINOR_MIN <= amount_minor <= AMOUNT_MINOR_MAX:
        raise AmountOutOfRangeError(text, currency)
    return amount_minor
