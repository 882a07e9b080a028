"""A comparison as a document: the bridge adds up in every format, each line has its kind, in both languages."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pypdf
import pytest
from lxml import html

from domain import money
from services.reports.comparisons.document import ComparisonDocument, first_divergent, groups
from services.reports.comparisons.render_xlsx import render_xlsx
from services.reports.comparisons.service import RENDERERS
from services.reports.document import Customer
from services.reports.errors import UnknownLanguageError
from tests.unit.comparison_samples import AGREEING, CHANGED, EVERY_KIND, document, rows_of
from tests.unit.reports_samples import HOSTILE, cells, pdf_pages, pdf_text, workbook

OUTCOMES = ("TIMING", "AMOUNT", "REFERENCE", "DATE", "MISSING_HERE", "MISSING_THERE", "DUPLICATE", "BALANCE")


def test_the_kinds_lead_from_their_closing_balance_to_ours() -> None:
    [comparison] = rows_of(EVERY_KIND)
    found = list(groups(comparison))
    assert tuple(group.outcome for group in found) == OUTCOMES
    steps = sum(group.step_minor for group in found)
    assert comparison.theirs_closing_minor + steps == comparison.ours_closing_minor
    shown = [line for group in found for line in group.lines]
    assert len(shown) == sum(line.outcome != "MATCHED" for line in comparison.lines)
    first = first_divergent(comparison)
    assert first is not None
    assert (first.line_no, first.outcome) == (2, "DUPLICATE")


def test_a_statement_that_agrees_has_no_step() -> None:
    [comparison] = rows_of(AGREEING)
    assert list(groups(comparison)) == []
    assert first_divergent(comparison) is None
    assert "Both closing balances are EUR 121.00." in _text(document(AGREEING))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                "Comparison of statements",
                "Their closing balance",
                "missing on theirs",
                "send a copy",
                "2 (INV-1001)",
            ],
        ),
        ("zh", ["对账单比对报告", "对方期末余额", "对方缺失", "寄送单据副本", "第 2 行（INV-1001）", "差额"]),
    ],
)
@pytest.mark.parametrize("fmt", ["pdf", "html"])
def test_paper_shows_the_bridge_and_every_line_that_differs(
    language: str, words: list[str], fmt: str
) -> None:
    made = document(language=language)
    content = RENDERERS[fmt](made)
    text = pdf_text(content) if fmt == "pdf" else _text(made)
    for word in (*words, "2,345.00", "1,235,517.89", "-793.00", "INV-1006", "XX-7", "→INV-1004", "P-999"):
        assert "".join(word.split()) in "".join(text.split())


def _text(made: ComparisonDocument) -> str:
    return " ".join(html.fromstring(RENDERERS["html"](made)).text_content().split()).replace("\xa0", " ")


def test_pdf_bears_the_date_of_the_last_change_and_counts_its_pages() -> None:
    content = RENDERERS["pdf"](document(EVERY_KIND, AGREEING))
    meta = pypdf.PdfReader(io.BytesIO(content)).metadata
    assert meta is not None
    assert meta.creation_date == CHANGED
    assert meta.title == "Comparison of statements CMP-2026-01-01_2026-03-31-C-1"
    pages = pdf_pages(content)
    assert "Page 1 of 3" in pages[0]
    assert "S-2" in pages[2]


@pytest.mark.parametrize("fmt", sorted(RENDERERS))
def test_the_same_comparison_gives_the_same_bytes(fmt: str) -> None:
    assert RENDERERS[fmt](document()) == RENDERERS[fmt](document())


@pytest.mark.parametrize("fmt", sorted(RENDERERS))
def test_a_language_without_texts_is_refused(fmt: str) -> None:
    made = document(language="tlh")
    if fmt == "json":
        assert RENDERERS[fmt](made) == RENDERERS[fmt](document())
    else:
        with pytest.raises(UnknownLanguageError):
            RENDERERS[fmt](made)


def test_excel_holds_every_line_and_sums_them_by_kind() -> None:
    made = document()
    [comparison] = made.comparisons
    content = render_xlsx(made)
    lines = cells(workbook(content), "Lines")[1:]
    assert len(lines) == len(comparison.lines)
    for row, line in zip(lines, comparison.lines, strict=True):
        assert row[0] == line.line_no
        assert row[2] == line.document_no
        for value, amount_minor in (
            (row[3], line.theirs_minor),
            (row[7], line.ours_minor),
            (row[8], line.step_minor),
        ):
            wanted = None if amount_minor is None else money.to_decimal(amount_minor, "EUR")
            assert (None if value is None else Decimal(str(value))) == wanted
    bridge = cells(workbook(content), "Bridge")
    names = [row[0] for row in bridge]
    top, bottom = names.index("Their closing balance"), names.index("Our closing balance")
    amounts = [Decimal(str(row[2])) for row in bridge[top : bottom + 1]]
    assert sum(amounts[:-1]) == amounts[-1] == Decimal("1235517.89")
    assert bridge[bottom + 1][2] == "agrees"
    formulas = cells(workbook(content, values=False), "Bridge")
    assert formulas[top + 1][2] == f"=SUMIF('Lines'!$J:$J,A{top + 2},'Lines'!$I:$I)"
    assert formulas[bottom + 1][2].startswith(f"=IF(ROUND(C{bottom + 1}-(SUM(C{top + 1}:C{bottom}))")


def test_a_statement_longer_than_a_sheet_goes_on_in_the_next() -> None:
    content = render_xlsx(document(EVERY_KIND, AGREEING), sheet_rows_max=4)
    book = workbook(content)
    assert book.sheetnames == ["1 Bridge", "1 Lines", "1 Lines 2", "1 Lines 3", "2 Bridge", "2 Lines"]
    rows = [len(cells(book, name)) - 1 for name in ("1 Lines", "1 Lines 2", "1 Lines 3")]
    assert rows == [4, 4, 3]
    formula = next(
        row[2]
        for row in cells(workbook(content, values=False), "1 Bridge")
        if str(row[2]).startswith("=SUMIF")
    )
    assert formula.count("SUMIF") == 3


def test_an_amount_beyond_fifteen_digits_is_text_and_nothing_is_summed_over_it() -> None:
    table = (
        "order 2026-01-05 INV-1 99999999999999.99\nstatement S-1 2026-01-01..2026-01-31 opening 0 closing 0"
    )
    content = render_xlsx(document(table))
    formulas = [row[2] for row in cells(workbook(content, values=False), "Bridge")]
    assert "99999999999999.99" in formulas
    assert not any(str(value).startswith("=") for value in formulas)


def test_csv_steps_sum_to_our_closing_balance() -> None:
    rows = list(csv.DictReader(io.StringIO(RENDERERS["csv"](document(language="zh")).decode("utf-8-sig"))))
    assert [rows[0]["record"], rows[-1]["record"]] == ["THEIRS_CLOSING", "OURS_CLOSING"]
    assert {row["record"] for row in rows[1:-1]} == {"LINE", "DOCUMENT", "BALANCE"}
    assert sum(Decimal(row["step"]) for row in rows[:-1]) == Decimal(rows[-1]["step"])
    assert next(row for row in rows if row["line_no"] == "2")["explanation"].startswith("第 2 行重复列示")


def test_json_is_in_minor_units() -> None:
    [comparison] = json.loads(RENDERERS["json"](document()))["comparisons"]
    steps = sum(line["step_minor"] for line in comparison["lines"])
    assert comparison["theirs_closing_minor"] + steps == comparison["ours_closing_minor"] == 123_551_789


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_the_data_is_markup_or_a_formula(text: str) -> None:
    made = document(customer=Customer(customer_id=text, name=text))
    assert "".join(text.split()) in pdf_text(RENDERERS["pdf"](made))
    assert text in html.fromstring(RENDERERS["html"](made)).text_content()
    book = workbook(render_xlsx(made), values=False)
    [customer] = [row[1] for row in cells(book, "Bridge") if row[0] == "Customer"]
    assert not customer.startswith(("=", "@", "-"))
