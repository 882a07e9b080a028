"""Several lines that are one document, several documents that are one line, and credit notes that are netted."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Final

from domain.comparison.entries import OurDocument
from domain.comparison.gathered import Gathered, total
from domain.comparison.texts import holds_a_number
from domain.comparison.twins import unnumbered
from domain.comparison.verdict import signed
from domain.events import StatementLine
from domain.facts import EntryKind
from domain.matching.forms import squeeze

#: documents that one line stands for without naming them
_RUN_MAX: Final = 6
#: lines times documents that are looked through for such
LOOKS_MAX: Final = 40_000
_PPM: Final = 1_000_000
#: as ``coincidence_ppm``, where people are told that the number is another one
_TOLD_COINCIDENCE_PPM: Final = 5_000


def net_off(table: Gathered) -> None:
    """What the lines on a document have too much or lack is a document that no line is on: one that is about the same,
    or of its kind and beside it.
    """
    apart = {
        key: total(lines) - table.net(table.documents[key])
        for key, lines in table.on_document.items()
        if table.documents[key].first_date(table.start, table.end)
    }
    apart = {key: gap for key, gap in apart.items() if gap}
    if not apart or not table.unlisted:
        return
    of: dict[str, list[OurDocument]] = {}
    for other, named in table.unlisted_about({key: table.documents[key] for key in apart}).items():
        if table.unlisted[other].kind is not EntryKind.WRITE_OFF:
            for key in named:
                of.setdefault(key, []).append(table.unlisted[other])
    same: dict[str, list[OurDocument]] = {}
    for document in table.of_both_sides():
        for number, _ in document.about:
            same.setdefault(squeeze(number), []).append(document)
    by_amount = table.unlisted_by_amount()
    for key, gap in apart.items():
        document, lines = table.documents[key], table.on_document[key]
        numbers = {squeeze(number): None for number, _ in document.about}
        related = {d.key: d for d in (*of.get(key, ()), *(d for n in numbers for d in same.get(n, ())))}
        exact = by_amount.get(gap, ())
        # A line that is all of the document has nothing else in it: one more of its amount is the document twice.
        whole = any(signed(line) == table.net(document) for line in lines)
        beside = [] if whole else [d for d in exact if _beside(table, d, document, lines[-1])]
        for some in (list(related.values()), [d for d in related.values() if d in exact], beside):
            free = [d for d in some if d.key in table.unlisted]
            if free and sum(map(table.net, free)) == gap:
                del table.on_document[key]
                table.group(lines, [document, *free])
                break


def _beside(table: Gathered, other: OurDocument, document: OurDocument, line: StatementLine) -> bool:
    """Whether a line on ``document`` may hold ``other`` too: one more of its kind, or what a payer deducts."""
    if table.net(document) * table.net(other) <= 0:
        return False
    deducted = document.kind is EntryKind.PAYMENT and other.kind in (EntryKind.CREDIT_NOTE, EntryKind.RETURN)
    return deducted or (other.kind is document.kind and table.near(line, other))


def join_lines(table: Gathered) -> None:
    """Loose lines of one number of theirs, or of one day, that come to one document."""
    for name_of in (_voucher, _day):
        bundles: dict[tuple[str | dt.date, bool], list[StatementLine]] = {}
        for line in table.loose.values():
            name = name_of(line)
            if name:
                bundles.setdefault((name, signed(line) > 0), []).append(line)
        by_amount = table.unlisted_by_amount()
        for lines in bundles.values():
            fitting = [d for d in by_amount.get(total(lines), ()) if d.key in table.unlisted]
            fitting = [d for d in fitting if table.near(lines[0], d)]
            if len(lines) > 1 and len(fitting) == 1:
                told = all(line.line_no in table.crossing or unnumbered(line) for line in lines)
                table.group(lines, fitting, told=told)


def _voucher(line: StatementLine) -> str:
    return squeeze(line.document_no) if holds_a_number(line.document_no) else ""


def _day(line: StatementLine) -> dt.date:
    return line.date


def join_documents(table: Gathered, coincidence_ppm: int) -> None:
    """A loose line that is several documents of ours, one after the other, if no others come to it.

    ``coincidence_ppm``: where nobody is told, sums that are tried number at most this share of the amount.
    """
    if len(table.unlisted) * len(table.loose) > LOOKS_MAX:
        return
    documents = sorted(table.of_both_sides(), key=lambda d: (table.day(d), d.document_no, d.kind.value))
    wanted: list[tuple[StatementLine, list[OurDocument]]] = []
    for line in table.loose.values():
        runs, tried = _runs(table, line, [d for d in documents if table.net(d) * signed(line) > 0])
        most_ppm = coincidence_ppm if unnumbered(line) else _TOLD_COINCIDENCE_PPM
        if len(runs) == 1 and tried * _PPM <= abs(signed(line)) * most_ppm:
            wanted.append((line, runs[0]))
    often = Counter(document.key for _, run in wanted for document in run)
    for line, run in wanted:
        if all(often[document.key] == 1 for document in run):
            table.group([line], run, told=unnumbered(line))


def _runs(
    table: Gathered, line: StatementLine, documents: Sequence[OurDocument]
) -> tuple[list[list[OurDocument]], int]:
    """The runs of documents that end near the line's day and come to its amount, and how many sums were tried."""
    found, tried = [], 0
    nets = list(map(table.net, documents))
    for last, document in enumerate(documents):
        if not table.near(line, document):
            continue
        amount = nets[last]
        for first in range(last - 1, max(last - _RUN_MAX, -1), -1):
            amount += nets[first]
            tried += 1
            if amount == signed(line):
                found.append(list(documents[first : last + 1]))
    return found, tried
