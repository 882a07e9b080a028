"""QIF (Quicken Interchange Format) as a draft.

Read here and not by a package: it is a letter and a value a line, and the packages guess dates one by one or give the
whole file up for one of them. The format names no currency: an option does. Accounts that it lists (``!Account``) are
drafts of their own. Plus is a credit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from services.imports.statements.dates import Order, order_of, parse_date
from services.imports.statements.draft import DraftLine, PaymentDetails, StatementDraft
from services.imports.statements.numbers import AmountError, Mark, to_minor, votes
from services.imports.statements.options import Corrections, Layout
from services.imports.statements.reasons import FileRefusedError, Problem, Reason
from services.imports.statements.references import document_of, stated
from services.imports.statements.sheet import WHOLE_BYTES_MAX, check_rows, check_size, encoding_of
from services.imports.statements.words import OPENING_WORDS, plain

_TYPES: Final = frozenset({"bank", "cash", "ccard", "oth a", "oth l"})


@dataclass(slots=True)
class _Record:
    row: int
    account: str | None = None
    fields: dict[str, str] = field(default_factory=dict)
    repeated: str = ""
    """A line that the record has twice: the end of the one before (``^``) is missing."""


class QifReader:
    """Reads one file. A line's row is the line in the file where its record begins."""

    def __init__(self, path: Path, layout: Layout, corrections: Corrections) -> None:
        self._path = path
        self._layout = layout
        self._corrections = corrections
        self.rows = 0
        self.drafts: list[StatementDraft] = []

    def read(self) -> None:
        """Fill ``drafts``. Raises ``FileRefusedError``."""
        currency = self._layout.currency
        if currency is None:
            raise FileRefusedError(Reason.NO_CURRENCY)
        check_size(self._path, WHOLE_BYTES_MAX)
        encoding = self._layout.encoding or encoding_of(self._path)
        records = list(_records(self._path.read_text(encoding, errors="replace").splitlines()))
        if not records:
            raise FileRefusedError(Reason.NO_LINES)
        for record in records:
            record.fields.update(self._corrections.get(record.row, {}))
        dates = [_slashed(record.fields.get("D", "")) for record in records]
        proven, example = order_of(dates)
        order = self._layout.date_order or (next(iter(proven)) if len(proven) == 1 else None)
        if order is None and example is not None:
            raise FileRefusedError(Reason.DATE_ORDER_AMBIGUOUS, example)
        decimal = self._layout.decimal
        marks = votes(record.fields.get("T", "") for record in records) if decimal is None else {decimal}
        drafts: dict[str | None, StatementDraft] = {}
        for record, date in zip(records, dates, strict=True):
            self.rows += 1
            draft = drafts.setdefault(record.account, StatementDraft(None, currency, account=record.account))
            _take(record, date, order, marks, draft)
        self.drafts = [*drafts.values()]
        if len(self.drafts) == 1:
            self.drafts[
                0
            ].account = None  # receipts are known again by it, and the only account needs no name


def _records(lines: list[str]) -> list[_Record]:
    """The entries of accounts; what a file says of categories, securities and the like is passed over."""
    found: list[_Record] = []
    record: _Record | None = None
    account: str | None = None
    kind = "type:bank"
    for row, line in enumerate(lines, start=1):
        if line.startswith("!"):
            if not line[1:].strip().casefold().startswith(("option:", "clear:")):
                kind = line[1:].strip().casefold()
            record = None
        elif line.strip() == "^":
            if record is not None and kind == "account":
                account = record.fields.get("N") or account
            elif record is not None and kind.removeprefix("type:") in _TYPES:
                found.append(record)
                check_rows(len(found))
            record = None
        elif line.strip():
            record = record or _Record(row, account)
            if line[0] in "DTP" and line[0] in record.fields:
                record.repeated = record.repeated or line.strip()
            record.fields.setdefault(line[0], line[1:].strip())
    if record is not None and kind.removeprefix("type:") in _TYPES:
        found.append(record)
    return found


def _take(
    record: _Record, date_text: str, order: Order | None, marks: set[Mark], draft: StatementDraft
) -> None:
    said = record.fields
    number, amount_text = said.get("N", ""), said.get("T") or said.get("U", "")

    def refuse(reason: Reason, where: str, value: str) -> None:
        draft.problems.append(Problem(record.row, reason, where, value, number, {"currency": draft.currency}))

    if record.repeated:
        return refuse(Reason.BAD_ROW, "^", record.repeated)
    date = parse_date(date_text, order)
    if date is None:
        return refuse(Reason.BAD_DATE if date_text else Reason.MISSING_DATE, "D", said.get("D", ""))
    if not amount_text:
        return refuse(Reason.MISSING_AMOUNT, "T", "")
    try:
        minor, _ = to_minor(amount_text, draft.currency, marks)
    except AmountError as error:
        return refuse(error.reason, "T", amount_text)
    if plain(said.get("P", "")) in OPENING_WORDS:
        draft.opening_minor, draft.period_start = -minor, date
        return None
    details = PaymentDetails(name=said.get("P") or None, structured_reference=stated(number))
    text = said.get("M", "")
    whole = " ".join(part for part in (said.get("P", ""), text) if part)
    document_no = document_of(details, whole)
    draft.lines.append(DraftLine(record.row, date, document_no, -minor, None, number or None, text, details))
    return None


def _slashed(text: str) -> str:
    """Quicken's ``1/ 5'26`` → ``1/5/26``."""
    return text.replace("'", "/").replace(" ", "")
