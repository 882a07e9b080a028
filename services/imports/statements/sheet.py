"""CSV and Excel files as rows of cells that can be read more than once, in bounded memory.

CSV is read from the disk on each pass. Excel is read by calamine (Rust), which keeps the one sheet in a compact
form (65 MB for 200,000 rows of seven cells, measured) after ``xlsx_guard`` has found that it is bounded.

Invariants: a row's number is what an editor or Excel shows; a cell is text, an exact decimal or a date, never a
float; nothing in a cell is executed or looked up.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import python_calamine

from services.imports.statements.reasons import FileRefusedError, Reason
from services.imports.statements.xlsx_guard import check_xlsx

Cell: TypeAlias = str | Decimal | dt.date
Row: TypeAlias = tuple[int, list[Cell]]

FILE_BYTES_MAX: Final = 256 * 1024 * 1024
#: of formats that are read at once
WHOLE_BYTES_MAX: Final = 64 * 1024 * 1024
ROWS_MAX: Final = 1_048_576
COLUMNS_MAX: Final = 500
CELL_CHARACTERS_MAX: Final = 32_767
DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLE_BYTES: Final = 1024 * 1024
#: GB 2312 characters: two bytes, both with the high bit
_GB_PAIR: Final = re.compile(rb"[\xa1-\xf7][\xa1-\xfe]")
_HIGH: Final = re.compile(rb"[\x80-\xff]")


class Sheet(Protocol):
    """Rows of cells. ``rows`` may be called again and begins anew; ``height`` is their number, if it is known."""

    @property
    def height(self) -> int | None: ...

    @property
    def ragged(self) -> bool:
        """Whether a mark within a value can cut it into two cells."""
        ...

    def rows(self) -> Iterator[Row | tuple[int, str]]:
        """(row number, its cells), or (row number, why the row cannot be read)."""
        ...


def check_size(path: Path, limit_bytes: int = FILE_BYTES_MAX) -> None:
    """Raises ``FileRefusedError`` for a file that is empty or larger than the limit of its format."""
    size = path.stat().st_size
    if size == 0:
        raise FileRefusedError(Reason.EMPTY_FILE)
    if size > limit_bytes:
        limit = f"{limit_bytes // 2**20} MiB"
        raise FileRefusedError(Reason.TOO_LARGE, f"{size // 2**20} MiB", limit=limit)


def check_rows(count: int) -> None:
    """Raises ``FileRefusedError`` for more rows or entries than a sheet can have."""
    if count > ROWS_MAX:
        raise FileRefusedError(Reason.TOO_LARGE, f"more than {ROWS_MAX} rows", limit=f"{ROWS_MAX} rows")


def encoding_of(path: Path) -> str:
    """UTF-8, UTF-16, GB18030 or Latin-1 (as Windows-1252 extends it), from a file's mark or its bytes."""
    utf8 = codecs.getincrementaldecoder("utf-8")()
    is_utf8, pairs, high = True, 0, 0
    with path.open("rb") as stream:
        head = stream.read(4)
        if head.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if len(head) == 4 and b"\0" in head:
            return "utf-16-le" if head[1] == 0 else "utf-16-be"
        stream.seek(0)
        while piece := stream.read(_SAMPLE_BYTES):
            if is_utf8:
                try:
                    utf8.decode(piece)
                except UnicodeDecodeError:
                    is_utf8 = False
            pairs += len(_GB_PAIR.findall(piece))
            high += len(_HIGH.findall(piece))
    if is_utf8:
        try:
            utf8.decode(b"", final=True)
        except UnicodeDecodeError:
            pass
        else:
            return "utf-8"
    # Chinese text is pairs of high bytes; an accent among Latin letters stands alone
    return "gb18030" if 4 * pairs >= high else "cp1252"


