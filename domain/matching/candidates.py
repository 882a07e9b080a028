"""What matching without references looks at: receipts with money left, documents that are open, and proposals.

Only these are candidates: the cost of the stages grows with what is open, not with the history.
"""

from __future__ import annotations

import datetime as dt
import enum
import functools
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
from rapidfuzz.distance import OSA

from domain.matching.forms import plain
from domain.rules import MatchingRules, Rules

CERTAIN_PPM = 1_000_000
#: numbers that differ by more slips than this are not taken for one another
SLIPS_MAX = 2
#: Most misspellings are one slip (Damerau 1964): a number that is so near, and a figure to the cent, are booked
SLIPS_TO_BOOK = 1
#: figures that are this near were meant to be the same: somebody rounded (minor units)
ROUNDED_MAX = 2
#: figures of no more digits before their zeros are round
_SIGNIFICANT = 2
#: of the steps of a review, what is misspelt may take one in so many at a time: sums come after it
SHARE_OF_STEPS = 10
#: what is open and what is misspelt is compared at every event of the account
_PAIRS_KEPT = 65_536
#: and so are the names of its payers
_NAMES_KEPT = 4_096
ScoreParts = tuple[tuple[str, int], ...]


class Document(msgspec.Struct, frozen=True):
    """A document that is open."""

    key: str
    open_minor: int
    date: dt.date
    due_date: dt.date
    numbers: tuple[str, ...]
    """What it answers to, squeezed."""
    settled_minor: int = 0
    """What of it is settled."""
    largest_minor: int = 0
    """The largest payment that took of it; it may have paid others, too."""

    @property
    def whole(self) -> bool:
        return not self.settled_minor

    @property
    def due_order(self) -> tuple[dt.date, dt.date, str]:
        return (self.due_date, self.date, self.key)


class Objection(enum.Enum):
    """What a payment says itself against a match that is found by figures."""

    NONE = "none"
    NUMBER = "number"
    """It names what nobody has: maybe a slip, so a match may be booked that reads the number, and no other."""
    OTHER = "other"
    """It names other documents, or allocates its money, or is the same transfer as another one. Nothing is booked."""


class Excess(msgspec.Struct, frozen=True):
    """What is known of money of a payment whose documents were paid before."""

    after: tuple[Document, ...] = ()
    """What it names."""
    others: int | None = None
    """How many more its text says that it pays; 0 where it does not say how many, ``None`` where it speaks of none."""
    repeats: bool = False
    """The same money came just before, for the same documents."""
    taken_off: frozenset[str] = frozenset()
    """Documents that a later payment is short of by exactly this money, and it names what this was paid for, too."""


class Receipt(msgspec.Struct, frozen=True):
    """A payment with money left."""

    key: str
    left_minor: int
    fee_minor: int
    date: dt.date
    words: tuple[str, ...]
    """What it names that is no document of ours, squeezed."""
    named: tuple[tuple[str, ...], ...]
    """Everything that it names and that may be misspelt, one after the other, each in its forms, squeezed."""
    payer_ppm: int
    """How alike its payer's name is to the known payers of the account."""
    objection: Objection
    without: frozenset[str] = frozenset()
    """Documents that it says are not paid."""
    months: frozenset[tuple[int, int]] = frozenset()
    """The months, (year, month), that its text names."""
    part: tuple[int, tuple[int, ...]] | None = None
    """Which part of a document its text says that it is, and of how many it may be."""
    excess: Excess | None = None
    """Where what it names was paid before."""

    def admits(self, proposal: Proposal) -> bool:
        """Whether nothing that it says speaks against booking the proposal."""
        return self.objection is Objection.NONE or (self.objection is Objection.NUMBER and proposal.reads)

    def nearly_names(self, document: Document) -> bool:
        """Whether what it names is one number that nobody has, one slip away from the document's."""
        return (
            bool(self.words)
            and len(self.named) == 1
            and slips(self.named[0], document.numbers) <= SLIPS_TO_BOOK
        )

    def may_mean(self, document: Document) -> bool:
        """Whether its text names no month, or the one in which the document is dated."""
        return not self.months or (document.date.year, document.date.month) in self.months


class Proposal(msgspec.Struct, frozen=True):
    """Links (receipt, document, amount in minor units) that stand or fall together.

    ``certain``: its stage found nothing else that would do as well, so it may be confirmed.
    """

    links: tuple[tuple[str, str, int], ...]
    parts: ScoreParts
    certain: bool
    exclusive: bool = True
    """Whether another proposal for one of its items makes it uncertain."""
    reads: bool = False
    """It tells what the numbers mean that its receipts name and that nobody has."""

    @property
    def score_ppm(self) -> int:
        """The mean of the parts, rounded down."""
        return sum(ppm for _, ppm in self.parts) // len(self.parts)


