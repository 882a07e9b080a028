"""The same account as programs of several houses export it: SAP, DATEV, QuickBooks, Xero, 用友, 金蝶."""

from __future__ import annotations

import datetime as dt
import string
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from services.imports.notes import SENTENCES, Note, NoteCode
from services.imports.statements.draft import View
from services.imports.statements.events import Statement, statements_of, view_of_file
from services.imports.statements.formats import FileContent, Source, read_file
from services.imports.statements.options import Layout, StatementOptions
from services.imports.statements.reasons import FileRefusedError, Problem

LINES = [
    ("RE-2026-0001", 1210050),
    ("RE-2026-0002", 45000),
    ("ZE-501", -100000),
    ("GS-2026-01", -5000),
    ("ZE-502", -1210050),
]

SAP_LIST = """Kreditor      70021
Name          Lieferant GmbH
-----------------------------------------------------------------------------------------------------------
|S|Zuordnung   |Belegnr   |Art|Belegdatum|Buch.datum|Nettofäll. |  Betrag in HW|HWähr|Referenz    |Text    |
-----------------------------------------------------------------------------------------------------------
|*|            |5100000121|RE |05.01.2026|05.01.2026|04.02.2026 |    12.100,50-|EUR  |RE-2026-0001|Ware    |
|*|            |5100000122|RE |12.01.2026|12.01.2026|11.02.2026 |       450,00-|EUR  |RE-2026-0002|        |
|*|            |5100000123|ZP |14.01.2026|14.01.2026|           |     1.000,00 |EUR  |ZE-501|        |
|*|            |5100000124|KG |20.01.2026|20.01.2026|           |        50,00 |EUR  |GS-2026-01|        |
|*|            |5100000125|ZP |28.01.2026|28.01.2026|           |    12.100,50 |EUR  |ZE-502|        |
-----------------------------------------------------------------------------------------------------------
|**Konto 70021                                              |       600,00 |EUR  |            |            |
"""
SAP_TABLE = """Account\tDocument Number\tReference\tType\tPosting Date\tAmount in local currency\tLocal Currency\tText
70021\tRE-2026-0001\t4711\tRE\t05.01.2026\t-12,100.50\tEUR\tGoods
70021\tRE-2026-0002\t4712\tRE\t12.01.2026\t-450.00\tEUR\t
70021\tZE-501\t\tZP\t14.01.2026\t1,000.00\tEUR\t
70021\tGS-2026-01\t\tKG\t20.01.2026\t50.00\tEUR\t
70021\tZE-502\t\tZP\t28.01.2026\t12,100.50\tEUR\t
70021\t\t\t\t\t600.00\tEUR\t
"""
DATEV = """"Konto";"Datum";"Gegenkonto";"Buchungstext";"Beleg1";"Umsatz Soll";"Umsatz Haben";"Saldo";"S/H"
70021;"01.01.2026";;"Eröffnungsbilanz";"";;;1000,00;"H"
70021;"05.01.2026";3400;"Ware";"RE-2026-0001";;12100,50;13100,50;"H"
70021;"12.01.2026";3400;"Ware";"RE-2026-0002";;450,00;13550,50;"H"
70021;"14.01.2026";1200;"Zahlung";"ZE-501";1000,00;;12550,50;"H"
70021;"20.01.2026";3400;"Gutschrift";"GS-2026-01";50,00;;12500,50;"H"
70021;"28.01.2026";1200;"Zahlung";"ZE-502";12100,50;;400,00;"H"
"""
QUICKBOOKS = """Acme Services LLC,,,,,,
Vendor Balance Detail,,,,,,
,Date,Transaction type,Num,Due date,Amount,Balance
Lieferant Inc.,,,,,,
,Beginning Balance,,,,,"€1,000.00"
,01/05/2026,Bill,RE-2026-0001,02/04/2026,"12,100.50","13,100.50"
,01/12/2026,Bill,RE-2026-0002,02/11/2026,450.00,"13,550.50"
,01/14/2026,Bill Payment,ZE-501,,"-1,000.00","12,550.50"
,01/20/2026,Vendor Credit,GS-2026-01,,-50.00,"12,500.50"
,01/28/2026,Bill Payment,ZE-502,,"-12,100.50",400.00
Total for Lieferant Inc.,,,,,€400.00,
,,,,,,
"Monday, February 2, 2026 09:00 AM GMT-5",,,,,,
"""
XERO = """Account Transactions
For the period 1 January 2026 to 31 January 2026
Date,Source,Description,Reference,Currency,Debit (EUR),Credit (EUR),Running Balance (EUR),Gross (EUR)
Opening Balance,,,,,0.00,"1,000.00",,
5 Jan 2026,Payable Invoice,Goods,RE-2026-0001,EUR,0.00,"12,100.50","(13,100.50)","12,100.50"
12 Jan 2026,Payable Invoice,Goods,RE-2026-0002,EUR,0.00,450.00,"(13,550.50)",450.00
14 Jan 2026,Payable Payment,Payment,ZE-501,EUR,"1,000.00",0.00,"(12,550.50)","1,000.00"
20 Jan 2026,Payable Credit Note,Credit,GS-2026-01,EUR,50.00,0.00,"(12,500.50)",50.00
28 Jan 2026,Payable Payment,Payment,ZE-502,EUR,"12,100.50",0.00,(400.00),"12,100.50"
Total,,,,,"13,150.50","12,550.50",(400.00),
Closing Balance,,,,,0.00,400.00,,
"""


