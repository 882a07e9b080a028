"""Payments that find too little where they are exactly right, because another one took it; and doubts after doubts."""

from __future__ import annotations

from tests.unit.ledger_teller import holds, scenario


@scenario
def test_a_doubt_gives_free_what_another_one_rests_on() -> None:
    """
    order    2026-01-05  RE-101   1937.56
    order    2026-01-06  RE-102  10458.20
    order    2026-01-07  RE-103   6004.44
    payment  2026-01-20  P-77     6004.44  text "RE-102"
    payment  2026-01-21  P-78    10458.20  text "RE-101"
    => balance 1937.56
    => match P-77 RE-102 6004.44 suggested remittance_text:exact_document
    => match P-77 RE-103 6004.44 suggested remittance_text:exact_document
    => match P-78 RE-101 1937.56 suggested remittance_text:exact_document
    => match P-78 RE-102 10458.20 suggested remittance_text:exact_document
    """


@scenario
def test_a_number_of_the_series_with_a_figure_left_out_raises_a_doubt() -> None:
    """
    order    2026-01-05  133153  1114.08
    order    2026-01-06  133160   306.85
    order    2026-01-07  133173   143.25
    payment  2026-01-20  P-77    1420.93  text "133173, 13460"
    => balance 143.25
    => match P-77 133153 1114.08 suggested fuzzy_reference
    => match P-77 133160 306.85 suggested fuzzy_reference
    => match P-77 133173 143.25 suggested remittance_text:exact_document
    """


@scenario
def test_figures_that_begin_otherwise_or_are_few_are_of_no_series() -> None:
    """
    order    2026-01-05  133173  143.25
    order    2026-01-05  1336    100.00
    payment  2026-01-20  P-77     43.25  text "133173, 47921"
    payment  2026-01-21  P-78     20.00  text "133173, 13369990"
    payment  2026-01-22  P-79     30.00  text "1336, 13987"
    => balance 150.00
    => SHORT_PAYMENT 133173 80.00
    => SHORT_PAYMENT 1336 70.00
    => match P-79 1336 30.00 confirmed remittance_text:exact_document
    => match P-77 133173 43.25 confirmed remittance_text:exact_document
    => match P-78 133173 20.00 confirmed remittance_text:exact_document
    """


@scenario
def test_parts_that_are_a_document_together_go_before_one_that_is_none_of_them() -> None:
    """
    order    2026-01-05  INV-2014  1006.62
    payment  2026-01-18  P-76       236.92  text "INV-2014"
    payment  2026-01-19  P-77       639.11  text "INV-2014"
    payment  2026-01-20  P-78        12.49  text "INV-2014"
    payment  2026-01-21  P-79       355.02  text "INV-2014"
    => balance -236.92
    => match P-76 INV-2014 236.92 suggested remittance_text:exact_document
    => match P-77 INV-2014 639.11 confirmed remittance_text:exact_document
    => match P-78 INV-2014 12.49 confirmed remittance_text:exact_document
    => match P-79 INV-2014 355.02 confirmed remittance_text:exact_document
    """


@scenario
def test_of_two_choices_of_parts_neither_goes_before() -> None:
    """
    order    2026-01-05  INV-2014  1000.00
    payment  2026-01-18  P-76       400.00  text "INV-2014"
    payment  2026-01-19  P-77       300.00  text "INV-2014"
    payment  2026-01-25  P-78       600.00  text "INV-2014"
    payment  2026-02-25  P-79       600.00  text "INV-2014"
    => balance -900.00
    => OVERPAYMENT INV-2014 900.00
    => match P-76 INV-2014 400.00 confirmed remittance_text:exact_document
    => match P-77 INV-2014 300.00 confirmed remittance_text:exact_document
    => match P-78 INV-2014 300.00 confirmed remittance_text:exact_document
    """


@scenario
def test_a_payment_after_the_parts_that_are_a_document_is_over() -> None:
    """
    order    2026-01-05  INV-2014  1006.62
    payment  2026-01-19  P-77       639.11  text "INV-2014"
    payment  2026-01-20  P-78       367.51  text "INV-2014"
    payment  2026-01-28  P-79       236.92  text "INV-2014"
    => balance -236.92
    => OVERPAYMENT INV-2014 236.92
    => match P-77 INV-2014 639.11 confirmed remittance_text:exact_document
    => match P-78 INV-2014 367.51 confirmed remittance_text:exact_document
    """


@scenario
def test_a_payment_without_a_word_that_is_exactly_the_document_makes_a_part_of_it_doubtful() -> None:
    """
    order    2026-01-05  INV-2014  2902.44
    payment  2026-01-19  P-77      2902.44
    payment  2026-01-28  P-78       927.67  text "INV-2014"
    => balance -927.67
    => match P-77 INV-2014 2902.44 suggested amount_and_date
    => match P-78 INV-2014 927.67 suggested remittance_text:exact_document
    """


@scenario
def test_a_payment_without_a_word_that_may_be_for_another_document_makes_nothing_doubtful() -> None:
    """
    order    2026-01-05  INV-2014  2902.44
    order    2026-01-06  INV-3023  2902.44
    payment  2026-01-19  P-77      2902.44
    payment  2026-01-28  P-78       927.67  text "INV-2014"
    => balance 1974.77
    => SHORT_PAYMENT INV-2014 1974.77
    => match P-77 INV-3023 2902.44 confirmed amount_and_date
    => match P-78 INV-2014 927.67 confirmed remittance_text:exact_document
    """


