"""Finds the rows of headings in a table, and what is said above them (whose statement, period, balances).

A sheet may hold tables one below the other: of another customer, currency, statement or period, or with other columns.
A row of headings begins one if it says so, or if something that tells statements apart is said right above it; else it
is the same heading on the next page. Headings over two rows (``本期发生额`` over ``借方``) are read as one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from domain.money import is_currency
from services.imports.statements.dates import Order, parse_date
from services.imports.statements.reasons import FileRefusedError, Reason
from services.imports.statements.sheet import Cell, Row, text_of
from services.imports.statements.words import Field, column_field, currency_of, label_field, plain

#: headings are looked for in so many rows
HEADING_ROWS_MAX: Final = 60
_UNIT: Final = re.compile(r"[(（\[]\s*([^)）\]]{1,12})\s*[)）\]]\s*$")


_YEAR: Final = re.compile(r"(?<!\d)(\d{4})\s*年")
#: what tells one statement from another
_IDENTITY: Final = frozenset(
    {
        Field.CUSTOMER,
        Field.SUPPLIER,
        Field.CUSTOMER_NAME,
        Field.CURRENCY,
        Field.STATEMENT_NO,
        Field.PERIOD,
        Field.PERIOD_START,
        Field.PERIOD_END,
    }
)
_AMOUNTS: Final = frozenset(
    {Field.DEBIT, Field.CREDIT, Field.RAISES, Field.LOWERS, Field.AMOUNT, Field.BALANCE, Field.OWED}
)
_PERIOD: Final = frozenset({Field.PERIOD, Field.PERIOD_START, Field.PERIOD_END})
#: tables that one sheet may hold
HEADINGS_MAX: Final = 20_000


@dataclass(slots=True, eq=False)
class Heading:
    """``row`` is the row of headings; ``columns`` the place of each field; ``said`` what stands above."""

    row: int
    columns: dict[Field, int]
    cells: list[str]
    said: dict[Field, Cell] = field(default_factory=dict)
    unit: str | None = None
    """The currency in brackets behind a heading of amounts: ``Debit (EUR)``."""
    top: int = 0
    """The first row of what is said above it."""
    year: str | None = None
    """What stands above columns of months and days: ``2026年``."""
    month: str = ""
    """The month of the row before: a ledger may print it where it begins alone."""

    def dated(self, cells: list[Cell]) -> list[Cell]:
        """The row with its date in one cell, where month and day have columns of their own."""
        at = self.columns[Field.DATE]
        if self.columns.get(Field.MONTH) != at:
            return cells
        places = (self.columns.get(what, len(cells)) for what in (Field.YEAR, Field.MONTH, Field.DAY))
        year, month, day = (text_of(cells[place]) if place < len(cells) else "" for place in places)
        year = year or self.year or ""
        if day and not month:
            month = self.month
        self.month = month or self.month
        if not (year.isdigit() and month.isdigit() and day.isdigit()):
            return cells
        return [*cells[:at], f"{year}-{month}-{day}", *cells[at + 1 :]]


def find_headings(
    rows: Callable[[], Iterable[Row | tuple[int, str]]], wanted: Mapping[Field, str]
) -> list[Heading]:
    """The headings of a sheet's tables, the first of them among its first rows. ``rows`` begins anew each time.

    ``wanted``: headings that are told, by field. Raises ``FileRefusedError``: no row has a date and an amount, a column
    that was told is not there, or there are too many.
    """
    main = _main_heading(rows(), wanted)
    found: list[Heading] = []
    above: list[Row] = []
    lines = 0
    for number, cells in rows():
        if isinstance(cells, str):
            continue
        is_line = bool(found) and _is_line(found[-1].dated(cells), found[-1].columns)
        heading = None
        if number == main.row:
            heading = main
        elif not is_line:
            heading = _another_heading(number, cells, above, wanted)
        if heading is None and not is_line:
            above.append((number, cells))
            del above[:-HEADING_ROWS_MAX]
            continue
        if heading is not None and not (found and lines):
            # nothing stands between this one and the one before: the better of the two is the later one
            heading.said = {**(found.pop().said if found else {}), **said_in(above)}
            found.append(heading)
        elif above or heading is not None:
            begun = _begun(heading, found[-1], above)
            found += [] if begun is None else [begun]
            if len(found) > HEADINGS_MAX:
                limit = f"{HEADINGS_MAX} tables in a sheet"
                raise FileRefusedError(Reason.TOO_LARGE, f"more than {HEADINGS_MAX} tables", limit=limit)
        above.clear()
        lines = lines + 1 if is_line else 0
    return found


def _is_line(cells: list[Cell], columns: Mapping[Field, int]) -> bool:
    """Whether a row below the headings has a date and an amount."""
    at = columns[Field.DATE]
    date = cells[at] if at < len(cells) else ""
    if date == "" or (isinstance(date, str) and parse_date(date, Order.DMY) is None):
        return False
    return any(
        columns[what] < len(cells) and cells[columns[what]] != "" for what in _AMOUNTS & columns.keys()
    )


def _main_heading(rows: Iterable[Row | tuple[int, str]], wanted: Mapping[Field, str]) -> Heading:
    """The best row of headings among the first ones."""
    best: Heading | None = None
    best_score = seen = 0
    before: list[Cell] = []
    titles: list[list[Cell]] = []
    for number, cells in rows:
        if seen >= HEADING_ROWS_MAX:
            break
        if isinstance(cells, str):
            continue
        seen += 1
        for texts in ([text_of(cell) for cell in cells], _over_two_rows(before, cells)):
            columns = _columns(texts, wanted)
            if _suffices(columns) and len(columns) > best_score:
                best_score = len(columns)
                year = _year_in([before, *titles])
                best = Heading(number, columns, texts, {}, _unit(texts, columns), year=year)
        before = cells
        titles.append(cells)
    if best is None:
        raise FileRefusedError(Reason.NO_HEADING, limit=str(HEADING_ROWS_MAX))
    for told, heading in wanted.items():
        if told not in best.columns:
            raise FileRefusedError(Reason.COLUMN_NOT_FOUND, heading)
    return best


def _over_two_rows(upper: list[Cell], lower: list[Cell]) -> list[str]:
    """The headings of two rows: the lower one where it has one, else the upper one. Both are words alone.

    A lower one that is known only with the one above it (``Document`` over ``Date`` and ``No.``) is read with it.
    """
    if not all(isinstance(cell, str) for cell in (*upper, *lower)):
        return []
    width = max(len(upper), len(lower))
    above, below = ([text_of(cell) for cell in row] + [""] * (width - len(row)) for row in (upper, lower))
    over = list(above)  # a merged cell has its text at its left
    for place in range(1, width):
        over[place] = above[place] or over[place - 1]
    return [
        f"{group} {second}"
        if first != second and column_field(second) is None and column_field(f"{group} {second}") is not None
        else second or first
        for first, second, group in zip(above, below, over, strict=True)
    ]


def _another_heading(
    number: int, cells: list[Cell], above: list[Row], wanted: Mapping[Field, str]
) -> Heading | None:
    """A row of headings among the lines, or two; what holds a digit or a number is none."""
    texts = [text_of(cell) for cell in cells]
    if sum(bool(text) for text in texts) < 2 or not all(isinstance(cell, str) for cell in cells):
        return None
    before = above[-1][1] if above and above[-1][0] == number - 1 else []
    for words in (texts, _over_two_rows(before, cells)):
        columns = _columns(words, wanted)
        if _suffices(columns) and len(columns) > 2 and not any(map(_has_digit, words)):
            year = _year_in([before, *(row for _, row in above)])
            return Heading(number, columns, words, {}, _unit(words, columns), year=year)
    return None


def _year_in(rows: Iterable[list[Cell]]) -> str | None:
    """The first year that rows above the headings name."""
    texts = (text_of(cell) for row in rows for cell in row)
    found = next(filter(None, map(_YEAR.search, texts)), None)
    return None if found is None else found[1]


def _has_digit(text: str) -> bool:
    return any(sign.isdigit() for sign in text)


def begins_with_label(cells: list[Cell]) -> bool:
    """Whether a row begins with a label: a word in the middle of a damaged line is none."""
    first = next((cell for cell in cells if text_of(cell)), "")
    return isinstance(first, str) and label_field(first) is not None


def _begun(heading: Heading | None, before: Heading, above: list[Row]) -> Heading | None:
    """The table that begins here, with what is said above it; ``None`` on another page of the one before."""
    labels = _IDENTITY if heading is not None else _IDENTITY - _PERIOD
    tops = [
        number
        for number, cells in above
        if begins_with_label(cells)
        and any(
            what in labels and before.said.get(what) != cell
            for what, cell in said_in([(number, cells)]).items()
        )
    ]
    if heading is None or heading.columns == before.columns:
        if not tops:
            return None
        row = above[-1][0] if heading is None else heading.row
        heading = Heading(row, before.columns, before.cells, {}, before.unit, year=before.year)
    heading.top = tops[0] if tops else heading.row
    said = said_in(row for row in above if row[0] >= heading.top)
    kept = _IDENTITY if tops and not _PERIOD & said.keys() else _IDENTITY - _PERIOD
    heading.said = {**{what: cell for what, cell in before.said.items() if what in kept}, **said}
    return heading


def said_in(rows: Iterable[Row]) -> dict[Field, Cell]:
    """What labels beside or above the table say; the first of each counts."""
    said: dict[Field, Cell] = {}
    for _, cells in rows:
        for place, cell in enumerate(cells):
            if not isinstance(cell, str) or not cell.strip():
                continue
            label = label_field(cell)
            if label is None:
                continue
            what, behind = label
            value: Cell | None = behind or next(
                (other for other in cells[place + 1 :] if not isinstance(other, str) or other.strip()), None
            )
            if value is not None and not (isinstance(value, str) and label_field(value)):
                said.setdefault(what, value)
    return said


def _columns(texts: list[str], wanted: Mapping[Field, str]) -> dict[Field, int]:
    columns: dict[Field, int] = {}
    others: list[int] = []
    told = {plain(heading): what for what, heading in wanted.items()}
    for place, cell in enumerate(texts):
        if not cell:
            continue
        known = told.get(plain(cell)) or column_field(cell)
        if known is Field.DOCUMENT and Field.DOCUMENT in columns and plain(cell) not in told:
            others.append(place)  # "Voucher no." beside "Invoice no."
        if known is not None and (known not in columns or plain(cell) in told):
            columns[known] = place
    if others and Field.REFERENCE not in columns:
        columns[Field.REFERENCE] = others[0]
    if Field.DATE not in columns and Field.MONTH in columns and Field.DAY in columns:
        columns[Field.DATE] = columns[Field.MONTH]
    return columns


def _suffices(columns: Mapping[Field, int]) -> bool:
    pairs = ({Field.DEBIT, Field.CREDIT}, {Field.RAISES, Field.LOWERS}, {Field.AMOUNT})
    return Field.DATE in columns and any(pair <= columns.keys() for pair in pairs)


def _unit(texts: list[str], columns: Mapping[Field, int]) -> str | None:
    for what in (Field.DEBIT, Field.RAISES, Field.AMOUNT, Field.CREDIT, Field.BALANCE):
        if what not in columns:
            continue
        heading = texts[columns[what]]
        if found := _UNIT.search(heading):
            return currency_of(found[1])
        if is_currency(last := heading.rpartition(" ")[2]):  # "Betrag Soll EUR"
            return last
    return None
