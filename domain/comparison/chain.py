"""The chain of their statements: what one carries into the next is the earlier one's to explain."""

from __future__ import annotations

from collections.abc import Iterable

from domain.comparison.corrections import moved_minor
from domain.facts import StatementFact


def preceding(statements: Iterable[StatementFact], statement: StatementFact) -> list[StatementFact]:
    """Those that end the day before this one begins."""
    return [other for other in statements if other.period_end == statement.day_before]


def following(statements: Iterable[StatementFact], statement: StatementFact) -> list[StatementFact]:
    """Those that begin the day after this one ends."""
    return [other for other in statements if other.day_before == statement.period_end]


def carried_from(statements: Iterable[StatementFact], statement: StatementFact) -> StatementFact | None:
    """The one of them that closes with what this one opens with, as people have it read.

    Whatever is wrong with the opening balance is to be looked for there, or where that one has it from.
    """
    return next(
        (
            other
            for other in preceding(statements, statement)
            if other.closing_minor + moved_minor(other) == statement.opening_minor
        ),
        None,
    )