class Candidates(msgspec.Struct):
    """In canonical order. ``steps_left`` is what the searches of this review may still try."""

    receipts: dict[str, Receipt]
    documents: dict[str, Document]
    rules: Rules
    steps_left: int
    astray: dict[str, Receipt] = msgspec.field(default_factory=dict)
    """Receipts whose documents were paid before."""
    misspelt: dict[str, Receipt] = msgspec.field(default_factory=dict)
    """Receipts whose number may be that of another document, which has a suggestion."""
    credits: dict[str, Receipt] = msgspec.field(default_factory=dict)
    """Credit notes that no document took, as money beside that of receipts."""
    offered: set[str] = msgspec.field(default_factory=set)
    """Receipts that have a suggestion."""
    unexplained: dict[str, bool] = msgspec.field(default_factory=dict)
    """Receipts that are no sum of documents, as a search has shown that was not cut off; with whether some come to them
    that could do so by chance."""
    shown: dict[str, dt.date] = msgspec.field(default_factory=dict)
    """Documents that a payment is shown for -> the date of the first such payment."""
    _by_amount: dict[int, list[str]] | None = None
    _days: dict[str, tuple[int, int]] | None = None

    def is_open(self, credit: str, document: str) -> bool:
        """Whether both are still there to be matched."""
        return document in self.documents and any(credit in some for some in self._money())

    def money(self, receipt: str) -> Receipt:
        """The receipt, wherever it is still there."""
        return next(some[receipt] for some in self._money() if receipt in some)

    def _money(self) -> tuple[dict[str, Receipt], ...]:
        return (self.receipts, self.misspelt, self.astray, self.credits)

    def show(self, receipt: str, document: str) -> None:
        """Note that the receipt is shown for the document."""
        day = self.money(receipt).date
        self.shown[document] = min(day, self.shown.get(document, day))

    def of_amount(self, figure: int) -> list[Document]:
        """The documents of which exactly ``figure`` is open, in canonical order."""
        if self._by_amount is None:
            self._by_amount = by_amount({d.key: d.open_minor for d in self.documents.values()})
        keys = self._by_amount.get(figure, ())
        found = (self.documents[key] for key in keys if key in self.documents)
        return [document for document in found if document.open_minor == figure]

    def documents_for(self, receipt: Receipt) -> list[Document]:
        """Those whose dates fit the receipt's, and that it does not except."""
        day, days = receipt.date.toordinal(), self._payment_days()
        fitting = (d for key, d in self.documents.items() if days[key][0] <= day <= days[key][1])
        return [d for d in fitting if d.key not in receipt.without]

    def dates_fit(self, receipt: Receipt, document: Document) -> bool:
        first, last = self._payment_days()[document.key]
        return document.key not in receipt.without and first <= receipt.date.toordinal() <= last

    def _payment_days(self) -> Mapping[str, tuple[int, int]]:
        """Of each document; what is open of one changes while this is at work, its dates do not."""
        if self._days is None:
            self._days = {key: payment_days(document, self.rules) for key, document in self.documents.items()}
        return self._days

    def is_rest(self, document: Document) -> bool:
        """Whether what is open of it is what a payer deducts who takes it for paid: a discount, charges; also where he
        paid others with it.
        """
        paid = max(document.settled_minor, document.largest_minor)
        most = (paid + document.open_minor) * self.rules.matching.deduction_ppm
        return not document.whole and document.open_minor <= -(-most // CERTAIN_PPM)

    def date_ppm(self, receipt: Receipt, document: Document) -> int:
        """Certain between the document's date and its due date; each day outside takes a share of the window."""
        matching = self.rules.matching
        if receipt.date < document.date:
            days, window = (document.date - receipt.date).days, matching.days_before_document
        else:
            days, window = max((receipt.date - document.due_date).days, 0), matching.days_after_due
        return max(CERTAIN_PPM - CERTAIN_PPM * days // (2 * (window + 1)), 0)

    def nearest(self, receipt: Receipt, documents: Iterable[Document]) -> list[Document]:
        """At most ``candidates_max``, the nearest to their due dates first."""
        ordered = sorted(documents, key=lambda d: (abs((receipt.date - d.due_date).days), d.key))
        return ordered[: self.rules.matching.candidates_max]


def payment_days(document: Document, rules: Rules) -> tuple[int, int]:
    """The first and the last day, as ordinals, on which a payment without a reference may be for the document."""
    return days_of_payment(document.date, document.due_date, rules)


def days_of_payment(date: dt.date, due_date: dt.date, rules: Rules) -> tuple[int, int]:
    """The same for what is dated ``date`` and due on ``due_date``."""
    matching = rules.matching
    return (date.toordinal() - matching.days_before_document, due_date.toordinal() + matching.days_after_due)


def latest_document(day: dt.date, matching: MatchingRules) -> dt.date:
    """The latest date of a document that a payment of ``day`` may be for."""
    return day + dt.timedelta(days=matching.days_before_document)


def is_round(amount: int) -> bool:
    """Whether ``amount`` (minor units) has no more than two significant digits and two zeros or more behind them: so is
    what people pay on account, and one sum in thousands.
    """
    digits = str(amount)
    return len(digits.rstrip("0")) <= _SIGNIFICANT <= len(digits) - _SIGNIFICANT


def likeness_ppm(one: str, other: str) -> int:
    """1,000,000 for equal texts, less for each letter that is changed, left out, added or swapped with its neighbour.

    Optimal string alignment distance (Damerau 1964): whole numbers, so the same on every machine.
    """
    longest = max(len(one), len(other), 1)
    return CERTAIN_PPM - CERTAIN_PPM * OSA.distance(one, other) // longest


@functools.lru_cache(maxsize=_PAIRS_KEPT)
def slips(ones: tuple[str, ...], others: tuple[str, ...]) -> int:
    """Letters to change, leave out, add or swap with the next until one of ``ones`` is one of ``others``; more than
    ``SLIPS_MAX`` is counted as one more than it.
    """
    distances = (OSA.distance(one, other, score_cutoff=SLIPS_MAX) for one in ones for other in others)
    return min(distances, default=SLIPS_MAX + 1)


def parts_of(candidates: Candidates, receipt: Receipt, document: Document, **others: int) -> ScoreParts:
    dates = candidates.date_ppm(receipt, document)
    if receipt.words:
        others["reference"] = _alike(receipt, document)
    return (*others.items(), ("date", dates), ("payer", receipt.payer_ppm))


def _alike(receipt: Receipt, document: Document) -> int:
    """How near the nearest of the receipt's words is to a number of the document."""
    return max(likeness_ppm(word, number) for word in receipt.words for number in document.numbers)


def link(receipt: Receipt, document: Document) -> tuple[str, str, int]:
    return (receipt.key, document.key, min(receipt.left_minor, document.open_minor))


def before_deduction(left_minor: int, share_ppm: int) -> int:
    """The most that a payment may have been before ``share_ppm`` of it was deducted; itself where that is all."""
    return left_minor * CERTAIN_PPM // (CERTAIN_PPM - share_ppm) if share_ppm < CERTAIN_PPM else left_minor


def best(candidates: Candidates, proposals: Sequence[Proposal]) -> list[Proposal]:
    """The proposals for one receipt that are worth showing, the best first."""
    ordered = sorted(proposals, key=lambda p: (-p.score_ppm, p.links))
    return ordered[: candidates.rules.matching.suggestions_max]


def listed(candidates: Candidates, receipt: Receipt, documents: Iterable[Document], short: int) -> Proposal:
    """``documents`` as paid by the receipt together, which is ``short`` of them: what is due last keeps the rest."""
    ordered = sorted(documents, key=lambda d: d.due_order)
    parts = (
        ("amount", CERTAIN_PPM - CERTAIN_PPM * short // (receipt.left_minor + short)),
        ("date", min(candidates.date_ppm(receipt, d) for d in ordered)),
        ("payer", receipt.payer_ppm),
    )
    return Proposal(laid_out((receipt,), ordered), parts, certain=False)


def laid_out(receipts: Sequence[Receipt], documents: Sequence[Document]) -> tuple[tuple[str, str, int], ...]:
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


#: how companies end, by country; Chinese forms are taken off the end of the name
_LEGAL_FORMS = frozenset(
    ("AG", "BV", "CO", "COMPANY", "CORP", "CORPORATION", "GMBH", "INC", "KG", "LIMITED")
) | {*("LLC", "LLP", "LTD", "NV", "OHG", "OY", "PLC", "PTE", "PTY", "SA", "SARL", "SE", "SPA", "SRL", "UG")}
_CHINESE_FORMS = ("股份有限公司", "有限责任公司", "有限公司")


@functools.lru_cache(maxsize=_NAMES_KEPT)
def name_key(name: str) -> str:
    """A party's name without case, signs, the order of its words and its legal form."""
    letters = "".join(c if c.isalnum() else " " for c in plain(name).upper())
    for form in _CHINESE_FORMS:
        letters = letters.replace(form, " ")
    words = [word for word in letters.split() if word not in _LEGAL_FORMS]
    return " ".join(sorted(words))


def payer_ppm(name: str | None, known: Collection[str]) -> int:
    """How alike ``name`` is to the nearest of ``known`` (``name_key`` each); certain with nothing to compare."""
    key = name_key(name or "")
    if not key or not known:
        return CERTAIN_PPM
    return max(likeness_ppm(key, other) for other in known)


def by_amount(amounts: Mapping[str, int]) -> dict[int, list[str]]:
    """Amount -> the keys that have it, in their order."""
    found: dict[int, list[str]] = {}
    for key, amount in amounts.items():
        found.setdefault(amount, []).append(key)
    return found
