"""Deterministic ids: the same subject always gives the same id, in every process and on every replay."""

from __future__ import annotations

import hashlib
import unicodedata


def stable_id(prefix: str, *parts: str) -> str:
    """``prefix-`` and 24 hex digits over the parts.

    Parts are length-prefixed, so that ("a", "bc") and ("ab", "c") differ.
    """
    digest = hashlib.blake2b(digest_size=12)
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(4, "big"))
        digest.update(data)
    return f"{prefix}-{digest.hexdigest()}"


def content_digest(data: bytes) -> bytes:
    """Eight bytes that tell one content from another (for conflict detection, not for security)."""
    return hashlib.blake2b(data, digest_size=8).digest()


def same_person(one: str, other: str) -> bool:
    """Whether two user ids are one person's (``as_read``)."""
    return as_read(one) == as_read(other)


def as_read(name: str) -> str:
    """A name for comparison: what only case, width, white space or unseen characters tell apart is one name."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in plain if unicodedata.category(letter)[0] not in "CZ")
