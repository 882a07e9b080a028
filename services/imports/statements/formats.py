"""Every format of a statement file: how it is recognised, and its reader.

A new format is one file and one line in ``READERS``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

from services.imports.statements import structured
from services.imports.statements.camt import CamtReader
from services.imports.statements.draft import StatementDraft
from services.imports.statements.mt940 import Mt940Reader
from services.imports.statements.numbers import AmountError, to_minor
from services.imports.statements.ofx import OfxReader
from services.imports.statements.options import Corrections, Layout, StatementOptions
from services.imports.statements.qif import QifReader
from services.imports.statements.reasons import FileRefusedError, Problem, Reason
from services.imports.statements.sheet import DELIMITERS, CsvSheet, check_size, encoding_of, excel_sheets
from services.imports.statements.structured import JsonSheet
from services.imports.statements.table import TableReader, Tick

_SAMPLE_BYTES: Final = 8192


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be read, and all that is known about it."""

    path: Path
    options: StatementOptions
    layout: Layout
    tick: Tick = lambda rows, total: None
    corrections: Corrections = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a file holds. ``problems`` are rows that belong to none of the drafts."""

    format: str
    rows: int
    drafts: list[StatementDraft]
    problems: list[Problem] = field(default_factory=list)
    not_corrected: tuple[int, ...] = ()
    """Rows for which a report gave a right value that could not be put in its place."""


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
    """Excel's XML workbooks: every visible sheet that holds a table, the one with the most lines first.

    A problem of another sheet than the first with a table has the sheet's name before its column (``Feb!Debit``).
    """
    found: list[FileContent] = []
    refused: FileRefusedError | None = None
    lead = 0
    for name, sheet in excel_sheets(source.path, source.layout.sheet):
        place = f"{name}!" if found else ""
        corrections = _of_sheet(source.corrections, place)
        try:
            table = TableReader(sheet, source.options, source.layout, source.tick, corrections)
            table.debit_lead = lead
            content = _content("xlsx", table)
            lead = table.debit_lead
        except FileRefusedError as error:
            if error.problem.reason not in _NO_TABLE:
                raise
            refused = refused or error
            continue
        found.append(_placed(content, place))
    if not found:
        assert refused is not None
        raise refused
    drafts = [draft for content in found for draft in content.drafts]
    return FileContent(
        "xlsx",
        sum(content.rows for content in found),
        sorted(drafts, key=lambda draft: -len(draft.lines)),
        [problem for content in found for problem in content.problems],
    )


#: why a sheet is no statement, but a cover, a note or an empty form
_NO_TABLE: Final = frozenset({Reason.NO_HEADING, Reason.COLUMN_NOT_FOUND, Reason.NO_LINES})


def _of_sheet(corrections: Corrections, place: str) -> Corrections:
    """The right values of a sheet's rows, by the headings alone."""
    return {
        row: {column.removeprefix(place): cell for column, cell in cells.items() if column.startswith(place)}
        for row, cells in corrections.items()
    }


def _placed(content: FileContent, place: str) -> FileContent:
    """The content with the sheet's name before each problem's column."""
    for draft in content.drafts:
        draft.problems = [replace(problem, column=place + problem.column) for problem in draft.problems]
    problems = [replace(problem, column=place + problem.column) for problem in content.problems]
    return replace(content, problems=problems)


def _content(name: str, table: TableReader) -> FileContent:
    drafts = table.read()
    return FileContent(name, table.rows, drafts, table.problems)


def read_camt(source: Source) -> FileContent:
    """ISO 20022 camt.052, .053 and .054."""
    return _of_bank("camt", CamtReader(source.path), source)


def read_mt940(source: Source) -> FileContent:
    """SWIFT MT940 and MT942."""
    return _of_bank("mt940", Mt940Reader(source.path, source.layout.encoding, source.corrections), source)


def read_ofx(source: Source) -> FileContent:
    """OFX of either syntax."""
    return _of_bank("ofx", OfxReader(source.path), source)


def read_qif(source: Source) -> FileContent:
    """Quicken's format."""
    return _of_bank("qif", QifReader(source.path, source.layout, source.corrections), source)


def read_json(source: Source) -> FileContent:
    """JSON: canonical statement events, or objects with lines."""
    return _structured("json", structured.read_json(source.path), source)


