"""The table of the stream: customer → book, as MessagePack in the changelog; what is sealed of a book
lies in parts beside it.
"""

from __future__ import annotations

import msgspec

from domain.archive.archive import Archive, Parts
from domain.books import Book
from schemas.topics import BOOKS_CHANGELOG
from streams.engine import StateTable

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Book)


class StoredBook:
    """The value of the table: a book, and its archive once somebody asked for it. Only the book is stored."""

    __slots__ = ("_archive", "book")

    def __init__(self, book: Book) -> None:
        self.book = book
        self._archive: Archive | None = None

    def archive(self, parts: Parts) -> Archive:
        """The archive, reading and writing through ``parts`` from now on."""
        if self._archive is None:
            self._archive = Archive(self.book, parts)
        self._archive.parts = parts
        return self._archive


def decode_book(data: bytes) -> Book:
    return _decoder.decode(data)


def encode_book(book: Book) -> bytes:
    return _encoder.encode(book)


def books_table() -> StateTable[StoredBook]:
    return StateTable(
        "books",
        BOOKS_CHANGELOG.name,
        lambda stored: encode_book(stored.book),
        lambda data: StoredBook(decode_book(data)),
    )


def book_json(data: bytes) -> bytes:
    """An encoded book as JSON, for the door: figures in our view and open findings of every account, by field name."""
    book = decode_book(data)
    return msgspec.json.encode(
        {
            "customer_id": book.customer_id,
            "hot_event_ids": len(book.event_digests),
            "accounts": {
                currency: {
                    "version": account.version,
                    "balance_minor": book.our_balance_minor(currency),
                    "entry_count": account.entry_count,
                    "hot_records": len(account.records),
                    "sealed_segments": len(account.segments),
                    "hot_statements": len(account.statements),
                    "sealed_statement_segments": len(account.statement_segments),
                    "open_discrepancies": sorted(account.findings),
                }
                for currency, account in sorted(book.accounts.items())
            },
        }
    )
