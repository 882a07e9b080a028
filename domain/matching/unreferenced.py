"""Matching without a reference that fits: one function per stage, dispatched by its name, by priority.

A stage sees what the stages before it left and proposes. A proposal that is certain, reaches the threshold and leaves
nothing open beyond the tolerance is confirmed; every other one is a suggestion, which books nothing. A payment that
names a document nobody has is confirmed here only where that is one slip from the document of exactly its figure: else
its own word contradicts. UNKNOWN_REFERENCE stays open. So it contradicts where it names another month than that of a
document.

Invariants: no receipt and no document is used beyond what is left of it; a pure function of the candidates (I6).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import msgspec

from domain.matching.balances import rest_of_balance, whole_balance
from domain.matching.candidates import (
    CERTAIN_PPM,
    ROUNDED_MAX,
    Candidates,
    Document,
    Excess,
    Proposal,
    Receipt,
    best,
    link,
    parts_of,
)
from domain.matching.discounts import USUAL_DISCOUNTS
from domain.matching.instalments import instalment
from domain.matching.misspelt import fuzzy_reference
from domain.matching.rows import in_a_row, row_after
from domain.matching.sums import (
    less_credit_note,
    many_payments_one_document,
    many_to_many,
    one_payment_many_documents,
    only_sum,
)
from domain.rules import OrderPolicy

#: stages that add up
_SUMS = frozenset({"one_payment_many_documents", "many_payments_one_document", "many_to_many"})
Stage = Callable[[Candidates], Iterator[Proposal]]
#: an item -> the pairs (receipt, document) that were suggested of it
Wanted = dict[str, set[tuple[str, str]]]


class Found(msgspec.Struct, frozen=True):
    """A proposal, the stage that made it, and whether it is booked."""

    stage: str
    proposal: Proposal
    confirmed: bool


def match(candidates: Candidates, suggested_before: Collection[tuple[str, str]] = ()) -> list[Found]:
    """Run the stages of the rules. Takes confirmed and suggested items out of ``candidates``.

    ``suggested_before``: (receipt, document) that references suggest, so nothing about these is certain but what tells
    how the receipt's numbers are read.
    """
    matching = candidates.rules.matching
    found: list[Found] = []
    wanted: Wanted = {}
    for pair in suggested_before:
        _want(wanted, pair)
    for name in matching.stages:
        money = candidates.receipts or candidates.misspelt or name in _WITHOUT_RECEIPTS
        if not (candidates.documents and money):
            continue
        proposals = _uncontested(list(STAGES[name](candidates)), wanted)
        for proposal in proposals:
            if _confirmed(proposal, candidates):
                _use(candidates, proposal)
                found = [*_but_for(proposal, found), Found(name, proposal, confirmed=True)]
        suggested: set[str] = set()
        for proposal in proposals:
            if _open(proposal, candidates) and proposal.score_ppm >= matching.suggest_ppm:
                found.append(Found(name, proposal, confirmed=False))
                suggested |= {receipt for receipt, _, _ in proposal.links if receipt in candidates.receipts}
                for pair in _pairs(proposal):
                    candidates.show(*pair)
                    _want(wanted, pair)
        candidates.offered |= suggested
        # A later stage is less certain: it says nothing about what has a suggestion. Only sums do not count for that:
        # some sum fits nearly everything. And what is misspelt may be a part of what it was meant for.
        for key in [key for key in candidates.receipts if key in suggested and name not in _SUMS]:
            receipt = candidates.receipts.pop(key)
            if name == fuzzy_reference.__name__:
                candidates.misspelt[key] = receipt
    return found


def _uncontested(proposals: list[Proposal], wanted: Wanted) -> list[Proposal]:
    """The proposals, none of them certain that uses an item of another one or of an earlier suggestion. What tells how
    its receipts' numbers are read goes before what was only like them.
    """
    uses = Counter(key for p in proposals for key in _items(p))

    def contested(proposal: Proposal) -> bool:
        items, pairs = _items(proposal), _pairs(proposal)
        before = set().union(*(wanted.get(key, ()) for key in items)) - pairs
        if proposal.reads:
            before = {pair for pair in before if pair[0] not in items}
        return bool(before) or any(uses[key] > 1 for key in items)

    return [
        msgspec.structs.replace(p, certain=False) if p.certain and p.exclusive and contested(p) else p
        for p in proposals
    ]


def _want(wanted: Wanted, pair: tuple[str, str]) -> None:
    for key in pair:
        wanted.setdefault(key, set()).add(pair)


def _but_for(proposal: Proposal, found: Sequence[Found]) -> list[Found]:
    """``found`` without what was suggested for the receipts that the proposal has read."""
    read = {receipt for receipt, _, _ in proposal.links} if proposal.reads else set()
    return [one for one in found if one.confirmed or read.isdisjoint(r for r, _, _ in one.proposal.links)]


def _pairs(proposal: Proposal) -> set[tuple[str, str]]:
    return {(receipt, document) for receipt, document, _ in proposal.links}


def _items(proposal: Proposal) -> set[str]:
    return {key for pair in _pairs(proposal) for key in pair}


def _open(proposal: Proposal, candidates: Candidates) -> bool:
    return all(candidates.is_open(credit, document) for credit, document, _ in proposal.links)


def _confirmed(proposal: Proposal, candidates: Candidates) -> bool:
    matching = candidates.rules.matching
    return (
        proposal.certain
        and _open(proposal, candidates)
        and proposal.score_ppm >= matching.confirm_ppm
        and all(
            receipt.admits(proposal)
            and receipt.payer_ppm >= matching.payer_similarity_ppm
            and receipt.may_mean(candidates.documents[document])
            for receipt, document in ((candidates.money(key), other) for key, other, _ in proposal.links)
        )
    )


def _use(candidates: Candidates, proposal: Proposal) -> None:
    """Take out the receipts, and the documents of which nothing is left beyond the tolerance."""
    taken: Counter[str] = Counter()
    for receipt_key, document_key, amount in proposal.links:
        candidates.receipts.pop(receipt_key, None)
        candidates.misspelt.pop(receipt_key, None)
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
    """A document of the amount before the bank or provider kept its fee, else the only documents that add up to it.
    What the fee leaves open is not ours to forgive, so it is never certain.
    """
    with_fee = {key: r for key, r in candidates.receipts.items() if r.fee_minor}
    if with_fee:
        only = msgspec.structs.replace(candidates, receipts=with_fee)
        found = list(_by_figure(only, lambda receipt: receipt.left_minor + receipt.fee_minor, exact=False))
        yield from found
        told = {key for proposal in found for key, _, _ in proposal.links}
        for receipt in with_fee.values():
            if receipt.key not in told:
                yield from only_sum(candidates, (receipt,), receipt.fee_minor)


def _by_figure(
    candidates: Candidates, figure: Callable[[Receipt], int], *, exact: bool
) -> Iterator[Proposal]:
    fitting = {r.key: _fitting(candidates, r, figure(r)) for r in candidates.receipts.values()}
    claimants = Counter(document.key for fits in fitting.values() for document in fits)
    taken: set[str] = set()
    for key, fits in fitting.items():
        receipt = candidates.receipts[key]
        shown = fits if receipt.words else _likely(receipt, fits, taken, wanted=figure(receipt))
        taken.update(document.key for document in shown[:1])
        proposals = []
        for document in shown:
            unique = CERTAIN_PPM // max(len(fits), claimants[document.key])
            off = abs(document.open_minor - figure(receipt))
            amount = CERTAIN_PPM - CERTAIN_PPM * off // document.open_minor
            parts = parts_of(candidates, receipt, document, amount=amount, only_one=unique)
            proposals.append(
                Proposal(
                    (link(receipt, document),),
                    parts,
                    certain=exact and unique == CERTAIN_PPM,
                    reads=receipt.nearly_names(document),
                )
            )
        yield from best(candidates, proposals)


def _fitting(candidates: Candidates, receipt: Receipt, wanted: int) -> list[Document]:
    """The documents of exactly ``wanted``, or more by no more than the tolerance, that the receipt may pay by date."""
    tolerance = candidates.rules.tolerance
    if candidates.rules.tolerant:
        near = [
            d for d in candidates.documents.values() if 0 <= d.open_minor - wanted <= tolerance(d.open_minor)
        ]
    else:
        near = candidates.of_amount(wanted)
    return [d for d in near if candidates.dates_fit(receipt, d)]


def _likely(
    receipt: Receipt, fits: Sequence[Document], taken: Collection[str], wanted: int
) -> list[Document]:
    """Of documents that fit equally well the oldest due that no payment before it has: that is the law where the payer
    does not say (§ 366 BGB, art. 1342-10 Code civil, 民法典 560). And the last one that was there when it was paid:
    who left one out goes on with the newest.
    """
    if not fits:
        return []
    oldest = min(fits, key=lambda d: (d.key in taken, abs(d.open_minor - wanted), d.due_order))
    there = [d for d in fits if d.date <= receipt.date]
    newest = max(there, key=lambda d: (d.date, d.key), default=oldest)
    return [oldest] if newest is oldest else [oldest, newest]


def paid_before(candidates: Candidates) -> Iterator[Proposal]:
    """For what is left of a payment whose documents were paid before: a document of exactly that, or the only documents
    that add up to it. A standing order repeats its first number; who pays several names the first, and where he says
    that there are others, what falls due behind it goes before all else. Never certain, and nothing where the same
    payment came just before: that is the same money twice, until another payment takes it off what it names.
    """
    taken: set[str] = set()
    for receipt in candidates.astray.values():
        of_amount, excess = candidates.of_amount(receipt.left_minor), receipt.excess or Excess()
        fits = [d for d in of_amount if d.key in excess.taken_off]
        if receipt.key in candidates.offered or (excess.repeats and not fits):
            continue
        others = list(row_after(candidates, receipt, excess))
        yield from others
        if others:
            continue
        fits = fits or [d for d in of_amount if candidates.dates_fit(receipt, d)]
        likely = _likely(receipt, fits, taken, receipt.left_minor)
        taken.update(document.key for document in likely[:1])
        for document in likely:
            unique = CERTAIN_PPM // len(fits)
            parts = parts_of(candidates, receipt, document, amount=CERTAIN_PPM, only_one=unique)
            yield Proposal((link(receipt, document),), parts, certain=False)
        if not likely:
            yield from only_sum(candidates, (receipt,))


def small_deduction(candidates: Candidates) -> Iterator[Proposal]:
    """A document that the payment falls short of by a discount or by bank charges, or that it misses by rounding; where
    nothing else was found, documents due one after the other. Never certain: it leaves a rest.

    A rounded figure or a usual discount to the cent explains more than any other difference: so a row that is told so
    is shown beside a document that is not.
    """
    for receipt in candidates.receipts.values():
        near = [
            (document, how)
            for document in candidates.documents_for(receipt)
            if (how := _deducted(candidates, receipt, document)) is not None
        ]
        told = [document for document, how in near if how]
        proposals = []
        for document in told or [document for document, _ in near]:
            off = abs(document.open_minor - receipt.left_minor)
            amount = CERTAIN_PPM - CERTAIN_PPM * off // document.open_minor
            parts = parts_of(candidates, receipt, document, amount=amount)
            proposals.append(Proposal((link(receipt, document),), parts, certain=False))
        by_chance = candidates.unexplained.get(receipt.key)
        if not told and by_chance is not None and (by_chance or receipt.key not in candidates.offered):
            share, documents = candidates.rules.matching.deduction_ppm, candidates.documents_for(receipt)
            proposals += in_a_row(candidates, receipt, documents, share, told_only=bool(proposals))
        yield from best(candidates, proposals)


def _deducted(candidates: Candidates, receipt: Receipt, document: Document) -> bool | None:
    """Whether what the payment is short of the document is told by rounding or a usual discount; ``None`` where it is
    no small deduction.
    """
    short = document.open_minor - receipt.left_minor
    most = document.open_minor * candidates.rules.matching.deduction_ppm
    if not -ROUNDED_MAX <= short <= -(-most // CERTAIN_PPM) or abs(short) * CERTAIN_PPM > most + CERTAIN_PPM:
        return None
    return abs(short) <= ROUNDED_MAX or any(
        abs(short * CERTAIN_PPM - document.open_minor * share) <= CERTAIN_PPM for share in USUAL_DISCOUNTS
    )


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
    OrderPolicy.OLDEST_DUE_FIRST: lambda d: d.due_order,
    OrderPolicy.BY_DUE_DATE: lambda d: d.due_order,
    OrderPolicy.LARGEST_FIRST: lambda d: (-d.open_minor, d.due_date, d.key),
}

#: what these look at is money of other kinds
_WITHOUT_RECEIPTS = frozenset({less_credit_note.__name__, paid_before.__name__})

STAGES: Mapping[str, Stage] = {
    stage.__name__: stage
    for stage in (
        amount_and_date,
        net_of_fee,
        fuzzy_reference,
        whole_balance,
        one_payment_many_documents,
        many_payments_one_document,
        many_to_many,
        less_credit_note,
        instalment,
        small_deduction,
        rest_of_balance,
        paid_before,
        residual,
    )
}
