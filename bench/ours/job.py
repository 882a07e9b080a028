"""The job of ``bench.workload`` as pure functions: one event into one account, findings out.

Compact, because cache misses on Python objects cost more than the arithmetic: ids are packed into ``bytes`` and
looked up by ``find``; a dictionary is absent until it is used. Imports the standard library only, so that every
Python peer runs this very file; it also compiles with mypyc as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct

WINDOW_BYTES = 32 * 8
OPENED = 0
RETRACTED = 1
_HEADER = Struct("<qqHHHHHHH")
_PAIR = Struct("<qq")

Items = dict[int, int]
#: (action, document, difference)
Found = tuple[int, int, int]


class Account:
    """State of one customer; see ``bench.workload``. ``*_ids``: the last event ids, eight bytes each."""

    __slots__ = (
        "balance",
        "count",
        "differences",
        "order_ids",
        "orders",
        "payment_ids",
        "payments",
        "refund_ids",
        "refunds",
    )

    def __init__(self) -> None:
        self.balance: int = 0
        self.count: int = 0
        self.order_ids: bytes = b""
        self.payment_ids: bytes = b""
        self.refund_ids: bytes = b""
        self.orders: Items | None = None
        self.payments: Items | None = None
        self.refunds: Items | None = None
        self.differences: Items | None = None


def remember(ids: bytes, event_id: int) -> bytes | None:
    """``ids`` with ``event_id`` at the end, bounded by the window; ``None`` when it is there already."""
    packed = event_id.to_bytes(8, "little")
    at = ids.find(packed)
    while at >= 0:
        if not at & 7:
            return None
        at = ids.find(packed, at + 1)
    if len(ids) == WINDOW_BYTES:
        return ids[8:] + packed
    return ids + packed


def order(account: Account, event_id: int, document: int, amount: int) -> list[Found] | None:
    """Apply an order."""
    account.count += 1
    ids = remember(account.order_ids, event_id)
    if ids is None:
        return None
    account.order_ids = ids
    account.balance += amount
    payments = account.payments
    if payments:
        paid = payments.pop(document, None)
        if paid is not None:
            return None if paid == amount else differ(account, document, amount - paid)
    if account.orders is None:
        account.orders = {document: amount}
    else:
        account.orders[document] = amount
    return None


def payment(account: Account, event_id: int, document: int, amount: int) -> list[Found] | None:
    """Apply a payment."""
    account.count += 1
    ids = remember(account.payment_ids, event_id)
    if ids is None:
        return None
    account.payment_ids = ids
    account.balance -= amount
    orders = account.orders
    if orders:
        ordered = orders.pop(document, None)
        if ordered is not None:
            return None if ordered == amount else differ(account, document, ordered - amount)
    if account.payments is None:
        account.payments = {document: amount}
    else:
        account.payments[document] = amount
    return None


def refund(account: Account, event_id: int, document: int, amount: int) -> list[Found] | None:
    """Apply a refund."""
    account.count += 1
    ids = remember(account.refund_ids, event_id)
    if ids is None:
        return None
    account.refund_ids = ids
    account.balance += amount
    if not document:
        return None
    differences = account.differences
    if differences and differences.get(document) == -amount:
        del differences[document]
        return [(RETRACTED, document, -amount)]
    if account.refunds is None:
        account.refunds = {}
    account.refunds[document] = amount
    return None


def differ(account: Account, document: int, difference: int) -> list[Found]:
    """Order and payment of a document are known and differ."""
    refunds = account.refunds
    if refunds and refunds.get(document) == -difference:
        del refunds[document]
        return [(OPENED, document, difference), (RETRACTED, document, difference)]
    if account.differences is None:
        account.differences = {}
    account.differences[document] = difference
    return [(OPENED, document, difference)]


Rule = Callable[[Account, int, int, int], "list[Found] | None"]
#: by topic, in the order of ``bench.workload.events.KINDS``
RULES: tuple[Rule, ...] = (order, payment, refund)


def encode(account: Account) -> bytes:
    """The account's bytes in the changelog."""
    sides = (account.orders, account.payments, account.refunds, account.differences)
    header = _HEADER.pack(
        account.balance,
        account.count,
        len(account.order_ids),
        len(account.payment_ids),
        len(account.refund_ids),
        len(account.orders) if account.orders else 0,
        len(account.payments) if account.payments else 0,
        len(account.refunds) if account.refunds else 0,
        len(account.differences) if account.differences else 0,
    )
    parts = [header, account.order_ids, account.payment_ids, account.refund_ids]
    for side in sides:
        if side:
            for document, amount in side.items():
                parts.append(_PAIR.pack(document, amount))
    return b"".join(parts)


def decode(data: bytes) -> Account:
    """``decode(encode(account))`` equals the account."""
    account = Account()
    balance, count, orders_b, payments_b, refunds_b, orders, payments, refunds, differences = (
        _HEADER.unpack_from(data)
    )
    account.balance = balance
    account.count = count
    at = _HEADER.size
    account.order_ids = data[at : at + orders_b]
    at += orders_b
    account.payment_ids = data[at : at + payments_b]
    at += payments_b
    account.refund_ids = data[at : at + refunds_b]
    at += refunds_b
    if at == len(data):
        return account
    account.orders = _items(data, at, orders)
    at += 16 * orders
    account.payments = _items(data, at, payments)
    at += 16 * payments
    account.refunds = _items(data, at, refunds)
    at += 16 * refunds
    account.differences = _items(data, at, differences)
    return account


def _items(data: bytes, at: int, count: int) -> Items | None:
    if not count:
        return None
    found: Items = {}
    for document, amount in _PAIR.iter_unpack(data[at : at + 16 * count]):
        found[document] = amount
    return found
