"""Allocation: which receipts and credits settle which documents.

A pure function of the records in force, walked in canonical order (business date, occurred at, document number,
record), so the result depends neither on arrival order nor on hashing (I6). Rules 1–5 of
``docs/reference/discrepancies.md``; each stage is one function.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
from rapidfuzz.distance import OSA

from domain.facts import EntryKind, Fact
from domain.matching.candidates import (
    CERTAIN_PPM,
    Candidates,
    Document,
    Receipt,
    ScoreParts,
    name_key,
    payer_ppm,
)
from domain.matching.references import (
    DocumentIndex,
    Mention,
    ReferenceRule,
    mentions,
    reference_like,
    reference_words,
    squeeze,
)
from domain.matching.unreferenced import match
from domain.rules import Rules

AMBIGUOUS_PPM = 500_000
#: numbers that differ by more slips than this are not taken for one another
SLIPS_MAX = 2
_PART_OF_REFERENCE = "reference"
_SCORES = {
    ReferenceRule.EXACT: CERTAIN_PPM,
    ReferenceRule.SQUEEZED: 980_000,
    ReferenceRule.BARE: 950_000,
}


class Item(msgspec.Struct):
    """A record in force as something to be settled. Mutable only inside one allocation run."""

    key: str
    fact: Fact
    due_date: dt.date
    original_minor: int
    left_minor: int

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
    allocations: dict[tuple[str, str], Allocation]
    claims: list[Claim]
    excess_minor: dict[tuple[str, str], int]
    """(payment, document) -> what the payment claimed there and the document could not take."""
    received_minor: dict[str, int]
    """document -> Σ taken from payments."""
    refunded_minor: dict[str, int]
    """payment -> Σ taken by refunds."""

    def allocated(self, key: str) -> int:
        item = self.items[key]
        return item.original_minor - item.left_minor


def settle(
    facts: Mapping[str, Fact],
    due_dates: Mapping[str, dt.date],
    index: DocumentIndex,
    rules: Rules,
    known: Sequence[str] = (),
) -> Settlement:
    """Allocate everything of one account. ``facts``: record key -> version in force, in canonical order.

    ``known``: references in texts that name no document (the customer's number).
    """
    items = {
        key: Item(key, fact, due_dates[key], abs(fact.signed_minor), abs(fact.signed_minor))
        for key, fact in facts.items()
    }
    run = Settlement(items, {}, [], {}, {}, {})
    payments = _of(items, EntryKind.PAYMENT)
    doubts = _Doubts(items)
    for payment in payments:
        run.claims += doubts.about(payment, claims_of(payment, items, index))
    _serve_payments(run, payments)
    _apply_credit_notes(run, index)
    _pay_refunds(run, index)
    _match_the_rest(run, payments, index, rules, known)
    return run


def _of(items: Mapping[str, Item], *kinds: EntryKind) -> list[Item]:
    return sorted((i for i in items.values() if i.fact.kind in kinds), key=lambda i: i.order)


def _is_debit(fact: Fact) -> bool:
    return fact.signed_minor > 0 or fact.kind in (EntryKind.INVOICE, EntryKind.REFUND)


def claims_of(payment: Item, items: Mapping[str, Item], index: DocumentIndex) -> list[Claim]:
    """What the payment says it pays: its remittance allocations, else the documents its text names.

    The amount of a claim from text is the whole payment: ``_serve_payments`` shares it out.
    """
    fact = payment.fact
    if not payment.original_minor:
        return []
    if fact.claims:
        return [
            _claim(
                payment,
                reference,
                amount,
                index.resolve(reference).keys,
                index.resolve(reference).rule,
                items,
            )
            for reference, amount in fact.claims
        ]
    if not fact.remittance_text:
        return []
    found = [_from_text(payment, mention, items) for mention in mentions(fact.remittance_text, index)]
    return [claim for claim in found if claim.keys and payment.key not in claim.keys]


def _claim(
    payment: Item,
    reference: str,
    amount: int,
    keys: Sequence[str],
    rule: ReferenceRule,
    items: Mapping[str, Item],
) -> Claim:
    documents = _documents(keys, items)
    # Two records under one exact number are a DUPLICATE document, which has its own finding: the first is meant.
    if rule is ReferenceRule.EXACT:
        documents = documents[:1]
    score = _SCORES[rule] if len(documents) < 2 else AMBIGUOUS_PPM
    return Claim(payment.key, reference, amount, tuple(documents or keys), rule.value, score)


class _Doubts:
    """Texts whose figures say that another document is meant: a slip of the fingers that hits an existing number."""

    def __init__(self, items: Mapping[str, Item]) -> None:
        self._items = items
        self._by_amount: dict[int, list[Item]] | None = None

    def about(self, payment: Item, claims: list[Claim]) -> list[Claim]:
        """``claims``, of which one is ambiguous if its neighbour by number would make the sum right to the unit."""
        clear = [claim for claim in claims if len(_documents(claim.keys, self._items)) == 1]
        if payment.fact.claims or not clear or len(clear) != len(claims):
            return claims
        missing = payment.original_minor - sum(self._items[claim.keys[0]].original_minor for claim in clear)
        return [self._doubted(claim, missing) for claim in claims] if missing else claims

    def _doubted(self, claim: Claim, missing: int) -> Claim:
        meant = self._items[claim.keys[0]]
        for other in self._of_amount(meant.original_minor + missing):
            if (
                other is not meant
                and OSA.distance(*(squeeze(i.fact.document_no) for i in (meant, other))) <= SLIPS_MAX
            ):
                return msgspec.structs.replace(claim, keys=(meant.key, other.key), score_ppm=AMBIGUOUS_PPM)
        return claim

    def _of_amount(self, amount_minor: int) -> list[Item]:
        if self._by_amount is None:
            self._by_amount = {}
            for item in self._items.values():
                if item.fact.kind is EntryKind.INVOICE:
                    self._by_amount.setdefault(item.original_minor, []).append(item)
        return self._by_amount.get(amount_minor, [])


def _documents(keys: Sequence[str], items: Mapping[str, Item]) -> list[str]:
    """Those of ``keys`` that are debit documents of this account, oldest due first."""
    debits = [items[key] for key in keys if _is_debit(items[key].fact)]
    return [item.key for item in sorted(debits, key=lambda i: i.due_order)]


def _from_text(payment: Item, mention: Mention, items: Mapping[str, Item]) -> Claim:
    resolution = mention.resolution
    claim = _claim(payment, mention.text, payment.original_minor, resolution.keys, resolution.rule, items)
    return msgspec.structs.replace(claim, rule=f"remittance_text:{resolution.rule.value}")


def _take(
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
        score_parts=before.score_parts if before else parts or ((_PART_OF_REFERENCE, score_ppm),),
    )
    return taken


def _serve_payments(run: Settlement, payments: Sequence[Item]) -> None:
    by_payment: dict[str, list[Claim]] = {}
    for claim in run.claims:
        by_payment.setdefault(claim.payment, []).append(claim)
    for payment in payments:
        clear = []
        for claim in by_payment.get(payment.key, ()):
            documents = _documents(claim.keys, run.items)
            if len(documents) > 1:
                _suggest(run, payment, claim, documents)
            elif documents:
                clear.append((claim, run.items[documents[0]]))
        if payment.fact.claims:
            _serve_amounts(run, payment, clear)
        else:
            _serve_text(run, payment, clear)


def _serve_amounts(run: Settlement, payment: Item, clear: Sequence[tuple[Claim, Item]]) -> None:
    for claim, document in clear:
        wanted = min(claim.amount_minor, payment.left_minor)
        taken = _take(run, payment, document, wanted, claim.rule, claim.score_ppm)
        _note(run, payment, document, taken, wanted - taken)


def _serve_text(run: Settlement, payment: Item, clear: Sequence[tuple[Claim, Item]]) -> None:
    """Oldest due first, each up to what is open; what is over stays as excess on the last one named."""
    ordered = sorted(clear, key=lambda pair: pair[1].due_order)
    for position, (claim, document) in enumerate(ordered):
        wanted = payment.left_minor
        taken = _take(run, payment, document, wanted, claim.rule, claim.score_ppm)
        last = position == len(ordered) - 1
        _note(run, payment, document, taken, wanted - taken if last else 0)


def _note(run: Settlement, payment: Item, document: Item, taken: int, excess: int) -> None:
    if taken:
        run.received_minor[document.key] = run.received_minor.get(document.key, 0) + taken
    if excess:
        pair = (payment.key, document.key)
        run.excess_minor[pair] = run.excess_minor.get(pair, 0) + excess


def _suggest(run: Settlement, payment: Item, claim: Claim, documents: Sequence[str]) -> None:
    for key in documents:
        document = run.items[key]
        amount = min(claim.amount_minor, payment.original_minor, document.original_minor)
        if amount and (payment.key, key) not in run.allocations:
            run.allocations[payment.key, key] = Allocation(
                payment.key,
                key,
                amount,
                max(payment.fact.business_date, document.fact.business_date),
                claim.rule,
                claim.score_ppm,
                confirmed=False,
                score_parts=((_PART_OF_REFERENCE, claim.score_ppm),),
            )


def original_document(item: Item, items: Mapping[str, Item], index: DocumentIndex) -> Item | None:
    """The one debit document that a credit note, return or refund names as its original."""
    reference = item.fact.original_document_no
    if not reference:
        return None
    found = [key for key in _documents(index.resolve(reference).keys, items) if key != item.key]
    return items[found[0]] if found and (len(found) == 1 or _exact(items[found[0]], reference)) else None


def original_payment(item: Item, items: Mapping[str, Item], index: DocumentIndex) -> Item | None:
    """The one payment that a refund names, by payment id or by a document number that is a payment's."""
    for reference in (item.fact.original_payment_id, item.fact.original_document_no):
        if reference:
            named = (items[key] for key in index.resolve(reference).keys)
            found = [payment for payment in named if payment.fact.kind is EntryKind.PAYMENT]
            if found and (len(found) == 1 or _exact(found[0], reference)):
                return found[0]
    return None


def _exact(item: Item, reference: str) -> bool:
    return reference == item.fact.document_no or reference in item.fact.aliases


def _apply_credit_notes(run: Settlement, index: DocumentIndex) -> None:
    kinds = (EntryKind.CREDIT_NOTE, EntryKind.RETURN, EntryKind.EXCHANGE)
    for credit in _of(run.items, *kinds):
        if credit.fact.signed_minor < 0:
            document = original_document(credit, run.items, index)
            if document is not None:
                _take(run, credit, document, credit.left_minor, "original_document", CERTAIN_PPM)


def _pay_refunds(run: Settlement, index: DocumentIndex) -> None:
    credits_of: dict[str, list[Item]] = {}
    for credit in _of(run.items, EntryKind.CREDIT_NOTE, EntryKind.RETURN, EntryKind.EXCHANGE):
        document = original_document(credit, run.items, index) if credit.fact.signed_minor < 0 else None
        if document is not None:
            credits_of.setdefault(document.key, []).append(credit)
    payers_of: dict[str, dict[str, Item]] = {}
    booked = [pair for pair, allocation in run.allocations.items() if allocation.confirmed]
    for payment_key, document_key in [*booked, *run.excess_minor]:
        payer = run.items[payment_key]
        if payer.fact.kind is EntryKind.PAYMENT:
            payers_of.setdefault(document_key, {})[payment_key] = payer
    for refund in _of(run.items, EntryKind.REFUND):
        payment = original_payment(refund, run.items, index)
        document = original_document(refund, run.items, index)
        sources = [payment] if payment is not None else []
        if document is not None:
            if payment is None:
                sources += sorted(payers_of.get(document.key, {}).values(), key=lambda i: i.order)
            sources += credits_of.get(document.key, [])
        for source in sources:
            taken = _take(run, source, refund, refund.left_minor, "refund_of_original", CERTAIN_PPM)
            if taken and source.fact.kind is EntryKind.PAYMENT:
                run.refunded_minor[source.key] = run.refunded_minor.get(source.key, 0) + taken


def _match_the_rest(
    run: Settlement, payments: Sequence[Item], index: DocumentIndex, rules: Rules, known: Sequence[str]
) -> None:
    """Rule 6: money that no reference placed, against the documents that are open after all references."""
    receipts = _receipts(run, payments, index, known)
    if not receipts:
        return
    documents = {
        item.key: Document(
            item.key,
            item.left_minor,
            item.fact.business_date,
            item.due_date,
            tuple(dict.fromkeys(squeeze(number) for number in (item.fact.document_no, *item.fact.aliases))),
        )
        for item in _of(run.items, EntryKind.INVOICE, EntryKind.EXCHANGE)
        if item.left_minor and item.fact.signed_minor > 0
    }
    for found in match(Candidates(receipts, documents, rules, rules.matching.steps_max)):
        for credit_key, debit_key, amount in found.proposal.links:
            credit, debit = run.items[credit_key], run.items[debit_key]
            score, parts = found.proposal.score_ppm, found.proposal.parts
            if found.confirmed:
                _note(run, credit, debit, _take(run, credit, debit, amount, found.stage, score, parts), 0)
            elif (credit_key, debit_key) not in run.allocations:
                date = max(credit.fact.business_date, debit.fact.business_date)
                run.allocations[credit_key, debit_key] = Allocation(
                    credit_key, debit_key, amount, date, found.stage, score, False, parts
                )


def _receipts(
    run: Settlement, payments: Sequence[Item], index: DocumentIndex, known: Sequence[str]
) -> dict[str, Receipt]:
    """The payments with money left that is not held by a suggestion, nor excess without a word of what else it is."""
    left = [payment for payment in payments if payment.left_minor]
    if not left:
        return {}
    over = {payment for payment, _ in run.excess_minor}
    taken = {credit for (credit, _), allocation in run.allocations.items() if not allocation.confirmed}
    names: dict[str, None] = {}
    unknown: dict[str, list[str]] = {}
    claiming: set[str] = set()
    for claim in run.claims:
        claiming.add(claim.payment)
        if claim.keys:
            names[name_key(run.items[claim.payment].fact.payer_name or "")] = None
        else:
            unknown.setdefault(claim.payment, []).append(claim.reference)
    names.pop("", None)
    transfers = Counter((p.original_minor, r) for p in payments for r in p.fact.own_references)
    receipts = {}
    for payment in left:
        if payment.key in taken:
            continue
        fact = payment.fact
        text = " ".join((fact.remittance_text or "", *unknown.get(payment.key, ())))
        own = (*known, fact.document_no, *fact.aliases, *fact.own_references)
        named = reference_like(text, own)
        words = tuple(word for word in reference_words(text, own) if not index.resolve(word).keys)
        if payment.key in over and not words:
            continue
        twice = any(transfers[payment.original_minor, r] > 1 for r in fact.own_references)
        receipts[payment.key] = Receipt(
            payment.key,
            payment.left_minor,
            fact.fee_minor,
            fact.business_date,
            words,
            payer_ppm(fact.payer_name, tuple(names)),
            confirmable=payment.left_minor == payment.original_minor
            and payment.key not in claiming
            and named is None
            and not twice,
        )
    return receipts
