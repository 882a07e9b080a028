"""What people may say about a statement file, and what of it is remembered for a customer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import msgspec

from domain.parties import Role
from domain.statements import PeriodUnreadableError, parse_period
from services.imports.errors import OptionUnreadableError
from services.imports.statements.dates import Order
from services.imports.statements.draft import View
from services.imports.statements.numbers import Mark
from services.imports.statements.words import COLUMNS, Field

#: row → heading of the column → the right value
Corrections = Mapping[int, Mapping[str, str]]


class Layout(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a customer's files are laid out; kept per customer by ``--remember``. What is ``None`` is found out."""

    columns: Mapping[Field, str] = {}
    """field → heading of its column, for headings that the vocabulary does not know."""
    date_order: Order | None = None
    decimal: Mark | None = None
    view: View = View.AUTO
    encoding: str | None = None
    sheet: str | None = None
    currency: str | None = None

    def over(self, kept: Layout) -> Layout:
        """Return this layout, with ``kept`` where it says nothing."""
        return Layout(
            columns={**kept.columns, **self.columns},
            date_order=self.date_order or kept.date_order,
            decimal=self.decimal or kept.decimal,
            view=kept.view if self.view is View.AUTO else self.view,
            encoding=self.encoding or kept.encoding,
            sheet=self.sheet or kept.sheet,
            currency=self.currency or kept.currency,
        )


class StatementOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of ``tieout import customer-statement`` and ``supplier-statement`` beyond those of every import."""

    customer_id: str | None = None
    """The party whose statement it is, where the file does not say so in our ids."""
    role: Role = Role.CUSTOMER
    """Who sends such files: of a supplier's, only a supplier's number says whose it is."""
    statement_id: str | None = None
    period: tuple[dt.date, dt.date] | None = None
    opening: str | None = None
    """Opening balance in the file's own view, as decimal text."""
    format: str | None = None
    layout: Layout = Layout()
    remember: bool = False
    """Keep the layout for this customer's next files."""
    withdraw: bool = False
    """The file's statements no longer stand: withdraw them."""
    corrections: str | None = None
    """An error report whose column ``corrected`` was filled in."""


def columns_of(pairs: Iterable[str]) -> dict[Field, str]:
    """``date=Buchung`` → headings by field. Raises ``OptionUnreadableError``."""
    found: dict[Field, str] = {}
    for pair in pairs:
        name, _, heading = pair.partition("=")
        if name.strip() not in COLUMNS or not heading.strip():
            known = ", ".join(sorted(COLUMNS))
            raise OptionUnreadableError("columns", f"{pair.strip()!r} is no FIELD=HEADING of {known}.")
        found[Field(name.strip())] = heading.strip()
    return found


def period_of(text: str | None) -> tuple[dt.date, dt.date] | None:
    """First and last day of ``2026-01`` or ``2026-01-01..2026-01-31``. Raises ``OptionUnreadableError``."""
    if text is None:
        return None
    try:
        period = parse_period(text)
    except PeriodUnreadableError as error:
        raise OptionUnreadableError("period", str(error)) from error
    return period.start, period.end
