"""Reads the Online Retail files (UCI, D. Chen et al. 2012): invoice lines of a UK shop, into documents.

How a file becomes events, all of it deterministic so that a second import changes nothing:

* One document per (``InvoiceNo``, customer), wherever in the file its lines stand. Its date is the earliest
  of its lines' ``InvoiceDate``, read as London time. ``CustomerID`` ``17850.0`` is customer ``17850``.
* Its amount is the exact decimal sum of ``Quantity`` × ``UnitPrice``, rounded **once** to pence, half to
  even. Documents that the rounding touched are listed with their rows; in the published half-year this is
  one (a unit price of 0.001).
* Sign rule: ``C...`` numbers are credit notes, all others invoices, and a document of zero is legal. Where
  the sign of the sum contradicts the number, the sign decides, and ``metadata.sign_rule`` says so.
* A credit note names no original: the file does not say which invoice a cancellation belongs to.
* Rows without a customer go to the error report (``MISSING_CUSTOMER``), or all to one account if the caller
  names it. A row that cannot be read is left out and reported; its document then says in
  ``metadata.rows_left_out`` how many it lacks, or is held back whole with ``hold_incomplete``.
* Nothing of the file's name or row numbers enters an event: the same line in another file is the same event.
"""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import gzip
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TextIO
from zoneinfo import ZoneInfo

from domain.money import minor_units
from services.imports.errors import SourceUnreadableError
from services.imports.rejections import Rejection

#: reason of a row without a customer: an anonymous sale, which the format is known for and which is no damage
MISSING_CUSTOMER: Final = "MISSING_CUSTOMER"
COLUMNS: Final = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
CURRENCY: Final = "GBP"
SOURCE_SYSTEM: Final = "online-retail"
_SHOP_ZONE: Final = ZoneInfo("Europe/London")
_PENNY: Final = Decimal(1).scaleb(-minor_units(CURRENCY))
#: plain decimals only: no exponent, no separators, and short enough that the arithmetic below is exact
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,10})?")
_EXACT: Final = decimal.Context(prec=100, traps=[decimal.Inexact, decimal.InvalidOperation])
_WHOLE_CUSTOMER: Final = re.compile(r"([0-9]+)\.0+")


@dataclass(frozen=True, slots=True)
class RoundedDocument:
    """A document whose exact sum is not whole pence. ``rows`` are those with a fraction of a penny."""

    document_no: str
    exact: Decimal
    booked_minor: int
    rows: tuple[int, ...]


@dataclass(slots=True)
class Reading:
    """What was met while reading; filled as ``read_documents`` goes on."""

    rows: int = 0
    invoices: int = 0
    credit_notes: int = 0
    anonymous_rows: int = 0
    rounded: list[RoundedDocument] = field(default_factory=list)


@dataclass(slots=True)
class _Line:
    row: int
    sku: str
    description: str
    quantity: str
    unit_price: str
    total: Decimal


@dataclass(slots=True)
class _Document:
    customer_id: str
    country: str
    first: dt.datetime
    lines: list[_Line] = field(default_factory=list)
    rows_left_out: list[int] = field(default_factory=list)


def read_documents(
    path: Path,
    reject: Callable[[Rejection], None],
    reading: Reading,
    *,
    anonymous_account: str | None = None,
    hold_incomplete: bool = False,
    source_version: int = 1,
) -> Iterator[dict[str, Any]]:
    """The canonical events of a file, documents in the order of their first line; ``.gz`` is unpacked.

    The whole file is read before the first event comes, since any line may belong to any document: memory
    grows with the file (about 60 MB for 200,000 lines). ``source_version`` > 1 imports a mended file: its
    documents replace those of the version before. Raises ``SourceUnreadableError``.
    """
    documents: dict[tuple[str, str], _Document] = {}
    left_out: dict[str, list[int]] = {}

    def leave_out(rejection: Rejection) -> None:
        left_out.setdefault(rejection.document_no, []).append(rejection.row)
        reject(rejection)

    try:
        with _open(path) as stream:
            for row_no, row in _rows(stream, path, reading, leave_out):
                customer_id = customer_of(row["CustomerID"])
                if not customer_id:
                    if anonymous_account is None:
                        detail = "The row names no customer."
                        reject(Rejection(row_no, MISSING_CUSTOMER, detail, row["InvoiceNo"], _excerpt(row)))
                        continue
                    reading.anonymous_rows += 1
                    customer_id = anonymous_account
                _take(documents, customer_id, row_no, row, leave_out)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise SourceUnreadableError(path, str(error)) from error

    for (document_no, _), document in documents.items():
        document.rows_left_out = left_out.get(document_no, [])
        if hold_incomplete and document.rows_left_out:
            detail = (
                f"Rows {_listed(document.rows_left_out)} of this document cannot be read; it is held back."
            )
            for line in document.lines:
                reject(Rejection(line.row, "DOCUMENT_HELD_BACK", detail, document_no))
            continue
        yield _event(document_no, document, source_version, reading)


def customer_of(text: str) -> str:
    """``17850.0`` → ``17850`` (a spreadsheet's number is no part of the id); other text is only trimmed."""
    trimmed = text.strip()
    whole = _WHOLE_CUSTOMER.fullmatch(trimmed)
    return whole[1] if whole else trimmed


def _open(path: Path) -> TextIO:
    # the original of this data is Latin-1 in places: a damaged letter of a description is no reason to stop
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    return path.open(encoding="utf-8-sig", errors="replace", newline="")


