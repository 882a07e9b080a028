"""A number that several documents bear, a contract's or an order's: figures tell which of them a payment pays.

Served in canonical order after all that names one document, so each payment finds what is still open. Booked is what
leaves no other choice; else the oldest due of the right figure is suggested, each document to one payment only.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from domain.matching.candidates import latest_document
from domain.matching.combinations import combinations_of
from domain.matching.forms import ReferenceRule, same
from domain.matching.periods import periods
from domain.matching.settlement import (
    AMBIGUOUS_PPM,
    Claim,
    Item,
    Settlement,
    debit_documents,
    note,
    suggest,
    take,
)
from domain.rules import MatchingRules, RulesByDate

#: the number and the figure agree, though the number is not the document's own
SHARED_PPM = 950_000
#: sums that are tried to tell whether another choice comes to the same
_STEPS_MAX = 2_000


def bearing(
    reference: str, documents: Sequence[str], rule: ReferenceRule, items: Mapping[str, Item]
) -> tuple[Sequence[str], bool]:
    """Those of ``documents``, which ``reference`` fits, that it may mean; and whether it is a number that they share.

    Two records under one exact document number are a DUPLICATE document, which has its own finding: the first is
    meant. A document's number goes before another one's order number, and what was cancelled is not meant where
    something else bears the number, too.
    """
    if len(documents) < 2:
        return documents, False
    own = [key for key in documents if same(reference, items[key].fact.document_no, rule)]
    if own:
        return (own[:1] if rule is ReferenceRule.EXACT else documents), False
    standing = [key for key in documents if not items[key].fact.undone] or documents[:1]
    return standing, len(standing) > 1


def serve_shared(run: Settlement, rules: RulesByDate) -> None:
    """Serve what names a contract or an order. What is promised to one payment is not suggested to the next one."""
    promised: set[str] = set()
    for key, claims in run.claims_by_payment().items():
        payment = run.items[key]
        matching = rules.on(payment.fact.business_date).matching
        for together in _asked(payment, [claim for claim in claims if claim.shared]):
            _serve(run, payment, together, matching, promised)


def _asked(payment: Item, shared: list[Claim]) -> list[list[Claim]]:
    """What is to be served apart: each claim with an amount of its own, else all that the text names."""
    if not shared:
        return []
    return [[claim] for claim in shared] if payment.fact.claims or shared[0].stated else [shared]


def _serve(
    run: Settlement, payment: Item, claims: Sequence[Claim], matching: MatchingRules, promised: set[str]
) -> None:
    keys = dict.fromkeys(key for claim in claims for key in claim.keys)
    documents = [run.items[key] for key in debit_documents(tuple(keys), run.items)]
    money = min(claims[0].amount_minor, payment.left_minor)
    still_open = [document for document in documents if document.left_minor]
    latest = latest_document(payment.fact.business_date, matching)
    there = [document for document in still_open if document.fact.business_date <= latest]
    if not still_open:  # as with one document that was paid before
        note(run, payment, documents[-1], 0, money)
    elif sure := _only_choice(there, money, matching):
        for document in sure:
            note(run, payment, document, take(run, payment, document, money, claims[0].rule, SHARED_PPM), 0)
    else:
        free = [document for document in still_open if document.key not in promised]
        meant = _likely(payment, free, there, money, matching)
        promised.update(document.key for document in meant)
        shown = meant or (there or still_open)[: matching.suggestions_max]
        for document in shown:
            amount = min(money, document.left_minor)
            suggest(run, payment, document, amount, claims[0].rule, AMBIGUOUS_PPM)


def _only_choice(there: Sequence[Item], money: int, matching: MatchingRules) -> Sequence[Item]:
    """The one document of exactly ``money`` where nothing else of what is there comes to it, or all of it together."""
    if sum(document.left_minor for document in there) == money:
        return there
    exact = [document for document in there if document.left_minor == money]
    if len(exact) != 1 or len(there) > matching.candidates_max:
        return []
    search = combinations_of([d.left_minor for d in there], money, matching.combination_max, _STEPS_MAX)
    return exact if search.complete and not search.found else []


def _likely(
    payment: Item, free: Sequence[Item], there: Sequence[Item], money: int, matching: MatchingRules
) -> Sequence[Item]:
    """Of what no payment before was shown: the oldest due of exactly ``money``, first of the months that the text
    names, before what is not issued yet; else the oldest that come to it one after the other, else the only ones.
    """
    exact = [document for document in free if document.left_minor == money]
    if exact:
        months = {month for some in _months(payment) for month in some}
        return [
            min(
                exact,
                key=lambda d: (
                    (d.fact.business_date.year, d.fact.business_date.month) not in months,
                    d not in there,
                    d.due_order,
                ),
            )
        ]
    now = [document for document in free if document in there]
    for end, total in enumerate(itertools.accumulate(d.left_minor for d in now), start=1):
        if total == money:
            return now[:end]
    nearest = now[: matching.candidates_max]
    search = combinations_of([d.left_minor for d in nearest], money, matching.combination_max, _STEPS_MAX)
    return [nearest[place] for place in search.only or ()]


def _months(payment: Item) -> Iterator[list[tuple[int, int]]]:
    yield from periods(payment.fact.remittance_text or "", payment.fact.business_date)