TALLY = """Bharat Traders Pvt Ltd,,,,,
Lieferant - Ledger Account,,,,,
1-Jan-26 to 31-Jan-26,,,,,
Date,Particulars,Vch Type,Vch No.,Debit,Credit
1-Jan-26,By Opening Balance,,,,"€1,000.00"
5-Jan-26,By Purchase,Purchase,RE-2026-0001,,"12,100.50"
12-Jan-26,By Purchase,Purchase,RE-2026-0002,,450.00
14-Jan-26,To HDFC Bank,Payment,ZE-501,"1,000.00",
20-Jan-26,To Purchase Return,Debit Note,GS-2026-01,50.00,
28-Jan-26,To HDFC Bank,Payment,ZE-502,"12,100.50",
,,,,"13,150.50","13,550.50"
,To Closing Balance,,,400.00,
,,,,"13,550.50","13,550.50"
"""
YONYOU = """2026年,,凭证号,摘要,借方,贷方,方向,余额
月,日,,,,,,
01,01,,期初余额,,,贷,"€1,000.00"
01,05,RE-2026-0001,采购,,"12,100.50",贷,"13,100.50"
,12,RE-2026-0002,采购,,450.00,贷,"13,550.50"
,14,ZE-501,付款,"1,000.00",,贷,"12,550.50"
,20,GS-2026-01,退货,50.00,,贷,"12,500.50"
,28,ZE-502,付款,"12,100.50",,贷,400.00
,,,本月合计,"13,150.50","12,550.50",贷,400.00
"""


def read(path: Path, data: str, encoding: str = "utf-8", opening: str | None = None) -> FileContent:
    path.write_bytes(data.encode(encoding))
    return read_file(Source(path, StatementOptions(customer_id="C-1", opening=opening), Layout()))


def told(content: FileContent) -> tuple[str, int, int, list[tuple[str, int]]]:
    """(currency, opening, closing, lines) in our view; nothing may be left out."""
    problems = [*content.problems, *(problem for draft in content.drafts for problem in draft.problems)]
    assert problems == []
    view = view_of_file(content.drafts, View.AUTO)
    [draft] = content.drafts
    made = statements_of(draft, view)
    assert not isinstance(made, Problem)
    [statement] = made
    return statement.currency, statement.opening_minor, statement.closing_minor, lines_of(statement)


def lines_of(statement: Statement) -> list[tuple[str, int]]:
    """By their reference where there is one: SAP's own numbers are nobody else's."""
    return [(named(line), line["debit_minor"] - line["credit_minor"]) for line in statement.body["lines"]]


