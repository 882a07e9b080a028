"""The PDF: its words, pages, fonts and columns, and that no data is markup."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pypdf
import pytest

from services.reports.document import Customer
from services.reports.render_pdf import render_pdf
from tests.unit.reports_samples import (
    HOSTILE,
    ISSUED,
    busy,
    document,
    line,
    pdf_pages,
    pdf_text,
    statement_of,
)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Statement of account", "Opening balance", "Ageing at 31 January 2011", "Remittance slip"]),
        ("zh", ["往来对账函", "期初余额", "本期借方发生额", "期末余额", "账龄", "对账回执", "盖章", "签字"]),
    ],
)
def test_pdf_says_everything_in_the_readers_language(language: str, words: list[str]) -> None:
    rendered = document(language=language)
    text = pdf_text(render_pdf(rendered))
    for word in words:
        assert "".join(word.split()) in text
    for figure in ("12,345.50", "500.05", "20,000.00", "-7,154.45", "蓝港贸易", "IBANGB33"):
        assert figure in text
    assert rendered.sections[0].statement.digest in text
    assert "tieout.orders[1]2–3(2)" in text.replace("（", "(").replace("）", ")")


def test_pdf_repeats_header_and_counts_pages() -> None:
    statement = busy()
    pages = pdf_pages(render_pdf(document(statement)))
    assert len(pages) >= 4
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
    first_of_line = {entry.document_no for entry in statement.lines}
    found = {word for page in pages for word in page.split() if word.startswith("INV-")}
    assert found == first_of_line
    assert "Document" in pages[1]
    assert "Balance" in pages[1]


def test_pdf_carries_the_date_of_issue_and_no_clock() -> None:
    meta = pypdf.PdfReader(io.BytesIO(render_pdf(document()))).metadata
    assert meta is not None
    assert meta.creation_date == ISSUED.replace(microsecond=0)
    assert meta.title == "Statement of account ST-2011-01-EUR-C-1"


def test_pdf_needs_no_system_font() -> None:
    reader = pypdf.PdfReader(io.BytesIO(render_pdf(document(language="zh"))))
    fonts = {
        font.get_object()["/BaseFont"]
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert fonts
    assert all("NotoSansCJK" in font for font in fonts)


def test_nothing_in_the_data_is_typst() -> None:
    statement = statement_of(
        [line(n, 100, dt.date(2011, 1, 5), text) for n, text in enumerate(HOSTILE, start=1)]
    )
    for text in HOSTILE:
        customer = Customer(customer_id=text, name=text, address=text, email=text)
        extracted = pdf_text(render_pdf(document(statement, customer=customer)))
        wanted = "".join(text.split())
        # name, address, e-mail, customer number, footer, slip twice: as it stands, never evaluated
        assert extracted.count(wanted) >= 7


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_figure_leaves_its_column(language: str) -> None:
    """The widest amounts that the ledger can hold, and long numbers and names, stay on the page and whole."""
    huge = 4 * 10**18
    statement = statement_of(
        [
            line(1, huge, dt.date(2010, 12, 1), "D" * 60),
            line(2, -2 * huge, dt.date(2011, 1, 2), "单据" * 30),
            line(3, huge + 7, dt.date(2011, 1, 3), "INV/2011/000000000000000000000003"),
        ]
    )
    customer = Customer(customer_id="C" * 80, name="N" * 150, address="A" * 200)
    reader = pypdf.PdfReader(
        io.BytesIO(render_pdf(document(statement, language=language, customer=customer)))
    )
    left, right = 595, 0

    def visit(text: str, page: list[float], run: list[float], *_: Any) -> None:
        nonlocal left, right
        if text.strip():
            x = int(run[4] * page[0] + run[5] * page[2] + page[4])
            left, right = min(left, x), max(right, x)

    text = "".join(page.extract_text(visitor_text=visit) for page in reader.pages)
    assert "-40,000,000,000,000,000.00" in text
    assert left >= 51  # the margins of the page
    assert right <= 595 - 51


# ---- HTML --------------------------------------------------------------------------------------------------
