"""A ledger as a table that an accountant reads: events in, figures and findings out.

A scenario is a function whose docstring is the table and whose body is empty::

    @scenario  # of ledger_teller
    def test_a_short_payment_is_found() -> None:
        \"\"\"
        order    2026-01-05  INV-1001  121.00  due 2026-02-04
        payment  2026-01-20  P-77      120.50  text "inv 1001 less 0.50"
        => balance 0.50
        => SHORT_PAYMENT INV-1001 0.50
        \"\"\"

Events, one per line: ``KIND DATE DOCUMENT AMOUNT CLAUSE...``

* KIND: ``order invoice payment refund credit_note return exchange adjustment`` (the last with the clauses ``type T``,
  ``target DOCUMENT``, ``side S`` of a write-off, ``bars DOCUMENT``, ``by MAKER CHECKER``, and of a statement_line
  ``line S-1 2 struck`` or ``line S-1 2 reads INV-1001 2026-01-05 121.00``); a life other than the
  booked one follows a point: ``order.cancelled``, ``payment.charged_back``. Amounts are decimal text in
  the scenario's currency (first line ``currency JPY``; EUR without one) or the event's own (clause ``currency USD``).
* clauses: ``v 2`` (source version) · ``due DATE`` · ``pays DOCUMENT AMOUNT`` (as often as needed) · ``text "..."`` ·
  ``of DOCUMENT`` · ``of_payment PAYMENT`` · ``invoice_no order_id payment_id refund_id bank_reference end_to_end_id``
  each with a text · ``payer NAME`` ·
  ``difference AMOUNT`` · ``fee AMOUNT`` · ``at 09:30`` · ``record R`` and ``from SYSTEM`` (where the
  same document is another record) · ``id E`` (event id) · ``!duplicate``, ``!noted`` or ``!REASON`` (what becomes of
  the event, unless it is accepted)
* ``supplier S-1`` (before the events): the account is a supplier's. The events are the same; what is signed (lines and
  balances of statements, balances, bridges) is in our view, so what we owe is below zero.
* ``clock 2026-03-01``: the day has come for the customer.
* ``rules tolerance_minor 50`` and ``rules matching.order_policy oldest_due_first``: a rule that differs from the
  default; before the events.
* ``statement S-1 2026-01-01..2026-01-31 opening 0 closing 0`` (clauses ``replaced``, ``withdrawn``,
  ``totals DEBIT CREDIT``, ``count 3``, and ``v from id currency !...`` as above), then its lines, each from its number:
  ``1 INV-1001 2026-01-05 121.00`` (signed in our view; clauses ``running AMOUNT``, ``ref THEIRS``).

A block of ``=>`` lines says everything about the books at that point; what it does not list must not be there:

* ``=> balance 0.50`` (per currency: ``=> balance 0.50 USD``), ``=> balance 2026-01-31 0.50`` as of a date
* ``=> KIND ABOUT AMOUNT``: an open discrepancy; ABOUT is a document, ``S-1``, ``S-1 line 2`` or ``S-1 DOCUMENT``
* ``=> item INV-1001 0.50 of 121.00 PARTIALLY_ALLOCATED due 2026-02-04`` and ``=> match P-77 INV-1001 120.50 confirmed``
  (all of them, once one is given)
* ``=> lines S-1 1 MATCHED 2 AMOUNT``: how each line of a statement compares (all of them)
* ``=> bridge S-1 -0.50 line 2 ASK_FOR_REMITTANCE``: a step from their closing balance to ours: its amount (ours -
  theirs), what it is about (``line 2``, a document, ``opening``, or ``lines`` where their own figures do not add up),
  and the action proposed (all steps of the statement, once one is given; ``=> bridge S-1 none``)
* ``-> OPENED KIND ABOUT AMOUNT``: what the event before announced about discrepancies (all of it, once one is given)

``ledger_teller.holds`` tells a scenario as written, in other orders and with deliveries repeated; it must always come
to the same.
"""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from domain.discrepancies.finding import DiscrepancyKind
from domain.events import KINDS, Event
from domain.money import from_text, is_currency
from domain.parties import supplier_party
from domain.rules import Rules, plain_rules

