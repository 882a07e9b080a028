"""Credit notes and payments whose documents were paid before. Tables as ``ledger_language`` reads them.

What an accountant would read first stands in ``tests/scenarios/matching/credits.md`` and ``habits.md``.
"""

from __future__ import annotations

from tests.unit.ledger_teller import scenario


@scenario
def test_a_credit_note_that_is_named_is_netted_where_the_most_is_open() -> None:
    """
    order        2026-01-05  INV-1001   50.00
    order        2026-01-06  INV-1002  100.00
    credit_note  2026-01-10  CN-77      30.00
    payment      2026-01-20  P-77      120.00  text "INV-1001, INV-1002 less CN-77"
    => balance 0
    => match CN-77 INV-1002 30.00 confirmed named_by_payment
    => match P-77 INV-1001 50.00 confirmed remittance_text:exact_document
    => match P-77 INV-1002 70.00 confirmed remittance_text:exact_document
    """


@scenario
def test_a_credit_note_that_is_named_goes_to_its_original_though_less_is_open_there() -> None:
    """
    order        2026-01-05  INV-1001    50.00
    order        2026-01-06  INV-1002   100.00
    payment      2026-01-20  P-77       120.00  text "INV-1001, INV-1002 less CN-77"
    credit_note  2026-01-25  CN-77       30.00  of INV-1001
    => balance 0
    => match CN-77 INV-1001 30.00 confirmed named_by_payment
    => match P-77 INV-1001 20.00 confirmed remittance_text:exact_document
    => match P-77 INV-1002 100.00 confirmed remittance_text:exact_document
    """


@scenario
def test_amounts_after_the_credit_note_say_where_it_belongs() -> None:
    """
    order        2026-01-05  INV-1001  100.00
    order        2026-01-06  INV-1002   50.00
    credit_note  2026-01-10  CN-77      30.00
    payment      2026-01-20  P-77      120.00  pays INV-1001 100.00  pays INV-1002 20.00  pays CN-77 30.00
    => balance 0
    => match CN-77 INV-1002 30.00 confirmed named_by_payment
    => match P-77 INV-1001 100.00 confirmed exact_document
    => match P-77 INV-1002 20.00 confirmed exact_document
    """


@scenario
def test_a_credit_note_is_only_suggested_where_the_figures_are_others() -> None:
    """
    order        2026-01-05  INV-1001  100.00
    credit_note  2026-01-10  CN-77      30.00
    payment      2026-01-20  P-77       60.00  text "INV-1001 less CN-77"
    => balance 10.00
    => SHORT_PAYMENT INV-1001 40.00
    => match P-77 INV-1001 60.00 confirmed remittance_text:exact_document
    => match CN-77 INV-1001 30.00 suggested named_by_payment
    """


@scenario
def test_a_credit_note_that_is_named_alone_is_left_alone() -> None:
    """
    order        2026-01-05  INV-1001  100.00
    credit_note  2026-01-10  CN-77      30.00
    payment      2026-01-20  P-77      100.00  text "CN-77"
    => balance -30.00
    => match P-77 INV-1001 100.00 suggested amount_and_date
    """


@scenario
def test_of_two_rests_a_credit_note_is_shown_with_the_older() -> None:
    """
    order        2026-01-05  INV-1001  100.00
    order        2026-01-06  INV-1002   90.00
    credit_note  2026-01-10  CN-77      30.00
    payment      2026-01-20  P-77       70.00  text "INV-1001"
    payment      2026-01-21  P-78       60.00  text "INV-1002"
    => balance 30.00
    => SHORT_PAYMENT INV-1001 30.00
    => SHORT_PAYMENT INV-1002 30.00
    => match P-77 INV-1001 70.00 confirmed remittance_text:exact_document
    => match P-78 INV-1002 60.00 confirmed remittance_text:exact_document
    => match CN-77 INV-1001 30.00 suggested less_credit_note
    """


