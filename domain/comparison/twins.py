"""Which of the lines and documents that no number brings together are the same by amount and date?

Strict fits first, each only where it leaves no choice: one line and one document within the window; as many of either
in a row of near days, one after the other. Equal amounts are often many (subscriptions), and who of them is whose then
makes no difference. A line whose number says nothing has its amount and day alone: those of one day go together first,
then the others as they come, and only what is too many is left over.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as Set
from operator import attrgetter
from typing import Final, NamedTuple

from domain.comparison.entries import OurDocument
from domain.comparison.texts import holds_a_number, parts_of
from domain.comparison.verdict import signed
from domain.events import StatementLine
from domain.matching.forms import BARE_DIGITS_MIN, squeeze

_FIGURES = re.compile(r"\d+")
_LINE: Final = 0
_DOCUMENT: Final = 1


class _Point(NamedTuple):
    day: int
    side: int
    place: int


_day = attrgetter("day")


def runs_of(reference: str) -> tuple[str, ...]:
    """The figures of a number without leading zeros, between what else stands in it."""
    return tuple(run.lstrip("0") for run in _FIGURES.findall(reference))


def akin(reference: str, number: str) -> bool:
    """Whether the figures of ``reference`` end those of ``number``, or the other way round: "004" and "PB/004".

    One or two figures say so only without other letters before them.
    """
    theirs, ours = runs_of(reference), runs_of(number)
    shared = min(len(theirs), len(ours))
    if not shared or not theirs[-1] or theirs[-shared:] != ours[-shared:]:
        return False
    return len(theirs[-1]) >= BARE_DIGITS_MIN or _letters(reference) in ("", _letters(number))


def says_so(line: StatementLine, document: OurDocument) -> bool:
    """Whether a line names what the document says that it is about, though nobody knows it: an invoice not booked."""
    named = {squeeze(n) for r in (line.document_no, line.their_reference) if r for n in (r, *parts_of(r))}
    return any(squeeze(number) in named for number, _ in document.about if squeeze(number))


def _letters(reference: str) -> str:
    return "".join(filter(str.isalpha, squeeze(reference)))


def unnumbered(line: StatementLine) -> bool:
    """Whether a line bears no number at all, whatever it says."""
    return not holds_a_number(line.document_no) and not holds_a_number(line.their_reference or "")


def twins(
    lines: Sequence[StatementLine],
    documents: Sequence[tuple[OurDocument, int, int]],
    window_days: int,
    nameless: Set[int],
) -> Iterator[tuple[int, int]]:
    """(place of a line, place of its document). ``documents``: with amount and day, in canonical order.

    ``nameless``: numbers of the lines whose document number says nothing.
    """
    lines_of: dict[int, list[_Point]] = {}
    for place, line in enumerate(lines):
        lines_of.setdefault(signed(line), []).append(_Point(line.date.toordinal(), _LINE, place))
    documents_of: dict[int, list[_Point]] = {}
    for place, (_, amount, day) in enumerate(documents):
        if amount in lines_of:
            documents_of.setdefault(amount, []).append(_Point(day, _DOCUMENT, place))
    for amount, ours in documents_of.items():
        theirs = lines_of[amount]
        if len(theirs) == len(ours) == 1:
            if abs(theirs[0].day - ours[0].day) <= window_days:
                yield theirs[0].place, ours[0].place
            continue
        yield from _Equal(lines, documents, [*theirs, *ours], window_days).pairs(nameless)


class _Equal:
    """Lines and documents of one amount."""

    def __init__(
        self,
        lines: Sequence[StatementLine],
        documents: Sequence[tuple[OurDocument, int, int]],
        points: list[_Point],
        window_days: int,
    ) -> None:
        self._lines = lines
        self._documents = documents
        self._left = sorted(points)
        self._window = window_days

    def pairs(self, nameless: Set[int]) -> Iterator[tuple[int, int]]:
        steps = [self._alone, self._in_a_row]
        if all(self._lines[p.place].line_no in nameless for p in self._left if p.side == _LINE):
            steps += [self._of_one_day, self._as_they_come]
        for found in steps:
            pairs = list(found())
            taken = {point for pair in pairs for point in pair}
            self._left = [point for point in self._left if point not in taken]
            yield from ((line.place, document.place) for line, document in pairs)

    def _sides(self) -> tuple[list[_Point], list[_Point]]:
        lines = [point for point in self._left if point.side == _LINE]
        return lines, [point for point in self._left if point.side == _DOCUMENT]

    def _near(self, one: _Point, other: _Point) -> bool:
        return abs(one.day - other.day) <= self._window

    def _of_one_day(self) -> Iterator[tuple[_Point, _Point]]:
        by_day: dict[int, tuple[list[_Point], list[_Point]]] = {}
        for point in self._left:
            by_day.setdefault(point.day, ([], []))[point.side].append(point)
        for theirs, ours in by_day.values():
            yield from zip(theirs, ours, strict=False)

    def _alone(self) -> Iterator[tuple[_Point, _Point]]:
        lines, documents = self._sides()
        for line in lines:
            near = self._within(documents, line.day)
            if len(near) == 1 and len(self._within(lines, documents[near.start].day)) == 1:
                yield line, documents[near.start]

    def _within(self, points: Sequence[_Point], day: int) -> range:
        """The points within the window of a day."""
        first = bisect.bisect_left(points, day - self._window, key=_day)
        return range(first, bisect.bisect_right(points, day + self._window, key=_day))

    def _in_a_row(self) -> Iterator[tuple[_Point, _Point]]:
        start = 0
        for end in range(1, len(self._left) + 1):
            if end < len(self._left) and self._near(self._left[end - 1], self._left[end]):
                continue
            row, start = self._left[start:end], end
            theirs = [point for point in row if point.side == _LINE]
            ours = [point for point in row if point.side == _DOCUMENT]
            pairs = list(zip(theirs, ours, strict=False))
            if len(theirs) == len(ours) and all(self._near(*pair) for pair in pairs):
                yield from pairs

    def _as_they_come(self) -> Iterator[tuple[_Point, _Point]]:
        lines, documents = self._sides()
        at = 0
        for line in lines:
            while at < len(documents) and documents[at].day < line.day - self._window:
                at += 1
            if at < len(documents) and self._near(line, documents[at]):
                yield line, documents[at]
                at += 1