CUSTOMER = "C-1"

_BOOKED_LIFE = {"order": "placed", "invoice": "placed", "statement": "received", "adjustment": "posted"}
_SYSTEMS = {"payment": "bank", "statement": "mail"}
_ADJUSTING = {
    "type": "adjustment_type",
    "side": "write_off_side",
    "target": "target_document_no",
    "bars": "barred_document_no",
}
_TEXT_FIELDS = {"invoice_no", "order_id", "payment_id", "refund_id", "bank_reference", "end_to_end_id"}
_FIELD_OF = {
    "of": "original_document_no",
    "of_payment": "original_payment_id",
    "text": "remittance_text",
    "payer": "payer_name",
    **_ADJUSTING,
}
_AMOUNT_FIELD = {"difference": "price_difference_minor", "fee": "fee_minor"}


class Delivery(msgspec.Struct, frozen=True):
    """One event as it comes in, and what should become of it."""

    event: Event
    fate: str  #: ``accepted``, ``duplicate``, ``noted`` or the reason of its refusal


class Check(msgspec.Struct):
    """What a block of ``=>`` lines says, after the first ``after`` deliveries."""

    after: int
    balances: dict[str, int] = {}
    balances_as_of: list[tuple[str, dt.date, int]] = []
    findings: list[tuple[str, str, str, int]] = []
    items: list[tuple[object, ...]] = []
    matches: list[tuple[object, ...]] = []
    changes: list[tuple[str, str, str, str, int]] = []
    lines: dict[str, dict[int, str]] = {}
    bridges: dict[str, list[tuple[int, str, str]]] = {}


class Scenario(msgspec.Struct):
    deliveries: list[Delivery]
    checks: list[Check]
    rules: Rules = Rules()
    party_id: str = CUSTOMER


class TableError(ValueError):
    """A line of a table that says nothing in this language."""


def parse(table: str) -> Scenario:
    """Read a table. Raises ``TableError`` for a line that says nothing."""
    reader = _Reader()
    for row in table.splitlines():
        words = shlex.split(row, comments=True)
        if words:
            try:
                reader.read(words)
            except (LookupError, StopIteration, ValueError) as error:
                raise TableError(f"cannot read {row.strip()!r}: {error!r}") from error
    return reader.finish()


