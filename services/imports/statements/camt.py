"""ISO 20022 camt.053 (statement), .052 (report) and .054 (notification), versions 2 to 13, as drafts.

Elements are found by their local names: banks use many versions of the namespace, and the paths that are read are
the same in all. The file is read entry by entry, in bounded memory; a document type, and so every entity, is refused.
An entry that cannot be read is a problem, and the others go on. An entry with several transactions that have
amounts of their own (a batch) becomes one line each, if they add up to it. Pages of one statement become one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from lxml import etree

from domain.money import MoneyError, from_text, is_currency
from services.imports.statements.draft import DraftLine, PaymentDetails, StatementDraft
from services.imports.statements.reasons import FileRefusedError, Problem, Reason
from services.imports.statements.references import document_of, stated
from services.imports.statements.sheet import check_rows

_STATEMENTS: Final = frozenset({"Stmt", "Rpt", "Ntfctn"})
_OPENING: Final = ("OPBD", "PRCD")
_CLOSING: Final = ("CLBD",)
_AMOUNTS: Final = ("Amt", "AmtDtls/TxAmt/Amt")
_OWN_REFERENCES: Final = ("AcctSvcrRef", "TxId", "InstrId")


class CamtReader:
    """Reads one file. ``rows`` counts entries; a batch counts its transactions."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.rows = 0
        self.drafts: list[StatementDraft] = []

    def read(self) -> None:
        """Fill ``drafts``. Raises ``FileRefusedError``; what was read before a damaged place is not kept."""
        draft = _empty()
        depth_guard = False
        try:
            with self._path.open("rb") as stream:
                for event, element in _events(stream):
                    if event == "start":
                        if not depth_guard:
                            depth_guard = True
                            _check_root(element)
                        if _name(element) in _STATEMENTS:
                            draft = _empty()
                        continue
                    name = _name(element)
                    if name == "Ntry":
                        self._entry(element, draft)
                        check_rows(self.rows)
                        _forget(element)
                    elif name in _STATEMENTS:
                        _header(element, draft)
                        if self.drafts and _continues(self.drafts[-1], draft):
                            _add_page(self.drafts[-1], draft)
                        else:
                            self.drafts.append(draft)
                        _forget(element)
        except etree.XMLSyntaxError as error:
            raise FileRefusedError(Reason.UNREADABLE, str(error), format="camt") from error
        if not self.drafts:
            raise FileRefusedError(Reason.UNREADABLE, "it holds no Stmt, Rpt or Ntfctn", format="camt")

    def _entry(self, entry: Any, draft: StatementDraft) -> None:
        number = self.rows + 1
        try:
            lines = list(_lines(entry, number, draft))
            draft.lines.extend(lines)
            self.rows += len(lines)
        except _Bad as bad:
            self.rows += 1
            draft.problems.append(
                Problem(
                    number,
                    bad.reason,
                    bad.where,
                    bad.value,
                    _text(entry, "AcctSvcrRef"),
                    {"currency": draft.currency},
                )
            )


