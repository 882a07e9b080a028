"""Allocation: which receipts and credits settle which documents.

A pure function of the records in force, walked in canonical order (business date, occurred at, document number,
record), so the result depends neither on arrival order nor on hashing (I6). Rules 1–7 of
``docs/reference/discrepancies.md``; each stage is one function.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence

import msgspec

from domain.archive.notes import Notes
from domain.facts import EntryKind, Fact
from domain.matching.candidates import CERTAIN_PPM, Candidates, Receipt, ScoreParts, payment_days
from domain.matching.doubts import with_doubts
from domain.matching.forms import DocumentIndex, ReferenceRule
from domain.matching.leftovers import known_payers, open_documents, open_receipts
from domain.matching.named import Mention, mentions
from domain.matching.pointed import with_pointed
from domain.matching.settlement import (
    AMBIGUOUS_PPM,
    Allocation,
    Claim,
    Item,
    Settlement,
    debit_documents,
)
from domain.matching.unreferenced import match
from domain.rules import Rules, RulesByDate

_PART_OF_REFERENCE = "reference"
_CREDITS = (EntryKind.CREDIT_NOTE, EntryKind.RETURN, EntryKind.EXCHANGE)
#: entries of people; they settle what they name, on either side, after all that came from outside
_ADJUSTING = (EntryKind.ADJUSTMENT, EntryKind.WRITE_OFF)
_SCORES = {
    ReferenceRule.EXACT: CERTAIN_PPM,
    ReferenceRule.SQUEEZED: 980_000,
    ReferenceRule.BARE: 950_000,
}


def settle(
    facts: Mapping[str, Fact],
    due_dates: Mapping[str, dt.date],
    index: DocumentIndex,
    rules: RulesByDate,
    known: Sequence[str] = (),
    notes: Notes | None = None,
) -> Settlement:
    """Allocate everything of one account. ``facts``: record key -> version in force, in canonical order.

    ``known``: references in texts that name no document (the customer's number). ``notes``: takes what the run
    asks of other records of the account, and what it leaves to matching without references.
    """

    def fresh() -> dict[str, Item]:
        return {
            key: Item(key, fact, due_dates[key], abs(fact.signed_minor), abs(fact.signed_minor))
            for key, fact in facts.items()
        }

    items = fresh()
    claims = [
        claim for payment in _of(items, EntryKind.PAYMENT) for claim in claims_of(payment, items, index)
    ]
    run = _by_reference(items, claims, index)
    pointed = with_pointed(run, index, rules, known, notes)
    if pointed is not None:
        run = _by_reference(fresh(), pointed, index)
    better = with_doubts(run, index, rules, known, notes)
    if better is not None:
        run = _by_reference(fresh(), better, index)
    undecided = [payment for payment in _of(run.items, EntryKind.PAYMENT) if not payment.fact.decided]
    _match_the_rest(run, undecided, index, rules, known, notes)
    return run


def _by_reference(items: dict[str, Item], claims: list[Claim], index: DocumentIndex) -> Settlement:
    """Rules 1 to 6: what is named is served."""
    run = Settlement(items, {}, claims, {}, {}, {})
    _serve_payments(run, _of(items, EntryKind.PAYMENT))
    _apply_credit_notes(run, index)
    _pay_refunds(run, index)
    return run


def _of(items: Mapping[str, Item], *kinds: EntryKind) -> list[Item]:
    """Those of these kinds, in canonical order, as all ``items`` of a run are."""
    return [item for item in items.values() if item.fact.kind in kinds]


def claims_of(payment: Item, items: Mapping[str, Item], index: DocumentIndex) -> list[Claim]:
    """What the payment says it pays: its remittance allocations, else the documents its text names.

    The amount of a claim from text is the whole payment: ``_serve_payments`` shares it out.
    """
    fact = payment.fact
    if not payment.original_minor:
        return []
    barred = {key for reference in fact.not_with for key in index.resolve(reference).keys}
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
            if barred.isdisjoint(index.resolve(reference).keys)
        ]
    if not fact.remittance_text:
        return []
    named = [mention for mention in mentions(fact.remittance_text, index) if not mention.aside]
    found = [_from_text(payment, mention, items) for mention in named]
    barred.add(payment.key)
    return [claim for claim in found if claim.keys and barred.isdisjoint(claim.keys)]


def _claim(
    payment: Item,
    reference: str,
    amount: int,
    keys: Sequence[str],
    rule: ReferenceRule,
    items: Mapping[str, Item],
) -> Claim:
    documents = debit_documents(keys, items)
    # Two records under one exact number are a DUPLICATE document, which has its own finding: the first is meant.
    if rule is ReferenceRule.EXACT:
        documents = documents[:1]
    score = _SCORES[rule] if len(documents) < 2 else AMBIGUOUS_PPM
    return Claim(payment.key, reference, amount, tuple(documents or keys), rule.value, score)


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
        vague = False
        for claim in by_payment.get(payment.key, ()):
            documents = debit_documents(claim.keys, run.items)
            if len(documents) > 1 or claim.doubted:
                _suggest(run, payment, claim, documents)
                vague = vague or claim.vague
            elif documents:
                clear.append((claim, run.items[documents[0]]))
        if payment.fact.claims:
            _serve_amounts(run, payment, clear)
        else:
            _serve_text(run, payment, clear, over=not vague)


def _serve_amounts(run: Settlement, payment: Item, clear: Sequence[tuple[Claim, Item]]) -> None:
    for claim, document in clear:
        wanted = min(claim.amount_minor, payment.left_minor)
        taken = _take(run, payment, document, wanted, claim.rule, claim.score_ppm)
        _note(run, payment, document, taken, wanted - taken)


def _serve_text(run: Settlement, payment: Item, clear: Sequence[tuple[Claim, Item]], *, over: bool) -> None:
    """Oldest due first, each up to what is open. What is ``over`` stays as excess on the last one named."""
    ordered = sorted(clear, key=lambda pair: pair[1].due_order)
    for position, (claim, document) in enumerate(ordered):
        wanted = payment.left_minor
        taken = _take(run, payment, document, wanted, claim.rule, claim.score_ppm)
        last = over and position == len(ordered) - 1
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
    found = [key for key in debit_documents(index.resolve(reference).keys, items) if key != item.key]
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
    for credit in _of(run.items, *_CREDITS, *_ADJUSTING):
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
    refunds = [*_of(run.items, EntryKind.REFUND), *_of(run.items, *_ADJUSTING)]
    for refund in refunds:
        if refund.fact.signed_minor < 0:
            continue
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
    run: Settlement,
    payments: Sequence[Item],
    index: DocumentIndex,
    rules: RulesByDate,
    known: Sequence[str],
    notes: Notes | None,
) -> None:
    """Rule 7: money that no reference placed, against the documents that are open after all references.

    Where the rules changed, the receipts of each time are matched by those of their time, the earlier first.
    """
    payers = known_payers(run)
    if notes is not None:
        notes.payers |= payers
        payers |= notes.other_payers
    receipts, astray = open_receipts(run, payments, index, known, payers)
    if notes is not None:
        documents = open_documents(run).values()
        notes.receipts += [(receipt.date.toordinal(), receipt.left_minor) for receipt in receipts.values()]
        notes.documents += [(*payment_days(d, rules.on(d.date)), d.open_minor) for d in documents]
    by_date = sorted(receipts.values(), key=lambda receipt: receipt.date)
    for then, group in itertools.groupby(by_date, key=lambda receipt: rules.on(receipt.date)):
        misspelt = {key: receipt for key, receipt in astray.items() if rules.on(receipt.date) == then}
        _match_by(run, {receipt.key: receipt for receipt in group}, misspelt, then)


def _match_by(
    run: Settlement, receipts: dict[str, Receipt], misspelt: dict[str, Receipt], rules: Rules
) -> None:
    candidates = Candidates(receipts, open_documents(run), rules, rules.matching.steps_max, misspelt)
    suggested = {key for pair, given in run.allocations.items() if not given.confirmed for key in pair}
    for found in match(candidates, suggested):
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
