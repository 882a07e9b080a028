"""Review: everything that follows from the facts of one account, and how it differs from what was announced.

A pure function of the set of facts; only the differences become outcomes. So a late event opens, updates or
withdraws exactly what it changes, by the same ids, whatever the order of arrival.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as Set
from typing import Final

import msgspec

from domain.archive.notes import Notes
from domain.archive.shelf import Shelf, Shelves
from domain.books import Account, Book, Held, ItemFigures, Linked, Record, account_name
from domain.comparison.compare import Compared, compare
from domain.comparison.corrections import corrected
from domain.comparison.desk import Desk
from domain.comparison.entries import OurEntries, OurSide
from domain.comparison.rows import overview, overview_digest
from domain.comparison.unmoved import Change, reach_of, seen_until, settled_on
from domain.comparison.waiting import progress_of
from domain.discrepancies.against_statement import statement_findings
from domain.discrepancies.finding import DiscrepancyKind, DiscrepancyState, Finding
from domain.discrepancies.own_events import OwnEvents, own_event_findings
from domain.facts import Fact, StatementFact
from domain.instructions import instructed
from domain.matching.allocate import settle
from domain.matching.forms import DocumentIndex
from domain.matching.settlement import Allocation, Settlement
from domain.outcomes import AllocationChanged, ComparisonChanged, DiscrepancyChanged, ItemChanged
from domain.parties import known_names
from domain.rules import RulesByDate
from domain.wording import Wording

_NOTHING_SEALED: Final = Shelves()

Difference = ItemChanged | AllocationChanged | DiscrepancyChanged | ComparisonChanged


class Reviewed(msgspec.Struct):
    """What the records of an account, or some of them, come to among themselves."""

    settlement: Settlement
    findings: list[Finding]
    notes: Notes


def review(
    book: Book,
    currency: str,
    rules: RulesByDate,
    shelves: Shelves = _NOTHING_SEALED,
    change: Change | None = None,
    gone: DiscrepancyState = DiscrepancyState.RETRACTED,
) -> Iterator[Difference]:
    """What is new, changed or gone in the account in ``currency``, against what was last announced.

    ``shelves``: what of the book is sealed; what is wanted there makes the result void. ``change``: what an event did,
    where everything else is as it was at the last review under these rules; ``None`` if that is not known.
    ``gone``: what becomes of a discrepancy that no longer stands.
    """
    account = book.accounts[currency]
    shelf = shelves.of(currency)
    notes = None if shelf is None else Notes(other_payers=shelf.payers())
    elsewhere = {other: their for other, their in sorted(book.accounts.items()) if other != currency}

    def other_currency(reference: str) -> str | None:
        for other, their in elsewhere.items():
            asked = Notes()
            found = _index(_in_canonical_order(their.records), asked).resolve(reference).keys
            their_shelf = shelves.of(other)
            if their_shelf is not None:
                their_shelf.want_answers(asked.asked)
            if found:
                return other
        return None

    found = review_records(book.customer_id, currency, account.records, rules, notes, other_currency)
    if shelf is not None:
        shelf.want(found.notes, exactly=not any(one.tolerant for one in rules.every))
    yield from _items(currency, account, found.settlement)
    yield from _allocations(currency, account, found.settlement)
    statements = statements_in_force(account)
    sealed = () if shelf is None else shelf.statement_labels.values()
    reach = reach_of(change, account.records, [names.names for names in (*statements, *sealed)])
    if shelf is not None:
        shelf.want_moved(reach)
    sealed_until = max((label.last_day for label in sealed), default=dt.date.min)
    same = {
        statement.statement_id
        for statement in statements
        if statement.statement_id in account.comparisons
        and reach.spares(seen_until(statement, statements, rules, sealed_until), settled_on(statement, rules))
    }
    moved = [statement for statement in statements if statement.statement_id not in same]
    same.update(*(label.statement_ids for label in sealed))
    wording = Wording.of(book.customer_id, currency)
    compared = list(_compared(account, wording, rules, moved, shelf, book.clock))
    findings = found.findings
    for comparison in compared:
        findings += statement_findings(comparison)
    yield from _discrepancies(currency, book.customer_id, account, findings, same, gone)
    yield from _comparisons(currency, account, compared, same)


def review_records(
    customer_id: str,
    currency: str,
    records: Mapping[str, Record],
    rules: RulesByDate,
    notes: Notes | None = None,
    other_currency: Callable[[str], str | None] = lambda _: None,
) -> Reviewed:
    """Settle ``records`` among themselves and find what disagrees. ``notes``: takes what is asked and answered."""
    facts = _in_canonical_order(records)
    index = _index(facts, notes)
    facts = instructed(facts, index)
    due_dates = {key: due_date(fact, rules) for key, fact in facts.items()}
    settlement = settle(facts, due_dates, currency, index, rules, known_names(customer_id), notes)
    view = OwnEvents(customer_id, currency, rules, settlement, index, other_currency)
    findings = list(own_event_findings(view))
    if notes is None:
        notes = Notes()
    else:
        _note_answers(notes, index, settlement)
    return Reviewed(settlement, findings, notes)


def _note_answers(notes: Notes, index: DocumentIndex, settlement: Settlement) -> None:
    """Note what other records of the account could ask of these; what is alike in both asks and answers."""
    index.note_answers(notes)
    for item in settlement.items.values():
        fact = item.fact
        alike = [("document", fact.kind.value, fact.document_no.strip())]  # as they are compared
        alike += [("transfer", str(item.original_minor), reference) for reference in fact.own_references]
        for both in alike:
            notes.ask(*both)
            notes.answer(*both)


def looks_elsewhere(account: Account) -> bool:
    """Whether another currency's events can change this account's findings: only where a reference is unresolved."""
    unresolved = (DiscrepancyKind.UNKNOWN_REFERENCE, DiscrepancyKind.CURRENCY_MISMATCH)
    return any(held.kind in unresolved for held in account.findings.values())


def due_date(fact: Fact, rules: RulesByDate) -> dt.date:
    """The event's own due date; an invoice without one falls due after the terms, a credit on its own date."""
    if fact.due_date is not None:
        return fact.due_date
    days = rules.on(fact.business_date).terms_days if fact.signed_minor > 0 else 0
    return fact.business_date + dt.timedelta(days=days)


