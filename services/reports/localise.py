"""Texts, dates and money for people, per language. The only place of this service that knows languages.

Texts stand in ``texts/<language>.toml``, one file a language; a new language is a new file. What is said otherwise to
suppliers stands under ``supplier`` there, and nothing else does. Dates and number
separators come from CLDR (babel); the number of decimals comes from ISO 4217 (``domain.money``), because CLDR
rounds some currencies (IQD, ALL) to what is paid in cash, and a statement must not.
"""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import NumberPattern, format_decimal, get_currency_name, parse_pattern

from domain import money
from domain.parties import Role
from services.reports.errors import UnknownLanguageError

_TEXTS = Path(__file__).parent / "texts"
_NO_BREAK = "\N{NO-BREAK SPACE}"


def languages() -> tuple[str, ...]:
    """Languages that have a catalogue, sorted."""
    return tuple(sorted(path.stem for path in _TEXTS.glob("*.toml")))


@functools.cache
def localiser(language: str, role: Role = Role.CUSTOMER) -> Localiser:
    """The localiser of a language for readers of a role, read once per process. Raises ``UnknownLanguageError``."""
    if language not in languages():
        raise UnknownLanguageError(language, languages())
    catalogue = tomllib.loads((_TEXTS / f"{language}.toml").read_text("utf-8"))
    other_words = catalogue.pop(Role.SUPPLIER.value)
    if role is Role.SUPPLIER:
        catalogue = _over(other_words, catalogue)
    return Localiser(language, role, catalogue)


def _over(texts: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """``others``, with what ``texts`` says instead."""
    return others | {
        key: _over(value, others[key]) if isinstance(value, dict) else value for key, value in texts.items()
    }


class Localiser:
    """Immutable after construction and free of clocks: the same arguments give the same text."""

    def __init__(self, language: str, role: Role, catalogue: dict[str, Any]) -> None:
        self.language = language
        self.role = role
        self.catalogue = catalogue
        self.locale = Locale.parse(catalogue["locale"]["babel"])

    def text(self, section: str, key: str, **arguments: object) -> str:
        """One text of the catalogue with its ``{names}`` filled in. A missing key is a bug: ``KeyError``."""
        return str(self.catalogue[section][key]).format(**arguments)

    def texts(self, section: str) -> dict[str, str]:
        """All texts of a section as they stand, for a template's labels."""
        return {key: str(value) for key, value in self.catalogue[section].items()}

    def description(self, kind: str, role: str) -> str:
        """What a line is, for people. A kind that has no text yet is shown by its name, never left out."""
        texts = self.catalogue["kind"].get(role, self.catalogue["kind"]["POSTED"])
        return str(texts.get(kind, kind.replace("_", " ").capitalize()))

    def long_date(self, date: dt.date) -> str:
        return format_date(date, self.catalogue["locale"]["long_date"], locale=self.locale)

    def short_date(self, date: dt.date) -> str:
        return format_date(date, self.catalogue["locale"]["short_date"], locale=self.locale)

    def number(self, amount_minor: int, currency: str) -> str:
        """``-1,234.50`` with the currency's own decimals, without the currency.

        The sign is a hyphen: the true minus of a CJK font is as wide as a Chinese character.
        """
        amount = money.to_decimal(amount_minor, currency)
        return format_decimal(amount, format=_pattern(money.minor_units(currency)), locale=self.locale)

    def amount(self, amount_minor: int, currency: str) -> str:
        """``EUR 1,234.50``: the ISO code, since ``$`` and ``¥`` are several currencies."""
        return f"{currency}{_NO_BREAK}{self.number(amount_minor, currency)}"

    def currency_name(self, currency: str) -> str:
        return get_currency_name(currency, locale=self.locale)


@functools.cache
def _pattern(decimals: int) -> NumberPattern:
    return parse_pattern("#,##0" + ("." + "0" * decimals if decimals else ""))
