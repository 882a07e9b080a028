"""Lists of numbers that go on: the bank has no more room, or the payer writes "and others"."""

from __future__ import annotations

import datetime as dt

from domain.archive.notes import Notes
from domain.matching.leftovers import without_cut_end
from domain.matching.open_numbers import OpenNumbers
from tests.unit.ledger_teller import scenario

DAY = dt.date(2026, 4, 10)


@scenario
def test_a_list_that_was_cut_off_goes_on_with_the_next_numbers() -> None:
    """
    invoice  2025-10-01  2025/01343  100.00
    invoice  2025-10-02  2025/01344  107.00
    invoice  2025-10-03  2025/01346  128.00
    invoice  2025-10-04  2025/01349  163.00
    invoice  2025-10-05  2025/01351  212.00
    invoice  2025-10-06  2025/01353  275.00
    invoice  2025-10-07  2025/01356  352.00
    invoice  2025-10-08  2025/01358  443.00
    invoice  2025-10-09  2025/01361  548.00
    invoice  2025-10-10  2025/01362  667.00
    invoice  2025-10-11  2025/01364  800.00
    invoice  2025-10-12  2025/01367  947.00
    payment  2025-12-20  P-77  710.00  text "fra. 2025/01343 + 2025/01344 + 2025/013"
    => balance 4032.00
    => OVERPAYMENT 2025/01344 503.00
    => match P-77 2025/01343 100.00 confirmed remittance_text:exact_document
    => match P-77 2025/01344 107.00 confirmed remittance_text:exact_document
    => match P-77 2025/01346 128.00 suggested remittance_text:list
    => match P-77 2025/01349 163.00 suggested remittance_text:list
    => match P-77 2025/01351 212.00 suggested remittance_text:list
    """


@scenario
def test_what_is_left_of_a_list_is_for_the_next_numbers_that_come_to_it() -> None:
    """
    invoice  2026-01-01  RE-26571   613.37
    invoice  2026-01-02  RE-26572   610.87
    invoice  2026-01-03  RE-26573  1547.77
    invoice  2026-01-04  RE-26574   782.98
    invoice  2026-01-05  RE-26575   982.99
    payment  2026-02-20  P-77      2772.01  text "RE-26571"
    => balance 1765.97
    => OVERPAYMENT RE-26571 2158.64
    => match P-77 RE-26571 613.37 confirmed remittance_text:exact_document
    => match P-77 RE-26572 610.87 suggested remittance_text:list
    => match P-77 RE-26573 1547.77 suggested remittance_text:list
    """


@scenario
def test_of_two_rows_that_begin_later_neither_is_shown() -> None:
    """
    invoice  2026-01-01  RE-1001  100.00
    invoice  2026-01-02  RE-1002   11.00
    invoice  2026-01-03  RE-1003   20.00
    invoice  2026-01-04  RE-1004   30.00
    invoice  2026-01-05  RE-1005   20.00
    invoice  2026-04-05  RE-1006   30.00
    payment  2026-02-20  P-77     150.00  text "RE-1001"
    => balance 61.00
    => OVERPAYMENT RE-1001 50.00
    => match P-77 RE-1001 100.00 confirmed remittance_text:exact_document
    """


@scenario
def test_what_is_paid_twice_is_no_list_that_goes_on() -> None:
    """
    invoice  2026-01-01  RE-1001  100.00
    invoice  2026-01-02  RE-1002  100.00
    invoice  2026-01-03  RE-1003  100.00
    invoice  2026-01-04  RE-1004  100.00
    payment  2026-02-20  P-77     200.00  text "RE-1001, RE-1002"
    payment  2026-02-21  P-78     200.00  text "RE-1001, RE-1002"
    => balance 0
    => DUPLICATE P-78 200.00
    => match P-77 RE-1001 100.00 confirmed remittance_text:exact_document
    => match P-77 RE-1002 100.00 confirmed remittance_text:exact_document
    """


