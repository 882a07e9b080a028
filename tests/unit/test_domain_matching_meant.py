"""Which of the numbers in a text are meant: told by figures and check digits."""

from __future__ import annotations

from tests.unit.ledger_teller import scenario


@scenario
def test_the_documents_that_are_exactly_what_is_paid_are_meant() -> None:
    """
    order    2026-01-05  10042  148.75
    order    2026-01-05  10050  238.00
    payment  2026-01-20  P-77   238.00  text "10050 ohne 10042"
    => balance 148.75
    => match P-77 10050 238.00 confirmed remittance_text:exact_document
    """


@scenario
def test_a_document_that_others_paid_in_part_is_not_meant_alone() -> None:
    """
    order    2026-01-05  10042  100.00
    order    2026-01-05  10050   50.00
    payment  2026-01-10  P-76    60.00  text "10042"
    payment  2026-01-20  P-77   100.00  text "10042 10050"
    => balance -10.00
    => OVERPAYMENT 10050 10.00
    => match P-76 10042 60.00 confirmed remittance_text:exact_document
    => match P-77 10042 40.00 confirmed remittance_text:exact_document
    => match P-77 10050 50.00 confirmed remittance_text:exact_document
    """


@scenario
def test_of_two_choices_that_are_exactly_what_is_paid_none_is_meant() -> None:
    """
    order    2026-03-01  24895   29.70
    order    2026-03-02  24896    9.90
    order    2026-03-03  24899   19.80
    order    2026-03-04  24900   79.90
    payment  2026-03-20  P-77   109.60  text "24895 24896, 24899, 24900 wie besprochen"
    => balance 29.70
    => match P-77 24895 29.70 suggested remittance_text:exact_document
    => match P-77 24896 9.90 suggested remittance_text:exact_document
    => match P-77 24899 19.80 suggested remittance_text:exact_document
    => match P-77 24900 79.90 suggested remittance_text:exact_document
    """


@scenario
def test_what_is_held_back_is_said_behind_its_number() -> None:
    """
    order    2026-03-01  24895   29.70
    order    2026-03-02  24896    9.90
    order    2026-03-03  24899   19.80
    order    2026-03-04  24900   79.90
    payment  2026-03-20  P-77   109.60  text "RE 24896, 24899, 24900 24895 in Klaerung"
    => balance 29.70
    => match P-77 24896 9.90 confirmed remittance_text:exact_document
    => match P-77 24899 19.80 confirmed remittance_text:exact_document
    => match P-77 24900 79.90 confirmed remittance_text:exact_document
    """


@scenario
def test_what_is_held_back_alone_is_what_is_paid_in_part() -> None:
    """
    order    2026-03-01  24895  100.00
    payment  2026-03-20  P-77    40.00  text "Factura 24895 pendiente"
    => balance 60.00
    => SHORT_PAYMENT 24895 60.00
    => match P-77 24895 40.00 confirmed remittance_text:exact_document
    """


@scenario
def test_equal_instalments_of_a_list_pay_the_oldest_first() -> None:
    """
    order    2026-01-05  10042  100.00
    order    2026-01-05  10050  100.00
    order    2026-01-05  10051  100.00
    order    2026-01-05  10052  100.00
    payment  2026-01-20  P-77   100.00  text "10042 10050 10051 10052"
    payment  2026-02-20  P-78   100.00  text "10042 10050 10051 10052"
    => balance 200.00
    => match P-77 10042 100.00 confirmed remittance_text:exact_document
    => match P-78 10050 100.00 confirmed remittance_text:exact_document
    """


@scenario
def test_a_creditor_reference_counts_with_right_check_digits() -> None:
    """
    order    2026-01-05  INV-100234  80.00
    payment  2026-01-21  P-78        30.00  text "RF11100234"
    => balance 50.00
    => UNKNOWN_REFERENCE P-78 30.00
    payment  2026-01-22  P-79        20.00  text "RF83100234"
    => balance 30.00
    => UNKNOWN_REFERENCE P-78 30.00
    => SHORT_PAYMENT INV-100234 60.00
    """


