"""What one period sets right of the one before: their reversal of a wrong line, our credit note for a price.

An error is on one document. Whatever is said about it in the next period, by them or by us, that comes to just what was
wrong in this one makes both sides agree again: neither is then to be explained by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from domain.comparison.chain import following, preceding
from domain.comparison.desk import Desk
from domain.comparison.entries import OurDocument
from domain.comparison.gathered import Gathered, total
from domain.comparison.texts import holds_a_number
from domain.comparison.verdict import signed
from domain.facts import EntryKind, StatementFact
from domain.matching.forms import squeeze
from domain.rules import Rules

#: what is about another document and changes what is owed for it; money is a matter of its own
_AMENDING: Final = frozenset(
    {EntryKind.CREDIT_NOTE, EntryKind.RETURN, EntryKind.EXCHANGE, EntryKind.ADJUSTMENT, EntryKind.WRITE_OFF}
)

#: what is spoken of: money, a document, or what only they know; and its number
Matter = tuple[str, str]
_MONEY, _DOCUMENT, _THEIRS = "money", "document", "theirs"


class Amends(msgspec.Struct):
    """What is set right in the statement after or before: what it is -> that statement."""

    on_document: dict[str, StatementFact] = {}
    """By key."""
    lines: dict[int, tuple[StatementFact, OurDocument | None]] = {}
    """By line number; with the document that the line names on its other side."""
    documents: dict[str, StatementFact] = {}
    """That no line is on, by key."""


def amends(desk: Desk, statement: StatementFact, table: Gathered, rules: Rules) -> Amends:
    """What ``table`` has left over or apart that its neighbours set right, or that sets them right."""
    found = Amends()
    before = preceding(desk.side.statements, statement)
    after = following(desk.side.statements, statement)
    apart = _apart(table) if before or after else {}
    if not apart:
        return found
    settled: dict[Matter, StatementFact] = {}
    for other in before:
        for matter in _settled(desk, other, _apart(desk.sorted_out(other, rules)[1]), apart, rules):
            settled.setdefault(matter, other)
    for other in after:
        later = _apart(desk.sorted_out(other, rules)[1])
        for matter in _settled(desk, statement, apart, later, rules):
            settled.setdefault(matter, other)
    for matter, key, _ in _on_documents(table):
        if matter in settled:
            found.on_document[key] = settled[matter]
    for matter, line_no, document, _ in _lines(table):
        if matter in settled:
            found.lines[line_no] = settled[matter], document
    for matter, document, _ in _documents(table):
        if matter in settled:
            found.documents[document.key] = settled[matter]
    return found


def _settled(
    desk: Desk, earlier: StatementFact, wrong: Mapping[Matter, int], later: Mapping[Matter, int], rules: Rules
) -> Iterator[Matter]:
    """What is apart in ``earlier`` and the contrary in the one after it, unless it sets the one before it right."""
    for matter in later:
        gap = wrong.get(matter, 0)
        if gap and later[matter] == -gap:
            before = (
                _apart(desk.sorted_out(other, rules)[1]) for other in preceding(desk.side.statements, earlier)
            )
            if all(apart.get(matter, 0) != -gap for apart in before):
                yield matter


def _apart(table: Gathered) -> dict[Matter, int]:
    """By how much what is said of each matter is more than what our books have of it in the period."""
    gaps: dict[Matter, int] = {}
    found = [(matter, gap) for matter, _, gap in (*_on_documents(table), *_documents(table))]
    for matter, gap in (*found, *((matter, gap) for matter, *_, gap in _lines(table))):
        gaps[matter] = gaps.get(matter, 0) + gap
    return {matter: gap for matter, gap in gaps.items() if gap}


def _on_documents(table: Gathered) -> Iterator[tuple[Matter, str, int]]:
    """The documents whose lines come to another amount, by key."""
    for key, lines in table.on_document.items():
        document = table.documents[key]
        gap = total(lines) - table.net(document)
        if gap:
            yield _own(document), key, gap


def _lines(table: Gathered) -> Iterator[tuple[Matter, int, OurDocument | None, int]]:
    """The loose lines, but for those without a number and those that name several documents."""
    for line_no, line in table.loose.items():
        keys = table.crossing.get(line_no, ())
        if len(keys) == 1:
            document = table.documents[keys[0]]
            yield _own(document), line_no, document, signed(line)
        elif not keys and holds_a_number(line.document_no):
            yield (_THEIRS, _form(line.document_no)), line_no, None, signed(line)


def _documents(table: Gathered) -> Iterator[tuple[Matter, OurDocument, int]]:
    """What no line is on: about the document that it amends, if it names one."""
    for document in table.unlisted.values():
        amended = {number for number, _ in document.about} if document.kind in _AMENDING else set()
        matter = (_DOCUMENT, _form(amended.pop())) if len(amended) == 1 else _own(document)
        yield matter, document, -table.net(document)


def _own(document: OurDocument) -> Matter:
    return _MONEY if document.kind is EntryKind.PAYMENT else _DOCUMENT, _form(document.document_no)


def _form(number: str) -> str:
    return squeeze(number) or number