class _Reader:
    def __init__(self) -> None:
        self._currency = "EUR"
        self._told = Scenario([], [])
        self._values: list[tuple[dict[str, Any], str]] = []

    def read(self, words: list[str]) -> None:
        match words:
            case ["=>" | "->" as mark, *rest]:
                check = self._check()
                (self._expect if mark == "=>" else self._expect_change)(check, rest)
            case ["supplier", supplier_id] if not self._values:
                self._told.party_id = supplier_party(supplier_id)
            case ["currency", code]:
                self._currency = code
            case ["rules", name, value]:
                self._told.rules = _changed(self._told.rules, name.split("."), value)
            case ["clock", date]:
                self._clock(date)
            case ["statement", statement_id, period, *clauses]:
                self._statement(statement_id, period, clauses)
            case [number, document_no, date, amount, *clauses] if number.isdigit():
                self._statement_line(int(number), document_no, date, amount, iter(clauses))
            case [kind, date, document_no, amount, *clauses]:
                self._event(kind, date, document_no, amount, iter(clauses))
            case _:
                raise ValueError("no such line")

    def finish(self) -> Scenario:
        for value, fate in self._values:
            kind = value["event_type"].partition(".")[0]
            if kind == "customer_statement":
                _complete(value)
            self._told.deliveries.append(Delivery(msgspec.convert(value, KINDS[kind][0]), fate))
        return self._told

    def _check(self) -> Check:
        checks = self._told.checks
        if not checks or checks[-1].after != len(self._values):
            checks.append(Check(len(self._values)))
        return checks[-1]

    def _event(
        self, kind_and_life: str, date: str, document_no: str, amount: str, clauses: Iterator[str]
    ) -> None:
        kind, _, life = kind_and_life.partition(".")
        if kind not in KINDS:
            raise ValueError(f"no such event: {kind}")
        value = self._envelope(kind, life or _BOOKED_LIFE.get(kind, "settled"), document_no)
        value["business_date"], value["occurred_at"] = date, f"{date}T12:00:00Z"
        pays: list[tuple[str, str]] = []
        amounts = {"amount_minor": amount}
        fate = "accepted"
        for word in clauses:
            if word.startswith("!"):
                fate = word[1:]
            elif word == "due":
                value["due_date"] = next(clauses)
            elif word == "pays":
                pays.append((next(clauses), next(clauses)))
            elif word == "line":
                value |= _correction(clauses, value["currency"])
            elif word == "by":
                value["proposed_by"], value["approved_by"] = next(clauses), next(clauses)
            elif word == "at":
                value["occurred_at"] = f"{date}T{next(clauses)}:00Z"
            elif word in _AMOUNT_FIELD:
                amounts[_AMOUNT_FIELD[word]] = next(clauses)
            elif word in _FIELD_OF or word in _TEXT_FIELDS:
                value[_FIELD_OF.get(word, word)] = next(clauses)
            else:
                self._envelope_clause(value, word, clauses)
        value |= {name: from_text(text, value["currency"]) for name, text in amounts.items()}
        if kind == "adjustment":
            value = {
                "proposed_by": "ann",
                "approved_by": "bob",
                "adjustment_id": document_no,
                "reason": "r",
            } | value
        if kind in ("payment", "adjustment"):
            paid = [{"document_no": d, "amount_minor": from_text(a, value["currency"])} for d, a in pays]
            value["allocations"] = paid
        self._values.append((value, fate))

    def _clock(self, date: str) -> None:
        value = self._envelope("clock", "passed", date)
        value |= {"business_date": date, "occurred_at": f"{date}T00:00:00Z", "amount_minor": 0}
        self._values.append((value, "accepted"))

    def _statement(self, statement_id: str, period: str, words: Sequence[str]) -> None:
        start, _, end = period.partition("..")
        value = self._envelope("statement", "received", statement_id)
        if "currency" in words:
            value["currency"] = words[words.index("currency") + 1]
        clauses = iter(words)
        value |= {"event_type": "customer_statement.received", "statement_id": statement_id}
        value |= {"period_start": start, "period_end": end, "business_date": end, "statement_version": 1}
        value |= {"occurred_at": f"{end}T12:00:00Z", "lines": []}
        fate = "accepted"
        for word in clauses:
            if word.startswith("!"):
                fate = word[1:]
            elif word in ("opening", "closing"):
                value[f"{word}_balance_minor"] = from_text(next(clauses), value["currency"])
            elif word == "totals":
                value["total_debit_minor"] = from_text(next(clauses), value["currency"])
                value["total_credit_minor"] = from_text(next(clauses), value["currency"])
            elif word == "count":
                value["line_count"] = int(next(clauses))
            elif word in ("replaced", "withdrawn"):
                value["event_type"] = f"customer_statement.{word}"
            else:
                self._envelope_clause(value, word, clauses)
        value["statement_version"] = value["source_version"]
        self._values.append((value, fate))

    def _statement_line(
        self, number: int, document_no: str, date: str, amount: str, clauses: Iterator[str]
    ) -> None:
        statement, _ = self._values[-1]
        signed = from_text(amount, statement["currency"])
        line = {"line_no": number, "document_no": document_no, "date": date}
        line |= {"debit_minor": max(signed, 0), "credit_minor": max(-signed, 0)}
        for word in clauses:
            if word == "running":
                line["running_balance_minor"] = from_text(next(clauses), statement["currency"])
            elif word == "ref":
                line["their_reference"] = next(clauses)
            else:
                raise ValueError(f"no such clause: {word}")
        statement["lines"].append(line)

    def _envelope(self, kind: str, life: str, document_no: str) -> dict[str, Any]:
        return {
            "event_id": f"e-{len(self._values)}",
            "event_type": f"{kind}.{life}",
            "source_system": _SYSTEMS.get(kind, "shop"),
            "source_record_id": f"{kind}/{document_no}",
            "source_version": 1,
            "customer_id": self._told.party_id,
            "currency": self._currency,
            "document_no": document_no,
        }

    def _envelope_clause(self, value: dict[str, Any], word: str, clauses: Iterator[str]) -> None:
        match word:
            case "v":
                value["source_version"] = int(next(clauses))
            case "id":
                value["event_id"] = next(clauses)
            case "record":
                value["source_record_id"] = next(clauses)
            case "from":
                value["source_system"] = next(clauses)
            case "currency":
                value["currency"] = next(clauses)
            case _:
                raise ValueError(f"no such clause: {word}")

    def _amount(self, words: Sequence[str]) -> tuple[str, int]:
        amount, currency = words if len(words) > 1 else (words[0], self._currency)
        return currency, from_text(amount, currency)

    def _finding(self, words: Sequence[str]) -> tuple[str, str, str, int]:
        figures_from = -2 if is_currency(words[-1]) else -1
        currency, amount_minor = self._amount(words[figures_from:])
        return DiscrepancyKind(words[0]).value, " ".join(words[1:figures_from]), currency, amount_minor

    def _expect(self, check: Check, words: list[str]) -> None:
        match words:
            case ["balance", date, _, *_] if date.count("-") == 2:
                currency, amount_minor = self._amount(words[2:])
                check.balances_as_of.append((currency, dt.date.fromisoformat(date), amount_minor))
            case ["balance", *amount]:
                currency, check_minor = self._amount(amount)
                check.balances[currency] = check_minor
            case ["item", number, left, "of", original, state, "due", date]:
                amounts = from_text(left, self._currency), from_text(original, self._currency)
                due = dt.date.fromisoformat(date)
                check.items.append((number, self._currency, *amounts, state, due))
            case ["match", credit, debit, amount, "confirmed" | "suggested" as state, rule]:
                amount_minor = from_text(amount, self._currency)
                check.matches.append((credit, debit, self._currency, amount_minor, state, rule))
            case ["lines", statement_id, *pairs]:
                places = map(int, pairs[::2])
                check.lines[statement_id] = dict(zip(places, pairs[1::2], strict=True))
            case ["bridge", statement_id, "none"]:
                check.bridges[statement_id] = []
            case ["bridge", statement_id, amount, *subject, action]:
                step = from_text(amount, self._currency), " ".join(subject), action
                check.bridges.setdefault(statement_id, []).append(step)
            case _:
                check.findings.append(self._finding(words))

    def _expect_change(self, check: Check, words: list[str]) -> None:
        check.changes.append((words[0], *self._finding(words[1:])))


