"""Which comparisons an event cannot change, so that they need not be made again.

A comparison sees the lines up to the end of its period and of the one that follows (``turns``), the documents that some
statement names, and, while something may still arrive, how far our sources have come (``waiting``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from domain.books import Record
from domain.comparison.chain import following
from domain.comparison.named import names_any, tags_of
from domain.facts import Fact, StatementFact
from domain.ledger import Line
from domain.rules import RulesByDate


class Change(msgspec.Struct, frozen=True):
    """What one event changed in an account: a version of a record and the lines that were written for it.

    Where only time passed there is no record. ``clock``: the latest day of any event of the account, and of the
    customer's clock, before this one.
    """

    clock: dt.date
    record_key: str = ""
    facts: Sequence[Fact] = ()
    """All versions of the record that are known now."""
    lines: Sequence[Line] = ()


class Reach(msgspec.Struct, frozen=True):
    """Which comparisons a change may move: all, or those of periods that it falls into and those that still wait."""

    everything: bool
    first: dt.date = dt.date.min
    """The first day on which it changed a line."""
    clock: dt.date = dt.date.min
    """As of ``Change``."""

    def spares(self, last_day: dt.date, settled: dt.date) -> bool:
        """Whether the comparison of a period up to ``last_day`` that waits until ``settled`` is what it was."""
        return not self.everything and last_day < self.first and settled <= self.clock


def reach_of(change: Change | None, records: Mapping[str, Record], named: Iterable[bytes]) -> Reach:
    """How far ``change`` reaches; ``None`` where it is not known what changed.

    ``records``: all records of the account that could stand under the number of the changed one. ``named``: what the
    account's statements name (``domain.comparison.named``).
    """
    if change is None or any(fact.correction is not None for fact in change.facts):
        return Reach(everything=True)
    numbers = {number for fact in change.facts for number in (fact.document_no, *fact.aliases)}
    numbers |= {number for fact in change.facts for number in fact.own_references}
    tags = tags_of(numbers)
    if any(names_any(names, tags) for names in named):
        return Reach(everything=True)
    documents = {(fact.kind, fact.document_no.strip()) for fact in change.facts}  # as they are compared
    for key, record in records.items():
        if key != change.record_key and any(
            (f.kind, f.document_no.strip()) in documents for f in record.facts
        ):
            return Reach(everything=True)
    first = min((line.business_date for line in change.lines), default=dt.date.max)
    return Reach(everything=False, first=first, clock=change.clock)


def settled_on(statement: StatementFact, rules: RulesByDate) -> dt.date:
    """The day from which on nothing that the statement shows is waited for."""
    last = max((line.date for line in statement.lines), default=statement.period_end)
    return last + dt.timedelta(days=rules.on(statement.period_end).grace_days)


def seen_until(
    statement: StatementFact,
    statements: Iterable[StatementFact],
    rules: RulesByDate,
    sealed_until: dt.date = dt.date.min,
) -> dt.date:
    """The last day on which the comparison of a statement sees our lines, for all that is not named.

    ``statements``: the others that are known. ``sealed_until``: the same of those that are not, all together.
    """
    end = statement.period_end
    later = [other.period_end for other in following(statements, statement)]
    window = dt.timedelta(days=rules.on(end).transit_days)
    return max(end + window, sealed_until, *later)
