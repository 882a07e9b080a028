"""An auditor who works with paper and pencil: independent of the domain, simple, and slow.

He writes down every version that he is told of and works everything out from scratch when he is asked. He goes by
the words of ``docs/reference/discrepancies.md`` (rules 1, 3 and 4) and ``docs/reference/matching.md`` (a remittance
allocation of more than its document is). He knows documents by their exact numbers only, no two of which are
alike, and no references of refunds. Amounts are minor units.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import defaultdict


@dataclasses.dataclass(frozen=True)
class Version:
    """What one version of a record says: ``signed`` > 0 is owed to us."""

    kind: str
    number: str
    date: dt.date
    signed: int
    cancelled: bool = False
    claims: tuple[tuple[str, int], ...] = ()
    original: str | None = None


@dataclasses.dataclass(frozen=True)
class TheirStatement:
    """A statement without lines: only its balances and its period."""

    start: dt.date
    end: dt.date
    opening: int
    closing: int


class Auditor:
    """Balances and discrepancies of one account, from what he was told."""

    def __init__(self) -> None:
        self._records: dict[str, dict[int, Version]] = defaultdict(dict)
        self._statements: dict[str, dict[int, TheirStatement | None]] = defaultdict(dict)

    def tell(self, record: str, version: int, what: Version) -> None:
        self._records[record][version] = what

    def tell_statement(self, statement_id: str, version: int, what: TheirStatement | None) -> None:
        """``None``: withdrawn."""
        self._statements[statement_id][version] = what

    def balance(self, as_of: dt.date = dt.date.max) -> int:
        return sum(amount for _, _, date, amount in self._movements() if date <= as_of)

    def discrepancies(self) -> list[tuple[str, str, int]]:
        """(kind, about, amount) of everything that he would report."""
        found = self._money_against_documents()
        for statement_id, versions in self._statements.items():
            statement = versions[max(versions)]
            if statement is not None:
                found += self._against(statement_id, statement)
        return sorted(found)

    def _movements(self) -> list[tuple[str, str, dt.date, int]]:
        """(kind, number, date, amount): each version brings its amount and takes back the one before it."""
        moved = []
        for versions in self._records.values():
            before = None
            for _, version in sorted(versions.items()):
                if before is not None:
                    moved.append((before.kind, before.number, version.date, -before.signed))
                moved.append((version.kind, version.number, version.date, version.signed))
                before = version
        return moved

    def _in_force(self) -> list[Version]:
        return [versions[max(versions)] for versions in self._records.values()]

    def _money_against_documents(self) -> list[tuple[str, str, int]]:
        once = _Served(self._in_force(), frozenset())
        return _Served(self._in_force(), once.doubtful()).discrepancies()

    def _against(self, statement_id: str, statement: TheirStatement) -> list[tuple[str, str, int]]:
        found = []
        before = self.balance(statement.start - dt.timedelta(days=1))
        if before != statement.opening:
            found.append(("OPENING_BALANCE_BREAK", statement_id, abs(statement.opening - before)))
        after = self.balance(statement.end)
        if after != statement.closing:
            found.append(("CLOSING_BALANCE_BREAK", statement_id, abs(statement.closing - after)))
        if statement.opening != statement.closing:
            difference = abs(statement.closing - statement.opening)
            found.append(("STATEMENT_ARITHMETIC", statement_id, difference))
        ours: dict[tuple[str, str], int] = defaultdict(int)
        for kind, number, date, amount in self._movements():
            if statement.start <= date <= statement.end:
                ours[kind, number] += amount
        missing = [(number, amount) for (_, number), amount in ours.items() if amount]
        found += [("MISSING_IN_STATEMENT", f"{statement_id} {n}", abs(amount)) for n, amount in missing]
        return found


class _Served:
    """One day after the other: the credit notes of a day, then its payments, each takes of what it names.

    ``doubtful``: (payment, place among its claims) of claims that are left out.
    """

    def __init__(self, in_force: list[Version], doubtful: frozenset[tuple[str, int]]) -> None:
        self._in_force = in_force
        self._doubtful = doubtful
        self._documents = {v.number: v for v in in_force if v.kind == "order"}
        self._open = {number: document.signed for number, document in self._documents.items()}
        self._paid: set[str] = set()
        self._excess: dict[str, int] = defaultdict(int)
        self._found: list[tuple[str, str, int]] = []
        credits = [v for v in in_force if v.kind not in ("order", "payment", "refund") and v.signed < 0]
        payments = [v for v in in_force if v.kind == "payment" and v.signed]
        for day in sorted({v.date for v in in_force}):
            for credit in credits:
                if credit.date == day and credit.original in self._open:
                    self._open[credit.original] -= min(-credit.signed, self._open[credit.original])
            for payment in sorted(payments, key=lambda p: p.number):
                if payment.date == day:
                    self._pay(payment)

    def doubtful(self) -> frozenset[tuple[str, int]]:
        """The claims of more than their document is, where exactly the amount is all of another document of which
        nothing is taken and that may be paid on that day: from a week before it to half a year (180 days) after it is
        due (30 days). What a cancelled document was is not known any more: who pays it is believed.
        """
        whole = [v for v in self._documents.values() if self._open[v.number] == v.signed]
        whole += [v for v in self._in_force if v.kind == "exchange" and v.signed > 0]
        return frozenset(
            (payment.number, place)
            for payment in self._in_force
            if payment.kind == "payment"
            for place, (number, claimed) in enumerate(payment.claims)
            if number in self._documents
            if claimed > self._documents[number].signed and not self._documents[number].cancelled
            if any(
                other.number != number
                and other.signed == claimed
                and -7 <= (payment.date - other.date).days <= 30 + 180
                for other in whole
            )
        )

    def discrepancies(self) -> list[tuple[str, str, int]]:
        """(kind, about, amount) of what the money of the account does to its documents."""
        found = list(self._found)
        found += [("OVERPAYMENT", number, amount) for number, amount in self._excess.items()]
        found += [
            ("SHORT_PAYMENT", number, self._open[number]) for number in self._paid if self._open[number]
        ]
        found += [
            ("UNKNOWN_REFERENCE", v.number, abs(v.signed))
            for v in self._in_force
            if v.signed and v.original is not None and v.original not in self._documents
        ]
        return found

    def _pay(self, payment: Version) -> None:
        money = -payment.signed
        unknown: dict[str, int] = defaultdict(int)
        too_much: dict[str, int] = defaultdict(int)
        for place, (number, claimed) in enumerate(payment.claims):
            if number not in self._documents:
                unknown[number] += claimed
                continue
            if (payment.number, place) in self._doubtful:
                continue
            wanted = min(claimed, money)
            taken = min(wanted, self._open[number])
            money -= taken
            self._open[number] -= taken
            if wanted > taken:  # what is too much is written down in the order in which it comes about
                too_much[number] += wanted - taken
            if taken:
                self._paid.add(number)
        for claimed in unknown.values():
            self._found.append(("UNKNOWN_REFERENCE", payment.number, min(claimed, -payment.signed)))
        for number, amount in too_much.items():
            held = min(amount, money)
            money -= held
            if held and self._documents[number].cancelled:
                self._found.append(("PAYMENT_ON_CANCELLED", payment.number, held))
            elif held:
                self._excess[number] += held
