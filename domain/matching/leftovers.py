"""What references leave: the receipts with money left and the documents that are open. These are the candidates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from domain.facts import EntryKind
from domain.matching.candidates import Document, Receipt, name_key, payer_ppm
from domain.matching.references import DocumentIndex, reference_like, reference_words, squeeze
from domain.matching.settlement import Item, Settlement


def open_documents(run: Settlement) -> dict[str, Document]:
    """Invoices and exchanges of which something is open, in canonical order."""
    kinds = (EntryKind.INVOICE, EntryKind.EXCHANGE)
    items = [
        i for i in run.items.values() if i.left_minor and i.fact.kind in kinds and i.fact.signed_minor > 0
    ]
    return {
        item.key: Document(
            item.key,
            item.left_minor,
            item.fact.business_date,
            item.due_date,
            tuple(dict.fromkeys(squeeze(number) for number in (item.fact.document_no, *item.fact.aliases))),
        )
        for item in sorted(items, key=lambda i: i.order)
    }


def open_receipts(
    run: Settlement,
    payments: Sequence[Item],
    index: DocumentIndex,
    known: Sequence[str],
    payers: Collection[str],
) -> dict[str, Receipt]:
    """The payments with money left that is not held by a suggestion, nor excess without a word of what else it is.

    ``payers``: the names of those who are known to pay this account's documents.
    """
    left = [payment for payment in payments if payment.left_minor]
    if not left:
        return {}
    over = {payment for payment, _ in run.excess_minor}
    taken = {credit for (credit, _), allocation in run.allocations.items() if not allocation.confirmed}
    unknown: dict[str, list[str]] = {}
    claiming: set[str] = set()
    for claim in run.claims:
        claiming.add(claim.payment)
        if not claim.keys:
            unknown.setdefault(claim.payment, []).append(claim.reference)
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
            payer_ppm(fact.payer_name, payers),
            confirmable=payment.left_minor == payment.original_minor
            and payment.key not in claiming
            and named is None
            and not twice,
        )
    return receipts


def known_payers(run: Settlement) -> set[str]:
    """The names (``name_key``) under which payments came that name documents of the account."""
    names = {name_key(run.items[claim.payment].fact.payer_name or "") for claim in run.claims if claim.keys}
    return names - {""}
