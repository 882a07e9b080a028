"""Matching without a reference that fits: one function per stage, dispatched by its name, by priority.

A stage sees what the stages before it left and proposes. A proposal that is certain, reaches the threshold and leaves
nothing open beyond the tolerance is confirmed; every other one is a suggestion, which books nothing. A payment that
names a document nobody has is never confirmed here: its own word contradicts, and UNKNOWN_REFERENCE stays open.

Invariants: no receipt and no document is used beyond what is left of it; a pure function of the candidates (I6).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from domain.matching.candidates import (
    CERTAIN_PPM,
    Candidates,
    Document,
    Proposal,
    Receipt,
    ScoreParts,
    by_amount,
    likeness_ppm,
)
from domain.matching.combinations import Search, combinations_of
from domain.rules import MatchingRules, OrderPolicy

#: stages that add up
_SUMS = frozenset({"one_payment_many_documents", "many_payments_one_document", "many_to_many"})
Stage = Callable[[Candidates], Iterator[Proposal]]


class Found(msgspec.Struct, frozen=True):
    """A proposal, the stage that made it, and whether it is booked."""

    stage: str
    proposal: Proposal
    confirmed: bool


def match(candidates: Candidates) -> list[Found]:
    """Run the stages of the rules. Takes confirmed and suggested items out of ``candidates``."""
    matching = candidates.rules.matching
    found: list[Found] = []
    wanted: set[str] = set()
    for name in matching.stages:
        if not candidates.receipts or not candidates.documents:
            break
        proposals = _uncontested(list(STAGES[name](candidates)), wanted)
        for proposal in proposals:
            if _confirmed(proposal, candidates):
                found.append(Found(name, proposal, confirmed=True))
                _use(candidates, proposal)
        suggested: set[str] = set()
        for proposal in proposals:
            if _open(proposal, candidates) and proposal.score_ppm >= matching.suggest_ppm:
                found.append(Found(name, proposal, confirmed=False))
                suggested |= {receipt for receipt, _, _ in proposal.links}
                wanted |= _items(proposal)
        # A later stage is less certain: it says nothing about what has a suggestion. Only sums do not count for that:
        # some sum fits nearly everything.
        for key in suggested if name not in _SUMS else ():
            del candidates.receipts[key]
    return found


def _uncontested(proposals: list[Proposal], wanted: set[str]) -> list[Proposal]:
    """The proposals, none of them certain that uses an item of another one or of an earlier suggestion."""
    uses = Counter(key for p in proposals for key in _items(p))
    return [
        msgspec.structs.replace(p, certain=False)
        if p.exclusive and any(uses[key] > 1 or key in wanted for key in _items(p))
        else p
        for p in proposals
    ]


def _items(proposal: Proposal) -> set[str]:
    return {key for receipt, document, _ in proposal.links for key in (receipt, document)}


def _open(proposal: Proposal, candidates: Candidates) -> bool:
    return all(r in candidates.receipts and d in candidates.documents for r, d, _ in proposal.links)


def _confirmed(proposal: Proposal, candidates: Candidates) -> bool:
    matching = candidates.rules.matching
    return (
        proposal.certain
        and _open(proposal, candidates)
        and proposal.score_ppm >= matching.confirm_ppm
        and all(_trusted(candidates.receipts[receipt], matching) for receipt, _, _ in proposal.links)
    )


def _trusted(receipt: Receipt, matching: MatchingRules) -> bool:
    return receipt.confirmable and receipt.payer_ppm >= matching.payer_similarity_ppm


def _use(candidates: Candidates, proposal: Proposal) -> None:
    """Take out the receipts, and the documents of which nothing is left beyond the tolerance."""
    taken: Counter[str] = Counter()
    for receipt_key, document_key, amount in proposal.links:
        candidates.receipts.pop(receipt_key, None)
        taken[document_key] += amount
    for key, amount in taken.items():
        document = candidates.documents[key]
        left = document.open_minor - amount
        if left <= candidates.rules.tolerance(document.open_minor):
            del candidates.documents[key]
        else:
            candidates.documents[key] = msgspec.structs.replace(document, open_minor=left)


def _parts(candidates: Candidates, receipt: Receipt, document: Document, **others: int) -> ScoreParts:
    dates = candidates.date_ppm(receipt, document)
    if receipt.words:
        others["reference"] = _alike(receipt, document)
    return (*others.items(), ("date", dates), ("payer", receipt.payer_ppm))


def _alike(receipt: Receipt, document: Document) -> int:
    """How near the nearest of the receipt's words is to a number of the document."""
    return max(likeness_ppm(word, number) for word in receipt.words for number in document.numbers)


def _link(receipt: Receipt, document: Document) -> tuple[str, str, int]:
    return (receipt.key, document.key, min(receipt.left_minor, document.open_minor))


def _best(candidates: Candidates, proposals: Sequence[Proposal]) -> list[Proposal]:
    """The proposals for one receipt that are worth showing, the best first."""
    ordered = sorted(proposals, key=lambda p: (-p.score_ppm, p.links))
    return ordered[: candidates.rules.matching.suggestions_max]


def amount_and_date(candidates: Candidates) -> Iterator[Proposal]:
    """A document of exactly the amount, or off by no more than the tolerance. Certain if neither has another."""
    yield from _by_figure(candidates, lambda receipt: receipt.left_minor, exact=True)


