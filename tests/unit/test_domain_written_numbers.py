"""Numbers that look like something else, and what looks like one; more in ``tests/scenarios/matching/numbers.md``."""

from __future__ import annotations

import pytest

from domain.matching.forms import DocumentIndex
from domain.matching.named import mentions
from tests.unit.ledger_teller import scenario


def named(text: str, *numbers: str) -> list[str]:
    """Which of the documents ``numbers`` the text names."""
    index = DocumentIndex([(number, [number]) for number in numbers])
    return [key for mention in mentions(text, index) for key in mention.resolution.keys]


@pytest.mark.parametrize("text", ["4711-05", "Rechnung 4711-05", "Rg. 4711/05", "RE 4711-05 v. 3.2."])
def test_a_number_that_looks_like_a_month_is_read_where_it_is_a_documents(text: str) -> None:
    assert named(text, "4711-05", "0005/26") == ["4711-05"]


def test_a_number_is_a_month_only_in_a_year_of_documents() -> None:
    assert named("Rechnungsnr. 2465/26", "2465/26", "2466/26") == ["2465/26"]
    assert named("2026-05", "202605") == []
    assert named("2026/05", "2026-05") == ["2026-05"]
    assert named("2026-13", "202613") == ["202613"]
    assert named("1989-05", "198905") == ["198905"]
    assert named("2026-05-31", "20260531") == []
    assert named("2026-05-32", "20260532") == ["20260532"]


def test_an_amount_is_no_number() -> None:
    assert named("4711.05", "471105") == []
    assert named("4711.05", "4711.05") == ["4711.05"]
    assert named("10.421", "10421") == []


@scenario
def test_the_number_and_not_the_month_is_paid() -> None:
    """
    invoice  2026-01-05  0815-05  100.00
    invoice  2026-01-05  0815-06  100.00
    payment  2026-01-20  P-77     100.00  text "0815/06"
    => balance 100.00
    => match P-77 0815-06 100.00 confirmed remittance_text:normalised_document
    """


def test_a_year_is_no_number_written_with_joints() -> None:
    assert named("FT 28/2026, 35/2026", "0020/26", "35/2026") == ["35/2026"]
    assert named("FT 23/2026 2026 RE 2026", "20/26", "RE-20/26") == []
    assert named("INV 2026", "INV-2026", "20/26") == ["INV-2026"]
    assert named("2026", "INV-2026") == ["INV-2026"]
    assert named("2024/2025", "INV-2024", "INV-2025") == ["INV-2024", "INV-2025"]
    assert named("28/2026", "INV-2026") == []


def test_a_number_with_the_whole_year_is_the_one_with_its_last_figures() -> None:
    assert named("0020/2026", "0020/26", "0021/26") == ["0020/26"]
    assert named("FT 20/2026", "0020/26", "0202/6") == ["0020/26"]
    assert named("0020/1926", "0020/26") == []


@scenario
def test_the_year_of_another_number_pays_nothing() -> None:
    """
    invoice  2026-01-05  20/26    98.00
    invoice  2026-01-05  23/26    55.00
    payment  2026-01-20  P-77     30.00  text "FT 28/2026"
    payment  2026-01-21  P-78     55.00  text "FT 23/2026"
    => balance 68.00
    => match P-78 23/26 55.00 confirmed remittance_text:exact_document
    """


@pytest.mark.parametrize(
    "text",
    [
        "Rg 25 Rate 1/2",
        "Rg 25 Rate 1 von 2",
        "Rg 25, 2. Rate",
        "25 (1/3)",
        "part 2/3 of inv 25",
        "25 instalment no. 2",
        "2 rata ft 25",
        "第2期 25",
        "25 1 di 12",
    ],
)
def test_which_part_is_paid_is_no_number(text: str) -> None:
    assert named(text, "1", "2", "3", "12", "13", "25") == ["25"]


def test_what_is_no_part_is_a_number() -> None:
    assert named("25 1/2", "1/2", "25", "2") == ["25", "1/2"]
    assert named("Rate 1/2", "1/2", "2") == []
    assert named("3/2", "3", "2") == ["3", "2"]
    assert named("3/13", "3", "13") == ["3", "13"]
    assert named("12/12", "12") == []
    assert named("Teilzahlung 10042", "10042") == ["10042"]
    assert named("Rate 1/2026", "1/2026") == ["1/2026"]


@scenario
def test_the_document_of_the_instalment_is_paid() -> None:
    """
    invoice  2026-01-05  12  100.00
    invoice  2026-01-05  25  100.00
    payment  2026-01-20  P-77     50.00  text "Rg 25 Rate 1/2"
    => balance 150.00
    => SHORT_PAYMENT 25 50.00
    => match P-77 25 50.00 confirmed remittance_text:exact_document
    """


def test_the_month_of_a_document_is_no_number() -> None:
    assert named("fattura 17/2026 del 02/2026", "2/2026", "17/2026") == ["17/2026"]
    assert named("fattura 17/2026 del 2/2026", "2/2026", "17/2026") == ["17/2026"]
    assert named("saldo del 2/2026", "2/2026", "17/2026") == ["2/2026"]
    assert named("Rechnung vom 02/2026", "2/2026") == []
    assert named("del 2/1926", "2/1926") == ["2/1926"]


@scenario
def test_a_work_order_is_no_document_by_its_figures_alone() -> None:
    """
    invoice  2026-01-05  INV-10757  100.00
    invoice  2026-01-05  INV-10759  100.00
    payment  2026-01-20  P-77        98.00  text "INV-10759, WO 10757 -2%"
    => balance 102.00
    => match P-77 INV-10759 98.00 confirmed remittance_text:exact_document
    => SHORT_PAYMENT INV-10759 2.00
    """
