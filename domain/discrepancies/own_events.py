"""Discrepancies among our own events: payments, refunds and credits against documents.

One function per kind; each is a pure function of the settlement of one account (``domain.matching.allocate``).
The rules are those of ``docs/reference/discrepancies.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from domain.discrepancies.finding import DiscrepancyKind, Finding, also_known_as
from domain.facts import EntryKind, Fact
from domain.matching.credits import original_document, original_payment
from domain.matching.forms import DocumentIndex
from domain.matching.settlement import Item, Settlement
from domain.matching.words import reference_like
from domain.parties import known_names
from domain.rules import RulesByDate
from domain.wording import Wording


class OwnEvents(msgspec.Struct):
    """What the rules look at: one account's settlement and the look-ups around it."""

    customer_id: str
    currency: str
    rules: RulesByDate
    settlement: Settlement
    index: DocumentIndex
    other_currency: Callable[[str], str | None]
    """The other currency of this customer in which a reference is a document, or ``None``."""

    def money(self, amount_minor: int) -> str:
        return Wording(self.currency).amount(amount_minor)

    def of(self, *kinds: EntryKind) -> list[Item]:
        """Items in force of these kinds, in canonical order."""
        return [i for i in self.settlement.items.values() if i.fact.kind in kinds and i.original_minor]


def own_event_findings(view: OwnEvents) -> Iterator[Finding]:
    """All findings among our own events, by precedence; each tells the other numbers of its document, and those of the
    transfers that it rests on.
    """
    findings = list(_findings(view))
    evidence = {source for finding in findings for source in finding.evidence}
    items = view.settlement.items.values() if findings else ()
    facts = {item.fact.source: item.fact for item in items if item.fact.source in evidence}
    for finding in findings:
        numbers = [finding.arguments.get("reference", "")]
        for fact in (facts[source] for source in finding.evidence):
            numbers += fact.own_references
            if fact.document_no == finding.document_no:
                numbers += fact.aliases
        yield also_known_as(finding, numbers)


def _findings(view: OwnEvents) -> Iterator[Finding]:
    duplicates = [*duplicate_documents(view), *duplicate_payments(view)]
    duplicate_keys = {finding.subject for finding in duplicates}
    yield from unresolved_references(view)
    yield from duplicates
    yield from payments_on_cancelled(view)
    yield from overpayments(view, duplicate_keys)
    yield from needless_write_offs(view)
    yield from short_payments(view)
    yield from refunds_over_payments(view)


def unresolved_references(view: OwnEvents) -> Iterator[Finding]:
    """CURRENCY_MISMATCH and UNKNOWN_REFERENCE: a reference that fits nothing in this account."""
    unknown: dict[tuple[str, str], int] = {}
    for claim in view.settlement.claims:
        if not claim.keys:
            pair = (claim.payment, claim.reference)
            unknown[pair] = unknown.get(pair, 0) + claim.amount_minor
    for (key, reference), amount in unknown.items():
        payment = view.settlement.items[key]
        yield _unresolved(view, payment, reference, min(amount, payment.original_minor))
    claimed = {claim.payment for claim in view.settlement.claims if not claim.vague}
    for payment in view.of(EntryKind.PAYMENT):
        text = payment.fact.remittance_text
        if text and payment.key not in claimed:
            fact = payment.fact
            own = (*known_names(view.customer_id), fact.document_no, *fact.aliases, *fact.own_references)
            word = reference_like(text, own)
            if word is not None and not view.index.resolve(word).keys:
                yield _unresolved(view, payment, word, payment.original_minor)
    kinds = (EntryKind.REFUND, EntryKind.CREDIT_NOTE, EntryKind.RETURN, EntryKind.EXCHANGE)
    for item in view.of(*kinds, EntryKind.ADJUSTMENT, EntryKind.WRITE_OFF):
        named = [r for r in (item.fact.original_payment_id, item.fact.original_document_no) if r]
        if named and not any(view.index.resolve(reference).keys for reference in named):
            yield _unresolved(view, item, named[0], item.original_minor)


def _unresolved(view: OwnEvents, item: Item, reference: str, amount_minor: int) -> Finding:
    elsewhere = view.other_currency(reference)
    arguments = {"document": item.fact.document_no, "reference": reference}
    if elsewhere is not None:
        arguments["currency"] = elsewhere
    return Finding(
        kind=DiscrepancyKind.UNKNOWN_REFERENCE if elsewhere is None else DiscrepancyKind.CURRENCY_MISMATCH,
        amount_minor=amount_minor,
        business_date=item.fact.business_date,
        reason="reference_unknown" if elsewhere is None else "other_currency",
        arguments=arguments,
        document_no=item.fact.document_no,
        subject=f"{item.key}|{reference}",
        evidence=(item.fact.source,),
    )


