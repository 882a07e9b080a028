"""What the cells of a row say, by the columns of its table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from services.imports.statements.balances import Figures, Shown
from services.imports.statements.dates import Order, parse_date
from services.imports.statements.heading import Heading
from services.imports.statements.numbers import AmountError, Mark, Side, is_empty, side_of, to_minor
from services.imports.statements.reasons import Reason
from services.imports.statements.sheet import Cell, text_of
from services.imports.statements.words import Field

AMOUNTS: Final = (
    Field.DEBIT,
    Field.CREDIT,
    Field.RAISES,
    Field.LOWERS,
    Field.AMOUNT,
    Field.BALANCE,
    Field.OWED,
)


class BadCellError(Exception):
    """A cell that cannot be read; caught where the row is."""

    def __init__(self, reason: Reason, what: Field, value: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.what = what
        self.value = value


@dataclass(slots=True)
class Columns:
    """Reads the rows below one heading. Raises ``BadCellError``.

    ``marks`` and ``order``: what whole columns decide. ``unsided``: +1 if an amount without a side is a debit, else -1.
    """

    heading: Heading
    marks: set[Mark]
    order: Order | None
    unsided: int
    _amounts_at: list[int] = field(init=False)

    def __post_init__(self) -> None:
        at = self.heading.columns
        self._amounts_at = [at[what] for what in AMOUNTS if what in at]

    def cell(self, cells: list[Cell], what: Field) -> Cell:
        """The cell, or an empty one."""
        at = self.heading.columns.get(what)
        return cells[at] if at is not None and at < len(cells) else ""

    def text(self, cells: list[Cell], what: Field) -> str:
        """The cell as text."""
        return text_of(self.cell(cells, what))

    def date(self, cells: list[Cell]) -> dt.date | None:
        """The row's date, if it can be read."""
        return parse_date(self.cell(cells, Field.DATE), self.order)

    def amount_texts(self, cells: list[Cell]) -> Iterator[str]:
        """The cells of amounts that are text."""
        for at in self._amounts_at:
            if at < len(cells) and (cell := cells[at]) and isinstance(cell, str):
                yield cell

    def has_amount(self, cells: list[Cell]) -> bool:
        """Whether a cell of an amount is not empty; zero is an amount."""
        for at in self._amounts_at:
            if (
                at < len(cells)
                and (cell := cells[at]) != ""
                and not (isinstance(cell, str) and is_empty(cell))
            ):
                return True
        return False

    def minor(self, value: Cell, currency: str, what: Field) -> tuple[int, Side | None]:
        """(minor units, side beside the number or ``None``)."""
        if isinstance(value, dt.date):
            raise BadCellError(Reason.BAD_AMOUNT, what, value.isoformat())
        try:
            return to_minor(value, currency, self.marks)
        except AmountError as error:
            raise BadCellError(error.reason, what, text_of(value)) from None

    def side(self, cells: list[Cell], what: Field, currency: str) -> int | None:
        """The minor units in a column of one side, ``None`` where it is empty."""
        value = self.cell(cells, what)
        return None if is_empty(text_of(value)) else self.minor(value, currency, what)[0]

    def signed(self, cells: list[Cell], currency: str) -> int:
        """The row's amount, debit-positive in the file's view."""
        at = self.heading.columns
        two = (Field.RAISES, Field.LOWERS) if Field.RAISES in at else (Field.DEBIT, Field.CREDIT)
        if two[0] in at and two[1] in at:
            debit, credit = (self.side(cells, what, currency) for what in two)
            if debit and credit:
                both = f"{self.text(cells, two[0])} / {self.text(cells, two[1])}"
                raise BadCellError(Reason.BOTH_SIDES, two[1], both)
            if debit is None and credit is None:
                raise BadCellError(Reason.MISSING_AMOUNT, two[0], "")
            return (debit or 0) - (credit or 0)
        value = self.cell(cells, Field.AMOUNT)
        if is_empty(text_of(value)):
            raise BadCellError(Reason.MISSING_AMOUNT, Field.AMOUNT, "")
        minor, side = self.minor(value, currency, Field.AMOUNT)
        if Field.DIRECTION in at:
            word = self.text(cells, Field.DIRECTION)
            side = side_of(word)
            if side is None:
                raise BadCellError(Reason.BAD_DIRECTION, Field.DIRECTION, word)
        return minor * (self.unsided if side is None else side.value)

    def both_sides(self, cells: list[Cell], currency: str) -> tuple[int | None, int | None]:
        """What stands in debit and in credit, each ``None`` where it is empty; of one signed amount, it as a debit."""
        at = self.heading.columns
        two = (Field.RAISES, Field.LOWERS) if Field.RAISES in at else (Field.DEBIT, Field.CREDIT)
        if two[0] in at and two[1] in at:
            return self.side(cells, two[0], currency), self.side(cells, two[1], currency)
        value = self.cell(cells, Field.AMOUNT)
        return (None if is_empty(text_of(value)) else self.signed(cells, currency)), None

    def balance(self, cells: list[Cell], currency: str) -> Shown | None:
        """The running balance."""
        at = self.heading.columns
        what = Field.OWED if Field.OWED in at else Field.BALANCE
        value = self.cell(cells, what)
        if is_empty(text_of(value)):
            return None
        minor, side = self.minor(value, currency, what)
        if Field.DIRECTION in at and Field.AMOUNT not in at:
            side = side_of(self.text(cells, Field.DIRECTION)) or side
        if what is Field.OWED:
            side = Side.DEBIT
        return Shown(minor, sided=False) if side is None else Shown(minor * side.value, sided=True)

    def said_balance(self, value: Cell, currency: str, what: Field) -> Shown:
        """A balance that is said beside the table."""
        minor, side = self.minor(value, currency, what)
        return Shown(minor, sided=False) if side is None else Shown(minor * side.value, sided=True)

    def readable(self, cells: list[Cell], currency: str) -> Figures:
        """What can be read of a row that is left out."""
        signed: int | None = None
        shown: Shown | None = None
        try:
            signed = self.signed(cells, currency)
        except BadCellError:
            signed = None
        try:
            shown = self.balance(cells, currency)
        except BadCellError:
            shown = None
        return self.date(cells), signed, shown
