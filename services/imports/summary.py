"""What an import is told, where it may write, and what it says became of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from services.imports.errors import Receipt
from services.imports.notes import Note
from services.imports.publisher import Publisher
from services.imports.statements.options import StatementOptions


@dataclass(frozen=True, slots=True)
class Options:
    """What people may say about an import; each kind reads what concerns it."""

    anonymous_account: str | None = None
    """Book rows without a customer on this account, instead of reporting them."""
    hold_incomplete: bool = False
    """Hold a document back of which a row cannot be read, instead of booking the rest of it."""
    source_version: int = 1
    """Above 1: the documents of a mended file replace those of the version before."""
    after_line: int = 0
    """Resume behind this line or document."""
    statement: StatementOptions = field(default_factory=StatementOptions)
    """Of statement files."""
    report: Path | None = None
    """Where the error report goes; by default ``<file name>.rejected.csv`` beside the file."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Where an import may write. Each kind uses one of them."""

    publisher: Callable[[], Publisher]
    engine: Callable[[], sa.Engine]


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of a file. ``receipt`` is ``None`` for master data, which no stream has to work through."""

    kind: str
    rows: int
    accepted: Mapping[str, int]
    rejected: Mapping[str, int] = field(default_factory=dict)
    report: Path | None = None
    receipt: Receipt | None = None
    notes: tuple[Note, ...] = ()
    left_out: frozenset[str] = frozenset()
    """Reasons of rows that the format is known for and that are no damage (anonymous sales)."""

    @property
    def damaged(self) -> int:
        """Rows that could not be taken in and should have been."""
        return sum(count for reason, count in self.rejected.items() if reason not in self.left_out)