def duplicate_documents(view: OwnEvents) -> Iterator[Finding]:
    """DUPLICATE: two records of one kind in force under the same document number. Both stay booked."""
    first: dict[tuple[EntryKind, str], Item] = {}
    for item in view.of(*EntryKind):
        earlier = first.setdefault((item.fact.kind, item.fact.document_no), item)
        if earlier is not item:
            yield Finding(
                kind=DiscrepancyKind.DUPLICATE,
                amount_minor=item.original_minor,
                business_date=item.fact.business_date,
                reason="document_twice",
                arguments={
                    "kind": item.fact.kind.value,
                    "document": item.fact.document_no,
                    "record": earlier.key,
                    "other": item.key,
                },
                document_no=item.fact.document_no,
                subject=item.key,
                evidence=(earlier.fact.source, item.fact.source),
            )


def duplicate_payments(view: OwnEvents) -> Iterator[Finding]:
    """DUPLICATE: the same money booked twice, by transfer reference or by amount and documents.

    Withdrawn once refunds have paid the later one back.
    """
    seen: set[str] = set()
    same_number: set[tuple[EntryKind, str]] = set()
    by_transfer: dict[tuple[int, str], list[Item]] = {}
    by_documents: dict[tuple[int, frozenset[str]], list[Item]] = {}
    documents_of: dict[str, set[str]] = {}
    for claim in view.settlement.claims:
        documents_of.setdefault(claim.payment, set()).update(claim.keys)
    for payment in view.of(EntryKind.PAYMENT):
        number = (payment.fact.kind, payment.fact.document_no)
        if number in same_number:
            continue  # found by its document number already
        same_number.add(number)
        refunded = view.settlement.refunded_minor.get(payment.key, 0) >= payment.original_minor
        for reference in payment.fact.own_references:
            group = by_transfer.setdefault((payment.original_minor, reference), [])
            earlier = _within(group, payment, view.rules.on(payment.fact.business_date).duplicate_window_days)
            if earlier is not None and payment.key not in seen and not refunded:
                seen.add(payment.key)
                yield _paid_twice(view, payment, earlier, "same_transfer", reference)
            group.append(payment)
        documents = frozenset(documents_of.get(payment.key, ()))
        if documents:
            group = by_documents.setdefault((payment.original_minor, documents), [])
            earlier = _within(group, payment, view.rules.on(payment.fact.business_date).duplicate_window_days)
            too_much = any(view.settlement.excess_minor.get((payment.key, d)) for d in documents)
            if earlier is not None and too_much and payment.key not in seen and not refunded:
                seen.add(payment.key)
                yield _paid_twice(view, payment, earlier, "paid_twice", "")
            group.append(payment)


def _within(group: Sequence[Item], payment: Item, days: int) -> Item | None:
    for earlier in reversed(group):
        if (payment.fact.business_date - earlier.fact.business_date).days <= days:
            return earlier
    return None


def _paid_twice(view: OwnEvents, payment: Item, earlier: Item, reason: str, reference: str) -> Finding:
    return Finding(
        kind=DiscrepancyKind.DUPLICATE,
        amount_minor=payment.original_minor,
        business_date=payment.fact.business_date,
        reason=reason,
        arguments={
            "document": payment.fact.document_no,
            "other": earlier.fact.document_no,
            "amount": view.money(payment.original_minor),
            "reference": reference,
        },
        document_no=payment.fact.document_no,
        subject=payment.key,
        evidence=(earlier.fact.source, payment.fact.source),
    )


def _excess(settlement: Settlement) -> Iterator[tuple[Item, Item, int]]:
    """(payment, document, what the payment still holds too much there), after refunds."""
    left = {key: item.left_minor for key, item in settlement.items.items()}
    for (payment, document), excess in settlement.excess_minor.items():
        held = min(excess, left[payment])
        left[payment] -= held
        if held:
            yield settlement.items[payment], settlement.items[document], held


def _cancelled(fact: Fact) -> bool:
    return fact.kind is EntryKind.INVOICE and fact.undone


def payments_on_cancelled(view: OwnEvents) -> Iterator[Finding]:
    """PAYMENT_ON_CANCELLED: a payment keeps money on a document that was cancelled."""
    for payment, document, held in _excess(view.settlement):
        if _cancelled(document.fact):
            yield Finding(
                kind=DiscrepancyKind.PAYMENT_ON_CANCELLED,
                amount_minor=held,
                business_date=payment.fact.business_date,
                reason="paid_cancelled",
                arguments={
                    "document": payment.fact.document_no,
                    "amount": view.money(held),
                    "reference": document.fact.document_no,
                },
                document_no=payment.fact.document_no,
                subject=f"{payment.key}|{document.key}",
                evidence=(payment.fact.source, document.fact.source),
            )


