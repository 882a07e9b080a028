"""The chain of their statements: what one carries into the next is the earlier one's to explain, once."""

from __future__ import annotations

from domain.comparison.corrections import moved_minor
from domain.comparison.entries import OurSide
from domain.facts import StatementFact


def preceding(side: OurSide, statement: StatementFact) -> list[StatementFact]:
    """Their statements that end the day before this one begins."""
    return [other for other in side.statements if other.period_end == statement.day_before]


def carried(side: OurSide, statement: StatementFact) -> bool:
    """Whether the opening balance is what one of them closes with, as people have it read.

    Whatever is wrong with it then is found there, or where that one has it from.
    """
    return any(
        other.closing_minor + moved_minor(other) == statement.opening_minor
        for other in preceding(side, statement)
    )
