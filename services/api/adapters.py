"""The API's ports, filled with the import and the report service; their failures become problems here."""

from __future__ import annotations

import csv
import datetime as dt
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
import sqlalchemy as sa

from domain.statements import PeriodUnreadableError, StatementDoesNotProveError, parse_period
from schemas.codec import Codec
from services.api.ports import (
    ComparisonRequest,
    Correction,
    FileAnswer,
    FileUpload,
    Publication,
    RefusedEvent,
    RejectedRow,
    StatementDocument,
    StatementRequest,
)
from services.api.problems import ProblemCode, ProblemError
from services.imports.canonical import LineError
from services.imports.errors import DeliveryFailedError, OptionUnreadableError, SourceUnreadableError
from services.imports.kinds import find_import
from services.imports.publisher import Publisher, publish, read_events
from services.imports.statements.reasons import FileRefusedError
from services.imports.summary import Options, Targets
from services.reports.comparisons.service import write_comparisons
from services.reports.document import Letterhead
from services.reports.errors import NothingToCompareError, NothingToStateError
from services.reports.service import issue_statement

#: rejected rows that an answer names one by one
_NAMED_ROWS: Final = 1000


@dataclass(frozen=True, slots=True)
class EventPublisher:
    """``ApiDependencies.publish``: one producer per request, since producers are not for several threads."""

    bootstrap_servers: str
    codec: Codec
    delivery_timeout_s: int = 10

    def __call__(self, lines: BinaryIO) -> Publication:
        """Blocks until Kafka has the events. Raises ``ProblemError``."""
        refused: list[RefusedEvent] = []

        def refuse(error: LineError) -> None:
            refused.append(RefusedEvent(error.line_no, str(error.reason), error.detail))

        try:
            with Publisher(
                self.bootstrap_servers, self.codec, delivery_timeout_s=self.delivery_timeout_s
            ) as publisher:
                done = publish(read_events(lines), publisher, on_error=refuse)
        except DeliveryFailedError as error:
            raise ProblemError(
                ProblemCode.KAFKA_UNAVAILABLE, str(error), delivered=error.receipt.delivered
            ) from error
        return Publication(done.receipt.delivered, refused)


@dataclass(frozen=True, slots=True)
class FileImporter:
    """``ApiDependencies.import_file``: the import of the command line, on a file of its own for each request."""

    bootstrap_servers: str
    codec: Codec
    engine: sa.Engine
    delivery_timeout_s: int = 30

    def __call__(self, upload: FileUpload) -> FileAnswer:
        """Blocks until Kafka has what the file brought. Raises ``ProblemError``."""
        with tempfile.TemporaryDirectory(prefix="tieout-upload-") as folder:
            # a name of the caller's own is only ever a file's name, never a path
            path = Path(folder) / (re.sub(r"[^\w.\- ]", "_", upload.filename).strip(". ") or "upload")
            path.write_bytes(upload.content)
            options = Options(
                statement=msgspec.structs.replace(
                    upload.statement, corrections=_written(upload.corrections, Path(folder, "corrections"))
                ),
                hold_incomplete=upload.hold_incomplete,
            )
            try:
                summary = find_import(upload.kind)(path, self._targets(), options, None)
            except FileRefusedError as error:
                detail = error.problem.sentence(upload.language)
                raise ProblemError(ProblemCode.FILE_REFUSED, detail, reason=error.problem.reason) from error
            except OptionUnreadableError as error:
                raise ProblemError(ProblemCode.INVALID_PARAMETER, str(error)) from error
            except SourceUnreadableError as error:  # without the path, which is of this machine
                raise ProblemError(ProblemCode.FILE_REFUSED, error.reason, reason="UNREADABLE") from error
            except DeliveryFailedError as error:
                raise ProblemError(
                    ProblemCode.KAFKA_UNAVAILABLE, str(error), delivered=error.receipt.delivered
                ) from error
            rejections = [] if summary.report is None else _rejected_rows(summary.report, upload.language)
        notes = tuple(note.sentence(upload.language) for note in summary.notes)
        return FileAnswer(summary.kind, summary.rows, summary.accepted, summary.rejected, rejections, notes)

    def _targets(self) -> Targets:
        return Targets(
            publisher=lambda: Publisher(
                self.bootstrap_servers, self.codec, delivery_timeout_s=self.delivery_timeout_s
            ),
            engine=lambda: self.engine,
        )


def _written(corrections: Sequence[Correction], folder: Path) -> str | None:
    """The corrections as the error report that the import reads; in a folder of its own, so as to be no upload."""
    if not corrections:
        return None
    folder.mkdir()
    report = folder / "report.csv"
    with report.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(("row", "column", "corrected"))
        table.writerows((one.row, one.column, one.corrected) for one in corrections)
    return str(report)


def _rejected_rows(report: Path, language: str) -> list[RejectedRow]:
    with report.open(encoding="utf-8-sig", newline="") as stream:
        return [
            RejectedRow(
                int(row["row"]),
                row.get("column", ""),
                row.get("value") or row.get("excerpt", ""),
                row["reason"],
                row.get("detail_zh" if language == "zh" else "detail") or row["detail"],
                row["document_no"],
            )
            for row in islice(csv.DictReader(stream), _NAMED_ROWS)
        ]


@dataclass(frozen=True, slots=True)
class ComparisonWriter:
    """``ApiDependencies.comparison``."""

    engine: sa.Engine
    letterhead: Letterhead

    def __call__(self, request: ComparisonRequest) -> StatementDocument:
        """Blocks for database and layout. Raises ``ProblemError``."""
        try:
            written = write_comparisons(
                self.engine,
                request.customer_id,
                request.currency,
                request.statement_id,
                None if request.period is None else parse_period(request.period),
                request.language,
                request.format,
                letterhead=self.letterhead,
            )
        except PeriodUnreadableError as error:
            raise ProblemError(ProblemCode.INVALID_PARAMETER, str(error)) from error
        except NothingToCompareError as error:
            raise ProblemError(ProblemCode.UNKNOWN_CUSTOMER, str(error)) from error
        return StatementDocument(written.content, written.media_type, written.filename)


@dataclass(frozen=True, slots=True)
class StatementIssuer:
    """``ApiDependencies.statement``."""

    engine: sa.Engine
    letterhead: Letterhead
    clock: Callable[[], dt.datetime]

    def __call__(self, request: StatementRequest) -> StatementDocument:
        """Blocks for database and layout. Raises ``ProblemError``."""
        try:
            issued = issue_statement(
                self.engine,
                request.customer_id,
                request.currency,
                parse_period(request.period),
                request.language,
                request.format,
                self.clock(),
                letterhead=self.letterhead,
            )
        except PeriodUnreadableError as error:
            raise ProblemError(ProblemCode.INVALID_PARAMETER, str(error)) from error
        except NothingToStateError as error:
            raise ProblemError(ProblemCode.UNKNOWN_CUSTOMER, str(error)) from error
        except StatementDoesNotProveError as error:
            raise ProblemError(ProblemCode.STATEMENT_DOES_NOT_PROVE, str(error)) from error
        return StatementDocument(issued.content, issued.media_type, issued.filename)
