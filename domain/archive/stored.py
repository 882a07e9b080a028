"""Books as a table keeps them, each whole again: heads and parts by their keys, for proofs that read the state."""

from __future__ import annotations

import msgspec

from domain.archive.archive import whole
from domain.books import Book

_SEPARATOR = b"\x00"
_decoder = msgspec.msgpack.Decoder(Book)


class _Parts:
    """The parts of one book."""

    def __init__(self) -> None:
        self._values: dict[int, bytes] = {}

    def get(self, number: int) -> bytes:
        return self._values[number]

    def put(self, number: int, value: bytes | None) -> None:
        if value is None:
            self._values.pop(number, None)
        else:
            self._values[number] = value


class StoredBooks:
    """Takes the records of the table's changelog. A part's key is its book's key, NUL and four bytes of number."""

    def __init__(self) -> None:
        self._heads: dict[str, bytes] = {}
        self._parts: dict[str, _Parts] = {}

    def take(self, key: bytes, value: bytes | None) -> str:
        """Take one record; returns the customer that it is about."""
        name, separator, number = key.partition(_SEPARATOR)
        customer = name.decode()
        if separator:
            self._parts.setdefault(customer, _Parts()).put(int.from_bytes(number, "big"), value)
        elif value is None:
            self._heads.pop(customer, None)
        else:
            self._heads[customer] = value
        return customer

    def book(self, customer: str) -> Book | None:
        """The whole book; every record of one checkpoint must have been taken."""
        head = self._heads.get(customer)
        return None if head is None else whole(_decoder.decode(head), self._parts.get(customer) or _Parts())
