"""OFX, 1.x (SGML) and 2.x (XML), as drafts, by the package ``ofxtools``.

Only its tree is used: a pass over tags by one pattern, which knows no entities, fetches nothing and does not recurse.
Its typed model refuses a whole file for one field; here each transaction is read alone. Plus is a credit, as the
account's holder sees it.

Banks write ``<MEMO>`` without a text and without an end. The tree would put all that follows inside it, so such
elements are taken out first; which names hold others, the package's model says.
"""

from __future__ import annotations

import datetime as dt
import html
import io
import re
from pathlib import Path
from typing import Any, Final

import ofxtools.models
from ofxtools.models.base import Aggregate
from ofxtools.Parser import OFXTree

from domain.money import MoneyError, from_text, is_currency
from services.imports.statements.draft import DraftLine, PaymentDetails, StatementDraft
from services.imports.statements.reasons import FileRefusedError, Problem, Reason
from services.imports.statements.references import document_of, stated
from services.imports.statements.sheet import WHOLE_BYTES_MAX, check_size

_STATEMENTS: Final = ("STMTRS", "CCSTMTRS")
_DOCTYPE: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_AGGREGATES: Final = frozenset(
    name.encode()
    for name, found in vars(ofxtools.models).items()
    if isinstance(found, type) and issubclass(found, Aggregate)
)
_TEXTLESS: Final = re.compile(rb"<([A-Z0-9._]+)>(?=\s*<)(?!\s*</\1>)")
_WITH_TEXT: Final = re.compile(rb"<([A-Z0-9._]+)>\s*[^<\s]")
_ENDED: Final = re.compile(rb"</([A-Z0-9._]+)>")


class OfxReader:
    """Reads one file. ``rows`` counts transactions; a line's row is its number in the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.rows = 0
        self.drafts: list[StatementDraft] = []

    def read(self) -> None:
        """Fill ``drafts``. Raises ``FileRefusedError``."""
        check_size(self._path, WHOLE_BYTES_MAX)
        data = self._path.read_bytes()
        if _DOCTYPE.search(data):
            raise FileRefusedError(Reason.HOSTILE, "it declares a document type")
        try:
            root = OFXTree().parse(io.BytesIO(_without_empty(data)))
        except Exception as error:  # these are anybody's bytes, and it fails on them in many ways
            raise FileRefusedError(Reason.UNREADABLE, str(error)[:200], format="OFX") from error
        if root is not None:
            self.drafts = [self._draft(found) for name in _STATEMENTS for found in root.iter(name)]
        if not self.drafts:
            raise FileRefusedError(Reason.UNREADABLE, "it holds no STMTRS", format="OFX")
        if b"</OFX>" not in data.upper():
            self.drafts[-1].problems.append(Problem(0, Reason.NO_CLOSING, "</OFX>"))

    def _draft(self, statement: Any) -> StatementDraft:
        currency = _text(statement, "CURDEF").upper()
        account = _text(statement, "BANKACCTFROM/ACCTID") or _text(statement, "CCACCTFROM/ACCTID")
        draft = StatementDraft(None, currency, account=account or None)
        if not is_currency(currency):
            draft.problems.append(Problem(0, Reason.BAD_CURRENCY, "CURDEF", currency))
            return draft
        draft.period_start = _date(_text(statement, "BANKTRANLIST/DTSTART"))
        draft.period_end = _date(_text(statement, "BANKTRANLIST/DTEND"))
        for transaction in statement.iterfind("BANKTRANLIST/STMTTRN"):
            self.rows += 1
            self._line(transaction, draft)
        balance = _text(statement, "LEDGERBAL/BALAMT")
        if balance:
            try:
                draft.closing_minor = -from_text(_plain(balance), currency)
            except MoneyError:
                draft.problems.append(Problem(0, Reason.BAD_BALANCE, "LEDGERBAL", balance))
        draft.period_end = draft.period_end or _date(_text(statement, "LEDGERBAL/DTASOF"))
        return draft

    def _line(self, transaction: Any, draft: StatementDraft) -> None:
        posted, amount, bank_id = (_text(transaction, name) for name in ("DTPOSTED", "TRNAMT", "FITID"))

        def refuse(reason: Reason, where: str, value: str) -> None:
            arguments = {"currency": draft.currency}
            draft.problems.append(Problem(self.rows, reason, where, value, bank_id, arguments))

        date = _date(posted)
        if date is None:
            return refuse(Reason.BAD_DATE if posted else Reason.MISSING_DATE, "DTPOSTED", posted)
        if not amount:
            return refuse(Reason.MISSING_AMOUNT, "TRNAMT", "")
        try:
            minor = from_text(_plain(amount), draft.currency)
        except MoneyError:
            return refuse(Reason.BAD_AMOUNT, "TRNAMT", amount)
        reference = stated(_text(transaction, "REFNUM"), _text(transaction, "CHECKNUM"))
        name = _text(transaction, "NAME") or _text(transaction, "PAYEE/NAME")
        details = PaymentDetails(
            name=name or None,
            account=_text(transaction, "BANKACCTTO/ACCTID") or None,
            bank_reference=stated(bank_id),
            structured_reference=reference,
        )
        text = _text(transaction, "MEMO")
        whole = " ".join(part for part in (name, text) if part)
        document_no = document_of(details, whole) or bank_id
        draft.lines.append(DraftLine(self.rows, date, document_no, -minor, None, reference, text, details))
        return None


def _without_empty(data: bytes) -> bytes:
    """The file without elements that have neither a text nor an end.

    A name that the model does not know holds others if it is ended and never has a text.
    """
    holders = _AGGREGATES | ({*_ENDED.findall(data)} - {*_WITH_TEXT.findall(data)})
    return _TEXTLESS.sub(lambda found: found[0] if found[1] in holders else b"", data)


def _text(element: Any, path: str) -> str:
    return html.unescape((element.findtext(path) or "").strip())


def _plain(amount: str) -> str:
    """OFX amounts have a point or a comma before their decimals, and no mark of thousands."""
    return amount.replace(",", ".") if amount.count(",") == 1 and "." not in amount else amount


def _date(text: str) -> dt.date | None:
    """The date of ``20260105120000.000[-5:EST]``, as the bank writes it, in its own time zone."""
    if not re.fullmatch(r"\d{8}(?:\d{2,6}(?:\.\d*)?)?(?:\[.*\])?", text):
        return None
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None
