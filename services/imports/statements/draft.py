"""A statement as its file shows it, before it is anybody's view: what every reader of a format makes.

All amounts are integers in minor units, **signed debit-positive in the file's own view**: a debit is > 0, a
credit < 0, and so are balances. Formats that know only plus and minus (OFX, QIF, an amount column) show plus
for a credit, as an account holder sees it.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass, field

from services.imports.notes import Note
from services.imports.statements.reasons import Problem


class View(enum.StrEnum):
    """In whose books the file's debit and credit stand."""

    AUTO = "auto"
    OURS = "ours"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class PaymentDetails:
    """What a bank's entry says beside date and amount. ``booked``: not only announced; ``reversal``: takes one back."""

    name: str | None = None
    account: str | None = None
    end_to_end_id: str | None = None
    bank_reference: str | None = None
    structured_reference: str | None = None
    value_date: dt.date | None = None
    fee_minor: int = 0
    """What was kept on the way: more was instructed by so much, and the charges say so."""
    booked: bool = True
    reversal: bool = False


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One line. ``row`` is the file's row, or the entry's number in formats without rows; from 1."""

    row: int
    date: dt.date
    document_no: str
    signed_minor: int
    running_minor: int | None = None
    reference: str | None = None
    text: str = ""
    party: PaymentDetails | None = None
    """What a bank says about a payment; ``None`` in tables without such columns."""


@dataclass(slots=True)
class StatementDraft:
    """One customer's statement in one currency. What the file does not say is ``None``."""

    customer_id: str | None
    currency: str
    lines: list[DraftLine] = field(default_factory=list)
    statement_no: str | None = None
    period_start: dt.date | None = None
    period_end: dt.date | None = None
    opening_minor: int | None = None
    closing_minor: int | None = None
    total_debit_minor: int | None = None
    total_credit_minor: int | None = None
    account: str | None = None
    """The account number of the format's own header, by which the customer can be found."""
    customer_name: str | None = None
    view: View = View.AUTO
    problems: list[Problem] = field(default_factory=list)
    """Rows that were left out."""
    notes: list[Note] = field(default_factory=list)
