"""Tells a scenario of ``ledger_language`` to the books: as written, in other orders, with deliveries repeated.

After every event the invariants hold: decide changes nothing, conservation (I1), no line twice (I3), a refusal changes
nothing (I7), versions grow by one (I8), and the stored book reads back as the same book.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from domain.books import Account, Book, new_book
from domain.comparison.bridge import bridge
from domain.comparison.compare import Compared
from domain.decide import decide, evolve
from domain.digest import figures
from domain.discrepancies.explanations import explain
from domain.events import Event, Source
from domain.ledger import balance_as_of
from domain.outcomes import AccountMoved, Booked, DiscrepancyChanged, Duplicate, Noted, Outcome, Refused
from domain.parties import role_of, view_sign
from domain.review import comparisons
from domain.rules import Rules, RulesByDate
from tests.unit.ledger_language import CUSTOMER, Check, Delivery, parse

RECORDED_AT = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
SHUFFLES = 4


def scenario(described: Callable[[], None]) -> Callable[[], None]:
    """The test that a table describes."""

    def run() -> None:
        assert described.__doc__ is not None
        holds(described.__doc__)

    run.__name__, run.__module__ = described.__name__, described.__module__
    return run


def holds(table: str, rules: Rules | None = None) -> Book:
    """Tell the scenario as written, in other orders and twice over; returns the book as written."""
    told = parse(table)
    rules = rules or told.rules
    assert told.checks, "a table without => checks nothing"
    teller = Teller(rules, told.party_id)
    for number, delivery in enumerate(told.deliveries, 1):
        teller.tell(delivery)
        for check in told.checks:
            if check.after == number:
                teller.compare(check)
    for check in told.checks:
        _same_in_every_order(told.deliveries[: check.after], check, rules, told.party_id)
    return teller.book


def _same_in_every_order(deliveries: Sequence[Delivery], check: Check, rules: Rules, party_id: str) -> None:
    accepted = [d for d in deliveries if d.fate in ("accepted", "noted")]
    repeated = [d for d in deliveries if d.fate == "duplicate"]
    refused = [d for d in deliveries if d.fate not in ("accepted", "noted", "duplicate")]
    as_written: object = None
    for seed in range(-1, SHUFFLES):
        order = list(accepted)
        teller = Teller(rules, party_id)
        if seed >= 0:
            random.Random(seed).shuffle(order)
            # Any of what was delivered already may come again at any time.
            for place in range(len(order), 0, -1):
                again = random.Random(seed * 1000 + place).choice(order[:place])
                order.insert(place, Delivery(again.event, "duplicate"))
        for delivery in [*order, *repeated, *refused]:
            teller.tell(delivery)
        result = settled_figures(teller.book)
        as_written = result if seed < 0 else as_written
        assert result == as_written, f"another order (shuffle {seed}) comes to another result"
        teller.compare(msgspec.structs.replace(check, changes=[]))


class Teller:
    """Feeds deliveries to a book through ``decide`` and ``evolve``, holding the invariants after each."""

    def __init__(self, rules: RulesByDate | None = None, customer_id: str = CUSTOMER) -> None:
        self.book = new_book(customer_id)
        self.outcomes: list[Outcome] = []
        self._rules = rules or Rules()
        self._offset = 0
        self._posted: set[str] = set()
        self._written_minor: Counter[str] = Counter()

    def tell(self, delivery: Delivery) -> None:
        fate = self.take(delivery.event)
        assert fate == delivery.fate, f"{delivery.event.event_id}: {fate}, expected {delivery.fate}"

    def take(self, event: Event) -> str:
        """Apply one event and say what became of it."""
        before = encoded(self.book)
        versions = {currency: account.version for currency, account in self.book.accounts.items()}
        source = Source("events", 0, self._offset)
        self._offset += 1
        self.outcomes = decide(self.book, event, source, RECORDED_AT, self._rules)
        assert encoded(self.book) == before, "decide changed the book"
        for outcome in self.outcomes:
            evolve(self.book, outcome)
        self._hold_invariants(before, versions)
        match self.outcomes[0]:
            case Refused(refusal):
                return refusal.reason.value
            case Duplicate():
                return "duplicate"
            case Noted():
                return "noted"
            case _:
                return "accepted"

    def _hold_invariants(self, before: bytes, versions: dict[str, int]) -> None:
        if isinstance(self.outcomes[0], Refused):
            assert encoded(self.book) == before, "a refusal changed the book (I7)"
            assert len(self.outcomes) == 1
        assert decoded(encoded(self.book)) == self.book, "the stored book is another one"
        for outcome in self.outcomes:
            if isinstance(outcome, Booked):
                for line in (*outcome.posted, *outcome.annulled):
                    assert line.entry_id not in self._posted, "one entry id was written twice (I3)"
                    self._posted.add(line.entry_id)
                    self._written_minor[outcome.currency] += line.signed_minor
        for outcome in self.outcomes:
            if isinstance(outcome, DiscrepancyChanged) and outcome.finding is not None:
                sentence = explain(
                    outcome.finding.reason, outcome.finding.arguments, role_of(self.book.customer_id)
                )
                assert "{" not in sentence
                assert outcome.finding.evidence
        moved = {o.currency: o for o in self.outcomes if isinstance(o, AccountMoved)}
        for currency, account in self.book.accounts.items():
            assert account.balance_minor == self._written_minor[currency], "Σ entries is not the balance (I1)"
            assert account.balance_minor == sum(line.signed_minor for line in account.standing_lines())
            grown = account.version - versions.get(currency, 0)
            assert grown == (1 if currency in moved else 0), "a version grows by one per change (I8)"
            if currency in moved:
                assert moved[currency].balance_minor == account.balance_minor
                assert moved[currency].entry_count == account.entry_count
                assert moved[currency].open_discrepancies == len(account.findings)

    def compare(self, check: Check) -> None:
        """The books, in our view, against everything that a check says."""
        book = self.book
        sign = view_sign(book.customer_id)
        _same("balances", {c: book.our_balance_minor(c) for c in book.accounts}, check.balances)
        for currency, date, amount in check.balances_as_of:
            lines = book.accounts[currency].standing_lines()
            _same(f"balance in {currency} as of {date}", sign * balance_as_of(lines, date), amount)
        _same("open discrepancies", sorted(open_findings(book)), sorted(check.findings))
        if check.items:
            _same("open items", sorted(items(book), key=str), sorted(check.items, key=str))
        if check.matches:
            _same("matches", sorted(matches(book), key=str), sorted(check.matches, key=str))
        compared = compared_statements(book, self._rules)
        for statement_id, lines in check.lines.items():
            _same(f"lines of {statement_id}", outcomes_of(compared[statement_id]), lines)
        for statement_id, steps in check.bridges.items():
            found = [(sign * step, *what) for step, *what in steps_of(compared[statement_id])]
            _same(f"bridge of {statement_id}", sorted(found), sorted(steps))
        if check.changes:
            _same("announced", sorted(_changes(self.outcomes)), sorted(check.changes))


def _same(what: str, found: object, expected: object) -> None:
    assert found == expected, f"{what}\n  found    {found}\n  expected {expected}"


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Book)


def encoded(book: Book) -> bytes:
    """As ``streams.books_table`` stores it (a test holds the two against each other)."""
    return _encoder.encode(book)


def decoded(data: bytes) -> Book:
    return _decoder.decode(data)


def settled_figures(book: Book) -> object:
    """Everything that must not depend on the order of arrival: more than ``domain.digest`` covers."""
    links = {c: account.allocations for c, account in book.accounts.items()}
    lines = {
        c: sorted((e.business_date, e.document_no, e.role, e.signed_minor) for e in account.standing_lines())
        for c, account in book.accounts.items()
    }
    dates = {
        i: held.business_date for account in book.accounts.values() for i, held in account.findings.items()
    }
    return sorted(figures(book)), links, lines, sorted(open_findings(book)), dates


def about(document_no: str | None, statement_id: str | None, line_no: int | None) -> str:
    if statement_id is None:
        return str(document_no)
    if line_no is not None:
        return f"{statement_id} line {line_no}"
    return statement_id if document_no is None else f"{statement_id} {document_no}"


def open_findings(book: Book) -> Iterator[tuple[str, str, str, int]]:
    """(kind, about, currency, amount) of everything that is open."""
    for currency, account in book.accounts.items():
        for held in account.findings.values():
            subject = about(held.document_no, held.statement_id, held.line_no)
            yield held.kind, subject, currency, held.amount_minor


def items(book: Book) -> Iterator[tuple[object, ...]]:
    """(document, currency, open, original, state, due date) of every item."""
    for currency, account in book.accounts.items():
        for record in account.records.values():
            if record.item is not None:
                item, left = record.item, record.item.original_minor - record.item.allocated_minor
                number = record.current.document_no
                yield number, currency, left, item.original_minor, item.state, item.due_date


def matches(book: Book) -> Iterator[tuple[object, ...]]:
    """(credit document, debit document, currency, amount, confirmed or suggested, rule) of every allocation."""
    for currency, account in book.accounts.items():
        for (credit, debit), link in account.allocations.items():
            state = "confirmed" if link.confirmed else "suggested"
            numbers = _number(account, credit), _number(account, debit)
            yield *numbers, currency, link.amount_minor, state, link.rule


def compared_statements(book: Book, rules: Rules) -> dict[str, Compared]:
    """The comparison of every statement in force, by its id; each bridge is built, so each adds up."""
    found = {
        compared.statement.statement_id: compared
        for currency in book.accounts
        for compared in comparisons(book, currency, rules)
    }
    for compared in found.values():
        bridge(compared)
    return found


def outcomes_of(compared: Compared) -> dict[int, str]:
    """Line number -> how it compares."""
    verdicts = [*compared.verdicts, *compared.agreements()]
    found = {line.line_no: verdict.outcome.value for verdict in verdicts for line in verdict.lines}
    return dict(sorted(found.items()))


def steps_of(compared: Compared) -> Iterator[tuple[int, str, str]]:
    """(amount, about, action) of every step of the bridge."""
    for step in bridge(compared).steps:
        if step.line is not None:
            subject = f"line {step.line.line_no}"
        elif step.document is not None:
            subject = step.document.document_no
        else:
            subject = "lines" if step.reason == "lines_not_closing" else "opening"
        yield step.step_minor, subject, step.action.value


def _number(account: Account, key: str) -> str:
    return account.records[key].current.document_no


def _changes(outcomes: Iterable[Outcome]) -> Iterator[tuple[str, str, str, str, int]]:
    for outcome in outcomes:
        if isinstance(outcome, DiscrepancyChanged):
            held = outcome.held
            subject = about(held.document_no, held.statement_id, held.line_no)
            yield outcome.state.value, held.kind, subject, outcome.currency, held.amount_minor
