"""What ``decide`` concludes from an event. ``evolve`` applies each to the book; streams turns them into records."""

from __future__ import annotations

import datetime as dt

import msgspec

from domain.books import Held, ItemFigures, Linked
from domain.comparison.rows import Overview
from domain.discrepancies.finding import DiscrepancyState, Finding
from domain.facts import Fact, StatementFact
from domain.ledger import Line
from domain.validation import Refusal


class Duplicate(msgspec.Struct, frozen=True):
    """The books know this already: counted, nothing changes but that the id is remembered."""

    event_id: str
    digest: bytes


class Refused(msgspec.Struct, frozen=True):
    """The event contradicts what the books know; it goes to the dead letters and changes nothing (I7)."""

    refusal: Refusal


class Noted(msgspec.Struct, frozen=True):
    """Accepted, but it books nothing (an order was fulfilled)."""

    event_id: str
    digest: bytes


class TimePassed(msgspec.Struct, frozen=True):
    """The customer's clock stands at ``day``."""

    event_id: str
    digest: bytes
    day: dt.date


class Accepted(msgspec.Struct, frozen=True):
    """A new fact of an account in ``currency``."""

    currency: str
    fact: Fact | StatementFact
    digest: bytes
    """Of the whole event, under its id."""


class Booked(msgspec.Struct, frozen=True):
    """Ledger lines that now stand, and contra lines for those that no longer do."""

    currency: str
    record_key: str
    posted: tuple[Line, ...]
    annulled: tuple[Line, ...]


class ItemChanged(msgspec.Struct, frozen=True):
    currency: str
    record_key: str
    figures: ItemFigures


class AllocationChanged(msgspec.Struct, frozen=True):
    """``link`` is the allocation as it now is; ``None`` withdraws it."""

    currency: str
    credit_key: str
    debit_key: str
    link: Linked | None


class DiscrepancyChanged(msgspec.Struct, frozen=True):
    """``finding`` is what now disagrees; on RESOLVED and RETRACTED it is ``None`` and ``held`` says what it was."""

    currency: str
    discrepancy_id: str
    state: DiscrepancyState
    held: Held
    finding: Finding | None


class ComparisonChanged(msgspec.Struct, frozen=True):
    """How a customer statement now compares; ``None``: it is withdrawn, and so is its comparison."""

    currency: str
    statement_id: str
    digest: bytes
    overview: Overview | None


class AccountMoved(msgspec.Struct, frozen=True):
    """Closes the outcomes of one account: its figures after the event. ``version`` grows by one (I8)."""

    currency: str
    version: int
    balance_minor: int
    entry_count: int
    open_discrepancies: int
    last_business_date: dt.date


Outcome = (
    Duplicate
    | Refused
    | Noted
    | TimePassed
    | Accepted
    | Booked
    | ItemChanged
    | AllocationChanged
    | DiscrepancyChanged
    | ComparisonChanged
    | AccountMoved
)
