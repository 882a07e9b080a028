"""A discrepancy opens, changes, is withdrawn and may open again, under one id. Tables as in ``ledger_language``."""

from __future__ import annotations

from domain.books import Book
from tests.unit.ledger_teller import holds, scenario


@scenario
def test_it_opens_changes_and_is_withdrawn() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77       40.00  pays INV-1001 40.00
    -> OPENED SHORT_PAYMENT INV-1001 60.00
    => balance 60.00
    => SHORT_PAYMENT INV-1001 60.00
    payment  2026-01-25  P-78       50.00  pays INV-1001 50.00
    -> UPDATED SHORT_PAYMENT INV-1001 10.00
    => balance 10.00
    => SHORT_PAYMENT INV-1001 10.00
    payment  2026-01-30  P-79       10.00  pays INV-1001 10.00
    -> RETRACTED SHORT_PAYMENT INV-1001 10.00
    => balance 0
    """


REOPENING = """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77       40.00  pays INV-1001 40.00
    -> OPENED SHORT_PAYMENT INV-1001 60.00
    => balance 60.00
    => SHORT_PAYMENT INV-1001 60.00
"""
REOPENED = """
    payment  2026-01-25  P-78       60.00  pays INV-1001 60.00
    -> RETRACTED SHORT_PAYMENT INV-1001 60.00
    => balance 0
    payment.charged_back  2026-02-25  P-78  60.00  v 2
    -> OPENED SHORT_PAYMENT INV-1001 60.00
    => balance 60.00
    => SHORT_PAYMENT INV-1001 60.00
"""


def ids(book: Book) -> set[str]:
    return set(book.accounts["EUR"].findings)


def test_it_reopens_under_the_same_id() -> None:
    assert len(ids(holds(REOPENING))) == 1
    assert ids(holds(REOPENING)) == ids(holds(REOPENING + REOPENED))


def test_its_id_is_another_in_another_currency() -> None:
    other = "currency USD\n" + REOPENING
    assert set(holds(other).accounts["USD"].findings).isdisjoint(ids(holds(REOPENING)))


@scenario
def test_it_is_updated_when_only_its_evidence_changes() -> None:
    """
    order          2026-01-05  INV-1001  100.00
    payment        2026-01-20  P-77       40.00  pays INV-1001 40.00
    => balance 60.00
    => SHORT_PAYMENT INV-1001 60.00
    order.amended  2026-01-05  INV-1001  100.00  due 2026-03-01  v 2
    -> UPDATED SHORT_PAYMENT INV-1001 60.00
    => balance 60.00
    => SHORT_PAYMENT INV-1001 60.00
    """


@scenario
def test_its_date_is_the_same_whichever_version_of_a_payment_comes_first() -> None:
    """
    statement  S-1  2026-01-01..2026-01-31  opening 0  closing 0
    payment  2026-01-09  P-77  40.00  v 2
    -> OPENED MISSING_IN_STATEMENT S-1 P-77 40.00
    -> OPENED CLOSING_BALANCE_BREAK S-1 40.00
    => balance -40.00
    => MISSING_IN_STATEMENT S-1 P-77 40.00
    => CLOSING_BALANCE_BREAK S-1 40.00
    payment  2026-01-05  P-77  40.00
    -> UPDATED MISSING_IN_STATEMENT S-1 P-77 40.00
    => balance -40.00
    => MISSING_IN_STATEMENT S-1 P-77 40.00
    => CLOSING_BALANCE_BREAK S-1 40.00
    """


@scenario
def test_a_duplicate_delivery_announces_nothing() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-20  P-77       40.00  pays INV-1001 40.00  id e-1
    => balance 60.00
    => SHORT_PAYMENT INV-1001 60.00
    payment  2026-01-20  P-77       40.00  pays INV-1001 40.00  id e-1  !duplicate
    => balance 60.00
    => SHORT_PAYMENT INV-1001 60.00
    """


@scenario
def test_an_overpayment_turns_into_a_short_payment_when_the_document_grows() -> None:
    """
    order          2026-01-05  INV-1001  100.00
    payment        2026-01-20  P-77      110.00  pays INV-1001 110.00
    => balance -10.00
    => OVERPAYMENT INV-1001 10.00
    order.amended  2026-01-25  INV-1001  115.00  v 2
    -> RETRACTED OVERPAYMENT INV-1001 10.00
    -> OPENED SHORT_PAYMENT INV-1001 5.00
    => balance 5.00
    => SHORT_PAYMENT INV-1001 5.00
    """


@scenario
def test_a_paid_document_that_is_cancelled_late() -> None:
    """
    order            2026-01-05  INV-1001  100.00
    payment          2026-01-20  P-77      100.00  pays INV-1001 100.00
    => balance 0
    order.cancelled  2026-01-25  INV-1001  100.00  v 2
    -> OPENED PAYMENT_ON_CANCELLED P-77 100.00
    => balance -100.00
    => PAYMENT_ON_CANCELLED P-77 100.00
    """


@scenario
def test_the_document_of_an_unknown_reference_may_come_late() -> None:
    """
    payment  2026-01-20  P-77      100.00  pays INV-1001 100.00
    -> OPENED UNKNOWN_REFERENCE P-77 100.00
    => balance -100.00
    => UNKNOWN_REFERENCE P-77 100.00
    order    2026-01-05  INV-1001  100.00
    -> RETRACTED UNKNOWN_REFERENCE P-77 100.00
    => balance 0
    => match P-77 INV-1001 100.00 confirmed exact_document
    """


@scenario
def test_an_earlier_payment_that_comes_late_makes_the_known_one_the_duplicate() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    payment  2026-01-22  P-78      100.00  pays INV-1001 100.00
    => balance 0
    payment  2026-01-20  P-77      100.00  pays INV-1001 100.00
    -> OPENED DUPLICATE P-78 100.00
    => balance -100.00
    => DUPLICATE P-78 100.00
    payment.charged_back  2026-02-20  P-77  100.00  v 2
    -> RETRACTED DUPLICATE P-78 100.00
    => balance 0
    """