def named(line: dict[str, Any]) -> str:
    own = str(line["document_no"])
    return str(line["their_reference"]) if own.startswith("51000") else own


@pytest.mark.parametrize(
    ("data", "encoding", "opening"),
    [
        (SAP_LIST, "utf-16", "-1000"),
        (SAP_TABLE, "utf-8", "-1000"),
        (DATEV, "cp1252", None),
        (QUICKBOOKS, "utf-8", None),
        (TALLY, "utf-8", None),
        (YONYOU, "gb18030", None),
    ],
    ids=["sap-list", "sap-table", "datev", "quickbooks", "tally", "yonyou"],
)
def test_an_account_is_read_as_its_program_exports_it(
    tmp_path: Path, data: str, encoding: str, opening: str | None
) -> None:
    if data is DATEV:
        data = "Währung;EUR\n" + data
    assert told(read(tmp_path / "a", data, encoding, opening)) == ("EUR", 100000, 40000, LINES)


def test_a_table_of_xero_is_read_by_its_references(tmp_path: Path) -> None:
    assert told(read(tmp_path / "a.csv", XERO)) == ("EUR", 100000, 40000, LINES)


def test_a_workbook_whose_running_balance_is_headed_as_the_last_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("往来对账单")
    rows: list[list[Any]] = [
        ["日期", "单据类型", "单据编号", "摘要", "币别", "本期应付", "本期付款", "期末余额"],
        ["", "", "", "期初余额", "", "", "", 1000],
    ]
    balance = 1000.0
    for day, (document, minor) in zip((5, 12, 14, 20, 28), LINES, strict=True):
        balance += minor / 100
        sides = [minor / 100, ""] if minor > 0 else ["", -minor / 100]
        rows.append([f"2026-01-{day:02}", "单据", document, "", "人民币", *sides, balance])
    rows.append(["合计", "", "", "", "", 12550.5, 13150.5, 400])
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    content = read_file(Source(path, StatementOptions(customer_id="C-1"), Layout()))
    assert told(content) == ("CNY", 100000, 40000, LINES)
    assert content.drafts[0].lines[0].date == dt.date(2026, 1, 5)


@pytest.mark.parametrize(
    "headings",
    [
        "Document,,Amount,,Balance\nDate,No.,Debit,Credit,\n",
        "单据,,本期发生额,,余额\n日期,编号,借方,贷方,\n",
        ",Document,Amount,,Balance\nDate,No.,Debit,Credit,\n",
    ],
)
def test_a_heading_that_only_its_merged_one_explains_is_read_with_it(tmp_path: Path, headings: str) -> None:
    text = f"Currency,EUR\n{headings}2026-01-05,RE-1,,5.00,-5.00\n2026-01-06,ZE-1,1.00,,-4.00\n"
    assert told(read(tmp_path / "a", text)) == ("EUR", 0, 400, [("RE-1", 500), ("ZE-1", -100)])


def test_a_month_that_no_row_has_named_yet_is_not_that_of_the_last_row(tmp_path: Path) -> None:
    text = (
        "Currency,EUR\n2026年,,凭证号,借方,贷方,余额\n月,日,,,,\n,05,记-1,,5.00,5.00\n02,06,记-2,,1.00,6.00\n"
    )
    [problem] = read(tmp_path / "a", text).drafts[0].problems
    assert (problem.row, problem.reason) == (4, "MISSING_DATE")


@pytest.mark.parametrize(
    ("column", "closing"),
    [(",70.00,", 7000), (",,70.00", 7000), (",71.00,", -7100), (",,71.00", 7100)],
)
def test_the_balance_of_an_account_ruled_off_stands_on_the_lesser_side(
    tmp_path: Path, column: str, closing: int
) -> None:
    """On either side it is what the lines come to; what they do not come to stays as it is written."""
    rows = "2026-01-01,Balance b/d,,100.00\n2026-01-15,RE-1,,20.00\n2026-01-20,P-1,50.00,\n"
    text = f"Currency,EUR\nDate,Document,Debit,Credit\n{rows}2026-01-31,Balance c/d{column}\n"
    assert told(read(tmp_path / "a", text))[1:3] == (10000, closing)


