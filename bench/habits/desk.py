"""One customer's account, day by day: writes the events that the books see and the labels that they do not.

How a competent bookkeeper books, and so what the labels say:

- What is named is paid, whatever else is open; amounts are labelled in cash (a discount or a fee is nobody's cash).
- Where nothing is named the figure decides. Where several open documents have that figure, the **oldest due** is
  paid: that is the law where a debtor does not say (§ 366 II BGB, art. 1342-10 Code civil, art. 87 OR, 民法典 560,
  Clayton's case), and so that one is right and each other one is wrong. A document that another payment names, also
  later, is not free for this; where that changes the choice the pair is right but **unknowable**.
- A document of that figure is meant rather than one of which that figure is left; where there are both: unknowable.
- Where several sets of documents come to the figure, nobody can know: the payer's intention is right, and unknowable.
- Of a round payment on account the oldest are paid by the same law, but many leave it to be asked about: unknowable.
- What is paid twice or too much pays nothing more; it stays on account.
- Unknowable pairs are no loss if they are not found. A wrong pair that is confirmed counts against precision, always.
"""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import random
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.habits import banks
from bench.habits.documents import LONG, Numbered, Series
from bench.labels import Label, LabelledAccount
from domain.events import OrderEvent, PaymentEvent, RefundEvent, RemittanceAllocation

_BEGIN = dt.date(2026, 1, 2)
_MOST_OPEN = 12


@dataclass(frozen=True)
class Document:
    """An invoice or a refund (debits), or a credit note."""

    number: str
    parts: Numbered
    amount: int
    day: dt.date
    due: dt.date
    order_id: str | None = None


@dataclass(frozen=True)
class _Silent:
    """A payment that names nothing, until all of the account is known."""

    number: str
    day: dt.date
    amount: int
    meant: tuple[tuple[Document, int], ...]
    near: bool
    """The figure is not the documents': something was kept back."""
    order_id: str | None
    """The contract that it names, if it names one: it pays nothing else."""


