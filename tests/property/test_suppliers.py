"""A supplier's account is a customer's in the mirror: one history told to both comes to the same, turned.

This is what lets every rule be written once, for customers. The turning of events and of result records is done here by
hand, field by field, independent of the code under test.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.discrepancies.explanations import explain
from domain.events import (
    AdjustmentEvent,
    AdjustmentType,
    CustomerStatementEvent,
    Event,
    Source,
    StatementLine,
)
from domain.parties import Role
from domain.rules import Rules
from streams.books_table import book_json, encode_book
from streams.results import Cause, result_rows
from tests.property.histories import clocks, events
from tests.unit.ledger_teller import RECORDED_AT, Teller

pytestmark = pytest.mark.no_cover  # searches in what examples cover, thrice as long when measured

CUSTOMER = "C-1"
SUPPLIER = "supplier:C-1"
_OTHER_SIDE = {"DEBIT": "CREDIT", "CREDIT": "DEBIT"}
_OTHER_TYPE = {AdjustmentType.DEBIT: AdjustmentType.CREDIT, AdjustmentType.CREDIT: AdjustmentType.DEBIT}
#: ids that are derived from the account's name
_IDS = ("entry_id", "allocation_id", "discrepancy_id")
_SIGNED = (
    "balance_minor",
    "ours_minor",
    "theirs_minor",
    "theirs_opening_minor",
    "ours_opening_minor",
    "theirs_closing_minor",
    "ours_closing_minor",
    "step_minor",
)
#: arguments of explanations that are signed amounts, or hold one
_SIGNED_WORDS = {
    "line_amount": ("theirs", "ours"),
    "opening_differs": ("theirs", "ours"),
    "closing_differs": ("theirs", "ours"),
    "opening_differs_before": ("theirs", "ours"),
    "closing_differs_before": ("theirs", "ours"),
    "running_balance_wrong": ("shown", "expected"),
    "line_corrected": ("sent", "read"),
    "line_struck": ("sent",),
}
_MONEY = re.compile(r"(?:(?<=^)|(?<= ))(-?)(\d+(?:\.\d+)?)(?= [A-Z]{3}(?: |$))")

histories = st.tuples(events(customers=(CUSTOMER,)), clocks()).flatmap(
    lambda pair: st.permutations([*pair[0], *(e for e in pair[1] if e.customer_id == CUSTOMER)])
)
rules = st.sampled_from(
    [Rules(), Rules(tolerance_minor=50), Rules(grace_days=0), Rules(tolerance_minor=20, date_window_days=0)]
)


def turned_line(line: StatementLine) -> StatementLine:
    running = line.running_balance_minor
    return msgspec.structs.replace(
        line,
        debit_minor=line.credit_minor,
        credit_minor=line.debit_minor,
        running_balance_minor=None if running is None else 0 - running,
    )


def mirrored(event: Event) -> Event:
    """What the same would be between us and a supplier, as our systems would say it: in our view."""
    event = msgspec.structs.replace(event, customer_id=SUPPLIER)
    if isinstance(event, CustomerStatementEvent):
        return msgspec.structs.replace(
            event,
            opening_balance_minor=0 - event.opening_balance_minor,
            closing_balance_minor=0 - event.closing_balance_minor,
            total_debit_minor=event.total_credit_minor,
            total_credit_minor=event.total_debit_minor,
            lines=tuple(map(turned_line, event.lines)),
        )
    if isinstance(event, AdjustmentEvent):
        side, line = event.write_off_side, event.corrected_line
        return msgspec.structs.replace(
            event,
            adjustment_type=_OTHER_TYPE.get(event.adjustment_type, event.adjustment_type),
            write_off_side=None if side is None else _OTHER_SIDE[side],
            corrected_line=None if line is None else turned_line(line),
        )
    return event


def told(history: list[Event], rules: Rules, party_id: str) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """The result records of every event, and at the end what the door says of the book."""
    teller = Teller(rules, party_id)
    for offset, event in enumerate(history):
        teller.take(event)
        cause = Cause(
            event.event_id,
            event.correlation_id,
            event.occurred_at,
            event.business_date,
            Source("events", 0, offset),
            RECORDED_AT,
        )
        yield [
            (topic.name, msgspec.to_builtins(row, builtin_types=(dt.date, dt.datetime)))
            for topic, row in result_rows(teller.book, teller.outcomes, cause, rules)
        ]
    accounts = msgspec.json.decode(book_json(encode_book(teller.book)))["accounts"]
    for account in accounts.values():
        del account["open_discrepancies"]  # ids, which differ by the account's name
    yield [("door", account) for account in accounts.values()]


def turned(row: dict[str, Any]) -> dict[str, Any]:
    """A record of the customer's account as the supplier's must have it, but for the ids."""
    found = dict(row)
    if "customer_id" in found:
        found["customer_id"] = SUPPLIER
    for name in _SIGNED:
        if found.get(name) is not None:
            found[name] = 0 - found[name]
    if "side" in found:
        found["side"] = _OTHER_SIDE[found["side"]]
    if "credit_item_id" in found:
        found["credit_item_id"], found["debit_item_id"] = row["debit_item_id"], row["credit_item_id"]
    if "rows" in found:
        found["rows"] = [turned(one) for one in found["rows"]]
    if "reason_arguments" in found:
        arguments = dict(found["reason_arguments"])
        for name in _SIGNED_WORDS.get(found["reason_code"], ()):
            arguments[name] = turned_words(arguments[name])
        if "problem" in arguments:
            words = {"debit": "credit", "credit": "debit"}
            arguments["problem"] = re.sub("debit|credit", lambda m: words[m.group()], arguments["problem"])
        found["reason_arguments"] = arguments
        found["explanation"] = explain(found["reason_code"], arguments, Role.SUPPLIER)
    return found


def turned_words(text: str) -> str:
    def other_sign(match: re.Match[str]) -> str:
        sign, figure = match.groups()
        return figure if sign or not figure.strip("0.") else f"-{figure}"

    return _MONEY.sub(other_sign, text)


@given(histories, rules)
def test_a_suppliers_account_is_a_customers_in_the_mirror(history: list[Event], rules: Rules) -> None:
    ids: dict[str, str] = {}
    theirs = told([mirrored(event) for event in history], rules, SUPPLIER)
    for ours, mirror in zip(told(history, rules, CUSTOMER), theirs, strict=True):
        assert [topic for topic, _ in ours] == [topic for topic, _ in mirror]
        for (_, row), (_, other) in zip(ours, mirror, strict=True):
            expected, found = turned(row), dict(other)
            for name in _IDS:
                if name in expected:
                    assert ids.setdefault(expected.pop(name), found[name]) == found[name]
                    del found[name]
            assert found == expected
    assert len(set(ids.values())) == len(ids), "two ids of the one account are one of the other"


def test_what_is_turned_twice_is_as_it_was() -> None:
    assert turned_words(turned_words("INV-1 -12.50 EUR 2026-01-05")) == "INV-1 -12.50 EUR 2026-01-05"
    assert turned_words("100 JPY") == "-100 JPY"
    assert turned_words("0.00 EUR") == "0.00 EUR"
