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
from domain.matching.candidates import CERTAIN_PPM, Candidates, latest_document, payment_days
from domain.matching.credits import (
    CREDITS,
    is_credit,
    less_unnamed,
    net,
    open_credits,
    original_credit,
    original_document,
    original_payment,
    suggest_credits,
    suggest_paid_back,
)
from domain.matching.discounts import same_share
from domain.matching.doubts import with_doubts
from domain.matching.forms import DocumentIndex, ReferenceRule
from domain.matching.leftovers import known_payers, open_documents, open_receipts
from domain.matching.named import Mention, mentions
from domain.matching.pointed import with_pointed
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
from domain.matching.shared import bearing, serve_shared
from domain.matching.stated import stated
from domain.matching.unreferenced import match
from domain.rules import RulesByDate

#: entries of people; they settle what they name, on either side, after all that came from outside
_ADJUSTING = (EntryKind.ADJUSTMENT, EntryKind.WRITE_OFF)
#: what one payment in doubt leaves open may be what another one means
_ROUNDS_OF_DOUBT = 8
_SCORES = {
    ReferenceRule.EXACT: CERTAIN_PPM,
    ReferenceRule.SQUEEZED: 980_000,
    ReferenceRule.BARE: 950_000,
}


def settle(
    facts: Mapping[str, Fact],
    due_dates: Mapping[str, dt.date],
    currency: str,
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
        claim
        for payment in _of(items, EntryKind.PAYMENT)
        for claim in claims_of(payment, items, currency, index)
    ]
    run = _by_reference(items, claims, index, rules)
    pointed = with_pointed(run, index, rules, known, notes)
    if pointed is not None:
        run = _by_reference(fresh(), pointed, index, rules)
    for _ in range(_ROUNDS_OF_DOUBT):
        better = with_doubts(run, index, rules, known, notes)
        if better is None:
            break
        run = _by_reference(fresh(), better, index, rules)
    undecided = [payment for payment in _of(run.items, EntryKind.PAYMENT) if not payment.fact.decided]
    _match_the_rest(run, undecided, index, rules, known, notes)
    suggest_paid_back(run)
    return run


def _by_reference(
    items: dict[str, Item], claims: list[Claim], index: DocumentIndex, rules: RulesByDate
) -> Settlement:
    """Rules 1 to 6: what is named is served."""
    run = Settlement(items, {}, claims, {}, {}, {})
    _serve_by_date(run, index, rules)
    _apply_credits(run, _of(items, *_ADJUSTING), index)
    serve_shared(run, rules)
    _pay_refunds(run, index)
    return run


def _of(items: Mapping[str, Item], *kinds: EntryKind) -> list[Item]:
    """Those of these kinds, in canonical order, as all ``items`` of a run are."""
    return [item for item in items.values() if item.fact.kind in kinds]


