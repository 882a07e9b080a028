"""What can go wrong on the way in, each with its data::

ImportingError
├── SourceUnreadableError      the file is not there, or is not what its kind of import reads
│   └── ColumnsMissingError    its first row does not name what it must
├── UnknownImportKindError     no such kind of import
├── OptionUnreadableError      what is said about a file beside it makes no sense
├── RecordTooLargeError        one record exceeds what a broker takes (the line is reported, the rest goes on)
├── PublishingError            carries what was delivered, and up to where
│   ├── DeliveryFailedError    Kafka did not take a record in time
│   └── PublishInterruptedError  a person pressed Ctrl-C; all that was sent has been delivered
└── NotReflectedError          the results of a publication were not seen in time in a store
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a publication delivered.

    ``next_offsets``: per (topic, partition), the offset after the last record that it delivered.
    ``counts``: delivered records per event kind (``order``, ``payment``...).
    ``first_offsets``: as far as Kafka said them, the offset of the first record.
    """

    next_offsets: Mapping[tuple[str, int], int] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    first_offsets: Mapping[tuple[str, int], int] = field(default_factory=dict)

    @property
    def delivered(self) -> int:
        return sum(self.counts.values())


class ImportingError(Exception):
    """Any failure of this room."""


class SourceUnreadableError(ImportingError):
    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"Cannot read {path}: {reason}")
        self.path = path
        self.reason = reason


class ColumnsMissingError(SourceUnreadableError):
    """The file is there, and its first row does not name what it must."""

    def __init__(self, path: Path, missing: Sequence[str]) -> None:
        named = "column" if len(missing) == 1 else "columns"
        super().__init__(path, f"it has no {named} {', '.join(missing)}.")
        self.missing = tuple(missing)


class UnknownImportKindError(ImportingError):
    def __init__(self, kind: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no import {kind!r}; known: {', '.join(known)}.")
        self.kind = kind
        self.known = tuple(known)


class OptionUnreadableError(ImportingError):
    """``option``: which one."""

    def __init__(self, option: str, reason: str) -> None:
        super().__init__(f"{option}: {reason}")
        self.option = option


class RecordTooLargeError(ImportingError):
    def __init__(self, position: int, size: int, limit: int) -> None:
        super().__init__(f"Record {position} has {size} bytes; at most {limit} are sent.")
        self.position = position
        self.size = size
        self.limit = limit


class PublishingError(ImportingError):
    """``position`` is the last one of which every record up to it was delivered."""

    def __init__(self, message: str, position: int, receipt: Receipt) -> None:
        super().__init__(message)
        self.position = position
        self.receipt = receipt


class DeliveryFailedError(PublishingError):
    def __init__(self, failed_position: int, topic: str, reason: str, receipt: Receipt) -> None:
        super().__init__(
            f"Kafka did not take record {failed_position} for {topic}: {reason}. "
            f"All before it were delivered; publishing again is harmless.",
            failed_position - 1,
            receipt,
        )
        self.failed_position = failed_position
        self.topic = topic
        self.reason = reason


class PublishInterruptedError(PublishingError):
    def __init__(self, position: int, receipt: Receipt) -> None:
        super().__init__(
            f"Interrupted after record {position}; all up to it were delivered.", position, receipt
        )


@dataclass(frozen=True, slots=True)
class Behind:
    """One partition that a store has not caught up with: it is at ``reached``, ``wanted`` was asked for."""

    store: str
    topic: str
    partition: int
    reached: int
    wanted: int


class NotReflectedError(ImportingError):
    """``behind`` names every store and partition that was still behind when the time was up."""

    def __init__(self, timeout_s: int, behind: Sequence[Behind]) -> None:
        worst = max(behind, key=lambda b: b.wanted - b.reached)
        records = sum(b.wanted - b.reached for b in behind if b.store == worst.store)
        super().__init__(
            f"Not reflected within {timeout_s} s: {worst.store} is {records} offsets behind "
            f"(most on {worst.topic} partition {worst.partition}: at {worst.reached}, wanted {worst.wanted})."
        )
        self.timeout_s = timeout_s
        self.behind = tuple(behind)
