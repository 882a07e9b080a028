"""What holds for every format: same bytes, both languages, dates and amounts as readers expect them."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pytest

from domain import money
from services.reports.document import Letterhead, Section, StatementDocument
from services.reports.errors import UnknownLanguageError, UnknownTemplateError
from services.reports.localise import languages, localiser
from services.reports.present import view_of
from services.reports.render_pdf import render_pdf, templates
from services.reports.service import RENDERERS
from tests.unit.reports_samples import JANUARY, TEXTS, busy, document, line, pdf_pages, small, statement_of


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
    found = set()
    for key, value in texts.items():
        found |= {f"{key}.{inner}" for inner in flat(value)} if isinstance(value, dict) else {key}
    return found


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
    assert localiser("en").description("BARTER_DEAL", "POSTED") == "Barter deal"
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
