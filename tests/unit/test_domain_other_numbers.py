"""A finding tells every number of its documents, so that it is found by any of them."""

from __future__ import annotations

from domain.discrepancies.finding import Finding
from domain.outcomes import DiscrepancyChanged
from tests.unit.ledger_language import parse
from tests.unit.ledger_teller import Teller


def findings(table: str) -> dict[str, Finding]:
    """What the last event of the table announced, by kind."""
    teller = Teller()
    for delivery in parse(table).deliveries:
        teller.tell(delivery)
    changes = [outcome for outcome in teller.outcomes if isinstance(outcome, DiscrepancyChanged)]
    return {change.held.kind: change.finding for change in changes if change.finding is not None}


def test_a_finding_about_a_document_tells_its_other_numbers() -> None:
    found = findings(
        """
        order    2026-01-05  INV-1001  121.00  order_id SO-7  invoice_no INV-1001
        payment  2026-01-20  P-77      120.50  pays INV-1001 120.50
        """
    )
    assert found["SHORT_PAYMENT"].arguments["also"] == "SO-7"


def test_a_finding_tells_the_references_of_the_transfers_that_it_rests_on() -> None:
    found = findings(
        """
        order    2026-01-05  INV-1001  121.00  order_id SO-7
        payment  2026-01-20  P-77      120.50  pays INV-1001 120.50  bank_reference BR/4711  end_to_end_id E-1
        """
    )
    assert found["SHORT_PAYMENT"].arguments["also"] == "BR/4711, E-1, SO-7"


def test_a_finding_about_a_line_tells_our_numbers_and_their_reference() -> None:
    found = findings(
        """
        order  2026-01-05  INV-1001  121.00  order_id SO-7
        statement S-1 2026-01-01..2026-01-31 opening 0 closing 112.00
          1 1001 2026-01-05 112.00 ref OURS-1
        """
    )
    assert found["AMOUNT_MISMATCH"].arguments["also"] == "INV-1001, OURS-1, SO-7"
    assert "also" not in found["CLOSING_BALANCE_BREAK"].arguments


def test_what_has_one_number_tells_no_other() -> None:
    found = findings(
        """
        order    2026-01-05  INV-1001  121.00
        payment  2026-01-20  P-77      120.50  pays INV-1001 120.50
        """
    )
    assert "also" not in found["SHORT_PAYMENT"].arguments
