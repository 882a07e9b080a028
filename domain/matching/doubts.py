"""What references booked and the figures do not bear out: is another document meant?

Looked at is a payment that names documents in a text and does not settle them: it leaves them open, or money is left
of it, or of another one that names them. Part payments do so too. So there must be a reason to doubt: a number in the
text that nobody has, beside the one that hit; or a neighbour by number of which exactly this figure is open, or any
other document that is exactly this figure; or another payment that has the other's number; or somebody who names a
document and pays exactly all that he names, for which it leaves too little there; or that the document that it is a
part of, or more than, is of a much later date, and was never amended: what was has the date of its last version. What
is doubted is suggested. Where some of the documents named are exactly what is paid, these are meant.

What is asked of other records is asked as matching without references asks it: which document is open by exactly this
figure on this day? So sealed records can answer (``archive.notes``).
"""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from domain.archive.notes import Notes
from domain.facts import EntryKind
from domain.matching.candidates import (
    ROUNDED_MAX,
    SLIPS_MAX,
    SLIPS_TO_BOOK,
    Document,
    latest_document,
    payment_days,
    slips,
)
from domain.matching.forms import DocumentIndex, squeeze
from domain.matching.leftovers import open_documents, own_numbers, unknown_words, without_cut_end
from domain.matching.rivals import Rivals
from domain.matching.settlement import AMBIGUOUS_PPM, Claim, Item, Settlement, debit_documents
from domain.matching.words import reference_words, words_of_parts
from domain.rules import RulesByDate

#: Most misspellings are one slip (Damerau 1964). A rest is a weaker figure than an invoice's: no more is believed.
SLIPS_FOR_A_REST = 1
#: of so many documents that one payment names every choice is added up
_NAMED_MAX = 8
#: of so many payments with misspelt numbers, the last ones, the parts are looked at
_MISSPELT_MAX = 24
_SERIES = re.compile(r"([A-Z]*)([0-9]+)")
#: figures alone may be anything: from so many on, and with so many in front alike, they are of one series
_FIGURES_MIN, _ALIKE = 5, 2


def with_doubts(
    run: Settlement, index: DocumentIndex, rules: RulesByDate, known: Sequence[str], notes: Notes | None
) -> list[Claim] | None:
    """The claims of the run in their order, those in doubt changed; ``None`` where none is."""
    doubts = _Doubts(run, index, rules, known, notes)
    by_payment = run.claims_by_payment()
    changed = {
        key: better
        for key, claims in by_payment.items()
        if (better := doubts.about(run.items[key], claims)) != claims
    }
    if not changed:
        return None
    doubts.open_by_figure()  # noted as they were asked for, before what is in doubt is taken back
    return [claim for key, claims in by_payment.items() for claim in changed.get(key, claims)]


