"""Money as people read it, by language. The decimals are ISO 4217's (``domain.money``), not the locale's."""

from __future__ import annotations

from babel.numbers import format_decimal

from domain.money import minor_units, to_decimal
from services.language.findings import Language

_LOCALES = {"en": "en_GB", "zh": "zh_Hans_CN"}


def money_text(amount_minor: int, currency: str, language: Language) -> str:
    """``EUR 1,234.50``, ``JPY -1,200``, ``KWD 0.125``. Raises ``UnknownCurrencyError``."""
    decimals = minor_units(currency)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return f"{currency} {format_decimal(to_decimal(amount_minor, currency), pattern, _LOCALES[language])}"