@scenario
def test_beside_a_number_that_nobody_has_no_list_goes_on() -> None:
    """
    invoice  2026-01-01  RE-1001  100.00
    invoice  2026-01-02  RE-1002  110.00
    invoice  2026-01-03  RE-1003  121.00
    invoice  2026-01-04  RE-1009   50.00
    payment  2026-02-20  P-77     331.00  text "RE-1001, RE-4077"
    payment  2026-02-20  P-78      50.00  text "RE-1009"
    => balance 0
    => match P-77 RE-1001 100.00 suggested remittance_text:exact_document
    => match P-77 RE-1002 110.00 suggested one_payment_many_documents
    => match P-77 RE-1003 121.00 suggested one_payment_many_documents
    => match P-78 RE-1009 50.00 confirmed remittance_text:exact_document
    """


def test_what_was_cut_off_is_the_beginning_of_a_number_near_those_that_are_named() -> None:
    numbers = ("202501343", "202501344")
    assert without_cut_end([("2025013",)], "2025/01343 + 2025/013", numbers) == []
    assert without_cut_end([("20250135",)], "2025/01343 + 2025/0135", numbers) == []
    assert without_cut_end([("20250275",)], "2025/01343 + 2025/0275", numbers) == [("20250275",)]
    assert without_cut_end([("2025013",)], "2025/013 + 2025/01343", numbers) == [("2025013",)]
    assert without_cut_end([("202501347",)], "2025/01343 + 2025/01347", numbers) == [("202501347",)]


def test_the_next_numbers_have_the_same_before_them() -> None:
    documents = (
        "RE-26-1001",
        "RE-26-1003",
        "RE-26-1002",
        "FT-26-1004",
        "RE-26-10015",
        "RE-26-9001",
        "A1002",
        "X",
    )
    asked, answered = Notes(), Notes()
    numbers = OpenNumbers([(number, [number], DAY) for number in documents], asked)
    assert numbers.following("RE-26-1001", 2026) == ("RE-26-1002", "RE-26-1003")
    assert numbers.following("RE-26-1003", 2026) == ()
    assert numbers.following("X", 2026) == ()
    OpenNumbers([("D", ["RE-26-2999"], DAY)], answered)
    assert not asked.asked.isdisjoint(answered.answered)


def test_the_next_numbers_with_a_month_and_a_year_behind() -> None:
    documents = ("FV/01158/09/2025", "FV/01160/10/2025", "FV/01159/09/2025")
    numbers = OpenNumbers([(number, [number], dt.date(2025, 10, 1)) for number in documents], None)
    assert numbers.following("FV/01158/09/2025", 2025) == ("FV/01159/09/2025", "FV/01160/10/2025")


@scenario
def test_one_document_alone_is_no_row() -> None:
    """
    invoice  2026-01-01  RE-1001  100.00
    invoice  2026-01-02  RE-1002  110.00
    invoice  2026-01-03  RE-1003  121.00
    payment  2026-02-20  P-77     221.00  text "RE-1001"
    => balance 110.00
    => OVERPAYMENT RE-1001 121.00
    => match P-77 RE-1001 100.00 confirmed remittance_text:exact_document
    => match P-77 RE-1003 121.00 suggested paid_before
    """


def test_sealed_records_are_asked_whether_their_number_has_a_month_behind() -> None:
    asked, answered = Notes(), Notes()
    assert OpenNumbers([], asked).written_behind("01158") == frozenset()
    OpenNumbers([("D", ["FV/01158/09/2025"], dt.date(2025, 9, 9))], answered)
    assert not asked.asked.isdisjoint(answered.answered)


def test_the_next_numbers_may_be_of_the_next_month_but_of_none_before() -> None:
    documents = ("FA2510-2415", "FA2509-2413", "FA2508-2416", "FA2510-2414", "FB2510-2417")
    numbers = OpenNumbers([(number, [number], DAY) for number in documents], None)
    assert numbers.following("FA2509-2413", 2025) == ("FA2510-2414", "FA2510-2415")


def test_the_next_numbers_of_many_figures() -> None:
    documents = ("26312000000052487319", "26312000000052487326", "25312000000052487327")
    numbers = OpenNumbers([(number, [number], DAY) for number in documents], None)
    assert numbers.following("26312000000052487319", 2026) == ("26312000000052487326",)
