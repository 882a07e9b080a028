"""Every format says the same figures, twice the same bytes, and nothing in the data becomes markup or formula."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import tomllib
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest

import services.reports
from domain import money
from domain.ageing import LedgerLine
from domain.ledger import EntryRole, Side
from domain.statements import Statement, build_statement, digest_of, parse_period
from services.reports.document import Customer, Letterhead, Section, StatementDocument
from services.reports.errors import UnknownLanguageError, UnknownTemplateError
from services.reports.localise import languages, localiser
from services.reports.plain_text import inert
from services.reports.present import view_of
from services.reports.render_csv import COLUMNS, render_csv
from services.reports.render_html import render_html
from services.reports.render_pdf import render_pdf, templates
from services.reports.service import RENDERERS

JANUARY = parse_period("2011-01")
ISSUED = dt.datetime(2011, 2, 2, 8, 0, 0, 123456, tzinfo=dt.UTC)
TEXTS = Path(services.reports.__file__).parent / "texts"
HOSTILE = [
    '=HYPERLINK("http://x")',
    "#strong[x] #sys.inputs",
    '"#panic()"',
    "<script>alert(1)</script>",
    "{{ 7*7 }}",
    "{document}",
    "a & b < c",
    "@SUM(1)",
    "-1+1",
    "$ x^2 $",
    "*bold* _it_ `raw` \\ //",
]


def line(number: int, signed_minor: int, date: dt.date, document: str | None = None) -> LedgerLine:
    return LedgerLine(
        entry_id=f"e{number:05}",
        item_id=f"shop/{number}",
        kind="INVOICE" if signed_minor >= 0 else "PAYMENT",
        role=EntryRole.POSTED,
        side=Side.DEBIT if signed_minor >= 0 else Side.CREDIT,
        amount_minor=abs(signed_minor),
        document_no=document or f"INV-{number:05}",
        business_date=date,
        due_date=date + dt.timedelta(days=30) if signed_minor >= 0 else None,
        topic="tieout.orders",
        partition=1,
        offset=number,
    )


def statement_of(lines: list[LedgerLine], currency: str = "EUR") -> Statement:
    return build_statement(
        customer_id="C-1",
        currency=currency,
        period=JANUARY,
        lines=lines,
        allocations=[],
        control_total_minor=sum(entry.signed_minor for entry in lines),
    )


def small(currency: str = "EUR") -> Statement:
    return statement_of(
        [
            line(1, 1_234_550, dt.date(2010, 12, 1)),
            line(2, 50_005, dt.date(2011, 1, 5)),
            line(3, -2_000_000, dt.date(2011, 1, 20), "P-3"),
        ],
        currency,
    )


def busy(count: int = 120) -> Statement:
    """``count`` lines in the period: several pages."""
    return statement_of(
        [
            line(n, (7919 * n) % 5_000_000 - (900_000 if n % 3 else 0), dt.date(2011, 1, 1 + n * 31 // count))
            for n in range(count)
        ]
    )


def document(
    *statements: Statement, language: str = "en", customer: Customer | None = None, version: int = 1
) -> StatementDocument:
    return StatementDocument(
        document_no="ST-2011-01-EUR-C-1",
        language=language,
        letterhead=Letterhead(
            name="Tieout Demo Ltd",
            address="12 Finance Street\nLondon",
            tax_id="GB1",
            bank_details="IBAN GB33",
        ),
        customer=customer or Customer(customer_id="C-1", name="Blue Harbour 蓝港贸易", terms_days=30),
        period=JANUARY,
        sections=tuple(
            Section(
                statement_no=f"ST-2011-01-{statement.currency}-C-1",
                version=version,
                issued_at=ISSUED,
                statement=statement,
            )
            for statement in statements or (small(),)
        ),
    )


def pdf_pages(content: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def pdf_text(content: bytes) -> str:
    # A long word may be broken anywhere; the break is an invisible sign or a new line.
    return "".join("".join(pdf_pages(content)).replace("\u200b", "").split())


def workbook(content: bytes, *, values: bool = True) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


def cells(book: openpyxl.Workbook, sheet: str) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in book[sheet].iter_rows()]


@pytest.mark.parametrize("fmt", RENDERERS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_same_document_gives_the_same_bytes(fmt: str, language: str) -> None:
    one, other = document(language=language), document(language=language)
    first = RENDERERS[fmt](one)
    # Other documents in between must not leave a trace in the compiler, the templates or the caches.
    RENDERERS[fmt](document(busy(5), language="zh"))
    assert RENDERERS[fmt](other) == first


def test_languages_have_the_same_texts() -> None:
    catalogues = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in TEXTS.glob("*.toml")}
    assert set(catalogues) == set(languages()) >= {"en", "zh"}
    shapes = {
        language: {(section, key) for section, texts in catalogue.items() for key in flat(texts)}
        for language, catalogue in catalogues.items()
    }
    assert shapes["en"] == shapes["zh"]
    for section, key in shapes["en"]:
        names = [placeholders(catalogue, section, key) for catalogue in catalogues.values()]
        assert names[0] == names[1], (section, key)


def flat(texts: dict[str, Any]) -> set[str]:
    return {
        f"{key}.{inner}" if isinstance(value, dict) else key
        for key, value in texts.items()
        for inner in (value if isinstance(value, dict) else [""])
    }


def placeholders(catalogue: dict[str, Any], section: str, key: str) -> set[str]:
    value: Any = catalogue[section]
    for part in key.split("."):
        value = value[part]
    return {word.split("}")[0] for word in value.split("{")[1:]}


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (123_456_789, "EUR", "1,234,567.89"),
        (-5, "EUR", "-0.05"),
        (1_234, "JPY", "1,234"),
        (1_234_567, "KWD", "1,234.567"),
        (1_234, "IQD", "1.234"),  # CLDR would round it to whole dinars
        (money.AMOUNT_MINOR_MIN, "EUR", "-92,233,720,368,547,758.08"),
    ],
)
def test_amounts_keep_every_decimal_of_their_currency(amount_minor: int, currency: str, text: str) -> None:
    for language in languages():
        assert localiser(language).number(amount_minor, currency) == text


def test_dates_and_currencies_are_in_the_readers_language() -> None:
    day = dt.date(2011, 1, 5)
    assert localiser("en").long_date(day) == "5 January 2011"
    assert localiser("en").short_date(day) == "05 Jan 2011"
    assert localiser("zh").long_date(day) == "2011年1月5日"
    assert localiser("zh").short_date(day) == "2011-01-05"
    assert localiser("zh").currency_name("CNY") == "人民币"


def test_a_kind_without_a_text_is_shown_by_its_name() -> None:
    assert localiser("en").description("WRITE_OFF", "POSTED") == "Write off"
    assert localiser("zh").description("INVOICE", "REVERSED") == "冲销：销售开票"


def test_an_unknown_language_or_template_is_named() -> None:
    with pytest.raises(UnknownLanguageError, match=r"'de'.*en, zh"):
        localiser("de")
    for template in ("fancy", Path("fancy.typ"), "../balance_forward"):
        with pytest.raises(UnknownTemplateError, match=r"fancy|balance_forward"):
            render_pdf(document(), template)
    assert templates() == ("balance_forward",)


def test_a_template_of_the_users_own_is_used(tmp_path: Path) -> None:
    own = tmp_path / "own.typ"
    own.write_text(
        '#let doc = json(bytes(sys.inputs.at("document")))\nOur own: #doc.sections.at(0).closing', "utf-8"
    )
    assert "Our own: -7,154.45" in pdf_pages(render_pdf(document(), own))[0]


def test_the_date_of_issue_is_the_companys(tmp_path: Path) -> None:
    late = dt.datetime(2011, 2, 1, 20, 0, tzinfo=dt.UTC)
    base = document(language="zh")
    section = Section(statement_no="x", version=1, issued_at=late, statement=small())
    for zone, date in (("UTC", "2011-02-01"), ("Asia/Shanghai", "2011-02-02")):
        issued = StatementDocument(
            document_no="x",
            language="zh",
            letterhead=Letterhead(name="x", time_zone=zone),
            customer=base.customer,
            period=JANUARY,
            sections=(section,),
        )
        assert ["出具日期", date] in view_of(issued)["facts"]


@pytest.mark.parametrize(
    ("closing", "english", "chinese"),
    [
        (100, "you owe us EUR\xa01.00", "贵方尚欠我方 EUR\xa01.00"),
        (-100, "we owe you EUR\xa01.00", "我方尚欠贵方 EUR\xa01.00"),
        (0, "is settled", "无余额"),
    ],
)
def test_the_balance_is_said_in_words(closing: int, english: str, chinese: str) -> None:
    statement = statement_of([line(1, closing, dt.date(2011, 1, 5))])
    for language, words in (("en", english), ("zh", chinese)):
        assert words in view_of(document(statement, language=language))["sections"][0]["balance_sentence"]


def test_a_restatement_says_so() -> None:
    assert "Restatement no. 2" in "".join(pdf_pages(render_pdf(document(version=3))))
    assert "Restatement" not in "".join(pdf_pages(render_pdf(document(version=1))))


# ---- PDF ---------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("language", ["en", "zh"])
def test_html_stands_alone_and_escapes(language: str) -> None:
    statement = statement_of(
        [line(n, 100, dt.date(2011, 1, 5), text) for n, text in enumerate(HOSTILE, start=1)]
    )
    customer = Customer(customer_id="<b>", name="<script>alert(1)</script>", address="<img src=x>")
    page = render_html(document(statement, language=language, customer=customer)).decode()
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7*7 }}" in page
    assert "http://" not in page.replace("http://x&#34;", "")
    assert 'src="' not in page
    assert f'<html lang="{ {"en": "en-GB", "zh": "zh-CN"}[language] }">' in page


def test_html_has_every_line_and_total() -> None:
    statement = busy(40)
    page = render_html(document(statement)).decode()
    for entry in statement.lines:
        assert f"<td>{entry.document_no}</td>" in page
    assert localiser("en").amount(statement.closing_minor, "EUR") in page
    assert statement.digest in page


# ---- CSV ---------------------------------------------------------------------------------------------------


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_csv_adds_up() -> None:
    rows = rows_of(render_csv(document(busy(30))))
    by_record = {
        record: [row for row in rows if row["record"] == record] for record in {r["record"] for r in rows}
    }

    def total(record: str, column: str) -> Decimal:
        return sum((Decimal(row[column]) for row in by_record[record]), Decimal(0))

    assert list(rows[0]) == list(COLUMNS)
    assert total("LINE", "debit") == total("TOTAL", "debit")
    closing = total("OPENING", "balance") + total("LINE", "debit") - total("LINE", "credit")
    assert closing == total("CLOSING", "balance") == total("OPEN_ITEM", "open") == total("AGEING", "open")
    assert Decimal(by_record["LINE"][-1]["balance"]) == closing


def test_csv_marks_utf_8_for_excel_unless_told_not_to() -> None:
    assert render_csv(document()).startswith(b"\xef\xbb\xbfrecord,")
    assert render_csv(document(), bom=False).startswith(b"record,")
    assert b"\r\n" in render_csv(document())


def test_csv_has_no_formula_but_keeps_negative_amounts() -> None:
    statement = statement_of(
        [line(n, -100, dt.date(2011, 1, 5), text) for n, text in enumerate(HOSTILE, start=1)]
    )
    rows = rows_of(render_csv(document(statement)))
    documents = [row["document_no"] for row in rows if row["record"] == "LINE"]
    assert sorted(documents) == sorted(inert(text) for text in HOSTILE)
    assert not any(text[0] in "=+-@\t\r" for text in documents)
    assert rows[-1]["balance"] == "-11.00"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1", " =1", "＝1"])
def test_a_formula_is_made_inert(text: str) -> None:
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "INV-1", "a=b", "1-2", "单据"])
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert inert(text) == text


def test_control_characters_are_replaced() -> None:
    assert inert("a\x00b\ud800") == "a\ufffdb\ufffd"


# ---- JSON --------------------------------------------------------------------------------------------------


def test_json_is_canonical_and_proves_itself() -> None:
    content = RENDERERS["json"](document(small("EUR"), small("JPY")))
    parsed = json.loads(content)
    assert (
        content
        == json.dumps(parsed, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    )
    for entry in parsed["statements"]:
        assert entry["digest"] == digest_of(entry["figures"])
        assert entry["figures"]["closing_minor"] == -715_445
    assert RENDERERS["json"](document(small("EUR"), small("JPY"), language="zh")) == content


# ---- Excel -------------------------------------------------------------------------------------------------


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
