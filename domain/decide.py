"""The core: ``decide`` says what follows from an event, ``evolve`` applies it.

``decide`` is pure and never changes the book; ``evolve`` changes the book in place and returns it, because the
stream owns exactly one copy. Invariants: I1 conservation, I3 no double count, I6 order independence,
I7 a refusal changes nothing, I8 versions only grow.
"""

from __future__ import annotations

import bisect
import datetime as dt
from collections.abc import Sequence

import msgspec

from domain.archive.shelf import Shelf, Shelves
from domain.books import Account, Book, Record, account_name
from domain.comparison.unmoved import Change
from domain.discrepancies.finding import DiscrepancyState
from domain.events import ClockEvent, Event, Source
from domain.facts import EntryKind, Fact, StatementFact, event_digest, fact_of
from domain.ledger import contra, lines_that_should_stand, postings
from domain.outcomes import (
    Accepted,
    AccountMoved,
    AllocationChanged,
    Booked,
    ComparisonChanged,
    DiscrepancyChanged,
    Duplicate,
    ItemChanged,
    Noted,
    Outcome,
    Refused,
    TimePassed,
)
from domain.review import Difference, looks_elsewhere, review
from domain.rules import RulesByDate
from domain.validation import Refusal, RefusalReason


def decide(
    book: Book,
    event: Event,
    source: Source,
    recorded_at: dt.datetime,
    rules: RulesByDate,
    shelves: Shelves | None = None,
    rules_digest: bytes = b"",
) -> list[Outcome]:
    """Everything that follows from ``event`` for the books of its customer.

    ``source`` and ``recorded_at`` (the record's timestamp in Kafka, UTC) are kept for traceability; no clock is
    read. The outcomes are to be applied in order by ``evolve``. ``shelves``: what of the book is sealed; if something
    of it is wanted afterwards the outcomes are void (``domain.archive``).
    """
    shelves = shelves or Shelves()
    digest = event_digest(event)
    known = book.event_digests.get(event.event_id) or shelves.event_digests.get(event.event_id)
    if known is not None:
        if known == digest:
            return [Duplicate(event.event_id, digest)]
        return [
            _refused(event, RefusalReason.EVENT_ID_CONFLICT, "This event_id came with other content before.")
        ]
    if isinstance(event, ClockEvent):
        return _time_passed(book, event, digest, rules, shelves, rules_digest)
    fact = fact_of(event, source, recorded_at)
    if fact is None:
        return [Noted(event.event_id, digest)]
    if isinstance(fact, Fact):
        shelves.want_record(fact.record_key)
    else:
        shelves.want_statement(fact.statement_id)
    settled = _known_or_conflicting(book, event, fact, digest)
    if settled is not None:
        return [settled]
    accepted = Accepted(event.currency, fact, digest)
    return [accepted, *_consequences(book, accepted, rules, shelves, rules_digest)]


def _refused(event: Event, reason: RefusalReason, detail: str) -> Refused:
    return Refused(Refusal(reason, detail, event.event_id, event.customer_id))


def _known_or_conflicting(
    book: Book, event: Event, fact: Fact | StatementFact, digest: bytes
) -> Outcome | None:
    """A version that the books hold already under another event id: the same content is a duplicate (I3)."""
    for currency, account in book.accounts.items():
        held = _versions(account, fact)
        if held and currency != event.currency:
            return _refused(event, RefusalReason.CURRENCY_CHANGED, f"This record was in {currency} before.")
        for version in held:
            if version.rank == fact.rank:
                if version.digest == fact.digest:
                    return Duplicate(event.event_id, digest)
                detail = f"Version {fact.rank[0]} of this record came with other content before."
                return _refused(event, RefusalReason.VERSION_CONFLICT, detail)
    return None


def _versions(account: Account, fact: Fact | StatementFact) -> list[Fact] | list[StatementFact]:
    if isinstance(fact, StatementFact):
        return account.statements.get(fact.statement_id, [])
    record = account.records.get(fact.record_key)
    return record.facts if record is not None else []


