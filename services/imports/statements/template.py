"""Empty files to fill in. Their headings say plainly what raises and what lowers the balance owed, so that nobody
has to know in whose books a debit stands; a test reads each template back through the importer.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import xlsxwriter

from services.imports.errors import ImportingError
from services.language import Language

TemplateFormat = Literal["xlsx", "csv"]


class UnknownTemplateError(ImportingError):
    def __init__(self, kind: str) -> None:
        super().__init__(f"There is no template {kind!r}; known: {', '.join(TEMPLATES)}.")
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Template:
    """``said``: labels above the table; ``headings``: of its columns; ``note``: how it is filled in."""

    said: Sequence[str]
    headings: Sequence[str]
    note: str


_SAID: Final[Mapping[Language, Sequence[str]]] = {
    "en": ("Currency", "Statement no.", "Period from", "Period to", "Opening balance", "Closing balance"),
    "zh": ("币种", "对账单号", "期间起", "期间止", "期初余额", "期末余额"),
}
_COLUMNS: Final[Mapping[Language, Sequence[str]]] = {
    "en": (
        "Date",
        "Document no.",
        "Invoiced",
        "Paid or credited",
        "Balance owed",
        "Your reference",
        "Text",
    ),
    "zh": ("日期", "单据号", "应付增加", "应付减少", "应付余额", "贵方参考号", "摘要"),
}

TEMPLATES: Final[Mapping[str, Mapping[Language, Template]]] = {
    "customer-statement": {
        "en": Template(
            ("Customer no.", *_SAID["en"]),
            _COLUMNS["en"],
            "Invoiced raises what you owe us, paid or credited lowers it. Dates as 2026-01-31. One row a document.",
        ),
        "zh": Template(
            ("客户编号", *_SAID["zh"]),
            _COLUMNS["zh"],
            "“应付增加”是贵方欠我方增加的金额，“应付减少”是付款或贷项。日期写作 2026-01-31，每张单据一行。",
        ),
    },
    "supplier-statement": {
        "en": Template(
            ("Supplier no.", *_SAID["en"]),
            _COLUMNS["en"],
            "Invoiced raises what we owe you, paid or credited lowers it. Dates as 2026-01-31. One row a document.",
        ),
        "zh": Template(
            ("供应商编号", *_SAID["zh"]),
            _COLUMNS["zh"],
            "“应付增加”是我方欠贵方增加的金额，“应付减少”是付款或贷项。日期写作 2026-01-31，每张单据一行。",
        ),
    },
}
#: what the columns hold, in both languages: date, text, three amounts, two texts
_EPOCH: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)  # the same bytes every time
_WIDTHS: Final = (13, 20, 16, 18, 16, 20, 36)


def make_template(kind: str, format_: TemplateFormat, language: Language) -> bytes:
    """The template as a file. Raises ``UnknownTemplateError``."""
    languages = TEMPLATES.get(kind)
    if languages is None:
        raise UnknownTemplateError(kind)
    template = languages[language]
    return _csv(template) if format_ == "csv" else _xlsx(template)


def _csv(template: Template) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for label in template.said:
        writer.writerow([label, ""])
    writer.writerow([])
    writer.writerow(template.headings)
    # with the mark, without which a spreadsheet takes the file for Latin-1
    return text.getvalue().encode("utf-8-sig")


def _xlsx(template: Template) -> bytes:
    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream, {"in_memory": True})
    workbook.set_properties({"created": _EPOCH, "title": template.headings[0]})
    sheet = workbook.add_worksheet()
    bold: Any = workbook.add_format({"bold": True})
    heading: Any = workbook.add_format({"bold": True, "bg_color": "#DDE6F0", "bottom": 1})
    grey: Any = workbook.add_format({"italic": True, "font_color": "#606060"})
    date: Any = workbook.add_format({"num_format": "yyyy-mm-dd"})
    text: Any = workbook.add_format({"num_format": "@"})
    money: Any = workbook.add_format({"num_format": "#,##0.00######"})
    columns = (date, text, money, money, money, text, text)
    for at, (width, cells) in enumerate(zip(_WIDTHS, columns, strict=True)):
        sheet.set_column(at, at, width, cells)
    for row, label in enumerate(template.said):
        sheet.write_string(row, 0, label, bold)
        sheet.write_blank(row, 1, None, (text, text, text, date, date, money, money)[row])
    sheet.write_string(0, 3, template.note, grey)
    top = len(template.said) + 1
    for at, name in enumerate(template.headings):
        sheet.write_string(top, at, name, heading)
    sheet.freeze_panes(top + 1, 0)
    workbook.close()
    return stream.getvalue()
