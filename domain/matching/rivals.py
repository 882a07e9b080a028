"""Payments that come to exactly what a document is, and find too little there because of another one.

Of two that cannot both be right the one is doubted that does not come to what it names (``doubts``).
"""

from __future__ import annotations

import datetime as dt
import functools
import itertools
from collections.abc import Callable, Collection, Mapping, Sequence

from domain.facts import EntryKind
from domain.matching.candidates import Document, days_of_payment
from domain.matching.forms import DocumentIndex
from domain.matching.leftovers import own_numbers
from domain.matching.settlement import Item, Settlement
from domain.matching.words import reference_like
from domain.rules import RulesByDate

#: payments that name one document and settle it together, at most
_TOGETHER_MAX = 8
OpenByFigure = Callable[[], Mapping[int, Sequence[Document]]]


class Rivals:
    """Who competes for the documents that the payments of a run name."""

    def __init__(
        self, run: Settlement, index: DocumentIndex, rules: RulesByDate, known: Sequence[str]
    ) -> None:
        self._run = run
        self._index = index
        self._rules = rules
        self._known = known
        over = {payment for payment, _ in run.excess_minor}
        in_part = {claim.payment for claim in run.claims if claim.vague}
        self._whole = self._wholly_paid(over | in_part)
        self.contested = {key for claim in run.claims if claim.payment in over for key in claim.keys}
        """Documents of which a payment wants more than there is."""
        self.contested |= self._whole.keys()

    def in_the_way(self, payment: Item, documents: Sequence[Item], open_by_figure: OpenByFigure) -> bool:
        """Whether another payment comes to exactly what it names and finds too little there because of this one, which
        does not: not where the others together settle the document without it. Or whether one that says nothing is
        exactly one of its documents, and there is no other document of this figure.
        """
        return any(
            self._named_whole(payment, document) or self._silent_whole(payment, document, open_by_figure)
            for document in documents
        )

    def _named_whole(self, payment: Item, document: Item) -> bool:
        whole = self._whole.get(document.key)
        if not whole or payment.key in whole:
            return False
        taken = {
            credit: allocation.amount_minor
            for (credit, debit), allocation in self._run.allocations.items()
            if debit == document.key and allocation.confirmed and credit not in whole
        }
        alone_and_over = taken.keys() == {payment.key} and payment.left_minor > 0
        return alone_and_over or sum(taken.values()) < document.original_minor

    def _silent_whole(self, payment: Item, document: Item, open_by_figure: OpenByFigure) -> bool:
        figure = document.original_minor
        if payment.original_minor == figure:
            return False
        return any(
            self._may_pay(silent, document.fact.business_date, document.due_date)
            for silent in self._silent.get(figure, ())
            if not any(self._may_pay(silent, d.date, d.due_date) for d in open_by_figure().get(figure, ()))
        )

    def _may_pay(self, payment: Item, date: dt.date, due_date: dt.date) -> bool:
        day = payment.fact.business_date
        first, last = days_of_payment(date, due_date, self._rules.on(day))
        return first <= day.toordinal() <= last

    @functools.cached_property
    def _silent(self) -> Mapping[int, Sequence[Item]]:
        """Payments that name nothing, by what they come to."""
        claiming = {claim.payment for claim in self._run.claims}
        found: dict[int, list[Item]] = {}
        for key, item in self._run.items.items():
            fact = item.fact
            if fact.kind is not EntryKind.PAYMENT or key in claiming or fact.decided:
                continue
            text = fact.remittance_text or ""
            if 0 < item.left_minor == item.original_minor and not reference_like(
                text, own_numbers(item, self._known)
            ):
                found.setdefault(item.original_minor, []).append(item)
        return found

    def _wholly_paid(self, payments: Collection[str]) -> dict[str, set[str]]:
        """Of ``payments`` those that come to exactly all that they name or point to, by each of these documents; and
        those that come to one document together.
        """
        named: dict[str, dict[str, None]] = {}
        for claim in self._run.claims:
            if claim.payment in payments:
                named.setdefault(claim.payment, {}).update(dict.fromkeys(claim.keys))
        found: dict[str, set[str]] = {}
        for payment, keys in named.items():
            whole = sum(self._run.items[key].fact.signed_minor for key in keys)
            if whole == self._run.items[payment].original_minor:
                for key in keys:
                    found.setdefault(key, set()).add(payment)
        for key, together in self._paid_together(payments).items():
            found.setdefault(key, set()).update(together)
        return found

    def _paid_together(self, payments: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Documents that some of the payments which name nothing else come to exactly, if only these do; one of
        ``payments`` among them.
        """
        naming: dict[str, list[str]] = {}
        for payment, claims in self._run.claims_by_payment().items():
            if len(claims) == len(claims[0].keys) == 1 and not claims[0].vague:
                naming.setdefault(claims[0].keys[0], []).append(payment)
        found: dict[str, tuple[str, ...]] = {}
        for key, every in naming.items():
            if not 2 < len(every) <= _TOGETHER_MAX or set(payments).isdisjoint(every):
                continue
            whole = abs(self._run.items[key].fact.signed_minor)
            fitting = [
                some
                for count in range(2, len(every))
                for some in itertools.combinations(every, count)
                if sum(self._run.items[payment].original_minor for payment in some) == whole
            ]
            if len(fitting) == 1 and not set(payments).isdisjoint(fitting[0]):
                found[key] = fitting[0]
        return found
