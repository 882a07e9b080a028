"""The error report of an import: every row that was left out, with its place and the reason, as CSV.

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
from typing import Final, Self, TextIO

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
    """Writes rejections to a CSV file as they come; a context manager. Raises ``OSError`` if it cannot."""

    def __init__(self, source: Path, path: Path | None = None, columns: Sequence[str] = COLUMNS) -> None:
        self._source = source
        self._columns = columns
        self._path = path or report_path(source)
        self._file: TextIO | None = None
        self._counts: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def path(self) -> Path | None:
        """The file, or ``None`` while nothing was rejected."""
        return self._path if self._counts else None

    @property
    def counts(self) -> Mapping[str, int]:
        return dict(self._counts)

    def add(self, rejection: Rejection) -> None:
        if self._file is None:
            # utf-8-sig: spreadsheets take a file without the mark for Latin-1
            self._file = self._path.open("w", encoding="utf-8-sig", newline="")
            csv.writer(self._file).writerow(self._columns)
        self._counts[rejection.reason] += 1
        cells = {
            "file": self._source.name,
            "row": str(rejection.row),
            "column": _cell(rejection.column),
            "value": _cell(rejection.value),
            "corrected": "",
            "reason": rejection.reason,
            "detail": _cell(rejection.detail),
            "detail_zh": _cell(rejection.detail_zh),
            "document_no": _cell(rejection.document_no),
            "excerpt": _cell(rejection.excerpt),
        }
        csv.writer(self._file).writerow([cells[column] for column in self._columns])


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
