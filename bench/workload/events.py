"""Events and findings as values, and their bytes on the wire.

Wire format: a zero byte, the schema's id in four bytes (big endian), the Avro body. The ids are fixed here: the
benchmark needs no registry.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, Final, NamedTuple

import fastavro

KINDS: Final = ("orders", "payments", "refunds")
ORDER, PAYMENT, REFUND = range(3)
OPENED, RETRACTED = range(2)
ACTIONS: Final = ("opened", "retracted")
DEDUPLICATION_WINDOW: Final = 32

EVENT_HEADER: Final = b"\x00\x00\x00\x00\x01"
FINDING_HEADER: Final = b"\x00\x00\x00\x00\x02"
HEADER_BYTES: Final = 5

_HERE = Path(__file__).parent


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Without logical types: the job needs no instants, and making them costs as much as all other fields."""
    for field in schema["fields"]:
        if isinstance(field["type"], dict):
            field["type"].pop("logicalType", None)
    return schema


#: what every Python peer reads with
EVENT_SCHEMA: Any = fastavro.parse_schema(
    _plain(json.loads((_HERE / "event.avsc").read_text(encoding="utf-8")))
)
FINDING_SCHEMA: Any = fastavro.parse_schema(fastavro.schema.load_schema(str(_HERE / "finding.avsc")))
_CURRENCIES: Final = ("CNY", "EUR", "USD")
_FIRST_MS: Final = 1_767_225_600_000  # 2026-01-01T00:00:00Z; one event per millisecond


class Event(NamedTuple):
    """``kind`` is an index of ``KINDS``, ``customer`` the record key, ``amount`` in minor units."""

    kind: int
    customer: bytes
    event_id: int
    document: int
    amount: int


class Finding(NamedTuple):
    """``action`` is ``OPENED`` or ``RETRACTED``; ``difference`` in minor units."""

    customer: bytes
    action: int
    document: int
    difference: int


def encode_event(event: Event) -> bytes:
    """The record value of an event."""
    body = io.BytesIO()
    body.write(EVENT_HEADER)
    fastavro.schemaless_writer(
        body,
        EVENT_SCHEMA,
        {
            "event_id": event.event_id,
            "document": event.document,
            "amount_minor": event.amount,
            "currency": _CURRENCIES[event.customer[-1] % 3],
            "occurred_at": _FIRST_MS + event.event_id,
        },
    )
    return body.getvalue()


def encode_finding(action: int, document: int, difference: int) -> bytes:
    """The record value of a finding."""
    body = io.BytesIO()
    body.write(FINDING_HEADER)
    fastavro.schemaless_writer(
        body,
        FINDING_SCHEMA,
        {"action": ACTIONS[action], "document": document, "difference_minor": difference},
    )
    return body.getvalue()


def decode_finding(customer: bytes, value: bytes) -> Finding:
    """Read a finding. Raises ``ValueError`` for a value with another schema's header."""
    if value[:HEADER_BYTES] != FINDING_HEADER:
        raise ValueError(f"not a finding: {value[:HEADER_BYTES].hex()}")
    found: Any = fastavro.schemaless_reader(io.BytesIO(value[HEADER_BYTES:]), FINDING_SCHEMA, None)
    return Finding(customer, ACTIONS.index(found["action"]), found["document"], found["difference_minor"])
