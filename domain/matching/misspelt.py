"""Numbers that no document has, or not the one that is meant: which documents are nearly of these numbers?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import msgspec

from domain.matching.candidates import (
    CERTAIN_PPM,
    SHARE_OF_STEPS,
    SLIPS_MAX,
    SLIPS_TO_BOOK,
    Candidates,
    Document,
    Proposal,
    Receipt,
    before_deduction,
    best,
    likeness_ppm,
    link,
    listed,
    parts_of,
    slips,
)

#: two lists that fit tell that neither is the only one
_ENOUGH = 2
#: how much likelier a coincidence may be where numbers speak, too
_NAMED_BESIDES = 10
#: (short of the documents, slips in all, documents in the order of the words)
_Reading = tuple[int, int, tuple[Document, ...]]


def fuzzy_reference(candidates: Candidates) -> Iterator[Proposal]:
    """Documents whose number is nearly what the payment names. Of a payment that names several, one document for each
    that together come to it, or to a small deduction more.

    Certain where all that it names is read so, to the cent, in one way only, and that is no coincidence.
    """
    least = candidates.rules.matching.reference_similarity_ppm
    for receipt in candidates.receipts.values():
        if not receipt.words:
            continue
        documents = candidates.documents_for(receipt)
        readings, told = _readings(candidates, receipt, documents)
        lists = [
            msgspec.structs.replace(
                listed(candidates, receipt, chosen, short), certain=told and len(readings) == 1, reads=True
            )
            for short, _, chosen in readings
        ]
        exact = any(short == 0 for short, _, _ in readings)
        singles = []
        for document in () if exact else _nearest(receipt, documents, least):
            smaller, larger = sorted((receipt.left_minor, document.open_minor))
            parts = parts_of(candidates, receipt, document, amount=CERTAIN_PPM * smaller // larger)
            singles.append(Proposal((link(receipt, document),), parts, certain=False))
        yield from best(candidates, [*lists, *singles])


def _nearest(receipt: Receipt, documents: Sequence[Document], least: int) -> list[Document]:
    """For each word the documents whose numbers are most like it. Numbers that follow each other are all alike, so
    only the most alike count.
    """
    found: dict[str, Document] = {}
    for word in receipt.words:
        alike = {d.key: max(likeness_ppm(word, number) for number in d.numbers) for d in documents}
        most = max(alike.values(), default=0)
        found |= {d.key: d for d in documents if alike[d.key] == most >= least}
    return list(found.values())


def _readings(
    candidates: Candidates, receipt: Receipt, documents: Sequence[Document]
) -> tuple[list[_Reading], bool]:
    """The best ways to read the payment's numbers as documents that come to it, at most two: first those that come to
    it exactly, then those with the fewest slips. A number that is like none is something else.

    And whether the first comes to it exactly, reads all of its numbers, each one slip away, all ways were tried, and
    it is no coincidence: of ways with such slips there are few. What is named is nearly always there, so it may be ten
    times as likely as where nothing is named.
    """
    near = []
    for forms in receipt.named if len(receipt.named) > 1 else ():
        alike = [(slips(forms, d.numbers), d) for d in documents]
        if close := [(count, d) for count, d in alike if count <= SLIPS_MAX]:
            near.append(
                sorted(close, key=lambda pair: (-pair[0], pair[1].key))
            )  # the likeliest is tried first
    if not 2 <= len(near) <= candidates.rules.matching.combination_max:
        return [], False
    matching = candidates.rules.matching
    most = before_deduction(receipt.left_minor, matching.deduction_ppm)
    found, complete = _sums(candidates, near, receipt.left_minor, most)
    found.sort(key=lambda reading: (reading[0] > 0, reading[1], reading[0], [d.key for d in reading[2]]))
    once: dict[frozenset[str], _Reading] = {}
    for reading in found:
        once.setdefault(frozenset(d.key for d in reading[2]), reading)
    found = list(once.values())
    nearest = [{d.key for count, d in close if count <= SLIPS_TO_BOOK} for close in near]
    ways = math.prod(map(len, nearest))
    rare = CERTAIN_PPM * ways // receipt.left_minor <= _NAMED_BESIDES * matching.coincidence_ppm
    told = (
        complete
        and rare
        and len(near) == len(receipt.named)
        and bool(found)
        and not found[0][0]
        and all(document.key in some for document, some in zip(found[0][2], nearest, strict=True))
        and all(_may_mean(receipt, *pair) for pair in zip(receipt.named, found[0][2], strict=True))
    )
    return [reading for reading in found if (reading[0] > 0) == (found[0][0] > 0)][:_ENOUGH], told


def _may_mean(receipt: Receipt, forms: tuple[str, ...], document: Document) -> bool:
    """Whether what it names is this document's number, or nobody's."""
    return not set(forms).isdisjoint((*document.numbers, *receipt.words))


def _sums(
    candidates: Candidates, near: Sequence[Sequence[tuple[int, Document]]], least: int, most: int
) -> tuple[list[_Reading], bool]:
    """One document of each of ``near``, none twice, that add up to ``least`` to ``most``; as far as there are steps,
    and whether there were enough.
    """
    smallest, largest = [0], [0]
    for close in reversed(near):
        figures = [d.open_minor for _, d in close]
        smallest.append(smallest[-1] + min(figures))
        largest.append(largest[-1] + max(figures))
    steps = min(candidates.steps_left, candidates.rules.matching.steps_max // SHARE_OF_STEPS)
    candidates.steps_left -= steps
    found: list[_Reading] = []
    stack: list[_Reading] = [(0, 0, ())]
    while stack:
        total, count, taken = stack.pop()
        if len(taken) == len(near):
            found.append((total - least, count, taken))
            continue
        close, rest = near[len(taken)], len(near) - len(taken) - 1
        if steps < len(close):
            stack.append((total, count, taken))
            break
        steps -= len(close)
        for more, document in close:
            so_far = total + document.open_minor
            if document not in taken and so_far + smallest[rest] <= most and so_far + largest[rest] >= least:
                stack.append((so_far, count + more, (*taken, document)))
    candidates.steps_left += steps
    return found, not stack
