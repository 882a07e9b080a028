"""The workbook: exact to the cent, checking itself, and free of formulas from data."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal

import pytest

from domain import money
from services.reports.document import Customer
from services.reports.plain_text import inert
from services.reports.service import RENDERERS
from tests.unit.reports_samples import HOSTILE, busy, cells, document, line, small, statement_of, workbook


def test_excel_reads_back_to_the_cent() -> None:
    statement = busy(30)
    content = RENDERERS["xlsx"](document(statement))
    rows = cells(workbook(content), "EUR")
    lines = [row for row in rows if isinstance(row[3], int | float) and row[1]]
    assert len(lines) == len(statement.lines)
    for row, entry in zip(lines, statement.lines, strict=True):
        assert row[0] == dt.datetime.combine(entry.date, dt.time())
        assert row[1] == entry.document_no
        for value, amount_minor in (
            (row[3], entry.debit_minor),
            (row[4], entry.credit_minor),
            (row[5], entry.balance_minor),
        ):
            assert Decimal(str(value)) == money.to_decimal(amount_minor, "EUR")


def test_excel_checks_itself_with_formulas() -> None:
    statement = small()
    content = RENDERERS["xlsx"](document(statement))
    formulas = cells(workbook(content, values=False), "EUR")
    cached = cells(workbook(content), "EUR")
    first = next(n for n, row in enumerate(formulas) if row[2] == "Balance brought forward") + 1
    assert formulas[first][5] == f"=F{first}+D{first + 1}-E{first + 1}"
    total = next(row for row in formulas if row[2] == "Total of the period")
    assert total[3] == f"=SUM(D{first}:D{first + 2})"
    check = next(n for n, row in enumerate(formulas) if row[2] == "Check")
    assert formulas[check][5].startswith("=IF(ROUND(")
    assert cached[check][5] == "agrees"
    assert Decimal(str(cached[check - 1][5])) == Decimal("-7154.45")


def test_excel_has_sheets_per_currency_and_the_decimals_of_each() -> None:
    book = workbook(RENDERERS["xlsx"](document(small("EUR"), small("JPY"), small("KWD"))))
    assert book.sheetnames == ["EUR", "EUR Open", "JPY", "JPY Open", "KWD", "KWD Open"]
    number_formats = {
        sheet: {
            cell.number_format for row in book[sheet].iter_rows() for cell in row if "#" in cell.number_format
        }
        for sheet in ("EUR", "JPY", "KWD")
    }
    assert number_formats == {
        "EUR": {"#,##0.00;[Red]-#,##0.00"},
        "JPY": {"#,##0;[Red]-#,##0"},
        "KWD": {"#,##0.000;[Red]-#,##0.000"},
    }


def test_excel_open_items_sum_to_the_balance() -> None:
    statement = busy(30)
    rows = cells(workbook(RENDERERS["xlsx"](document(statement))), "EUR Open")
    items = [row for row in rows if isinstance(row[0], dt.datetime)]
    assert sum(Decimal(str(row[7])) for row in items) == money.to_decimal(statement.closing_minor, "EUR")
    ages = [row[1] for row in rows if row[0] in {"Current", "1–30", "31–60", "61–90", "91–120", "121+"}]
    assert sum(Decimal(str(value)) for value in ages) == money.to_decimal(statement.closing_minor, "EUR")


def test_an_amount_that_a_double_cannot_hold_is_text_and_no_formula_runs_over_it() -> None:
    statement = statement_of(
        [line(1, 9_007_199_254_740_993, dt.date(2011, 1, 5)), line(2, 1, dt.date(2011, 1, 6))]
    )
    content = RENDERERS["xlsx"](document(statement))
    rows = cells(workbook(content, values=False), "EUR")
    values = [cell for row in rows for cell in row if cell is not None]
    assert "90071992547409.93" in values
    assert "90071992547409.94" in values
    assert not any(isinstance(value, str) and value.startswith("=") for value in values)


@pytest.mark.parametrize("amount_minor", [999_999_999_999_999, 999_999_999_999_998, 100_000_000_000_001])
def test_fifteen_digits_are_exact_numbers(amount_minor: int) -> None:
    content = RENDERERS["xlsx"](document(statement_of([line(1, amount_minor, dt.date(2011, 1, 5))])))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert f"<v>{money.to_text(amount_minor, 'EUR')}</v>" in sheet


def test_excel_has_no_formula_from_the_data_and_no_clock() -> None:
    statement = statement_of(
        [line(n, 100, dt.date(2011, 1, 5), text) for n, text in enumerate(HOSTILE, start=1)]
    )
    customer = Customer(customer_id="=1+1", name="=cmd|' /C calc'!A0")
    content = RENDERERS["xlsx"](document(statement, customer=customer))
    rows = cells(workbook(content, values=False), "EUR")
    documents = {row[1] for row in rows if row[2] == "Invoice"}
    assert documents == {inert(text) for text in HOSTILE}
    assert "'=cmd|' /C calc'!A0 (=1+1)" in [row[1] for row in rows]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert workbook(content).properties.created == dt.datetime(2011, 2, 2, 8, 0)  # noqa: DTZ001
