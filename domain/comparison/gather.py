"""What belongs together though no one number says so: what a look at the whole account tells an accountant.

``lay`` brings each line to the document whose number it bears. A customer's ledger also books a payment under the
invoice that it pays, several documents in one line or one document in several, and nets a credit note with what it is
of. Whatever is brought together here comes to the same amount on both sides to the minor unit, or stays where it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as Set
from typing import Final

import msgspec

from domain.comparison.combined import join_documents, join_lines, net_off
from domain.comparison.crossing import crosses, give_back_wrong_sides, settle_crossing, take_crossing
from domain.comparison.entries import OurDocument, OurSide
from domain.comparison.gathered import Gathered, total
from domain.comparison.lay import Laid
from domain.comparison.texts import holds_a_number
from domain.comparison.twins import akin, runs_of, says_so, twins, unnumbered
from domain.comparison.verdict import signed
from domain.events import StatementLine
from domain.facts import EntryKind, StatementFact
from domain.matching.forms import BARE_DIGITS_MIN
from domain.rules import Rules

#: so many documents of a kind found without their numbers, and at most this share as many by their numbers: they
#: number them in their own way
OWN_SERIES_MIN: Final = 3
OWN_SERIES_SHARE: Final = 10
#: what lowers what they owe is often numbered in one series: vouchers of payment, debit notes
_LOWERING: Final = frozenset({EntryKind.PAYMENT, EntryKind.CREDIT_NOTE, EntryKind.RETURN})


def gather(side: OurSide, statement: StatementFact, laid: Laid, rules: Rules) -> Gathered:
    """Bring together what ``laid`` left apart, the surest first.

    A function of the statement, whose lines have one order, and of our documents in canonical order; so not of arrival.
    Of lines that would do as well as each other the first is taken.
    """
    table = Gathered(
        statement.period_start,
        statement.period_end,
        rules.date_window_days,
        {key: list(lines) for key, lines in laid.on_document.items()},
        dict(laid.documents),
        {line.line_no: line for line in laid.loose},
        dict(laid.unlisted),
    )
    if not table.on_document and not table.loose and not laid.lists:
        return table
    _by_last_figures(table)
    take_crossing(table)
    _lists(table, laid)
    settle_crossing(table, laid.listed)
    give_back_wrong_sides(table, credits_only=True)
    _twins(table)
    net_off(table)
    join_lines(table)
    join_documents(table, rules.matching.coincidence_ppm)
    give_back_wrong_sides(table)
    table.own = own = _own_series(table, side, laid)
    _of_own_series(table, own)
    table.groups = [
        msgspec.structs.replace(group, told=True) if group.documents[0].kind in own else group
        for group in table.groups
    ]
    return table


def _by_last_figures(table: Gathered) -> None:
    """Read "00123" as RE-2026-00123 and "PB 4" as PB/004, if no other document that no line is on ends so.

    What is short says little: then the day has to say it too.
    """
    ending: dict[str, list[OurDocument]] = {}
    for document in table.unlisted.values() if table.loose else ():
        ending.setdefault("".join(runs_of(document.document_no)[-1:]), []).append(document)
    wanted: list[tuple[OurDocument, StatementLine]] = []
    for line in table.loose.values():
        last = "".join(runs_of(line.document_no)[-1:]) if holds_a_number(line.document_no) else ""
        some = [
            document
            for document in ending.get(last, ())
            if akin(line.document_no, document.document_no)
            and signed(line) * table.net(document) > 0
            and (len(last) >= BARE_DIGITS_MIN or table.near(line, document))
        ]
        if len(some) == 1:
            wanted.append((some[0], line))
    for document, line in wanted:
        table.put(document, [line])


def _lists(table: Gathered, laid: Laid) -> None:
    """A line that names several documents stands for all of them, or else for the one of its amount."""
    parts: list[tuple[StatementLine, list[OurDocument]]] = []
    for line, keys in laid.lists:
        table.loose[line.line_no] = line
        documents = [laid.listed[key] for key in keys]
        if any(crosses(line, document) for document in documents):
            table.crossing[line.line_no] = keys
        elif sum(map(table.net, documents)) != signed(line):
            parts.append((line, documents))
        elif all(document.key in table.unlisted for document in documents):
            table.group([line], documents)
    for line, documents in parts:
        exact = [d for d in documents if d.key in table.unlisted and table.net(d) == signed(line)]
        if len(exact) == 1:
            table.put(exact[0], [line])


def _twins(table: Gathered) -> None:
    """What is the same by amount and date; also a line that is hardly what it names (``_astray``)."""
    astray: dict[int, str] = {}
    lines = dict(table.loose)
    for key, on_it in table.on_document.items():
        others = _astray(table, table.documents[key], on_it)
        astray |= {line.line_no: key for line in others}
        lines |= {line.line_no: line for line in others}
    theirs = [lines[line_no] for line_no in sorted(lines)]
    nameless = {line.line_no for line in theirs if unnumbered(line)}
    for line, document in list(_same(table, theirs, table.unlisted.values(), nameless)):
        stray = astray.get(line.line_no)
        if stray is not None:
            table.take_off(stray, [line])
        told = stray is None and (
            line.line_no in table.crossing
            or unnumbered(line)
            or akin(line.document_no, document.document_no)
            or says_so(line, document)
        )
        table.group([line], [document], told=told)


def _astray(table: Gathered, document: OurDocument, lines: Sequence[StatementLine]) -> list[StatementLine]:
    """Of the lines on a document those beside the one that is all of it; and of one that we have in another period
    those of another amount.
    """
    net = table.net(document)
    if not net and table.outside(document):
        whole = sum(booked.signed_minor for booked in document.lines)
        return [line for line in lines if signed(line) != whole]
    right = [line.line_no for line in lines if signed(line) == net]
    if len(lines) < 2 or len(right) != 1 or total(lines) == net:
        return []
    return [line for line in lines if line.line_no != right[0]]


def _same(
    table: Gathered, lines: Sequence[StatementLine], documents: Iterable[OurDocument], nameless: Set[int]
) -> Iterator[tuple[StatementLine, OurDocument]]:
    ours = [(document, table.net(document), table.day(document)) for document in documents]
    for at, to in twins(lines, ours, table.window_days, nameless):
        yield lines[at], ours[to][0]


def _of_own_series(table: Gathered, own: Set[EntryKind]) -> None:
    """What the numbers of a series of theirs do not tell apart is the same by amount and date."""
    lines = list(table.loose.values())
    documents = [document for document in table.unlisted.values() if document.kind in own]
    for line, document in list(_same(table, lines, documents, table.loose.keys())):
        table.group([line], [document])


def _own_series(table: Gathered, side: OurSide, laid: Laid) -> Set[EntryKind]:
    """The kinds of documents that they number in their own way: hardly any of these bears our number.

    One kind, what lowers an account (often one voucher's numbers), or all: a month has few of one kind.
    """
    untold = [group for group in table.groups if not group.told]
    often = Counter(document.kind for group in untold for document in group.documents)
    series = (*(frozenset({kind}) for kind in often), _LOWERING, frozenset(EntryKind))
    found = {kinds: sum(often[kind] for kind in kinds) for kinds in series}
    most = {kinds: count // OWN_SERIES_SHARE for kinds, count in found.items() if count >= OWN_SERIES_MIN}
    numbered: Counter[Set[EntryKind]] = Counter()
    for kind in _kinds_by_number(table, side, laid) if most else ():
        for kinds in [kinds for kinds in most if kind in kinds]:
            numbered[kinds] += 1
            if numbered[kinds] > most[kinds]:
                del most[kinds]
        if not most:
            break
    return frozenset().union(*most)


def _kinds_by_number(table: Gathered, side: OurSide, laid: Laid) -> Iterator[EntryKind]:
    """The kind of each document that a line means by its number."""
    for key in table.on_document:
        yield table.documents[key].kind
    for _, row in laid.agreed.pairs():
        yield side.entries.kinds[row]