def _rows(
    stream: TextIO, path: Path, reading: Reading, leave_out: Callable[[Rejection], None]
) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, row by column) of every row that has the columns; counts all rows."""
    reader = csv.reader(stream, strict=True)
    try:
        heading = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise SourceUnreadableError(path, str(error)) from error
    missing = [name for name in COLUMNS if name not in heading]
    if missing:
        raise SourceUnreadableError(path, f"the columns {', '.join(missing)} are missing")
    number_at = heading.index("InvoiceNo")
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reading.rows += 1
            leave_out(Rejection(reader.line_num, "BAD_ROW", str(error)))
            continue
        if not cells:
            continue  # a blank line
        reading.rows += 1
        if len(cells) != len(heading):
            detail = f"{len(cells)} cells where the heading has {len(heading)}."
            number = cells[number_at].strip() if len(cells) > number_at else ""
            leave_out(Rejection(reader.line_num, "BAD_ROW", detail, number, ",".join(cells)[:120]))
            continue
        yield reader.line_num, dict(zip(heading, cells, strict=True))


def _take(
    documents: dict[tuple[str, str], _Document],
    customer_id: str,
    row_no: int,
    row: Mapping[str, str],
    leave_out: Callable[[Rejection], None],
) -> None:
    """Put one row into its document, or report it."""
    number = row["InvoiceNo"].strip()

    def bad(reason: str, detail: str) -> None:
        leave_out(Rejection(row_no, reason, detail, number, _excerpt(row)))

    if not number:
        return bad("MISSING_DOCUMENT_NO", "The row has no InvoiceNo.")
    quantity, unit_price = row["Quantity"].strip(), row["UnitPrice"].strip()
    for name, text in (("Quantity", quantity), ("UnitPrice", unit_price)):
        if not _NUMBER.fullmatch(text):
            return bad("BAD_NUMBER", f"{name} {text[:40]!r} is no plain decimal number.")
    try:
        at = dt.datetime.fromisoformat(row["InvoiceDate"].strip())
    except ValueError:
        return bad("BAD_DATE", f"InvoiceDate {row['InvoiceDate'][:40]!r} is no date and time.")
    at = at.replace(tzinfo=_SHOP_ZONE) if at.tzinfo is None else at.astimezone(_SHOP_ZONE)
    document = documents.setdefault(
        (number, customer_id), _Document(customer_id, sys.intern(row["Country"]), at)
    )
    document.first = min(document.first, at)
    document.lines.append(
        _Line(
            row=row_no,
            sku=sys.intern(row["StockCode"].strip()),
            description=sys.intern(row["Description"].strip()),
            quantity=quantity,
            unit_price=unit_price,
            total=_EXACT.multiply(Decimal(quantity), Decimal(unit_price)),
        )
    )
    return None


def _event(number: str, document: _Document, source_version: int, reading: Reading) -> dict[str, Any]:
    exact = Decimal(0)
    for line in document.lines:
        exact = _EXACT.add(exact, line.total)
    booked = exact.quantize(_PENNY, rounding=decimal.ROUND_HALF_EVEN)
    signed_minor = _minor(booked)
    if booked != exact:
        rows = tuple(line.row for line in document.lines if not _is_whole_pence(line.total))
        reading.rounded.append(RoundedDocument(number, exact, signed_minor, rows))

    cancellation = number[:1] in "Cc"
    is_credit = signed_minor < 0 or (cancellation and signed_minor == 0)
    metadata = {"country": document.country, "rows": str(len(document.lines))}
    if signed_minor and is_credit != cancellation:
        metadata["sign_rule"] = "the sign of the sum contradicts the document number"
    if document.rows_left_out:
        metadata["rows_left_out"] = str(len(document.rows_left_out))
    record = f"{number}@{document.customer_id}"
    event: dict[str, Any] = {
        "event_id": f"{SOURCE_SYSTEM}/{record}/{source_version}",
        "event_type": "credit_note.settled" if is_credit else "invoice.placed",
        "schema_version": 1,
        "source_system": SOURCE_SYSTEM,
        "source_record_id": record,
        "source_version": source_version,
        "occurred_at": document.first.astimezone(dt.UTC).isoformat(),
        "business_date": document.first.date().isoformat(),
        "customer_id": document.customer_id,
        "currency": CURRENCY,
        "amount_minor": abs(signed_minor),
        "document_no": number,
        "correlation_id": number,
        "metadata": metadata,
        "lines": [
            {
                "sku": line.sku,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "total_minor": _minor(line.total) if _is_whole_pence(line.total) else None,
                "description": line.description,
            }
            for line in document.lines
        ],
    }
    if is_credit:
        reading.credit_notes += 1
        event["refund_id"] = number
    else:
        reading.invoices += 1
        event["invoice_no"] = number
    return event


def _minor(whole: Decimal) -> int:
    return int(_EXACT.scaleb(whole, minor_units(CURRENCY)))


def _is_whole_pence(amount: Decimal) -> bool:
    return amount == amount.quantize(_PENNY, rounding=decimal.ROUND_DOWN, context=decimal.Context(prec=100))


def _excerpt(row: Mapping[str, str]) -> str:
    return ",".join(row[name] for name in COLUMNS)[:120]


def _listed(rows: list[int]) -> str:
    return ", ".join(str(row) for row in rows[:5]) + (", …" if len(rows) > 5 else "")