# ---- rows without a word


HEADINGS = "Date,Document,Debit,Credit,Balance,Currency\n"


def test_a_row_without_a_date_that_is_no_sum_of_the_rows_before_it_is_a_line_that_lost_its_date(
    tmp_path: Path,
) -> None:
    lines = "2026-01-05,INV-1,5.00,,,EUR\n2026-01-06,INV-2,6.00,,,EUR\n"
    content = read(tmp_path / "a", HEADINGS + lines + ",,11.01,,,EUR\n", opening="0")
    assert [(problem.row, problem.reason) for problem in content.drafts[0].problems] == [(4, "MISSING_DATE")]
    content = read(tmp_path / "b", HEADINGS + lines + ",,11.00,,,EUR\n", opening="0")
    assert content.drafts[0].problems == []


def test_a_balance_alone_is_brought_forward_only_before_the_lines_and_without_a_document(
    tmp_path: Path,
) -> None:
    line = "2026-01-05,INV-1,5.00,,15.00,EUR\n"
    content = read(tmp_path / "a", HEADINGS + "2026-01-01,,,,10.00,EUR\n" + line)
    assert told(content)[1:3] == (1000, 1500)
    for row in ("2026-01-01,INV-0,,,10.00,EUR\n" + line, line + "2026-01-06,,,,16.00,EUR\n"):
        [problem] = read(tmp_path / "b", HEADINGS + row).drafts[0].problems
        assert problem.reason == "MISSING_AMOUNT"


@pytest.mark.parametrize("row", ["2026-01-31,,,,15.00,EUR", ",Balance per 31.01.2026,,,15.00,EUR"])
def test_a_balance_alone_that_the_lines_have_come_to_is_no_line(tmp_path: Path, row: str) -> None:
    lines = "2026-01-01,,,,10.00,EUR\n2026-01-05,INV-1,5.00,,15.00,EUR\n"
    content = read(tmp_path / "a", f"{HEADINGS}{lines}{row}\n")
    assert told(content)[1:] == (1000, 1500, [("INV-1", 500)])
    content = read(tmp_path / "b", f"{HEADINGS}{lines}{row.replace('15.00', '16.00')}\n")
    assert len(content.drafts[0].problems) == 1  # a line has lost its amount


@pytest.mark.parametrize(
    "text",
    [
        "Opening balance as at 01/01/2026",
        "Balance brought forward from previous statement",
        "Saldovortrag per 01.01.2026",
    ],
)
def test_what_stands_behind_a_label_of_a_balance_changes_nothing(tmp_path: Path, text: str) -> None:
    rows = f",{text},,,10.00,EUR\n2026-01-05,INV-1 from May,5.00,,15.00,EUR\n"
    assert told(read(tmp_path / "a", HEADINGS + rows))[1:] == (1000, 1500, [("INV-1 from May", 500)])