class _Bad(Exception):
    def __init__(self, reason: Reason, where: str, value: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.where = where
        self.value = value


def _empty() -> StatementDraft:
    return StatementDraft(None, "")


def _events(stream: Any) -> Iterator[tuple[str, Any]]:
    return iter(
        etree.iterparse(
            stream,
            events=("start", "end"),
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
    )


def _check_root(root: Any) -> None:
    if root.getroottree().docinfo.doctype:
        raise FileRefusedError(Reason.HOSTILE, "it declares a document type")


def _name(element: Any) -> str:
    # not by QName, which raises on names that the parser lets through
    return str(element.tag).rpartition("}")[2]


def _forget(element: Any) -> None:
    """Free an element that was read, and its like before it; the header and the balances are still needed."""
    element.clear()
    before = element.getprevious()
    while before is not None and before.tag == element.tag:
        element.getparent().remove(before)
        before = element.getprevious()


def _all(element: Any, path: str) -> list[Any]:
    """Elements by a path of local names."""
    found = [element]
    for step in path.split("/"):
        found = [child for parent in found for child in parent if _name(child) == step]
    return found


def _text(element: Any, *paths: str) -> str:
    """The first text that one of the paths leads to."""
    for path in paths:
        for found in _all(element, path):
            text = (found.text or "").strip()
            if text:
                return str(text)
    return ""


def _date(element: Any, *paths: str) -> dt.date | None:
    """A date, or the date of a date and time as the bank writes it, in its own time zone."""
    text = _text(element, *(f"{path}/{kind}" for path in paths for kind in ("Dt", "DtTm")))
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        raise _Bad(Reason.BAD_DATE, paths[0], text) from None


def _minor(element: Any, path: str, credit_indicator: str) -> tuple[int, str]:
    """(debit-positive minor units, currency) of an amount."""
    amounts = _all(element, path)
    if not amounts:
        raise _Bad(Reason.MISSING_AMOUNT, path, "")
    currency, text = amounts[0].get("Ccy") or "", (amounts[0].text or "").strip()
    if not is_currency(currency):
        raise _Bad(Reason.BAD_CURRENCY, path, currency)
    try:
        minor = from_text(text, currency)
    except MoneyError:
        raise _Bad(Reason.BAD_AMOUNT, path, text) from None
    if minor < 0 or credit_indicator not in ("CRDT", "DBIT"):
        raise _Bad(Reason.BAD_DIRECTION, "CdtDbtInd", credit_indicator or text)
    return (-minor if credit_indicator == "CRDT" else minor), currency


def _lines(entry: Any, number: int, draft: StatementDraft) -> Iterator[DraftLine]:
    indicator = _text(entry, "CdtDbtInd")
    minor, currency = _minor(entry, "Amt", indicator)
    draft.currency = draft.currency or currency
    if currency != draft.currency:
        raise _Bad(Reason.BAD_CURRENCY, "Amt", currency)
    date = _date(entry, "BookgDt", "ValDt")
    if date is None:
        raise _Bad(Reason.MISSING_DATE, "BookgDt", "")
    value_date = _date(entry, "ValDt")
    booked = _text(entry, "Sts/Cd", "Sts") not in ("PDNG", "INFO", "FUTR")
    reversal = _text(entry, "RvslInd").lower() in ("true", "1")
    transactions = _all(entry, "NtryDtls/TxDtls") or [None]
    parts = [minor]
    if len(transactions) > 1 and not any(_all(one, path) for one in transactions for path in _AMOUNTS):
        transactions = [
            None
        ]  # nothing says how the amount is parted: one line, which is of none of them alone
    if len(transactions) > 1:
        parts = [_minor_of(one, currency, indicator) for one in transactions]
        if sum(parts) != minor:
            raise _Bad(Reason.BATCH_DOES_NOT_ADD_UP, "TxDtls", str(len(parts)))
    bank_reference = stated(_text(entry, "AcctSvcrRef"), _text(entry, "NtryRef")) or ""
    for at, (part, detail) in enumerate(zip(parts, transactions, strict=True), start=1):
        own = None if detail is None else stated(*(_text(detail, f"Refs/{name}") for name in _OWN_REFERENCES))
        reference = own or (f"{bank_reference}/{at}" if bank_reference and len(parts) > 1 else bank_reference)
        details = _details(detail, indicator, reference, value_date, booked=booked, reversal=reversal)
        if detail is not None and (fee_minor := _fee(detail, abs(part), currency)):
            details = replace(details, fee_minor=fee_minor)
        text = _remittance(detail) or _text(entry, "AddtlNtryInf")
        yield DraftLine(
            number + at - 1,
            date,
            document_of(details, text) or reference,
            part,
            None,
            details.end_to_end_id or details.structured_reference,
            text,
            details,
        )


def _fee(detail: Any, amount_minor: int, currency: str) -> int:
    """By how much less came than was instructed, where the charges in the same currency are just that; else 0.

    Charges that cannot be read tell nothing: the entry stands without them.
    """
    charges = [one for path in ("Chrgs", "Chrgs/Rcrd") for one in _all(detail, path) if _all(one, "Amt")]
    instructed = _all(detail, "AmtDtls/InstdAmt")
    if not charges or not instructed:
        return 0
    try:
        [(gross_minor, of), *kept] = [_minor(one, "Amt", "DBIT") for one in (instructed[0], *charges)]
    except _Bad:
        return 0
    fee_minor = sum(minor for minor, _ in kept)
    same = {of, *(own for _, own in kept)} == {currency}
    return fee_minor if same and gross_minor - amount_minor == fee_minor else 0


def _minor_of(detail: Any, currency: str, indicator: str) -> int:
    path = next((path for path in _AMOUNTS if _all(detail, path)), _AMOUNTS[-1])
    minor, own_currency = _minor(detail, path, _text(detail, "CdtDbtInd") or indicator)
    if own_currency != currency:
        raise _Bad(Reason.BAD_CURRENCY, "TxDtls/Amt", own_currency)
    return minor


def _details(
    detail: Any,
    indicator: str,
    bank_reference: str,
    value_date: dt.date | None,
    *,
    booked: bool,
    reversal: bool,
) -> PaymentDetails:
    if detail is None:
        return PaymentDetails(
            bank_reference=bank_reference or None, value_date=value_date, booked=booked, reversal=reversal
        )
    party = "Dbtr" if indicator == "CRDT" else "Cdtr"  # the other side
    account = f"RltdPties/{party}Acct/Id"
    return PaymentDetails(
        name=_text(detail, f"RltdPties/{party}/Nm", f"RltdPties/{party}/Pty/Nm", f"RltdPties/Ultmt{party}/Nm")
        or None,
        account=_text(detail, f"{account}/IBAN", f"{account}/Othr/Id") or None,
        end_to_end_id=stated(_text(detail, "Refs/EndToEndId")),
        bank_reference=bank_reference or None,
        structured_reference=stated(
            _text(detail, "RmtInf/Strd/CdtrRefInf/Ref"), _text(detail, "RmtInf/Strd/RfrdDocInf/Nb")
        ),
        value_date=value_date,
        booked=booked,
        reversal=reversal,
    )


def _remittance(detail: Any) -> str:
    if detail is None:
        return ""
    free = [(one.text or "").strip() for one in _all(detail, "RmtInf/Ustrd")]
    numbers = [
        (one.text or "").strip()
        for path in ("RmtInf/Strd/RfrdDocInf/Nb", "RmtInf/Strd/CdtrRefInf/Ref")
        for one in _all(detail, path)
    ]
    return " ".join(part for part in (*free, *numbers) if part) or _text(detail, "AddtlTxInf")


def _header(statement: Any, draft: StatementDraft) -> None:
    draft.statement_no = _text(statement, "Id") or None
    draft.account = _text(statement, "Acct/Id/IBAN", "Acct/Id/Othr/Id") or None
    draft.customer_name = _text(statement, "Acct/Ownr/Nm") or None
    draft.currency = draft.currency or _text(statement, "Acct/Ccy")
    try:
        start, end = _date_of(statement, "FrToDt/FrDtTm"), _date_of(statement, "FrToDt/ToDtTm")
        for balance in _all(statement, "Bal"):
            kind = _text(balance, "Tp/CdOrPrtry/Cd")
            if kind not in (*_OPENING, *_CLOSING):
                continue
            minor, currency = _minor(balance, "Amt", _text(balance, "CdtDbtInd"))
            draft.currency = draft.currency or currency
            date = _date(balance, "Dt")
            if kind in _OPENING and draft.opening_minor is None:
                draft.opening_minor = minor
                if date is not None:  # a previous closing balance is of the day before
                    start = start or (date if kind == "OPBD" else date + dt.timedelta(days=1))
            elif kind in _CLOSING:
                draft.closing_minor = minor
                end = end or date
    except _Bad as bad:
        draft.problems.append(Problem(0, Reason.BAD_BALANCE, bad.where, bad.value, draft.statement_no or ""))
        return
    if not is_currency(draft.currency):
        draft.problems.append(
            Problem(0, Reason.BAD_CURRENCY, "Ccy", draft.currency, draft.statement_no or "")
        )
    if start is None or end is None or start <= end:
        draft.period_start, draft.period_end = start, end


def _date_of(element: Any, path: str) -> dt.date | None:
    text = _text(element, path)
    try:
        return dt.date.fromisoformat(text[:10]) if text else None
    except ValueError:
        raise _Bad(Reason.BAD_DATE, path, text) from None


def _continues(draft: StatementDraft, page: StatementDraft) -> bool:
    """Whether a statement is a further page of the one before: the same name, and no opening balance of its own.

    Between its pages stand interim balances (``ITBD``), which are no opening and no closing one.
    """
    same = (draft.account, draft.statement_no) == (page.account, page.statement_no)
    return same and draft.closing_minor is None and page.opening_minor is None


def _add_page(draft: StatementDraft, page: StatementDraft) -> None:
    draft.lines += page.lines
    draft.problems += page.problems
    draft.closing_minor = page.closing_minor
    draft.period_start = draft.period_start or page.period_start
    draft.period_end = page.period_end or draft.period_end