def _consequences(
    book: Book, accepted: Accepted, rules: RulesByDate, shelves: Shelves, rules_digest: bytes
) -> list[Outcome]:
    """What the new fact leads to, found on a copy that shares everything the fact does not touch."""
    after = _copy_for(book, accepted)
    evolve(after, accepted)
    outcomes: list[Outcome] = []
    fact = accepted.fact
    change: Change | None = None
    if isinstance(fact, Fact):
        record = after.accounts[accepted.currency].records[fact.record_key]
        name = account_name(book.customer_id, accepted.currency)
        annul, post = postings(record.lines, lines_that_should_stand(name, record.facts))
        if annul or post:
            booked = Booked(
                accepted.currency, fact.record_key, tuple(post), tuple(contra(line) for line in annul)
            )
            outcomes.append(booked)
            evolve(after, booked)
        before = book.accounts.get(accepted.currency)
        if before is not None and before.reviewed_under == rules_digest != b"":
            lines = [*record.lines.values(), *annul]
            change = Change(max(before.clock, book.clock), fact.record_key, record.facts, lines)
    for currency in sorted(after.accounts):
        if currency != accepted.currency and not looks_elsewhere(after.accounts[currency]):
            continue
        _want_what_other_rules_left(after.accounts[currency], shelves.of(currency), rules_digest)
        here = change if currency == accepted.currency else None
        differences = list(review(after, currency, rules, shelves, here, _state_when_gone(fact)))
        if not differences and currency != accepted.currency:
            continue
        outcomes += [*differences, _moved(currency, after.accounts[currency], differences)]
    return outcomes


def _time_passed(
    book: Book, event: ClockEvent, digest: bytes, rules: RulesByDate, shelves: Shelves, rules_digest: bytes
) -> list[Outcome]:
    """What no longer waits. Only statements wait, and only in accounts that have not come to that day by themselves."""
    day = event.occurred_at.date()
    after = msgspec.structs.replace(book, clock=max(day, book.clock))
    outcomes: list[Outcome] = [TimePassed(event.event_id, digest, after.clock)]
    if day <= book.clock:
        return outcomes
    for currency, account in sorted(after.accounts.items()):
        if account.clock >= day or not account.comparisons:
            continue
        _want_what_other_rules_left(account, shelves.of(currency), rules_digest)
        known = account.reviewed_under == rules_digest != b""
        change = Change(max(account.clock, book.clock)) if known else None
        differences = list(review(after, currency, rules, shelves, change))
        if differences:
            outcomes += [*differences, _moved(currency, account, differences)]
    return outcomes


def decide_again(
    book: Book, rules: RulesByDate, shelves: Shelves | None = None, rules_digest: bytes = b""
) -> list[Outcome]:
    """What follows for ``book`` from other rules than those it was last reviewed under; empty where nothing does.

    The same outcomes as if each fact had met these rules when it came (I6). ``shelves`` as for ``decide``; accounts
    that were reviewed under ``rules_digest`` are left out.
    """
    shelves = shelves or Shelves()
    accounts = {
        currency: account
        for currency, account in sorted(book.accounts.items())
        if account.reviewed_under != rules_digest or rules_digest == b""
    }
    for currency, account in accounts.items():
        _want_what_other_rules_left(account, shelves.of(currency), rules_digest)
    if shelves.wanting():
        return []  # void: all that is sealed is to be reviewed, too
    outcomes: list[Outcome] = []
    for currency, account in accounts.items():
        differences = list(review(book, currency, rules, shelves))
        if differences:
            outcomes += [*differences, _moved(currency, account, differences)]
    return outcomes


def _moved(currency: str, account: Account, differences: Sequence[Difference]) -> AccountMoved:
    opened = sum(_opens(d) for d in differences if isinstance(d, DiscrepancyChanged))
    return AccountMoved(
        currency,
        account.version + 1,
        account.balance_minor,
        account.entry_count,
        len(account.findings) + opened,
        account.last_business_date,
    )


def _want_what_other_rules_left(account: Account, shelf: Shelf | None, rules_digest: bytes) -> None:
    if shelf is not None and account.reviewed_under != rules_digest:
        shelf.want_all()


