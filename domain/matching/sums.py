"""Amounts that add up: several documents in one payment, several payments of one document, both at once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from domain.matching.candidates import (
    CERTAIN_PPM,
    SHARE_OF_STEPS,
    SLIPS_MAX,
    Candidates,
    Document,
    Proposal,
    Receipt,
    best,
    is_round,
    laid_out,
    latest_document,
    slips,
)
from domain.matching.combinations import Search, combinations_of
from domain.matching.rows import in_a_row


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
    """Documents that add up to the payment. Certain if no other documents do, all of them were there, and it is no
    coincidence: round figures come to a round one by chance far more often, and what is paid on account is round.
    """
    limit = candidates.rules.matching.coincidence_ppm
    for receipt in candidates.receipts.values():
        fitting = candidates.documents_for(receipt)
        documents = candidates.nearest(receipt, fitting)
        everything = len(documents) == len(fitting)
        search = _look(candidates, [d.open_minor for d in documents], receipt.left_minor)
        rare = _rare_ppm(candidates, search, receipt.left_minor)
        for places in search.found:
            chosen = sorted((documents[p] for p in places), key=lambda d: d.key)
            grain = math.gcd(*(d.open_minor for d in chosen))
            by_chance = CERTAIN_PPM * search.steps * grain // receipt.left_minor
            links = tuple((receipt.key, d.key, d.open_minor) for d in chosen)
            dates = min(candidates.date_ppm(receipt, d) for d in chosen)
            parts = (
                ("amount", CERTAIN_PPM),
                ("only_one", CERTAIN_PPM // len(search.found)),
                ("no_coincidence", rare),
                ("date", dates),
                ("payer", receipt.payer_ppm),
            )
            there = all(d.date <= receipt.date for d in chosen)
            certain = search.only is not None and everything and there and by_chance <= limit
            yield Proposal(links, parts, certain and not is_round(receipt.left_minor))
        if search.complete and not (search.found and rare):
            rows = list(in_a_row(candidates, receipt, fitting, share=0))
            yield from rows
            if not rows:
                candidates.unexplained[receipt.key] = bool(search.found)


def only_sum(candidates: Candidates, money: tuple[Receipt, ...], fee_minor: int = 0) -> Iterator[Proposal]:
    """The documents that ``money`` comes to together, with the fee that was kept of it, if no others do and it is no
    coincidence. Never certain.

    The first of ``money`` is the payment by whose date the documents are chosen.
    """
    receipt = money[0]
    total = sum(one.left_minor for one in money) + fee_minor
    documents = candidates.nearest(receipt, candidates.documents_for(receipt))
    search = _look(candidates, [d.open_minor for d in documents], total)
    rare = _rare_ppm(candidates, search, total)
    if search.only is None or not rare:
        return
    chosen = [documents[place] for place in search.only]
    yield _together(candidates, money, chosen, no_coincidence=rare)


def _together(
    candidates: Candidates, money: Sequence[Receipt], documents: Sequence[Document], **others: int
) -> Proposal:
    """``documents`` as paid by ``money``; the largest last, so that what is paid last splits no more than that one."""
    parts = (
        ("amount", CERTAIN_PPM),
        *others.items(),
        ("date", min(candidates.date_ppm(money[0], d) for d in documents)),
        ("payer", money[0].payer_ppm),
    )
    ordered = sorted(documents, key=lambda d: (d.open_minor, d.due_order))
    return Proposal(laid_out(money, ordered), parts, certain=False)


def less_credit_note(candidates: Candidates) -> Iterator[Proposal]:
    """A credit note that no document took: exactly what is open of a document that was there before it, one that is
    paid in part before others; or, with a payment that nothing else explains, exactly a document or the only documents
    that add up. Never certain: nobody has said so.
    """
    for credit in candidates.credits.values():
        same = [d for d in candidates.of_amount(credit.left_minor) if not d.whole or d.date <= credit.date]
        if same:
            nearest = min(same, key=lambda d: (d.whole, d.due_order))
            yield _together(candidates, (credit,), (nearest,), only_one=CERTAIN_PPM // len(same))
            continue
        for receipt in candidates.receipts.values():
            latest = latest_document(receipt.date, candidates.rules.matching)
            if receipt.key in candidates.offered or credit.date > latest:
                continue
            total = receipt.left_minor + credit.left_minor
            fits = [d for d in candidates.of_amount(total) if candidates.dates_fit(receipt, d)]
            if fits:
                oldest = min(fits, key=lambda d: d.due_order)
                yield _together(candidates, (receipt, credit), (oldest,), only_one=CERTAIN_PPM // len(fits))
            else:
                yield from only_sum(candidates, (receipt, credit))


def many_payments_one_document(candidates: Candidates) -> Iterator[Proposal]:
    """Payments that add up to the document: instalments without a word. Certain as above."""
    limit = candidates.rules.matching.coincidence_ppm
    beside_misspelt = _with_misspelt(candidates)
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
            yield from _parts_of(candidates, document, beside_misspelt)


def _with_misspelt(candidates: Candidates) -> dict[int, list[tuple[Receipt, ...]]]:
    """By their sum: a misspelt payment with one other, or with two, misspelt or silent; as far as there are steps.

    Looked up by what is open of a document, so that numbers are compared only where the figures are right.
    """
    steps = min(candidates.steps_left, candidates.rules.matching.steps_max // SHARE_OF_STEPS)
    everyone = [*candidates.misspelt.values(), *candidates.receipts.values()]

    def beside(others: int) -> Iterator[tuple[Receipt, ...]]:
        for place, receipt in enumerate(candidates.misspelt.values(), start=1):
            for more in itertools.combinations(everyone[place:], others):
                yield (receipt, *more)

    found: dict[int, list[tuple[Receipt, ...]]] = {}
    for together in itertools.islice(itertools.chain(beside(1), beside(2)), steps):
        found.setdefault(sum(r.left_minor for r in together), []).append(together)
        candidates.steps_left -= 1
    return found


def _parts_of(
    candidates: Candidates, document: Document, sums: Mapping[int, Sequence[tuple[Receipt, ...]]]
) -> list[Proposal]:
    """Those of ``sums`` that are the document, and whose misspelt payments nearly name it; of the fewest payments.
    Certain if only one is, and each of its payments names one number that is one slip away.
    """

    def may_pay(receipt: Receipt) -> bool:
        return candidates.dates_fit(receipt, document) and (
            receipt.key not in candidates.misspelt
            or any(slips(forms, document.numbers) <= SLIPS_MAX for forms in receipt.named)
        )

    found = [together for together in sums.get(document.open_minor, ()) if all(map(may_pay, together))]
    fewest = [together for together in found if len(together) == len(found[0])]
    told = len(found) == 1 and all(receipt.nearly_names(document) for receipt in found[0])
    proposals = []
    for together in fewest:
        parts = (
            ("amount", CERTAIN_PPM),
            ("only_one", CERTAIN_PPM // len(fewest)),
            ("date", min(candidates.date_ppm(r, document) for r in together)),
            ("payer", min(r.payer_ppm for r in together)),
        )
        links = tuple(sorted((r.key, document.key, r.left_minor) for r in together))
        proposals.append(Proposal(links, parts, certain=told, reads=True))
    return best(candidates, proposals)


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