def claims_of(payment: Item, items: Mapping[str, Item], currency: str, index: DocumentIndex) -> list[Claim]:
    """What the payment says it pays: its remittance allocations, else the documents its text names.

    The amount of a claim from text is the one that the text states, else the whole payment: ``_serve_text`` shares it
    out.
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
    barred.add(payment.key)
    amounts = stated(fact.remittance_text, currency, payment.original_minor, index)
    if amounts:
        found = [_from_text(payment, mention, items, amount) for mention, amount in amounts]
        if all(
            len(debit_documents(claim.keys, items)) == 1 and barred.isdisjoint(claim.keys) for claim in found
        ):
            return found
    named = [mention for mention in mentions(fact.remittance_text, index) if not mention.aside]
    found = [_from_text(payment, mention, items) for mention in named]
    found = [claim for claim in found if claim.keys and barred.isdisjoint(claim.keys)]
    named_alone = {key for claim in found if not claim.shared for key in claim.keys}
    # beside a document of it, a contract says whose the document is
    return [claim for claim in found if not claim.shared or named_alone.isdisjoint(claim.keys)]


def _claim(
    payment: Item,
    reference: str,
    amount: int,
    keys: Sequence[str],
    rule: ReferenceRule,
    items: Mapping[str, Item],
) -> Claim:
    documents, shared = bearing(reference, debit_documents(keys, items), rule, items)
    score = _SCORES[rule] if len(documents) < 2 else AMBIGUOUS_PPM
    return Claim(payment.key, reference, amount, tuple(documents or keys), rule.value, score, shared=shared)


def _from_text(
    payment: Item, mention: Mention, items: Mapping[str, Item], amount: int | None = None
) -> Claim:
    resolution = mention.resolution
    claimed = payment.original_minor if amount is None else amount
    claim = _claim(payment, mention.text, claimed, resolution.keys, resolution.rule, items)
    rule = f"remittance_text:{resolution.rule.value}"
    return msgspec.structs.replace(claim, rule=rule, stated=amount is not None)


def _serve_by_date(run: Settlement, index: DocumentIndex, rules: RulesByDate) -> None:
    """Payments and credit notes in canonical order; of one day the credit notes first: who pays knows of them."""
    by_payment = run.claims_by_payment()
    in_turn = _of(run.items, EntryKind.PAYMENT, *CREDITS)
    in_turn.sort(key=lambda item: (item.fact.business_date, item.fact.kind is EntryKind.PAYMENT))
    of_nothing = [i for i in in_turn if is_credit(i) and original_document(i, run.items, index) is None]
    not_exact: list[tuple[list[Item], list[Item]]] = []
    for item in in_turn:
        if item.fact.kind is not EntryKind.PAYMENT:
            _apply_credits(run, [item], index)
        elif claims := by_payment.get(item.key):
            clear, credit_notes, vague = _clear(run, item, claims)
            if credit_notes and (netted := net(run, item, clear, credit_notes, index)) is not None:
                clear = netted
            elif credit_notes:
                not_exact.append((credit_notes, [document for _, document in clear]))
            if item.fact.claims or claims[0].stated:
                _serve_amounts(run, item, clear)
            else:
                _serve_text(run, item, clear, [] if credit_notes else of_nothing, rules, over=not vague)
    for credit_notes, documents in not_exact:
        suggest_credits(run, credit_notes, documents)


def _clear(
    run: Settlement, payment: Item, claims: Sequence[Claim]
) -> tuple[list[tuple[Claim, Item]], list[Item], bool]:
    """The documents that the payment clearly means, the credit notes, and whether it points to others, too; what is not
    clear is suggested.
    """
    clear: list[tuple[Claim, Item]] = []
    credit_notes: dict[str, Item] = {}
    vague = False
    for claim in claims:
        documents = debit_documents(claim.keys, run.items)
        if claim.shared:
            vague = True
        elif len(documents) > 1 or claim.doubted:
            _suggest(run, payment, claim, documents)
            vague = vague or claim.vague
        elif documents:
            clear.append((claim, run.items[documents[0]]))
        elif len(claim.keys) == 1 and is_credit(run.items[claim.keys[0]]):
            credit_notes[claim.keys[0]] = run.items[claim.keys[0]]
    return clear, list(credit_notes.values()), vague


def _serve_amounts(run: Settlement, payment: Item, clear: Sequence[tuple[Claim, Item]]) -> None:
    for claim, document in clear:
        wanted = min(claim.amount_minor, payment.left_minor)
        taken = take(run, payment, document, wanted, claim.rule, claim.score_ppm)
        note(run, payment, document, taken, wanted - taken)


def _serve_text(
    run: Settlement,
    payment: Item,
    clear: Sequence[tuple[Claim, Item]],
    credit_notes: Sequence[Item],
    rules: RulesByDate,
    *,
    over: bool,
) -> None:
    """Oldest due first, each up to what is open; less one of ``credit_notes`` or of each the same share, where that is
    what is paid for all. What is ``over`` stays as excess on the last one named.
    """
    ordered = sorted(clear, key=lambda pair: pair[1].due_order)
    documents = [document for _, document in ordered]
    day = payment.fact.business_date
    latest = latest_document(day, rules.on(day).matching)
    told = less_unnamed(payment, documents, credit_notes, latest) or same_share(
        [d.left_minor for d in documents], [d.original_minor for d in documents], payment.left_minor
    )
    if told:
        run.told.add(payment.key)
    for position, (claim, document) in enumerate(ordered):
        wanted = told[position] if told else payment.left_minor
        taken = take(run, payment, document, wanted, claim.rule, claim.score_ppm)
        last = over and position == len(ordered) - 1
        note(run, payment, document, taken, wanted - taken if last else 0)


def _suggest(run: Settlement, payment: Item, claim: Claim, documents: Sequence[str]) -> None:
    for document in (run.items[key] for key in documents):
        amount = min(claim.amount_minor, payment.original_minor, document.original_minor)
        suggest(run, payment, document, amount, claim.rule, claim.score_ppm)


def _apply_credits(run: Settlement, credits: Sequence[Item], index: DocumentIndex) -> None:
    """What each takes of the document that it names."""
    for credit in credits:
        if credit.fact.signed_minor < 0:
            document = original_document(credit, run.items, index)
            if document is not None:
                take(run, credit, document, credit.left_minor, "original_document", CERTAIN_PPM)


def _pay_refunds(run: Settlement, index: DocumentIndex) -> None:
    credits_of: dict[str, list[Item]] = {}
    for credit in _of(run.items, *CREDITS):
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
        credit_note = original_credit(refund, run.items, index)
        sources = [source for source in (payment, credit_note) if source is not None]
        if document is not None:
            if payment is None:
                sources += sorted(payers_of.get(document.key, {}).values(), key=lambda i: i.order)
            sources += credits_of.get(document.key, [])
        for source in sources:
            taken = take(run, source, refund, refund.left_minor, "refund_of_original", CERTAIN_PPM)
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
    receipts, astray = open_receipts(run, payments, index, known, payers, rules)
    credit_notes = open_credits(run)
    if notes is not None:
        documents = open_documents(run).values()
        notes.receipts += [(receipt.date.toordinal(), receipt.left_minor) for receipt in receipts.values()]
        notes.documents += [(*payment_days(d, rules.on(d.date)), d.open_minor) for d in documents]
    by_date = sorted((*receipts.values(), *astray.values(), *credit_notes.values()), key=lambda r: r.date)
    for then, group in itertools.groupby(by_date, key=lambda receipt: rules.on(receipt.date)):
        keys = {receipt.key for receipt in group}
        candidates = Candidates(
            {key: receipt for key, receipt in receipts.items() if key in keys},
            open_documents(run),
            then,
            then.matching.steps_max,
            astray={key: receipt for key, receipt in astray.items() if key in keys},
            misspelt={key: receipt for key, receipt in astray.items() if key in keys},
            credits={key: receipt for key, receipt in credit_notes.items() if key in keys},
        )
        _match_by(run, candidates)


def _match_by(run: Settlement, candidates: Candidates) -> None:
    suggested = [pair for pair, given in run.allocations.items() if not given.confirmed]
    for credit_key, debit_key in suggested:
        day = run.items[credit_key].fact.business_date
        candidates.shown[debit_key] = min(day, candidates.shown.get(debit_key, day))
    for found in match(candidates, suggested):
        for credit_key, debit_key, amount in found.proposal.links:
            credit, debit = run.items[credit_key], run.items[debit_key]
            score, parts = found.proposal.score_ppm, found.proposal.parts
            if found.confirmed:
                note(run, credit, debit, take(run, credit, debit, amount, found.stage, score, parts), 0)
            else:
                suggest(run, credit, debit, amount, found.stage, score, parts)
