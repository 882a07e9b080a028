"""Credit notes (with returns and cheaper exchanges): what they were made for, and what is paid less them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec

from domain.facts import EntryKind
from domain.matching.candidates import CERTAIN_PPM, Objection, Receipt
from domain.matching.forms import DocumentIndex
from domain.matching.settlement import AMBIGUOUS_PPM, Claim, Item, Settlement, debit_documents, suggest, take

CREDITS = (EntryKind.CREDIT_NOTE, EntryKind.RETURN, EntryKind.EXCHANGE)
_RULE = "named_by_payment"
#: credit notes that one payment nets without a word, at most
_TOGETHER_MAX = 3


def is_credit(item: Item) -> bool:
    return item.fact.kind in CREDITS and item.fact.signed_minor < 0


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


def original_credit(item: Item, items: Mapping[str, Item], index: DocumentIndex) -> Item | None:
    """The one credit note that a refund names as its original: what is paid out."""
    reference = item.fact.original_document_no
    named = [items[key] for key in index.resolve(reference).keys] if reference else []
    found = [credit for credit in named if is_credit(credit)]
    return found[0] if found and (len(found) == 1 or _exact(found[0], str(reference))) else None


def _exact(item: Item, reference: str) -> bool:
    return reference == item.fact.document_no or reference in item.fact.aliases


def net(
    run: Settlement,
    payment: Item,
    clear: Sequence[tuple[Claim, Item]],
    credit_notes: Sequence[Item],
    index: DocumentIndex,
) -> list[tuple[Claim, Item]] | None:
    """Apply the credit notes that a payment names to the documents that it names, where it pays exactly these less
    those; then what its claims still come to. ``None`` where the figures are others.

    Each is applied to its original document first, then where the most is open, so that few documents are split.
    """
    claimed: dict[str, int] = {}
    for claim, document in clear:
        claimed[document.key] = claimed.get(document.key, 0) + claim.amount_minor
    documents = [run.items[key] for key in claimed]
    still_open = sum(document.left_minor for document in documents)
    less = sum(credit.left_minor for credit in credit_notes)
    by_text = not payment.fact.claims
    wanted = still_open if by_text else sum(claimed.values())
    if not less or payment.left_minor + less not in (still_open, wanted):
        return None
    # Its amounts may be told before the credit notes or after them: after them, each says what it leaves to them.
    spare = {
        document.key: document.left_minor
        - (claimed[document.key] if not by_text and wanted == payment.left_minor else 0)
        for document in documents
    }
    for credit in credit_notes:
        original = original_document(credit, run.items, index)
        for document in sorted(documents, key=lambda d: (d is not original, -spare[d.key], d.due_order)):
            spare[document.key] -= take(run, credit, document, spare[document.key], _RULE, CERTAIN_PPM)
    return [
        (msgspec.structs.replace(claim, amount_minor=min(claim.amount_minor, document.left_minor)), document)
        for claim, document in clear
    ]


def less_unnamed(
    payment: Item, documents: Sequence[Item], notes: Sequence[Item], latest: dt.date
) -> Sequence[int]:
    """What each of ``documents``, all that a payment names, is paid where it falls short of them by exactly one of
    ``notes``, the credit notes that name no document, or by all two or three that are open; empty where it does not.

    Nobody says that they are netted, so they are not applied: each document that has room for one, the largest first,
    stays open by exactly that.
    """
    still_open = [note for note in notes if note.left_minor and note.fact.business_date <= latest]
    short = sum(document.left_minor for document in documents) - payment.left_minor
    one = [note.left_minor for note in still_open if note.left_minor == short][:1]
    several = [note.left_minor for note in still_open] if 1 < len(still_open) <= _TOGETHER_MAX else []
    kept = one or sorted(several, reverse=True)
    if len(documents) < 2 or sum(kept) != short or not kept:
        return ()
    left = [document.left_minor for document in documents]
    largest = sorted(range(len(left)), key=lambda place: -left[place])
    for place, figure in zip(largest, kept, strict=False):
        left[place] -= figure
    return left if len(kept) <= len(left) and min(left) >= 0 else ()


def suggest_credits(run: Settlement, credit_notes: Sequence[Item], documents: Sequence[Item]) -> None:
    """Show where credit notes may belong that a payment names without its figures bearing it out."""
    still_open = [document for document in documents if document.left_minor]
    if still_open:
        document = max(still_open, key=lambda d: d.left_minor)
        for credit in credit_notes:
            suggest(run, credit, document, min(credit.left_minor, document.left_minor), _RULE, AMBIGUOUS_PPM)


def suggest_paid_back(run: Settlement) -> None:
    """Show for a refund without a source the oldest money of exactly its amount that is left and was there."""
    suggested = {key for pair, given in run.allocations.items() if not given.confirmed for key in pair}
    left = [item for item in run.items.values() if item.left_minor and item.key not in suggested]
    money = [item for item in left if is_credit(item) or item.fact.kind is EntryKind.PAYMENT]
    for refund in left:
        if refund.fact.kind is not EntryKind.REFUND:
            continue
        source = next(
            (
                item
                for item in money
                if item.left_minor == refund.left_minor
                and item.fact.business_date <= refund.fact.business_date
            ),
            None,
        )
        if source is not None:
            money.remove(source)
            suggest(run, source, refund, refund.left_minor, "paid_back", AMBIGUOUS_PPM)


def open_credits(run: Settlement) -> dict[str, Receipt]:
    """The credit notes of which something is left and that have no suggestion, as money that may be netted."""
    suggested = {credit for (credit, _), given in run.allocations.items() if not given.confirmed}
    return {
        item.key: Receipt(
            item.key,
            item.left_minor,
            0,
            item.fact.business_date,
            (),
            (),
            CERTAIN_PPM,
            Objection.OTHER,
        )
        for item in run.items.values()
        if item.left_minor and is_credit(item) and item.key not in suggested
    }
