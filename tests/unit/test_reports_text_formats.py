"""HTML, CSV and JSON statements: complete, escaped, and adding up."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from decimal import Decimal

import pytest

from domain.statements import digest_of
from services.reports.document import Customer
from services.reports.localise import localiser
from services.reports.plain_text import inert
from services.reports.render_csv import COLUMNS, render_csv
from services.reports.render_html import render_html
from services.reports.service import RENDERERS
from tests.unit.reports_samples import HOSTILE, busy, document, line, small, statement_of


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
