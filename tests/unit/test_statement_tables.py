"""Tables as people and ledger programs print them: pages, sums, several tables in a sheet, damaged rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from domain.parties import Role
from services.imports.statements.draft import View
from services.imports.statements.events import Statement, statements_of, view_of_file
from services.imports.statements.formats import FileContent, Source, read_file
from services.imports.statements.options import Layout, StatementOptions
from services.imports.statements.reasons import Problem
from services.imports.statements.words import Field

HEADINGS = "Date,Document,Text,Debit,Credit,Balance\n"


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read_text(text: str, encoding: str = "utf-8", **asked: Any) -> FileContent:
        path = tmp_path / "a.csv"
        path.write_bytes(text.encode(encoding))
        asked = {"customer_id": "C-1", "layout": Layout(currency="EUR"), **asked}
        options = StatementOptions(**asked)
        return read_file(Source(path, options, options.layout))

    return read_text


def made(content: FileContent, asked: View = View.AUTO) -> list[Statement]:
    view = view_of_file(content.drafts, asked)
    found = [statements_of(draft, view) for draft in content.drafts]
    return [statement for one in found if not isinstance(one, Problem) for statement in one]


def told(statement: Statement) -> tuple[str, int, int, list[tuple[str, int]]]:
    """(customer, opening, closing, [(document, signed)]) in our view."""
    lines = [
        (line["document_no"], line["debit_minor"] - line["credit_minor"]) for line in statement.body["lines"]
    ]
    return statement.customer_id, statement.opening_minor, statement.closing_minor, lines


def reasons(content: FileContent) -> list[tuple[int, str]]:
    problems = [*content.problems, *(problem for draft in content.drafts for problem in draft.problems)]
    return [(problem.row, str(problem.reason)) for problem in problems]


# ---- pages, months and sums


def test_what_is_carried_over_to_the_next_page_is_no_opening_balance(read: Any) -> None:
    content = read(
        HEADINGS + "2026-01-01,,Balance brought forward,,,1000.00\n2026-01-05,INV-1,,200.00,,1200.00\n"
        "2026-01-05,,Balance carried forward,,,1200.00\n2026-01-05,,Balance brought forward,,,1200.00\n"
        "2026-01-25,PAY-2,,,100.00,1100.00\n2026-01-31,,Balance carried forward,,,1100.00\n"
    )
    [statement] = made(content)
    assert told(statement) == ("C-1", 100000, 110000, [("INV-1", 20000), ("PAY-2", -10000)])
    assert (str(statement.period_start), str(statement.period_end)) == ("2026-01-01", "2026-01-31")
    assert reasons(content) == []


@pytest.mark.parametrize(
    "words",
    [
        "当前合计",
        "当前累计",
        "1月合计",
        "2026年1月份合计",
        "合　　计",
        "Total for January",
        "Monthly total",
        "YTD totals",
    ],
)
def test_sums_among_the_lines_are_no_lines(read: Any, words: str) -> None:
    content = read(
        HEADINGS + "2026-01-01,,期初余额,,,0.00\n2026-01-05,转-12,采购,200.00,,200.00\n"
        f"2026-01-31,,{words},200.00,,200.00\n"
    )
    [statement] = made(content)
    assert told(statement) == ("C-1", 0, 20000, [("转-12", 20000)])
    assert reasons(content) == []


@pytest.mark.parametrize("words", ["Total Energies", "三月运费合计付款", "Sum insured"])
def test_a_line_whose_text_has_the_word_of_a_sum_stays_one(read: Any, words: str) -> None:
    [statement] = made(read(HEADINGS + f"2026-01-05,,{words},200.00,,200.00\n"))
    assert told(statement)[3] == [(words, 20000)]


def test_the_sums_of_several_months_are_not_those_of_the_statement(read: Any) -> None:
    content = read(
        HEADINGS + "2026-01-05,转-12,采购,200.00,,200.00\n2026-01-31,,本期合计,200.00,,\n"
        "2026-02-05,转-13,采购,300.00,,500.00\n2026-02-28,,本期合计,300.00,,\n"
    )
    [statement] = made(content)
    assert statement.body["total_debit_minor"] == 50000


# ---- several tables


@pytest.mark.parametrize(
    "between",
    [
        "\nCustomer no:,C-2\n" + HEADINGS,
        "Customer no: C-2\n",  # under the same headings
        "Customer no:,C-2\nDate,Document,Text,Debit,Credit\n",  # with other columns
    ],
)
def test_another_customers_table_below_is_not_the_first_ones(read: Any, between: str) -> None:
    content = read(
        f"Customer no:,C-1\n{HEADINGS}2026-01-01,,Opening balance,,,5.00\n2026-01-05,INV-1,,1.00,,6.00\n"
        f"{between}2026-01-01,,Opening balance,7.00,,\n2026-01-05,INV-2,,2.00,\n",
        customer_id=None,
    )
    assert [told(statement) for statement in made(content)] == [
        ("C-1", 500, 600, [("INV-1", 100)]),
        ("C-2", 700, 900, [("INV-2", 200)]),
    ]
    assert reasons(content) == []


def test_a_page_that_says_the_same_again_is_the_same_table(read: Any) -> None:
    head = f"Customer no:,C-1\nPeriod,2026-01\n{HEADINGS}"
    content = read(
        f"{head}2026-01-05,INV-1,,1.00,,1.00\nPage 2\n{head}2026-01-06,INV-2,,2.00,,3.00\nClosing balance,,,,,3.00\n"
    )
    assert [told(statement) for statement in made(content)] == [
        ("C-1", 0, 300, [("INV-1", 100), ("INV-2", 200)])
    ]


def test_a_table_above_a_wider_one_is_read_too(read: Any) -> None:
    content = read(
        "Customer no:,C-1\nDate,Document,Debit,Credit\n2026-01-01,Opening balance,0.00,\n2026-01-05,INV-1,100.00,\n\n"
        "Date,Document,Debit,Credit,Balance\n2026-02-05,INV-2,50.00,,150.00\n2026-02-06,INV-3,5.00,,155.00\n"
    )
    assert [told(statement)[3] for statement in made(content)] == [
        [("INV-1", 10000)],
        [("INV-2", 5000), ("INV-3", 500)],
    ]


def test_headings_over_two_rows_are_one(read: Any) -> None:
    content = read(
        "往来对账单\n日期,凭证号,摘要,本期发生额,,余额\n,,,借方,贷方,\n2026-01-01,,期初余额,,,10.00\n"
        "2026-01-05,转-1,采购,,2.00,12.00\n"
    )
    assert [told(statement) for statement in made(content)] == [("C-1", 1000, 1200, [("转-1", 200)])]


@pytest.mark.parametrize(
    ("title", "headings"),
    [
        ("明细账", "2026年,,凭证号数,摘要,借方,贷方,方向,余额\n月,日,,,,,,"),
        ("2026年1月明细账", "月,日,凭证号数,摘要,借方,贷方,方向,余额"),
    ],
)
def test_month_and_day_in_columns_of_their_own_are_dates(read: Any, title: str, headings: str) -> None:
    content = read(
        f"{title}\n客户：C-1\n{headings}\n,,,期初余额,,,贷,10.00\n01,05,转-0012,采购,,2.00,贷,12.00\n"
        f"1,31,付-0003,付款,5.00,,贷,7.00\n01,,,当前合计,5.00,2.00,贷,7.00\n2,30,转-1,采购,,1.00,贷,8.00\n"
    )
    [statement] = made(content)
    assert told(statement) == ("C-1", 1000, 800, [("转-0012", 200), ("付-0003", -500)])
    assert [line["date"] for line in statement.body["lines"]] == ["2026-01-05", "2026-01-31"]
    assert [(problem.row, problem.value) for problem in content.drafts[0].problems] == [
        (content.drafts[0].problems[0].row, "2026-2-30")
    ]


def test_every_sheet_with_a_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    titles = ["Date", "Document", "Debit", "Credit", "Balance"]
    with xlsxwriter.Workbook(path) as book:
        notes = book.add_worksheet("Notes")
        for row in range(90):
            notes.write(row, 0, "Please check and confirm.")
        sheets: dict[str, list[list[Any]]] = {
            "Jan": [["2026-01-05", "INV-1", 100, "", 100], ["2026-01-06", "INV-2", 100, "", 200]],
            # one line and one balance tell nothing about their side: the other sheets do
            "Feb": [["2026-02-05", "INV-3", 50, "", 250], ["2026-02-06", "INV-4", "5o", "", 300]],
        }
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, cells in enumerate([titles, *rows]):
                sheet.write_row(at, 0, cells)
    options = StatementOptions(customer_id="C-1")
    source = Source(path, options, Layout(currency="EUR"))
    content = read_file(source)
    assert [told(statement) for statement in made(content)] == [
        ("C-1", 0, 20000, [("INV-1", 10000), ("INV-2", 10000)]),
        ("C-1", 20000, 30000, [("INV-3", 5000)]),
    ]
    [problem] = [problem for draft in content.drafts for problem in draft.problems]
    assert (problem.row, problem.column) == (3, "Feb!Debit")
    mended = Source(path, options, Layout(currency="EUR"), corrections={3: {"Feb!Debit": "50"}})
    assert [len(statement.body["lines"]) for statement in made(read_file(mended))] == [2, 2]


# ---- whose, and on which side


def test_the_column_of_customers_says_whose_a_row_is_where_it_holds_our_ids(read: Any) -> None:
    text = "Customer,Date,Document,Debit,Credit,Balance\n{},2026-01-05,INV-1,1.00,,1.00\n{},2026-01-05,INV-2,2.00,,{}\n"
    ours = made(read(text.format("C-1", "C-2", "2.00")))
    assert [told(statement)[::3] for statement in ours] == [
        ("C-1", [("INV-1", 100)]),
        ("C-2", [("INV-2", 200)]),
    ]
    theirs = read(text.format("4711", "4712", "3.00"))  # their numbers
    assert [told(statement)[0] for statement in made(theirs)] == ["C-1"]
    assert (
        theirs.drafts[0].notes[0].sentence("en") == "the file names 4711, taken for C-1 as it was asked for."
    )


def test_one_customer_who_has_overpaid_does_not_turn_its_statement(read: Any) -> None:
    content = read(
        "Customer,Date,Document,Debit,Credit,Balance\nC-1,2026-01-05,INV-1,9.00,,9.00\nC-1,2026-01-06,INV-2,1.00,,10.00\n"
        "C-2,2026-01-05,PAY-1,,5.00,-5.00\n",
        customer_id=None,
    )
    assert [told(statement) for statement in made(content)] == [
        ("C-1", 0, 1000, [("INV-1", 900), ("INV-2", 100)]),
        ("C-2", 0, -500, [("PAY-1", -500)]),
    ]


def test_columns_that_say_what_is_owed_are_not_turned_by_a_view_that_is_kept(read: Any) -> None:
    text = "Date,Document,Invoiced,Paid\n2026-01-05,INV-1,100.00,\n"
    for view in View:
        content = read(text, layout=Layout(currency="EUR", view=view), opening="5")
        assert [told(statement) for statement in made(content, view)] == [
            ("C-1", 500, 10500, [("INV-1", 10000)])
        ]


def test_a_column_that_is_told_and_not_there_is_said(read: Any) -> None:
    layout = Layout(currency="EUR", columns={Field.DATE: "Wann", Field.TEXT: "Text"})
    content = read(HEADINGS + "2026-01-05,INV-1,,1.00,,1.00\n", layout=layout)
    assert [told(statement)[3] for statement in made(content)] == [[("INV-1", 100)]]
    assert content.drafts[0].notes[0].sentence("en") == "there is no column Wann, Date was read as date."
    assert not any("Text" in str(note) for note in content.drafts[0].notes)


@pytest.mark.parametrize("view", View)
def test_what_a_supplier_is_owed_is_a_credit_in_ours(read: Any, view: View) -> None:
    text = "Date,Document,Amount\n2026-01-05,R-1,100.00\n2026-01-06,PAY-1,-40.00\n"
    asked = {
        "customer_id": "supplier:S-1",
        "role": Role.SUPPLIER,
        "layout": Layout(currency="EUR", view=view),
    }
    [statement] = made(read(text, opening="5", **asked), view)
    assert told(statement) == ("supplier:S-1", -500, -6500, [("R-1", -10000), ("PAY-1", 4000)])


def test_what_has_no_side_is_what_is_owed_in_whoever_s_view_the_file_is(read: Any) -> None:
    text = "Date,Document,Amount\n2026-01-05,INV-1,100.00\n2026-01-06,PAY-1,-40.00\n"
    for view in View:
        content = read(text, layout=Layout(currency="EUR", view=view), opening="5")
        assert [told(statement) for statement in made(content, view)] == [
            ("C-1", 500, 6500, [("INV-1", 10000), ("PAY-1", -4000)])
        ]


def test_rows_that_are_not_sorted_by_date_are_read_in_the_order_of_their_balances(read: Any) -> None:
    text = (
        HEADINGS
        + "2026-01-06,INV-2,,40.00,,140.00\n2026-01-05,INV-1,,100.00,,100.00\n2026-01-07,P-3,,,20.00,120.00\n"
    )
    assert [told(statement) for statement in made(read(text))] == [
        ("C-1", 0, 12000, [("INV-1", 10000), ("INV-2", 4000), ("P-3", -2000)])
    ]
    as_it_stands = text.replace("140.00\n", "40.00\n").replace(",100.00\n", ",140.00\n")
    assert [told(statement)[3][0] for statement in made(read(as_it_stands))] == [("INV-2", 4000)]


@pytest.mark.parametrize(
    ("headings", "row"),
    [
        ("日期,單據編號,摘要,借方金額,貸方金額,餘額", "2026-01-05,INV-1,進貨,,1.00,1.00"),
        ("日期,单据编号,摘要,应收金额,收款金额,应收余额", "2026-01-05,INV-1,销售,1.00,,1.00"),
        ("Datum;Beleg;Text;Soll;Haben;Saldo", '05.01.2026;INV-1;;1,00;;"1,00 S"'),
        ("Datum;Beleg;Text;Soll;Haben;Saldo", "05 Mai 2026;INV-1;;1,00;;1,00S"),
        ("Date,Document,Text,Debit,Credit,Balance", '\'2026-01-05,"=""INV-1""",,"=""1.00""",,1.00'),
    ],
)
def test_words_and_signs_of_other_programs_are_known(read: Any, headings: str, row: str) -> None:
    content = read(f"{headings}\n{row}\n")
    assert [told(statement) for statement in made(content)] == [("C-1", 0, 100, [("INV-1", 100)])]


