"""What payers say is not paid, in their languages; more in ``tests/scenarios/matching/pointers.md``."""

from __future__ import annotations

import time

import pytest

from domain.matching.excluded import parted
from tests.unit.ledger_teller import scenario


@scenario
def test_what_polish_excludes_is_not_what_is_paid() -> None:
    """
    invoice  2026-01-05  FV/02363/10/2025  21175.77
    invoice  2026-01-06  FV/02364/10/2025   3818.12
    invoice  2026-01-10  FV/02367/10/2025  14295.21
    payment  2026-01-20  P-77              24993.89  text "bez FV/02367/10/2025"
    => balance 14295.21
    => match P-77 FV/02363/10/2025 21175.77 confirmed one_payment_many_documents
    => match P-77 FV/02364/10/2025 3818.12 confirmed one_payment_many_documents
    """


@scenario
def test_a_telephone_number_names_no_document() -> None:
    """
    invoice  2026-01-05  40739  519.10
    invoice  2026-01-06  40746  319.00
    payment  2026-01-20  P-77   118.03  text "règlement facture 40746, tél. 0721/40739"
    => balance 720.07
    => SHORT_PAYMENT 40746 200.97
    => match P-77 40746 118.03 confirmed remittance_text:exact_document
    """


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("RE 40746 Tel. 0721 40739", "RE 40746 |"),
        ("call tel: +49 721 40739, 40746", "call |, 40746"),
        ("电话 40739 发票 40746", "| 发票 40746"),
        ("phone 40739 40746", "| 40746"),
        ("Hotel 40746", "Hotel 40746"),
    ],
)
def test_a_telephone_number_ends_where_the_next_one_begins(text: str, named: str) -> None:
    assert parted(text).named == named


@scenario
def test_figures_of_a_delivery_name_no_document_beside_one_that_is_named() -> None:
    """
    invoice  2026-01-05  6811910  3215.72
    invoice  2026-01-06  6811911   335.00
    payment  2026-01-20  P-77      184.25  text "6811911 / LS 6811910"
    => balance 3366.47
    => SHORT_PAYMENT 6811911 150.75
    => match P-77 6811911 184.25 confirmed remittance_text:exact_document
    """


@scenario
def test_figures_of_a_delivery_name_a_document_where_nothing_else_is_named() -> None:
    """
    invoice  2026-01-05  6811910  3215.72
    invoice  2026-01-06  6811911   335.00
    payment  2026-01-20  P-77      184.25  text "LS 6811910"
    => balance 3366.47
    => SHORT_PAYMENT 6811910 3031.47
    => match P-77 6811910 184.25 confirmed remittance_text:exact_document
    """


@scenario
def test_what_japanese_excludes_stands_before_the_word() -> None:
    """
    invoice  2026-01-05  0609556  21175.77
    invoice  2026-01-06  0609558   3818.12
    invoice  2026-01-10  0609559  14295.21
    payment  2026-01-20  P-77     24993.89  text "0609559を除く"
    => balance 14295.21
    => match P-77 0609556 21175.77 confirmed one_payment_many_documents
    => match P-77 0609558 3818.12 confirmed one_payment_many_documents
    """


@pytest.mark.parametrize(
    "text",
    [
        "10050 bez 10042",
        "10050 oprócz faktury 10042",
        "10050 z wyjątkiem FV 10042",
        "10050 poza 10042",
        "10050 sem a 10042",
        "10050 exceto fatura 10042",
        "10050 kromě 10042",
        "10050 s výjimkou faktury 10042",
        "10050 utan faktura 10042",
        "10050 förutom 10042",
        "10050 uden faktura 10042",
        "10050 bortset fra 10042",
        "10050 unntatt 10042",
        "10050 niet 10042",
        "10050 uitgezonderd 10042",
        "10050 10042以外",
        "10050 10042号を除き",
        "10050 10042 anulowana",
        "10050 10042 już zapłacona",
        "10050 10042 já paga",
        "10050 10042 reeds voldaan",
        "10050 10042 makulerad",
        "10050 10042 allerede betalt",
        "10050 10042 stornována",
        "10050 10042支払済み",
        "10050 10042 jest wstrzymana",
        "10050 10042 w reklamacji",
        "10050 10042 por pagar",
        "10050 10042 em disputa",
        "10050 10042 neuhrazeno",
        "10050 10042 är bestridd",
        "10050 10042 er omtvistet",
        "10050 10042は保留",
    ],
)
def test_payers_of_many_languages_exclude(text: str) -> None:
    assert "10042" in parted(text).excluded
    assert "10050" in parted(text).named


def test_japanese_excludes_a_whole_list() -> None:
    assert parted("10050 | 10042、10043を除く") == ("10050 | |", "10042、10043を除く", "")


def test_what_is_not_taken_off_is_no_document() -> None:
    for text in (
        "ohne Abzug 10042",
        "ohne MwSt 10042",
        "bez VAT 10042",
        "sans escompte 10042",
        "excl. btw 10042",
    ):
        assert "10042" in parted(text).named


def test_a_text_of_numbers_is_read_in_no_time() -> None:
    text = "、".join(f"RE-2026-{number:05}" for number in range(600))
    started = time.perf_counter()
    parted(text)
    assert time.perf_counter() - started < 1
