"""The values of one allocation run: items, claims, allocations and what the discrepancy rules need to know of them."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping, Sequence

import msgspec

from domain.facts import EntryKind, Fact
from domain.matching.candidates import ScoreParts
from domain.matching.forms import FORMS_KEPT, squeeze

AMBIGUOUS_PPM = 500_000
PART_OF_REFERENCE = "reference"


@functools.lru_cache(maxsize=FORMS_KEPT)
def _squeezed(document_no: str, aliases: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(squeeze, (document_no, *aliases))))


class Item(msgspec.Struct):
    """A record in force as something to be settled. Mutable only inside one allocation run."""

    key: str
    fact: Fact
    due_date: dt.date
    original_minor: int
    left_minor: int

    @property
    def numbers(self) -> tuple[str, ...]:
        """What it answers to, squeezed, each once."""
        return _squeezed(self.fact.document_no, self.fact.aliases)

    @property
    def order(self) -> tuple[dt.date, dt.datetime, str, str]:
        return (self.fact.business_date, self.fact.occurred_at, self.fact.document_no, self.key)

    @property
    def due_order(self) -> tuple[dt.date, dt.date, str, str]:
        return (self.due_date, self.fact.business_date, self.fact.document_no, self.key)


class Claim(msgspec.Struct, frozen=True):
    """A payment's word that it pays a document. ``keys`` as resolved: one is clear, several ambiguous, none unknown."""

    payment: str
    reference: str
    amount_minor: int
    keys: tuple[str, ...]
    rule: str
    score_ppm: int
    doubted: bool = False
    """The payment's own figures speak against it: suggested, and the payment is looked at further."""
    named: bool = True
    """The payment names the document; else it only points to it (``pointers``)."""

    fitting: bool = False
    """In doubt, but of the right figure: the payment is looked at no further."""

    stated: bool = False
    """The text says the amount (``stated``); else what a text names takes of the whole payment."""

    shared: bool = False
    """It names what several documents bear, a contract or an order: which are meant is told by figures (``shared``)."""

    @property
    def vague(self) -> bool:
        """Whether it is no more than a hint: the payment names nothing, and the figures do not bear it out."""
        return self.doubted and not self.named


class Allocation(msgspec.Struct, frozen=True):
    """``amount_minor`` of a credit item against a debit item; a suggested one is not booked."""

    credit_key: str
    debit_key: str
    amount_minor: int
    effective_date: dt.date
    rule: str
    score_ppm: int
    confirmed: bool
    score_parts: ScoreParts


class Settlement(msgspec.Struct):
    """The result of one run: allocations and what the discrepancy rules need to know about them."""

    items: dict[str, Item]
    """By record key, in canonical order (``Item.order``)."""
    allocations: dict[tuple[str, str], Allocation]
    claims: list[Claim]
    excess_minor: dict[tuple[str, str], int]
    """(payment, document) -> what the payment claimed there and the document could not take."""
    received_minor: dict[str, int]
    """document -> Σ taken from payments."""
    refunded_minor: dict[str, int]
    """payment -> Σ taken by refunds."""
    told: set[str] = msgspec.field(default_factory=set)
    """Payments less than what they name, of which the figures tell what of each is paid: the same share, or all less
    credit notes."""

    largest_minor: dict[str, int] = msgspec.field(default_factory=dict)
    """document -> the largest payment that took of it."""

    def claims_by_payment(self) -> dict[str, list[Claim]]:
        """Payment -> its claims, in their order."""
        found: dict[str, list[Claim]] = {}
        for claim in self.claims:
            found.setdefault(claim.payment, []).append(claim)
        return found

    def allocated(self, key: str) -> int:
        item = self.items[key]
        return item.original_minor - item.left_minor


def _is_debit(fact: Fact) -> bool:
    return fact.signed_minor > 0 or fact.kind in (EntryKind.INVOICE, EntryKind.REFUND)


def debit_documents(keys: Sequence[str], items: Mapping[str, Item]) -> list[str]:
    """Those of ``keys`` that are debit documents of this account, oldest due first."""
    debits = [key for key in keys if _is_debit(items[key].fact)]
    return debits if len(debits) < 2 else sorted(debits, key=lambda key: items[key].due_order)


def take(
    run: Settlement,
    credit: Item,
    debit: Item,
    amount: int,
    rule: str,
    score_ppm: int,
    parts: ScoreParts = (),
) -> int:
    """Allocate up to ``amount`` and return what was taken; bounded by what is left on both sides."""
    taken = min(amount, credit.left_minor, debit.left_minor)
    if taken <= 0:
        return 0
    credit.left_minor -= taken
    debit.left_minor -= taken
    pair = (credit.key, debit.key)
    before = run.allocations.get(pair)
    if before is not None and not before.confirmed:
        before = None  # a suggestion gives way to what is booked
    run.allocations[pair] = Allocation(
        credit.key,
        debit.key,
        taken + (before.amount_minor if before else 0),
        max(credit.fact.business_date, debit.fact.business_date),
        before.rule if before else rule,
        before.score_ppm if before else score_ppm,
        confirmed=True,
        score_parts=before.score_parts if before else parts or ((PART_OF_REFERENCE, score_ppm),),
    )
    return taken


def note(run: Settlement, payment: Item, document: Item, taken: int, excess: int) -> None:
    """Keep what a document received of a payment, and what the payment holds too much there."""
    if taken:
        run.received_minor[document.key] = run.received_minor.get(document.key, 0) + taken
        largest = run.largest_minor.get(document.key, 0)
        run.largest_minor[document.key] = max(largest, payment.original_minor)
    if excess:
        pair = (payment.key, document.key)
        run.excess_minor[pair] = run.excess_minor.get(pair, 0) + excess


def suggest(
    run: Settlement,
    credit: Item,
    debit: Item,
    amount: int,
    rule: str,
    score_ppm: int,
    parts: ScoreParts = (),
) -> None:
    """Show that ``amount`` of the credit may be for the debit; nothing is booked, and what is there already stays."""
    if amount and (credit.key, debit.key) not in run.allocations:
        run.allocations[credit.key, debit.key] = Allocation(
            credit.key,
            debit.key,
            amount,
            max(credit.fact.business_date, debit.fact.business_date),
            rule,
            score_ppm,
            confirmed=False,
            score_parts=parts or ((PART_OF_REFERENCE, score_ppm),),
        )