@dataclass(frozen=True, slots=True)
class CsvSheet:
    """A delimited text file."""

    path: Path
    encoding: str
    delimiter: str

    @property
    def height(self) -> int | None:
        """Not known before the file is read."""
        return None

    @property
    def ragged(self) -> bool:
        """See ``Sheet``."""
        return True

    def rows(self) -> Iterator[Row | tuple[int, str]]:
        """See ``Sheet``. A letter that the encoding does not have becomes U+FFFD."""
        with io.TextIOWrapper(self.path.open("rb"), self.encoding, errors="replace", newline="") as stream:
            lines = (line.replace("\0", "") for line in stream)
            # strict: an open quotation mark would swallow the rows behind it without a word
            reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
            while True:
                first = reader.line_num + 1
                check_rows(first)
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield first, f"rows {first} to {reader.line_num}, {error}"
                    continue
                if len(cells) > COLUMNS_MAX or any(len(cell) > CELL_CHARACTERS_MAX for cell in cells):
                    yield (
                        first,
                        f"more than {COLUMNS_MAX} cells, or a cell of more than {CELL_CHARACTERS_MAX} letters",
                    )
                    continue
                row: list[Cell] = [_unguarded(cell) if cell[:1] in ("=", "'") else cell for cell in cells]
                yield first, row


def _unguarded(cell: str) -> str:
    """``="0012"`` and ``'0012``, by which programs keep a spreadsheet from reading a number, as the text they mean."""
    if cell.startswith('="') and cell.endswith('"') and len(cell) > 2:
        return cell[2:-1].replace('""', '"')
    return cell.removeprefix("'")


class ExcelSheet:
    """One sheet of an Excel workbook."""

    def __init__(self, sheet: python_calamine.CalamineSheet) -> None:
        self._sheet = sheet
        self._first_row = (sheet.start or (0, 0))[0] + 1

    @property
    def height(self) -> int | None:
        """See ``Sheet``."""
        return self._sheet.height

    @property
    def ragged(self) -> bool:
        """See ``Sheet``."""
        return False

    def rows(self) -> Iterator[Row | tuple[int, str]]:
        """See ``Sheet``."""
        for number, cells in enumerate(self._sheet.iter_rows(), start=self._first_row):
            yield number, [_cell(value) for value in cells]


def open_excel(path: Path, sheet_name: str | None) -> ExcelSheet:
    """The named sheet, or the visible one with the most rows. Raises ``FileRefusedError``."""
    return max(excel_sheets(path, sheet_name), key=lambda named: named[1].height or 0)[1]


def excel_sheets(path: Path, sheet_name: str | None) -> Iterator[tuple[str, ExcelSheet]]:
    """The named sheet, or the visible ones one after the other, each with its name; at least one.

    Raises ``FileRefusedError``.
    """
    check_xlsx(path)
    try:
        with python_calamine.CalamineWorkbook.from_path(path) as workbook:
            if sheet_name is not None:
                if sheet_name not in workbook.sheet_names:
                    raise FileRefusedError(
                        Reason.UNREADABLE, f"there is no sheet {sheet_name}", format="Excel"
                    )
                names = [sheet_name]
            else:
                names = [
                    sheet.name
                    for sheet in workbook.sheets_metadata
                    if sheet.visible == python_calamine.SheetVisibleEnum.Visible
                    and sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
                ]
            if not names:
                raise FileRefusedError(Reason.UNREADABLE, "it has no visible sheet", format="Excel")
            if len(names) > _SHEETS_MAX:
                limit = f"{_SHEETS_MAX} sheets"
                raise FileRefusedError(Reason.TOO_LARGE, f"{len(names)} sheets", limit=limit)
            for name in names:
                yield name, ExcelSheet(workbook.get_sheet_by_name(name))
    except python_calamine.PasswordError as error:
        raise FileRefusedError(Reason.PASSWORD) from error
    except python_calamine.CalamineError as error:
        raise FileRefusedError(Reason.UNREADABLE, str(error), format="Excel") from error


_SHEETS_MAX: Final = 200


def text_of(cell: Cell) -> str:
    """A cell as text: whole numbers without a fraction, dates in ISO form."""
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return cell.isoformat() if isinstance(cell, dt.date) else cell.strip()


def texts_of(cells: Sequence[Cell]) -> list[str]:
    return [text_of(cell) for cell in cells]


def _cell(value: object) -> Cell:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        # a spreadsheet calculates with 15 digits: what it shows as 0.3 it may keep as 0.30000000000000004
        number = Decimal(f"{value:.15g}")
        return (
            Decimal(int(number)) if number == number.to_integral_value() and abs(number) < 10**15 else number
        )
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return str(value).upper() if isinstance(value, bool) else str(value)
