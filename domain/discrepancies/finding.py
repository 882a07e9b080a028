"""What a discrepancy is: kinds, life, and the value that a rule returns."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Mapping

import msgspec

from domain.events import Source
from domain.identity import content_digest, stable_id


class DiscrepancyKind(enum.StrEnum):
    """By precedence: where one cause could be called by two names, the first is used."""

    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    DUPLICATE = "DUPLICATE"
    WRONG_ACCOUNT = "WRONG_ACCOUNT"
    UNKNOWN_REFERENCE = "UNKNOWN_REFERENCE"
    OVERPAYMENT = "OVERPAYMENT"
    SHORT_PAYMENT = "SHORT_PAYMENT"
    REFUND_EXCEEDS_PAYMENT = "REFUND_EXCEEDS_PAYMENT"
    PAYMENT_ON_CANCELLED = "PAYMENT_ON_CANCELLED"
    AMOUNT_MISMATCH = "AMOUNT_MISMATCH"
    MISSING_IN_LEDGER = "MISSING_IN_LEDGER"
    MISSING_IN_STATEMENT = "MISSING_IN_STATEMENT"
    OPENING_BALANCE_BREAK = "OPENING_BALANCE_BREAK"
    CLOSING_BALANCE_BREAK = "CLOSING_BALANCE_BREAK"
    STATEMENT_ARITHMETIC = "STATEMENT_ARITHMETIC"
    REFERENCE_MISMATCH = "REFERENCE_MISMATCH"
    DATE_MISMATCH = "DATE_MISMATCH"
    TIMING = "TIMING"


class DiscrepancyState(enum.StrEnum):
    OPENED = "OPENED"
    UPDATED = "UPDATED"
    RESOLVED = "RESOLVED"
    RETRACTED = "RETRACTED"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One disagreement. ``amount_minor`` >= 0 is at stake; ``ours``/``theirs`` are signed figures in the book's view.

    ``subject`` completes the identity where document and statement line do not (for example which of two payments).
    ``reason`` is the key of the explaining sentence, ``arguments`` what it is filled with.
    """

    kind: DiscrepancyKind
    amount_minor: int
    business_date: dt.date
    reason: str
    arguments: Mapping[str, str] = {}
    document_no: str | None = None
    statement_id: str | None = None
    line_no: int | None = None
    subject: str = ""
    ours_minor: int | None = None
    theirs_minor: int | None = None
    evidence: tuple[Source, ...] = ()

    def identity(self, account: str) -> str:
        """The stable id: of what it is about, never of when it was seen."""
        line = "" if self.line_no is None else str(self.line_no)
        return stable_id(
            "d", self.kind, account, self.document_no or "", self.statement_id or "", line, self.subject
        )

    def digest(self) -> bytes:
        """Changes when the finding's figures, date or evidence change: then it is announced as updated."""
        return content_digest(
            msgspec.json.encode(
                (
                    self.amount_minor,
                    self.business_date,
                    self.ours_minor,
                    self.theirs_minor,
                    self.reason,
                    sorted(self.arguments.items()),
                    sorted((s.topic, s.partition, s.offset) for s in self.evidence),
                )
            )
        )


def also_known_as(finding: Finding, numbers: Iterable[str]) -> Finding:
    """The finding with other numbers of its documents as the argument ``also``: people look for it by any of them."""
    others = sorted(set(numbers) - {"", finding.document_no})
    if not others:
        return finding
    return msgspec.structs.replace(finding, arguments={**finding.arguments, "also": ", ".join(others)})
