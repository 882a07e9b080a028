"""Which matches by a reference the figures speak against; more in ``tests/scenarios/matching/slips.md``."""

from __future__ import annotations

from tests.unit.ledger_teller import scenario


@scenario
def test_a_number_that_nobody_has_makes_the_one_beside_it_doubtful() -> None:
    """
    order    2026-01-05  INV-90666  905.70
    order    2026-01-06  INV-90668  591.03
    order    2026-01-07  INV-90686  124.75
    payment  2026-01-20  P-77      1496.73  text "INV-90686, INV-90868"
    => balance 124.75
    => match P-77 INV-90666 905.70 suggested fuzzy_reference
    => match P-77 INV-90668 591.03 suggested fuzzy_reference
    => match P-77 INV-90686 124.75 suggested remittance_text:exact_document
    """


@scenario
def test_instalments_that_settle_what_they_name_are_right_whatever_a_neighbour_costs() -> None:
    """
    order    2026-01-05  INV-1001  1000.00
    order    2026-01-06  INV-1002   600.00
    payment  2026-01-20  P-77       600.00  text "INV-1001"
    payment  2026-01-28  P-78       400.00  text "INV-1001"
    => balance 600.00
    => match P-77 INV-1001 600.00 confirmed remittance_text:exact_document
    => match P-78 INV-1001 400.00 confirmed remittance_text:exact_document
    """


@scenario
def test_an_allocation_of_more_than_its_document_is_doubted_where_another_is_exactly_that() -> None:
    """
    order    2026-01-05  INV-1001  300.00
    order    2026-01-06  INV-2002  450.00
    payment  2026-01-20  P-77      450.00  pays INV-1001 450.00
    => balance 300.00
    => match P-77 INV-1001 300.00 suggested exact_document
    => match P-77 INV-2002 450.00 suggested exact_document
    """


@scenario
def test_an_allocation_of_no_more_than_its_document_was_is_not_doubted() -> None:
    """
    order    2026-01-05  INV-1001  450.00
    order    2026-01-06  INV-2002  450.00
    payment  2026-01-20  P-77      450.00  pays INV-1001 450.00
    => balance 450.00
    => match P-77 INV-1001 450.00 confirmed exact_document
    """


@scenario
def test_an_allocation_of_too_much_stays_where_part_of_the_other_document_is_paid() -> None:
    """
    order    2026-01-05  INV-1001  300.00
    order    2026-01-06  INV-2002  950.00
    payment  2026-01-19  P-76      500.00  pays INV-2002 500.00
    payment  2026-01-20  P-77      450.00  pays INV-1001 450.00
    => balance 300.00
    => match P-76 INV-2002 500.00 confirmed exact_document
    => match P-77 INV-1001 300.00 confirmed exact_document
    => OVERPAYMENT INV-1001 150.00
    => SHORT_PAYMENT INV-2002 450.00
    """


@scenario
def test_what_is_paid_on_a_cancelled_document_is_not_offered_for_any_other_of_that_figure() -> None:
    """
    order            2026-01-05  INV-1001  450.00
    order.cancelled  2026-01-08  INV-1001  450.00  v 2
    order            2026-01-05  INV-2782  450.00
    payment          2026-01-20  P-77      450.00  pays INV-1001 450.00
    payment          2026-01-22  P-78      451.00  text "INV-1003"
    order            2026-01-05  INV-1003  451.00
    order.cancelled  2026-01-08  INV-1003  451.00  v 2
    order            2026-01-05  INV-2974  451.00
    => balance 0
    => PAYMENT_ON_CANCELLED P-77 450.00
    => PAYMENT_ON_CANCELLED P-78 451.00
    """


@scenario
def test_who_pays_exactly_what_he_names_goes_before_a_part_of_another() -> None:
    """
    invoice  2026-01-05  F00914  5000.00
    invoice  2026-01-06  F00915  8880.00
    invoice  2026-01-07  F00919  9000.00
    payment  2026-01-18  P-77    2242.50  text "F00915"
    payment  2026-01-20  P-78   13880.00  text "F00914 F00915"
    => balance 6757.50
    => match P-77 F00915 2242.50 suggested remittance_text:exact_document
    => match P-78 F00914 5000.00 confirmed remittance_text:exact_document
    => match P-78 F00915 8880.00 confirmed remittance_text:exact_document
    """


