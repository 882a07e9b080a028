"""The books against a naive auditor, step by step: whatever he is told, the books must say what he works out."""

from __future__ import annotations

import datetime as dt

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.events import (
    CustomerStatementEvent,
    Event,
    OrderEvent,
    PaymentEvent,
    RefundEvent,
    RemittanceAllocation,
)
from domain.ledger import balance_as_of
from tests.property.naive_auditor import Auditor, TheirStatement, Version
from tests.unit.ledger_teller import Teller, encoded, open_findings

START = dt.date(2026, 1, 1)
NUMBERS = ("A-101", "B-202", "C-303", "D-404")

dates = st.integers(0, 40).map(lambda n: START + dt.timedelta(days=n))
amounts = st.integers(0, 30).map(lambda n: n * 1000)
numbers = st.sampled_from(NUMBERS)
versions = st.integers(1, 6)


class Audit(RuleBasedStateMachine):
    """Versions may come in any order, deliveries again and again, contradictions at any time.

    The auditor writes down what the buyer owes the seller; ``sign`` turns that into our view.
    """

    party_id, sign = "C-1", 1

    def __init__(self) -> None:
        super().__init__()
        self.teller = Teller(customer_id=self.party_id)
        self.auditor = Auditor()
        self.accepted: list[Event] = []
        self.known: set[tuple[str, int]] = set()

    def _envelope(self, kind_and_life: str, record: str, version: int, date: dt.date) -> dict[str, object]:
        return {
            "event_id": f"e-{len(self.known)}",
            "event_type": kind_and_life,
            "source_system": "test",
            "source_record_id": record,
            "source_version": version,
            "occurred_at": dt.datetime.combine(date, dt.time(12), dt.UTC),
            "business_date": date,
            "customer_id": self.party_id,
            "currency": "EUR",
            "document_no": record,
        }

    def _is_new(self, record: str, version: int) -> bool:
        new = (record, version) not in self.known
        self.known.add((record, version))
        return new

    def _take(self, event: Event) -> None:
        assert self.teller.take(event) == "accepted"
        self.accepted.append(event)

    @rule(
        number=numbers, version=versions, date=dates, amount=amounts, cancelled=st.sampled_from((0, 0, 0, 1))
    )
    def order(self, number: str, version: int, date: dt.date, amount: int, cancelled: int) -> None:
        if self._is_new(number, version):
            life = "order.cancelled" if cancelled else "order.placed"
            self._take(OrderEvent(**self._envelope(life, number, version, date), amount_minor=amount))  # type: ignore[arg-type]
            signed = 0 if cancelled else amount
            self.auditor.tell(number, version, Version("order", number, date, signed, bool(cancelled)))

    @rule(
        place=st.integers(0, 4),
        version=versions,
        date=dates,
        amount=amounts,
        claims=st.lists(st.tuples(st.sampled_from((*NUMBERS, "X-999")), amounts), max_size=3),
        life=st.sampled_from(("settled", "settled", "settled", "failed", "charged_back")),
    )
    def payment(
        self,
        place: int,
        version: int,
        date: dt.date,
        amount: int,
        claims: list[tuple[str, int]],
        life: str,
    ) -> None:
        record = f"P-{place}"
        if self._is_new(record, version):
            # No two payments have one amount, so that none is suspected to be a duplicate of another.
            amount += len(self.known)
            event = PaymentEvent(
                **self._envelope(f"payment.{life}", record, version, date),  # type: ignore[arg-type]
                amount_minor=amount,
                allocations=tuple(RemittanceAllocation(document_no=n, amount_minor=a) for n, a in claims),
            )
            self._take(event)
            signed = -amount if life == "settled" else 0
            self.auditor.tell(record, version, Version("payment", record, date, signed, False, tuple(claims)))

    @rule(
        kind=st.sampled_from(("refund", "credit_note", "return", "exchange")),
        version=versions,
        date=dates,
        amount=amounts,
        difference=st.none() | st.integers(-500, 500),
        original=st.none() | st.sampled_from((*NUMBERS, "X-999")),
        settled=st.booleans(),
    )
    def refund(
        self,
        kind: str,
        version: int,
        date: dt.date,
        amount: int,
        difference: int | None,
        original: str | None,
        settled: bool,
    ) -> None:
        if self._is_new(f"R-{kind}", version):
            life = "settled" if settled else "cancelled"
            if kind == "refund":
                original = None
            event = RefundEvent(
                **self._envelope(f"{kind}.{life}", f"R-{kind}", version, date),  # type: ignore[arg-type]
                amount_minor=amount,
                price_difference_minor=difference,
                original_document_no=original,
            )
            self._take(event)
            signed = amount if kind in ("refund", "exchange") else -amount
            if kind == "exchange" and difference is not None:
                signed = difference
            told = Version(kind, f"R-{kind}", date, signed if settled else 0, original=original)
            self.auditor.tell(f"R-{kind}", version, told)

    @rule(
        version=versions,
        end=dates,
        opening=st.sampled_from((0, 5000)),
        closing=st.sampled_from((0, -7000)),
        withdrawn=st.booleans(),
    )
    def statement(self, version: int, end: dt.date, opening: int, closing: int, withdrawn: bool) -> None:
        if self._is_new("S-1", version):
            start = START + dt.timedelta(days=3) if end > START + dt.timedelta(days=3) else end
            life = "withdrawn" if withdrawn else "received"
            event = CustomerStatementEvent(
                **self._envelope(f"customer_statement.{life}", "S-1", version, end),  # type: ignore[arg-type]
                amount_minor=self.sign * closing,
                statement_id="S-1",
                statement_version=version,
                period_start=start,
                period_end=end,
                opening_balance_minor=self.sign * opening,
                closing_balance_minor=self.sign * closing,
                total_debit_minor=0,
                total_credit_minor=0,
                line_count=0,
            )
            self._take(event)
            told = None if withdrawn else TheirStatement(start, end, opening, closing)
            self.auditor.tell_statement("S-1", version, told)

    @precondition(lambda self: self.accepted)
    @rule(data=st.data())
    def redelivery(self, data: st.DataObject) -> None:
        before = encoded(self.teller.book)
        assert self.teller.take(data.draw(st.sampled_from(self.accepted))) == "duplicate"
        assert encoded(self.teller.book) == before

    @invariant()
    def the_balance_is_the_auditors(self) -> None:
        account = self.teller.book.accounts.get("EUR")
        if account is not None:
            assert self.teller.book.our_balance_minor("EUR") == self.sign * self.auditor.balance()
            for day in range(-1, 42, 6):
                date = START + dt.timedelta(days=day)
                assert balance_as_of(account.standing_lines(), date) == self.auditor.balance(date)

    @invariant()
    def the_discrepancies_are_the_auditors(self) -> None:
        found = sorted((kind, about, amount) for kind, about, _, amount in open_findings(self.teller.book))
        assert found == self.auditor.discrepancies()


class AuditOfPayables(Audit):
    """The same of a supplier: what we owe is below zero."""

    party_id, sign = "supplier:C-1", -1


TestAudit = Audit.TestCase
TestAudit.settings = settings(stateful_step_count=30)
TestAuditOfPayables = AuditOfPayables.TestCase
TestAuditOfPayables.settings = settings(stateful_step_count=30)
