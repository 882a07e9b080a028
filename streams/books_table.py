"""The table of the stream: customer → book, as MessagePack in the changelog."""

from __future__ import annotations

import msgspec

from domain.books import Book
from schemas.topics import BOOKS_CHANGELOG
from streams.engine import StateTable

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Book)


def decode_book(data: bytes) -> Book:
    return _decoder.decode(data)


def encode_book(book: Book) -> bytes:
    return _encoder.encode(book)


def books_table() -> StateTable[Book]:
    return StateTable("books", BOOKS_CHANGELOG.name, encode_book, decode_book)


def book_json(data: bytes) -> bytes:
    """An encoded book as JSON, for the door: figures and open findings of every account, by field name."""
    book = decode_book(data)
    return msgspec.json.encode(
        {
            "customer_id": book.customer_id,
            "events": len(book.event_digests),
            "accounts": {
                currency: {
                    "version": account.version,
                    "balance_minor": account.balance_minor,
                    "entry_count": account.entry_count,
                    "records": len(account.records),
                    "statements": len(account.statements),
                    "open_discrepancies": sorted(account.findings),
                }
                for currency, account in sorted(book.accounts.items())
            },
        }
    )