class _Doubts:
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
        self._notes = notes
        self._open_by_figure: Mapping[int, Sequence[Document]] | None = None
        self._alike = Counter((c.keys, run.items[c.payment].original_minor) for c in run.claims)
        self._rivals = Rivals(run, index, rules, known)

    def about(self, payment: Item, claims: list[Claim]) -> list[Claim]:
        """``claims``, all that the payment makes, doubted or ambiguous where there is a reason."""
        if payment.fact.decided:
            return claims
        if payment.fact.claims or claims[0].stated:
            return [self._or_its_figure(payment, claim) for claim in claims]
        vague = [claim for claim in claims if claim.vague]
        if vague:
            sure = [claim for claim in claims if not claim.vague]
            return [*self.about(payment, sure), *vague] if sure else claims
        if any(claim.doubted for claim in claims):
            return claims  # in a round before
        named = [debit_documents(claim.keys, self._run.items) for claim in claims]
        if any(len(keys) != 1 for keys in named):
            return claims
        documents = [self._run.items[keys[0]] for keys in named]
        if self._settled(payment, documents):
            return claims
        equal_instalments = any(self._alike[claim.keys, payment.original_minor] > 1 for claim in claims)
        choices = self._exactly_paid(payment, documents)
        if len(choices) == 1 or (choices and not equal_instalments):
            meant = {document.key for some in choices for document in some}
            return [
                msgspec.structs.replace(claim, doubted=len(choices) > 1)
                for claim, document in zip(claims, documents, strict=True)
                if document.key in meant
            ]
        crossed = self._crossed(payment, documents)
        if crossed is not None:
            return [_or(claims[0], crossed.key)]
        missing = payment.original_minor - sum(document.original_minor for document in documents)
        told = payment.key in self._run.told
        strangers = [] if told else self._strangers(payment, claims)
        if len(strangers) == 1 and self._open_near(payment, missing, strangers[0]) is not None:
            return claims  # one number is misspelt, and all figures are right
        if strangers:
            return [msgspec.structs.replace(claim, doubted=True) for claim in claims]
        too_early = self._too_early(payment, claims, documents)
        if -ROUNDED_MAX <= missing <= ROUNDED_MAX or (equal_instalments and not too_early):
            return claims  # who rounds what he names copies no other line
        better = [
            claim if told else self._or_neighbour(payment, claim, document, missing)
            for claim, document in zip(claims, documents, strict=True)
        ]
        if better == claims and (
            too_early or self._rivals.in_the_way(payment, documents, self.open_by_figure)
        ):
            return [msgspec.structs.replace(claim, doubted=True) for claim in claims]
        return better

    def _settled(self, payment: Item, documents: Sequence[Item]) -> bool:
        tolerance = self._rules.on(payment.fact.business_date).tolerance
        return not payment.left_minor and all(
            d.left_minor <= tolerance(d.original_minor) and d.key not in self._rivals.contested
            for d in documents
        )

    def _crossed(self, payment: Item, documents: Sequence[Item]) -> Item | None:
        """The document of another payment, where each of the two names one document and comes to exactly the other's:
        somebody mixed up the numbers.
        """
        if len(documents) != 1 or payment.original_minor == documents[0].original_minor:
            return None
        for other, document in self._singles.get((documents[0].original_minor, payment.original_minor), ()):
            both = self._is_there(payment, document) and self._is_there(other, documents[0])
            if both and not self._settled(other, [document]):
                return document
        return None

    @functools.cached_property
    def _singles(self) -> Mapping[tuple[int, int], Sequence[tuple[Item, Item]]]:
        """Payments whose text names one document, with it, by what both come to."""
        found: dict[tuple[int, int], list[tuple[Item, Item]]] = {}
        for key, claims in self._run.claims_by_payment().items():
            payment = self._run.items[key]
            keys = debit_documents(claims[0].keys, self._run.items)
            fact = payment.fact
            if len(claims) == len(keys) == 1 and not (claims[0].vague or fact.claims or fact.decided):
                document = self._run.items[keys[0]]
                both = payment.original_minor, document.original_minor
                found.setdefault(both, []).append((payment, document))
        return found

    def _is_there(self, payment: Item, document: Item) -> bool:
        """Whether the document is dated on the day of the payment, or little later."""
        day = payment.fact.business_date
        return document.fact.business_date <= latest_document(day, self._rules.on(day).matching)

    def _too_early(self, payment: Item, claims: Sequence[Claim], documents: Sequence[Item]) -> bool:
        """Whether it is a part of what was not there yet and nothing else settles: nobody knows a number before it is
        given. Other references, of an order or a contract, may be known a while before, and who pays too much may date
        otherwise than we do.
        """
        return any(
            (document.left_minor or document.key in self._rivals.contested)
            and not document.fact.rank[1]  # what was amended has the date of its last version
            and payment.fact.business_date < document.fact.business_date
            and not (self._is_there(payment, document) and (payment.left_minor or _by_alias(claim, document)))
            for claim, document in zip(claims, documents, strict=True)
        )

    def _exactly_paid(self, payment: Item, documents: Sequence[Item]) -> list[tuple[Item, ...]]:
        """Each choice of the documents that a payment names that comes to exactly what it pays; not all of them.

        The other numbers of its text mean something else, or it says that they are not paid. Documents of which other
        payments took something may be paid up, and are left alone.
        """
        if (
            not 2 <= len(documents) <= _NAMED_MAX
            or sum(d.original_minor for d in documents) == payment.original_minor
        ):
            return []
        found = [
            some
            for count in range(1, len(documents))
            for some in itertools.combinations(documents, count)
            if sum(document.original_minor for document in some) == payment.original_minor
        ]
        untouched = [some for some in found if self._only_by(payment, some)]
        return untouched if len(found) == 1 or len(untouched) > 1 else []

    def _only_by(self, payment: Item, documents: Sequence[Item]) -> bool:
        """Whether nobody but ``payment`` has taken anything of the documents."""
        taken = self._run.allocations
        return all(
            document.original_minor - document.left_minor
            == (mine.amount_minor if (mine := taken.get((payment.key, document.key))) else 0)
            for document in documents
        )

    def _strangers(self, payment: Item, claims: Sequence[Claim]) -> list[tuple[str, ...]]:
        """What the text names beside the documents and nobody has, where it is nearly a number of theirs, or built
        like one.

        Theirs, not of any that is open: sealed records could not be asked for what is nearly one of their numbers.
        """
        text = payment.fact.remittance_text or ""
        pieces = {squeeze(piece) for claim in claims for piece in claim.reference.split()}
        pieces |= words_of_parts(text, {squeeze(claim.reference) for claim in claims})
        others = [
            tuple(form for form in forms if not _is_year(form, payment.fact.business_date.year))
            for forms in reference_words(text, own_numbers(payment, self._known))
            if pieces.isdisjoint(forms)
        ]
        numbers = [
            number for claim in claims for key in claim.keys for number in self._run.items[key].numbers
        ]
        return [
            forms
            for forms in without_cut_end(unknown_words(others, self._index), text, numbers)
            if slips(forms, tuple(numbers)) <= SLIPS_MAX
            or any(_one_series(form, number) for form in forms for number in numbers)
        ]

    def _or_neighbour(self, payment: Item, claim: Claim, document: Item, missing: int) -> Claim:
        """The claim; ambiguous where exactly its share of the payment is open on a neighbour by number, or is all of
        whatever other document: who copies the wrong line copies another number with it. A document that was cancelled
        or amended may have been of that figure itself, so only a neighbour speaks against it.
        """
        share = document.original_minor + missing
        other = self._open_near(payment, share, document.numbers, but=document.key)
        was_another = document.fact.undone or document.fact.rank[1]
        if other is None and not was_another:
            other = self._open_whole(payment, share, but=document.key)
        if other is None:
            other = self._open_beside_misspelt(payment, share, document)
        if other is None:
            return claim
        return _or(claim, other)

    def _or_its_figure(self, payment: Item, claim: Claim) -> Claim:
        """The claim of an amount on one document; ambiguous where it is more than that document is, and exactly
        what is open of another one, as for a text.
        """
        documents = debit_documents(claim.keys, self._run.items)
        if len(documents) != 1:
            return claim
        document = self._run.items[documents[0]]
        too_much = claim.amount_minor - document.original_minor
        return self._or_neighbour(payment, claim, document, too_much) if too_much > 0 else claim

    def _open_near(self, payment: Item, figure: int, numbers: tuple[str, ...], but: str = "") -> str | None:
        """The document of which exactly ``figure`` is open, and whose number is nearest to ``numbers`` (of several the
        first); it may be paid on the day of the payment.
        """
        if figure <= 0:
            return None
        date = payment.fact.business_date
        if self._notes is not None:
            self._notes.receipts.append((date.toordinal(), figure))
        near = [
            (count, document.key)
            for document, whole in self._open_by(payment, figure, but)
            if (count := slips(numbers, document.numbers)) <= (SLIPS_MAX if whole else SLIPS_FOR_A_REST)
        ]
        return min(near, key=lambda pair: pair[0])[1] if near else None

    def _open_beside_misspelt(self, payment: Item, share: int, document: Item) -> str | None:
        """The neighbour of ``document``, one slip away, of which exactly ``share`` is open and a payment whose number
        nobody has, one slip from the neighbour's, too.
        """
        for other, forms in self._misspelt:
            figure = share + other.left_minor
            if self._notes is not None:
                self._notes.receipts.append((payment.fact.business_date.toordinal(), figure))
            for neighbour, _ in self._open_by(payment, figure, but=document.key):
                if (
                    max(slips(numbers, neighbour.numbers) for numbers in (document.numbers, forms))
                    <= SLIPS_TO_BOOK
                ):
                    return neighbour.key
        return None

    @functools.cached_property
    def _misspelt(self) -> Sequence[tuple[Item, tuple[str, ...]]]:
        """Payments that name one thing that nobody has, and nothing else, with it; so many as one stage looks among."""
        claiming = {claim.payment for claim in self._run.claims if not claim.vague}
        found: list[tuple[Item, tuple[str, ...]]] = []
        for key, item in self._run.items.items():
            fact = item.fact
            if fact.kind is EntryKind.PAYMENT and item.left_minor and key not in claiming:
                words = reference_words(fact.remittance_text or "", own_numbers(item, self._known))
                strange = unknown_words(words, self._index)
                if len(words) == len(strange) == 1:
                    found.append((item, strange[0]))
        return found[-_MISSPELT_MAX:]

    def _open_whole(self, payment: Item, figure: int, but: str) -> str | None:
        """The first document of exactly ``figure`` of which nothing is paid, and which may be paid on the day of the
        payment.
        """
        return next((document.key for document, whole in self._open_by(payment, figure, but) if whole), None)

    def _open_by(self, payment: Item, figure: int, but: str) -> Iterator[tuple[Document, bool]]:
        """The documents of which exactly ``figure`` is open, and whether that is all of each, that may be paid on the
        day of the payment.
        """
        date = payment.fact.business_date
        for document in self.open_by_figure().get(figure, ()):
            first, last = payment_days(document, self._rules.on(date))
            if document.key != but and first <= date.toordinal() <= last:
                yield document, self._run.items[document.key].original_minor == figure

    def open_by_figure(self) -> Mapping[int, Sequence[Document]]:
        """What references left open, by its figure; made when it is first asked for."""
        if self._open_by_figure is None:
            found: dict[int, list[Document]] = {}
            for document in open_documents(self._run).values():
                found.setdefault(document.open_minor, []).append(document)
                if self._notes is not None:
                    days = payment_days(document, self._rules.on(document.date))
                    self._notes.documents.append((*days, document.open_minor))
            self._open_by_figure = found
        return self._open_by_figure


