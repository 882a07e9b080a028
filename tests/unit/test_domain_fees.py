"""What a provider kept of a payment; more in ``tests/scenarios/matching/figures.md``."""

from __future__ import annotations

import pytest

from domain.discrepancies.finding import DiscrepancyKind
from domain.outcomes import DiscrepancyChanged
from tests.unit.ledger_language import parse
from tests.unit.ledger_teller import Teller, scenario


@scenario
def test_a_payment_and_its_fee_are_two_of_three_documents() -> None:
    """
    order    2026-01-05  INV-1001  2747.27
    order    2026-01-06  INV-1002  3512.37
    order    2026-01-07  INV-1003   512.37
    payment  2026-01-20  P-77      6123.10  fee 136.54
    => balance 648.91
    => match P-77 INV-1001 2747.27 suggested net_of_fee
    => match P-77 INV-1002 3375.83 suggested net_of_fee
    """


@scenario
def test_two_sums_with_a_fee_are_not_chosen_between() -> None:
    """
    order    2026-01-05  INV-1001  2747.27
    order    2026-01-06  INV-1002  3512.37
    order    2026-01-07  INV-1003  3512.37
    payment  2026-01-20  P-77      6123.10  fee 136.54
    => balance 3648.91
    => match P-77 INV-1001 2747.27 suggested small_deduction
    => match P-77 INV-1002 3375.83 suggested small_deduction
    """


@scenario
def test_one_document_with_a_fee_goes_before_several() -> None:
    """
    order    2026-01-05  INV-1001  2747.27
    order    2026-01-06  INV-1002  3512.37
    order    2026-01-07  INV-1003  6259.64
    payment  2026-01-20  P-77      6123.10  fee 136.54
    => balance 6396.18
    => match P-77 INV-1003 6123.10 suggested net_of_fee
    """


@pytest.mark.parametrize(
    ("fees", "reason"),
    [
        ((150,), "paid_short_of_fee"),
        ((149,), "paid_short"),
        ((0,), "paid_short"),
        ((100, 50), "paid_short_of_fee"),
    ],
)
def test_what_is_open_for_a_fee_alone_is_told_so(fees: tuple[int, ...], reason: str) -> None:
    """SHORT_PAYMENT all the same: who bears the fee is for people, or a tolerance, to say."""
    amount = f"{100 * len(fees) + 1.5:.2f}"
    paid = [
        f"payment  2026-01-{20 + n}  P-{n}  100.00  fee {fee / 100:.2f}  pays INV-1001 100.00"
        for n, fee in enumerate(fees)
    ]
    teller = Teller()
    for delivery in parse("\n".join([f"order  2026-01-05  INV-1001  {amount}", *paid])).deliveries:
        teller.tell(delivery)
    [changed] = [outcome for outcome in teller.outcomes if isinstance(outcome, DiscrepancyChanged)]
    assert changed.finding is not None
    assert (changed.finding.kind, changed.finding.reason) == (DiscrepancyKind.SHORT_PAYMENT, reason)
    assert changed.finding.amount_minor == 150
