"""Everything at once: payments of all that is open, as the payer sees it, or of all but one document."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from domain.matching.candidates import CERTAIN_PPM, Candidates, Document, Proposal, Receipt, listed

Balance = Sequence[Document]


def whole_balance(candidates: Candidates) -> Iterator[Proposal]:
    """All documents up to the day of the payment, or up to the day before, or all that were due then; of many, also all
    but one. Rests that a payer takes for paid may be among them or not.

    Certain if only one of these comes to the payment and it is no coincidence. Everything that is open needs no luck,
    so that is told by its figure alone; of others, figures that are all round could agree by chance.
    """
    for receipt in candidates.receipts.values():
        ours = _up_to_the_day(receipt, candidates.documents_for(receipt))
        issued = ours[0]
        theirs = [[d for d in some if not candidates.is_rest(d)] for some in ours]
        balances = _once([*ours, *theirs])
        found = _coming_to(balances, receipt.left_minor, candidates.rules.matching.combination_max)
        if not found:
            continue
        chosen = found[0]
        tried = 1 if len(chosen) == len(issued) else sum(len(some) + 1 for some in balances)
        grain = 1 if len(chosen) == len(issued) else math.gcd(*(d.open_minor for d in issued))
        by_chance = CERTAIN_PPM * tried * grain // receipt.left_minor
        limit = candidates.rules.matching.coincidence_ppm
        parts = (
            ("amount", CERTAIN_PPM),
            ("only_one", CERTAIN_PPM // len(found)),
            ("no_coincidence", max(CERTAIN_PPM - CERTAIN_PPM * by_chance // max(2 * limit, 1), 0)),
            ("date", min(candidates.date_ppm(receipt, d) for d in chosen)),
            ("payer", receipt.payer_ppm),
        )
        certain = len(found) == 1 and by_chance <= limit
        if len(chosen) > candidates.rules.matching.combination_max:  # fewer are found as a sum
            links = tuple((receipt.key, d.key, d.open_minor) for d in chosen)
            yield Proposal(links, parts, certain)


def rest_of_balance(candidates: Candidates) -> Iterator[Proposal]:
    """The same without what the payer takes for paid: documents that an earlier payment is shown for, and rests. Never
    certain: what is shown may be wrong.
    """
    for receipt in candidates.receipts.values():
        ours = [
            [d for d in some if not _shown_before(candidates, receipt, d)]
            for some in _up_to_the_day(receipt, candidates.documents_for(receipt))
        ]
        theirs = [[d for d in some if not candidates.is_rest(d)] for some in ours]
        for chosen in _coming_to(_once([*theirs, *ours]), receipt.left_minor, few=2)[:1]:
            yield listed(candidates, receipt, chosen, short=0)


def _shown_before(candidates: Candidates, receipt: Receipt, document: Document) -> bool:
    day = candidates.shown.get(document.key)
    return day is not None and day < receipt.date


def _up_to_the_day(receipt: Receipt, documents: Sequence[Document]) -> list[Balance]:
    """What was there on the day of the payment; the day before; what was due: who pays may not have seen the last."""
    issued = [d for d in documents if d.date <= receipt.date]
    before = [d for d in issued if d.date < receipt.date]
    due = [d for d in issued if d.due_date <= receipt.date]
    return _once([issued, before, due])


def _once(balances: Sequence[Balance]) -> list[Balance]:
    """Each of ``balances`` once, in their order."""
    once: dict[frozenset[str], Balance] = {}
    for some in balances:
        once.setdefault(frozenset(d.key for d in some), some)
    return list(once.values())


def _coming_to(balances: Sequence[Balance], total: int, few: int) -> list[Balance]:
    """What of ``balances`` comes to ``total``, each choice once: all of one, else all but one, the youngest left out
    first. Where ``few`` or fewer remain, only all of one.
    """
    found = [some for some in balances if len(some) > 1 and sum(d.open_minor for d in some) == total]
    for some in balances:
        over = sum(d.open_minor for d in some) - total
        left_out = [d for d in some if d.open_minor == over] if len(some) > few + 1 else []
        for one in sorted(left_out, key=lambda d: d.due_order, reverse=True):
            found.append([d for d in some if d is not one])
    return _once(found)