class Desk:
    """What happens between us and one customer."""

    def __init__(
        self, rng: random.Random, name: str, *, shape: str | None = None, language: str | None = None
    ) -> None:
        self.rng = rng
        self.language = language or rng.choice(banks.LANGUAGES)
        self.currency = rng.choice(banks.CURRENCIES[self.language])
        self.payer = rng.choice(banks.NAMES[self.language])
        chinese = self.language == "zh" and rng.random() < 0.4
        self.series = Series.some(rng, shape or (LONG if chinese else None))
        self.credit_series = Series(
            rng.choice(("GS-{yy}-{n:05}", "CN{n}", "AV{y}-{n:04}")), rng.randint(10, 9000)
        )
        self.account = LabelledAccount(name, self.currency)
        self.today = _BEGIN + dt.timedelta(days=rng.randint(0, 40))
        self.documents: list[Document] = []
        self.owed: dict[str, int] = {}
        """What the payer thinks is open, by number."""
        self.planned = 0
        """Invoices that are sure to come."""
        self._doubtful: set[str] = set()
        """Documents that a payment may have paid, of which nobody can know."""
        self._silent: list[_Silent] = []
        self._paid: list[tuple[dt.date, str, int]] = []
        self._plans: list[tuple[dt.date, int, Callable[[], object]]] = []
        self._counter = itertools.count(1)

    @property
    def invoices(self) -> int:
        return len(self.documents) + self.planned

    # ---- time

    def wait(self, days: int) -> None:
        """Days pass; what was planned for them happens."""
        until = self.today + dt.timedelta(days=days)
        while self._plans and self._plans[0][0] <= until:
            day, _, action = heapq.heappop(self._plans)
            self.today = max(day, self.today)
            action()
        self.today = until

    def later(self, days: int, action: Callable[[], object]) -> None:
        heapq.heappush(self._plans, (self.today + dt.timedelta(days=days), next(self._counter), action))

    def close(self) -> LabelledAccount:
        """All that was planned has happened; what named nothing is labelled; events come in any order."""
        self.wait(1_000)
        self._label_silent()
        self.rng.shuffle(self.account.events)
        return self.account

    # ---- documents

    def _envelope(self, kind: str, number: str, amount: int, day: dt.date) -> dict[str, Any]:
        return {
            "event_id": f"{self.account.customer_id}/{kind}/{number}",
            "event_type": kind,
            "source_system": "bank" if kind.startswith("payment") else "erp",
            "source_record_id": number,
            "occurred_at": dt.datetime(day.year, day.month, day.day, 9, tzinfo=dt.UTC),
            "business_date": day,
            "customer_id": self.account.customer_id,
            "currency": self.currency,
            "amount_minor": amount,
            "document_no": number,
        }

    def some_amount(self) -> int:
        amount = int(self.rng.lognormvariate(11, 1.1)) + 500
        return amount // 100 * 100 if self.rng.random() < 0.2 else amount

    def invoice(
        self,
        amount: int | None = None,
        *,
        series: Series | None = None,
        step: int | None = None,
        order_id: str | None = None,
        correlation: str | None = None,
        terms: int | None = None,
    ) -> Document:
        """One more document that the customer owes, issued today."""
        parts = (series or self.series).next(self.rng, self.today, step)
        value = amount or self.some_amount()
        due = self.today + dt.timedelta(days=terms or self.rng.choice((14, 30, 30, 30, 60)))
        document = Document(parts.text, parts, value, self.today, due, order_id)
        self.account.events.append(
            OrderEvent(
                **self._envelope("invoice.placed", document.number, value, self.today),
                correlation_id=correlation,
                order_id=order_id,
                due_date=due,
                gross_minor=value,
            )
        )
        self.documents.append(document)
        self.owed[document.number] = value
        return document

    def some(self, low: int, high: int, **given: Any) -> list[Document]:
        """Several documents within some days of each other."""
        made = []
        for _ in range(self.rng.randint(low, high)):
            made.append(self.invoice(**given))
            self.today += dt.timedelta(days=self.rng.choice((0, 0, 1, 3)))
        return made

    def credit_note(
        self,
        category: str,
        amount: int,
        settles: Sequence[tuple[Document, int]],
        original: Document | None = None,
        *,
        knowable: bool = True,
    ) -> Document:
        """A credit note of today, and what it is set off against."""
        parts = self.credit_series.next(self.rng, self.today)
        document = Document(parts.text, parts, amount, self.today, self.today)
        self.account.events.append(
            RefundEvent(
                **self._envelope("credit_note.settled", document.number, amount, self.today),
                original_document_no=original.number if original else None,
            )
        )
        self.account.categories[document.number] = category
        for debit, part in settles:
            self._label(document.number, debit, part, self.today, knowable)
        return document

    def refund(self, amount: int, **given: Any) -> Document:
        """Money that goes back to the customer today."""
        parts = Series("RF-{n:06}", self.rng.randint(1000, 900_000)).next(self.rng, self.today)
        document = Document(parts.text, parts, amount, self.today, self.today)
        self.account.events.append(
            RefundEvent(**self._envelope("refund.settled", document.number, amount, self.today), **given)
        )
        return document

    # ---- payments

    def named(self, category: str, parts: Iterable[tuple[Document, int]], message: str, **given: Any) -> str:
        """A payment whose text, reference or claims say what it pays. ``unknown``: numbers that nobody could know."""
        parts = [(document, part) for document, part in parts if part > 0]
        unknown: Collection[str] = given.pop("unknown", ())
        number = self._payment(
            category, given.pop("amount", None) or sum(p for _, p in parts), message, **given
        )
        for document, part in parts:
            self._label(number, document, part, self.today, document.number not in unknown)
            self._settle(document, part)
        return number

    def silent(
        self,
        category: str,
        parts: Iterable[tuple[Document, int]],
        message: str | None = None,
        *,
        near: bool = False,
        **given: Any,
    ) -> str:
        """A payment that says nothing of what it pays, or only the contract ``order_id``; labelled at the end.
        ``near``: the figure is not exact.
        """
        order_id = given.pop("order_id", None)
        parts = tuple((document, part) for document, part in parts if part > 0)
        amount = given.pop("amount", None) or sum(part for _, part in parts)
        number = self._payment(category, amount, self.word() if message is None else message, **given)
        self._silent.append(_Silent(number, self.today, amount, parts, near, order_id))
        for document, part in parts:
            self._settle(document, part)
        return number

    def stray(self, category: str, amount: int, message: str, **given: Any) -> str:
        """A payment that pays nothing here."""
        return self._payment(category, amount, message, **given)

    def payment_number(self) -> str:
        return f"TR{self.rng.randrange(10**9):09}"

    def word(self) -> str:
        return self.rng.choice(banks.NOTHING[self.language])

    def _payment(
        self, category: str, amount: int, message: str, *, payer: str | None = None, bare: bool = False,
        end_to_end_id: str | None = None, claims: Sequence[tuple[str, int]] = (), number: str | None = None,
    ) -> str:  # fmt: skip
        number = number or self.payment_number()
        payer = payer or self._spelt()
        dress = banks.dressed(self.rng, self.language, self.currency, payer, message, amount)
        self.account.events.append(
            PaymentEvent(
                **self._envelope("payment.settled", number, amount, self.today),
                remittance_text=message if bare else dress,
                payment_id=number,
                payer_name=payer,
                bank_reference=self._bank_reference(),
                end_to_end_id=end_to_end_id,
                allocations=tuple(
                    RemittanceAllocation(document_no=document, amount_minor=part) for document, part in claims
                ),
            )
        )
        self.account.categories[number] = category
        return number

    def _bank_reference(self) -> str | None:
        rng = self.rng
        return rng.choice(
            (
                None,
                None,
                f"{rng.randrange(10**15):016}",
                f"NTRF{rng.randrange(10**9)}//B{rng.randrange(10**9)}",
            )
        )

    def _spelt(self) -> str:
        name = self.payer
        return self.rng.choice((name, name, name, name.upper(), name[:18], name.replace(" ", "  ")))

    def _settle(self, document: Document, part: int) -> None:
        left = self.owed.get(document.number, 0) - part
        if left > 0:
            self.owed[document.number] = left
        else:
            self.owed.pop(document.number, None)

    def forgive(self, document: Document) -> None:
        """What is left of a document after a discount, a fee or cents is given away the day after."""
        tomorrow = self.today + dt.timedelta(days=1)
        self._paid.append((tomorrow, document.number, self.owed.pop(document.number, 0)))

    def _label(self, credit: str, document: Document, part: int, day: dt.date, knowable: bool) -> None:
        self.account.truth[credit, document.number] = Label(part, knowable)
        self._paid.append((day, document.number, part))

    # ---- what can be known

    def open(self) -> list[Document]:
        """What the payer thinks is open, oldest due first."""
        return sorted((d for d in self.documents if d.number in self.owed), key=_age)

    def still(self, documents: Iterable[Document]) -> list[tuple[Document, int]]:
        """Those of ``documents`` that are not paid yet, with what is open."""
        return [(d, self.owed[d.number]) for d in documents if d.number in self.owed]

    def _open_on(self, day: dt.date, *, hindsight: bool, order_id: str | None) -> dict[str, int]:
        """Number -> what was open; with hindsight, without what later payments were known to pay by name. Of one
        contract only where it is given.
        """
        left = {
            d.number: d.amount
            for d in self.documents
            if d.day <= day and (order_id is None or d.order_id == order_id)
        }
        for paid_on, number, part in self._paid:
            if number in left and (hindsight or paid_on <= day):
                left[number] -= part
        return {number: amount for number, amount in left.items() if amount > 0}

    def _label_silent(self) -> None:
        by_number = {d.number: d for d in self.documents}
        for payment in sorted(self._silent, key=lambda s: (s.day, s.number)):
            then, now = (
                self._open_on(payment.day, hindsight=h, order_id=payment.order_id) for h in (False, True)
            )
            parts, knowable = self._settled_by(payment, then, now, by_number)
            for document, part in parts:
                if document.number in now and part <= now[document.number]:
                    self._label(payment.number, document, part, payment.day, knowable)

    def _settled_by(
        self, payment: _Silent, then: dict[str, int], now: dict[str, int], documents: dict[str, Document]
    ) -> tuple[Sequence[tuple[Document, int]], bool]:
        if payment.near:
            return payment.meant, not ways(then, payment.amount, 1) and _near(then, payment.amount) == 1
        choices = [
            min(
                (documents[n] for n, left in state.items() if left == payment.amount),
                key=lambda d: (d.amount != payment.amount, *_age(d)),
                default=None,
            )
            for state in (now, then)
        ]
        found = ways(then, payment.amount, 2, (lambda left: left != payment.amount) if choices[0] else None)
        touched = {number for way in found for number in way} | {d.number for d in choices if d is not None}
        sure = len(found) == (0 if choices[0] else 1) and choices[0] == choices[1]
        rests = {n for n, left in then.items() if left == payment.amount != documents[n].amount}
        sure = sure and not rests and not touched & self._doubtful
        if not sure:
            self._doubtful |= touched | {document.number for document, _ in payment.meant}
        if choices[0] is not None:
            return [(choices[0], payment.amount)], sure
        if sure and all(number in now for number in found[0]):
            return [(documents[number], then[number]) for number in found[0]], True
        return payment.meant, False