def _or(claim: Claim, other: str) -> Claim:
    """The claim, ambiguous with the document ``other``."""
    return msgspec.structs.replace(claim, keys=(claim.keys[0], other), score_ppm=AMBIGUOUS_PPM)


def _by_alias(claim: Claim, document: Item) -> bool:
    """Whether the payment names the document by another number than its own."""
    return squeeze(claim.reference) in {squeeze(alias) for alias in document.fact.aliases}


def _is_year(form: str, year: int) -> bool:
    """Whether ``form`` is ``year`` or the one before or after it: what is paid is often told by its time."""
    return form in {str(year - 1), str(year), str(year + 1)}


def _one_series(one: str, other: str) -> bool:
    """The same letters in front of equally many figures; or figures that begin alike, one more or less: one was left
    out. Figures alone may be anything, so they must begin alike in any case.
    """
    mine, theirs = _SERIES.fullmatch(one), _SERIES.fullmatch(other)
    if not (mine and theirs and mine[1] == theirs[1]):
        return False
    alike = mine[2][:_ALIKE] == theirs[2][:_ALIKE] and min(len(mine[2]), len(theirs[2])) >= _FIGURES_MIN
    return (bool(mine[1]) and len(one) == len(other)) or (alike and abs(len(one) - len(other)) <= 1)