@scenario
def test_a_credit_note_of_a_whole_invoice_is_shown_with_it_unless_another_has_that_rest() -> None:
    """
    order        2026-01-05  INV-1001   30.00
    order        2026-01-12  INV-1002   20.00
    credit_note  2026-01-10  CN-77      30.00
    credit_note  2026-01-10  CN-78      20.00
    => balance 0
    => match CN-77 INV-1001 30.00 suggested less_credit_note
    order        2026-01-06  INV-1003   90.00
    payment      2026-01-20  P-77       60.00  text "INV-1003"
    => balance 30.00
    => SHORT_PAYMENT INV-1003 30.00
    => match P-77 INV-1003 60.00 confirmed remittance_text:exact_document
    => match CN-77 INV-1003 30.00 suggested less_credit_note
    """


@scenario
def test_refunds_that_name_nothing_are_shown_with_the_oldest_money_of_their_amount() -> None:
    """
    payment      2026-01-20  P-77  30.00
    credit_note  2026-01-21  CN-1  30.00
    payment      2026-01-22  P-78  40.00
    payment      2026-02-22  P-79  50.00
    refund       2026-02-01  R-1   30.00
    refund       2026-02-02  R-2   30.00
    refund       2026-02-03  R-3   30.00
    refund       2026-02-04  R-4   50.00
    => balance -10.00
    => match P-77 R-1 30.00 suggested paid_back
    => match CN-1 R-2 30.00 suggested paid_back
    """


@scenario
def test_two_credit_notes_are_not_shown_for_one_payment() -> None:
    """
    order        2026-01-05  INV-1001  100.00
    order        2026-01-06  INV-1002   90.00
    credit_note  2026-01-10  CN-77      30.00
    credit_note  2026-01-10  CN-78      20.00
    payment      2026-01-20  P-77       70.00
    => balance 70.00
    => match CN-77 INV-1001 30.00 suggested less_credit_note
    => match P-77 INV-1001 70.00 suggested less_credit_note
    => match CN-78 INV-1002 20.00 suggested less_credit_note
    => match P-77 INV-1002 70.00 suggested less_credit_note
    """


@scenario
def test_the_same_payment_within_days_is_offered_for_nothing() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-06  INV-1002  100.00
    payment  2026-01-20  P-77      100.00  text "INV-1001"
    payment  2026-01-24  P-78      100.00  text "INV-1001"
    => balance 0
    => DUPLICATE P-78 100.00
    => match P-77 INV-1001 100.00 confirmed remittance_text:exact_document
    """


@scenario
def test_a_document_that_was_paid_before_is_named_a_month_later() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-06  INV-1003  100.00
    order    2026-01-06  INV-1002  100.00  due 2026-02-01
    payment  2026-01-20  P-77      100.00  text "INV-1001"
    payment  2026-02-20  P-78      100.00  text "INV-1001"
    payment  2026-03-20  P-79      100.00  text "INV-1001"
    => balance 0
    => OVERPAYMENT INV-1001 200.00
    => match P-77 INV-1001 100.00 confirmed remittance_text:exact_document
    => match P-78 INV-1002 100.00 suggested paid_before
    => match P-78 INV-1003 100.00 suggested paid_before
    => match P-79 INV-1003 100.00 suggested paid_before
    """


@scenario
def test_an_allocation_of_more_than_its_document_may_be_anothers() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-06  INV-1009  234.56
    payment  2026-01-20  P-77      334.56  pays INV-1001 234.56  pays INV-5555 100.00
    => balance 0
    => UNKNOWN_REFERENCE P-77 100.00
    => match P-77 INV-1001 100.00 suggested exact_document
    => match P-77 INV-1009 234.56 suggested exact_document
    """


@scenario
def test_of_equal_documents_the_oldest_that_is_left_and_the_newest_are_offered() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-06  INV-1002  100.00
    payment  2026-01-20  P-77      100.00
    payment  2026-01-21  P-78      100.00
    => balance 0
    => match P-77 INV-1001 100.00 suggested amount_and_date
    => match P-77 INV-1002 100.00 suggested amount_and_date
    => match P-78 INV-1002 100.00 suggested amount_and_date
    """


@scenario
def test_a_rounding_explains_more_than_another_difference() -> None:
    """
    order    2026-01-05  INV-1001  100.01
    order    2026-01-06  INV-1002  101.23
    payment  2026-01-20  P-77      100.00
    => balance 101.24
    => match P-77 INV-1001 100.00 suggested small_deduction
    """


