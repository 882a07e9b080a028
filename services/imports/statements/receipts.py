"""A bank's entries as receipts: ``payment.settled`` events, one for each credit that the bank has booked.

A booked debit is a payment of ours to a supplier if it is known whose; else it is nobody's and left out.

**Once.** A receipt's key is the account and the bank's own reference; where there is none, what the entry says and how
often it was said before in the file. So a receipt that an intraday report, a notification and a statement all show
is one event.

**Whose.** In this order: the customer (of a debit, the supplier) that the import names; the only one of them whose
document the text or the structured reference names; the only one to whom the other side's account, then its name
belongs; else the account for unidentified receipts. What was decided is kept with the key: a later import never books
the same money on another party.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.parties import Role, role_of
from services.imports.statements.draft import DraftLine, PaymentDetails, StatementDraft
from services.imports.statements.reasons import Problem, Reason

SOURCE_SYSTEM: Final = "bank-file"
UNIDENTIFIED: Final = "UNIDENTIFIED"
#: words of a remittance text that may be numbers of documents
_NUMBER: Final = re.compile(r"[A-Za-z0-9][\w\-/.]*")
_NUMBERS_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Receipt:
    """One credit of the bank's, or one debit (``paid_out``). ``amount_minor`` > 0."""

    key: str
    position: int
    currency: str
    date: dt.date
    amount_minor: int
    account: str
    text: str
    details: PaymentDetails
    paid_out: bool = False

    @property
    def role(self) -> Role:
        """Who receipts are of: customers pay us, and we pay suppliers."""
        return Role.SUPPLIER if self.paid_out else Role.CUSTOMER

    @property
    def numbers(self) -> list[str]:
        """What may be a document's number, the structured reference first, each once."""
        words = (word.rstrip("-/._") for word in _NUMBER.findall(self.text[:2000]))
        given = (self.details.structured_reference, self.details.end_to_end_id)
        found = [one for one in (*given, *words) if one and any(sign.isdigit() for sign in one)]
        return list(dict.fromkeys(found))[:_NUMBERS_MAX]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose receipt it is, and by what that is known."""

    customer_id: str
    identified_by: str


def receipts_of(draft: StatementDraft) -> Iterator[Receipt | Problem]:
    """The receipts of one account; entries that are none come as problems, so that each is named."""
    seen: Counter[str] = Counter()
    for line in draft.lines:
        details = line.party or PaymentDetails()
        reason = _no_receipt(line, details)
        if reason is not None:
            yield Problem(line.row, reason, value=str(line.signed_minor), document_no=line.document_no)
        else:
            said = _said(draft, line, details)
            seen[said] += 1
            key = hashlib.sha256(f"{said}\x1f{seen[said]}".encode()).hexdigest()[:32]
            yield Receipt(
                key,
                line.row,
                draft.currency,
                line.date,
                abs(line.signed_minor),
                draft.account or "",
                line.text or line.reference or "",
                details,
                paid_out=line.signed_minor > 0,
            )


def _no_receipt(line: DraftLine, details: PaymentDetails) -> Reason | None:
    """Why an entry is nobody's money, if it is not."""
    if details.reversal:
        return Reason.RETURNED_RECEIPT  # ours or theirs: what it takes back was booked
    if not line.signed_minor:
        return Reason.NOT_A_RECEIPT
    return None if details.booked else Reason.NOT_BOOKED


def _said(draft: StatementDraft, line: DraftLine, details: PaymentDetails) -> str:
    """What tells an entry from others. With the bank's reference, nothing that its messages may word in two ways."""
    common = [draft.account or "", draft.currency, str(-line.signed_minor)]
    if details.bank_reference:
        return "\x1f".join([*common, details.bank_reference])
    return "\x1f".join(
        [*common, line.date.isoformat(), details.name or "", details.end_to_end_id or "", line.text]
    )


