"""Numbers that nobody has: booked where one slip away is a document of exactly the figure, else only shown."""

from __future__ import annotations

from tests.unit.ledger_teller import scenario


@scenario
def test_a_number_one_slip_away_is_booked_where_the_figure_is_right_to_the_cent() -> None:
    """
    order    2026-01-05  INV-104567  100.05
    order    2026-01-06  INV-208899   70.00
    payment  2026-01-20  P-77        100.05  text "INV-105467"
    => balance 70.00
    => UNKNOWN_REFERENCE P-77 100.05
    => match P-77 INV-104567 100.05 confirmed amount_and_date
    """


@scenario
def test_two_slips_are_shown() -> None:
    """
    order    2026-01-05  INV-104567  100.05
    order    2026-01-06  INV-208899   70.00
    payment  2026-01-20  P-77        100.05  text "INV-105476"
    => balance 70.00
    => UNKNOWN_REFERENCE P-77 100.05
    => match P-77 INV-104567 100.05 suggested amount_and_date
    """


@scenario
def test_of_two_numbers_the_figure_of_one_is_shown() -> None:
    """
    order    2026-01-05  INV-104567  100.05
    order    2026-01-06  INV-208899   70.00
    payment  2026-01-20  P-77        100.05  text "INV-105467, INV-208889"
    => balance 70.00
    => UNKNOWN_REFERENCE P-77 100.05
    => match P-77 INV-104567 100.05 suggested amount_and_date
    """


@scenario
def test_a_misspelt_number_of_money_that_came_twice_is_shown() -> None:
    """
    order    2026-01-05  INV-104567  100.05
    order    2026-01-06  INV-208899  100.05
    payment  2026-01-20  P-77        100.05  text "INV-208899" bank_reference B-1
    payment  2026-01-21  P-78        100.05  text "INV-105467" bank_reference B-1
    => balance 0
    => DUPLICATE P-78 100.05
    => UNKNOWN_REFERENCE P-78 100.05
    => match P-77 INV-208899 100.05 confirmed remittance_text:exact_document
    => match P-78 INV-104567 100.05 suggested amount_and_date
    """


@scenario
def test_a_misspelt_number_of_an_allocation_is_shown() -> None:
    """
    order    2026-01-05  INV-104567  100.05
    order    2026-01-06  INV-208899   70.00
    payment  2026-01-20  P-77        100.05  pays INV-105467 100.05
    => balance 70.00
    => UNKNOWN_REFERENCE P-77 100.05
    => match P-77 INV-104567 100.05 suggested amount_and_date
    """


@scenario
def test_the_rest_of_a_list_is_booked_on_the_number_one_slip_away() -> None:
    """
    order    2026-01-05  INV-100234  100.00
    order    2026-01-05  INV-204567   90.00
    payment  2026-01-20  P-77        190.00  text "INV-100234, INV-204576"
    => balance 0
    => match P-77 INV-100234 100.00 confirmed remittance_text:exact_document
    => match P-77 INV-204567 90.00 confirmed amount_and_date
    """


@scenario
def test_a_list_of_misspelt_numbers_is_booked_where_one_reading_is_the_payment() -> None:
    """
    order    2026-01-05  INV-104565   444.00
    order    2026-01-05  INV-104567  1000.00
    order    2026-01-06  INV-208899   700.00
    payment  2026-01-20  P-77        1700.00  text "INV-104566, INV-208898"
    => balance 444.00
    => UNKNOWN_REFERENCE P-77 1700.00
    => match P-77 INV-104567 1000.00 confirmed fuzzy_reference
    => match P-77 INV-208899 700.00 confirmed fuzzy_reference
    """


@scenario
def test_numbers_that_read_as_the_same_documents_in_another_order_are_one_reading() -> None:
    """
    order    2026-01-05  INV-145761  303.10
    order    2026-01-06  INV-145762  500.00
    payment  2026-01-20  P-77        803.10  text "INV-154761, INV-145764"
    => balance 0
    => UNKNOWN_REFERENCE P-77 803.10
    => match P-77 INV-145761 303.10 confirmed fuzzy_reference
    => match P-77 INV-145762 500.00 confirmed fuzzy_reference
    """