def _state_when_gone(fact: Fact | StatementFact) -> DiscrepancyState:
    """How a discrepancy ends that ``fact`` clears: what people decided resolves it, later data takes it back."""
    decided = isinstance(fact, Fact) and fact.kind in (EntryKind.ADJUSTMENT, EntryKind.WRITE_OFF)
    return DiscrepancyState.RESOLVED if decided else DiscrepancyState.RETRACTED


def _opens(change: DiscrepancyChanged) -> int:
    return -1 if change.finding is None else int(change.state is DiscrepancyState.OPENED)


def _copy_for(book: Book, accepted: Accepted) -> Book:
    account = book.accounts.get(accepted.currency, Account())
    account = msgspec.structs.replace(
        account, records=dict(account.records), statements=dict(account.statements)
    )
    fact = accepted.fact
    if isinstance(fact, StatementFact):
        account.statements[fact.statement_id] = list(account.statements.get(fact.statement_id, ()))
    elif fact.record_key in account.records:
        record = account.records[fact.record_key]
        account.records[fact.record_key] = msgspec.structs.replace(
            record, facts=list(record.facts), lines=dict(record.lines)
        )
    # The ids are not looked at again: the copy needs none.
    accounts = {**book.accounts, accepted.currency: account}
    return Book(book.customer_id, accounts, {}, clock=book.clock)


def evolve(book: Book, outcome: Outcome) -> Book:
    """Apply one outcome to ``book`` in place."""
    match outcome:
        case Duplicate(event_id, digest) | Noted(event_id, digest):
            book.event_digests[event_id] = digest
        case TimePassed(event_id, digest, day):
            book.event_digests[event_id] = digest
            book.clock = day
        case Refused():
            pass
        case Accepted():
            _accept(book, outcome)
        case Booked():
            _book_lines(book.accounts[outcome.currency], outcome)
        case ItemChanged():
            book.accounts[outcome.currency].records[outcome.record_key].item = outcome.figures
        case AllocationChanged():
            pair = (outcome.credit_key, outcome.debit_key)
            if outcome.link is None:
                del book.accounts[outcome.currency].allocations[pair]
            else:
                book.accounts[outcome.currency].allocations[pair] = outcome.link
        case DiscrepancyChanged():
            if outcome.finding is None:
                del book.accounts[outcome.currency].findings[outcome.discrepancy_id]
            else:
                book.accounts[outcome.currency].findings[outcome.discrepancy_id] = outcome.held
        case ComparisonChanged():
            announced = book.accounts[outcome.currency].comparisons
            if outcome.overview is None:
                del announced[outcome.statement_id]
            else:
                announced[outcome.statement_id] = outcome.digest
        case _:  # AccountMoved
            book.accounts[outcome.currency].version = outcome.version
    return book


def _accept(book: Book, accepted: Accepted) -> None:
    fact = accepted.fact
    book.event_digests[fact.event_id] = accepted.digest
    account = book.accounts.setdefault(accepted.currency, Account())
    account.clock = max(account.clock, fact.occurred_at.date())
    if isinstance(fact, StatementFact):
        bisect.insort(account.statements.setdefault(fact.statement_id, []), fact, key=lambda f: f.rank)
        return
    record = account.records.get(fact.record_key)
    if record is None:
        record = account.records[fact.record_key] = Record([], {})
    bisect.insort(record.facts, fact, key=lambda f: f.rank)


def _book_lines(account: Account, booked: Booked) -> None:
    """I1: the balance moves by exactly the signed lines that are written."""
    lines = account.records[booked.record_key].lines
    for line in booked.annulled:
        account.balance_minor += line.signed_minor
    taken_back = {line.entry_id for line in booked.annulled}
    for entry_id in [e for e, line in lines.items() if contra(line).entry_id in taken_back]:
        del lines[entry_id]
    for line in booked.posted:
        lines[line.entry_id] = line
        account.balance_minor += line.signed_minor
        account.last_business_date = max(account.last_business_date, line.business_date)
    account.entry_count += len(booked.posted) + len(booked.annulled)
