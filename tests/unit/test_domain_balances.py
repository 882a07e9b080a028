"""Payments of everything that is open, as the payer sees it."""

from __future__ import annotations

from tests.unit.ledger_teller import scenario


@scenario
def test_who_pays_in_the_morning_has_not_seen_what_is_written_that_day() -> None:
    """
    rules matching.combination_max 2
    order    2026-01-05  INV-1001   100.01
    order    2026-01-06  INV-1002   200.02
    order    2026-01-07  INV-1003  1300.03
    order    2026-01-20  INV-1004    77.00
    order    2026-01-20  INV-1005    55.00
    payment  2026-01-20  P-77      1600.06  text "all open invoices"
    => balance 132.00
    => match P-77 INV-1001 100.01 confirmed whole_balance
    => match P-77 INV-1002 200.02 confirmed whole_balance
    => match P-77 INV-1003 1300.03 confirmed whole_balance
    """


@scenario
def test_what_an_earlier_payment_is_shown_for_is_paid_in_the_payers_books() -> None:
    """
    order    2026-01-05  INV-1001   500.00
    order    2026-01-06  INV-1002   200.02
    order    2026-01-07  INV-1003  1300.03
    order    2026-01-07  INV-1004  2300.04
    payment  2026-01-15  P-76       490.00
    payment  2026-01-20  P-77      3800.09
    => balance 10.00
    => match P-76 INV-1001 490.00 suggested small_deduction
    => match P-77 INV-1002 200.02 confirmed one_payment_many_documents
    => match P-77 INV-1003 1300.03 confirmed one_payment_many_documents
    => match P-77 INV-1004 2300.04 confirmed one_payment_many_documents
    """


@scenario
def test_of_many_what_an_earlier_payment_is_shown_for_is_paid_in_the_payers_books() -> None:
    """
    rules matching.combination_max 2
    order    2026-01-06  INV-1001   500.00
    order    2026-01-05  INV-1002   200.02
    order    2026-01-07  INV-1003  1300.03
    order    2026-01-08  INV-1004  2300.04
    order    2026-01-06  INV-1005   600.00
    payment  2026-01-14  P-75       588.00
    payment  2026-01-15  P-76       490.00
    payment  2026-01-20  P-77      3800.09
    => balance 22.00
    => match P-75 INV-1005 588.00 suggested small_deduction
    => match P-76 INV-1001 490.00 suggested small_deduction
    => match P-77 INV-1002 200.02 suggested rest_of_balance
    => match P-77 INV-1003 1300.03 suggested rest_of_balance
    => match P-77 INV-1004 2300.04 suggested rest_of_balance
    """


@scenario
def test_what_a_later_payment_is_shown_for_is_not_yet_paid() -> None:
    """
    rules matching.combination_max 2
    order    2026-01-06  INV-1001   500.00
    order    2026-01-05  INV-1002   200.02
    order    2026-01-07  INV-1003  1300.03
    order    2026-01-08  INV-1004  2300.04
    order    2026-01-06  INV-1005   600.00
    payment  2026-01-20  P-74      3800.09
    payment  2026-01-20  P-75       588.00
    payment  2026-01-21  P-76       490.00
    => balance 22.00
    => match P-75 INV-1005 588.00 suggested small_deduction
    => match P-76 INV-1001 490.00 suggested small_deduction
    """


@scenario
def test_the_rest_of_a_list_is_paid_in_the_payers_books() -> None:
    """
    rules matching.combination_max 2
    order    2026-01-05  INV-1001  5000.00
    order    2026-01-06  INV-1002   119.70
    order    2026-01-05  INV-2001  5000.00
    order    2026-01-06  INV-2002   219.70
    order    2026-01-07  INV-1004  1300.03
    order    2026-01-07  INV-1005   200.02
    order    2026-01-07  INV-1006   300.05
    payment  2026-01-14  P-75      5092.70  text "INV-1001, INV-1002"
    payment  2026-01-14  P-76      5191.70  text "INV-2001, INV-2002"
    payment  2026-01-20  P-77      1800.10
    => balance 55.00
    => SHORT_PAYMENT INV-1002 27.00
    => SHORT_PAYMENT INV-2002 28.00
    => match P-75 INV-1001 5000.00 confirmed remittance_text:exact_document
    => match P-75 INV-1002 92.70 confirmed remittance_text:exact_document
    => match P-76 INV-2001 5000.00 confirmed remittance_text:exact_document
    => match P-76 INV-2002 191.70 confirmed remittance_text:exact_document
    => match P-77 INV-1004 1300.03 confirmed whole_balance
    => match P-77 INV-1005 200.02 confirmed whole_balance
    => match P-77 INV-1006 300.05 confirmed whole_balance
    """


@scenario
def test_a_discount_that_was_rounded_up_is_paid_in_the_payers_books() -> None:
    """
    rules matching.combination_max 2
    order    2026-01-06  INV-1002   106.27
    order    2026-01-06  INV-1003   206.27
    order    2026-01-07  INV-1004  1300.03
    order    2026-01-07  INV-1005   200.02
    order    2026-01-07  INV-1006   300.05
    payment  2026-01-14  P-75       103.08  text "INV-1002"
    payment  2026-01-15  P-76       200.08  text "INV-1003"
    payment  2026-01-20  P-77      1800.10
    => balance 9.38
    => SHORT_PAYMENT INV-1002 3.19
    => SHORT_PAYMENT INV-1003 6.19
    => match P-75 INV-1002 103.08 confirmed remittance_text:exact_document
    => match P-76 INV-1003 200.08 confirmed remittance_text:exact_document
    => match P-77 INV-1004 1300.03 confirmed whole_balance
    => match P-77 INV-1005 200.02 confirmed whole_balance
    => match P-77 INV-1006 300.05 confirmed whole_balance
    """


@scenario
def test_what_is_shown_for_a_reference_is_paid_in_the_payers_books_too() -> None:
    """
    rules matching.combination_max 2
    order    2026-01-06  INV-1001   500.00
    order    2026-01-06  INV-2002   512.00
    order    2026-01-05  INV-1002   200.02
    order    2026-01-07  INV-1003  1300.03
    order    2026-01-08  INV-1004  2300.04
    payment  2026-01-15  P-76       512.00  text "INV-1001"
    payment  2026-01-20  P-77      3800.09
    => balance 500.00
    => match P-76 INV-1001 500.00 suggested remittance_text:exact_document
    => match P-76 INV-2002 512.00 suggested remittance_text:exact_document
    => match P-77 INV-1002 200.02 suggested rest_of_balance
    => match P-77 INV-1003 1300.03 suggested rest_of_balance
    => match P-77 INV-1004 2300.04 suggested rest_of_balance
    """


@scenario
def test_what_is_written_after_the_payment_is_no_part_of_what_it_pays() -> None:
    """
    rules matching.combination_max 2
    order    2026-01-05  INV-1001   100.01
    order    2026-01-06  INV-1002   200.02
    order    2026-01-20  INV-1003  1300.03
    order    2026-01-22  INV-1004    77.00
    order    2026-01-23  INV-1005    55.00
    payment  2026-01-20  P-77      1600.06  text "all open invoices"
    => balance 132.00
    => match P-77 INV-1001 100.01 confirmed whole_balance
    => match P-77 INV-1002 200.02 confirmed whole_balance
    => match P-77 INV-1003 1300.03 confirmed whole_balance
    """
