"""What is left over on both sides and is one but for a slip of theirs: in the amount, the side or the day.

Only where no number could say so: the line bears none, or they number such documents in their own way. And only where
neither has another partner that is as like it. What is brought together so is told: the slip stays a finding, one. But
what they deduct and we gave up later, in just that amount, is no slip: the day of a write-off is ours alone.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as Set
from typing import Final

import msgspec

from domain.comparison.entries import OurDocument
from domain.comparison.gathered import NEAR_SHARE, Gathered
from domain.comparison.twins import unnumbered
from domain.comparison.verdict import signed
from domain.events import StatementLine
from domain.facts import EntryKind

#: among more documents of near days than this one line is not looked for
_LOOKED_AT_MAX: Final = 24

_Alike = Callable[[Gathered, StatementLine, OurDocument], bool]


def same_but_for_a_slip(
    table: Gathered, elsewhere: Set[int], listed: Set[str], transit_days: int
) -> Gathered:
    """The table with such lines on their documents, the surest first; the one given is left as it is.

    ``elsewhere``, ``listed``: lines (by number) and documents (by key) that other periods explain.
    """
    lines = [
        line
        for line_no, line in table.loose.items()
        if line_no not in elsewhere and (table.own or unnumbered(line))
    ]
    documents = [document for document in table.unlisted.values() if document.key not in listed]
    if not lines or not documents:
        return table
    found = msgspec.structs.replace(
        table,
        on_document={key: list(on_it) for key, on_it in table.on_document.items()},
        documents=dict(table.documents),
        loose=dict(table.loose),
        unlisted=dict(table.unlisted),
        groups=list(table.groups),
    )
    documents.sort(key=table.day)
    given_up = [document for document in documents if document.kind is EntryKind.WRITE_OFF]
    for line, document in list(_only_ones(table, lines, given_up, transit_days, _equal)):
        found.group([line], [document])
    documents = [document for document in documents if document.kind is not EntryKind.WRITE_OFF]
    for days, alike in (
        (transit_days, _equal),
        (table.window_days, _slipped),
        (0, _near_amount),
        (table.window_days, _near_amount),
    ):
        lines = [line for line in lines if line.line_no in found.loose]
        documents = [document for document in documents if document.key in found.unlisted]
        for line, document in list(_only_ones(table, lines, documents, days, alike)):
            found.put(document, [line])
    return found


def _only_ones(
    table: Gathered,
    lines: Sequence[StatementLine],
    documents: Sequence[OurDocument],
    days: int,
    alike: _Alike,
) -> Iterator[tuple[StatementLine, OurDocument]]:
    """The lines and documents (by day) at most ``days`` apart that are alike to each other and to no other."""
    ours = [table.day(document) for document in documents]
    found: list[tuple[StatementLine, list[OurDocument]]] = []
    for line in lines:
        day = line.date.toordinal()
        first, last = bisect.bisect_left(ours, day - days), bisect.bisect_right(ours, day + days)
        if last - first <= _LOOKED_AT_MAX:
            near = [d for d in documents[first:last] if d.kind in table.own or unnumbered(line)]
            found.append((line, [document for document in near if alike(table, line, document)]))
    often = Counter(document.key for _, some in found for document in some)
    for line, some in found:
        if len(some) == 1 and often[some[0].key] == 1:
            yield line, some[0]


def _equal(table: Gathered, line: StatementLine, document: OurDocument) -> bool:
    return signed(line) == table.net(document)


def _slipped(table: Gathered, line: StatementLine, document: OurDocument) -> bool:
    """On the wrong side, two figures in each other's place, or once of what we have booked more than once."""
    net, theirs = table.net(document), signed(line)
    if net == -theirs or _two_figures_swapped(net, theirs):
        return True
    return net * theirs > 0 and document.figures(table.start, table.end)[theirs] > 0


def _two_figures_swapped(one: int, other: int) -> bool:
    first, second = str(one), str(other)
    places = [place for place, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]]
    return (
        len(first) == len(second)
        and len(places) == 2
        and places[1] == places[0] + 1
        and first[places[0]] == second[places[1]]
        and first[places[1]] == second[places[0]]
    )


def _near_amount(table: Gathered, line: StatementLine, document: OurDocument) -> bool:
    net = table.net(document)
    return net * signed(line) > 0 and abs(net - signed(line)) * NEAR_SHARE <= abs(net)