@scenario
def test_a_reading_with_two_slips_in_one_number_is_shown() -> None:
    """
    order    2026-01-05  INV-104567  1000.00
    order    2026-01-06  INV-208899   700.00
    payment  2026-01-20  P-77        1700.00  text "INV-104566, INV-208988"
    => balance 0
    => UNKNOWN_REFERENCE P-77 1700.00
    => match P-77 INV-104567 1000.00 suggested fuzzy_reference
    => match P-77 INV-208899 700.00 suggested fuzzy_reference
    """


@scenario
def test_a_reading_that_leaves_a_number_out_is_shown() -> None:
    """
    order    2026-01-05  INV-104567  1000.00
    order    2026-01-06  INV-208899   700.00
    payment  2026-01-20  P-77        1700.00  text "INV-104566, INV-208898, INV-377123"
    => balance 0
    => UNKNOWN_REFERENCE P-77 1700.00
    => match P-77 INV-104567 1000.00 suggested fuzzy_reference
    => match P-77 INV-208899 700.00 suggested fuzzy_reference
    """


@scenario
def test_a_reading_of_so_little_money_may_be_a_coincidence() -> None:
    """
    order    2026-01-05  INV-104567  1.00
    order    2026-01-06  INV-208899  0.70
    payment  2026-01-20  P-77        1.70  text "INV-104566, INV-208898"
    => balance 0
    => UNKNOWN_REFERENCE P-77 1.70
    => match P-77 INV-104567 1.00 suggested fuzzy_reference
    => match P-77 INV-208899 0.70 suggested fuzzy_reference
    """


@scenario
def test_a_misspelt_list_with_a_discount_is_shown() -> None:
    """
    rules matching.reference_similarity_ppm 990000
    order    2026-01-05  INV-104567  1000.00
    order    2026-01-06  INV-208899   700.00
    payment  2026-01-20  P-77        1666.00  text "INV-104566, INV-208898"
    => balance 34.00
    => UNKNOWN_REFERENCE P-77 1666.00
    => match P-77 INV-104567 1000.00 suggested fuzzy_reference
    => match P-77 INV-208899 666.00 suggested fuzzy_reference
    """


@scenario
def test_misspelt_parts_that_are_a_document_together_are_booked() -> None:
    """
    order    2026-01-05  INV-100234  1000.05
    payment  2026-01-20  P-77         600.00  text "INV-10234"
    payment  2026-01-28  P-78         400.05  text "INV-100243"
    => balance 0
    => UNKNOWN_REFERENCE P-77 600.00
    => UNKNOWN_REFERENCE P-78 400.05
    => match P-77 INV-100234 600.00 confirmed many_payments_one_document
    => match P-78 INV-100234 400.05 confirmed many_payments_one_document
    """


@scenario
def test_a_part_two_slips_away_is_shown() -> None:
    """
    order    2026-01-05  INV-100234  1000.05
    payment  2026-01-20  P-77         600.00  text "INV-10234"
    payment  2026-01-28  P-78         400.05  text "INV-101243"
    => balance 0
    => UNKNOWN_REFERENCE P-77 600.00
    => UNKNOWN_REFERENCE P-78 400.05
    => match P-77 INV-100234 600.00 suggested fuzzy_reference
    => match P-78 INV-100234 400.05 suggested fuzzy_reference
    """


@scenario
def test_what_tells_how_numbers_are_read_goes_before_what_is_only_like_them() -> None:
    """
    order    2026-01-05  INV-100234  1000.05
    order    2026-01-05  INV-100244   777.00
    payment  2026-01-20  P-77         600.00  text "INV-100264"
    payment  2026-01-28  P-78         400.05  text "INV-10234"
    => balance 777.00
    => UNKNOWN_REFERENCE P-77 600.00
    => UNKNOWN_REFERENCE P-78 400.05
    => match P-77 INV-100234 600.00 confirmed many_payments_one_document
    => match P-78 INV-100234 400.05 confirmed many_payments_one_document
    """
