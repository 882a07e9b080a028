"""What every workbook of ours is made of: formats, and a sheet whose amounts are exact.

Excel keeps numbers as binary doubles, which hold 15 decimal digits. So an amount of up to 15 significant
digits is written as a number (exactly: XlsxWriter formats the ``Decimal``, no float is made), a longer one as
text, and then the sheet has no formulas over it, because a sum that leaves a cell out would lie.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from domain import money
from services.reports.localise import Localiser
from services.reports.plain_text import inert

#: what a double holds of any decimal number, and what Excel shows
SIGNIFICANT_DIGITS_MAX: Final = 15
OPTIONS: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "yyyy-mm-dd",
}


class Formats:
    """The cell formats of a workbook; numbers by the decimals of the currency."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._numbers: dict[tuple[int, bool], Any] = {}
        self.title = book.add_format({"bold": True, "font_size": 14, "font_color": "#0B4F6C"})
        self.head = book.add_format(
            {"bold": True, "bg_color": "#F3F6F9", "bottom": 1, "bottom_color": "#0B4F6C", "text_wrap": True}
        )
        self.head_right = book.add_format(
            {
                "bold": True,
                "bg_color": "#F3F6F9",
                "bottom": 1,
                "bottom_color": "#0B4F6C",
                "align": "right",
                "text_wrap": True,
            }
        )
        self.date = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        self.bold = book.add_format({"bold": True, "top": 1})
        self.plain = book.add_format({})
        self.small = book.add_format({"font_size": 8, "font_color": "#5B6875"})
        self.right = book.add_format({"align": "right"})

    def number(self, decimals: int, *, total: bool) -> Any:
        key = (decimals, total)
        if key not in self._numbers:
            form = "#,##0" + ("." + "0" * decimals if decimals else "")
            look: dict[str, Any] = {"num_format": f"{form};[Red]-{form}", "align": "right"}
            if total:
                look |= {"bold": True, "top": 1}
            self._numbers[key] = self._book.add_format(look)
        return self._numbers[key]


class MoneySheet:
    """Writes cells of one currency. ``exact``: every amount of it fits a number cell, so that formulas hold."""

    def __init__(self, sheet: Any, formats: Formats, words: Localiser, currency: str, *, exact: bool) -> None:
        self.sheet, self.formats, self.words = sheet, formats, words
        self.currency, self.exact = currency, exact
        self.decimals = money.minor_units(currency)
        sheet.hide_gridlines(2)
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)

    def text(self, row: int, column: int, text: str, look: Any = None) -> None:
        self.sheet.write_string(row, column, inert(text), look or self.formats.plain)

    def date(self, row: int, column: int, date: dt.date) -> None:
        self.sheet.write_datetime(row, column, dt.datetime.combine(date, dt.time()), self.formats.date)

    def amount(self, row: int, column: int, amount_minor: int, *, total: bool = False) -> None:
        look = self.formats.number(self.decimals, total=total)
        value = money.to_decimal(amount_minor, self.currency)
        if fits(amount_minor):
            self.sheet.write_number(row, column, value, look)
        else:
            self.sheet.write_string(row, column, f"{value:f}", look)

    def formula(self, row: int, column: int, formula: str, amount_minor: int, *, total: bool = True) -> None:
        """A formula over number cells, with its value for readers that do not calculate."""
        if not self.exact:
            self.amount(row, column, amount_minor, total=total)
            return
        value: Decimal = money.to_decimal(amount_minor, self.currency)
        look = self.formats.number(self.decimals, total=total)
        self.sheet.write_formula(row, column, formula, look, f"{value:f}")

    def check(self, row: int, column: int, left: str, right: str) -> None:
        """A cell that says whether two cells agree; recalculated when someone changes a figure."""
        agrees, differs = self.words.text("proof", "agrees"), self.words.text("proof", "differs")
        if not self.exact:
            self.text(row, column, agrees)
            return
        test = f'=IF(ROUND({left}-({right}),{self.decimals})=0,"{agrees}","{differs}")'
        self.sheet.write_formula(row, column, test, self.formats.plain, agrees)

    def heads(self, row: int, texts: Iterable[tuple[str, str]], right_from: int) -> None:
        for column, (section, key) in enumerate(texts):
            look = self.formats.head_right if column >= right_from else self.formats.head
            self.text(row, column, self.words.text(section, key), look)


def fits(amount_minor: int) -> bool:
    """Whether a number cell holds the amount."""
    return len(str(abs(amount_minor))) <= SIGNIFICANT_DIGITS_MAX
