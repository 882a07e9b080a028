"""Lines whose text says no number. Tables as ``ledger_language`` reads them."""

from __future__ import annotations

import pytest

from domain.comparison.texts import holds_a_number
from tests.unit.ledger_teller import scenario


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "Zahlung",
        "货款 3月",
        "付货款2026年3月",
        "Miete Mai 2026",
        "Rent 05.03.2026",
        "EUR 1.250,00",
        "Bonus 2025",
    ],
)
def test_a_text_without_a_number(text: str) -> None:
    assert not holds_a_number(text)


@pytest.mark.parametrize(
    "text", ["4", "PB/004", "发票号20331", "Rg. 1001 v. 05.03.26", "MAR-0012", "ZA 4711", "202603"]
)
def test_a_text_with_a_number(text: str) -> None:
    assert holds_a_number(text)


@scenario
def test_one_text_on_every_payment_is_no_number_of_a_voucher() -> None:
    """
    order    2026-02-01  INV-1001  500.00
    payment  2026-02-02  P-1       100.00
    payment  2026-02-03  P-2       100.00
    payment  2026-02-09  P-3       200.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 100.00
      1 INV-1001    2026-02-01  500.00
      2 "付货款 2月" 2026-02-02 -100.00
      3 "付货款 2月" 2026-02-02 -100.00
      4 "付货款 2月" 2026-02-08 -200.00
    => balance 100.00
    => lines S-2 1 MATCHED 2 MATCHED 3 MATCHED 4 MATCHED
    """


@scenario
def test_what_bears_one_text_is_not_brought_together_by_it() -> None:
    """
    order  2026-02-01  INV-1001  300.00
    order  2026-03-05  INV-1009    1.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 300.00
      1 Lieferung 2026-02-02 100.00
      2 Lieferung 2026-02-12 200.00
    => balance 301.00
    => MISSING_IN_LEDGER S-2 line 1 100.00
    => MISSING_IN_LEDGER S-2 line 2 200.00
    => MISSING_IN_STATEMENT S-2 INV-1001 300.00
    """


@scenario
def test_a_month_is_no_end_of_a_number() -> None:
    """
    order  2026-02-05  PB/002  300.00
    order  2026-03-05  PB/009    1.00
    statement S-2 2026-02-01..2026-02-28 opening 0 closing 310.00
      1 "货款 2月" 2026-02-09 350.00
      2 ""        2026-02-20 -40.00
    => balance 301.00
    => MISSING_IN_LEDGER S-2 line 1 350.00
    => MISSING_IN_LEDGER S-2 line 2 40.00
    => MISSING_IN_STATEMENT S-2 PB/002 300.00
    => CLOSING_BALANCE_BREAK S-2 10.00
    """
