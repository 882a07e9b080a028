"""The book as it is stored, and the digest that proves two books equal."""

from __future__ import annotations

from domain.books import new_book
from domain.digest import digest_of, figures
from domain.identity import stable_id
from streams.books_table import decode_book, encode_book
from tests.unit.ledger_teller import decoded, encoded, holds

FULL = """
    order          2026-01-05  INV-1001  121.00  order_id SO-1
    order.amended  2026-02-05  INV-1001  120.00  order_id SO-1  v 2
    order          2026-01-06  INV-1002   70.00  currency USD
    payment        2026-01-20  P-77      100.00  pays INV-1001 90.00  pays INV-1002 10.00  bank_reference B-1
    payment        2026-01-21  P-78       20.00  text "客户 INV-1001"
    statement S-1 2026-01-01..2026-01-31 opening 0 closing 1.00
      1 INV-1001 2026-01-05 121.00 running 121.00 ref OURS
    => balance 0
    => balance 70.00 USD
    => CURRENCY_MISMATCH P-77 10.00
    => SHORT_PAYMENT INV-1001 10.00
    => MISSING_IN_STATEMENT S-1 P-77 100.00
    => MISSING_IN_STATEMENT S-1 P-78 20.00
    => STATEMENT_ARITHMETIC S-1 120.00
"""


def test_a_book_reads_back_as_the_stream_wrote_it() -> None:
    book = holds(FULL)
    assert decode_book(encode_book(book)) == book
    assert encode_book(decode_book(encode_book(book))) == encode_book(book)


def test_the_scenarios_store_books_as_the_stream_does() -> None:
    book = holds(FULL)
    assert encoded(book) == encode_book(book)
    assert decoded(encoded(book)) == decode_book(encode_book(book))


def test_an_empty_book_reads_back() -> None:
    assert decode_book(encode_book(new_book("客-1"))) == new_book("客-1")


def test_the_digest_covers_balances_items_and_discrepancies() -> None:
    rows = list(figures(holds(FULL)))
    assert {row[0] for row in rows} == {"balance", "item", "discrepancy"}
    assert ("balance", "C-1", "EUR", "0") in rows
    assert (
        "item",
        "C-1",
        "EUR",
        "payment:bank/payment/P-78",
        "2000",
        "2000",
        "2026-01-21",
        "CLEARED",
    ) in rows


def test_the_digest_does_not_depend_on_the_order_of_its_rows() -> None:
    rows = list(figures(holds(FULL)))
    assert digest_of(rows) == digest_of(reversed(rows))
    assert len(digest_of(rows)) == 64


def test_the_digest_changes_with_any_figure() -> None:
    rows = sorted(figures(holds(FULL)))
    whole = digest_of(rows)
    for number, row in enumerate(rows):
        other = (*row[:-1], row[-1] + "1")
        assert digest_of([*rows[:number], other, *rows[number + 1 :]]) != whole
        assert digest_of([*rows[:number], *rows[number + 1 :]]) != whole


def test_the_digest_tells_fields_apart() -> None:
    assert digest_of([("ab", "c")]) != digest_of([("a", "bc")])


def test_a_stable_id_tells_its_parts_apart() -> None:
    assert stable_id("d", "ab", "c") != stable_id("d", "a", "bc")
    assert stable_id("d", "ab") == stable_id("d", "ab")
    assert stable_id("d", "ab").startswith("d-")


def test_items_without_any_line_are_not_in_the_digest() -> None:
    book = holds("""
        payment.pending  2026-01-19  P-77  50.00
        => balance 0
    """)
    assert [row[0] for row in figures(book)] == ["balance"]
