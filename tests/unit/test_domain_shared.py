"""Contracts and orders that several documents bear: the figures tell which of them is paid."""

from __future__ import annotations

from tests.unit.ledger_teller import scenario


@scenario
def test_what_is_open_of_a_contract_is_paid_month_by_month() -> None:
    """
    order    2026-01-05  INV-1001  100.00  order_id V-4711  due 2026-01-19
    payment  2026-01-20  P-77      100.00  text "contract V-4711"
    order    2026-02-05  INV-1002  100.00  order_id V-4711  due 2026-02-19
    payment  2026-02-20  P-78      100.00  text "contract v 4711"
    => balance 0
    => match P-77 INV-1001 100.00 confirmed remittance_text:exact_document
    => match P-78 INV-1002 100.00 confirmed remittance_text:normalised_document
    """


@scenario
def test_of_equal_documents_of_a_contract_each_payment_is_shown_the_next() -> None:
    """
    order    2026-01-05  INV-1001  100.00  order_id V-4711  due 2026-01-19
    order    2026-02-05  INV-1002  100.00  order_id V-4711  due 2026-02-19
    payment  2026-02-20  P-77      100.00  text "contract V-4711"
    payment  2026-02-21  P-78      100.00  text "contract V-4711"
    => balance 0
    => match P-77 INV-1001 100.00 suggested remittance_text:exact_document
    => match P-78 INV-1002 100.00 suggested remittance_text:exact_document
    """


@scenario
def test_the_month_beside_a_contract_tells_which() -> None:
    """
    order    2026-01-05  INV-1001  100.00  order_id V-4711
    order    2026-02-05  INV-1002  100.00  order_id V-4711
    payment  2026-02-20  P-77      100.00  text "contract V-4711 02/2026"
    => balance 100.00
    => match P-77 INV-1002 100.00 suggested remittance_text:exact_document
    """


@scenario
def test_all_that_is_open_of_a_contract_is_booked_together() -> None:
    """
    order    2026-01-05  INV-1001  100.00  order_id V-4711
    order    2026-02-05  INV-1002  100.00  order_id V-4711
    order    2026-02-05  INV-1003   70.00
    payment  2026-02-20  P-77      200.00  text "contract V-4711"
    => balance 70.00
    => match P-77 INV-1001 100.00 confirmed remittance_text:exact_document
    => match P-77 INV-1002 100.00 confirmed remittance_text:exact_document
    """


@scenario
def test_the_oldest_that_come_to_the_payment_go_first() -> None:
    """
    order    2026-01-05  INV-1001  100.00  order_id V-4711
    order    2026-02-05  INV-1002  100.00  order_id V-4711
    order    2026-03-05  INV-1003  100.00  order_id V-4711
    payment  2026-03-20  P-77      200.00  text "contract V-4711"
    => balance 100.00
    => match P-77 INV-1001 100.00 suggested remittance_text:exact_document
    => match P-77 INV-1002 100.00 suggested remittance_text:exact_document
    """


@scenario
def test_the_only_sum_within_an_order_is_shown() -> None:
    """
    order    2026-01-05  INV-1001   10.01  order_id SO-4711
    order    2026-01-06  INV-1002   20.02  order_id SO-4711
    order    2026-01-07  INV-1003   40.04  order_id SO-4711
    payment  2026-01-20  P-77       50.05  text "order SO-4711"
    => balance 20.02
    => match P-77 INV-1001 10.01 suggested remittance_text:exact_document
    => match P-77 INV-1003 40.04 suggested remittance_text:exact_document
    """


@scenario
def test_one_document_that_others_come_to_as_well_is_not_certain() -> None:
    """
    order    2026-01-05  INV-1001   10.01  order_id SO-4711
    order    2026-01-06  INV-1002   20.02  order_id SO-4711
    order    2026-01-07  INV-1003   30.03  order_id SO-4711
    payment  2026-01-20  P-77       30.03  text "order SO-4711"
    => balance 30.03
    => match P-77 INV-1003 30.03 suggested remittance_text:exact_document
    """