def _in_canonical_order(records: Mapping[str, Record]) -> dict[str, Fact]:
    def order(pair: tuple[str, Fact]) -> tuple[dt.date, dt.datetime, str, str]:
        key, fact = pair
        return (fact.business_date, fact.occurred_at, fact.document_no, key)

    return dict(sorted(((key, record.current) for key, record in records.items()), key=order))


def _index(facts: Mapping[str, Fact], notes: Notes | None = None) -> DocumentIndex:
    return DocumentIndex(((key, (fact.document_no, *fact.aliases)) for key, fact in facts.items()), notes)


def item_figures(settlement: Settlement, key: str) -> ItemFigures:
    """What is announced of an item."""
    item, allocated = settlement.items[key], settlement.allocated(key)
    if item.fact.undone:
        state = "CANCELLED"
    elif item.left_minor == 0:
        state = "CLEARED"
    else:
        state = "PARTIALLY_ALLOCATED" if allocated else "OPEN"
    return ItemFigures(item.original_minor, allocated, item.due_date, state)


def linked(allocation: Allocation) -> Linked:
    """What is announced of an allocation."""
    return Linked(
        allocation.amount_minor,
        allocation.effective_date,
        allocation.rule,
        allocation.score_ppm,
        allocation.confirmed,
        allocation.score_parts,
    )


def _items(currency: str, account: Account, settlement: Settlement) -> Iterator[ItemChanged]:
    for key in settlement.items:
        record = account.records[key]
        if record.item is None and not record.lines:
            continue  # never in force: nothing to settle yet
        figures = item_figures(settlement, key)
        if figures != record.item:
            yield ItemChanged(currency, key, figures)


