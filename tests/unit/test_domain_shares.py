"""The same share of each of a list; more in ``tests/scenarios/matching/habits.md``."""

from __future__ import annotations

from domain.matching.discounts import same_share
from tests.unit.ledger_teller import scenario


def test_a_share_is_rounded_to_the_nearest_where_that_is_what_is_paid() -> None:
    assert same_share((1_012, 1_025), (1_012, 1_025), 1_935) == [961, 974]


def test_a_share_is_rounded_up_where_the_most_is_cut_off() -> None:
    assert same_share((1_019, 1_001), (1_019, 1_001), 1_919) == [968, 951]


def test_what_is_round_is_no_instalment_of_each() -> None:
    assert same_share((30_000, 50_000), (30_000, 50_000), 40_000) == ()


def test_one_document_has_no_share() -> None:
    assert same_share((30_000,), (30_000,), 27_000) == ()


@scenario
def test_a_third_of_each_of_a_list_is_paid() -> None:
    """
    invoice  2026-03-01  10101  100.30
    invoice  2026-03-02  10102  203.60
    payment  2026-03-09  P-77   101.30  text "10101 10102 1/3"
    => balance 202.60
    => SHORT_PAYMENT 10101 66.87
    => SHORT_PAYMENT 10102 135.73
    => match P-77 10101 33.43 confirmed remittance_text:exact_document
    => match P-77 10102 67.87 confirmed remittance_text:exact_document
    """


@scenario
def test_what_was_held_back_of_each_is_released_though_one_is_open() -> None:
    """
    invoice  2026-03-01  RE-1001  5000.17
    invoice  2026-03-02  RE-1002  3000.23
    invoice  2026-03-03  RE-1003  2000.11
    payment  2026-03-09  P-76     4750.16  text "RE-1001"
    payment  2026-03-10  P-77     1900.10  text "RE-1003"
    payment  2026-05-09  P-78      500.03  text "RE-1001, RE-1002, RE-1003"
    => balance 2850.22
    => SHORT_PAYMENT RE-1002 2850.22
    => match P-76 RE-1001 4750.16 confirmed remittance_text:exact_document
    => match P-77 RE-1003 1900.10 confirmed remittance_text:exact_document
    => match P-78 RE-1001 250.01 confirmed remittance_text:exact_document
    => match P-78 RE-1002 150.01 confirmed remittance_text:exact_document
    => match P-78 RE-1003 100.01 confirmed remittance_text:exact_document
    """


@scenario
def test_no_more_is_released_than_is_open() -> None:
    """
    invoice  2026-03-01  RE-1001  5000.17
    invoice  2026-03-02  RE-1002  3000.23
    payment  2026-03-09  P-76     4900.16  text "RE-1001"
    payment  2026-05-09  P-78      400.02  text "RE-1001, RE-1002"
    => balance 2700.22
    => SHORT_PAYMENT RE-1002 2700.22
    => match P-76 RE-1001 4900.16 confirmed remittance_text:exact_document
    => match P-78 RE-1001 100.01 confirmed remittance_text:exact_document
    => match P-78 RE-1002 300.01 confirmed remittance_text:exact_document
    """


@scenario
def test_the_same_share_of_each_is_not_doubted_for_a_neighbour_of_the_figure() -> None:
    """
    invoice  2026-03-01  RE-1001  5000.17
    invoice  2026-03-02  RE-1002  3000.23
    invoice  2026-03-03  RE-1003  1800.17
    payment  2026-03-09  P-77     6800.34  text "RE-1001, RE-1002"
    => balance 3000.23
    => SHORT_PAYMENT RE-1001 750.03
    => SHORT_PAYMENT RE-1002 450.03
    => match P-77 RE-1001 4250.14 confirmed remittance_text:exact_document
    => match P-77 RE-1002 2550.20 confirmed remittance_text:exact_document
    """


@scenario
def test_the_same_share_of_each_is_not_doubted_for_a_number_beside_it() -> None:
    """
    invoice  2026-03-01  RE-1001  5000.17
    invoice  2026-03-02  RE-1002  3000.23
    payment  2026-03-09  P-77     6800.34  text "RE-1001, RE-1002, RE-7733"
    => balance 1200.06
    => SHORT_PAYMENT RE-1001 750.03
    => SHORT_PAYMENT RE-1002 450.03
    => match P-77 RE-1001 4250.14 confirmed remittance_text:exact_document
    => match P-77 RE-1002 2550.20 confirmed remittance_text:exact_document
    """
