"""What changed between two versions of a statement, and how statements are numbered and filed."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest

from domain.statements import Period, digest_of, parse_period
from services.reports.register import Registered, statement_number
from services.reports.restatement import compare
from services.reports.service import file_stem, write_once

JANUARY = parse_period("2011-01")


def row(document: str, debit: int, balance: int, date: str = "2011-01-05") -> dict[str, Any]:
    return {
        "date": date,
        "document_no": document,
        "kind": "INVOICE",
        "role": "POSTED",
        "debit_minor": debit,
        "credit_minor": 0,
        "balance_minor": balance,
    }


def item(document: str, open_minor: int) -> dict[str, Any]:
    return {
        "document_no": document,
        "kind": "INVOICE",
        "date": "2011-01-05",
        "due_date": "2011-02-04",
        "original_minor": open_minor,
        "allocated_minor": 0,
        "open_minor": open_minor,
    }


def figures(
    *lines: dict[str, Any], items: tuple[dict[str, Any], ...] = (), opening: int = 0
) -> dict[str, Any]:
    debit = sum(line["debit_minor"] for line in lines)
    return {
        "opening_minor": opening,
        "lines": list(lines),
        "open_items": list(items),
        "debit_minor": debit,
        "credit_minor": 0,
        "closing_minor": opening + debit,
    }


def test_the_same_figures_have_no_difference() -> None:
    one = figures(row("A", 100, 100), items=(item("A", 100),))
    assert compare(one, one).is_empty


def test_a_late_line_is_the_only_difference_though_every_balance_after_it_moved() -> None:
    before = figures(row("A", 100, 100), row("C", 1, 101))
    after = figures(row("A", 100, 100), row("B", 50, 150), row("C", 1, 151))
    difference = compare(before, after)
    assert [line["document_no"] for line in difference.added_lines] == ["B"]
    assert difference.removed_lines == ()
    assert difference.totals == {"debit_minor": (101, 151), "closing_minor": (101, 151)}
    assert not difference.is_empty


def test_a_corrected_amount_is_one_line_out_and_one_line_in() -> None:
    difference = compare(figures(row("A", 100, 100)), figures(row("A", 120, 120)))
    assert [line["debit_minor"] for line in difference.removed_lines] == [100]
    assert [line["debit_minor"] for line in difference.added_lines] == [120]


def test_equal_lines_are_counted() -> None:
    twice, once = figures(row("A", 1, 1), row("A", 1, 2)), figures(row("A", 1, 1))
    assert len(compare(twice, once).removed_lines) == 1
    assert compare(twice, once).added_lines == ()


def test_a_changed_opening_or_open_item_is_a_difference() -> None:
    assert compare(figures(), figures(opening=7)).totals == {"opening_minor": (0, 7), "closing_minor": (0, 7)}
    difference = compare(figures(items=(item("A", 5),)), figures(items=(item("A", 4),)))
    assert [i["open_minor"] for i in difference.removed_items] == [5]
    assert [i["open_minor"] for i in difference.added_items] == [4]


@pytest.mark.parametrize(
    ("currency", "period", "version", "number"),
    [
        ("EUR", "2011-01", 1, "ST-2011-01-EUR-C-1"),
        ("EUR", "2011-01", 3, "ST-2011-01-EUR.3-C-1"),
        (None, "2011-Q1", 1, "ST-2011-Q1-MULTI-C-1"),
        ("JPY", "2011-01-05..2011-02-03", 1, "ST-2011-01-05_2011-02-03-JPY-C-1"),
    ],
)
def test_statement_numbers(currency: str | None, period: str, version: int, number: str) -> None:
    assert statement_number("C-1", currency, parse_period(period), version) == number


def test_a_supplier_is_numbered_as_others_call_it() -> None:
    assert statement_number("supplier:C-1", "EUR", JANUARY, 2) == "SS-2011-01-EUR.2-C-1"


def test_no_two_statements_share_a_number() -> None:
    numbers = {
        statement_number(customer, currency, period, version)
        for customer in ("A", "EUR-A", "2-A", "2011-A", "MULTI-A", ".2-A", "supplier:A")
        for currency in ("EUR", "JPY", None)
        for period in (JANUARY, parse_period("2011"), Period(dt.date(2011, 1, 1), dt.date(2011, 1, 2)))
        for version in (1, 2)
    }
    assert len(numbers) == 7 * 3 * 3 * 2


@pytest.mark.parametrize(
    "hostile", ["../../etc/passwd", "a/b\\c", 'x"y', "nul\x00", "line\nbreak", "客户", "C" * 900]
)
def test_file_names_are_plain_whatever_the_customer_is_called(hostile: str) -> None:
    stem = file_stem(statement_number(hostile, "EUR", JANUARY, 1))
    assert stem.isascii()
    assert stem.isprintable()
    assert not set(stem) & set('/\\:*?"<>|\x00')
    assert len(stem) <= 150
    assert stem != file_stem(statement_number(hostile + "x", "EUR", JANUARY, 1))


def test_a_registered_row_proves_its_figures() -> None:
    content = figures(row("A", 100, 100))

    def registered(digest: str) -> Registered:
        return Registered(
            customer_id="C-1",
            currency="EUR",
            period=JANUARY,
            version=1,
            statement_no="x",
            digest=digest,
            figures=content,
            issued_at=dt.datetime(2011, 2, 1, tzinfo=dt.UTC),
        )

    assert registered(digest_of(content)).proves
    assert not registered("0" * 64).proves


def test_a_file_is_written_once_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "a.pdf"
    assert write_once(target, b"one")
    assert not write_once(target, b"one")
    assert write_once(target, b"two")
    assert target.read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["a.pdf"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.pdf"
    write_once(target, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_once(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.pdf"]
