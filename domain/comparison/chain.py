"""The chain of their statements: what one carries into the next is the earlier one's to explain."""

from __future__ import annotations

from domain.comparison.corrections import moved_minor
from domain.comparison.entries import OurSide
from domain.facts import StatementFact


def preceding(side: OurSide, statement: StatementFact) -> list[StatementFact]:
    """Their statements that end the day before this one begins."""
    return [other for other in side.statements if other.period_end == statement.day_before]


def carried_from(side: OurSide, statement: StatementFact) -> StatementFact | None:
    """The one of them that closes with what this one opens with, as people have it read.

    Whatever is wrong with the opening balance is to be looked for there, or where that one has it from.
    """
    return next(
        (
            other
            for other in preceding(side, statement)
            if other.closing_minor + moved_minor(other) == statement.opening_minor
        ),
        None,
    )