def overpayments(view: OwnEvents, duplicates: set[str]) -> Iterator[Finding]:
    """OVERPAYMENT: payments that are no duplicates hold more on a document than it is worth."""
    excess: dict[str, int] = {}
    payers: dict[str, list[Item]] = {}
    for payment, document, held in _excess(view.settlement):
        if not _cancelled(document.fact) and payment.key not in duplicates:
            excess[document.key] = excess.get(document.key, 0) + held
            payers.setdefault(document.key, []).append(payment)
    for key, amount in excess.items():
        document = view.settlement.items[key]
        claimed = view.settlement.received_minor.get(key, 0) + amount
        yield Finding(
            kind=DiscrepancyKind.OVERPAYMENT,
            amount_minor=amount,
            business_date=max(p.fact.business_date for p in payers[key]),
            reason="paid_over",
            arguments={
                "document": document.fact.document_no,
                "amount": view.money(document.original_minor),
                "claimed": view.money(claimed),
                "excess": view.money(amount),
            },
            document_no=document.fact.document_no,
            subject=key,
            ours_minor=document.original_minor,
            theirs_minor=claimed,
            evidence=(document.fact.source, *(p.fact.source for p in payers[key])),
        )


def needless_write_offs(view: OwnEvents) -> Iterator[Finding]:
    """OVERPAYMENT: what was written off was paid or cancelled after all, so that it stands as a balance of its own."""
    for item in view.of(EntryKind.WRITE_OFF):
        reference = item.fact.original_document_no or ""
        about = [view.settlement.items[key] for key in view.index.resolve(reference).keys]
        if not item.left_minor or not about:
            continue
        yield Finding(
            kind=DiscrepancyKind.OVERPAYMENT,
            amount_minor=item.left_minor,
            business_date=item.fact.business_date,
            reason="written_off_needlessly",
            arguments={
                "document": reference,
                "adjustment": item.fact.document_no,
                "amount": view.money(item.original_minor),
                "excess": view.money(item.left_minor),
            },
            document_no=reference,
            subject=item.key,
            ours_minor=item.original_minor,
            theirs_minor=item.original_minor - item.left_minor,
            evidence=(item.fact.source, *(one.fact.source for one in about)),
        )


def short_payments(view: OwnEvents) -> Iterator[Finding]:
    """SHORT_PAYMENT: a document has received a payment and more than the tolerance is still open."""
    payers: dict[str, list[Item]] = {}
    for (credit, debit), allocation in view.settlement.allocations.items():
        if allocation.confirmed and view.settlement.items[credit].fact.kind is EntryKind.PAYMENT:
            payers.setdefault(debit, []).append(view.settlement.items[credit])
    for document in view.of(EntryKind.INVOICE):
        received = view.settlement.received_minor.get(document.key, 0)
        if not received or not document.left_minor:
            continue
        paid_by = sorted(payers[document.key], key=lambda i: i.order)
        last_paid = paid_by[-1].fact.business_date
        if document.left_minor > view.rules.on(last_paid).tolerance(document.original_minor):
            fees_minor = sum(payer.fact.fee_minor for payer in paid_by)
            yield Finding(
                kind=DiscrepancyKind.SHORT_PAYMENT,
                amount_minor=document.left_minor,
                business_date=last_paid,
                reason="paid_short_of_fee" if fees_minor == document.left_minor else "paid_short",
                arguments={
                    "document": document.fact.document_no,
                    "amount": view.money(document.original_minor),
                    "received": view.money(received),
                    "open": view.money(document.left_minor),
                },
                document_no=document.fact.document_no,
                subject=document.key,
                ours_minor=document.original_minor,
                theirs_minor=received,
                evidence=(document.fact.source, *(p.fact.source for p in paid_by)),
            )


def refunds_over_payments(view: OwnEvents) -> Iterator[Finding]:
    """REFUND_EXCEEDS_PAYMENT: refunds of a payment, or of a document, exceed what was paid."""
    by_origin: dict[str, list[Item]] = {}
    for refund in view.of(EntryKind.REFUND):
        origin = original_payment(refund, view.settlement.items, view.index)
        if origin is None:
            origin = original_document(refund, view.settlement.items, view.index)
        if origin is not None:
            by_origin.setdefault(origin.key, []).append(refund)
    excess_of = _claimed_excess(view.settlement)
    for key, refunds in by_origin.items():
        origin = view.settlement.items[key]
        if origin.fact.kind is EntryKind.PAYMENT:
            paid = origin.original_minor
        else:
            paid = view.settlement.received_minor.get(key, 0) + excess_of.get(key, 0)
        refunded = sum(refund.original_minor for refund in refunds)
        if refunded > paid:
            yield Finding(
                kind=DiscrepancyKind.REFUND_EXCEEDS_PAYMENT,
                amount_minor=refunded - paid,
                business_date=refunds[-1].fact.business_date,
                reason="refunded_over",
                arguments={
                    "document": origin.fact.document_no,
                    "paid": view.money(paid),
                    "refunded": view.money(refunded),
                },
                document_no=origin.fact.document_no,
                subject=key,
                ours_minor=refunded,
                theirs_minor=paid,
                evidence=(origin.fact.source, *(r.fact.source for r in refunds)),
            )


def _claimed_excess(settlement: Settlement) -> Mapping[str, int]:
    total: dict[str, int] = {}
    for (_, document), excess in settlement.excess_minor.items():
        total[document] = total.get(document, 0) + excess
    return total