def owner_of(
    receipt: Receipt,
    named: str | None,
    by_document: Mapping[str, frozenset[str]],
    by_account: Mapping[str, frozenset[str]],
    by_name: Mapping[str, frozenset[str]],
    unidentified: str,
) -> Owner | None:
    """Whose receipt it is; the mappings hold the parties of its role by document number, account and plain name.

    ``None``: money that went out to nobody that is known.
    """
    if named is not None and role_of(named) is receipt.role:
        return Owner(named, "import")
    known = known_owner(receipt, by_document, by_account, by_name)
    return known if known is not None or receipt.paid_out else Owner(unidentified, "nothing")


def known_owner(
    receipt: Receipt,
    by_document: Mapping[str, frozenset[str]],
    by_account: Mapping[str, frozenset[str]],
    by_name: Mapping[str, frozenset[str]],
) -> Owner | None:
    """The one party that the text, the account or the name tells, the first of them that tells one."""
    documents = [by_document[number] for number in receipt.numbers if number in by_document]
    owners = frozenset().union(*documents)
    if len(owners) == 1:
        return Owner(next(iter(owners)), "document")
    for identified_by, owners in (
        ("payer account", by_account.get(plain_account(receipt.details.account), frozenset())),
        ("payer name", by_name.get(plain_name(receipt.details.name), frozenset())),
    ):
        if len(owners) == 1:
            return Owner(next(iter(owners)), identified_by)
    return None


def event_of(receipt: Receipt, owner: Owner) -> dict[str, Any]:
    """The canonical event of a receipt."""
    details = receipt.details
    number = details.bank_reference or receipt.key[:16]
    metadata = {"identified_by": owner.identified_by}
    if receipt.account:
        metadata["bank_account"] = masked(receipt.account)
    if receipt.paid_out and details.name:
        metadata["payee_name"] = details.name
    return {
        "event_id": f"{SOURCE_SYSTEM}/{receipt.key}",
        "event_type": "payment.settled",
        "schema_version": 1,
        "source_system": SOURCE_SYSTEM,
        "source_record_id": receipt.key,
        "source_version": 1,
        "occurred_at": f"{receipt.date.isoformat()}T00:00:00Z",
        "business_date": receipt.date.isoformat(),
        "customer_id": owner.customer_id,
        "currency": receipt.currency,
        "amount_minor": receipt.amount_minor,
        "document_no": number,
        "correlation_id": number,
        "metadata": metadata,
        "payment_id": receipt.key,
        "method": "bank_transfer",
        "payer_name": None if receipt.paid_out else details.name,
        "payer_account_masked": None if receipt.paid_out or not details.account else masked(details.account),
        "bank_reference": details.bank_reference,
        "end_to_end_id": details.end_to_end_id,
        "remittance_text": _remittance(receipt),
        "gross_minor": receipt.amount_minor + details.fee_minor if details.fee_minor else None,
        "fee_minor": details.fee_minor or None,
        "net_minor": receipt.amount_minor if details.fee_minor else None,
        "value_date": details.value_date.isoformat() if details.value_date else None,
        "allocations": [],
    }


def _remittance(receipt: Receipt) -> str | None:
    reference = receipt.details.structured_reference
    parts = [receipt.text]
    if reference and reference not in receipt.text:
        parts.insert(0, reference)
    return " ".join(part for part in parts if part) or None


def masked(account: str) -> str:
    """An account with all but its last four signs hidden, as the books keep it."""
    plain = plain_account(account)
    return "*" * max(len(plain) - 4, 0) + plain[-4:]


def plain_account(account: str | None) -> str:
    """An account number without spaces and signs, in capitals."""
    return re.sub(r"[^0-9A-Za-z]", "", account or "").upper()


def plain_name(name: str | None) -> str:
    """A name as names are compared: case, spaces and points do not count."""
    return re.sub(r"[\s.,，。·]+", " ", name or "").strip().casefold()


def numbers_of(receipts: Sequence[Receipt]) -> list[str]:
    """All numbers that may be documents, each once."""
    return list(dict.fromkeys(number for receipt in receipts for number in receipt.numbers))