@scenario
def test_a_figure_that_nothing_comes_to_shows_what_is_open() -> None:
    """
    order    2026-01-05  INV-1001  100.00  order_id SO-4711
    order    2026-01-06  INV-1002  250.00  order_id SO-4711
    order    2026-05-06  INV-1003  250.00  order_id SO-4711
    payment  2026-01-20  P-77       60.00  text "order SO-4711"
    => balance 540.00
    => match P-77 INV-1001 60.00 suggested remittance_text:exact_document
    => match P-77 INV-1002 60.00 suggested remittance_text:exact_document
    """


@scenario
def test_a_later_document_is_meant_where_no_other_has_the_figure() -> None:
    """
    order    2026-01-05  INV-1001  100.00  order_id SO-4711
    order    2026-03-06  INV-1002  250.00  order_id SO-4711
    payment  2026-01-20  P-77      250.00  text "order SO-4711"
    => balance 100.00
    => match P-77 INV-1002 250.00 suggested remittance_text:exact_document
    """


@scenario
def test_what_comes_once_more_for_a_contract_is_over() -> None:
    """
    order    2026-01-05  INV-1001  100.00  order_id V-4711
    order    2026-02-05  INV-1002  100.00  order_id V-4711
    payment  2026-02-20  P-77      200.00  text "V-4711"
    payment  2026-02-28  P-78       30.00  text "V-4711"
    => balance -30.00
    => OVERPAYMENT INV-1002 30.00
    => match P-77 INV-1001 100.00 confirmed remittance_text:exact_document
    => match P-77 INV-1002 100.00 confirmed remittance_text:exact_document
    """


@scenario
def test_a_claim_on_a_contract_is_served_by_its_own_amount() -> None:
    """
    order    2026-01-05  INV-1001  100.00  order_id V-4711
    order    2026-02-05  INV-1002  120.00  order_id V-4711
    order    2026-02-05  INV-1003   70.00
    payment  2026-02-20  P-77      190.00  pays V-4711 120.00  pays INV-1003 70.00
    => balance 100.00
    => match P-77 INV-1002 120.00 confirmed exact_document
    => match P-77 INV-1003 70.00 confirmed exact_document
    """


@scenario
def test_a_contract_beside_one_of_its_documents_says_no_more() -> None:
    """
    order    2026-01-05  INV-1001  100.00  order_id V-4711
    order    2026-02-05  INV-1002  100.00  order_id V-4711
    order    2026-02-06  INV-1003   60.00  order_id V-4711
    payment  2026-02-20  P-77       60.00  text "V-4711 INV-1003 INV-1002"
    => balance 200.00
    => match P-77 INV-1003 60.00 confirmed remittance_text:exact_document
    """


@scenario
def test_a_document_number_goes_before_the_order_of_others() -> None:
    """
    order    2026-01-05  INV-1001  100.00  order_id SO-4711
    order    2026-01-06  SO-4711   100.00
    order    2026-01-07  INV-1003  100.00  order_id SO-4711
    payment  2026-01-20  P-77      100.00  text "SO-4711"
    => balance 200.00
    => match P-77 SO-4711 100.00 confirmed remittance_text:exact_document
    """


@scenario
def test_what_was_cancelled_is_not_meant_by_its_order() -> None:
    """
    order            2026-01-05  INV-1001  100.00  order_id SO-4711
    order.cancelled  2026-01-06  INV-1001  100.00  order_id SO-4711  v 2
    order            2026-01-07  INV-1002   90.00  order_id SO-4711
    payment          2026-01-20  P-77       50.00  text "SO-4711"
    => balance 40.00
    => SHORT_PAYMENT INV-1002 40.00
    => match P-77 INV-1002 50.00 confirmed remittance_text:exact_document
    """
