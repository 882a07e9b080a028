"""Matching without a reference that fits: one function per stage, dispatched by its name, by priority.

A stage sees what the stages before it left and proposes. A proposal that is certain, reaches the threshold and leaves
nothing open beyond the tolerance is confirmed; every other one is a suggestion, which books nothing. A payment that
names a document nobody has is never confirmed here: its own word contradicts, and UNKNOWN_REFERENCE stays open.

Invariants: no receipt and no document is used beyond what is left of it; a pure function of the candidates (I6).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping

import msgspec

from domain.matching.candidates import (
    CERTAIN_PPM,
    Candidates,
    Document,
    Proposal,
    Receipt,
    best,
    by_amount,
    link,
    parts_of,
)
from domain.matching.misspelt import fuzzy_reference
from domain.matching.sums import (
    in_a_row,
    many_payments_one_document,
    many_to_many,
    one_payment_many_documents,
)
from domain.rules import MatchingRules, OrderPolicy

#: stages that add up
_SUMS = frozenset({"one_payment_many_documents", "many_payments_one_document", "many_to_many"})
Stage = Callable[[Candidates], Iterator[Proposal]]


class Found(msgspec.Struct, frozen=True):
    """A proposal, the stage that made it, and whether it is booked."""

    stage: str
    proposal: Proposal
    confirmed: bool


def match(candidates: Candidates, suggested_before: Collection[str] = ()) -> list[Found]:
    """Run the stages of the rules. Takes confirmed and suggested items out of ``candidates``.

    ``suggested_before``: keys of receipts and documents that have a suggestion already, so nothing about them is
    certain.
    """
    matching = candidates.rules.matching
    found: list[Found] = []
    wanted = set(suggested_before)
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
                suggested |= {receipt for receipt, _, _ in proposal.links if receipt in candidates.receipts}
                wanted |= _items(proposal)
        candidates.offered |= suggested
        # A later stage is less certain: it says nothing about what has a suggestion. Only sums do not count for that:
        # some sum fits nearly everything. And what is misspelt may be a part of what it was meant for.
        for key in [key for key in candidates.receipts if key in suggested and name not in _SUMS]:
            receipt = candidates.receipts.pop(key)
            if name == fuzzy_reference.__name__:
                candidates.misspelt[key] = receipt
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
    receipts = candidates.receipts.keys() | candidates.misspelt.keys()
    return all(r in receipts and d in candidates.documents for r, d, _ in proposal.links)


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
            parts = parts_of(candidates, receipt, document, amount=amount, only_one=unique)
            proposals.append(
                Proposal((link(receipt, document),), parts, certain=exact and unique == CERTAIN_PPM)
            )
        yield from best(candidates, proposals)


def small_deduction(candidates: Candidates) -> Iterator[Proposal]:
    """A document that the payment falls short of by a discount or by bank charges, or, where nothing else was found,
    documents due one after the other. Never certain: it leaves a rest.
    """
    share = candidates.rules.matching.deduction_ppm
    for receipt in candidates.receipts.values():
        proposals = []
        documents = candidates.documents_for(receipt)
        for document in documents:
            short = document.open_minor - receipt.left_minor
            if 0 < short <= document.open_minor * share // CERTAIN_PPM:
                amount = CERTAIN_PPM - CERTAIN_PPM * short // document.open_minor
                parts = parts_of(candidates, receipt, document, amount=amount)
                proposals.append(Proposal((link(receipt, document),), parts, certain=False))
        if not proposals and receipt.key in candidates.unexplained - candidates.offered:
            proposals = list(in_a_row(candidates, receipt, documents, share))
        yield from best(candidates, proposals)


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
