"""The accounts of the Kafka Streams peer as bytes: zigzag varints, ids as differences (``AccountSerde`` in Java)."""

from __future__ import annotations

from collections.abc import Iterator

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
