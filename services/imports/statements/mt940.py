"""SWIFT MT940 and MT942 as drafts, by the package ``mt-940``.

The package gives up at the first entry that it cannot read. So the file is taken apart into messages and fields here,
and each entry (``:61:`` with its ``:86:``) is given to it alone: a damaged one is a problem, and the others go on.
Its pattern stops at the first letter that it does not know, so ``1.005,00`` would be 1.00: what the format says of an
amount (digits, one comma, then the type of the entry) is asked for first.

A message that opens with an intermediate balance (``:60M:``) is a further page of the statement before it.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, Final

import mt940

from domain.money import MoneyError, from_text, is_currency
from services.imports.statements.draft import DraftLine, PaymentDetails, StatementDraft
from services.imports.statements.options import Corrections
from services.imports.statements.periods import start_of_opening
from services.imports.statements.reasons import FileRefusedError, Problem, Reason
from services.imports.statements.references import document_of, stated
from services.imports.statements.sheet import WHOLE_BYTES_MAX, check_rows, check_size, encoding_of

_FIELD: Final = re.compile(r"^:(\d{2}[A-Z]?):", re.MULTILINE)
#: dates, mark, funds code, amount, type of the entry (SWIFT User Handbook, category 9, field 61)
_ENTRY: Final = re.compile(
    r"\d{6}(?:\d{4})?\s?(?:R|E)?[CD][A-Z]?\d{1,15}(?:,\d{0,15})?\s?[A-Z][A-Z0-9 ]{3}", re.IGNORECASE
)
_SLASHED: Final = re.compile(r"/([A-Z]{3,5})/")
#: written in place of the customer's reference: it stands in ``:86:``
_SEE_DETAILS: Final = frozenset({"EREF", "KREF", "MREF", "MARF", "PREF"})
_BALANCE: Final = re.compile(r"([CD])(\d{6})([A-Z]{3})([\d]+(?:,\d*)?)\s*")
_FIELD_CHARACTERS_MAX: Final = 10_000
_FIELDS_OF_AN_ENTRY: Final = 2


@dataclass(slots=True)
class _Message:
    """One statement message: its fields in order, entries apart. ``row`` numbers are the lines of the file."""

    header: dict[str, str] = field(default_factory=dict)
    entries: list[tuple[int, str, str]] = field(default_factory=list)


class Mt940Reader:
    """Reads one file. ``rows`` counts entries; a line's row is its line in the file."""

    def __init__(self, path: Path, encoding: str | None, corrections: Corrections) -> None:
        self._path = path
        self._encoding = encoding
        self._corrections = corrections
        self.rows = 0
        self.drafts: list[StatementDraft] = []

    def read(self) -> None:
        """Fill ``drafts``. Raises ``FileRefusedError``."""
        # it writes what it cannot read to the log, letter by letter; a problem says it once
        logging.getLogger("mt940").setLevel(logging.CRITICAL + 1)
        check_size(self._path, WHOLE_BYTES_MAX)
        encoding = self._encoding or encoding_of(self._path)
        text = self._path.read_bytes().decode(encoding, errors="replace")
        plain = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
        for message in _joined(_messages(plain)):
            self.drafts.append(self._draft(message))
        if not self.drafts:
            raise FileRefusedError(Reason.UNREADABLE, "it holds no field :20: with :25:", format="MT940")

    def _draft(self, message: _Message) -> StatementDraft:
        said = message.header
        number = said.get("28C") or said.get("28") or ""
        draft = StatementDraft(None, "", account=said.get("25", "").partition("\n")[0].strip() or None)
        draft.statement_no = (
            " ".join(part for part in (said.get("20", "").strip(), number.strip()) if part) or None
        )
        opening = _balance(said.get("60F") or said.get("60M"), draft, "60")
        closing = _balance(said.get("62F") or said.get("62M"), draft, "62")
        if opening is not None:
            draft.opening_minor = opening[1]
        if closing is not None:
            draft.period_end, draft.closing_minor = closing
        elif opening is not None and not draft.problems:  # a statement ends with it: the file is cut
            draft.problems.append(Problem(0, Reason.NO_CLOSING, ":62F:", "", draft.statement_no or ""))
        if not draft.currency:  # MT942 has no balances: the floor limit names the currency
            found = re.match(r"[A-Z]{3}", said.get("34F", ""))
            draft.currency = found[0] if found else ""
        if not is_currency(draft.currency):
            draft.problems.append(
                Problem(0, Reason.BAD_CURRENCY, ":60F:", draft.currency, draft.statement_no or "")
            )
            self.rows += len(message.entries)
            return draft
        for row, statement, details in message.entries:
            self.rows += 1
            first, more, rest = statement.partition("\n")
            right = self._corrections.get(row, {}).get(":61:", first)
            self._entry(row, f"{right}{more}{rest}", details, draft)
        if opening is not None:
            draft.period_start = start_of_opening(
                opening[0], draft.period_end, (line.date for line in draft.lines)
            )
        return draft

    def _entry(self, row: int, statement: str, details: str, draft: StatementDraft) -> None:
        if len(statement) > _FIELD_CHARACTERS_MAX or len(details) > _FIELD_CHARACTERS_MAX:
            draft.problems.append(Problem(row, Reason.BAD_ROW, ":61:", statement[:60]))
            return
        alone = f":20:X\n:60F:C000101{draft.currency}0,\n:61:{statement}\n:86:{details}\n"
        try:
            if not _ENTRY.match(statement):
                raise ValueError(statement)
            [found] = mt940.parse(alone, options=mt940.Options.all())
            draft.lines.append(_line(row, found.data, draft.currency))
        except _BadAmount as error:
            reason = Reason.TOO_MANY_DECIMALS
            draft.problems.append(Problem(row, reason, ":61:", str(error), "", {"currency": draft.currency}))
        except (
            RuntimeError,
            ValueError,
            ArithmeticError,
            KeyError,
            TypeError,
        ):  # each way in which it gives up
            draft.problems.append(Problem(row, Reason.BAD_ROW, ":61:", statement.partition("\n")[0]))


