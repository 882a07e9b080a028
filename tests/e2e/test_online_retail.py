"""Half a year of a real shop: every customer's balance to the penny, and statements that prove themselves."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest

from tests.e2e.service import WholeService

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

SMALL = Path(__file__).with_name("data") / "online_retail_small.csv"
PUBLISHED = Path(__file__).parents[3] / "shared" / "data" / "online-retail"
HALF_YEAR = PUBLISHED / "online_retail_2010-12_to_2011-05.csv.gz"
EXPECTED = PUBLISHED / "expected_customer_net_2010-12_to_2011-05.csv"
PENNY = Decimal("0.01")

needs_half_year = pytest.mark.skipif(not EXPECTED.exists(), reason=f"the half-year is not in {PUBLISHED}")


def imported(service: WholeService, file: Path, report: Path) -> dict[str, Any]:
    """The report of the import, reflected everywhere."""
    done = service.run(
        *("import", "online-retail", file, "--report", report, "--wait", "--json"), timeout_s=330
    )
    assert done.stdout, done.stderr
    summary: dict[str, Any] = json.loads(done.stdout)
    assert summary["reflected"] is True
    return summary


def balances(service: WholeService) -> dict[str, int]:
    """Customer → pence, of everything in pounds."""
    return {row["customer_id"]: row["balance_minor"] for row in service.json("balances", "--currency", "GBP")}


def statement(service: WholeService, customer: str, fmt: str, language: str = "en") -> bytes:
    done = service.run(
        *("statement", customer, "--period", "2011-01", "--format", fmt, "--language", language, "-o", "-"),
        text=False,
    )
    assert done.returncode == 0, done.stderr
    return bytes(done.stdout)


def test_a_small_file(tieout: WholeService, tmp_path: Path) -> None:
    summary = imported(tieout, SMALL, tmp_path / "report.csv")
    assert summary["rows"] == 11
    assert summary["accepted"] == {"invoice": 5, "credit_note": 1}
    assert summary["rejected"] == {"MISSING_CUSTOMER": 1, "BAD_NUMBER": 1}
    assert any("990005" in note for note in summary["notes"])
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as stream:
        refused = [(row["row"], row["reason"], row["document_no"]) for row in csv.DictReader(stream)]
    assert refused == [("5", "MISSING_CUSTOMER", "990003"), ("12", "BAD_NUMBER", "990008")]
    # 15.30 + 20.34 + 15.30 - 7.65 + 5.10, and 12.75 + 1.001 rounded once
    found = balances(tieout)
    assert (found["99001"], found["99002"], found.get("99003")) == (4_839, 1_375, None)
    before = tieout.verify()["digest"], tieout.json("entries")
    assert imported(tieout, SMALL, tmp_path / "report.csv")["accepted"] == summary["accepted"]
    assert (tieout.verify()["digest"], tieout.json("entries")) == before


def test_a_statement_of_the_small_file(tieout: WholeService, tmp_path: Path) -> None:
    imported(tieout, SMALL, tmp_path / "report.csv")
    _check_statement(tieout, "99001", opening_minor=3_564, closing_minor=4_329)


@pytest.fixture(scope="module")
def half_year(tieout: WholeService, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the import of the whole file."""
    report = tmp_path_factory.mktemp("half-year") / "report.csv"
    summary = imported(tieout, HALF_YEAR, report)
    assert summary["rows"] == 209_029
    assert summary["rejected"] == {"MISSING_CUSTOMER": 59_976}
    return report


@needs_half_year
def test_every_balance_is_right_to_the_penny(tieout: WholeService, half_year: Path) -> None:
    with EXPECTED.open(newline="") as stream:
        expected = {row["customer_id"].removesuffix(".0"): row for row in csv.DictReader(stream)}
    anonymous = expected.pop("")
    assert len(expected) == 2_767
    found = balances(tieout)
    wanted = {
        customer: int((Decimal(row["net"]).quantize(PENNY, ROUND_HALF_EVEN)) * 100)
        for customer, row in expected.items()
    }
    assert {customer: found.get(customer) for customer in wanted} == wanted
    with half_year.open(encoding="utf-8-sig", newline="") as stream:
        reasons = Counter(row["reason"] for row in csv.DictReader(stream))
    assert reasons == {"MISSING_CUSTOMER": int(anonymous["n_lines"])}
    entries = Counter(row["customer_id"] for row in tieout.json("entries", "--currency", "GBP"))
    documents = {customer: int(row["n_documents"]) for customer, row in expected.items()}
    assert {customer: entries[customer] for customer in documents} == documents


@needs_half_year
def test_importing_it_again_changes_nothing(tieout: WholeService, half_year: Path, tmp_path: Path) -> None:
    digest, entries = tieout.verify()["digest"], len(tieout.json("entries"))
    imported(tieout, HALF_YEAR, tmp_path / "report.csv")
    assert (tieout.verify()["digest"], len(tieout.json("entries"))) == (digest, entries)


@needs_half_year
def test_a_statement_of_a_busy_customer(tieout: WholeService, half_year: Path) -> None:
    with gzip.open(HALF_YEAR, "rt", newline="") as stream:
        totals: Counter[str] = Counter()
        for row in csv.DictReader(stream):
            if row["CustomerID"] == "17841.0":
                pence = Decimal(row["Quantity"]) * Decimal(row["UnitPrice"]) * 100
                assert pence == int(pence)
                totals[row["InvoiceDate"][:7]] += int(pence)
    opening_minor = totals["2010-12"]
    closing_minor = opening_minor + totals["2011-01"]
    _check_statement(tieout, "17841", opening_minor, closing_minor)


def _check_statement(service: WholeService, customer: str, opening_minor: int, closing_minor: int) -> None:
    """Opening + movements = closing, in every format that shows it."""
    (found,) = json.loads(statement(service, customer, "json"))["statements"]
    figures = found["figures"]
    movements = [line["debit_minor"] - line["credit_minor"] for line in figures["lines"]]
    assert movements
    assert (figures["opening_minor"], figures["closing_minor"]) == (opening_minor, closing_minor)
    assert opening_minor + sum(movements) == closing_minor
    opening, closing = (f"{minor // 100:,}.{minor % 100:02}" for minor in (opening_minor, closing_minor))
    for language, words in (("en", ("Statement of account",)), ("zh", ("对账函", "期初余额", "期末余额"))):
        reader = pypdf.PdfReader(io.BytesIO(statement(service, customer, "pdf", language)))
        text = "\n".join(page.extract_text() for page in reader.pages)
        for wanted in (*words, opening, closing, figures["lines"][0]["document_no"]):
            assert wanted in text, text[:1500]
    sheet = openpyxl.load_workbook(io.BytesIO(statement(service, customer, "xlsx"))).worksheets[0]
    numbers = [
        Decimal(str(cell.value)).quantize(PENNY)
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, (int, float)) and not isinstance(cell.value, bool)
    ]
    shown = Decimal(opening_minor).scaleb(-2), Decimal(closing_minor).scaleb(-2)
    assert numbers.index(shown[0]) < len(numbers) - 1 - numbers[::-1].index(shown[1])
    cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row]
    assert any(isinstance(cell, str) and "DIFFERS" in cell for cell in cells), "the sheet checks itself"
