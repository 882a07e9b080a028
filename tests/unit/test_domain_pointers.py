"""What texts point to without naming it; more stories in ``tests/scenarios/matching/pointers.md``."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.archive.notes import Notes
from domain.matching.forms import DocumentIndex
from domain.matching.named import mentions
from domain.matching.open_numbers import OpenNumbers
from domain.matching.periods import periods
from domain.matching.pointed import ROUNDS_MAX
from domain.matching.pointers import pointers
from domain.matching.structured import number_within, ungrouped
from domain.matching.words import without_dates, without_sums
from tests.unit.ledger_teller import holds, matches, scenario

DAY = dt.date(2026, 4, 10)
TEXT_MAX = 10_000


@scenario
def test_a_running_number_and_the_figure_are_enough() -> None:
    """
    invoice  2026-01-05  INV/2026/00942  148.75
    invoice  2026-01-05  INV/2026/00943  148.75
    payment  2026-01-20  P-77            148.75  text "Rg. 00942"
    => balance 148.75
    => match P-77 INV/2026/00942 148.75 confirmed remittance_text:running_number
    """


@scenario
def test_a_running_number_without_the_figure_is_shown() -> None:
    """
    invoice  2026-01-05  INV/2026/00942  148.75
    payment  2026-01-20  P-77            100.00  text "invoice 942"
    => balance 48.75
    => UNKNOWN_REFERENCE P-77 100.00
    => match P-77 INV/2026/00942 100.00 suggested remittance_text:running_number
    """


@scenario
def test_a_range_but_for_one_of_its_numbers_is_all_the_others() -> None:
    """
    invoice  2026-01-05  INV-10106  100.00
    invoice  2026-01-06  INV-10107  101.00
    invoice  2026-01-07  INV-10108  102.00
    invoice  2026-01-08  INV-10109  103.00
    payment  2026-01-20  P-77       304.00  text "inv 10106-10109 except 10108"
    => balance 102.00
    => match P-77 INV-10106 100.00 confirmed remittance_text:normalised_document
    => match P-77 INV-10107 101.00 confirmed remittance_text:normalised_document
    => match P-77 INV-10109 103.00 confirmed remittance_text:normalised_document
    """


@scenario
def test_everything_but_one_document_is_everything_else() -> None:
    """
    invoice  2026-03-26  INV-1001  164.00
    invoice  2026-03-29  INV-1002  552.28
    invoice  2026-03-29  INV-1003  163.00
    payment  2026-04-24  P-77      716.28  text "all open except INV-1003"
    => balance 163.00
    => match P-77 INV-1001 164.00 confirmed one_payment_many_documents
    => match P-77 INV-1002 552.28 confirmed one_payment_many_documents
    """


@scenario
def test_a_wide_range_is_what_is_open_inside() -> None:
    """
    invoice  2026-03-01  72048  398.00
    invoice  2026-03-01  72052   59.50
    invoice  2026-03-01  72203  149.00
    invoice  2026-03-01  72294  257.31
    invoice  2026-03-01  72295   20.00
    payment  2026-03-24  P-77   863.81  text "Pago Facts. 72048 a 72294"
    => balance 20.00
    => match P-77 72048 398.00 confirmed remittance_text:exact_document
    => match P-77 72052 59.50 confirmed remittance_text:range
    => match P-77 72203 149.00 confirmed remittance_text:range
    => match P-77 72294 257.31 confirmed remittance_text:exact_document
    """


@scenario
def test_a_range_of_numbers_whose_ends_look_like_years() -> None:
    """
    invoice  2026-03-01  26/34  100.01
    invoice  2026-03-01  26/37   50.02
    invoice  2026-03-01  26/40   42.03
    invoice  2026-03-01  26/44   50.07
    payment  2026-03-24  P-77   242.13  text "RECHNUNGEN NR. 26/34 - 26/44"
    => balance 0
    => match P-77 26/34 100.01 confirmed remittance_text:exact_document
    => match P-77 26/37 50.02 confirmed remittance_text:range
    => match P-77 26/40 42.03 confirmed remittance_text:range
    => match P-77 26/44 50.07 confirmed remittance_text:exact_document
    """


@scenario
def test_a_wide_range_is_all_or_nothing() -> None:
    """
    invoice  2026-03-01  72052   59.50
    invoice  2026-03-01  72203  149.00
    invoice  2026-03-01  72205   49.00
    payment  2026-03-24  P-77   108.50  text "Pago Facts. 72048 a 72294"
    => balance 149.00
    => match P-77 72052 59.50 suggested fuzzy_reference
    => match P-77 72205 49.00 suggested fuzzy_reference
    """


@scenario
def test_a_number_that_looks_like_a_wide_range_is_a_number() -> None:
    """
    invoice  2026-03-01  K0815-0965  155.70
    payment  2026-03-15  P-1         155.70  text "factura K0815-0965"
    invoice  2026-03-16  K0815-0924  100.00
    invoice  2026-03-17  K0815-0931   55.70
    payment  2026-03-24  P-77        155.70  text "factura K0815-0965"
    => balance 0
    => OVERPAYMENT K0815-0965 155.70
    => match P-1 K0815-0965 155.70 confirmed remittance_text:exact_document
    => match P-77 K0815-0924 100.00 suggested paid_before
    => match P-77 K0815-0931 55.70 suggested paid_before
    """


def test_a_wide_range_asks_sealed_records_for_what_is_inside() -> None:
    asked, answered, outside = Notes(), Notes(), Notes()
    numbers = OpenNumbers([("D", ["INV-2026-72048"], DAY), ("E", ["INV-2025-72052"], DAY)], asked)
    assert numbers.between(72048, 72294, "26") == ("D",)
    OpenNumbers([("F", ["72203"], DAY)], answered)
    OpenNumbers([("G", ["82903"], DAY)], outside)
    assert asked.meets(answered, exactly=True)
    assert not asked.meets(outside, exactly=True)


@scenario
def test_what_a_text_excepts_from_a_range_is_not_paid_in_part_either() -> None:
    """
    invoice  2026-01-05  INV-10106  100.00
    invoice  2026-01-06  INV-10107  101.00
    invoice  2026-01-07  INV-10108  102.00
    invoice  2026-01-08  INV-10109  103.00
    payment  2026-01-20  P-77       250.00  text "inv 10106-10109 except 10108"
    => balance 156.00
    => match P-77 INV-10106 100.00 confirmed remittance_text:normalised_document
    => match P-77 INV-10107 101.00 confirmed remittance_text:normalised_document
    => match P-77 INV-10109 49.00 confirmed remittance_text:normalised_document
    => SHORT_PAYMENT INV-10109 54.00
    """


@scenario
def test_of_what_is_named_the_only_choice_that_is_exactly_paid_is_meant() -> None:
    """
    invoice  2026-01-05  INV-1001  100.00
    invoice  2026-01-06  INV-2002  200.00
    invoice  2026-01-07  INV-3003  300.00
    payment  2026-01-20  P-77      500.00  text "INV-1001 INV-2002 INV-3003"
    => balance 100.00
    => match P-77 INV-2002 200.00 confirmed remittance_text:exact_document
    => match P-77 INV-3003 300.00 confirmed remittance_text:exact_document
    """


@scenario
def test_what_is_excepted_is_no_part_of_a_sum() -> None:
    """
    invoice  2026-03-26  INV-1001  164.00
    invoice  2026-03-29  INV-1002  552.28
    payment  2026-04-24  P-77      716.28  text "all open except INV-1002"
    => balance 0
    => item INV-1001 164.00 of 164.00 OPEN due 2026-04-25
    => item INV-1002 552.28 of 552.28 OPEN due 2026-04-28
    => item P-77 716.28 of 716.28 OPEN due 2026-04-24
    """


@scenario
def test_the_same_running_number_of_two_years_is_shown_twice_where_figures_are_alike() -> None:
    """
    invoice  2025-12-05  INV/2025/00942  148.75
    invoice  2026-01-05  INV/2026/00942  148.75
    payment  2026-01-20  P-77            148.75  text "00942"
    => balance 148.75
    => match P-77 INV/2025/00942 148.75 suggested remittance_text:running_number
    => match P-77 INV/2026/00942 148.75 suggested remittance_text:running_number
    payment  2026-01-21  P-78            148.75  text "26/00942"
    => balance 0
    => match P-77 INV/2025/00942 148.75 confirmed remittance_text:running_number
    => match P-78 INV/2026/00942 148.75 confirmed remittance_text:running_number
    """


@scenario
def test_a_name_goes_before_what_another_payment_points_to() -> None:
    """
    invoice  2026-01-05  INV/2026/00942  148.75
    payment  2026-01-20  P-77            148.75  text "942"
    payment  2026-01-21  P-78            148.75  text "INV/2026/00942"
    => balance -148.75
    => match P-78 INV/2026/00942 148.75 confirmed remittance_text:exact_document
    """


@scenario
def test_a_list_that_is_less_than_paid_is_shown_and_nothing_is_over() -> None:
    """
    invoice  2026-01-05  RE-26-00042   50.00
    invoice  2026-01-06  RE-26-00043   60.00
    payment  2026-01-20  P-77         108.00  text "RE-26-00042/43"
    => balance 2.00
    => match P-77 RE-26-00042 50.00 confirmed remittance_text:exact_document
    => match P-77 RE-26-00043 60.00 suggested remittance_text:running_number
    """


@scenario
def test_bare_figures_beside_a_whole_number_may_be_something_else() -> None:
    """
    invoice  2026-01-05  INV-65107653  653.99
    invoice  2026-01-06  INV-65107654  409.33
    payment  2026-01-20  P-77          253.78  text "REF.INV-65107654, cc 01 45 65107653"
    => balance 809.54
    => SHORT_PAYMENT INV-65107654 155.55
    => match P-77 INV-65107654 253.78 confirmed remittance_text:exact_document
    => match P-77 INV-65107653 253.78 suggested remittance_text:bare_number
    """


@scenario
def test_bare_figures_may_end_the_number_of_another_series() -> None:
    """
    invoice  2026-01-05  WA/2026/03252  150.00
    invoice  2026-01-06  2601-3268      160.00
    invoice  2026-01-07  MI03268        100.00
    payment  2026-01-20  P-77           310.00  text "invoice no. 03252 + 3268"
    => balance 100.00
    => match P-77 2601-3268 160.00 confirmed remittance_text:running_number
    => match P-77 WA/2026/03252 150.00 confirmed remittance_text:running_number
    payment  2026-01-21  P-78            90.00  text "invoice no. 3268"
    => balance 10.00
    => SHORT_PAYMENT MI03268 10.00
    => match P-77 2601-3268 160.00 confirmed remittance_text:running_number
    => match P-77 WA/2026/03252 150.00 confirmed remittance_text:running_number
    => match P-78 MI03268 90.00 confirmed remittance_text:bare_number
    """


@scenario
def test_the_nearest_neighbour_of_the_figure_is_shown() -> None:
    """
    invoice  2026-01-05  INV-1077  600.00
    invoice  2026-01-06  INV-1002  600.00
    invoice  2026-01-07  INV-1001  1000.00
    payment  2026-01-20  P-77       600.00  text "INV-1001"
    => balance 1600.00
    => match P-77 INV-1001 600.00 suggested remittance_text:exact_document
    => match P-77 INV-1002 600.00 suggested remittance_text:exact_document
    """


@pytest.mark.parametrize("more", [0, 4])
def test_who_is_told_only_by_what_the_next_one_leaves_is_told_in_a_short_row(more: int) -> None:
    """Each may mean two documents of its figure, the last only one: the worst row, as each is told by the next."""
    count = ROUNDS_MAX + more
    numbers = [f"{901 + n}" for n in range(count)]
    invoices = (f"invoice 2026-01-05 INV/2026/00{number} 50.00" for number in numbers)
    texts = (", ".join(numbers[n : n + 2]) for n in range(count))
    payments = (f'payment 2026-02-{n + 1:02} P-{n} 50.00 text "Rg. {text}"' for n, text in enumerate(texts))
    book = holds("\n".join((*invoices, *payments, "=> balance 0.00")))
    found = {credit: state for credit, _, _, _, state, _ in matches(book)}
    assert [found[f"P-{n}"] for n in range(count)] == ["suggested"] * more + ["confirmed"] * ROUNDS_MAX


@pytest.mark.parametrize(
    "text",
    [
        "INV-1001 ausgenommen INV-1002",
        "INV-1001 nicht enthalten: INV-1002",
        "INV-1001 not incl. INV-1002",
        "INV-1001 tranne INV-1002",
        "INV-1001 esclusa INV-1002",
        "INV-1001 après paiement de INV-1002",
        "INV-1001 sustituye a INV-1002",
        "INV-1001替换INV-1002",
        "INV-1001 未付INV-1002",
        "INV-1001, 已支付INV-1002后",
        "INV-1001 / INV-1002已作废",
        "INV-1001 INV-1002已冲红",
    ],
)
def test_what_a_text_says_is_not_paid(text: str) -> None:
    index = DocumentIndex([("one", ["INV-1001"]), ("two", ["INV-1002"])])
    assert [(found.resolution.keys, found.aside) for found in mentions(text, index)] == [
        (("one",), False),
        (("two",), True),
    ]


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("Miete März 2026", [[(2026, 3)]]),
        ("03/2026", [[(2026, 3)]]),
        ("2026-03", [[(2026, 3)]]),
        ("2026年3月", [[(2026, 3)]]),
        ("3月服务费", [[(2026, 3)]]),
        ("支付三月租金", [[(2026, 3)]]),
        ("十二月", [[(2025, 12)]]),
        ("Juni", [[(2026, 6)]]),
        ("Nov 2025 - Feb 2026", [[(2025, 11), (2025, 12), (2026, 1), (2026, 2)]]),
        ("Jan–Mar 2026", [[(2026, 1), (2026, 2), (2026, 3)]]),
        ("subscription Jun 26", [[(2026, 6)]]),
        ("服务费 202603", [[(2026, 3)]]),
        ("Q1/26 and Mar-26", [[(2026, 1), (2026, 2), (2026, 3)], [(2026, 3)]]),
        ("we may pay on 3月5日, RE-2026-03, 05.03.2026", []),
    ],
)
def test_months_and_quarters_are_read(text: str, months: list[list[tuple[int, int]]]) -> None:
    assert periods(text, DAY) == months


def test_a_month_without_a_year_is_the_last_one_or_one_soon() -> None:
    assert periods("Januar", dt.date(2026, 2, 1)) == [[(2026, 1)]]
    assert periods("Januar", dt.date(2025, 12, 20)) == [[(2026, 1)]]
    assert periods("Dezember", dt.date(2026, 2, 1)) == [[(2025, 12)]]


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("RF83100234", "100234"),
        ("RF11100234", None),
        ("+++090/9337/55493+++", "909337554"),
        ("090/9337/55494", None),
        ("210000000003139471430009017", "21000000000313947143000901"),
        ("210000000003139471430009016", None),
        ("INV-1001", None),
    ],
)
def test_check_digits_tell_a_structured_reference(word: str, number: str | None) -> None:
    assert number_within(word) == number


def test_groups_are_read_together_where_check_digits_are_right() -> None:
    assert ungrouped("RF83 1002 34 ok") == "RF83100234 ok"
    assert ungrouped("21 00000 00003 13947 14300 09017") == "210000000003139471430009017"
    assert ungrouped("21 00000 00003 13947 14300 09016") == "21 00000 00003 13947 14300 09016"


@pytest.mark.parametrize(
    "text",
    ["10042,00 EUR", "€10042", "EUR 10.042,-", "1.250,-", "10042 EUR", "EUR10042", "10.042,00", "10042,00"],
)
def test_money_is_no_number(text: str) -> None:
    assert not any(sign.isdigit() for sign in without_sums(text))


def test_what_is_beside_money_is_a_number() -> None:
    assert "1001" in without_sums("INV 1001 EUR 500")
    assert "02" in without_sums("INV 1001, 02, 03")


def test_days_are_no_numbers() -> None:
    assert without_dates("Rechn.RE-26-00042v.05.01.26 01.01.-31.01.2026 3月5日 10:42") == (
        "Rechn.RE-26-00042v.| |-| | |"
    )


PIECES = (
    *(
        "1",
        "1 ",
        "1/",
        "1-",
        "1,",
        "a",
        "ä",
        "a1",
        "20",
        "€1 ",
        "RE-26-",
        "RE 26 ",
        "1.000.",
        "ohne 1 ",
        "ohne 1,",
    ),
    *("LS 1,", "1 bis ", "Jan ", "3月", "RF83 1002 ", "1001-1050 ", "+++090/", "ersetzt ", "kunde nr. 1"),
)


@pytest.mark.parametrize("piece", PIECES)
def test_the_longest_text_asks_in_proportion_to_its_length(piece: str) -> None:
    notes = Notes()
    asked = 0

    class Counted(Notes):
        def ask(self, kind: str, *parts: str) -> None:
            nonlocal asked
            asked += 1

    notes = Counted()
    text = (piece * TEXT_MAX)[:TEXT_MAX]
    mentions(text, DocumentIndex([("D", ["INV-1001"])], notes))
    numbers = OpenNumbers([("D", ["INV-1001"], DAY)], notes)
    for level in pointers(text, ["1" * 35], DAY, frozenset(), ("C-1",), numbers):
        assert len(level) <= TEXT_MAX
    assert asked <= 16 * TEXT_MAX