def _correction(clauses: Iterator[str], currency: str) -> dict[str, Any]:
    """What a correction says: the statement, the number of the line, and how it reads."""
    statement_id, number = next(clauses), int(next(clauses))
    found: dict[str, Any] = {"statement_id": statement_id, "statement_version": 1, "line_no": number}
    if next(clauses) == "reads":
        document_no, date, signed = next(clauses), next(clauses), from_text(next(clauses), currency)
        line = {"line_no": number, "document_no": document_no, "date": date}
        found["corrected_line"] = line | {"debit_minor": max(signed, 0), "credit_minor": max(-signed, 0)}
    return found


def _changed(rules: Rules, path: list[str], value: str) -> Rules:
    """``rules`` with the one at ``path`` set; raises ``ValueError`` for a name or a value that there is not."""
    plain = plain_rules(rules)
    place = plain
    for name in path[:-1]:
        place = place[name]
    if path[-1] not in place:
        raise ValueError(f"no such rule: {path[-1]}")
    place[path[-1]] = value.split(",") if path[-1] == "stages" else value
    return msgspec.convert(plain, Rules, strict=False)


def _complete(statement: dict[str, Any]) -> None:
    """The totals that a statement shows unless the table says otherwise: those of its lines."""
    lines = statement["lines"]
    statement.setdefault("total_debit_minor", sum(line["debit_minor"] for line in lines))
    statement.setdefault("total_credit_minor", sum(line["credit_minor"] for line in lines))
    statement.setdefault("line_count", len(lines))
    statement["amount_minor"] = statement["closing_balance_minor"]
