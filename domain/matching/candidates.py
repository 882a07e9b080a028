"""What matching without references looks at: receipts with money left, documents that are open, and proposals.

Only these are candidates: the cost of the stages grows with what is open, not with the history.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping

import msgspec
from rapidfuzz.distance import OSA

from domain.matching.references import plain
from domain.rules import Rules

CERTAIN_PPM = 1_000_000
ScoreParts = tuple[tuple[str, int], ...]


class Receipt(msgspec.Struct, frozen=True):
    """A payment with money left. ``confirmable``: nothing that it says speaks against a match found by figures."""

    key: str
    left_minor: int
    fee_minor: int
    date: dt.date
    words: tuple[str, ...]
    """What it names that is no document of ours, squeezed."""
    payer_ppm: int
    """How alike its payer's name is to the known payers of the account."""
    confirmable: bool


class Document(msgspec.Struct, frozen=True):
    """A document that is open."""

    key: str
    open_minor: int
    date: dt.date
    due_date: dt.date
    numbers: tuple[str, ...]
    """What it answers to, squeezed."""


class Proposal(msgspec.Struct, frozen=True):
    """Links (receipt, document, amount in minor units) that stand or fall together.

    ``certain``: its stage found nothing else that would do as well, so it may be confirmed.
    """

    links: tuple[tuple[str, str, int], ...]
    parts: ScoreParts
    certain: bool
    exclusive: bool = True
    """Whether another proposal for one of its items makes it uncertain."""

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

    def documents_for(self, receipt: Receipt) -> list[Document]:
        """Those whose dates fit the receipt's."""
        return [d for d in self.documents.values() if self.dates_fit(receipt, d)]

    def dates_fit(self, receipt: Receipt, document: Document) -> bool:
        first, last = payment_days(document, self.rules)
        return first <= receipt.date.toordinal() <= last

    def date_ppm(self, receipt: Receipt, document: Document) -> int:
        """Certain between the document's date and its due date; each day outside takes a share of the window."""
        matching = self.rules.matching
        if receipt.date < document.date:
            days, window = (document.date - receipt.date).days, matching.days_before_document
        else:
            days, window = max((receipt.date - document.due_date).days, 0), matching.days_after_due
        return CERTAIN_PPM - CERTAIN_PPM * days // (2 * (window + 1))

    def nearest(self, receipt: Receipt, documents: Iterable[Document]) -> list[Document]:
        """At most ``candidates_max``, the nearest to their due dates first."""
        ordered = sorted(documents, key=lambda d: (abs((receipt.date - d.due_date).days), d.key))
        return ordered[: self.rules.matching.candidates_max]


def payment_days(document: Document, rules: Rules) -> tuple[int, int]:
    """The first and the last day, as ordinals, on which a payment without a reference may be for the document."""
    matching = rules.matching
    return (
        document.date.toordinal() - matching.days_before_document,
        document.due_date.toordinal() + matching.days_after_due,
    )


def likeness_ppm(one: str, other: str) -> int:
    """1,000,000 for equal texts, less for each letter that is changed, left out, added or swapped with its neighbour.

    Optimal string alignment distance (Damerau 1964): whole numbers, so the same on every machine.
    """
    longest = max(len(one), len(other), 1)
    return CERTAIN_PPM - CERTAIN_PPM * OSA.distance(one, other) // longest


#: how companies end, by country; Chinese forms are taken off the end of the name
_LEGAL_FORMS = frozenset(
    ("AG", "BV", "CO", "COMPANY", "CORP", "CORPORATION", "GMBH", "INC", "KG", "LIMITED")
) | {*("LLC", "LLP", "LTD", "NV", "OHG", "OY", "PLC", "PTE", "PTY", "SA", "SARL", "SE", "SPA", "SRL", "UG")}
_CHINESE_FORMS = ("股份有限公司", "有限责任公司", "有限公司")


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