def _allocations(currency: str, account: Account, settlement: Settlement) -> Iterator[AllocationChanged]:
    for pair in account.allocations:
        if pair not in settlement.allocations:
            yield AllocationChanged(currency, *pair, None)
    for pair, allocation in settlement.allocations.items():
        link = linked(allocation)
        if account.allocations.get(pair) != link:
            yield AllocationChanged(currency, *pair, link)


def comparisons(book: Book, currency: str, rules: RulesByDate) -> Iterator[Compared]:
    """Each statement in force laid against the books, by period. ``book`` must be whole (``archive.whole``)."""
    account = book.accounts[currency]
    wording = Wording.of(book.customer_id, currency)
    return _compared(account, wording, rules, statements_in_force(account), None, book.clock)


def _compared(
    account: Account,
    wording: Wording,
    rules: RulesByDate,
    moved: Sequence[StatementFact],
    shelf: Shelf | None,
    clock: dt.date,
) -> Iterator[Compared]:
    """The comparisons of ``moved``. They see all records and statements of the account, those on ``shelf`` too."""
    if not moved:
        return
    if shelf is not None:
        account = msgspec.structs.replace(
            account,
            records=shelf.sealed_records() | account.records,
            statements=shelf.sealed_statements() | account.statements,
        )
    progress = progress_of(
        (fact for record in account.records.values() for fact in record.facts),
        (version for versions in account.statements.values() for version in versions),
        clock,
    )
    desk = Desk(OurSide(_our_entries(account.records), statements_in_force(account)))
    for statement in moved:
        yield compare(wording, rules.on(statement.period_end), desk, statement, progress)


def statements_in_force(account: Account) -> list[StatementFact]:
    """The highest version of each statement that is not withdrawn, by period, as corrections have it read."""
    current = [versions[-1] for versions in account.statements.values()]
    in_force = sorted(
        (s for s in current if not s.withdrawn), key=lambda s: (s.period_start, s.period_end, s.statement_id)
    )
    return corrected(in_force, (record.current for record in account.records.values())) if in_force else []


def _comparisons(
    currency: str, account: Account, compared: Sequence[Compared], same: Set[str]
) -> Iterator[ComparisonChanged]:
    now = {comparison.statement.statement_id: comparison for comparison in compared}
    for statement_id, digest in account.comparisons.items():
        if statement_id not in now and statement_id not in same:
            yield ComparisonChanged(currency, statement_id, digest, None)
    for statement_id, comparison in now.items():
        found = overview(comparison)
        digest = overview_digest(found)
        if account.comparisons.get(statement_id) != digest:
            yield ComparisonChanged(currency, statement_id, digest, found)


def _our_entries(records: Mapping[str, Record]) -> OurEntries:
    entries = OurEntries()
    for key, fact in _in_canonical_order(records).items():
        aliases = (*fact.aliases, *fact.own_references)
        lines = records[key].lines.values()
        entries.add(fact.kind, fact.document_no, aliases, lines, fact.source, fact.about)
    return entries


def _discrepancies(
    currency: str,
    customer_id: str,
    account: Account,
    findings: list[Finding],
    same: Set[str],
    gone: DiscrepancyState,
) -> Iterator[DiscrepancyChanged]:
    name = account_name(customer_id, currency)
    now = {finding.identity(name): finding for finding in findings}
    assert len(now) == len(findings), f"two findings of {name} share one id"
    for discrepancy_id, held in account.findings.items():
        if discrepancy_id not in now and held.statement_id not in same:
            yield DiscrepancyChanged(currency, discrepancy_id, gone, held, None)
    for discrepancy_id, finding in now.items():
        held = Held(
            finding.kind.value,
            finding.document_no,
            finding.statement_id,
            finding.line_no,
            finding.amount_minor,
            finding.digest(),
            finding.business_date,
            finding.arguments.get("also", ""),
        )
        known = account.findings.get(discrepancy_id)
        if known is None:
            yield DiscrepancyChanged(currency, discrepancy_id, DiscrepancyState.OPENED, held, finding)
        elif known.digest != held.digest:
            yield DiscrepancyChanged(currency, discrepancy_id, DiscrepancyState.UPDATED, held, finding)
