"""The table on which what a statement and our books have is moved together: what lies where, and the moves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from collections.abc import Set as Set
from typing import Final

import msgspec

from domain.comparison.entries import OurDocument, index_of
from domain.comparison.verdict import signed
from domain.events import StatementLine
from domain.facts import EntryKind

#: what stands for a document with a difference is within this share of it
NEAR_SHARE: Final = 10


class Group(msgspec.Struct, frozen=True):
    """Lines and documents that come to the same amount. ``told``: nothing is to be said about their numbers."""

    lines: tuple[StatementLine, ...]
    documents: tuple[OurDocument, ...]
    told: bool


class Gathered(msgspec.Struct):
    """What ``lay`` had not agreed on. Each line and each document of ours lies in one place."""

    start: dt.date
    end: dt.date
    window_days: int
    on_document: dict[str, list[StatementLine]]
    documents: dict[str, OurDocument]
    """Of ``on_document``, and those that lay there before."""
    loose: dict[int, StatementLine]
    """By line number."""
    unlisted: dict[str, OurDocument]
    groups: list[Group] = []
    crossing: dict[int, tuple[str, ...]] = {}
    """Line number -> the documents that it names, on whose other side it stands: a payment of the invoice."""
    own: Set[EntryKind] = frozenset()
    """Kinds of documents that they number in their own way."""

    def net(self, document: OurDocument) -> int:
        """What our books have of it in the period."""
        return document.net_minor(self.start, self.end)

    def day(self, document: OurDocument) -> int:
        """Its first day in the period, as an ordinal."""
        return (document.first_date(self.start, self.end) or self.end).toordinal()

    def outside(self, document: OurDocument) -> bool:
        """Whether our books have nothing of it in the period."""
        return document.first_date(self.start, self.end) is None

    def near(self, line: StatementLine, document: OurDocument) -> bool:
        """Whether their dates are within the window."""
        return abs(line.date.toordinal() - self.day(document)) <= self.window_days

    def group(
        self, lines: Iterable[StatementLine], documents: Iterable[OurDocument], *, told: bool = True
    ) -> None:
        """Lines, loose or taken off their document, and documents that no line is on, are one."""
        found = Group(tuple(lines), tuple(documents), told)
        for document in found.documents:
            self.unlisted.pop(document.key, None)
        for line in found.lines:
            self.loose.pop(line.line_no, None)
        self.groups.append(found)

    def put(self, document: OurDocument, lines: Iterable[StatementLine]) -> None:
        """Lay loose lines on a document."""
        self.unlisted.pop(document.key, None)
        self.documents[document.key] = document
        placed = self.on_document.setdefault(document.key, [])
        for line in lines:
            self.loose.pop(line.line_no, None)
            placed.append(line)

    def take_off(self, key: str, lines: Iterable[StatementLine]) -> None:
        """Take lines off their document; they are the caller's to lay elsewhere."""
        taken = {line.line_no for line in lines}
        kept = [line for line in self.on_document[key] if line.line_no not in taken]
        if kept:
            self.on_document[key] = kept
            return
        del self.on_document[key]
        if self.net(self.documents[key]):
            self.unlisted[key] = self.documents[key]

    def of_both_sides(self) -> list[OurDocument]:
        """What no line is on, but for write-offs, in which they have no part."""
        return [d for d in self.unlisted.values() if d.kind is not EntryKind.WRITE_OFF]

    def unlisted_by_amount(self) -> dict[int, list[OurDocument]]:
        """What no line is on, by its amount."""
        found: dict[int, list[OurDocument]] = {}
        for document in self.of_both_sides():
            found.setdefault(self.net(document), []).append(document)
        return found

    def unlisted_about(self, named: Mapping[str, OurDocument]) -> dict[str, dict[str, list[int]]]:
        """``about_of`` what no line is on."""
        return about_of(self.unlisted.values(), named)


def about_of(
    documents: Iterable[OurDocument], named: Mapping[str, OurDocument]
) -> dict[str, dict[str, list[int]]]:
    """Key of a document -> those of ``named`` that it says it is about -> the amounts that it says of each."""
    index = index_of(named)
    found: dict[str, dict[str, list[int]]] = {}
    for document in documents:
        about: dict[str, list[int]] = {}
        for reference, amount in document.about:
            keys = index.resolve(reference).keys
            if len(keys) == 1 and keys[0] != document.key:
                about.setdefault(keys[0], []).append(amount)
        if about:
            found[document.key] = about
    return found


def total(lines: Iterable[StatementLine]) -> int:
    """Their sum, signed."""
    return sum(map(signed, lines))
