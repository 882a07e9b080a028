"""Months in a text among documents of equal figures: those of the month that come to the payment are shown."""

from __future__ import annotations

from domain.matching.forms import DocumentIndex
from domain.matching.named import mentions
from tests.unit.ledger_teller import scenario


@scenario
def test_the_document_of_the_month_and_the_figure_is_shown_alone() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-02-05  INV-1002  100.00
    order    2026-02-06  INV-1003   70.00
    payment  2026-02-20  P-77      100.00  text "rent 02/2026"
    => balance 170.00
    => match P-77 INV-1002 100.00 suggested remittance_text:period
    """


@scenario
def test_two_months_are_one_document_of_each() -> None:
    """
    order    2026-01-05  INV-1001  100.00
    order    2026-01-06  INV-1002   70.00
    order    2026-02-05  INV-1003  100.00
    order    2026-02-06  INV-1004   60.00
    payment  2026-02-20  P-77      200.00  text "rent January 2026 + February 2026"
    => balance 130.00
    => match P-77 INV-1001 100.00 suggested remittance_text:period
    => match P-77 INV-1003 100.00 suggested remittance_text:period
    """


@scenario
def test_a_month_that_has_nothing_of_the_figure_yet_is_shown_as_it_is() -> None:
    """
    order    2026-02-05  INV-1001   70.00
    order    2026-02-26  INV-1002  100.00
    payment  2026-02-10  P-77      100.00  text "rent 02/2026"
    => balance 70.00
    => match P-77 INV-1001 70.00 suggested remittance_text:period
    => match P-77 INV-1002 100.00 suggested remittance_text:period
    """


@scenario
def test_months_of_very_many_documents_are_left_to_the_figures() -> None:
    """
    order    2026-01-01  INV-1001   10.00
    order    2026-01-02  INV-1002   10.00
    order    2026-01-03  INV-1003   10.00
    order    2026-01-04  INV-1004   10.00
    order    2026-01-05  INV-1005   10.00
    order    2026-01-06  INV-1006   10.00
    order    2026-01-07  INV-1007   10.00
    order    2026-01-08  INV-1008   10.00
    order    2026-01-09  INV-1009   10.00
    payment  2026-01-20  P-77       10.00  text "rent January 2026"
    => balance 80.00
    => match P-77 INV-1001 10.00 suggested amount_and_date
    => match P-77 INV-1009 10.00 suggested amount_and_date
    """


@scenario
def test_months_of_too_many_choices_are_left_to_the_figures() -> None:
    """
    order    2026-01-01  INV-1011   11.00
    order    2026-01-02  INV-1012   12.00
    order    2026-01-03  INV-1013   13.00
    order    2026-01-04  INV-1014   14.00
    order    2026-01-05  INV-1015   15.00
    order    2026-02-01  INV-1021   21.00
    order    2026-02-02  INV-1022   22.00
    order    2026-02-03  INV-1023   23.00
    order    2026-02-04  INV-1024   24.00
    order    2026-02-05  INV-1025   25.00
    order    2026-03-01  INV-1031   31.00
    order    2026-03-02  INV-1032   32.00
    order    2026-03-03  INV-1033   33.00
    order    2026-03-04  INV-1034   34.00
    order    2026-03-05  INV-1035   35.00
    payment  2026-03-20  P-77       63.00  text "rent January-March 2026"
    => balance 282.00
    """


def test_the_year_of_a_month_is_no_number() -> None:
    index = DocumentIndex([("1", ["2025"]), ("2", ["INV-2025"]), ("3", ["SO-02025"]), ("4", ["INV-2025-7"])])

    def named(text: str) -> list[tuple[str, ...]]:
        return [mention.resolution.keys for mention in mentions(text, index)]

    assert named("Maintenance octobre 2025") == named("Miete Okt. 2025") == named("marzo del 2025") == []
    assert named("2025年10月服务费") == []
    assert named("Mai 2025-7") == []
    assert named("2025") == [("1",)]
    assert named("INV 2025 may be paid") == [("2",)]
    assert named("INV-2025-7 May 2025") == [("4",)]


@scenario
def test_a_year_is_no_running_number_of_an_order_with_zeros() -> None:
    """
    invoice  2026-01-02  FA2025-02271  77.82  order_id SO-01987
    invoice  2026-03-03  FA2025-02289  77.82  order_id SO-02025
    payment  2026-03-07  P-77      77.82  text "budget 2025"
    => balance 77.82
    => match P-77 FA2025-02271 77.82 suggested amount_and_date
    => match P-77 FA2025-02289 77.82 suggested amount_and_date
    """


@scenario
def test_a_year_is_no_beginning_of_a_number_that_is_cut_off() -> None:
    """
    invoice  2026-06-01  2026-0040  92.98
    invoice  2026-06-01  CN-1       92.98
    payment  2026-06-29  P-77       92.98  text "Hosting 2026"
    => balance 92.98
    => match P-77 2026-0040 92.98 suggested amount_and_date
    => match P-77 CN-1 92.98 suggested amount_and_date
    """


@scenario
def test_the_document_of_another_month_than_the_text_names_is_shown() -> None:
    """
    order    2026-03-02  INV-1001  148.15
    order    2026-03-03  INV-1002   70.00
    payment  2026-03-30  P-77      148.15  text "Subscription April 2026"
    payment  2026-03-30  P-78       70.00  text "Subscription"
    => balance 0
    => match P-77 INV-1001 148.15 suggested amount_and_date
    => match P-78 INV-1002 70.00 confirmed amount_and_date
    """


@scenario
def test_figures_may_confirm_what_is_of_the_month_that_the_text_names() -> None:
    """
    order    2026-01-05  INV-1001  1203.11
    order    2026-01-05  INV-1002   870.29
    order    2026-01-06  INV-1003   455.03
    order    2026-01-07  INV-1004   611.77
    order    2026-01-08  INV-1005   318.49
    order    2026-01-09  INV-1006   777.93
    payment  2026-01-20  P-77      2073.40  text "January 2026"
    => balance 2163.22
    => match P-77 INV-1001 1203.11 confirmed one_payment_many_documents
    => match P-77 INV-1002 870.29 confirmed one_payment_many_documents
    """
