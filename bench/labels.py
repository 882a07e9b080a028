"""Labelled accounts and how the books' allocations are held to their labels.

A **pair** is (credit, debit): the numbers of what pays (a payment, a credit note) and of what is paid (an invoice, a
refund). The labels stay outside the events: the books see what a bank and a shop send.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.books import Linked, new_book
from domain.decide import decide, evolve
from domain.events import Event, Source
from domain.rules import Rules

Pair = tuple[str, str]
_RECORDED_AT = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Label:
    """That a pair is right."""

    amount_minor: int | None = None
    """What of the credit goes to the debit; ``None``: not looked at."""
    knowable: bool = True
    """False where nobody could know the pair from what is visible: it is right if confirmed, but not missed."""


@dataclass
class LabelledAccount:
    """What the books are told of one customer, and the truth that they are not told."""

    customer_id: str
    currency: str
    events: list[Event] = field(default_factory=list)
    categories: dict[str, str] = field(default_factory=dict)
    """Every credit -> its category, also where it pays nothing."""
    truth: dict[Pair, Label] = field(default_factory=dict)


@dataclass
class Tally:
    """Counts of pairs in one category."""

    credits: int = 0
    pairs: int = 0
    """Labelled and knowable."""
    confirmed: int = 0
    right: int = 0
    """Of the confirmed."""
    found: int = 0
    """Of the knowable: confirmed or suggested."""
    sure: int = 0
    """Of the knowable: confirmed."""
    misled: int = 0
    """Suggested, and not right."""
    amiss: int = 0
    """Confirmed and right, with another amount than the label's."""

    def add(self, other: Tally) -> None:
        for name, count in vars(other).items():
            setattr(self, name, getattr(self, name) + count)

    def figures(self) -> dict[str, Any]:
        """``None`` where there is nothing to divide by; ``noise``: wrong suggestions per 100 credits, in hundredths."""
        return {
            "credits": self.credits,
            "pairs": self.pairs,
            "confirmed": self.confirmed,
            "precision_ppm": _ppm(self.right, self.confirmed),
            "recall_ppm": _ppm(self.found, self.pairs),
            "confirmed_recall_ppm": _ppm(self.sure, self.pairs),
            "noise": 10_000 * self.misled // self.credits if self.credits else None,
            "amount_amiss": self.amiss,
        }


def _ppm(part: int, whole: int) -> int | None:
    return 1_000_000 * part // whole if whole else None


def total(tallies: Mapping[str, Tally]) -> Tally:
    """All categories together."""
    everything = Tally()
    for tally in tallies.values():
        everything.add(tally)
    return everything


def links(account: LabelledAccount) -> dict[Pair, Linked]:
    """The allocations of the books after every event went through them, under the default rules."""
    book, rules = new_book(account.customer_id), Rules()
    for offset, event in enumerate(account.events):
        for outcome in decide(book, event, Source("events", 0, offset), _RECORDED_AT, rules):
            evolve(book, outcome)
    held = book.accounts[account.currency]
    number = {key: record.current.document_no for key, record in held.records.items()}
    return {(number[c], number[d]): link for (c, d), link in held.allocations.items()}


def score(account: LabelledAccount, told: Mapping[Pair, Linked], into: dict[str, Tally]) -> None:
    """Count ``told`` against the labels of ``account``; a pair counts in the category of its credit."""
    for category in account.categories.values():
        into.setdefault(category, Tally()).credits += 1
    for pair, label in account.truth.items():
        tally, link = into[account.categories[pair[0]]], told.get(pair)
        if label.knowable:
            tally.pairs += 1
            tally.found += link is not None
            tally.sure += link is not None and link.confirmed
    for pair, link in told.items():
        tally, right = into[account.categories[pair[0]]], account.truth.get(pair)
        if not link.confirmed:
            tally.misled += right is None
            continue
        tally.confirmed += 1
        tally.right += right is not None
        tally.amiss += right is not None and right.amount_minor not in (None, link.amount_minor)