class _BadAmount(Exception):
    """An amount that the currency does not have."""


def _messages(text: str) -> Iterator[_Message]:
    message: _Message | None = None
    line, counted, fields = 1, 0, 0
    for place, following in pairwise(chain(_FIELD.finditer(text), (None,))):
        assert place is not None  # only the last of the following ones is
        fields += 1
        check_rows(fields // _FIELDS_OF_AN_ENTRY)
        end = len(text) if following is None else following.start()
        value = re.split(r"\n-\}?", text[place.end() : end], maxsplit=1)[0].strip("\n")
        line += text.count("\n", counted, place.start())
        counted = place.start()
        tag = place[1]
        if tag == "20":
            if message is not None and "25" in message.header:
                yield message
            message = _Message()
        if message is None:
            continue
        if tag == "61":
            message.entries.append((line, value, ""))
        elif tag == "86" and message.entries and "62F" not in message.header and "62M" not in message.header:
            row, statement, before = message.entries[-1]
            message.entries[-1] = (row, statement, f"{before}\n{value}".strip("\n"))
        else:
            message.header.setdefault(tag, value)
    if message is not None and "25" in message.header:
        yield message


def _joined(messages: Iterator[_Message]) -> Iterator[_Message]:
    """The messages, further pages of a statement joined to its first."""
    whole: _Message | None = None
    for message in messages:
        if whole is not None and _continues(whole.header, message.header):
            whole.entries += message.entries
            del whole.header["62M"]
            whole.header.update({tag: text for tag, text in message.header.items() if tag in ("62F", "62M")})
            continue
        if whole is not None:
            yield whole
        whole = message
    if whole is not None:
        yield whole


def _continues(header: dict[str, str], page: dict[str, str]) -> bool:
    """Whether a page goes on where the one before ends: same account, and an intermediate balance that both show."""
    carried = header.get("62M", "").strip()
    return bool(carried) and carried == page.get("60M", "").strip() and header["25"] == page["25"]


def _balance(text: str | None, draft: StatementDraft, where: str) -> tuple[dt.date, int] | None:
    """(date, debit-positive minor units)."""
    if text is None:
        return None
    found = _BALANCE.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        draft.currency = draft.currency or found[3]
        date = dt.datetime.strptime(found[2], "%y%m%d").replace(tzinfo=dt.UTC).date()
        minor = from_text(found[4].replace(",", "."), found[3])
    except (ValueError, MoneyError):
        draft.problems.append(Problem(0, Reason.BAD_BALANCE, f":{where}:", text))
        return None
    return date, (-minor if found[1] == "C" else minor)


def _coded(text: str) -> dict[str, str]:
    """``/EREF/INV-5/REMI/invoice of May`` by code, as banks without sub-fields structure ``:86:``."""
    if not text.startswith("/"):
        return {}
    _, *parts = _SLASHED.split(text)
    return {code: value.strip(" /") for code, value in zip(parts[::2], parts[1::2], strict=True)}


def _told_by_codes(details: PaymentDetails, coded: dict[str, str]) -> PaymentDetails:
    """The details with what the codes say of the other side and of its references.

    Only where the bank has a reference: else a receipt is known again by these, as they were read before.
    """
    if details.bank_reference is None:
        return details
    account, _, rest = coded.get("CNTP", "").partition("/")  # account/BIC/name/city
    name = coded.get("NAME") or rest.partition("/")[2].partition("/")[0]
    structured = coded.get("CUR") or coded.get("ISO") if coded.get("REMI") == "STRD" else None
    return replace(
        details,
        name=details.name or name or None,
        account=details.account or account or coded.get("IBAN") or None,
        end_to_end_id=details.end_to_end_id or stated(coded.get("EREF")),
        structured_reference=details.structured_reference or stated(structured),
    )


def _line(row: int, data: dict[str, Any], currency: str) -> DraftLine:
    amount: Decimal = data["amount"].amount
    try:
        minor = from_text(f"{amount:f}", currency)
    except MoneyError:
        raise _BadAmount(f"{amount:f}") from None
    date: dt.date = data.get("entry_date") or data["date"]
    structured = " ".join(
        str(data[name]) for name in ("purpose", "additional_purpose") if isinstance(data.get(name), str)
    )
    text = structured or " ".join((data.get("transaction_details") or "").split())
    coded = _coded(text)
    own = (data.get("customer_reference") or "").strip()
    extra = (data.get("extra_details") or "").strip()
    details = PaymentDetails(
        name=(data.get("applicant_name") or "").strip() or None,
        account=(data.get("gvc_applicant_iban") or data.get("applicant_iban") or "").strip() or None,
        end_to_end_id=stated((data.get("end_to_end_reference") or "").strip()),
        bank_reference=stated((data.get("bank_reference") or "").strip()),
        structured_reference=None if own.rstrip("+") in _SEE_DETAILS else stated(own),
        value_date=dt.date(data["date"].year, data["date"].month, data["date"].day),
        reversal=str(data.get("status", "")).upper().startswith("R"),
    )
    details = _told_by_codes(details, coded)
    whole = " ".join(part for part in (text, extra) if part)
    remittance = coded.get("REMI", "").removeprefix("USTD").strip(" /")
    if remittance and remittance != "STRD" and details.bank_reference:
        whole = remittance
    return DraftLine(
        row,
        dt.date(date.year, date.month, date.day),
        stated(coded.get("EREF"))
        or document_of(details, remittance or whole)
        or details.bank_reference
        or "",
        -minor,
        None,
        details.end_to_end_id or details.structured_reference,
        whole,
        details,
    )
