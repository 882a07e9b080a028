"""The state: one ``Book`` per party, holding an ``Account`` per currency; a supplier's mirrored (``domain.parties``).

Everything in it follows from the set of accepted facts, except ``version``, which counts changes and only grows
(I8). The struct is the value of the stream's table and is encoded as MessagePack, field by field.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from domain.facts import Fact, StatementFact
from domain.ledger import Line
from domain.parties import view_sign


class ItemFigures(msgspec.Struct, frozen=True, array_like=True):
    """What was last announced of an open item; minor units, >= 0."""

    original_minor: int
    allocated_minor: int
    due_date: dt.date
    state: str


class Record(msgspec.Struct, array_like=True):
    """All that is known of one record of a source."""

    facts: list[Fact]
    """Its versions in ascending rank; never empty."""
    lines: dict[str, Line]
    """The ledger lines that stand, by entry id."""
    item: ItemFigures | None = None

    @property
    def current(self) -> Fact:
        """The version in force."""
        return self.facts[-1]


class Linked(msgspec.Struct, frozen=True, array_like=True):
    """What was last announced of one allocation."""

    amount_minor: int
    effective_date: dt.date
    rule: str
    score_ppm: int
    confirmed: bool
    score_parts: tuple[tuple[str, int], ...] = ()
    """(what was compared, how well it fits in millionths): the evidence of the score."""


class Held(msgspec.Struct, frozen=True, array_like=True):
    """What was last announced of an open discrepancy: enough to see a change and to withdraw it."""

    kind: str
    document_no: str | None
    statement_id: str | None
    line_no: int | None
    amount_minor: int
    digest: bytes
    business_date: dt.date
    also: str = ""
    """Other numbers of its documents: it is found by them after it is gone, too."""


class Account(msgspec.Struct, array_like=True):
    """One customer in one currency. ``balance_minor`` = Σ of all lines that stand (I1)."""

    version: int = 0
    balance_minor: int = 0
    entry_count: int = 0
    last_business_date: dt.date = dt.date.min
    records: dict[str, Record] = {}
    statements: dict[str, list[StatementFact]] = {}
    allocations: dict[tuple[str, str], Linked] = {}
    """(credit record, debit record) -> what was announced."""
    findings: dict[str, Held] = {}
    """discrepancy id -> what was announced and is open."""
    comparisons: dict[str, bytes] = {}
    """statement id -> digest of the comparison that was announced."""
    clock: dt.date = dt.date.min
    """The latest day on which anything of the account occurred."""
    segments: list[int] = []
    """Numbers of the sealed segments that hold the other records of the account (``domain.archive``)."""
    seal_above: int = 0
    """How many records there must be before sealing is worth another try."""
    reviewed_under: bytes = b""
    """Digest of the rules that the sealed records and the comparisons rest on; empty where nobody keeps track."""
    statement_segments: list[int] = []
    """Numbers of the sealed segments that hold the other statements of the customer."""

    def standing_lines(self) -> list[Line]:
        return [line for record in self.records.values() for line in record.lines.values()]


class Book(msgspec.Struct, array_like=True):
    """All accounts of one customer, and the ids of the events that they rest on."""

    customer_id: str
    accounts: dict[str, Account] = {}
    """currency -> account."""
    event_digests: dict[str, bytes] = {}
    """event id -> digest of its whole content (I3); those that are not sealed."""
    id_segments: list[int] = []
    """Numbers of the sealed segments that hold the other event ids."""
    next_segment: int = 0
    clock: dt.date = dt.date.min
    """The latest day that a clock event told of."""

    def our_balance_minor(self, currency: str) -> int:
        """The account's balance in our view: > 0 they owe us, < 0 we owe them."""
        return view_sign(self.customer_id) * self.accounts[currency].balance_minor


def new_book(customer_id: str) -> Book:
    return Book(customer_id)


def account_name(customer_id: str, currency: str) -> str:
    """The account's name inside stable ids. The separator occurs in no currency code, so names are unambiguous."""
    return f"{currency}:{customer_id}"
