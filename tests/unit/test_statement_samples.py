"""Every sample of a statement file, good and damaged: what is read of it, row by row, or why it is not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from services.imports.statements.draft import View
from services.imports.statements.events import statements_of
from services.imports.statements.formats import Source, read_file
from services.imports.statements.options import Layout, StatementOptions
from services.imports.statements.reasons import FileRefusedError, Problem

SAMPLES = Path(__file__).parents[1] / "samples" / "statements"

Line = tuple[int, str, str, int]
"""(row, document, date, signed in our view: what they owe rises with plus)."""


@dataclass(frozen=True)
class Expected:
    """One statement, in our view."""

    lines: list[Line]
    opening: int
    closing: int
    currency: str = "EUR"
    customer: str = "C-1"
    period: str = "2026-01-01..2026-01-31"
    problems: list[tuple[int, str]] = field(default_factory=list)
    running: list[int | None] | None = None


INVOICE, PAYMENT = "INV-1001", "PAY-9"


def two(
    first_row: int, invoice: int = 12100, payment: int = 10000, second_row: int | None = None
) -> list[Line]:
    return [
        (first_row, INVOICE, "2026-01-05", invoice),
        (second_row or first_row + 1, PAYMENT, "2026-01-20", -payment),
    ]


GOOD: dict[str, list[Expected]] = {
    # their view: our invoice stands in their credit
    "csv_theirs.csv": [Expected(two(7), 10000, 12100, running=[22100, 12100])],
    # the balance is positive in debit: our statement sent back
    "csv_ours.csv": [Expected(two(6), 10000, 12100, running=[22100, 12100])],
    "csv_theirs_negative_balance.csv": [Expected(two(6), 10000, 12100, running=[22100, 12100])],
    "csv_newest_first.csv": [Expected(two(6, second_row=5), 10000, 12100, running=[22100, 12100])],
    "csv_signed_amount.csv": [Expected(two(4), 10000, 12100, running=[22100, 12100])],
    "csv_amount_direction.csv": [Expected(two(6), 10000, 12100)],
    "csv_german_latin1.csv": [Expected(two(5, 123456), 110000, 223456, running=[233456, 223456])],
    "csv_zh_gb18030.csv": [
        Expected(two(6, 1234560, 100000), 100000, 1234560, "CNY", running=[1334560, 1234560])
    ],
    "csv_zh_utf16.csv": [Expected(two(6, 50000, 50000), 0, 0, "CNY", running=[50000, 0])],
    "csv_zh_bom_crlf.csv": [Expected(two(2, 50000, 20000), 0, 30000, "CNY", running=[50000, 30000])],
    "csv_jpy.csv": [Expected(two(5, 12100, 2100), 0, 10000, "JPY", running=[12100, 10000])],
    "csv_kwd.csv": [Expected(two(5, 12105, 2100), 0, 10005, "KWD", running=[12105, 10005])],
    "csv_accounting_signs.csv": [
        Expected(
            [
                (6, INVOICE, "2026-01-05", 123450),
                (7, "CN-3", "2026-01-07", -3450),
                (8, PAYMENT, "2026-01-20", -20000),
            ],
            0,
            100000,
        )
    ],
    "csv_month_first.csv": [Expected(two(6, 12100, 2100), 0, 10000, "USD")],
    "csv_day_first_by_period.csv": [
        Expected([(6, INVOICE, "2026-01-05", 12100), (7, PAYMENT, "2026-01-10", -2100)], 0, 10000, "GBP")
    ],
    "csv_two_customers.csv": [
        Expected([(2, "INV-1", "2026-01-05", 1000)], 0, 1000, running=[1000]),
        Expected(
            [(3, "INV-2", "2026-01-06", 2000), (5, "PAY-2", "2026-01-09", -500)],
            0,
            1500,
            customer="C-2",
            running=[2000, 1500],
        ),
        Expected([(4, "INV-3", "2026-01-07", 3000)], 0, 3000, "USD", running=[3000]),
    ],
    "csv_no_movement.csv": [Expected([], 5500, 5500)],
    "csv_repeated_heading.csv": [
        Expected(two(5, 12100, 2100, second_row=8), 0, 10000, running=[12100, 10000])
    ],
    "csv_template_en.csv": [Expected(two(10), 10000, 12100, running=[22100, 12100])],
    "camt053_v08.xml": [Expected(two(1), 10000, 12100)],
    "camt053_v02.xml": [Expected(two(1), 10000, 12100)],
    "camt053_utf16.xml": [Expected(two(1), 10000, 12100)],
    "camt053_structured_v13.xml": [Expected(two(1), 10000, 12100)],
    "camt053_batch.xml": [
        Expected(
            [
                (1, INVOICE, "2026-01-05", 10000),
                (2, "INV-1002", "2026-01-05", 2100),
                (3, PAYMENT, "2026-01-20", -10000),
            ],
            10000,
            12100,
        )
    ],
    "camt052.xml": [Expected(two(1), 10000, 12100)],
    "camt054.xml": [Expected(two(1), 10000, 12100)],
    "mt940.sta": [Expected(two(5, second_row=7), 10000, 12100)],
    "mt940_crlf.sta": [Expected(two(5, second_row=7), 10000, 12100)],
    "mt940_swift.sta": [Expected(two(6, second_row=8), 10000, 12100)],
    "mt940_two_pages.sta": [
        Expected(
            [
                *two(5, second_row=7),
                (15, INVOICE, "2026-02-05", 12100),
                (17, PAYMENT, "2026-02-20", -10000),
            ],
            10000,
            14200,
            period="2026-01-01..2026-02-28",
        ),
    ],
    "mt942.sta": [Expected(two(6, second_row=8), 10000, 12100)],
    "ofx1_sgml.ofx": [Expected(two(1), 10000, 12100)],
    "ofx2_xml.ofx": [Expected(two(1), 10000, 12100)],
    "qif.qif": [Expected(two(7, second_row=12), 10000, 12100)],
    "json_object.json": [Expected(two(1), 10000, 12100, running=[22100, 12100])],
    "json_events.ndjson": [Expected(two(1), 10000, 12100, running=[22100, 12100])],
    "avro_events.avro": [Expected(two(1), 10000, 12100, running=[22100, 12100])],
    # taken in as it is: the domain finds STATEMENT_ARITHMETIC
    "csv_does_not_add_up.csv": [Expected([(7, INVOICE, "2026-01-05", 12100)], 10000, 50000)],
}

#: rows that are left out, and the statement that the others make
DAMAGED_ROWS: dict[str, list[Expected]] = {
    "bad_rows.csv": [
        Expected(
            two(6, 12100, 2100, second_row=13),
            0,
            10000,
            problems=[
                (7, "BAD_DATE"),
                (8, "MISSING_DATE"),
                (9, "BAD_AMOUNT"),
                (10, "MISSING_AMOUNT"),
                (11, "BOTH_SIDES"),
                (12, "TOO_MANY_DECIMALS"),
            ],
        )
    ],
    "bad_direction.csv": [
        Expected([(5, INVOICE, "2026-01-05", 12100)], 0, 12100, problems=[(6, "BAD_DIRECTION")])
    ],
    "bad_customer_and_currency.csv": [
        Expected(
            [(2, "INV-1", "2026-01-05", 1000)],
            0,
            1000,
            problems=[(3, "MISSING_CUSTOMER"), (4, "BAD_CURRENCY")],
        )
    ],
    "bad_ambiguous_amount.csv": [
        Expected(
            [(6, "INV-1002", "2026-01-06", 12500), (7, "INV-1003", "2026-01-07", 12500)],
            0,
            25000,
            "KWD",
            problems=[(5, "AMBIGUOUS_AMOUNT")],
        )
    ],
    "bad_camt_rows.xml": [
        Expected(
            two(1, second_row=8),
            10000,
            12100,
            problems=[
                (2, "BAD_AMOUNT"),
                (3, "BAD_DIRECTION"),
                (4, "BAD_DATE"),
                (5, "BAD_CURRENCY"),
                (6, "BATCH_DOES_NOT_ADD_UP"),
                (7, "BAD_AMOUNT"),
            ],
        )
    ],
    "bad_mt940_entry.sta": [
        Expected(two(5, second_row=11), 10000, 12100, problems=[(7, "BAD_ROW"), (9, "TOO_MANY_DECIMALS")])
    ],
    "bad_ofx_rows.ofx": [
        Expected(
            two(1, second_row=5),
            10000,
            12100,
            problems=[(2, "BAD_DATE"), (3, "BAD_AMOUNT"), (4, "MISSING_AMOUNT")],
        )
    ],
    "bad_qif_rows.qif": [
        Expected(two(7, second_row=19), 10000, 12100, problems=[(12, "BAD_DATE"), (16, "BAD_AMOUNT")])
    ],
    "bad_json_rows.json": [
        Expected(two(1, second_row=4), 10000, 12100, problems=[(3, "BAD_ROW"), (2, "BAD_AMOUNT")])
    ],
    "bad_json_event.ndjson": [Expected(two(1), 10000, 12100, problems=[(1, "BAD_ROW")])],
    "bad_quote.csv": [Expected([(5, INVOICE, "2026-01-05", 12100)], 0, 12100, problems=[(6, "BAD_ROW")])],
}

#: files, or their only statement, of which nothing can be taken in
REFUSED: dict[str, str] = {
    "bad_ambiguous_dates.csv": "DATE_ORDER_AMBIGUOUS",
    "bad_binary.csv": "UNKNOWN_FORMAT",
    "bad_empty.csv": "EMPTY_FILE",
    "bad_avro_cut.avro": "UNREADABLE",
    "bad_camt_cut.xml": "UNREADABLE",
    "bad_camt_entities.xml": "HOSTILE",
    "bad_camt_external.xml": "HOSTILE",
    "bad_camt_pain.xml": "UNREADABLE",
    "bad_json_cut.json": "UNREADABLE",
    "bad_mt940_balance.sta": "NO_BALANCE",
    "bad_mt940_headless.sta": "UNREADABLE",
    "bad_ofx_cut.ofx": "NO_BALANCE",
    "bad_ofx_entities.ofx": "HOSTILE",
    "bad_qif_dates.qif": "DATE_ORDER_AMBIGUOUS",
    "bad_no_balance.csv": "NO_BALANCE",
    "bad_no_currency.csv": "NO_CURRENCY",
    "bad_no_customer.csv": "NO_CUSTOMER",
    "bad_no_heading.csv": "NO_HEADING",
    "bad_old_excel.xls": "UNREADABLE",
    "bad_nothing_readable.csv": "BAD_PERIOD",
}


def asked(name: str) -> tuple[StatementOptions, Layout]:
    """What a person has to say beside the file: formats of banks do not name our customer."""
    ours = {".xml", ".sta", ".ofx", ".qif"}
    opening = "100" if name in ("camt054.xml", "mt942.sta", "bad_ofx_rows.ofx") else None
    period = (dt.date(2026, 1, 1), dt.date(2026, 1, 31)) if name == "mt942.sta" else None
    customer = "C-1" if Path(name).suffix in ours else None
    currency = "EUR" if name.endswith(".qif") else None
    return (
        StatementOptions(customer_id=customer, opening=opening, period=period),
        Layout(currency=currency),
    )


def read(name: str) -> tuple[list[Expected | Problem], list[Problem]]:
    """What a sample gives: its statements, or why there is none, and the rows that were left out."""
    content = read_file(Source(SAMPLES / name, *asked(name)))
    made: list[Expected | Problem] = []
    left_out = list(content.problems)
    for draft in content.drafts:
        left_out += draft.problems
        statements = statements_of(draft, View.AUTO)
        if isinstance(statements, Problem):
            made.append(statements)
            continue
        for statement in statements:
            body = statement.body
            assert statement.gap_minor == 0 or name == "csv_does_not_add_up.csv"
            assert body["line_count"] == len(body["lines"])
            running = [line["running_balance_minor"] for line in body["lines"]]
            made.append(
                Expected(
                    [
                        (
                            line["line_no"],
                            line["document_no"],
                            line["date"],
                            line["debit_minor"] - line["credit_minor"],
                        )
                        for line in body["lines"]
                    ],
                    statement.opening_minor,
                    statement.closing_minor,
                    statement.currency,
                    statement.customer_id,
                    f"{body['period_start']}..{body['period_end']}",
                    running=running if any(balance is not None for balance in running) else None,
                )
            )
    return made, left_out


@pytest.mark.parametrize("name", GOOD)
def test_a_good_sample_is_read_whole(name: str) -> None:
    assert read(name) == (GOOD[name], [])


@pytest.mark.parametrize("name", DAMAGED_ROWS)
def test_a_damaged_row_is_reported_and_the_others_are_taken(name: str) -> None:
    made, left_out = read(name)
    found = [(problem.row, str(problem.reason)) for problem in left_out]
    [expected] = DAMAGED_ROWS[name]
    [statement] = [one for one in made if isinstance(one, Expected) and one.customer == "C-1"]
    assert found == expected.problems
    assert (statement.lines, statement.opening, statement.closing) == (
        expected.lines,
        expected.opening,
        expected.closing,
    )
    for problem in left_out:
        assert len(problem.sentence("en")) > 10
        assert any("\u4e00" <= sign <= "\u9fff" for sign in problem.sentence("zh"))


@pytest.mark.parametrize("name", REFUSED)
def test_a_sample_of_which_nothing_can_be_taken_says_why(name: str) -> None:
    try:
        made, _ = read(name)
    except FileRefusedError as error:
        reason = error.problem.reason
    else:
        [problem] = made
        assert isinstance(problem, Problem)
        reason = problem.reason
    assert reason == REFUSED[name]


def test_every_sample_is_in_a_table_here() -> None:
    names = {path.name for path in SAMPLES.iterdir()} - {"README.md"}
    assert names == {*GOOD, *DAMAGED_ROWS, *REFUSED}
