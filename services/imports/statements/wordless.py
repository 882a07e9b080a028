"""Rows that no word tells from lines: sums and balances that a program prints bare, known by their figures alone."""

from __future__ import annotations

from typing import Final

from services.imports.statements.columns import Columns
from services.imports.statements.gathered import Gathered
from services.imports.statements.sheet import Cell

#: fewer rows are no sum of each other
_SUMMED_MIN: Final = 2


def sums_up(columns: Columns, cells: list[Cell], group: Gathered) -> bool:
    """Whether a row without a date and a document is the sum of all rows before it.

    A balance that stands in the same columns is in the sum or not: programs do either. Raises ``BadCellError``.
    """
    known = [signed for _, signed, _ in group.figures if signed is not None]
    if len(known) < _SUMMED_MIN or len(known) < len(group.figures):
        return False
    shown = columns.both_sides(cells, group.draft.currency)
    in_columns = [one.shown.minor for one in group.balances if one.in_column]
    for count in range(len(in_columns) + 1):
        debit, credit = _sides([*known, *in_columns[:count]])
        if shown in ((debit, credit), (debit - credit, None)):
            return True
    return False


def _sides(signed: list[int]) -> tuple[int, int]:
    return sum(one for one in signed if one > 0), -sum(one for one in signed if one < 0)


def opens(columns: Columns, cells: list[Cell], group: Gathered) -> bool:
    """Whether a row without a document has a balance alone, before all lines: brought forward, whatever it is called.

    Raises ``BadCellError``.
    """
    if group.figures or group.balances:
        return False
    currency = group.draft.currency
    return (
        columns.both_sides(cells, currency) == (None, None) and columns.balance(cells, currency) is not None
    )


def stands(columns: Columns, cells: list[Cell], group: Gathered) -> bool:
    """Whether a row without a date or a document has a balance alone, and it is the one that the row before came to.

    Raises ``BadCellError``.
    """
    reached = group.figures[-1][2] if group.figures else None
    currency = group.draft.currency
    return (
        reached is not None
        and columns.both_sides(cells, currency) == (None, None)
        and columns.balance(cells, currency) == reached
    )
