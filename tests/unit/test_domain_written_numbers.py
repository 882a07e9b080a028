"""Numbers that look like something else, and what looks like one; more in ``tests/scenarios/matching/numbers.md``."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.matching.forms import DocumentIndex
from domain.matching.named import mentions
from domain.matching.open_numbers import OpenNumbers
from domain.matching.pointers import pointers
from domain.matching.words import reference_like, reference_words, without_money
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


@pytest.mark.parametrize(
    "amount",
    [
        "EUR 810,00",
        "EUR810,00",
        "USD 810.00",
        "CNY 810.00",
        "€810",
        "€ 810,00",
        "£810",
        "¥810.00",
        "¥ 810.00",
    ],
)
def test_a_currency_belongs_to_the_amount_behind_it(amount: str) -> None:
    assert named(f"Rechnung 48213 {amount}", "48213", "810", "81000") == ["48213"]
    assert named(f"48213 {amount}; 48214 {amount}", "48213", "48214") == ["48213", "48214"]


@pytest.mark.parametrize("text", ["48213 €", "48213€", "48213 € vom 3.2.", "48213 EUR"])
def test_a_currency_belongs_to_the_amount_before_it_where_none_is_behind(text: str) -> None:
    assert named(text, "48213", "48213.05.2026") == []


def test_three_figures_before_an_amount_are_a_number_behind_a_word_or_in_a_row() -> None:
    assert named("Rechnungen 349 169,87\n360 168,77; 364 113,90 365 100,00", "349", "360", "364", "365") == [
        *("349", "360", "364", "365")
    ]
    assert named("349 169,87", "349") == ["349"]
    assert named("Zahlung 349 169,87", "349") == []
    assert named("25 349 169,87", "349") == []
    assert without_money("RE 349 169,87; 360 168,77") == "RE 349 | |; |"


@scenario
def test_the_number_before_a_currency_is_paid_in_part() -> None:
    """
    invoice  2026-01-05  20261417  900.00
    invoice  2026-01-05  20261300  380.03
    payment  2026-01-20  P-77      810.00  text "Fact.nr 20261417 EUR 810,00"
    => balance 470.03
    => SHORT_PAYMENT 20261417 90.00
    => match P-77 20261417 810.00 confirmed remittance_text:exact_document
    """


@scenario
def test_each_number_of_three_figures_is_paid_the_amount_behind_it() -> None:
    """
    invoice  2026-01-05  349   169.87
    invoice  2026-01-06  360   168.77
    payment  2026-01-20  P-77  269.87  text "349 101,10; 360 168,77"
    => balance 68.77
    => SHORT_PAYMENT 349 68.77
    => match P-77 349 101.10 confirmed remittance_text:exact_document
    => match P-77 360 168.77 confirmed remittance_text:exact_document
    """


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


def pointed_to(text: str, *numbers: str, day: dt.date = dt.date(2026, 4, 10)) -> list[str]:
    """Which of the open documents ``numbers`` the figures of the text point to."""
    open_numbers = OpenNumbers([(number, [number], day) for number in numbers], None)
    first = next(pointers(text, [], day, frozenset(), (), open_numbers))
    return [key for pointer in first for key in pointer.keys if pointer.rule == "running_number"]


@pytest.mark.parametrize(
    "text",
    [
        "SALDO FATTURE 20, 39 ANNO 2026",
        "ft 20 e 39",
        "FATT.20/39 DEL 2026",
        "SALDO FT 20-39",
        "FT 0020, 39",
    ],
)
def test_short_numbers_in_a_list_behind_a_word_point_to_those_of_their_year(text: str) -> None:
    numbers = ("1/2026", "20/2026", "39/2026", "RE-0040/26")
    assert pointed_to(text, *numbers) == ["20/2026", "39/2026"]


def test_the_year_behind_a_list_is_that_of_its_numbers() -> None:
    numbers = ("7/2025", "9/2025", "7/2026", "9/2026")
    assert pointed_to("ft 7 e 9 anno 2025", *numbers) == ["7/2025", "9/2025"]
    assert pointed_to("ft 7 e 9 del 2025 e ft 7 del 2026", *numbers) == ["7/2025", "9/2025", "7/2026"]
    assert sorted(pointed_to("ft 7", *numbers)) == ["7/2025", "7/2026"]


def test_two_figures_behind_a_word_are_a_number_unless_they_begin_or_end_one() -> None:
    assert pointed_to("FT 25", "25/2026", "0026/26") == ["25/2026"]
    assert pointed_to("FT 24, 25, 26", "24/2026", "25/2026", "0026/26") == ["24/2026", "25/2026", "0026/26"]
    assert pointed_to("FT 25 0026", "25/2026") == []
    assert pointed_to("FT 24/25", "24/2026", "25/2026") == ["24/2026"]
    assert pointed_to("25", "25/2026") == []
    assert pointed_to("FT 2026", "2026/2026") == ["2026/2026"]
    assert pointed_to("2026", "2026/2026") == []
    assert pointed_to("FT 0012/2026", "2026/2026") == []
    assert pointed_to("RE 1001, 7", "7/2026") == []


@scenario
def test_a_list_of_short_numbers_is_paid_where_the_figures_agree() -> None:
    """
    invoice  2026-01-05  1/2026   10.00
    invoice  2026-01-05  10/2026  20.00
    invoice  2026-01-06  18/2026  30.00
    invoice  2026-01-07  20/2026  40.00
    payment  2026-01-20  P-77     90.00  text "FATT.10/18/20 DEL 2026"
    => balance 10.00
    => match P-77 10/2026 20.00 confirmed remittance_text:running_number
    => match P-77 18/2026 30.00 confirmed remittance_text:running_number
    => match P-77 20/2026 40.00 confirmed remittance_text:running_number
    """


def test_a_year_alone_is_no_misspelt_number() -> None:
    assert reference_words("saldo anno 2026", ()) == ()
    assert reference_words("INV 2026", ()) == (("2026", "INV2026"),)
    assert reference_words("saldo anno 2126", ()) == (("2126", "ANNO2126"),)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("INV-10458/9/0", ["INV-10458", "INV-10459", "INV-10460"]),
        ("INV-10498/99/00/05", ["INV-10498", "INV-10499", "INV-10500", "INV-10505"]),
        ("INV-10458/45", ["INV-10458", "INV-10445"]),
        ("INV-99998/9/0", ["INV-99998", "INV-99999", "INV-100000"]),
    ],
)
def test_the_pieces_of_a_short_list_go_on_upwards(text: str, numbers: list[str]) -> None:
    assert pointed_to(text, *numbers, "INV-10450", "INV-10545", "INV-10400") == numbers


def test_a_piece_of_a_short_list_that_is_not_above_may_be_below_where_nothing_is_above() -> None:
    assert pointed_to("INV-10458/0", "INV-10458", "INV-10450") == ["INV-10458", "INV-10450"]


@scenario
def test_a_blank_within_a_number_is_the_banks() -> None:
    """
    order    2026-03-01  26/26          783.16
    order    2026-03-01  26/28           57.43
    order    2026-03-01  26/30          327.83
    payment  2026-03-10  P-77          1000.00  text "Ausgleich Nr. 26/26, 26/ 28, 26 /30"
    => balance 168.42
    => SHORT_PAYMENT 26/30 168.42
    => match P-77 26/26 783.16 confirmed remittance_text:exact_document
    => match P-77 26/28 57.43 confirmed remittance_text:exact_document
    => match P-77 26/30 159.41 confirmed remittance_text:exact_document
    """


@scenario
def test_a_blank_between_numbers_that_two_documents_have_is_none() -> None:
    """
    order    2026-03-01  20250  100.00
    order    2026-03-02  15690   60.00
    order    2026-03-03  2025015690   70.00
    payment  2026-03-10  P-77   110.00  text "20250 15690"
    => balance 120.00
    => SHORT_PAYMENT 15690 50.00
    => match P-77 15690 10.00 confirmed remittance_text:exact_document
    => match P-77 20250 100.00 confirmed remittance_text:exact_document
    """


@scenario
def test_few_figures_beside_a_blank_are_no_number() -> None:
    """
    order    2026-03-01  5028  50.00
    payment  2026-03-10  P-77  40.00  text "50 28"
    => balance 10.00
    => match P-77 5028 40.00 suggested remittance_text:running_number
    """


@scenario
def test_a_month_and_a_year_behind_a_number_are_no_running_numbers() -> None:
    """
    invoice  2025-09-09  FV/00570/09/2025   7714.89
    invoice  2025-09-18  FV/00565/09/2025  18675.86
    invoice  2025-09-19  FV/00569/09/2025    388.85
    payment  2025-10-17  P-77               8072.72  text "FV/00570/09/2025"
    => balance 18706.88
    => OVERPAYMENT FV/00570/09/2025 357.83
    => match P-77 FV/00570/09/2025 7714.89 confirmed remittance_text:exact_document
    """


@scenario
def test_a_running_number_stands_before_its_month_and_year() -> None:
    """
    invoice  2025-09-09  FV/01158/09/2025  100.00
    invoice  2025-12-18  FV/01768/12/2025  200.00
    invoice  2025-12-19  FV/01769/12/2025  300.00
    payment  2026-01-20  P-77              300.00  text "faktura 1158 i 01768"
    => balance 300.00
    => match P-77 FV/01158/09/2025 100.00 confirmed remittance_text:running_number
    => match P-77 FV/01768/12/2025 200.00 confirmed remittance_text:running_number
    """


def test_what_a_document_has_behind_its_number_is_no_next_one() -> None:
    autumn = dt.date(2025, 11, 3)
    numbers = ("0741/09/25", "0825/09/25", "0809/09/25", "1158/2025/KR", "0300/25")
    assert pointed_to("fatt. 0741/09", *numbers, day=autumn) == ["0741/09/25"]
    assert pointed_to("fatt. 00741/25", *numbers, day=autumn) == ["0741/09/25"]
    assert pointed_to("fatt. 0741/825", *numbers, day=autumn) == ["0741/09/25", "0825/09/25"]
    assert pointed_to("fatt. 1158", *numbers, day=autumn) == ["1158/2025/KR"]
    assert pointed_to("fatt. 0300/25", *numbers, day=autumn) == ["0300/25"]
    assert pointed_to("fatt. 0741, 09", *numbers, day=autumn) == ["0741/09/25", "0809/09/25"]


def test_a_year_in_a_number_is_one_near_its_document() -> None:
    assert pointed_to("Fra. 2068", "A/25/2068", day=dt.date(2026, 2, 3)) == ["A/25/2068"]
    assert pointed_to("Fra. 25", "A/25/2068", day=dt.date(2026, 2, 3)) == []
    assert pointed_to("RE 7", "2025/7", day=dt.date(2025, 7, 3)) == ["2025/7"]
    assert pointed_to("26/1001", "RE-42-1001") == ["RE-42-1001"]
    assert pointed_to("26/1001", "RE-25-1001") == []


def test_behind_a_word_for_documents_a_documents_number_is_no_year() -> None:
    assert named("Rechnung 2053", "RE-02053") == ["RE-02053"]
    assert named("2053", "RE-02053") == []
    assert named("anno 2053", "RE-02053") == []


@pytest.mark.parametrize("day", ["27-10-2025", "27/10/2025", "10/27/2025", "27.10.25"])
def test_a_day_is_no_misspelt_number(day: str) -> None:
    assert reference_words(f"come da estratto conto {day}", ()) == ()
    assert reference_like(f"ref {day}", ()) is None


def test_what_is_no_day_may_be_a_number() -> None:
    assert reference_words("32-10-2025", ()) == (("32102025",),)
    assert reference_words("27-13-2025", ()) == (("27132025",),)
    assert named("12/10/2025", "FV/12/10/2025") == ["FV/12/10/2025"]


@scenario
def test_the_day_of_a_statement_names_nothing() -> None:
    """
    invoice  2025-10-07  2187/2025   196.09
    invoice  2025-10-08  2192/2025   544.26
    invoice  2025-10-13  2212/2025  1121.60
    payment  2025-11-03  P-77       1861.95  text "come da estratto conto 27-10-2025"
    => balance 0
    => match P-77 2187/2025 196.09 confirmed one_payment_many_documents
    => match P-77 2192/2025 544.26 confirmed one_payment_many_documents
    => match P-77 2212/2025 1121.60 confirmed one_payment_many_documents
    """