def net_of_fee(candidates: Candidates) -> Iterator[Proposal]:
    """A document of the amount before the bank or provider kept its fee. What the fee leaves open is not ours to
    forgive, so it is never certain.
    """
    with_fee = {key: r for key, r in candidates.receipts.items() if r.fee_minor}
    if with_fee:
        only = msgspec.structs.replace(candidates, receipts=with_fee)
        yield from _by_figure(only, lambda receipt: receipt.left_minor + receipt.fee_minor, exact=False)


def _by_figure(
    candidates: Candidates, figure: Callable[[Receipt], int], *, exact: bool
) -> Iterator[Proposal]:
    documents = by_amount({d.key: d.open_minor for d in candidates.documents.values()})
    tolerance = candidates.rules.tolerance
    tolerant = tolerance(max(documents)) > 0
    fitting: dict[str, list[Document]] = {}
    claimants: dict[str, int] = {}
    for receipt in candidates.receipts.values():
        wanted = figure(receipt)
        if tolerant:
            near = [
                d
                for d in candidates.documents.values()
                if 0 <= d.open_minor - wanted <= tolerance(d.open_minor)
            ]
        else:
            near = [candidates.documents[key] for key in documents.get(wanted, ())]
        fits = [d for d in near if candidates.dates_fit(receipt, d)]
        fitting[receipt.key] = fits
        for document in fits:
            claimants[document.key] = claimants.get(document.key, 0) + 1
    for key, fits in fitting.items():
        receipt = candidates.receipts[key]
        proposals = []
        for document in fits:
            unique = CERTAIN_PPM // max(len(fits), claimants[document.key])
            off = abs(document.open_minor - figure(receipt))
            amount = CERTAIN_PPM - CERTAIN_PPM * off // document.open_minor
            parts = _parts(candidates, receipt, document, amount=amount, only_one=unique)
            proposals.append(
                Proposal((_link(receipt, document),), parts, certain=exact and unique == CERTAIN_PPM)
            )
        yield from _best(candidates, proposals)


def fuzzy_reference(candidates: Candidates) -> Iterator[Proposal]:
    """Documents whose number is nearly what the payment names. Never certain: it names another one."""
    least = candidates.rules.matching.reference_similarity_ppm
    for receipt in candidates.receipts.values():
        proposals = []
        for document in _nearest(receipt, candidates.documents_for(receipt), least):
            smaller, larger = sorted((receipt.left_minor, document.open_minor))
            parts = _parts(candidates, receipt, document, amount=CERTAIN_PPM * smaller // larger)
            proposals.append(Proposal((_link(receipt, document),), parts, certain=False))
        yield from _best(candidates, proposals)


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
        documents = candidates.nearest(receipt, candidates.documents_for(receipt))
        everything = len(documents) == len(candidates.documents_for(receipt))
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
            yield Proposal(_shared_out((first, second), chosen), parts, certain=False)


def _shared_out(
    receipts: Sequence[Receipt], documents: Sequence[Document]
) -> tuple[tuple[str, str, int], ...]:
    """The receipts' money laid on the documents one after the other."""
    still_open = {d.key: d.open_minor for d in documents}
    links: list[tuple[str, str, int]] = []
    for receipt in receipts:
        money = receipt.left_minor
        for key, left in still_open.items():
            taken = min(money, left)
            if taken:
                links.append((receipt.key, key, taken))
                money -= taken
                still_open[key] = left - taken
    return tuple(links)


def small_deduction(candidates: Candidates) -> Iterator[Proposal]:
    """A document that the payment falls short of by a discount or by bank charges. Never certain: it leaves a rest."""
    share = candidates.rules.matching.deduction_ppm
    for receipt in candidates.receipts.values():
        proposals = []
        for document in candidates.documents_for(receipt):
            short = document.open_minor - receipt.left_minor
            if 0 < short <= document.open_minor * share // CERTAIN_PPM:
                amount = CERTAIN_PPM - CERTAIN_PPM * short // document.open_minor
                parts = _parts(candidates, receipt, document, amount=amount)
                proposals.append(Proposal((_link(receipt, document),), parts, certain=False))
        yield from _best(candidates, proposals)


def residual(candidates: Candidates) -> Iterator[Proposal]:
    """What nothing explains, by the order policy: each document up to what is open; nothing without a policy."""
    policy = candidates.rules.matching.order_policy
    if policy is OrderPolicy.NONE:
        return
    still_open = {d.key: d.open_minor for d in candidates.documents.values()}
    for receipt in candidates.receipts.values():
        money, links = receipt.left_minor, []
        for document in sorted(candidates.documents.values(), key=_ORDERS[policy]):
            if policy is OrderPolicy.BY_DUE_DATE and document.due_date > receipt.date:
                continue
            taken = min(money, still_open[document.key])
            if taken:
                links.append((receipt.key, document.key, taken))
                money -= taken
                still_open[document.key] -= taken
        if links:
            yield Proposal(tuple(links), (("policy", CERTAIN_PPM),), certain=True, exclusive=False)


_ORDERS: Mapping[OrderPolicy, Callable[[Document], tuple[object, ...]]] = {
    OrderPolicy.OLDEST_DUE_FIRST: lambda d: (d.due_date, d.date, d.key),
    OrderPolicy.BY_DUE_DATE: lambda d: (d.due_date, d.date, d.key),
    OrderPolicy.LARGEST_FIRST: lambda d: (-d.open_minor, d.due_date, d.key),
}

STAGES: Mapping[str, Stage] = {
    stage.__name__: stage
    for stage in (
        amount_and_date,
        net_of_fee,
        fuzzy_reference,
        one_payment_many_documents,
        many_payments_one_document,
        many_to_many,
        small_deduction,
        residual,
    )
}