@scenario
def test_instalments_that_settle_a_document_stay_beside_one_that_pays_it_again() -> None:
    """
    invoice  2026-01-06  F00915  888.00
    payment  2026-01-18  P-77    300.00  text "F00915"
    payment  2026-01-20  P-78    588.00  text "F00915"
    payment  2026-01-22  P-79    888.00  text "F00915"
    => balance -888.00
    => OVERPAYMENT F00915 888.00
    => match P-77 F00915 300.00 confirmed remittance_text:exact_document
    => match P-78 F00915 588.00 confirmed remittance_text:exact_document
    """


@scenario
def test_a_part_of_what_is_dated_long_after_it_is_only_shown_until_the_rest_comes() -> None:
    """
    invoice  2026-02-05  F00915  888.00
    payment  2026-01-18  P-77    300.00  text "F00915"
    => balance 588.00
    => match P-77 F00915 300.00 suggested remittance_text:exact_document
    payment  2026-02-19  P-78    588.00  text "F00915"
    => balance 0
    => match P-77 F00915 300.00 confirmed remittance_text:exact_document
    => match P-78 F00915 588.00 confirmed remittance_text:exact_document
    """


@scenario
def test_a_round_sum_of_round_documents_may_be_chance() -> None:
    """
    invoice  2026-03-26  INV-1001  500.00
    invoice  2026-03-29  INV-1002  300.00
    invoice  2026-03-29  INV-1003  733.19
    payment  2026-04-24  P-77      800.00  text "on account"
    => balance 733.19
    => match P-77 INV-1001 500.00 suggested one_payment_many_documents
    => match P-77 INV-1002 300.00 suggested one_payment_many_documents
    """


@scenario
def test_what_is_paid_on_an_amended_document_is_not_offered_for_any_other_of_that_figure() -> None:
    """
    order          2026-01-05  INV-1001  450.00
    order.amended  2026-01-08  INV-1001  300.00  v 2
    order          2026-01-05  INV-8888  450.00
    payment        2026-01-20  P-77      450.00  text "INV-1001"
    => balance 300.00
    => OVERPAYMENT INV-1001 150.00
    => match P-77 INV-1001 300.00 confirmed remittance_text:exact_document
    """


