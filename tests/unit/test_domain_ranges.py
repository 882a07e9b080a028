"""Ranges as payers write them; more in ``tests/scenarios/matching/pointers.md``."""

from __future__ import annotations

import pytest

from domain.matching.ranges import ranges
from tests.unit.ledger_teller import scenario


@scenario
def test_a_numbers_own_letter_is_no_spanish_to() -> None:
    """
    invoice  2025-12-02  A/25/1540   73.61
    invoice  2025-12-03  A/25/1541   84.72
    invoice  2025-12-04  A/25/1542   95.83
    invoice  2025-12-05  A/25/1543  106.94
    invoice  2025-12-06  A/25/1544  118.05
    payment  2025-12-14  P-77       179.86  text "A/25/1540 A/25/1544 less claim"
    => balance 299.29
    => SHORT_PAYMENT A/25/1544 11.80
    => match P-77 A/25/1540 73.61 confirmed remittance_text:exact_document
    => match P-77 A/25/1544 106.25 confirmed remittance_text:exact_document
    """


@scenario
def test_a_range_of_numbers_with_the_year_behind() -> None:
    """
    invoice  2026-01-05  0857/25  130.95
    invoice  2026-01-05  0862/25  123.79
    invoice  2026-01-06  0867/25   71.76
    invoice  2026-01-06  0868/25   91.76
    payment  2026-01-20  P-77     326.50  text "ft. 0857/25 al 0867/25"
    => balance 91.76
    => match P-77 0857/25 130.95 confirmed remittance_text:exact_document
    => match P-77 0862/25 123.79 confirmed remittance_text:range
    => match P-77 0867/25 71.76 confirmed remittance_text:exact_document
    """


@scenario
def test_a_range_goes_on_into_the_next_month() -> None:
    """
    invoice  2026-03-05  INV2026030329  130.95
    invoice  2026-03-05  INV2026030330  123.79
    invoice  2026-04-06  INV2026040338   71.76
    invoice  2026-04-06  INV2026040343   91.76
    payment  2026-04-20  P-77           326.50  text "INV2026030329〜INV2026040338"
    => balance 91.76
    => match P-77 INV2026030329 130.95 confirmed remittance_text:exact_document
    => match P-77 INV2026030330 123.79 confirmed remittance_text:range
    => match P-77 INV2026040338 71.76 confirmed remittance_text:exact_document
    """


@scenario
def test_a_range_with_a_letter_behind() -> None:
    """
    invoice  2026-01-02  FT-0002/A  10.00
    invoice  2026-01-03  FT-0003/A  20.00
    invoice  2026-01-04  FT-0004/A  30.00
    invoice  2026-01-05  FT-0005/A  40.00
    payment  2026-01-20  P-77       60.00  text "fatt. FT-0002/A al FT-0004/A"
    => balance 40.00
    => match P-77 FT-0002/A 10.00 confirmed remittance_text:exact_document
    => match P-77 FT-0003/A 20.00 confirmed remittance_text:exact_document
    => match P-77 FT-0004/A 30.00 confirmed remittance_text:exact_document
    """


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RE-01158 do RE-01161", ("01158", "01161", "")),
        ("1158 até 1161", ("1158", "1161", "")),
        ("1158から1161まで", ("1158", "1161", "")),
        ("1158 til 1161", ("1158", "1161", "")),
        ("FRAS 1540 A 1544", ("1540", "1544", "")),
        ("857-867/25", ("857", "867", "/25")),
        ("FV/01158/09/2025 - FV/01195/11/2025", ("01158", "01195", "/11/2025")),
        ("0857/2025 bis 0867/2025", ("0857", "0867", "/2025")),
        ("2026030329-2026040338", ("2026030329", "2026040338", "")),
    ],
)
def test_ranges_are_read(text: str, expected: tuple[str, str, str]) -> None:
    assert [(one.first, one.last, one.behind) for one in ranges(text)] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "A 1540 A 1544",
        "A/25/1540 A/25/1544",
        "FV/01158/09/2024 - FV/01195/11/2025",
        "0857/A al 0867/B",
        "0857/25 al 0867/09/25",
        "0867/25 al 0857/25",
        "2026030329-2026060338",
        "1230030329-1230040338",
    ],
)
def test_what_only_looks_like_a_range_is_none(text: str) -> None:
    assert ranges(text) == ()


@scenario
def test_the_figures_before_the_last_ones_count_in_a_range() -> None:
    """
    invoice  2026-03-01  305/342  100.01
    invoice  2026-03-01  305/343  200.02
    invoice  2026-03-01  305/346  300.04
    invoice  2026-03-01  411/343  411.08
    payment  2026-03-25  P-77     550.07  text "305/342 - 305/346"
    => balance 461.08
    => match P-77 305/342 100.01 confirmed remittance_text:exact_document
    => match P-77 305/343 200.02 suggested remittance_text:range
    => match P-77 305/346 300.04 confirmed remittance_text:exact_document
    """
