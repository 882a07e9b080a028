"""Review: everything that follows from the facts of one account, and how it differs from what was announced.

A pure function of the set of facts; only the differences become outcomes. So a late event opens, updates or
withdraws exactly what it changes, by the same ids, whatever the order of arrival.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from domain.books import Account, Book, Held, ItemFigures, Linked, Record, account_name
from domain.comparison.compare import Compared, compare
from domain.comparison.entries import OurEntries, OurSide
from domain.comparison.rows import overview, overview_digest
from domain.comparison.waiting import progress_of
from domain.discrepancies.against_statement import statement_findings
from domain.discrepancies.finding import DiscrepancyKind, DiscrepancyState, Finding
from domain.discrepancies.own_events import OwnEvents, own_event_findings
from domain.facts import Fact, StatementFact
from domain.instructions import instructed
from domain.matching.allocate import settle
from domain.matching.references import DocumentIndex
from domain.matching.settlement import Settlement
from domain.outcomes import AllocationChanged, ComparisonChanged, DiscrepancyChanged, ItemChanged
from domain.rules import RulesByDate

Difference = ItemChanged | AllocationChanged | DiscrepancyChanged | ComparisonChanged


def review(book: Book, currency: str, rules: RulesByDate) -> Iterator[Difference]:
    """What is new, changed or gone in the account in ``currency``, against what was last announced."""
    account = book.accounts[currency]
    facts = _in_canonical_order(account.records)
    index = _index(facts)
    facts = instructed(facts, index)
    settlement = settle(
        facts, {key: due_date(fact, rules) for key, fact in facts.items()}, index, rules, (book.customer_id,)
    )
    yield from _items(currency, account, settlement)
    yield from _allocations(currency, account, settlement)
    compared = list(comparisons(account, currency, rules))
    findings = list(_findings(book, currency, settlement, index, rules))
    for comparison in compared:
        findings += statement_findings(comparison)
    yield from _discrepancies(currency, book.customer_id, account, findings)
    yield from _comparisons(currency, account, compared)


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


def _index(facts: Mapping[str, Fact]) -> DocumentIndex:
    return DocumentIndex((key, (fact.document_no, *fact.aliases)) for key, fact in facts.items())


def _items(currency: str, account: Account, settlement: Settlement) -> Iterator[ItemChanged]:
    for key, item in settlement.items.items():
        record = account.records[key]
        if record.item is None and not record.lines:
            continue  # never in force: nothing to settle yet
        allocated = settlement.allocated(key)
        if item.fact.undone:
            state = "CANCELLED"
        elif item.left_minor == 0:
            state = "CLEARED"
        else:
            state = "PARTIALLY_ALLOCATED" if allocated else "OPEN"
        figures = ItemFigures(item.original_minor, allocated, item.due_date, state)
        if figures != record.item:
            yield ItemChanged(currency, key, figures)


def _allocations(currency: str, account: Account, settlement: Settlement) -> Iterator[AllocationChanged]:
    for pair in account.allocations:
        if pair not in settlement.allocations:
            yield AllocationChanged(currency, *pair, None)
    for pair, allocation in settlement.allocations.items():
        link = Linked(
            allocation.amount_minor,
            allocation.effective_date,
            allocation.rule,
            allocation.score_ppm,
            allocation.confirmed,
            allocation.score_parts,
        )
        if account.allocations.get(pair) != link:
            yield AllocationChanged(currency, *pair, link)


def _findings(
    book: Book, currency: str, settlement: Settlement, index: DocumentIndex, rules: RulesByDate
) -> Iterator[Finding]:
    elsewhere = {
        other: _index(_in_canonical_order(their.records))
        for other, their in sorted(book.accounts.items())
        if other != currency
    }

    def other_currency(reference: str) -> str | None:
        return next((other for other, found in elsewhere.items() if found.resolve(reference).keys), None)

    view = OwnEvents(book.customer_id, currency, rules, settlement, index, other_currency)
    yield from own_event_findings(view)


def comparisons(account: Account, currency: str, rules: RulesByDate) -> Iterator[Compared]:
    """Each statement in force laid against the books, by period."""
    statements = statements_in_force(account)
    if not statements:
        return
    progress = progress_of(
        (fact for record in account.records.values() for fact in record.facts),
        (version for versions in account.statements.values() for version in versions),
    )
    side = OurSide(_our_entries(account), statements)
    for statement in statements:
        yield compare(currency, rules.on(statement.period_end), side, statement, progress)


def statements_in_force(account: Account) -> list[StatementFact]:
    """The highest version of each statement that is not withdrawn, by period."""
    current = [versions[-1] for versions in account.statements.values()]
    return sorted(
        (s for s in current if not s.withdrawn), key=lambda s: (s.period_start, s.period_end, s.statement_id)
    )


def _comparisons(
    currency: str, account: Account, compared: Sequence[Compared]
) -> Iterator[ComparisonChanged]:
    now = {comparison.statement.statement_id: comparison for comparison in compared}
    for statement_id, digest in account.comparisons.items():
        if statement_id not in now:
            yield ComparisonChanged(currency, statement_id, digest, None)
    for statement_id, comparison in now.items():
        found = overview(comparison)
        digest = overview_digest(found)
        if account.comparisons.get(statement_id) != digest:
            yield ComparisonChanged(currency, statement_id, digest, found)


def _our_entries(account: Account) -> OurEntries:
    entries = OurEntries()
    for key, fact in _in_canonical_order(account.records).items():
        aliases = (*fact.aliases, *fact.own_references)
        entries.add(fact.kind, fact.document_no, aliases, account.records[key].lines.values(), fact.source)
    return entries


def _discrepancies(
    currency: str, customer_id: str, account: Account, findings: list[Finding]
) -> Iterator[DiscrepancyChanged]:
    name = account_name(customer_id, currency)
    now = {finding.identity(name): finding for finding in findings}
    assert len(now) == len(findings), f"two findings of {name} share one id"
    for discrepancy_id, held in account.findings.items():
        if discrepancy_id not in now:
            yield DiscrepancyChanged(currency, discrepancy_id, DiscrepancyState.RETRACTED, held, None)
    for discrepancy_id, finding in now.items():
        held = Held(
            finding.kind.value,
            finding.document_no,
            finding.statement_id,
            finding.line_no,
            finding.amount_minor,
            finding.digest(),
            finding.business_date,
        )
        known = account.findings.get(discrepancy_id)
        if known is None:
            yield DiscrepancyChanged(currency, discrepancy_id, DiscrepancyState.OPENED, held, finding)
        elif known.digest != held.digest:
            yield DiscrepancyChanged(currency, discrepancy_id, DiscrepancyState.UPDATED, held, finding)