# ---- damaged rows


def test_rows_that_are_left_out_do_not_turn_the_others(read: Any) -> None:
    content = read(
        HEADINGS
        + "2026-01-01,,Opening balance,,,0.00\n2026-01-05,INV-1,,1OO.00,,100.00\n2026-13-06,INV-2,,200.00,,300.00\n"
        "2026-01-20,PAY-1,,,40.00,260.00\n"
    )
    [statement] = made(content)
    assert told(statement) == ("C-1", 0, 26000, [("PAY-1", -4000)])
    assert reasons(content) == [(3, "BAD_AMOUNT"), (4, "BAD_DATE")]


def test_the_first_and_the_last_row_tell_balances_even_if_they_are_left_out(read: Any) -> None:
    content = read(
        HEADINGS
        + "2026-13-05,INV-1,,100.00,,150.00\n2026-01-06,INV-2,,200.00,,350.00\n2026-01-07,INV-3,,30.00,,380.00\n"
        "2026-13-08,INV-4,,1.00,,381.00\n"
    )
    [statement] = made(content)
    assert told(statement)[1:3] == (5000, 38100)
    assert statement.gap_minor == 10100  # the two that are left out


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-01-06,INV-2,,1,000.00,,1100.00", "BAD_ROW"),  # thousands without quotation marks
        ("2026-01-06,,Rent,,,", "MISSING_AMOUNT"),
        ("2026-01-06,,Fee,n/a,,", "MISSING_AMOUNT"),
        ("2026-01-06,INV-2,Invoice,,,", "MISSING_AMOUNT"),
        ("2026-01-06,,Reference,,,", "MISSING_AMOUNT"),
        ("2026-01-06,INV-2,,1.5.0,,", "BAD_AMOUNT"),
        ('2026-01-06,INV-2,,"1,234,56",,', "BAD_AMOUNT"),
        ("0026-01-06,INV-2,,1.00,,", "BAD_DATE"),
        ("2206-01-06,INV-2,,1.00,,", "BAD_DATE"),
        ('2026-01-06,"INV-2,,1.00,,', "BAD_ROW"),
    ],
)
def test_a_damaged_row_is_named_and_never_read_as_another(read: Any, row: str, reason: str) -> None:
    content = read(HEADINGS + f"2026-01-05,INV-1,,100.00,,100.00\n{row}\n")
    [statement] = made(content)
    assert told(statement)[3] == [("INV-1", 10000)]
    assert reasons(content) == [(3, reason)]
    assert statement.rows_left_out


