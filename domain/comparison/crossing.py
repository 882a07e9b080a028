"""Lines on the other side of the document whose number they bear: payments booked under the invoice that they pay.

Such a line is no amount of that invoice. It is the payment or credit note of ours that says that it is for the
invoice; where none does, it is looked for by amount and date like a line without a number. On the wrong side of a
document by mistake it is only where it has just the document's amount, and nothing else is on the document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.comparison.entries import OurDocument
from domain.comparison.gathered import NEAR_SHARE, Gathered, total
from domain.comparison.verdict import signed
from domain.events import StatementLine

_About = Mapping[str, Sequence[int]]
_Lines = Sequence[StatementLine]


def crosses(line: StatementLine, document: OurDocument) -> bool:
    """Whether the document books only on the other side than the line's."""
    return bool(document.lines) and all(booked.signed_minor * signed(line) < 0 for booked in document.lines)


def take_crossing(table: Gathered) -> None:
    """Make loose what is on the other side of its document, unless the document's lines agree as they are."""
    for key, lines in list(table.on_document.items()):
        document = table.documents[key]
        if document.first_date(table.start, table.end) and total(lines) == table.net(document):
            continue
        others = [line for line in lines if crosses(line, document)]
        if others:
            table.take_off(key, others)
            for line in others:
                table.loose[line.line_no] = line
                table.crossing[line.line_no] = (key,)


def settle_crossing(table: Gathered, listed: Mapping[str, OurDocument]) -> None:
    """Bring such lines to the documents of their side that say what they are about. ``listed``: what lists name."""
    named = {key: listed.get(key) or table.documents[key] for keys in table.crossing.values() for key in keys}
    about = table.unlisted_about(named) if named else {}
    by_name: dict[str, dict[int, StatementLine]] = {}
    for line_no, keys in table.crossing.items():
        for key in keys:
            by_name.setdefault(key, {})[line_no] = table.loose[line_no]

    def related(key: str) -> list[StatementLine]:
        net = table.net(table.unlisted[key])
        lines = {n: line for name in about[key] for n, line in by_name.get(name, {}).items()}
        return [lines[n] for n in sorted(lines) if n in table.loose and signed(lines[n]) * net > 0]

    for find in (_as_claimed, _alone, _together):
        for key in [key for key in about if key in table.unlisted]:
            document = table.unlisted[key]
            lines = find(table, table.net(document), related(key), about[key])
            if lines:
                table.group(lines, [document])
    wanted = {key: related(key) for key in about if key in table.unlisted}
    for key, lines in wanted.items():
        net = table.net(table.unlisted[key])
        shared = {line.line_no for other, some in wanted.items() if other != key for line in some}
        if (
            lines
            and shared.isdisjoint(line.line_no for line in lines)
            and abs(total(lines) - net) * NEAR_SHARE <= abs(net)
        ):
            table.put(table.unlisted[key], lines)


def _as_claimed(table: Gathered, net: int, lines: _Lines, about: _About) -> list[StatementLine]:
    """Per claim of a payment the line of its amount on its document, if that is all of the payment."""
    found: dict[int, StatementLine] = {}
    for key, amounts in about.items():
        for amount in amounts:
            for line in lines:
                if (
                    line.line_no not in found
                    and table.crossing[line.line_no] == (key,)
                    and abs(signed(line)) == amount
                ):
                    found[line.line_no] = line
                    break
    return list(found.values()) if total(found.values()) == net else []


def _alone(table: Gathered, net: int, lines: _Lines, about: _About) -> list[StatementLine]:
    """The first line that is all of the document's amount."""
    del table, about
    return [line for line in lines if signed(line) == net][:1]


def _together(table: Gathered, net: int, lines: _Lines, about: _About) -> list[StatementLine]:
    """All lines, if they come to the document's amount."""
    del table, about
    return list(lines) if total(lines) == net else []


def give_back_wrong_sides(table: Gathered, *, credits_only: bool = False) -> None:
    """What is of just the amount of a document that nothing else is on, is on the wrong side of it.

    ``credits_only``: of payments and credit notes, which nobody pays.
    """
    for line in list(table.loose.values()):
        keys = table.crossing.get(line.line_no, ())
        document = table.unlisted.get(keys[0]) if len(keys) == 1 else None
        if (
            document is not None
            and table.net(document) == -signed(line)
            and (signed(line) > 0 or not credits_only)
        ):
            table.put(document, [line])