@scenario
def test_numbers_of_one_document_that_are_written_alike_are_not_ambiguous() -> None:
    """
    order    2026-01-05  INV-1001  300.00  invoice_no INV1001
    payment  2026-01-20  P-77      300.00  text "inv 1001"
    => balance 0
    => match P-77 INV-1001 300.00 confirmed remittance_text:normalised_document
    """


@scenario
def test_money_that_came_twice_is_taken_off_the_next_document() -> None:
    """
    invoice  2026-03-01  10101   59.80
    payment  2026-03-20  P-1     59.80  text "10101"
    payment  2026-03-22  P-2     59.80  text "10101"
    invoice  2026-05-06  10107  208.80
    payment  2026-06-20  P-3    149.00  text "10107 ohne 10101"
    => balance 0
    => DUPLICATE P-2 59.80
    => SHORT_PAYMENT 10107 59.80
    => match P-1 10101 59.80 confirmed remittance_text:exact_document
    => match P-2 10107 59.80 suggested paid_before
    => match P-3 10107 149.00 confirmed remittance_text:exact_document
    """


@scenario
def test_money_that_came_twice_is_not_taken_off_by_who_names_something_else() -> None:
    """
    invoice  2026-03-01  10101   59.80
    payment  2026-03-20  P-1     59.80  text "10101"
    payment  2026-03-22  P-2     59.80  text "10101"
    invoice  2026-05-06  10107  208.80
    payment  2026-06-20  P-3    149.00  text "10107"
    => balance 0
    => DUPLICATE P-2 59.80
    => SHORT_PAYMENT 10107 59.80
    => match P-1 10101 59.80 confirmed remittance_text:exact_document
    => match P-3 10107 149.00 confirmed remittance_text:exact_document
    """


@scenario
def test_a_discount_on_a_list_is_taken_off_each_of_it() -> None:
    """
    invoice  2026-03-01  10101  100.30
    invoice  2026-03-02  10102  100.30
    payment  2026-03-09  P-77   196.58  text "10101 10102 ./. 2%"
    => balance 4.02
    => SHORT_PAYMENT 10101 2.01
    => SHORT_PAYMENT 10102 2.01
    => match P-77 10101 98.29 confirmed remittance_text:exact_document
    => match P-77 10102 98.29 confirmed remittance_text:exact_document
    """


@scenario
def test_a_discount_on_a_list_may_be_rounded_up() -> None:
    """
    invoice  2026-03-01  10101  100.20
    invoice  2026-03-02  10102  100.20
    payment  2026-03-09  P-77   196.38  text "10101 10102 ./. 2%"
    => balance 4.02
    => SHORT_PAYMENT 10101 2.01
    => SHORT_PAYMENT 10102 2.01
    => match P-77 10101 98.19 confirmed remittance_text:exact_document
    => match P-77 10102 98.19 confirmed remittance_text:exact_document
    """


@scenario
def test_what_stands_behind_its_reversal_is_a_credit_note() -> None:
    """
    invoice      2026-03-01  INV-2026-0038  97.16
    invoice      2026-03-02  INV-2026-0040  59.50
    credit_note  2026-03-05  CN-00162       20.07
    payment      2026-03-20  P-77          136.59  text "付发票 INV-2026-0038、INV-2026-0040 冲红 CN-00162"
    => balance 0
    => match CN-00162 INV-2026-0038 20.07 confirmed named_by_payment
    => match P-77 INV-2026-0038 77.09 confirmed remittance_text:exact_document
    => match P-77 INV-2026-0040 59.50 confirmed remittance_text:exact_document
    """


@scenario
def test_a_sum_with_a_document_that_is_dated_later_is_suggested() -> None:
    """
    order    2026-01-05  INV-1001  1203.11
    order    2026-01-06  INV-1002   455.03
    order    2026-01-22  INV-1003   870.29
    payment  2026-01-20  P-77      2073.40  text "thank you"
    => balance 455.03
    => match P-77 INV-1001 1203.11 suggested one_payment_many_documents
    => match P-77 INV-1003 870.29 suggested one_payment_many_documents
    """
