"""A digest of the figures that must be the same on every replay and in every order of arrival (I4, I6).

It covers balances, open items and open discrepancies, not bookkeeping such as account versions or which of two
identical deliveries came first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from domain.books import Book


def figures(book: Book) -> Iterator[tuple[str, ...]]:
    """The figures of one customer as rows of text, in no particular order."""
    for currency, account in book.accounts.items():
        yield ("balance", book.customer_id, currency, str(account.balance_minor))
        for record in account.records.values():
            if record.item is not None:
                item = record.item
                yield (
                    "item",
                    book.customer_id,
                    currency,
                    record.current.record_key,
                    str(item.original_minor),
                    str(item.allocated_minor),
                    item.due_date.isoformat(),
                    item.state,
                )
        for discrepancy_id, held in account.findings.items():
            yield ("discrepancy", book.customer_id, currency, discrepancy_id, str(held.amount_minor))


def digest_of(rows: Iterable[tuple[str, ...]]) -> str:
    """SHA-256 over the sorted rows, each field length-prefixed."""
    total = hashlib.sha256()
    for row in sorted(rows):
        for field in row:
            data = field.encode()
            total.update(len(data).to_bytes(4, "big"))
            total.update(data)
    return total.hexdigest()
