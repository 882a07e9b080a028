"""What a comparison says of one line of theirs, one document of ours, or a pair of both."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping

import msgspec

from domain.comparison.entries import OurDocument
from domain.events import StatementLine


class Outcome(enum.StrEnum):
    """How a line or document compares."""

    MATCHED = "MATCHED"
    TIMING = "TIMING"  #: the other side has it in another period
    AMOUNT = "AMOUNT"
    REFERENCE = "REFERENCE"
    DATE = "DATE"
    MISSING_HERE = "MISSING_HERE"  #: on theirs, not in our books
    MISSING_THERE = "MISSING_THERE"  #: in our books, not on theirs
    WRITTEN_OFF = "WRITTEN_OFF"  #: we gave it up; they are not told
    DUPLICATE = "DUPLICATE"
    CORRECTED = "CORRECTED"  #: people decided that the line is read otherwise than it was sent
    PENDING = "PENDING"  #: on theirs; our sources have not come that far yet
    BALANCE = "BALANCE"  #: no line: an opening balance, or figures that do not add up


class Action(enum.StrEnum):
    """What is proposed to be done about it."""

    NONE = "NONE"
    WAIT = "WAIT"
    BOOK_DOCUMENT = "BOOK_DOCUMENT"  #: check and book the document that we miss
    ASK_FOR_REMITTANCE = "ASK_FOR_REMITTANCE"  #: proof of a payment, or what it paid
    SEND_COPY = "SEND_COPY"  #: send them the document that they miss
    WRITE_OFF = "WRITE_OFF"  #: the difference is within tolerance
    ASK_TO_CORRECT = "ASK_TO_CORRECT"  #: their statement is wrong
    AGREE_AMOUNT = "AGREE_AMOUNT"  #: find out which amount is right
    COMPARE_EARLIER = "COMPARE_EARLIER"  #: the cause lies before this period


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison and what it adds to the bridge.

    ``step_minor`` = what our books have for it in the period - what their statement has. Over all verdicts of a
    statement the steps sum to the difference of the movements, whatever the outcomes are.
    """

    outcome: Outcome
    action: Action
    step_minor: int
    reason: str
    """Key of the explaining sentence; ``matched`` where there is nothing to explain."""
    arguments: Mapping[str, str] = {}
    line: StatementLine | None = None
    """The line that it is about."""
    lines: tuple[StatementLine, ...] = ()
    """All lines of theirs that it rests on."""
    document: OurDocument | None = None
    others: tuple[OurDocument, ...] = ()
    """Further documents of ours that the lines stand for."""
    date: dt.date
    amount_minor: int
    """What is at stake, >= 0."""
    ours_minor: int | None = None
    theirs_minor: int | None = None

    @property
    def line_numbers(self) -> str:
        """The numbers of its lines, as sentences have them."""
        return ", ".join(str(line.line_no) for line in self.lines)


def signed(line: StatementLine) -> int:
    """A line's amount in the book's view: debit > 0."""
    return line.debit_minor - line.credit_minor