@pytest.mark.parametrize(
    ("headings", "rows"),
    [
        (
            "Date,Type,Ref,Gross,Balance",
            ["05/01/2026,PI,RE-1,5.00,5.00", "16/01/2026,PI,RE-2,1.00,6.00"],
        ),
        (
            "Datum;Belegnummer;Betrag Soll EUR;Betrag Haben EUR;Saldo EUR",
            ["05.01.2026;RE-1;0,00;5,00;-5,00", "16.01.2026;RE-2;;1,00;-6,00"],
        ),
        (
            "Date,Document Number,Amount (Debit),Amount (Credit),Balance",
            ["1/5/2026,RE-1,,5.00,-5.00", "1/16/2026,RE-2,,1.00,-6.00"],
        ),
        (
            "Date,Invoice No,Voucher No,Debit,Credit,Balance",
            ["2026-01-05,RE-1,V-1,,5.00,-5.00", "2026-01-16,,RE-2,,1.00,-6.00"],
        ),
        (
            "序号,日期,单号,送货金额,收款金额,欠款余额",
            ["1,2026/1/5,RE-1,5.00,,5.00", "2,2026/1/16,RE-2,1.00,,6.00"],
        ),
        (
            "单据日期,单据类型,单据编号,应收金额,已收金额,未收余额",
            ["2026-01-05,销售单,RE-1,5.00,,5.00", "2026-01-16,销售单,RE-2,1.00,,6.00"],
        ),
        (
            "Date;N° pièce;Libellé;Débit;Crédit;Solde",
            ["05/01/2026;RE-1;x;;5,00;-5,00", "16/01/2026;RE-2;x;;1,00;-6,00"],
        ),
        (
            "Data;Documento;Descrizione;Dare;Avere;Saldo",
            ["05/01/2026;RE-1;x;;5,00;-5,00", "16/01/2026;RE-2;x;;1,00;-6,00"],
        ),
        (
            "Fecha;Documento;Concepto;Debe;Haber;Saldo",
            ["05/01/2026;RE-1;x;;5,00;-5,00", "16/01/2026;RE-2;x;;1,00;-6,00"],
        ),
    ],
)
def test_headings_of_more_programs_and_languages_are_known(
    tmp_path: Path, headings: str, rows: list[str]
) -> None:
    content = read(tmp_path / "a", "\n".join(["Currency: EUR", headings, *rows]))
    assert told(content) == ("EUR", 0, 600, [("RE-1", 500), ("RE-2", 100)])


def test_the_currency_behind_a_heading_is_the_tables(tmp_path: Path) -> None:
    text = "Datum;Beleg;Betrag Soll CHF;Betrag Haben CHF\n05.01.2026;RE-1;;5,00\n"
    assert told(read(tmp_path / "a", text, opening="0"))[0] == "CHF"


def test_a_row_that_names_no_currency_is_named_where_others_name_several(tmp_path: Path) -> None:
    rows = "2026-01-05,INV-1,5.00,,5.00,EUR\n2026-01-06,INV-2,6.00,,6.00,USD\n2026-01-07,INV-3,7.00,,,\n"
    content = read(tmp_path / "a", HEADINGS + rows + "Total,,18.00,,,\n")
    assert [(problem.row, problem.reason) for problem in content.problems] == [(4, "NO_CURRENCY")]
    assert sorted(draft.currency for draft in content.drafts) == ["EUR", "USD"]
    with pytest.raises(FileRefusedError, match="names no currency"):
        read(tmp_path / "b", "Date,Document,Debit,Credit\n2026-01-05,INV-1,5.00,\n")


def test_amounts_tell_the_currency_that_nothing_else_names(tmp_path: Path) -> None:
    text = 'Date,Document,Debit,Credit,Balance\n2026-01-05,INV-1,"1.005,00 €",,"1.005,00 €"\n'
    content = read(tmp_path / "a", text)
    assert told(content)[0] == "EUR"
    assert content.drafts[0].notes[0] == Note(NoteCode.CURRENCY_TAKEN, {"currency": "EUR"})


def test_a_table_that_names_no_documents_says_so(tmp_path: Path) -> None:
    text = "Date,No.,Debit,Credit,Balance,Currency\n2026-01-05,INV-1,5.00,,5.00,EUR\n"
    [draft] = read(tmp_path / "a", text).drafts
    assert draft.notes[0].code is NoteCode.NO_DOCUMENT_COLUMN


def test_every_note_has_a_sentence_in_each_language() -> None:
    assert set(SENTENCES) == set(NoteCode)
    told = dict.fromkeys(("start", "end"), "2026-01-01")
    note = Note(NoteCode.PERIOD_TAKEN, told, "C-1 EUR")
    assert note.sentence("en") == "C-1 EUR: period not stated, taken as 2026-01-01 to 2026-01-01."
    assert note.sentence("zh") == "C-1 EUR：未写明期间，按 2026-01-01 至 2026-01-01 处理。"
    for en, zh in SENTENCES.values():
        assert arguments_of(en) == {name.removesuffix("_zh") for name in arguments_of(zh)}


def arguments_of(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
