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
