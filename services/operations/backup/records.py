"""Input records in files: one Avro object container (fastavro, deflate) per partition, readable by any Avro tool.

Values stay the bytes that they were on the wire; events that were refused are kept like all others. The same records
give the same bytes: the container's sync marker comes from the partition's name, not from chance.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, cast

import fastavro
import msgspec
from confluent_kafka import Message

_SCHEMA: Final = fastavro.parse_schema(
    {
        "type": "record",
        "name": "InputRecord",
        "namespace": "tieout.backup",
        "fields": [
            {"name": "offset", "type": "long"},
            {"name": "timestamp_ms", "type": "long"},
            {"name": "key", "type": ["null", "bytes"]},
            {"name": "value", "type": ["null", "bytes"]},
            {
                "name": "headers",
                "type": {
                    "type": "array",
                    "items": {
                        "type": "record",
                        "name": "Header",
                        "fields": [
                            {"name": "name", "type": "string"},
                            {"name": "value", "type": ["null", "bytes"]},
                        ],
                    },
                },
            },
        ],
    }
)


class Header(msgspec.Struct, frozen=True):
    name: str
    value: bytes | None


class InputRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One record of an input topic as it is in Kafka; ``offset`` is that of the stack it was taken from."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]

    @classmethod
    def of_message(cls, message: Message) -> InputRecord:
        offset = message.offset()
        assert offset is not None
        headers = cast("list[tuple[str, bytes | str | None]]", message.headers() or [])
        return cls(
            offset=offset,
            timestamp_ms=message.timestamp()[1],
            key=_bytes(message.key()),
            value=_bytes(message.value()),
            headers=tuple(Header(name, _bytes(value)) for name, value in headers),
        )


def write_records(path: Path, records: Iterable[InputRecord]) -> None:
    """Write a partition's records in their order. The file's name is part of its bytes."""
    marker = hashlib.sha256(f"{path.parent.name}/{path.name}".encode()).digest()[:16]
    with path.open("xb") as file:
        fastavro.writer(file, _SCHEMA, map(_plain, records), codec="deflate", sync_marker=marker)


def read_records(path: Path) -> Iterator[InputRecord]:
    """The records of a file in their order, lazily."""
    with path.open("rb") as file:
        for row in fastavro.reader(file):
            yield msgspec.convert(row, InputRecord)


def _plain(record: InputRecord) -> dict[str, Any]:
    return {
        **{name: getattr(record, name) for name in record.__struct_fields__},
        "headers": [{"name": header.name, "value": header.value} for header in record.headers],
    }


def _bytes(value: bytes | str | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
