"""Lines on the other side of the document whose number they bear: payments booked under the invoice that they pay.

Such a line is no amount of that invoice. It is the payment or credit note of ours that says that it is for the
invoice; where none does, it is looked for by amount and date like a line without a number. On the wrong side of a
document by mistake it is only where it has just the document's amount, and nothing else is on the document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as Set

from domain.comparison.entries import OurDocument
from domain.comparison.gathered import NEAR_SHARE, Gathered, about_of, total
from domain.comparison.verdict import signed
from domain.events import StatementLine

_About = Mapping[str, Sequence[int]]
_Lines = Sequence[StatementLine]


def crosses(line: StatementLine, document: OurDocument) -> bool:
    """Whether the document books only on the other side than the line's."""
    return bool(document.lines) and all(booked.signed_minor * signed(line) < 0 for booked in document.lines)


def take_crossing(table: Gathered) -> None:
    """Make loose what is on the other side of its document, unless the document's lines agree as they are."""
    others = {
        key: found
        for key, lines in table.on_document.items()
        if (found := [line for line in lines if crosses(line, table.documents[key])])
    }
    twice = {key for key in others if _whole_lines(table, key) > 1}
    paying = _paying(table, twice)
    for key, lines in others.items():
        document = table.documents[key]
        agree = not table.outside(document) and total(table.on_document[key]) == table.net(document)
        if agree and (key not in twice or _taken_back(table, key, lines, paying.get(key, ()))):
            continue
        table.take_off(key, lines)
        for line in lines:
            table.loose[line.line_no] = line
            table.crossing[line.line_no] = (key,)


def _whole_lines(table: Gathered, key: str) -> int:
    """How many lines on a document are all of it."""
    net = table.net(table.documents[key])
    return sum(signed(line) == net for line in table.on_document[key])


def _paying(table: Gathered, keys: Set[str]) -> dict[str, list[tuple[OurDocument, int]]]:
    """What no line is on and says that it is about one of some documents, by that one, with its amounts of it."""
    found: dict[str, list[tuple[OurDocument, int]]] = {}
    named = {key: table.documents[key] for key in keys}
    for other, about in (table.unlisted_about(named) if named else {}).items():
        document = table.unlisted[other]
        for key, amounts in about.items():
            said = {abs(table.net(document)), *amounts}
            found.setdefault(key, []).extend((document, amount) for amount in sorted(said))
    return found


def _taken_back(table: Gathered, key: str, lines: _Lines, paying: Sequence[tuple[OurDocument, int]]) -> bool:
    """Whether one of the lines takes back what stands there twice, and is no payment of it by day and amount.
    Payments may come to its amount by themselves.
    """
    figures = {signed(line) for line in table.on_document[key]}
    back = [line for line in lines if -signed(line) in figures]
    return any(
        not any(abs(signed(line)) == amount and table.near(line, one) for one, amount in paying)
        for line in back
    )


def settle_crossing(table: Gathered, listed: Mapping[str, OurDocument]) -> None:
    """Bring such lines to the documents of their side that say what they are about. ``listed``: what lists name."""
    table.documents |= {
        key: listed[key] for keys in table.crossing.values() for key in keys if key not in table.documents
    }
    claims = _Claims(table, [(document, table.net(document)) for document in table.unlisted.values()])
    for document, lines in list(claims.exact()):
        table.group(lines, [document])
    wanted = {key: claims.related(key) for key in claims.about if key in table.unlisted}
    for key, lines in wanted.items():
        net = table.net(table.unlisted[key])
        shared = {line.line_no for other, some in wanted.items() if other != key for line in some}
        if (
            lines
            and shared.isdisjoint(line.line_no for line in lines)
            and abs(total(lines) - net) * NEAR_SHARE <= abs(net)
        ):
            table.put(table.unlisted[key], lines)


def claimed_beyond(table: Gathered, beyond: Gathered, days: int) -> list[tuple[OurDocument, _Lines]]:
    """The documents that ``beyond``, another period, has left over and such lines of ``table`` are, ``days`` apart."""
    claims = _Claims(table, [(document, beyond.net(document)) for document in beyond.of_both_sides()])
    return [
        (document, lines)
        for document, lines in claims.exact()
        if all(abs(line.date.toordinal() - beyond.day(document)) <= days for line in lines)
    ]


class _Claims:
    """What documents (with their amounts) say that they are about, and the loose lines that name it."""

    def __init__(self, table: Gathered, documents: Sequence[tuple[OurDocument, int]]) -> None:
        named = {key: table.documents[key] for keys in table.crossing.values() for key in keys}
        self.about = about_of([document for document, _ in documents], named) if named else {}
        self._documents = {document.key: (document, net) for document, net in documents}
        self._table = table
        self._left = {line_no: table.loose[line_no] for line_no in table.crossing if line_no in table.loose}
        self._by_name: dict[str, list[int]] = {}
        for line_no in self._left:
            for key in table.crossing[line_no]:
                self._by_name.setdefault(key, []).append(line_no)

    def related(self, key: str) -> list[StatementLine]:
        """The lines that name what a document is about, on its side."""
        _, net = self._documents[key]
        numbers = {line_no for name in self.about[key] for line_no in self._by_name.get(name, ())}
        lines = [self._left[line_no] for line_no in sorted(numbers) if line_no in self._left]
        return [line for line in lines if signed(line) * net > 0]

    def exact(self) -> Iterator[tuple[OurDocument, list[StatementLine]]]:
        """Each document whose amount some of its lines are, with them; a line is in one."""
        done: set[str] = set()
        for find in (_as_claimed, _alone, _together):
            for key in [key for key in self.about if key not in done]:
                document, net = self._documents[key]
                lines = find(self._table, net, self.related(key), self.about[key])
                if lines:
                    done.add(key)
                    for line in lines:
                        del self._left[line.line_no]
                    yield document, lines


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