def _age(document: Document) -> tuple[dt.date, dt.date, str]:
    return document.due, document.day, document.number


def _near(open_minor: dict[str, int], amount: int) -> int:
    """How many documents ``amount`` could pay with a discount or a fee kept back."""
    return sum(amount <= left <= max(amount * 106 // 100, amount + 5_000) for left in open_minor.values())


def ways(
    open_minor: dict[str, int], amount: int, enough: int, which: Callable[[int], bool] | None = None
) -> list[tuple[str, ...]]:
    """Up to ``enough`` sets of documents that come to ``amount``; too many documents: as if there were as many."""
    items = sorted(
        ((left, n) for n, left in open_minor.items() if left <= amount and (which is None or which(left))),
        reverse=True,
    )
    if len(items) > _MOST_OPEN:
        return [()] * enough
    found: list[tuple[str, ...]] = []
    tails = list(itertools.accumulate((left for left, _ in reversed(items)), initial=0))[::-1]

    def search(at: int, rest: int, chosen: tuple[str, ...]) -> None:
        if rest == 0:
            found.append(chosen)
        elif at < len(items) and rest <= tails[at] and len(found) < enough:
            left, number = items[at]
            if left <= rest:
                search(at + 1, rest - left, (*chosen, number))
            search(at + 1, rest, chosen)

    search(0, amount, ())
    return found[:enough]
