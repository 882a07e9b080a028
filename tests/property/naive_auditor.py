"""An auditor who works with paper and pencil: independent of the domain, simple, and slow.

He writes down every version that he is told of and works everything out from scratch when he is asked. He knows
documents by their exact numbers only, and no references of refunds and credit notes. Amounts are minor units.
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
        found = self._payments_against_documents()
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

    def _payments_against_documents(self) -> list[tuple[str, str, int]]:
        documents = {v.number: v for v in self._in_force() if v.kind == "order"}
        payments = [v for v in self._in_force() if v.kind == "payment" and v.signed]
        still_open = {number: document.signed for number, document in documents.items()}
        paid: set[str] = set()
        excess: dict[str, int] = defaultdict(int)
        found: list[tuple[str, str, int]] = []
        for payment in sorted(payments, key=lambda p: (p.date, p.number)):
            money = -payment.signed
            unknown: dict[str, int] = defaultdict(int)
            too_much: dict[str, int] = defaultdict(int)
            for number, claimed in payment.claims:
                if number not in documents:
                    unknown[number] += claimed
                    continue
                wanted = min(claimed, money)
                taken = min(wanted, still_open[number])
                money -= taken
                still_open[number] -= taken
                if wanted > taken:  # what is too much is written down in the order in which it comes about
                    too_much[number] += wanted - taken
                if taken:
                    paid.add(number)
            for claimed in unknown.values():
                found.append(("UNKNOWN_REFERENCE", payment.number, min(claimed, -payment.signed)))
            for number, amount in too_much.items():
                held = min(amount, money)
                money -= held
                if held and documents[number].cancelled:
                    found.append(("PAYMENT_ON_CANCELLED", payment.number, held))
                elif held:
                    excess[number] += held
        found += [("OVERPAYMENT", number, amount) for number, amount in excess.items()]
        found += [("SHORT_PAYMENT", number, still_open[number]) for number in paid if still_open[number]]
        return found

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