@scenario
def test_all_that_was_due_is_booked_by_its_sum() -> None:
    """
    order    2026-01-01  INV-1  555.10
    order    2026-01-02  INV-2  203.11
    order    2026-01-03  INV-3  870.29
    order    2026-01-04  INV-4  455.03
    order    2026-01-05  INV-5  310.90
    order    2026-01-06  INV-6  777.07
    order    2026-01-07  INV-7   99.99
    order    2026-02-07  INV-8  123.45
    order    2026-02-12  INV-9  321.12
    order    2026-02-13  INV-0   76.54
    payment  2026-02-10  P-77  3394.94
    => balance 397.66
    => match P-77 INV-1 555.10 confirmed whole_balance
    => match P-77 INV-2 203.11 confirmed whole_balance
    => match P-77 INV-3 870.29 confirmed whole_balance
    => match P-77 INV-4 455.03 confirmed whole_balance
    => match P-77 INV-5 310.90 confirmed whole_balance
    => match P-77 INV-6 777.07 confirmed whole_balance
    => match P-77 INV-7 99.99 confirmed whole_balance
    => match P-77 INV-8 123.45 confirmed whole_balance
    """


@scenario
def test_round_figures_that_were_due_are_not_booked_by_their_sum() -> None:
    """
    order    2026-01-01  INV-1  100.00
    order    2026-01-02  INV-2  200.00
    order    2026-01-03  INV-3  300.00
    order    2026-01-04  INV-4  400.00
    order    2026-01-05  INV-5  500.00
    order    2026-01-06  INV-6  600.00
    order    2026-01-07  INV-7  700.00
    order    2026-02-07  INV-8  850.00
    payment  2026-02-10  P-77  2800.00
    => balance 850.00
    => match P-77 INV-1 100.00 suggested whole_balance
    => match P-77 INV-2 200.00 suggested whole_balance
    => match P-77 INV-3 300.00 suggested whole_balance
    => match P-77 INV-4 400.00 suggested whole_balance
    => match P-77 INV-5 500.00 suggested whole_balance
    => match P-77 INV-6 600.00 suggested whole_balance
    => match P-77 INV-7 700.00 suggested whole_balance
    """


@scenario
def test_seven_of_eight_equal_fees_are_not_booked() -> None:
    """
    order    2026-01-01  INV-1  100.00
    order    2026-01-02  INV-2  100.00
    order    2026-01-03  INV-3  100.00
    order    2026-01-04  INV-4  100.00
    order    2026-01-05  INV-5  100.00
    order    2026-01-06  INV-6  100.00
    order    2026-01-07  INV-7  100.00
    order    2026-02-07  INV-8  100.00
    payment  2026-02-10  P-77   700.00
    => balance 100.00
    => match P-77 INV-1 100.00 suggested whole_balance
    => match P-77 INV-2 100.00 suggested whole_balance
    => match P-77 INV-3 100.00 suggested whole_balance
    => match P-77 INV-4 100.00 suggested whole_balance
    => match P-77 INV-5 100.00 suggested whole_balance
    => match P-77 INV-6 100.00 suggested whole_balance
    => match P-77 INV-7 100.00 suggested whole_balance
    """


@scenario
def test_rests_of_discounts_are_no_part_of_what_somebody_pays_who_pays_all() -> None:
    """
    order    2026-01-01  INV-A  100.00
    payment  2026-01-08  P-1     98.00  text "INV-A"
    order    2026-01-01  INV-B  150.00
    payment  2026-01-09  P-2    147.00  text "INV-B"
    order    2026-01-11  INV-1  555.10
    order    2026-01-12  INV-2  203.11
    order    2026-01-13  INV-3  870.29
    order    2026-01-14  INV-4  455.03
    order    2026-01-15  INV-5  310.90
    order    2026-01-16  INV-6  777.07
    order    2026-01-17  INV-7   99.99
    payment  2026-02-20  P-77  3271.49
    => balance 5.00
    => SHORT_PAYMENT INV-A 2.00
    => SHORT_PAYMENT INV-B 3.00
    => match P-1 INV-A 98.00 confirmed remittance_text:exact_document
    => match P-2 INV-B 147.00 confirmed remittance_text:exact_document
    => match P-77 INV-1 555.10 confirmed whole_balance
    => match P-77 INV-2 203.11 confirmed whole_balance
    => match P-77 INV-3 870.29 confirmed whole_balance
    => match P-77 INV-4 455.03 confirmed whole_balance
    => match P-77 INV-5 310.90 confirmed whole_balance
    => match P-77 INV-6 777.07 confirmed whole_balance
    => match P-77 INV-7 99.99 confirmed whole_balance
    """


