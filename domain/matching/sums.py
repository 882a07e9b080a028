"""Amounts that add up: several documents in one payment, several payments of one document, both at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.matching.candidates import (
    CERTAIN_PPM,
    SLIPS_MAX,
    Candidates,
    Document,
    Proposal,
    Receipt,
    best,
    laid_out,
    listed,
    slips,
)
from domain.matching.combinations import Search, combinations_of


def _look(candidates: Candidates, amounts: Sequence[int], total: int) -> Search:
    """One search, out of the steps that the review has left."""
    search = combinations_of(amounts, total, candidates.rules.matching.combination_max, candidates.steps_left)
    candidates.steps_left -= search.steps
    return search


def _rare_ppm(candidates: Candidates, search: Search, total: int) -> int:
    """How unlikely it is that sums of other amounts would have hit ``total`` by chance; 0 at the limit and beyond."""
    limit = candidates.rules.matching.coincidence_ppm
    by_chance = CERTAIN_PPM * search.steps // total
    return max(CERTAIN_PPM - CERTAIN_PPM * by_chance // max(2 * limit, 1), 0)


def one_payment_many_documents(candidates: Candidates) -> Iterator[Proposal]:
    """Documents that add up to the payment. Certain if no other documents do, and it is no coincidence."""
    limit = candidates.rules.matching.coincidence_ppm
    for receipt in candidates.receipts.values():
        fitting = candidates.documents_for(receipt)
        documents = candidates.nearest(receipt, fitting)
        everything = len(documents) == len(fitting)
        search = _look(candidates, [d.open_minor for d in documents], receipt.left_minor)
        by_chance = CERTAIN_PPM * search.steps // receipt.left_minor
        for places in search.found:
            chosen = sorted((documents[p] for p in places), key=lambda d: d.key)
            links = tuple((receipt.key, d.key, d.open_minor) for d in chosen)
            dates = min(candidates.date_ppm(receipt, d) for d in chosen)
            parts = (
                ("amount", CERTAIN_PPM),
                ("only_one", CERTAIN_PPM // len(search.found)),
                ("no_coincidence", _rare_ppm(candidates, search, receipt.left_minor)),
                ("date", dates),
                ("payer", receipt.payer_ppm),
            )
            certain = search.only is not None and everything and by_chance <= limit
            yield Proposal(links, parts, certain)
        if not search.found:
            yield from in_a_row(candidates, receipt, fitting, share=0)


def in_a_row(
    candidates: Candidates, receipt: Receipt, documents: Sequence[Document], share: int
) -> Iterator[Proposal]:
    """Documents that fall due one after the other, and of which the payment is the sum but for ``share``: the rows
    that it is the least short of. One pass over the documents.
    """
    ordered = sorted(documents, key=lambda d: (d.due_date, d.date, d.key))
    rows = []
    first = total = 0
    for end, document in enumerate(ordered, start=1):
        total += document.open_minor
        while total - ordered[first].open_minor >= receipt.left_minor:
            total -= ordered[first].open_minor
            first += 1
        short = total - receipt.left_minor
        needed = total - document.open_minor < receipt.left_minor
        if needed and end - first > 1 and 0 <= short <= total * share // CERTAIN_PPM:
            rows.append((short, first, end))
    for short, first, end in sorted(rows)[: candidates.rules.matching.suggestions_max]:
        yield listed(candidates, receipt, ordered[first:end], short)


def many_payments_one_document(candidates: Candidates) -> Iterator[Proposal]:
    """Payments that add up to the document: instalments without a word. Certain as above."""
    limit = candidates.rules.matching.coincidence_ppm
    for document in candidates.documents.values():
        receipts = [r for r in candidates.receipts.values() if candidates.dates_fit(r, document)]
        most = candidates.rules.matching.candidates_max
        search = _look(candidates, [r.left_minor for r in receipts[:most]], document.open_minor)
        by_chance = CERTAIN_PPM * search.steps // document.open_minor
        for places in search.found:
            chosen = sorted((receipts[p] for p in places), key=lambda r: r.key)
            links = tuple((r.key, document.key, r.left_minor) for r in chosen)
            parts = (
                ("amount", CERTAIN_PPM),
                ("only_one", CERTAIN_PPM // len(search.found)),
                ("no_coincidence", _rare_ppm(candidates, search, document.open_minor)),
                ("date", min(candidates.date_ppm(r, document) for r in chosen)),
                ("payer", min(r.payer_ppm for r in chosen)),
            )
            certain = search.only is not None and len(receipts) <= most and by_chance <= limit
            yield Proposal(links, parts, certain)
        if search.only is None:
            yield from _with_misspelt(candidates, document, receipts[:most])


def _with_misspelt(
    candidates: Candidates, document: Document, silent: Sequence[Receipt]
) -> Iterator[Proposal]:
    """A payment that nearly names the document, and one or two more that make it up to it. Never certain."""
    near = [
        receipt
        for receipt in candidates.misspelt.values()
        if candidates.dates_fit(receipt, document)
        and any(slips(forms, document.numbers) <= SLIPS_MAX for forms in receipt.named)
    ][: candidates.rules.matching.candidates_max]
    proposals = []
    for place, receipt in enumerate(near):
        found = _one_or_two([*near[place + 1 :], *silent], document.open_minor - receipt.left_minor)
        for chosen in found:
            together = sorted([receipt, *chosen], key=lambda r: r.key)
            parts = (
                ("amount", CERTAIN_PPM),
                ("only_one", CERTAIN_PPM // len(found)),
                ("date", min(candidates.date_ppm(r, document) for r in together)),
                ("payer", min(r.payer_ppm for r in together)),
            )
            links = tuple((r.key, document.key, r.left_minor) for r in together)
            proposals.append(Proposal(links, parts, certain=False))
    yield from best(candidates, proposals)


def _one_or_two(receipts: Sequence[Receipt], total: int) -> list[tuple[Receipt, ...]]:
    """Each of ``receipts`` that is ``total``; where none is, pairs that are, of equal ones the first."""
    found: list[tuple[Receipt, ...]] = [(receipt,) for receipt in receipts if receipt.left_minor == total]
    if not found:
        before: dict[int, Receipt] = {}
        for receipt in receipts:
            partner = before.get(total - receipt.left_minor)
            if partner is not None:
                found.append((partner, receipt))
            before.setdefault(receipt.left_minor, receipt)
    return found


def many_to_many(candidates: Candidates) -> Iterator[Proposal]:
    """Two payments that together pay several documents. Never certain: which pays which is not told."""
    receipts = list(candidates.receipts.values())[: candidates.rules.matching.candidates_max]
    used: set[str] = set()
    for place, first in enumerate(receipts):
        for second in receipts[place + 1 :]:
            if candidates.steps_left <= 0:
                return
            total = first.left_minor + second.left_minor
            fitting = [d for d in candidates.documents_for(first) if candidates.dates_fit(second, d)]
            documents = candidates.nearest(first, fitting)
            search = _look(candidates, [d.open_minor for d in documents], total)
            if search.only is None or {first.key, second.key} & used:
                continue
            used |= {first.key, second.key}
            chosen = sorted((documents[p] for p in search.only), key=lambda d: (d.due_date, d.key))
            parts = (
                ("amount", CERTAIN_PPM),
                ("no_coincidence", _rare_ppm(candidates, search, total)),
                ("date", min(candidates.date_ppm(r, d) for r in (first, second) for d in chosen)),
                ("payer", min(first.payer_ppm, second.payer_ppm)),
            )
            yield Proposal(laid_out((first, second), chosen), parts, certain=False)
