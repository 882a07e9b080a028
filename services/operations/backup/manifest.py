"""The manifest: what a backup holds, where it was cut, and the digest that its books must have again.

Written last, so that a folder without it is no backup. Every file is named with its size and SHA-256, the manifest
itself is covered by ``manifest.json.sha256`` (readable by ``sha256sum --check``).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from services.operations.backup.errors import BackupDamaged, NoBackup

FORMAT: Final = 1
NAME: Final = "manifest.json"
SUM_NAME: Final = "manifest.json.sha256"
_CHUNK_BYTES: Final = 1024 * 1024


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the backup; ``path`` is relative to its folder."""

    path: str
    size_bytes: int
    sha256: str


class PartitionBackup(msgspec.Struct, frozen=True, kw_only=True):
    """Records of one input partition, from ``start`` to before ``end`` (offsets of the origin)."""

    topic: str
    partition: int
    start: int
    end: int
    records: int
    file: StoredFile


class TableBackup(msgspec.Struct, frozen=True, kw_only=True):
    table: str
    rows: int
    file: StoredFile


class SchemaBackup(msgspec.Struct, frozen=True, kw_only=True):
    """A schema id that records carry; ``None`` where the registry of the origin did not know it either."""

    id: int
    subject: str | None
    schema_json: str | None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """``followers``: services that keep a place in a result topic, by name, with these topics."""

    format: int = FORMAT
    taken_at: dt.datetime
    revision: str
    partition_count: int
    rules: dict[str, Any]
    digest: str
    counts: dict[str, int]
    partitions: list[PartitionBackup]
    tables: list[TableBackup]
    schemas: list[SchemaBackup]
    followers: dict[str, list[str]]

    @property
    def records(self) -> int:
        return sum(partition.records for partition in self.partitions)

    def files(self) -> Iterator[StoredFile]:
        yield from (partition.file for partition in self.partitions)
        yield from (table.file for table in self.tables)


def describe(folder: Path, path: Path) -> StoredFile:
    """Size and checksum of a finished file, after bringing it to the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return StoredFile(
        path=path.relative_to(folder).as_posix(), size_bytes=path.stat().st_size, sha256=_sha256(path)
    )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest and its checksum, durably."""
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    total = f"{hashlib.sha256(data).hexdigest()}  {NAME}\n".encode()
    for name, content in ((NAME, data), (SUM_NAME, total)):
        with (folder / name).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup whose every file was checked. Raises ``NoBackup`` and ``BackupDamaged``."""
    try:
        data = (folder / NAME).read_bytes()
        stated = (folder / SUM_NAME).read_text().split()[:1]
    except OSError as error:
        raise NoBackup(folder, f"{Path(str(error.filename)).name}: {error.strerror}") from error
    if stated != [hashlib.sha256(data).hexdigest()]:
        raise BackupDamaged([f"{NAME} does not have the checksum in {SUM_NAME}"])
    known = msgspec.json.decode(data).get("format")
    if known != FORMAT:
        raise NoBackup(folder, f"its format is {known}, this version reads {FORMAT}")
    manifest = msgspec.json.decode(data, type=Manifest)
    problems = [problem for file in manifest.files() if (problem := _problem(folder, file)) is not None]
    if problems:
        raise BackupDamaged(problems)
    return manifest


def _problem(folder: Path, file: StoredFile) -> str | None:
    path = folder / file.path
    if not path.is_file():
        return f"{file.path} is missing"
    if path.stat().st_size != file.size_bytes:
        return f"{file.path} has {path.stat().st_size} bytes, not {file.size_bytes}"
    return None if _sha256(path) == file.sha256 else f"{file.path} has another checksum"


def _sha256(path: Path) -> str:
    total = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            total.update(chunk)
    return total.hexdigest()
