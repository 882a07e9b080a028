"""Corrections: what people decided about the lines of a customer's statement, brought in before it is compared.

This is the only place where a correction meets a statement: what comes out is a statement that reads as corrected and
knows what was sent. So the comparison of lines obeys without knowing of corrections, and the result follows from the
set of facts alone (I6). A correction is of one version of the statement: what replaces it is read as it comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from domain.comparison.verdict import signed
from domain.events import Source, StatementLine
from domain.facts import Fact, StatementFact
from domain.identity import content_digest

_KEPT: Final = ("running_balance_minor", "their_reference")


class CorrectedLine(msgspec.Struct, frozen=True):
    """A line as it was sent and as it is read; ``read`` is ``None`` where it is struck out.

    ``moved_minor``: by how much it moves their closing balance, signed in the book's view: its step of the bridge.
    """

    sent: StatementLine
    read: StatementLine | None
    adjustment_no: str
    source: Source
    moved_minor: int


class CorrectedStatement(StatementFact, frozen=True, kw_only=True):
    """A statement whose ``lines`` read as corrected. Its balances, totals and line count are those that were sent."""

    sent: StatementFact
    corrections: tuple[CorrectedLine, ...]


def as_sent(statement: StatementFact) -> StatementFact:
    """The statement as the customer sent it."""
    return statement.sent if isinstance(statement, CorrectedStatement) else statement


def corrections_of(statement: StatementFact) -> tuple[CorrectedLine, ...]:
    """The lines that read otherwise than they were sent, in the statement's order."""
    return statement.corrections if isinstance(statement, CorrectedStatement) else ()


def moved_minor(statement: StatementFact) -> int:
    """By how much its corrections move the closing balance, signed in the book's view."""
    return sum(correction.moved_minor for correction in corrections_of(statement))


def corrected(statements: Iterable[StatementFact], facts: Iterable[Fact]) -> list[StatementFact]:
    """``statements`` as the corrections among ``facts`` (the versions in force) have them read, in the same order.

    Of several corrections of one line the later one (by instant, then record) decides.
    """
    given = [fact for fact in facts if fact.correction is not None and not fact.undone]
    if not given:
        return list(statements)
    by_version: dict[tuple[str, int], dict[int, Fact]] = {}
    for fact in sorted(given, key=lambda fact: (fact.occurred_at, fact.record_key)):
        correction = fact.correction
        assert correction is not None
        about = (correction.statement_id, correction.statement_version)
        by_version.setdefault(about, {})[correction.line_no] = fact
    return [_corrected(s, by_version.get((s.statement_id, s.rank[0]), {})) for s in statements]


def _corrected(statement: StatementFact, decided: Mapping[int, Fact]) -> StatementFact:
    found: dict[int, CorrectedLine] = {}
    # A closing balance that came from the lines moves with them; one that did not is what they are corrected to.
    moves = statement.closing_minor == statement.opening_minor + sum(map(signed, statement.lines))
    for line in statement.lines:
        fact = decided.get(line.line_no)
        if fact is not None:
            found[line.line_no] = _corrected_line(line, fact, moves=moves)
    if not found:
        return statement
    lines = (found[line.line_no].read if line.line_no in found else line for line in statement.lines)
    fields = {name: getattr(statement, name) for name in StatementFact.__struct_fields__}
    fields["lines"] = tuple(line for line in lines if line is not None)
    fields["digest"] = content_digest(b"".join((statement.digest, *(decided[no].digest for no in found))))
    return CorrectedStatement(**fields, sent=statement, corrections=tuple(found.values()))


def _corrected_line(sent: StatementLine, fact: Fact, *, moves: bool) -> CorrectedLine:
    assert fact.correction is not None
    read = fact.correction.line
    if read is not None:
        # What a correction does not speak of stands as it was sent.
        kept = {n: getattr(sent, n) for n in _KEPT if getattr(read, n) is None}
        read = msgspec.structs.replace(read, **kept)
    moved = (0 if read is None else signed(read)) - signed(sent)
    return CorrectedLine(sent, read, fact.document_no, fact.source, moved if moves else 0)
