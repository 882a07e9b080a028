"""JSON and Avro: canonical statement events, or any object with lines, whose names are known as headings are.

``{"customer_id": …, "currency": …, "opening_balance": "0.00", "lines": [{"date": …, "document_no": …, "debit": …}]}``;
a list of such objects; or canonical events (``customer_statement.*``), one, a list, one a line, or an Avro
container file. Numbers with a fraction are read as decimals.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, Final

import fastavro
import msgspec

from domain.events import CustomerStatementEvent
from services.imports.canonical import PartyError, with_party
from services.imports.statements.avro_guard import check_avro
from services.imports.statements.draft import DraftLine, StatementDraft, View
from services.imports.statements.reasons import FileRefusedError, Problem, Reason
from services.imports.statements.sheet import COLUMNS_MAX, WHOLE_BYTES_MAX, Cell, Row, check_size, encoding_of

RECORDS_MAX: Final = 250_000
_decoder: Final = msgspec.json.Decoder(float_hook=Decimal)


def read_json(path: Path) -> list[Any]:
    """The objects of a file: of a list, of lines, or the only one. A line that is no JSON is an ``Unreadable``.

    Raises ``FileRefusedError``.
    """
    check_size(path, WHOLE_BYTES_MAX)
    try:
        text = path.read_bytes().decode(encoding_of(path)).removeprefix("\ufeff")
        try:
            decoded = _decoder.decode(text)
        except msgspec.DecodeError as error:
            lines = [_line(line) for line in text.splitlines() if line.strip()]
            if sum(not isinstance(line, Unreadable) for line in lines) < 2:  # one damaged document
                raise error from None
            return lines
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FileRefusedError(Reason.UNREADABLE, str(error), format="JSON") from error
    return decoded if isinstance(decoded, list) else [decoded]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line of a file that is no JSON."""

    why: str


def _line(text: str) -> Any:
    try:
        found = _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        return Unreadable(str(error))
    return found if isinstance(found, Mapping) else Unreadable("it is no object")


def read_avro(path: Path) -> list[Any]:
    """The records of an Avro object container file. Raises ``FileRefusedError``."""
    try:
        check_avro(path, WHOLE_BYTES_MAX)
        with path.open("rb") as stream:
            records = list(islice(fastavro.reader(stream), RECORDS_MAX + 1))
    except FileRefusedError:
        raise
    except Exception as error:  # these are anybody's bytes, and the decoder fails on them in many ways
        raise FileRefusedError(Reason.UNREADABLE, f"{type(error).__name__} {error}", format="Avro") from error
    if len(records) > RECORDS_MAX:
        limit = f"{RECORDS_MAX} records"
        raise FileRefusedError(Reason.TOO_LARGE, f"more than {RECORDS_MAX} records", limit=limit)
    return records


def is_event(value: Any) -> bool:
    """Whether an object is a canonical statement event."""
    kinds = ("customer_statement.", "supplier_statement.")
    return isinstance(value, Mapping) and str(value.get("event_type", "")).startswith(kinds)


def draft_of_event(position: int, value: Mapping[str, Any] | Unreadable) -> StatementDraft | Problem:
    """A canonical event as a draft, in our view already."""
    if isinstance(value, Unreadable):
        return Problem(position, Reason.BAD_ROW, value=value.why)
    try:
        event = msgspec.convert(
            {
                name: given
                for name, given in with_party(value).items()
                if name in CustomerStatementEvent.__struct_fields__
            },
            CustomerStatementEvent,
        )
    except (msgspec.ValidationError, PartyError) as error:
        return Problem(
            position, Reason.BAD_ROW, value=str(error), document_no=str(value.get("statement_id", ""))
        )
    if (wrong := _wrong_in(event)) is not None:
        return Problem(position, Reason.BAD_ROW, value=wrong, document_no=event.statement_id)
    draft = StatementDraft(event.customer_id, event.currency, statement_no=event.statement_id, view=View.OURS)
    if event.line_count != len(event.lines):
        counted = f"{len(event.lines)} lines, and line_count says {event.line_count}"
        draft.problems.append(Problem(position, Reason.BAD_ROW, "line_count", counted, event.statement_id))
    draft.period_start, draft.period_end = event.period_start, event.period_end
    draft.opening_minor, draft.closing_minor = event.opening_balance_minor, event.closing_balance_minor
    draft.total_debit_minor, draft.total_credit_minor = event.total_debit_minor, event.total_credit_minor
    draft.lines = [
        DraftLine(
            line.line_no,
            line.date,
            line.document_no,
            line.debit_minor - line.credit_minor,
            line.running_balance_minor,
            line.their_reference,
        )
        for line in event.lines
    ]
    return draft


def _wrong_in(event: CustomerStatementEvent) -> str | None:
    """What an import would not say as the event says it."""
    if event.event_type.endswith(".withdrawn"):
        return (
            "it withdraws a statement: send it by `tieout publish`, or import the statement with --withdraw"
        )
    if any(min(line.debit_minor, line.credit_minor) < 0 for line in event.lines):
        return "debit_minor or credit_minor is negative"
    return None


@dataclass(frozen=True, slots=True)
class JsonSheet:
    """An object with lines, or a list of lines, as a table: names are headings. A row is a line's number."""

    value: Any

    @property
    def height(self) -> int | None:
        """See ``sheet.Sheet``."""
        return None

    @property
    def ragged(self) -> bool:
        """See ``sheet.Sheet``."""
        return False

    def rows(self) -> Iterator[Row | tuple[int, str]]:
        """See ``sheet.Sheet``. What is said beside the lines stands in rows above them, numbered below 0."""
        said: dict[str, Any] = {}
        lines = self.value
        if isinstance(self.value, Mapping):
            said = {name: given for name, given in self.value.items() if not isinstance(given, list | dict)}
            lines = lines_of(self.value) or []
        names: dict[str, None] = {}
        for line in lines:
            if isinstance(line, Mapping):
                names.update(dict.fromkeys(map(str, line)))
        headings = list(names)[:COLUMNS_MAX] or ["date", "debit", "credit"]
        for at, (name, given) in enumerate(said.items()):
            yield at - len(said), [name, _cell(given)]
        title: list[Cell] = [*headings]
        yield 0, title
        for number, line in enumerate(lines, start=1):
            if isinstance(line, Mapping):
                yield number, [_cell(line.get(name)) for name in headings]
            else:
                yield number, line.why if isinstance(line, Unreadable) else "it is no object"


def lines_of(value: Any) -> list[Any] | None:
    """The lines of an object: what is called so, else its first list of objects, else its first list."""
    if not isinstance(value, Mapping):
        return None
    lists = [given for given in value.values() if isinstance(given, list)]
    of_objects = [given for given in lists if any(isinstance(one, Mapping) for one in given)]
    named = value.get("lines")
    return named if isinstance(named, list) else next(iter(of_objects or lists), None)


def _cell(value: Any) -> Cell:
    if value is None:
        return ""
    if isinstance(value, str | Decimal):
        return value
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return str(value)
