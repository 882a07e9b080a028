"""Which of the customer's statements may leave the hot state: those whose comparison has come to an end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from domain.archive.shelf import StatementLabel, Statements
from domain.books import Account
from domain.comparison.corrections import CorrectedStatement
from domain.comparison.named import packed, unpacked
from domain.comparison.unmoved import seen_until, settled_on
from domain.facts import StatementFact
from domain.review import statements_in_force
from domain.rules import RulesByDate

#: lines of one segment, about; a longer statement has one of its own
SEGMENT_LINES = 1_000


def seal_statements(
    account: Account,
    rules: RulesByDate,
    clock: dt.date,
    hot_lines: int,
    first_number: int,
    sealed_until: dt.date = dt.date.min,
) -> list[tuple[StatementLabel, Statements]]:
    """Take out of the account the statements that nothing waits for any more, all but the newest in force, where they
    have more than ``hot_lines`` lines together. Numbers count from ``first_number``.

    Statements with corrections stay: they are read with records. ``clock``: how far the account has come.
    ``sealed_until``: the last day that those see which were sealed before.
    """
    in_force = {statement.statement_id: statement for statement in statements_in_force(account)}
    newest = max(in_force.values(), key=lambda s: (s.period_end, s.statement_id), default=None)
    leaving = [
        statement
        for statement in in_force.values()
        if statement is not newest
        and not isinstance(statement, CorrectedStatement)
        and statement.statement_id in account.comparisons
        and settled_on(statement, rules) <= clock
    ]
    if sum(len(statement.lines) for statement in leaving) <= hot_lines:
        return []
    sealed = []
    for number, statements in enumerate(_packed(leaving), start=first_number):
        label = StatementLabel(
            number,
            tuple(sorted(statement.statement_id for statement in statements)),
            max(seen_until(statement, in_force.values(), rules, sealed_until) for statement in statements),
            max(settled_on(statement, rules) for statement in statements),
            packed(tag for statement in statements for tag in unpacked(statement.names)),
        )
        taken = {statement_id: account.statements.pop(statement_id) for statement_id in label.statement_ids}
        sealed.append((label, taken))
    return sealed


def _packed(statements: Iterable[StatementFact]) -> Iterator[Sequence[StatementFact]]:
    """The statements, at least one, in their order, side by side up to a segment's size."""
    together: list[StatementFact] = []
    lines = 0
    for statement in statements:
        if together and lines + len(statement.lines) > SEGMENT_LINES:
            yield together
            together, lines = [], 0
        together.append(statement)
        lines += len(statement.lines)
    yield together
