"""Finds the row of headings in a table, and what is said above it (whose statement, period, balances)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from services.imports.statements.reasons import FileRefusedError, Reason
from services.imports.statements.sheet import Cell, Row, text_of
from services.imports.statements.words import Field, column_field, currency_of, label_field, plain

#: headings are looked for in so many rows
HEADING_ROWS_MAX: Final = 60
_UNIT: Final = re.compile(r"[(（\[]\s*([^)）\]]{1,12})\s*[)）\]]\s*$")


@dataclass(slots=True)
class Heading:
    """``row`` is the row of headings; ``columns`` the place of each field; ``said`` what stands above."""

    row: int
    columns: dict[Field, int]
    cells: list[str]
    said: dict[Field, Cell] = field(default_factory=dict)
    unit: str | None = None
    """The currency in brackets behind a heading of amounts: ``Debit (EUR)``."""


def find_heading(rows: Iterable[Row | tuple[int, str]], wanted: Mapping[Field, str]) -> Heading:
    """The best row of headings among the first ones. ``wanted``: headings that are told, by field.

    Raises ``FileRefusedError``: no row has a date and an amount, or a column that was told is not there.
    """
    best: Heading | None = None
    best_score = 0
    above: list[Row] = []
    for number, cells in rows:
        if len(above) >= HEADING_ROWS_MAX:
            break
        if isinstance(cells, str):
            continue
        columns = _columns(cells, wanted)
        if _suffices(columns) and len(columns) > best_score:
            best_score = len(columns)
            texts = [text_of(cell) for cell in cells]
            best = Heading(number, columns, texts, said_in(above), _unit(texts, columns))
        above.append((number, cells))
    if best is None:
        raise FileRefusedError(Reason.NO_HEADING, limit=str(HEADING_ROWS_MAX))
    for told, heading in wanted.items():
        if told not in best.columns:
            raise FileRefusedError(Reason.COLUMN_NOT_FOUND, heading)
    return best


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


def _columns(cells: list[Cell], wanted: Mapping[Field, str]) -> dict[Field, int]:
    columns: dict[Field, int] = {}
    told = {plain(heading): what for what, heading in wanted.items()}
    for place, cell in enumerate(cells):
        if not isinstance(cell, str) or not cell.strip():
            continue
        known = told.get(plain(cell)) or column_field(cell)
        if known is not None and (known not in columns or plain(cell) in told):
            columns[known] = place
    return columns


def _suffices(columns: Mapping[Field, int]) -> bool:
    pairs = ({Field.DEBIT, Field.CREDIT}, {Field.RAISES, Field.LOWERS}, {Field.AMOUNT})
    return Field.DATE in columns and any(pair <= columns.keys() for pair in pairs)


def _unit(texts: list[str], columns: Mapping[Field, int]) -> str | None:
    for what in (Field.DEBIT, Field.RAISES, Field.AMOUNT, Field.CREDIT, Field.BALANCE):
        if what in columns and (found := _UNIT.search(texts[columns[what]])):
            return currency_of(found[1])
    return None
