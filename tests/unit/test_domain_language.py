"""The language of the tables itself: a table that says something wrong does not hold."""

from __future__ import annotations

import pytest

from domain.decide import decide
from domain.matching.words import reference_like
from tests.unit import ledger_teller
from tests.unit.ledger_language import TableError, parse
from tests.unit.ledger_teller import holds

EVENTS = """
    order    2026-01-05  INV-1001  121.00  due 2026-02-04
    payment  2026-01-20  P-77      120.50  pays INV-1001 120.50
"""
RIGHT = """
    -> OPENED SHORT_PAYMENT INV-1001 0.50
    => balance 0.50
    => balance 2026-01-10 121.00
    => SHORT_PAYMENT INV-1001 0.50
    => item INV-1001 0.50 of 121.00 PARTIALLY_ALLOCATED due 2026-02-04
    => item P-77 0 of 120.50 CLEARED due 2026-01-20
    => match P-77 INV-1001 120.50 confirmed exact_document
"""


def test_a_right_table_holds() -> None:
    assert holds(EVENTS + RIGHT).accounts["EUR"].balance_minor == 50


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("-> OPENED SHORT_PAYMENT", "-> UPDATED SHORT_PAYMENT"),
        ("=> balance 0.50", "=> balance 0.51"),
        ("2026-01-10 121.00", "2026-01-10 120.00"),
        ("=> SHORT_PAYMENT INV-1001 0.50", ""),
        ("=> SHORT_PAYMENT INV-1001 0.50", "=> SHORT_PAYMENT INV-1001 0.51"),
        ("=> SHORT_PAYMENT INV-1001 0.50", "=> OVERPAYMENT INV-1001 0.50"),
        ("=> SHORT_PAYMENT INV-1001 0.50", "=> SHORT_PAYMENT P-77 0.50"),
        ("=> item P-77 0 of 120.50 CLEARED due 2026-01-20", ""),
        ("PARTIALLY_ALLOCATED", "OPEN"),
        ("due 2026-02-04", "due 2026-02-05"),
        ("120.50 confirmed", "120.50 suggested"),
        ("=> balance 0.50", "=> balance 0.50\n    => balance 0 USD"),
    ],
)
def test_a_wrong_table_does_not_hold(right: str, wrong: str) -> None:
    assert right in RIGHT
    with pytest.raises(AssertionError):
        holds(EVENTS + RIGHT.replace(right, wrong))


def test_an_event_that_meets_another_fate_does_not_hold() -> None:
    with pytest.raises(AssertionError, match="accepted, expected duplicate"):
        holds("order 2026-01-05 INV-1001 121.00 !duplicate\n=> balance 121.00")


def test_a_table_that_checks_nothing_does_not_hold() -> None:
    with pytest.raises(AssertionError, match="checks nothing"):
        holds(EVENTS)


@pytest.mark.parametrize(
    "row",
    [
        "parcel 2026-01-05 INV-1001 121.00",
        "order 2026-01-05 INV-1001 121.005",
        "order 2026-01-05 INV-1001 121.00 colour red",
        "order 2026-01-05 INV-1001 121.00 due",
        "=> SHORT INV-1001 1.00",
        "=> balance",
        "nonsense",
    ],
)
def test_a_row_that_says_nothing_is_an_error(row: str) -> None:
    with pytest.raises(TableError):
        parse(row)


def test_a_core_that_depends_on_the_order_of_arrival_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def hasty(book, event, *rest):  # type: ignore[no-untyped-def]
        """Loses a payment that comes before any document."""
        outcomes = decide(book, event, *rest)
        return outcomes[:1] if event.kind == "payment" and not book.accounts else outcomes

    monkeypatch.setattr(ledger_teller, "decide", hasty)
    with pytest.raises((AssertionError, LookupError)):
        holds(EVENTS + RIGHT)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("INV-9999", "INV-9999"),
        ("paid on 2026-01-05: re 77 no 12345 thanks", "no 12345"),
        ("12345", None),
        ("invoice 12", None),
        ("100.00 2026/01/05", None),
        ("发票RE2026001款", "RE2026001"),
        ("own B-5555", None),
    ],
)
def test_what_looks_like_a_document_number(text: str, found: str | None) -> None:
    assert reference_like(text, ("b5555",)) == found
