"""Which files may be attached: by what their bytes are, never by their name."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Final

from services.work.errors import AttachmentRefusedError

_MAGIC: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"PK\x03\x04", "application/zip"),  # Excel and Word files are such
)
_NAME_LENGTH_MAX: Final = 120


def described(name: str, content: bytes, bytes_max: int) -> dict[str, str]:
    """Name, type, size and SHA-256 of an attachment, for its event. Raises ``AttachmentRefusedError``."""
    if not content:
        raise AttachmentRefusedError(f"{name} is empty.")
    if len(content) > bytes_max:
        raise AttachmentRefusedError(f"{name} has {len(content)} bytes; at most {bytes_max} are taken.")
    return {
        "name": _plain_name(name),
        "media_type": _media_type(name, content),
        "size": str(len(content)),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _media_type(name: str, content: bytes) -> str:
    for magic, media_type in _MAGIC:
        if content.startswith(magic):
            return media_type
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        return "text/plain"
    raise AttachmentRefusedError(f"{name} is neither PDF, PNG, JPEG, Office file nor UTF-8 text.")


def _plain_name(name: str) -> str:
    """The last part of the name, without what could steer a terminal, a header or a path."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(c for c in last if unicodedata.category(c)[0] != "C" and c not in '"')
    return plain[-_NAME_LENGTH_MAX:] or "attachment"
