"""Rows: documents that fall due one after the other, as people pay who pay their list from the top."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence

import msgspec

from domain.matching.candidates import (
    CERTAIN_PPM,
    Candidates,
    Document,
    Excess,
    Proposal,
    Receipt,
    before_deduction,
    listed,
)
from domain.matching.discounts import USUAL_DISCOUNTS

#: rows less some difference that are shown
_ROWS_SHOWN = 3


class Row(msgspec.Struct, frozen=True):
    """``documents`` from the place ``first`` of all that are ordered; they are ``short_minor`` more than is paid."""

    first: int
    documents: Sequence[Document]
    short_minor: int

    @property
    def told(self) -> bool:
        """Whether it is paid in full, or less a usual discount of it or of each, to the cent."""
        paid_for = sum(document.open_minor for document in self.documents)
        return not self.short_minor or any(
            abs(self.short_minor * CERTAIN_PPM - paid_for * share) < len(self.documents) * CERTAIN_PPM
            for share in USUAL_DISCOUNTS
        )


def in_a_row(
    candidates: Candidates,
    receipt: Receipt,
    documents: Sequence[Document],
    share: int,
    *,
    told_only: bool = False,
) -> Iterator[Proposal]:
    """A row of at most ``candidates_max`` of ``documents`` of which the payment is the sum but for ``share``.

    Only where one row fits, but for a share three at most: some row fits nearly every large payment. One that is paid
    less a usual discount to the cent explains more than others, which are left out with ``told_only``; of several such
    the one from the oldest on. Which of two documents comes first that fall due together is nobody's word, so both
    orders are looked at.
    """
    longest, most = candidates.rules.matching.candidates_max, before_deduction(receipt.left_minor, share)
    by_due, other_way = _orders(documents)
    found = list(_rows(by_due, receipt.left_minor, most, longest))
    told = [row for row in found if row.told]
    told = told or [row for row in _rows(other_way, receipt.left_minor, most, longest) if row.told]
    for only in (told, [row for row in told if not row.first], [] if told_only else found):
        if 0 < len(only) <= (_ROWS_SHOWN if share and only is found else 1):
            for row in only:
                yield listed(candidates, receipt, row.documents, row.short_minor)
            return


def row_after(candidates: Candidates, receipt: Receipt, excess: Excess) -> Iterator[Proposal]:
    """The documents that fall due, or are dated, one after the other behind those that the payment names, where its
    text says that there are others and they come to exactly what is left of it: so many as it says, if it does.
    """
    if excess.others is None:
        return
    named = {document.key for document in excess.after}
    every = [*excess.after, *(d for d in candidates.documents_for(receipt) if d.key not in named)]
    for ordered in (*_orders(every), sorted(every, key=lambda d: (d.date, d.key))):
        first = 1 + max(place for place, document in enumerate(ordered) if document.key in named)
        up_to = list(itertools.accumulate(document.open_minor for document in ordered[first:]))
        count = bisect.bisect_left(up_to, receipt.left_minor) + 1
        if up_to[count - 1 : count] == [receipt.left_minor] and excess.others in (0, count):
            yield listed(candidates, receipt, ordered[first : first + count], short=0)
            return


def _orders(documents: Sequence[Document]) -> tuple[Sequence[Document], Sequence[Document]]:
    """By due date, and the same with those the other way round that are dated and fall due together."""
    by_due = sorted(documents, key=lambda d: (d.due_date, d.date, d.key))
    other_way = sorted(documents, key=lambda d: d.key, reverse=True)
    return by_due, sorted(other_way, key=lambda d: (d.due_date, d.date))


def _rows(ordered: Sequence[Document], least: int, most: int, longest: int) -> Iterator[Row]:
    """The rows of two to ``longest`` documents that come to ``least`` up to ``most``, in minor units. One pass."""
    up_to = [0, *itertools.accumulate(d.open_minor for d in ordered)]
    for end in range(2, len(up_to)):
        for first in range(
            max(bisect.bisect_left(up_to, up_to[end] - most), end - longest),
            min(bisect.bisect_right(up_to, up_to[end] - least), end - 1),
        ):
            yield Row(first, ordered[first:end], up_to[end] - up_to[first] - least)
