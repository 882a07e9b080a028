"""Which of the documents that a text points to are meant? Those that come to exactly what is paid.

Looked at is money that names leave. What the text points to (``pointers``) is booked where the open amounts of all of
it, or of some of it and no others, come to exactly this money; else it is suggested, and the payment is looked at
further. Names go before: they are served first, and what they may mean twice is left alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from domain.archive.notes import Notes
from domain.facts import EntryKind
from domain.matching.forms import DocumentIndex, ReferenceRule
from domain.matching.leftovers import open_documents
from domain.matching.named import mentions
from domain.matching.pointers import OpenNumbers, Pointer, pointers
from domain.matching.settlement import AMBIGUOUS_PPM, Claim, Item, Settlement, debit_documents
from domain.rules import RulesByDate

#: names and figures agree, though the name is not whole
POINTED_PPM = 900_000
#: of so many documents that a text points to every choice is added up
_CHOICES_MAX = 8


def with_pointed(
    run: Settlement, index: DocumentIndex, rules: RulesByDate, known: Sequence[str], notes: Notes | None
) -> list[Claim] | None:
    """The claims of the run in their order, with those of what texts point to; ``None`` where there are none."""
    pointed = _Pointed(run, index, rules, known, notes)
    by_payment: dict[str, list[Claim]] = {}
    for claim in run.claims:
        by_payment.setdefault(claim.payment, []).append(claim)
    every: list[Claim] = []
    for payment in run.items.values():
        if payment.fact.kind is EntryKind.PAYMENT:
            named = by_payment.get(payment.key, [])
            every += [*named, *pointed.by(payment, named)]
    return every if len(every) > len(run.claims) else None


class _Pointed:
    def __init__(
        self,
        run: Settlement,
        index: DocumentIndex,
        rules: RulesByDate,
        known: Sequence[str],
        notes: Notes | None,
    ) -> None:
        self._run = run
        self._index = index
        self._rules = rules
        self._known = known
        documents = open_documents(run)
        self._open_minor = {key: document.open_minor for key, document in documents.items()}
        self._numbers = OpenNumbers(
            (
                (key, (run.items[key].fact.document_no, *run.items[key].fact.aliases), document.date)
                for key, document in documents.items()
            ),
            notes,
        )

    def by(self, payment: Item, named: Sequence[Claim]) -> list[Claim]:
        """What the payment points to beside the documents that it names: sure, or in doubt."""
        fact = payment.fact
        if not payment.left_minor or fact.claims or fact.decided:
            return []
        documents = [debit_documents(claim.keys, self._run.items) for claim in named]
        if any(len(keys) > 1 for keys in documents):
            return []
        barred = {key for keys in documents for key in keys}
        barred |= {key for reference in fact.not_with for key in self._index.resolve(reference).keys}
        shown: list[Pointer] = []
        for level in self._levels(payment, named):
            allowed = [self._without(pointer, barred) for pointer in level]
            found = self._exactly(payment.left_minor, allowed)
            if found:
                for key in found:
                    self._open_minor[key] = 0
                return [self._claim(payment, pointer, (key,), POINTED_PPM) for key, pointer in found.items()]
            if not shown and (level_shown := [p for p in allowed if p.keys and not p.faint]):
                shown = level_shown
        return self._in_doubt(payment, shown, beside=bool(barred))

    def _levels(self, payment: Item, named: Sequence[Claim]) -> Iterable[list[Pointer]]:
        fact = payment.fact
        own = (*self._known, fact.document_no, *fact.aliases)
        strict = {
            run
            for claim in named
            if not claim.rule.endswith(ReferenceRule.BARE)
            for run in _figures_of(claim.reference)
        }
        text = fact.remittance_text or ""
        levels = pointers(
            text, fact.own_references, fact.business_date, frozenset(strict), own, self._numbers
        )
        yield [*self._aside(text), *next(levels)]
        yield [*self._in_references(fact.own_references), *next(levels)]
        if not named:
            yield from levels

    def _aside(self, text: str) -> list[Pointer]:
        """Documents that the text names as something else, or as not paid: meant only where the figures say so."""
        return [
            Pointer(mention.text, mention.resolution.keys, "aside", faint=True)
            for mention in mentions(text, self._index)
            if mention.aside
        ]

    def _in_references(self, references: Iterable[str]) -> list[Pointer]:
        """Documents whose numbers are in the references of the transfer, letters and all."""
        return [
            Pointer(mention.text, mention.resolution.keys, "transfer")
            for reference in references
            for mention in mentions(reference, self._index)
            if mention.resolution.rule is not ReferenceRule.BARE or mention.text == reference
        ]

    def _without(self, pointer: Pointer, barred: set[str]) -> Pointer:
        keys = tuple(key for key in pointer.keys if key not in barred and self._open_minor.get(key))
        return msgspec.structs.replace(pointer, keys=keys)

    def _exactly(self, money: int, level: Sequence[Pointer]) -> dict[str, Pointer]:
        """Documents that come to exactly ``money``: all, else some and no others. Empty where that is not told."""
        every = {key: pointer for pointer in reversed(level) for key in pointer.keys}
        strong = {key: pointer for key, pointer in every.items() if not pointer.faint}
        for whole in (strong, every):
            if whole and sum(self._open_minor[key] for key in whole) == money:
                return whole
        if len(every) > _CHOICES_MAX:
            every = strong
        if len(every) > _CHOICES_MAX:
            return {}
        found = [
            some
            for count in range(1, len(every))
            for some in itertools.combinations(every, count)
            if sum(self._open_minor[key] for key in some) == money
        ]
        return {key: every[key] for key in found[0]} if len(found) == 1 else {}

    def _in_doubt(self, payment: Item, shown: Sequence[Pointer], *, beside: bool) -> list[Claim]:
        """A few of what the text points to, or all of a list that is nearly what is paid."""
        keys = {key: pointer for pointer in reversed(shown) for key in pointer.keys}
        most = self._rules.on(payment.fact.business_date).matching.suggestions_max
        chosen = list(keys) if len(keys) <= _CHOICES_MAX else list(keys)[:most]
        return [
            msgspec.structs.replace(self._claim(payment, keys[key], (key,), AMBIGUOUS_PPM), doubted=True)
            for key in chosen
        ]

    def _claim(self, payment: Item, pointer: Pointer, keys: tuple[str, ...], score_ppm: int) -> Claim:
        return Claim(
            payment.key,
            pointer.text,
            payment.original_minor,
            keys,
            f"remittance_text:{pointer.rule}",
            score_ppm,
        )


def _figures_of(reference: str) -> Mapping[str, None]:
    return dict.fromkeys("".join(c if c.isdigit() else " " for c in reference).split())