@scenario
def test_a_payment_that_says_something_else_makes_nothing_doubtful() -> None:
    """
    order    2026-01-05  INV-2014  2902.44
    payment  2026-01-19  P-77      2902.44  text "INV-7777777"
    payment  2026-01-28  P-78       927.67  text "INV-2014"
    => balance -927.67
    => SHORT_PAYMENT INV-2014 1974.77
    => UNKNOWN_REFERENCE P-77 2902.44
    => match P-78 INV-2014 927.67 confirmed remittance_text:exact_document
    """


@scenario
def test_a_payment_without_a_word_of_another_time_makes_nothing_doubtful() -> None:
    """
    order    2026-01-05  INV-2014  2902.44
    payment  2025-11-19  P-77      2902.44
    payment  2026-01-28  P-78       927.67  text "INV-2014"
    => balance -927.67
    => SHORT_PAYMENT INV-2014 1974.77
    => match P-78 INV-2014 927.67 confirmed remittance_text:exact_document
    """


@scenario
def test_who_pays_exactly_what_he_names_goes_before_one_that_is_over() -> None:
    """
    order    2026-01-05  INV-1001   569.90
    order    2026-01-06  INV-1002  2000.01
    payment  2026-01-20  P-77      1210.67  text "INV-1001"
    payment  2026-01-28  P-78      2569.91  text "INV-1001, INV-1002"
    => balance -1210.67
    => match P-77 INV-1001 569.90 suggested remittance_text:exact_document
    => match P-78 INV-1001 569.90 confirmed remittance_text:exact_document
    => match P-78 INV-1002 2000.01 confirmed remittance_text:exact_document
    """


@scenario
def test_a_part_of_what_is_dated_long_after_it_is_doubted_where_another_finds_too_little() -> None:
    """
    order    2026-04-22  INV-1001   731.06
    order    2026-04-21  INV-1000   900.00
    payment  2026-03-31  P-77       187.88  text "INV-1001"
    payment  2026-05-20  P-78      1630.00  text "INV-1000, INV-1001"
    => balance -186.82
    => SHORT_PAYMENT INV-1001 1.06
    => match P-77 INV-1001 187.88 suggested remittance_text:exact_document
    => match P-78 INV-1000 900.00 confirmed remittance_text:exact_document
    => match P-78 INV-1001 730.00 confirmed remittance_text:exact_document
    """


@scenario
def test_nobody_pays_a_part_of_a_number_that_is_given_the_day_after() -> None:
    """
    order    2026-01-20  INV-8065   535.00
    order    2026-01-19  INV-8064   435.00
    payment  2026-01-19  P-76       135.00  text "INV-8064"
    payment  2026-01-19  P-77       200.00  text "INV-8065"
    => balance 635.00
    => SHORT_PAYMENT INV-8064 300.00
    => match P-76 INV-8064 135.00 confirmed remittance_text:exact_document
    => match P-77 INV-8065 200.00 suggested remittance_text:exact_document
    """


@scenario
def test_the_number_of_an_order_is_known_before_its_invoice() -> None:
    """
    invoice  2026-01-20  INV-8065   535.00 order_id PO-44712
    payment  2026-01-19  P-77       200.00  text "PO-44712"
    => balance 335.00
    => SHORT_PAYMENT INV-8065 335.00
    => match P-77 INV-8065 200.00 confirmed remittance_text:exact_document
    """


@scenario
def test_a_payment_of_nothing_is_exactly_no_document() -> None:
    """
    order    2026-01-05  INV-2014     0.00
    payment  2026-01-19  P-77         0.00
    payment  2026-01-28  P-78        20.00  text "INV-2014"
    => balance -20.00
    => OVERPAYMENT INV-2014 20.00
    """


def test_slips_that_rest_on_each_other_are_seen_through_eight_times() -> None:
    """Each names the line before the one that it pays. What ten of them hide is not looked for."""
    figures = [(193756 + 104729 * n * n) for n in range(12)]
    told = [f"order 2026-01-05 RE-{1001 + 13 * n} {_text(figures[n])}" for n in range(11)]
    for n in range(10):
        told.append(f'payment 2026-01-{20 + n // 4} P-{n} {_text(figures[n + 1])} text "RE-{1001 + 13 * n}"')
    doubted = range(2, 10)
    shown = [
        f"=> match P-{n} RE-{1001 + 13 * at} {_text(min(figures[at], figures[n + 1]))} suggested "
        "remittance_text:exact_document"
        for n in doubted
        for at in (n, n + 1)
    ]
    booked = [
        f"=> match P-{n} RE-{1001 + 13 * n} {_text(figures[n])} confirmed remittance_text:exact_document"
        for n in (0, 1)
    ]
    holds(
        "\n".join(
            (
                *told,
                "=> balance 1937.56",
                "=> OVERPAYMENT RE-1001 1047.29",
                "=> OVERPAYMENT RE-1014 3141.87",
                *shown,
                *booked,
            )
        )
    )


def _text(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"
