"""Every format of a statement file: how it is recognised, and its reader.

A new format is one file and one line in ``READERS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from services.imports.statements.draft import StatementDraft
from services.imports.statements.options import Layout, StatementOptions
from services.imports.statements.reasons import FileRefusedError, Problem, Reason
from services.imports.statements.sheet import DELIMITERS, CsvSheet, check_size, encoding_of, open_excel
from services.imports.statements.table import Corrections, TableReader, Tick

_SAMPLE_BYTES: Final = 8192


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be read, and all that is known about it."""

    path: Path
    options: StatementOptions
    layout: Layout
    tick: Tick = lambda rows: None
    corrections: Corrections = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a file holds. ``problems`` are rows that belong to none of the drafts."""

    format: str
    rows: int
    drafts: list[StatementDraft]
    problems: list[Problem] = field(default_factory=list)


Reader = Callable[[Source], FileContent]


def read_csv(source: Source) -> FileContent:
    """Delimited text. The delimiter is the one under which the headings name the most fields."""
    encoding = source.layout.encoding or encoding_of(source.path)
    best: TableReader | None = None
    refused: FileRefusedError | None = None
    for delimiter in DELIMITERS:
        try:
            sheet = CsvSheet(source.path, encoding, delimiter)
            table = TableReader(sheet, source.options, source.layout, source.tick, source.corrections)
        except (FileRefusedError, UnicodeError, LookupError) as error:
            if isinstance(error, FileRefusedError):
                if refused is None or error.problem.reason is not Reason.NO_HEADING:
                    refused = error
                continue
            raise FileRefusedError(Reason.UNREADABLE, str(error), format="CSV") from error
        if best is None or table.fields > best.fields:
            best = table
    if best is None:
        assert refused is not None
        raise refused
    return _content("csv", best)


def read_xlsx(source: Source) -> FileContent:
    """Excel's XML workbooks."""
    sheet = open_excel(source.path, source.layout.sheet)
    return _content(
        "xlsx", TableReader(sheet, source.options, source.layout, source.tick, source.corrections)
    )


def _content(name: str, table: TableReader) -> FileContent:
    drafts = table.read()
    return FileContent(name, table.rows, drafts, table.problems)


READERS: Final[dict[str, Reader]] = {
    "csv": read_csv,
    "xlsx": read_xlsx,
}


def format_of(path: Path) -> str:
    """The format of a file, from its first bytes alone: names of files lie. Raises ``FileRefusedError``."""
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE_BYTES)
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileRefusedError(
            Reason.UNREADABLE,
            "it is a workbook with a password or of Excel before 2007; save it as .xlsx",
            format="Excel",
        )
    if head.startswith((b"%PDF", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8")):
        raise FileRefusedError(Reason.UNKNOWN_FORMAT, ", ".join(READERS))
    return "csv"


def read_file(source: Source) -> FileContent:
    """Read a statement file of any format. Raises ``FileRefusedError``, and ``OSError`` if it is not there."""
    check_size(source.path)
    name = source.options.format or format_of(source.path)
    reader = READERS.get(name)
    if reader is None:
        raise FileRefusedError(Reason.UNKNOWN_FORMAT, ", ".join(READERS))
    return reader(source)
