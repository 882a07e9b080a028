"""What whole columns of a table decide before a line is read: how its dates and amounts are written, and in what.

A single cell may be read in two ways, or leave its currency out; the cells of all rows together may not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from domain.money import is_currency
from services.imports.statements.columns import Columns
from services.imports.statements.dates import Order, order_of, parse_date
from services.imports.statements.numbers import Mark, currencies_in, votes
from services.imports.statements.reasons import FileRefusedError, Reason
from services.imports.statements.sheet import Cell
from services.imports.statements.words import Field, currency_of

_NAMED_MAX: Final = 10_000
#: the rows of a table with the columns that they stand in; begins anew each time
Rows: TypeAlias = Callable[[], Iterable[tuple[Columns, list[Cell]]]]
Period: TypeAlias = tuple[dt.date, dt.date]


@dataclass(slots=True)
class Told:
    """What was found. ``orders``: those that a date proves; ``example``: a date that leaves its order open."""

    marks: set[Mark] = field(default_factory=set)
    orders: set[Order] = field(default_factory=set)
    example: str | None = None
    parties: set[str] = field(default_factory=set)
    in_column: set[str] = field(default_factory=set)
    """The currencies that a column of currencies names."""
    beside_amounts: set[str] = field(default_factory=set)

    @property
    def currency(self) -> str | None:
        """The only currency that the column names; without one, the only one that stands beside amounts."""
        named = self.in_column or self.beside_amounts
        return next(iter(named)) if len(named) == 1 else None

    def order(self, rows: Rows, period: Period | None) -> Order | None:
        """The order of days and months. Raises ``FileRefusedError`` where the dates leave it open."""
        if len(self.orders) == 1:
            return next(iter(self.orders))
        if self.example is None:
            return None
        if not self.orders and period is not None:
            fits = [order for order in Order if _all_within(rows, order, period)]
            if len(fits) == 1:
                return fits[0]
        raise FileRefusedError(Reason.DATE_ORDER_AMBIGUOUS, self.example)


def told_by(rows: Rows, whose: Field) -> Told:
    """Look at every row once. ``whose``: the column of customers, or of suppliers."""
    told = Told()
    for columns, cells in rows():
        if isinstance(date := columns.cell(cells, Field.DATE), str):
            orders, left_open = order_of((date,))
            told.orders |= orders
            told.example = told.example or left_open
        texts = list(columns.amount_texts(cells))
        if len(told.marks) < len(Mark):
            told.marks |= votes(texts)
        for text in texts:
            told.beside_amounts |= currencies_in(text)
        if whose in columns.heading.columns and len(told.parties) < _NAMED_MAX:
            told.parties.add(columns.text(cells, whose))
        if named := columns.text(cells, Field.CURRENCY):
            code = currency_of(named)
            told.in_column |= {code} if is_currency(code) else set()
    return told


def _all_within(rows: Rows, order: Order, period: Period) -> bool:
    dates = (parse_date(columns.cell(cells, Field.DATE), order) for columns, cells in rows())
    return all(period[0] <= date <= period[1] for date in dates if date is not None)
