"""What can go wrong on the wire and around it: one type per failure, carrying its data.

::

    WireError                 a record that cannot be taken in; final for that record, so it is dead-lettered
    ├── NotFramed             NOT_FRAMED      no schema-registry header
    ├── UnknownSchema         UNKNOWN_SCHEMA  nobody knows the schema id of the header
    ├── WrongSchema           WRONG_SCHEMA    a known schema, but none of this topic's
    └── Undecodable           UNDECODABLE     the body is not a record of its schema
    Unencodable               a value of ours does not fit its schema: a defect of ours, never of the input
    NoSuchSchema              a schema name that the package does not have: a defect of ours
    FingerprintCollision      two released schemas share an id: must be settled before release
    RegistryError
    ├── SchemaRefused         the registry does not take this schema under this subject
    ├── RegistryDenied        the registry answers, but does not let us in
    └── RegistryUnavailable   no usable answer; the record is fine, so this must never be dead-lettered
    ProgressUnreadable        a progress record that this version cannot read
    UnknownStateFormat        a changelog value in a format that this version cannot read
    ProgressTimeout           the changelog did not answer in time
    TopicsTimeout             topics were created but did not become visible in time

Invariant: the ``reason`` codes are stable; they stand in dead letters that are kept for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class WireError(Exception):
    """A record that cannot be taken in. ``reason`` is a stable code, ``detail`` one phrase for people."""

    reason: ClassVar[str]

    def __init__(self, detail: str) -> None:
        super().__init__(f"{self.reason}: {detail}")
        self.detail = detail


class NotFramed(WireError):
    """The value does not start with the magic byte 0 and a four-byte schema id."""

    reason = "NOT_FRAMED"


class UnknownSchema(WireError):
    """The registry knows no schema of this id."""

    reason = "UNKNOWN_SCHEMA"

    def __init__(self, schema_id: int) -> None:
        super().__init__(f"no schema has the id {schema_id}")
        self.schema_id = schema_id


class WrongSchema(WireError):
    """The id names a schema from which ``expected`` cannot be read."""

    reason = "WRONG_SCHEMA"

    def __init__(self, schema_id: int, expected: str, detail: str) -> None:
        super().__init__(detail)
        self.schema_id = schema_id
        self.expected = expected


class Undecodable(WireError):
    """The bytes after the header are not exactly one record of the schema they name."""

    reason = "UNDECODABLE"


class Unencodable(Exception):
    """A value does not fit its schema. ``path`` names the field, where it is known."""

    def __init__(self, schema_name: str, detail: str) -> None:
        super().__init__(f"not a {schema_name}: {detail}")
        self.schema_name = schema_name
        self.detail = detail


class NoSuchSchema(LookupError):
    """The package has no schema of this name."""

    def __init__(self, schema_name: str) -> None:
        super().__init__(f"there is no schema {schema_name!r}")
        self.schema_name = schema_name


class FingerprintCollision(Exception):
    """Two schemas that are not the same on the wire would get the same id."""

    def __init__(self, schema_id: int, first: str, second: str) -> None:
        super().__init__(f"{first} and {second} both get the schema id {schema_id}")
        self.schema_id = schema_id
        self.first = first
        self.second = second


class RegistryError(Exception):
    """The schema registry did not do what was asked."""


class SchemaRefused(RegistryError):
    """The registry does not take this schema: not released, incompatible or invalid."""

    def __init__(self, subject: str, detail: str) -> None:
        super().__init__(f"schema refused for {subject}: {detail}")
        self.subject = subject
        self.detail = detail


class RegistryDenied(RegistryError):
    """The registry answered with a status that trying again will not change."""

    def __init__(self, url: str, status: int, detail: str) -> None:
        super().__init__(f"schema registry {url} answered {status}: {detail}")
        self.url = url
        self.status = status
        self.detail = detail


class RegistryUnavailable(RegistryError):
    """The registry gave no usable answer, however often it was asked."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(f"schema registry {url} is unavailable: {detail}")
        self.url = url
        self.detail = detail


class ProgressUnreadable(Exception):
    """A progress record that is not of a version known here."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"progress record not readable: {detail}")
        self.detail = detail


class UnknownStateFormat(Exception):
    """A changelog value whose header names no format known here."""

    def __init__(self, found: str | bytes | None) -> None:
        super().__init__(f"state value of unknown format {found!r}")
        self.found = found


class ProgressTimeout(Exception):
    """These partitions of the changelog could not be read to their end in time."""

    def __init__(self, changelog: str, partitions: Sequence[int], timeout_s: float) -> None:
        numbers = ", ".join(str(number) for number in partitions)
        super().__init__(f"partitions {numbers} of {changelog} not read within {timeout_s:g} s")
        self.changelog = changelog
        self.partitions = tuple(partitions)
        self.timeout_s = timeout_s


class TopicsTimeout(Exception):
    """The broker acknowledged these topics but did not show them in time."""

    def __init__(self, topics: Sequence[str], timeout_s: float) -> None:
        super().__init__(f"topics not visible within {timeout_s:g} s: {', '.join(topics)}")
        self.topics = tuple(topics)
        self.timeout_s = timeout_s
