"""Payment allocation against labels: how often is what is confirmed right, and how much of what is right is found?

10,000 invoices in several currencies: 60 % are paid one to one, 20 % several in one transfer, 20 % in instalments;
payers name them cleanly, in their own spelling, inside a memo line, misspelt, or not at all, under altered names, with
small deductions; some invoices are never paid. The labels stay outside the events: the books see what a bank sends.

    python -m bench.sections.allocation [SEED]        # or: make bench ARGS="--sections allocation"
"""

from __future__ import annotations

import datetime as dt
import random
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from bench.labels import Label, LabelledAccount, Tally, links, score, total
from domain.events import OrderEvent, PaymentEvent
from services.simulator.remittance import text_for

_CURRENCIES = ("EUR", "USD", "CNY", "JPY", "GBP")
_BEGIN = dt.date(2026, 1, 1)
_PATTERNS = (("1:1", 60), ("1:N", 20), ("N:1", 20))
_WORDINGS = (("named", 45), ("own spelling", 15), ("memo line", 12), ("misspelt", 12), ("no reference", 16))
_DEDUCTED = 0.06
_UNPAID = 0.08
_MEMOS = {
    "en": (
        "SEPA CREDIT /REMI/{} /ORDP/ thank you",
        "wire from treasury, covers {}, pls confirm",
        "{} net of nothing",
    ),
    "zh": ("网银转账 用途:货款 {} 附言", "{} 往来结算 请查收", "电汇 备注{}"),
    "de": ("Ueberweisung {} vielen Dank, Kd.-Konto", "Zahlung gemaess {} abzgl. nichts", "SVWZ+{} ABWA+"),
}
_NOTHING = {"en": "monthly payment", "zh": "货款", "de": "Zahlung vielen Dank"}
_PREFIXES = ("INV-", "RE-2026-", "FP", "", "BILL/", "SO")


