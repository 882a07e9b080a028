"""The error report of an import: every row that was left out, with its place and the reason, as CSV or Excel.

Why: a person must be able to mend the source and import it again, so each row names the file, the row (the
line number that an editor shows), and a stable reason. The report stands beside the source as
``<source name>.rejected.csv``; one of an earlier run is replaced, and removed when nothing is rejected now.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import xlsxwriter

COLUMNS: Final = ("file", "row", "reason", "detail", "document_no", "excerpt")
#: of statement files: the cell, the sentence in Chinese, and room for the right value (``--corrections``)
CELL_COLUMNS: Final = (
    "file", "row", "column", "value", "corrected", "reason", "detail", "detail_zh", "document_no"
)  # fmt: skip
#: a cell that begins so is taken for a formula by spreadsheets; people open this report in one
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Rejection:
    """One row left out. ``row`` counts lines from 1, headings included."""

    row: int
    reason: str
    detail: str
    document_no: str = ""
    excerpt: str = ""
    column: str = ""
    value: str = ""
    detail_zh: str = ""


def report_path(source: Path) -> Path:
    """Where the report of ``source`` is written by default."""
    return source.with_name(f"{source.name}.rejected.csv")


class RejectionReport:
    """Writes rejections to a file as they come, to Excel if ``path`` ends so; a context manager.

    Raises ``OSError`` if it cannot.
    """

    def __init__(self, source: Path, path: Path | None = None, columns: Sequence[str] = COLUMNS) -> None:
        self._source = source
        self._columns = columns
        self._path = path or report_path(source)
        self._table: _CsvTable | _ExcelTable | None = None
        self._counts: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._table is not None:
            self._table.close()

    @property
    def path(self) -> Path | None:
        """The file, or ``None`` while nothing was rejected."""
        return self._path if self._counts else None

    @property
    def counts(self) -> Mapping[str, int]:
        return dict(self._counts)

    def add(self, rejection: Rejection) -> None:
        if self._table is None:
            excel = self._path.suffix.lower() == ".xlsx"
            self._table = _ExcelTable(self._path) if excel else _CsvTable(self._path)
            self._table.write(self._columns)
        self._counts[rejection.reason] += 1
        cells = {
            "file": self._source.name,
            "row": str(rejection.row),
            "column": rejection.column,
            "value": rejection.value,
            "corrected": "",
            "reason": rejection.reason,
            "detail": rejection.detail,
            "detail_zh": rejection.detail_zh,
            "document_no": rejection.document_no,
            "excerpt": rejection.excerpt,
        }
        self._table.write([cells[column] for column in self._columns])


class _CsvTable:
    def __init__(self, path: Path) -> None:
        # utf-8-sig: spreadsheets take a file without the mark for Latin-1
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)

    def write(self, cells: Sequence[str]) -> None:
        self._writer.writerow([_cell(text) for text in cells])

    def close(self) -> None:
        self._file.close()


class _ExcelTable:
    """Row by row to the disk; every cell is text, so that nothing in it is a formula or a link."""

    def __init__(self, path: Path) -> None:
        self._book = xlsxwriter.Workbook(path, {"constant_memory": True})
        self._sheet = self._book.add_worksheet()
        self._rows = 0

    def write(self, cells: Sequence[str]) -> None:
        for at, text in enumerate(cells):
            self._sheet.write_string(self._rows, at, text)
        self._rows += 1

    def close(self) -> None:
        self._book.close()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
