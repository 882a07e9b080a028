"""Which of the documents that a text points to are meant? Those that come to exactly what is paid.

Looked at is money that names leave. What the text points to (``pointers``) is booked where the open amounts of all of
it, or of some of it and no others, come to exactly this money; else it is suggested, and the payment is looked at
further. Names go before: they are served first, and what they may mean twice is left alone.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from domain.archive.notes import Notes
from domain.facts import EntryKind
from domain.matching.candidates import ROUNDED_MAX, latest_document
from domain.matching.forms import DocumentIndex, ReferenceRule, squeeze
from domain.matching.leftovers import open_documents, own_numbers, unknown_words, without_cut_end
from domain.matching.named import Mention, asides, mentions
from domain.matching.open_numbers import OpenNumbers
from domain.matching.others import others_of, without_others
from domain.matching.pointers import PERIOD, Pointer, pointers
from domain.matching.settlement import AMBIGUOUS_PPM, Claim, Item, Settlement, debit_documents
from domain.matching.words import reference_words
from domain.rules import RulesByDate

#: names and figures agree, though the name is not whole
POINTED_PPM = 900_000
#: of so many documents that a text points to every choice is added up
_CHOICES_MAX = 8
#: A payment that is told only by what another one leaves, which is told only by what a third leaves, and so on: of a
#: longer row each would be booked on so many others that one slip in it moves them all. So each text is read so often.
ROUNDS_MAX = 8
_FIGURES = re.compile(r"\d+")


def with_pointed(
    run: Settlement, index: DocumentIndex, rules: RulesByDate, known: Sequence[str], notes: Notes | None
) -> list[Claim] | None:
    """The claims of the run in their order, with those of what texts point to; ``None`` where none is new.

    What one payment is sure to mean leaves less that another may mean: so those in doubt are looked at again, as long
    as that decides any of them, at most ``ROUNDS_MAX`` times each.
    """
    by_payment = run.claims_by_payment()
    payments = [payment for payment in run.items.values() if payment.fact.kind is EntryKind.PAYMENT]
    unsure = [payment for payment in payments if _may_point(run, payment, by_payment.get(payment.key, ()))]
    if not unsure and notes is None:
        return None
    pointed = _Pointed(run, index, rules, known, notes)
    better: dict[str, list[Claim]] = {}
    for _ in range(ROUNDS_MAX):
        left = []
        for payment in unsure:
            claims = better[payment.key] = pointed.by(payment, by_payment.get(payment.key, ()))
            if any(claim.doubted for claim in claims):
                left.append(payment)
        if len(left) == len(unsure):
            break
        unsure = left
    claims = [claim for p in payments for claim in better.get(p.key, by_payment.get(p.key, ()))]
    return claims if claims != run.claims else None


def _may_point(run: Settlement, payment: Item, named: Sequence[Claim]) -> bool:
    """Whether the payment does not settle what it names, and names nothing that may mean two documents."""
    if payment.fact.claims or payment.fact.decided or not payment.original_minor:
        return False
    if any(claim.stated for claim in named):
        return False
    documents = [debit_documents(claim.keys, run.items) for claim in named]
    if any(len(keys) > 1 for keys in documents):
        return False
    return payment.left_minor > 0 or (
        any(map(_is_bare, named)) and any(run.items[key].left_minor for (key,) in filter(None, documents))
    )


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
        """``named``, all that the payment claims, with what it points to: sure, or in doubt.

        Where it names documents by whole numbers, the bare figures of another may be something else: they point.
        """
        bare = {key: claim for claim in named if _is_bare(claim) for key in self._documents(claim)}
        firm = [claim for claim in named if not _is_bare(claim) or not self._documents(claim)]
        whole = {key for claim in firm for key in self._documents(claim)}
        left = self._left_for(payment, (*whole, *bare))
        money = payment.left_minor + sum(self._taken(payment, key) for key in (*whole, *bare))
        money -= sum(left[key] for key in whole)
        barred = whole | {key for no in payment.fact.not_with for key in self._index.resolve(no).keys}
        shown: list[Pointer] = []
        for number, level in enumerate(self._levels(payment, firm, bare)):
            allowed = [self._without(pointer, barred, left) for pointer in level]
            if number == 0:
                allowed += [
                    Pointer(c.reference, (key,), c.rule, faint=bool(whole)) for key, c in bare.items()
                ]
            found = _exactly(money, allowed, left)
            if found:
                self._open_minor |= dict.fromkeys(found, 0)
                return [*firm, *(bare.get(key) or self._claim(payment, p, key) for key, p in found.items())]
            fitting = self._of_its_months(payment, money, allowed, left)
            if fitting:
                claims = (_doubted(self._claim(payment, p, key)) for key, p in fitting.items())
                return [*firm, *(msgspec.structs.replace(claim, fitting=True) for claim in claims)]
            row = self._going_on(payment, [*firm, *bare.values()]) if number == 0 else []
            if row:
                return [*firm, *bare.values(), *row]
            shown = shown or [pointer for pointer in allowed if pointer.keys and not pointer.faint]
        return [*firm, *self._in_doubt(payment, shown, bare, beside=bool(whole))]

    def _documents(self, claim: Claim) -> list[str]:
        return debit_documents(claim.keys, self._run.items)

    def _taken(self, payment: Item, key: str) -> int:
        allocation = self._run.allocations.get((payment.key, key))
        return allocation.amount_minor if allocation is not None and allocation.confirmed else 0

    def _left_for(self, payment: Item, keys: Iterable[str]) -> dict[str, int]:
        """What is open for the payment: what it took itself counts as open."""
        mine = {key: self._run.items[key].left_minor + self._taken(payment, key) for key in keys}
        return self._open_minor | mine

    def _levels(
        self, payment: Item, firm: Sequence[Claim], bare: Mapping[str, Claim]
    ) -> Iterable[list[Pointer]]:
        fact = payment.fact
        own = (*self._known, fact.document_no, *fact.aliases)
        strict = {run for claim in firm for run in _FIGURES.findall(claim.reference)}
        strict |= {squeeze(claim.reference) for claim in (*firm, *bare.values())}
        text = fact.remittance_text or ""
        levels = pointers(
            without_others(text),
            fact.own_references,
            fact.business_date,
            frozenset(strict),
            own,
            self._numbers,
        )
        yield [*self._aside(text), *next(levels)]
        yield [*self._in_references(fact.own_references), *next(levels)]
        if not firm and not bare:
            yield from levels

    def _aside(self, text: str) -> list[Pointer]:
        """Documents that the text names as something else, or as not paid: meant only where the figures say so."""
        return [
            Pointer(mention.text, mention.resolution.keys, "aside", faint=True)
            for mention in asides(text, self._index)
        ]

    def _in_references(self, references: Iterable[str]) -> list[Pointer]:
        """Documents whose whole numbers are in the references of the transfer: letters and all, or all the figures."""
        return [
            Pointer(mention.text, mention.resolution.keys, "transfer")
            for reference in references
            for mention in mentions(reference, self._index)
            if self._is_whole(mention, reference)
        ]

    def _is_whole(self, mention: Mention, reference: str) -> bool:
        """Whether a document of ``mention`` has all the figures of ``reference``, or its letters too: the payer's own
        runs count in figures, and ids that are made at random mix them with letters.
        """
        if mention.resolution.rule is not ReferenceRule.BARE and any(map(str.isalpha, mention.text)):
            return True
        figures = _figures(reference)
        return any(_figures(number) == figures for number in self._index.numbers(mention.resolution.keys))

    def _without(self, pointer: Pointer, barred: set[str], left: Mapping[str, int]) -> Pointer:
        keys = tuple(key for key in pointer.keys if key not in barred and left.get(key))
        return msgspec.structs.replace(pointer, keys=keys)

    def _of_its_months(
        self, payment: Item, money: int, level: Sequence[Pointer], left: Mapping[str, int]
    ) -> dict[str, Pointer]:
        """Of months that the text names the few documents, one of each month, that come to ``money``."""
        every = {key: pointer for pointer in level if pointer.rule == PERIOD for key in pointer.keys}
        paid_on = payment.fact.business_date
        latest = latest_document(paid_on, self._rules.on(paid_on).matching)
        by_month: dict[tuple[int, int], list[str]] = {}
        for key in every:
            day = self._run.items[key].fact.business_date
            if day <= latest and left[key] <= money:
                by_month.setdefault((day.year, day.month), []).append(key)
        if math.prod(map(len, by_month.values())) > _CHOICES_MAX * _CHOICES_MAX:
            return {}
        sums = (
            some
            for some in itertools.product(*by_month.values())
            if sum(map(left.__getitem__, some)) == money
        )
        found = {key: every[key] for some in sums for key in some}
        return found if len(found) <= _CHOICES_MAX else {}

    def _going_on(self, payment: Item, named: Sequence[Claim]) -> list[Claim]:
        """The documents next by number to the last one of a list that come to what is left: who has no more room. Of
        several rows that do the one that begins next; of others none.
        """
        whole = [keys for claim in named if len(keys := self._documents(claim)) == 1]
        if not 0 < payment.left_minor < payment.original_minor or not whole or self._strange(payment, named):
            return []
        if others_of(payment.fact.remittance_text or "") is not None:
            return []  # it says how many, and means what falls due next (``paid_before``)
        last = self._run.items[whole[-1][0]].fact
        day = payment.fact.business_date
        latest = latest_document(day, self._rules.on(day).matching)
        following = [
            key
            for key in self._numbers.following(last.document_no, last.business_date.year)
            if self._open_minor[key] and self._run.items[key].fact.business_date <= latest
        ]
        rows = _rows(following, self._open_minor, payment.left_minor)
        if not rows or (rows[0][0] != following[0] and len(rows) > 1):
            return []
        pointer = Pointer(last.document_no, tuple(rows[0]), "list")
        claims = (_doubted(self._claim(payment, pointer, key)) for key in rows[0])
        # Nobody said so: what is over stays a discrepancy of the list.
        return [msgspec.structs.replace(claim, fitting=True, named=True) for claim in claims]

    def _strange(self, payment: Item, named: Sequence[Claim]) -> bool:
        """Whether the text names something beside ``named`` that nobody has, and that was not cut off."""
        text = payment.fact.remittance_text or ""
        words = reference_words(text, own_numbers(payment, self._known))
        numbers = [n for claim in named for key in claim.keys for n in self._run.items[key].numbers]
        return bool(without_cut_end(unknown_words(words, self._index), text, numbers))

    def _in_doubt(
        self, payment: Item, shown: Sequence[Pointer], bare: Mapping[str, Claim], *, beside: bool
    ) -> list[Claim]:
        """What the text points to; a few of it where it is much. Bare figures that may mean others are among it."""
        keys = {key: pointer for pointer in reversed(shown) for key in pointer.keys if key not in bare}
        most = self._rules.on(payment.fact.business_date).matching.suggestions_max
        chosen = list(keys) if len(keys) <= _CHOICES_MAX else list(keys)[:most]
        named = [
            _doubted(claim) if beside or any(p.text == claim.reference for p in keys.values()) else claim
            for claim in bare.values()
        ]
        return [*named, *(_doubted(self._claim(payment, keys[key], key)) for key in chosen)]

    def _claim(self, payment: Item, pointer: Pointer, key: str) -> Claim:
        rule = f"remittance_text:{pointer.rule}"
        return Claim(
            payment.key, pointer.text, payment.original_minor, (key,), rule, POINTED_PPM, named=False
        )


def _rows(following: Sequence[str], figures: Mapping[str, int], money: int) -> list[Sequence[str]]:
    """The documents one after the other of ``following`` that come to ``money``; no single one."""
    found = []
    sums = [0, *itertools.accumulate(figures[key] for key in following)]
    places = {total: place for place, total in enumerate(sums)}
    for first, before in enumerate(sums):
        last = places.get(before + money, 0)
        if last > first + 1:
            found.append(following[first:last])
    return found


def _figures(number: str) -> str:
    """All figures of a number, zeros too."""
    return "".join(_FIGURES.findall(number))


def _is_bare(claim: Claim) -> bool:
    return claim.rule.endswith(ReferenceRule.BARE)


def _doubted(claim: Claim) -> Claim:
    return msgspec.structs.replace(claim, doubted=True, named=False, score_ppm=AMBIGUOUS_PPM)


def _exactly(money: int, level: Sequence[Pointer], left: Mapping[str, int]) -> dict[str, Pointer]:
    """Documents that come to exactly ``money``: all, else some and no others. Empty where that is not told."""
    every = {key: pointer for pointer in reversed(level) for key in pointer.keys}
    strong = {key: pointer for key, pointer in every.items() if not pointer.faint}
    for whole in (strong, every):
        if whole and sum(left[key] for key in whole) == money:
            return whole
    over = money - sum(left[key] for key in strong)
    if strong and 0 < over <= ROUNDED_MAX and all(pointer.rule != PERIOD for pointer in strong.values()):
        return strong  # somebody rounded
    chosen = next((some for some in (every, strong) if len(some) <= _CHOICES_MAX), {})
    if any(pointer.rule == PERIOD or pointer.together for pointer in chosen.values()):
        return {}  # of what is dated in a month the one of this figure is no surer than by its figure alone
    found = [
        some
        for count in range(1, len(chosen))
        for some in itertools.combinations(chosen, count)
        if sum(left[key] for key in some) == money
    ]
    return {key: chosen[key] for key in found[0]} if len(found) == 1 else {}