def accounts(seed: int, invoices: int, per_account: int = 40) -> Iterator[LabelledAccount]:
    """Accounts with ``invoices`` invoices in all, the same for the same seed."""
    rng = random.Random(seed)
    for number in range(-(-invoices // per_account)):
        yield _Maker(rng, number).account(min(per_account, invoices - number * per_account))


class _Maker:
    def __init__(self, rng: random.Random, number: int) -> None:
        self._rng = rng
        self._language = rng.choice(("en", "zh", "de"))
        self._prefix = rng.choice(_PREFIXES)
        self._next = rng.randint(10_000, 800_000)
        self._name = rng.choice(
            ("Nordlicht Handels GmbH", "Blue Harbour Ltd", "上海华星贸易有限公司", "Acme Tools Inc")
        )
        self._account = LabelledAccount(f"C-{number:05}", rng.choice(_CURRENCIES))
        self._payments = 0

    def account(self, invoices: int) -> LabelledAccount:
        left, day = invoices, _BEGIN
        while left:
            day += dt.timedelta(days=self._rng.randint(0, 6))
            pattern = _pick(self._rng, _PATTERNS)
            count = min(left, self._rng.randint(2, 4) if pattern == "1:N" else 1)
            documents = [self._invoice(day + dt.timedelta(days=n)) for n in range(count)]
            left -= count
            if self._rng.random() >= _UNPAID:
                self._pay(pattern if count > 1 or pattern != "1:N" else "1:1", documents)
        self._rng.shuffle(self._account.events)
        return self._account

    def _envelope(self, kind: str, number: str, day: dt.date, amount: int) -> dict[str, Any]:
        return {
            "event_id": f"{self._account.customer_id}/{number}",
            "event_type": kind,
            "schema_version": 1,
            "source_system": "shop" if kind.startswith("order") else "bank",
            "source_record_id": number,
            "source_version": 1,
            "occurred_at": dt.datetime(day.year, day.month, day.day, 9, tzinfo=dt.UTC),
            "business_date": day,
            "customer_id": self._account.customer_id,
            "currency": self._account.currency,
            "amount_minor": amount,
            "document_no": number,
        }

    def _invoice(self, day: dt.date) -> OrderEvent:
        self._next += self._rng.choice((1, 1, 2, 3, 7))
        amount = int(self._rng.lognormvariate(11, 1.1)) + 100
        number = f"{self._prefix}{self._next}"
        event = OrderEvent(**self._envelope("order.placed", number, day, amount))
        self._account.events.append(event)
        return event

    def _pay(self, pattern: str, documents: Sequence[OrderEvent]) -> None:
        day = documents[-1].business_date + dt.timedelta(days=self._rng.randint(3, 50))
        total = sum(d.amount_minor for d in documents)
        if pattern != "N:1":
            deducted = self._rng.random() < _DEDUCTED
            amount = total - max(total * self._rng.randint(3, 25) // 1000, 1) if deducted else total
            self._payment(pattern, documents, day, amount, "deduction" if deducted else "")
            return
        parts = self._rng.randint(2, 3)
        cuts = sorted(self._rng.sample(range(1, total), parts - 1))
        for number, amount in enumerate(b - a for a, b in zip((0, *cuts), (*cuts, total), strict=True)):
            self._payment(pattern, documents, day + dt.timedelta(days=9 * number), amount, "")

    def _payment(
        self, pattern: str, documents: Sequence[OrderEvent], day: dt.date, amount: int, twist: str
    ) -> None:
        self._payments += 1
        number = f"TR{self._rng.randrange(10**9):09}"
        wording = _pick(self._rng, _WORDINGS)
        text = self._text(wording, [d.document_no for d in documents])
        event = PaymentEvent(
            **self._envelope("payment.settled", number, day, amount),
            remittance_text=text,
            payer_name=self._payer(),
        )
        self._account.events.append(event)
        self._account.categories[number] = f"{pattern} {wording}" + (f", {twist}" if twist else "")
        for document in documents:
            self._account.truth[number, document.document_no] = Label()

    def _payer(self) -> str:
        name = self._name
        if self._rng.random() < 0.2:
            name = self._rng.choice((name.upper(), name[:18], name.replace(" ", "  "), name + " Treasury"))
        return name

    def _text(self, wording: str, numbers: Sequence[str]) -> str:
        plain = ", ".join(numbers)
        match wording:
            case "named":
                return plain
            case "own spelling":
                if self._prefix == "INV-":
                    return text_for(self._rng, "zh" if self._language == "zh" else "en", numbers)
                return " + ".join(
                    self._rng.choice((n.lower(), n.replace("-", " "), n.replace("/", ""))) for n in numbers
                )
            case "memo line":
                return self._rng.choice(_MEMOS[self._language]).format(plain)
            case "misspelt":
                return ", ".join(self._misspelt(n) for n in numbers)
            case _:
                return _NOTHING[self._language]

    def _misspelt(self, number: str) -> str:
        """One slip of the fingers among the last digits."""
        at = len(number) - self._rng.randint(1, 4)
        match self._rng.randrange(3):
            case 0:
                return number[:at] + number[at + 1 :]
            case 1:
                return number[:at] + str(self._rng.randrange(10)) + number[at + 1 :]
            case _:
                return number[: at - 1] + number[at] + number[at - 1] + number[at + 1 :]


def _pick(rng: random.Random, weighted: Sequence[tuple[str, int]]) -> str:
    return rng.choices([name for name, _ in weighted], [weight for _, weight in weighted])[0]


def allocation(seed: int = 1, invoices: int = 10_000, per_account: int = 40) -> dict[str, Any]:
    """Counts of pairs (payment, invoice) by category of the payment, and precision and recall in millionths.

    Precision is of what is confirmed; recall is of what is confirmed or suggested. ``None``: nothing was confirmed.
    """
    tallies: dict[str, Tally] = {}
    wrong: list[tuple[str, str, str, str]] = []
    for account in accounts(seed, invoices, per_account):
        told = links(account)
        score(account, told, tallies)
        confirmed = {pair for pair, link in told.items() if link.confirmed}
        wrong += [
            (account.customer_id, *pair, told[pair].rule) for pair in sorted(confirmed - account.truth.keys())
        ]
    return {
        "invoices": invoices,
        **total(tallies).figures(),
        "categories": {name: tally.figures() for name, tally in sorted(tallies.items())},
        "wrong": wrong,
    }


def main(arguments: Sequence[str]) -> None:
    result = allocation(int(arguments[0]) if arguments else 1)
    print(f"{'category':<34}{'pairs':>8}{'confirmed':>11}{'precision':>11}{'found':>9}")
    for name, row in (*result["categories"].items(), ("all", result)):
        precision = "" if row["precision_ppm"] is None else f"{row['precision_ppm'] / 10_000:.2f}%"
        figures = f"{row['pairs']:>8}{row['confirmed']:>11}{precision:>11}{row['recall_ppm'] / 10_000:>8.2f}%"
        print(f"{name:<34}{figures}")
    for row in result["wrong"][:20]:
        print("wrong:", *row)


if __name__ == "__main__":
    main(sys.argv[1:])