def test_a_row_that_cannot_be_read_leaves_the_opening_balance_open(read: Any) -> None:
    content = read('Date,Document,Debit,Credit\n2026-01-05,INV-1,100.00,\n2026-01-06,"INV-2,1.00,\n')
    content.drafts[0].closing_minor = 10100
    assert made(content) == []  # less the lines it would be 1.00


def test_a_row_of_zeros_is_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(
            [["Date", "Text", "Debit", "Credit"], ["2026-01-05", "free of charge", 0, 0]]
        ):
            sheet.write_row(at, 0, row)
    content = read_file(
        Source(path, StatementOptions(customer_id="C-1", opening="0"), Layout(currency="EUR"))
    )
    assert [told(statement)[3] for statement in made(content)] == [[("free of charge", 0)]]


def test_words_below_the_table_are_no_rows(read: Any) -> None:
    content = read(
        HEADINGS + "2026-01-05,INV-1,,100.00,,100.00\n\nPrinted on 2026-02-01\n2026-02-01\n制表人,张三\n"
    )
    assert reasons(content) == []


# ---- currencies beside amounts


@pytest.mark.parametrize("amount", ["USD 450.00", "450.00 USD", "US$450.00", "$ 450.00 USD"])
def test_an_amount_in_another_currency_is_no_line_of_the_statement(read: Any, amount: str) -> None:
    text = HEADINGS + f"2026-01-05,INV-1,,{amount},,\n2026-01-06,INV-2,,EUR 5.00,,€ 5.00\n"
    content = read(text, opening="0")
    assert reasons(content) == [(2, "OTHER_CURRENCY")]
    [problem] = content.drafts[0].problems
    assert problem.sentence("en") == f"{amount} is not in EUR, as the statement is."
    assert [line.document_no for line in content.drafts[0].lines] == ["INV-2"]


@pytest.mark.parametrize("amount", ["EUR 450.00", "450.00€", "$450.00", "£450.00"])
def test_an_amount_in_its_own_currency_or_beside_a_sign_of_several_is_read(read: Any, amount: str) -> None:
    content = read(HEADINGS + f"2026-01-05,INV-1,,{amount},,\n", opening="0")
    assert reasons(content) == []