def read_avro(source: Source) -> FileContent:
    """Avro container files of canonical statement events."""
    return _structured("avro", structured.read_avro(source.path), source)


class _BankReader(Protocol):
    rows: int
    drafts: list[StatementDraft]

    def read(self) -> None: ...


def _of_bank(name: str, reader: _BankReader, source: Source) -> FileContent:
    reader.read()
    source.tick(reader.rows, reader.rows)
    asked = source.options
    for draft in reader.drafts:
        draft.customer_id = asked.customer_id
        if asked.period is not None:
            draft.period_start, draft.period_end = asked.period
    if asked.opening is not None and len(reader.drafts) == 1:
        try:
            minor, side = to_minor(asked.opening, reader.drafts[0].currency, set())
        except AmountError as error:
            raise FileRefusedError(Reason.BAD_BALANCE, asked.opening) from error
        reader.drafts[0].opening_minor = -minor if side is None else minor * side.value
    return FileContent(name, reader.rows, reader.drafts)


def _structured(name: str, values: list[Any], source: Source) -> FileContent:
    content = FileContent(name, len(values), [])
    readable = [value for value in values if not isinstance(value, structured.Unreadable)]
    if readable and all(map(structured.is_event, readable)):
        for position, value in enumerate(values, start=1):
            made = structured.draft_of_event(position, value)
            if isinstance(made, Problem):
                content.problems.append(made)
            else:
                content.drafts.append(made)
        return content
    tables = values if all(structured.lines_of(value) is not None for value in values) else [values]
    rows = 0
    for table in tables:
        reader = TableReader(JsonSheet(table), source.options, source.layout, source.tick, source.corrections)
        content.drafts.extend(reader.read())
        content.problems.extend(reader.problems)
        rows += reader.rows
    return replace(content, rows=rows)


READERS: Final[dict[str, Reader]] = {
    "csv": read_csv,
    "xlsx": read_xlsx,
    "camt": read_camt,
    "mt940": read_mt940,
    "ofx": read_ofx,
    "qif": read_qif,
    "json": read_json,
    "avro": read_avro,
}
#: formats whose rows are mended by the column ``corrected`` of an error report
CORRECTED: Final = frozenset({"csv", "xlsx", "json", "mt940", "qif"})
#: what many programs write as .xls
_PAGE: Final = re.compile(
    rb"(?:<\?xml[^>]*>\s*)?(?:<!DOCTYPE html|<html|<head|<meta|<table|<style|<\?mso-application)", re.I
)
_MT940: Final = re.compile(rb"(?:^|\n)\s*(?:\{4:\s*)?:20:.*?\n\s*:(?:21|25|28C?|34F|13D?):", re.DOTALL)


def format_of(path: Path) -> str:
    """The format of a file, from its first bytes alone: names of files lie. Raises ``FileRefusedError``."""
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE_BYTES)
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        why = "save it as .xlsx: it has a password or is older than 2007"
        raise FileRefusedError(Reason.UNREADABLE, why, format="Excel")
    if head.startswith((b"%PDF", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8")):
        raise FileRefusedError(Reason.UNKNOWN_FORMAT, ", ".join(READERS))
    if head.startswith(b"Obj\x01"):
        return "avro"
    text = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if _PAGE.match(text):
        raise FileRefusedError(Reason.UNREADABLE, "it is a web page; save it as .xlsx", format="Excel")
    if text.startswith(b"OFXHEADER") or b"<OFX>" in text or b"<?OFX" in text:
        return "ofx"
    if text.startswith(b"<"):
        return "camt"
    if text.startswith((b"{1:", b":20:")) or _MT940.search(text.replace(b"\r", b"")):
        return "mt940"
    if text[:6].lower() in (b"!type:", b"!accou", b"!optio"):
        return "qif"
    return "json" if text.startswith((b"{", b"[")) else "csv"


def read_file(source: Source) -> FileContent:
    """Read a statement file of any format. Raises ``FileRefusedError``, and ``OSError`` if it is not there."""
    check_size(source.path)
    name = source.options.format or format_of(source.path)
    reader = READERS.get(name)
    if reader is None:
        raise FileRefusedError(Reason.UNKNOWN_FORMAT, ", ".join(READERS))
    return reader(source)