@scenario
def test_a_round_payment_is_not_booked_on_documents_that_come_to_it_by_chance() -> None:
    """
    order    2026-01-01  INV-1  123.45
    order    2026-01-02  INV-2  376.56
    order    2026-01-03  INV-3  499.99
    payment  2026-01-20  P-77  1000.00
    => balance 0
    => match P-77 INV-1 123.45 suggested one_payment_many_documents
    => match P-77 INV-2 376.56 suggested one_payment_many_documents
    => match P-77 INV-3 499.99 suggested one_payment_many_documents
    """


@scenario
def test_figures_that_are_all_round_are_not_booked_by_a_sum_that_is_less_so() -> None:
    """
    order    2026-01-01  INV-1  420.00
    order    2026-01-02  INV-2  810.00
    payment  2026-01-20  P-77  1230.00
    => balance 0
    => match P-77 INV-1 420.00 suggested one_payment_many_documents
    => match P-77 INV-2 810.00 suggested one_payment_many_documents
    """


@scenario
def test_a_list_is_paid_less_a_credit_note_that_nobody_names() -> None:
    """
    invoice      2025-10-16  307866  4143.47
    invoice      2025-12-27  307992   581.87
    invoice      2026-01-30  308025   218.76
    credit_note  2026-01-18  CN-1     300.00
    credit_note  2026-01-20  CN-2    1284.47
    payment      2026-02-02  P-77    3659.63  text "307866, 307992, 308025"
    => balance -300.00
    => SHORT_PAYMENT 307866 1284.47
    => match CN-2 307866 1284.47 suggested less_credit_note
    => match P-77 307866 2859.00 confirmed remittance_text:exact_document
    => match P-77 307992 581.87 confirmed remittance_text:exact_document
    => match P-77 308025 218.76 confirmed remittance_text:exact_document
    """


@scenario
def test_a_list_is_paid_less_the_only_two_credit_notes_that_are_open() -> None:
    """
    invoice      2025-10-16  307866  4143.47
    invoice      2025-12-27  307992   581.87
    credit_note  2026-01-18  CN-1     300.01
    credit_note  2026-01-20  CN-2    1284.47
    credit_note  2026-02-20  CN-3     184.40
    payment      2026-02-02  P-77    3140.86  text "307866, 307992"
    => balance -184.40
    => SHORT_PAYMENT 307866 1284.47
    => SHORT_PAYMENT 307992 300.01
    => match CN-1 307992 300.01 suggested less_credit_note
    => match CN-2 307866 1284.47 suggested less_credit_note
    => match P-77 307866 2859.00 confirmed remittance_text:exact_document
    => match P-77 307992 281.86 confirmed remittance_text:exact_document
    """


@scenario
def test_two_credit_notes_of_which_a_list_has_no_room_are_not_netted() -> None:
    """
    invoice      2025-10-16  307866  4143.47
    invoice      2025-12-27  307992   281.87
    credit_note  2026-01-18  CN-1     300.01
    credit_note  2026-01-20  CN-2    1284.47
    payment      2026-02-02  P-77    2840.86  text "307866, 307992"
    => balance 0
    => SHORT_PAYMENT 307866 1302.61
    => match P-77 307866 2840.86 confirmed remittance_text:exact_document
    """


@scenario
def test_three_credit_notes_are_more_than_a_list_of_two() -> None:
    """
    invoice      2025-10-16  307866  4143.47
    invoice      2025-12-27  307992   581.87
    credit_note  2026-01-18  CN-1     300.01
    credit_note  2026-01-19  CN-2     284.47
    credit_note  2026-01-20  CN-3     184.40
    payment      2026-02-02  P-77    3956.46  text "307866, 307992"
    => balance 0
    => SHORT_PAYMENT 307866 187.01
    => match P-77 307866 3956.46 confirmed remittance_text:exact_document
    """