@scenario
def test_two_cents_more_than_what_is_named_is_rounded() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-06  INV-1002   50.00
    order    2026-01-06  INV-1003   50.02
    payment  2026-02-01  P-77      150.02  text "1001, 1002"
    => balance 50.00
    => OVERPAYMENT INV-1002 0.02
    => match P-77 INV-1001 100.00 confirmed remittance_text:bare_number
    => match P-77 INV-1002 50.00 confirmed remittance_text:bare_number
    """


@scenario
def test_two_cents_more_than_what_is_pointed_to_is_rounded() -> None:
    """
    order    2026-01-05  RE-26-01001  100.00
    order    2026-01-06  RE-26-01002   50.00
    payment  2026-02-01  P-77         150.02  text "1001, 1002"
    => balance -0.02
    => OVERPAYMENT RE-26-01002 0.02
    => match P-77 RE-26-01001 100.00 confirmed remittance_text:running_number
    => match P-77 RE-26-01002 50.00 confirmed remittance_text:running_number
    """


@scenario
def test_a_month_is_not_rounded() -> None:
    """
    order    2026-01-05  RE-26-01001  100.00
    payment  2026-02-01  P-77         100.02  text "January 2026"
    => balance -0.02
    => match P-77 RE-26-01001 100.00 suggested remittance_text:period
    """


@scenario
def test_two_numbers_that_are_mixed_up_are_shown_both_ways() -> None:
    """
    invoice  2026-01-21  INV-2026-0004   19.00
    payment  2026-02-02  P-77            19.00  text "Payment Inv. INV-2026-0040"
    invoice  2026-03-31  INV-2026-0040  299.88
    payment  2026-04-12  P-78           299.88  text "Pmt Inv INV-2026-0004"
    => balance 0
    => match P-77 INV-2026-0004 19.00 suggested remittance_text:exact_document
    => match P-77 INV-2026-0040 19.00 suggested remittance_text:exact_document
    => match P-78 INV-2026-0004 19.00 suggested remittance_text:exact_document
    => match P-78 INV-2026-0040 299.88 suggested remittance_text:exact_document
    """


@scenario
def test_numbers_are_not_mixed_up_with_one_that_was_not_there() -> None:
    """
    invoice  2026-01-21  INV-1004   19.00
    payment  2026-02-02  P-77      299.88  text "INV-1004"
    invoice  2026-03-31  INV-2040  299.88
    payment  2026-04-12  P-78       19.00  text "INV-2040"
    => balance 0
    => OVERPAYMENT INV-1004 280.88
    => SHORT_PAYMENT INV-2040 280.88
    => match P-77 INV-1004 19.00 confirmed remittance_text:exact_document
    => match P-78 INV-2040 19.00 confirmed remittance_text:exact_document
    """


@scenario
def test_who_pays_a_part_of_what_others_settle_mixes_nothing_up() -> None:
    """
    invoice  2026-01-21  INV-1004   30.00
    invoice  2026-01-22  INV-2040  100.00
    payment  2026-02-02  P-77      100.00  text "INV-1004"
    payment  2026-02-03  P-78       30.00  text "INV-2040"
    payment  2026-02-04  P-79       70.00  text "INV-2040"
    => balance -70.00
    => OVERPAYMENT INV-1004 70.00
    => match P-77 INV-1004 30.00 confirmed remittance_text:exact_document
    => match P-78 INV-2040 30.00 confirmed remittance_text:exact_document
    => match P-79 INV-2040 70.00 confirmed remittance_text:exact_document
    """


@scenario
def test_a_shortened_list_that_is_exactly_paid_tells_that_a_number_in_its_way_is_wrong() -> None:
    """
    invoice  2026-02-04  77636   2763.46
    payment  2026-03-19  P-77    2763.46  text "factuurnummer 77663"
    invoice  2026-03-29  77663   2920.00
    invoice  2026-03-30  77670   4991.85
    invoice  2026-03-31  77674   6000.00
    payment  2026-04-28  P-78   13911.85  text "Fact. 77663; 70; 74"
    => balance 0
    => match P-77 77636 2763.46 suggested remittance_text:exact_document
    => match P-77 77663 2763.46 suggested remittance_text:exact_document
    => match P-78 77663 2920.00 confirmed remittance_text:exact_document
    => match P-78 77670 4991.85 suggested remittance_text:running_number
    => match P-78 77674 6000.00 suggested remittance_text:running_number
    """


@scenario
def test_more_than_a_document_that_is_dated_long_after_the_payment_is_not_booked_on_it() -> None:
    """
    payment  2025-12-06  P-77       884.00  text "INV-8065"
    order    2026-01-19  INV-8065   535.00
    => balance -349.00
    => match P-77 INV-8065 535.00 suggested remittance_text:exact_document
    """


@scenario
def test_more_than_a_document_that_is_dated_a_few_days_after_the_payment_is_booked() -> None:
    """
    payment  2026-01-14  P-77       884.00  text "INV-8065"
    order    2026-01-19  INV-8065   535.00
    => balance -349.00
    => match P-77 INV-8065 535.00 confirmed remittance_text:exact_document
    => OVERPAYMENT INV-8065 349.00
    """


@scenario
def test_equal_instalments_of_what_is_dated_long_after_them_are_not_booked_on_it() -> None:
    """
    payment  2025-10-05  P-77       234.90  text "INV-7608"
    payment  2025-10-15  P-78       234.90  text "INV-7608"
    order    2025-11-01  INV-7608   822.30
    => balance 352.50
    => match P-77 INV-7608 234.90 suggested remittance_text:exact_document
    => match P-78 INV-7608 234.90 suggested remittance_text:exact_document
    """


@scenario
def test_a_part_of_a_neighbour_beside_another_part_with_a_misspelt_number_is_doubted() -> None:
    """
    order    2026-03-05  BILL/394379  860.68
    order    2026-03-25  BILL/394397  644.65
    payment  2026-04-03  P-77         631.35  text "BILL/391379"
    payment  2026-04-12  P-78         229.33  text "BILL/394397"
    => balance 644.65
    => UNKNOWN_REFERENCE P-77 631.35
    => match P-77 BILL/394379 631.35 suggested fuzzy_reference
    => match P-78 BILL/394379 229.33 suggested remittance_text:exact_document
    => match P-78 BILL/394397 229.33 suggested remittance_text:exact_document
    """


@scenario
def test_a_misspelt_number_that_is_not_the_neighbours_says_nothing() -> None:
    """
    order    2026-03-05  BILL/394379  860.68
    order    2026-03-25  BILL/394397  644.65
    payment  2026-04-03  P-77         631.35  text "BILL/761245"
    payment  2026-04-12  P-78         229.33  text "BILL/394397"
    payment  2026-04-13  P-79           1.00  text "BILL/761245, BILL/761246"
    => balance 643.65
    => SHORT_PAYMENT BILL/394397 415.32
    => UNKNOWN_REFERENCE P-77 631.35
    => UNKNOWN_REFERENCE P-79 1.00
    => match P-78 BILL/394397 229.33 confirmed remittance_text:exact_document
    """
