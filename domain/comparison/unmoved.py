"""Which comparisons an event cannot change, so that they need not be made again.

A comparison sees the lines up to the end of its period, the documents that some statement names, and, while something
may still arrive, how far our sources have come (``waiting``).
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from domain.books import Record
from domain.comparison.normalised import bare_forms, squeezed_forms
from domain.facts import Fact, StatementFact
from domain.ledger import Line
from domain.rules import RulesByDate

_STATEMENTS_KEPT = 1_024


class Change(msgspec.Struct, frozen=True):
    """What one event changed in an account: a version of a record and the lines that were written for it.

    ``clock``: the latest day of any event of the account, and of the customer's clock, before this one.
    """

    record_key: str
    facts: Sequence[Fact]
    """All versions of the record that are known now."""
    lines: Sequence[Line]
    clock: dt.date


def unmoved(
    statements: Sequence[StatementFact],
    change: Change,
    records: Mapping[str, Record],
    rules: RulesByDate,
) -> set[str]:
    """The ids of those statements in force whose comparison is what it was before ``change``.

    ``records``: all records of the account that could stand under the number of the changed one.
    """
    if any(fact.correction is not None for fact in change.facts):
        return set()
    numbers = {number for fact in change.facts for number in (fact.document_no, *fact.aliases)}
    numbers |= {number for fact in change.facts for number in fact.own_references}
    forms = _forms(numbers)
    if any(not forms.isdisjoint(_references(_ByDigest(statement))) for statement in statements):
        return set()
    documents = {(fact.kind, fact.document_no.strip()) for fact in change.facts}  # as they are compared
    for key, record in records.items():
        if key != change.record_key and any(
            (f.kind, f.document_no.strip()) in documents for f in record.facts
        ):
            return set()
    first = min((line.business_date for line in change.lines), default=dt.date.max)
    return {
        s.statement_id for s in statements if s.period_end < first and _settled_on(s, rules) <= change.clock
    }


def _settled_on(statement: StatementFact, rules: RulesByDate) -> dt.date:
    """The day from which on nothing that the statement shows is waited for."""
    last = max((line.date for line in statement.lines), default=statement.period_end)
    return last + dt.timedelta(days=rules.on(statement.period_end).grace_days)


class _ByDigest:
    """A statement as the key of a cache: equal where the content is, without looking at every line."""

    __slots__ = ("statement",)

    def __init__(self, statement: StatementFact) -> None:
        self.statement = statement

    def __hash__(self) -> int:
        return int.from_bytes(self.statement.digest, "big")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByDigest) and self._name == other._name

    @property
    def _name(self) -> tuple[str, bytes]:
        return (self.statement.event_id, self.statement.digest)


@functools.lru_cache(maxsize=_STATEMENTS_KEPT)
def _references(kept: _ByDigest) -> frozenset[str]:
    """Every form of every reference of the statement's lines."""
    lines = kept.statement.lines
    return _forms(r for line in lines for r in (line.document_no, line.their_reference) if r)


def _forms(numbers: Iterable[str]) -> frozenset[str]:
    plain = [number.strip() for number in numbers]
    squeezed = squeezed_forms(plain)
    return frozenset({*plain, *squeezed, *bare_forms(squeezed)} - {""})
