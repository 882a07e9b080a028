"""Excel files: what cells become, hostile workbooks, templates read back, corrections, memory of a large file."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from services.imports.errors import SourceUnreadableError
from services.imports.rejections import CELL_COLUMNS, RejectionReport
from services.imports.statements import reasons, xlsx_guard
from services.imports.statements.bring import read_corrections
from services.imports.statements.draft import DraftLine, StatementDraft, View
from services.imports.statements.events import ALL_LINES_MAX, LINES_MAX, Statement, event_of, statements_of
from services.imports.statements.formats import FileContent, Source, read_file
from services.imports.statements.options import Layout, StatementOptions
from services.imports.statements.reasons import CAUSES_ZH, SENTENCES, FileRefusedError, Reason
from services.imports.statements.template import UnknownTemplateError, make_template
from services.imports.statements.words import Field

HEADINGS = ["Date", "Document no.", "Debit", "Credit", "Balance"]
SAID = [["Customer no.", "C-1"], ["Currency", "EUR"], ["Period", "2026-01"]]


def workbook(path: Path, rows: list[list[Any]], fill: Callable[[Any, Any], None] | None = None) -> Path:
    with xlsxwriter.Workbook(path, {"default_date_format": "dd.mm.yyyy"}) as book:
        sheet = book.add_worksheet("Statement")
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
        if fill is not None:
            fill(book, sheet)
    return path


def read(path: Path, layout: Layout | None = None, **asked: Any) -> FileContent:
    return read_file(Source(path, StatementOptions(**asked), layout or Layout()))


def statements(content: FileContent) -> list[Statement]:
    made = [statements_of(draft, View.AUTO) for draft in content.drafts]
    return [statement for one in made if isinstance(one, list) for statement in one]


def refusal(path: Path) -> Reason:
    with pytest.raises(FileRefusedError) as caught:
        read(path)
    return caught.value.problem.reason


def test_cells_of_excel_are_exact_numbers_and_dates(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        [
            *SAID,
            HEADINGS,
            [dt.date(2026, 1, 5), "INV-1", None, 0.1 + 0.2, 0.3],
            [
                46042,
                1002,
                None,
                "1,000.10",
                1000.4,
            ],  # a serial number, a document that Excel holds as a number
        ],
    )
    [statement] = statements(read(path))
    assert [(line["date"], line["document_no"], line["debit_minor"]) for line in statement.body["lines"]] == [
        ("2026-01-05", "INV-1", 30),
        ("2026-01-20", "1002", 100010),
    ]
    assert statement.gap_minor == 0


def test_the_visible_sheet_with_the_most_rows_is_read_unless_one_is_named(tmp_path: Path) -> None:
    def more(book: Any, sheet: Any) -> None:
        cover = book.add_worksheet("Cover")
        cover.write(0, 0, "Statement of account")
        hidden = book.add_worksheet("Calculation")
        hidden.hide()
        for row in range(50):
            hidden.write(row, 0, row)

    path = workbook(tmp_path / "a.xlsx", [*SAID, HEADINGS, ["2026-01-05", "INV-1", None, 5, 5]], more)
    assert len(statements(read(path))) == 1
    with pytest.raises(FileRefusedError, match="names a date"):
        read(path, Layout(sheet="Cover"))
    with pytest.raises(FileRefusedError, match="no sheet Nowhere"):
        read(path, Layout(sheet="Nowhere"))


def test_two_cells_in_opposite_corners_are_refused_before_they_cost_memory(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["x"]], lambda _, sheet: sheet.write(1_048_575, 16_383, "y"))
    assert refusal(path) is Reason.HOSTILE


def packed(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def test_a_zip_bomb_is_refused_by_what_it_unpacks_to(tmp_path: Path) -> None:
    assert refusal(packed(tmp_path / "a.xlsx", {"xl/media/a.bin": bytes(8 * 2**20)})) is Reason.HOSTILE


def test_a_size_that_the_archive_lies_about_is_not_believed(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.xlsx", {"xl/media/a.bin": bytes(8 * 2**20)})
    size = (8 * 2**20).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (10).to_bytes(4, "little")))
    assert refusal(path) is Reason.HOSTILE


def test_entities_in_a_sheet_are_refused(tmp_path: Path) -> None:
    sheet = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet><sheetData/></worksheet>'
    assert refusal(packed(tmp_path / "a.xlsx", {"xl/worksheets/sheet1.xml": sheet})) is Reason.HOSTILE


def test_a_sheet_is_looked_at_under_whatever_name_it_has(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["x"]], lambda _, sheet: sheet.write(1_048_575, 16_383, "y"))
    with zipfile.ZipFile(path) as archive:
        parts = {part.filename: archive.read(part) for part in archive.infolist()}
    parts["xl/odd/s.bin"] = b" " * 300_000 + parts.pop("xl/worksheets/sheet1.xml")
    rels = "xl/_rels/workbook.xml.rels"
    parts[rels] = parts[rels].replace(b"worksheets/sheet1.xml", b"odd/s.bin")
    assert refusal(packed(path, parts)) is Reason.HOSTILE


def test_a_part_that_holds_long_text_is_no_sheet(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [*SAID, HEADINGS, ["2026-01-05", "INV-1", None, 5, 5]])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("customXml/item1.xml", "<a>" + "x" * 600_000 + "</a>")
        archive.writestr("xl/media/image1.png", b"\x89PNG<" + bytes(600_000), zipfile.ZIP_STORED)
    assert len(statements(read(path))) == 1


@pytest.mark.parametrize("other", ["content.xml", "xl/workbook.bin"])
def test_other_formats_of_the_reader_are_refused_even_beside_a_workbook(tmp_path: Path, other: str) -> None:
    path = workbook(tmp_path / "a.ods", [*SAID, HEADINGS, ["2026-01-05", "INV-1", None, 5, 5]])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(other, "<a/>")
    assert refusal(path) is Reason.UNREADABLE


def test_too_many_parts_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_guard, "PARTS_MAX", 2)
    assert refusal(packed(tmp_path / "a.xlsx", {"a": b"", "b": b"", "c": b""})) is Reason.HOSTILE


@pytest.mark.parametrize("damage", ["cut", "no workbook", "flipped"])
def test_a_damaged_workbook_is_said_so(tmp_path: Path, damage: str) -> None:
    path = workbook(tmp_path / "a.xlsx", [*SAID, HEADINGS])
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:2000])
    elif damage == "flipped":
        data = bytearray(path.read_bytes())
        data[200:240] = bytes(40)
        path.write_bytes(data)
    else:
        packed(path, {"hello.txt": b"hello"})
    assert refusal(path) is Reason.UNREADABLE


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("format_", ["xlsx", "csv"])
def test_a_filled_template_is_read_back(tmp_path: Path, format_: Any, language: Any) -> None:
    empty = make_template("customer-statement", format_, language)
    assert empty == make_template("customer-statement", format_, language)
    path = tmp_path / f"template.{format_}"
    said = ["C-1", "CNY", "S-7", "2026-01-01", "2026-01-31", "10.00", "25.00"]
    lines = [["2026-01-05", "INV-1", "20.00", "", "30.00"], ["2026-01-09", "PAY-1", "", "5.00", "25.00"]]
    if format_ == "csv":
        rows = empty.decode("utf-8-sig").splitlines()
        filled = [row[:-1] + f",{value}" for row, value in zip(rows, said, strict=False)]
        text = "\n".join([*filled, *rows[len(said) :], *(",".join(row) for row in lines)])
        path.write_text(text, encoding="utf-8")
    else:
        book = openpyxl.load_workbook(io.BytesIO(empty))
        sheet = book.active
        assert sheet is not None
        for row, value in enumerate(said, start=1):
            sheet.cell(row, 2, value)
        for row in lines:
            sheet.append(row)
        book.save(path)
    [statement] = statements(read(path))
    assert (statement.customer_id, statement.currency, statement.statement_id) == ("C-1", "CNY", "S-7")
    assert (statement.opening_minor, statement.closing_minor, statement.gap_minor) == (1000, 2500, 0)
    assert [line["debit_minor"] - line["credit_minor"] for line in statement.body["lines"]] == [2000, -500]


def test_an_unknown_template_names_the_known_ones() -> None:
    with pytest.raises(UnknownTemplateError, match="customer-statement"):
        make_template("letter", "csv", "en")


def test_a_layout_names_columns_that_no_vocabulary_knows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Wann;Was;Rauf;Runter;Stand\n05.01.2026;INV-1;;5,00;5,00\n", encoding="utf-8")
    columns = {
        Field.DATE: "Wann",
        Field.DOCUMENT: "Was",
        Field.DEBIT: "Rauf",
        Field.CREDIT: "Runter",
        Field.BALANCE: "Stand",
    }
    [statement] = statements(read(path, Layout(columns=columns, currency="EUR"), customer_id="C-7"))
    assert (statement.customer_id, statement.closing_minor) == ("C-7", 500)
    with pytest.raises(FileRefusedError, match="no column Nie"):
        read(path, Layout(columns={**columns, Field.TEXT: "Nie"}, currency="EUR"))


def test_what_is_asked_goes_before_what_is_kept() -> None:
    kept = Layout(columns={Field.DATE: "Tag", Field.DEBIT: "Soll"}, view=View.OURS, currency="EUR")
    asked = Layout(columns={Field.DATE: "Datum"}, currency="USD")
    assert asked.over(kept) == Layout(
        columns={Field.DATE: "Datum", Field.DEBIT: "Soll"}, view=View.OURS, currency="USD"
    )


@pytest.mark.parametrize("name", ["report.csv", "report.xlsx"])
def test_a_report_that_was_filled_in_corrects_the_file(tmp_path: Path, name: str) -> None:
    path, report = tmp_path / "a.csv", tmp_path / name
    path.write_text(
        "Customer no.,C-1\nCurrency,EUR\nOpening balance,0\nDate,Document no.,Debit,Credit\n"
        "2026-02-30,INV-1,,5.00\n2026-01-06,INV-2,,=1+1\n",
        encoding="utf-8",
    )
    with RejectionReport(path, report, CELL_COLUMNS) as writing:
        for problem in read(path).drafts[0].problems:
            writing.add(problem.rejection())
    fill_in(report, ["2026-01-30", "5.00"])
    mended = read_file(Source(path, StatementOptions(), Layout(), corrections=read_corrections(report)))
    [statement] = statements(mended)
    assert mended.drafts[0].problems == []
    assert (statement.line_count, statement.closing_minor) == (2, 1000)


def fill_in(report: Path, right: list[str]) -> None:
    """The report as a person gives it back: in a spreadsheet, with its column ``corrected`` filled in."""
    at = CELL_COLUMNS.index("corrected")
    if report.suffix == ".csv":
        with report.open(encoding="utf-8-sig", newline="") as stream:
            heading, *rows = list(csv.reader(stream))
        assert rows[1][CELL_COLUMNS.index("value")] == "'=1+1"  # no formula in a spreadsheet
        filled = [[*row[:at], value, *row[at + 1 :]] for row, value in zip(rows, right, strict=True)]
        with report.open("w", encoding="utf-8-sig", newline="") as out:
            csv.writer(out).writerows([heading, *filled])
        return
    book = openpyxl.load_workbook(report)
    sheet = book.active
    assert sheet is not None
    assert sheet.cell(3, CELL_COLUMNS.index("value") + 1).data_type == "s"
    for row, value in enumerate(right, start=2):
        sheet.cell(row, at + 1, value)
    book.save(report)


def test_what_is_no_error_report_is_said_so(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("Date,Debit\n2026-01-05,1\n")
    with pytest.raises(FileRefusedError, match="no column column, corrected, row"):
        read_corrections(other)
    with pytest.raises(SourceUnreadableError, match=r"nowhere\.csv"):
        read_corrections(tmp_path / "nowhere.csv")


def test_an_opening_balance_that_is_asked_for_and_no_amount_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [*SAID, HEADINGS, ["2026-01-05", "INV-1", None, 5, 5]])
    with pytest.raises(FileRefusedError) as caught:
        read(path, opening="abc")
    assert caught.value.problem.reason is Reason.BAD_BALANCE


def test_the_event_of_a_statement_depends_on_nothing_but_its_content(tmp_path: Path) -> None:
    rows = [*SAID, HEADINGS, ["2026-01-05", "INV-1", "", "5.00", "5.00"]]
    one = tmp_path / "one.csv"
    one.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    other = workbook(tmp_path / "other.xlsx", rows)
    [first], [second] = statements(read(one)), statements(read(other))
    assert event_of(first, 1, "received") == event_of(second, 1, "received")
    assert event_of(first, 1, "received")["event_id"] != event_of(first, 2, "replaced")["event_id"]


def test_progress_is_told_with_the_number_of_rows(tmp_path: Path) -> None:
    lines = [["2026-01-05", f"INV-{n}", None, 1, None] for n in range(2500)]
    path = workbook(tmp_path / "a.xlsx", [*SAID, ["Opening balance", 0], HEADINGS, *lines])
    heard: list[tuple[int, int | None]] = []
    read_file(Source(path, StatementOptions(), Layout(), lambda rows, total: heard.append((rows, total))))
    assert [rows for rows, _ in heard] == [1000, 2000, 2500]
    assert {total for _, total in heard} == {2505}


def test_a_long_statement_is_cut_between_days_and_every_part_follows_on_the_last(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    rows = [f"2026-01-{1 + n % 30:02},INV-{n},,1.00" for n in range(LINES_MAX + 10)]
    path.write_text(
        "Customer no.,C-1\nCurrency,EUR\nPeriod,2026-01\nStatement no.,S-1\nOpening balance,7\n"
        "Date,Document no.,Debit,Credit\n" + "\n".join(rows),
        encoding="utf-8",
    )
    parts = statements(read(path))
    assert [part.statement_id for part in parts] == ["S-1#1", "S-1#2"]
    assert sum(part.line_count for part in parts) == LINES_MAX + 10
    assert [part.gap_minor for part in parts] == [0, 0]
    assert parts[1].opening_minor == parts[0].closing_minor
    assert (parts[0].period_start, parts[1].period_end) == (dt.date(2026, 1, 1), dt.date(2026, 1, 31))
    assert parts[1].period_start - parts[0].period_end == dt.timedelta(days=1)


def test_more_lines_than_a_book_holds_are_refused() -> None:
    lines = [DraftLine(n, dt.date(2026, 1, 5), "", 1) for n in range(ALL_LINES_MAX + 1)]
    made = statements_of(StatementDraft("C-1", "EUR", lines, opening_minor=0), View.AUTO)
    assert not isinstance(made, list)
    assert made.reason is Reason.STATEMENT_TOO_LONG


def test_more_lines_on_one_day_than_a_record_takes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(
        "Customer no.,C-1\nCurrency,EUR\nOpening balance,7\nDate,Document no.,Debit,Credit\n"
        + "2026-01-05,INV-1,,1.00\n" * (LINES_MAX + 1),
        encoding="utf-8",
    )
    made = statements_of(read(path).drafts[0], View.AUTO)
    assert not isinstance(made, list)
    assert made.reason is Reason.STATEMENT_TOO_LARGE


def test_every_reason_has_a_sentence_in_each_language() -> None:
    assert set(SENTENCES) == set(Reason)


def test_a_cause_of_ours_inside_a_sentence_is_in_its_language(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "Date,Document,Debit,Credit,Balance\n2026-01-05,INV-1,,1,000.00,1000.00\n", encoding="utf-8"
    )
    [problem] = read(path, Layout(currency="EUR"), customer_id="C-1").drafts[0].problems
    assert problem.sentence("en") == "The row cannot be read: it has more cells than the headings."
    assert problem.sentence("zh") == "该行无法读取：单元格多于表头。"
    sources = "".join(file.read_text(encoding="utf-8") for file in Path(reasons.__file__).parent.glob("*.py"))
    assert all(sources.count(cause) > 1 for cause in CAUSES_ZH)  # each is said somewhere
