"""The accounts of the Kafka Streams peer as bytes: zigzag varints, ids as differences (``AccountSerde`` in Java)."""

from __future__ import annotations

from collections.abc import Iterator

from bench.ours import job
from bench.workload.reference import AccountState


def read(key: bytes, value: bytes) -> tuple[bytes, AccountState]:
    """A record of the changelog as customer and account."""
    numbers = _numbers(value)
    state = AccountState(next(numbers), next(numbers))
    for _ in range(3):  # the ids that deduplication remembers
        for _ in range(next(numbers)):
            next(numbers)
    for side in (state.orders, state.payments, state.refunds, state.differences):
        for _ in range(next(numbers) // 2):
            document = next(numbers)
            side[document] = next(numbers)
    return key, state


def _numbers(data: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
        else:
            yield (number >> 1) ^ -(number & 1)
            number = shift = 0


def write(account: job.Account) -> bytes:
    """The bytes of an account as the Java peer writes it."""
    out = bytearray()
    _append(out, account.balance)
    _append(out, account.count)
    for packed in (account.order_ids, account.payment_ids, account.refund_ids):
        _append(out, len(packed) // 8)
        previous = 0
        for at in range(0, len(packed), 8):
            event_id = int.from_bytes(packed[at : at + 8], "little")
            _append(out, event_id - previous)
            previous = event_id
    for side in (account.orders, account.payments, account.refunds, account.differences):
        _append(out, 2 * len(side or ()))
        for document, amount in (side or {}).items():
            _append(out, document)
            _append(out, amount)
    return bytes(out)


def _append(out: bytearray, number: int) -> None:
    number = (number << 1) ^ (number >> 63)
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
