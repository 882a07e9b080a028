"""A customer's statement as a file: compared with the books, sent again, corrected, withdrawn."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.service import Event, WholeService

pytestmark = pytest.mark.e2e

CUSTOMER = "C-files"
#: their view: our invoice in their credit; they take the payment for 0.50 more than we received
STATEMENT = """Customer no.,C-files
Currency,EUR
Statement no.,S-files
Period,2026-01
Date,Document no.,Debit,Credit,Balance
2026-01-05,INV-F1,,121.00,121.00
2026-01-20,P-F1,121.00,,0.00
"""


def event(kind: str, document_no: str, date: str, amount_minor: int, **fields: Any) -> Event:
    return {
        "event_id": f"files/{document_no}",
        "event_type": kind,
        "source_system": "tests",
        "source_record_id": document_no,
        "occurred_at": f"{date}T10:00:00Z",
        "business_date": date,
        "customer_id": CUSTOMER,
        "currency": "EUR",
        "amount_minor": amount_minor,
        "document_no": document_no,
        **fields,
    }


@pytest.fixture(scope="module")
def booked(tieout: WholeService) -> WholeService:
    tieout.publish(
        [
            event("invoice.placed", "INV-F1", "2026-01-05", 12_100, invoice_no="INV-F1"),
            event("payment.settled", "P-F1", "2026-01-20", 12_050, remittance_text="INV-F1"),
        ]
    )
    return tieout


def bring(service: WholeService, path: Path, *options: str, code: int = 0) -> Any:
    done = service.run("import", "customer-statement", path, "--wait", "--json", *options)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def found(service: WholeService) -> set[tuple[str, str | None, int]]:
    rows = service.json("discrepancies", "--customer", CUSTOMER)
    return {(row["kind"], row["document_no"], row["amount_minor"]) for row in rows if row["statement_id"]}


def test_a_file_is_compared_repeated_without_effect_corrected_and_withdrawn(
    booked: WholeService, tmp_path: Path
) -> None:
    path = tmp_path / "january.csv"
    path.write_text(STATEMENT, encoding="utf-8")
    first = bring(booked, path)
    assert first["accepted"] == {"customer_statement": 1}
    assert found(booked) == {("AMOUNT_MISMATCH", "P-F1", 50), ("CLOSING_BALANCE_BREAK", None, 50)}

    again = bring(booked, path)
    assert (again["accepted"], again["rejected"]) == ({}, {})
    assert "imported before as version 1" in again["notes"][0]

    path.write_text(STATEMENT.replace("P-F1,121.00,,0.00", "P-F1,120.50,,0.50"), encoding="utf-8")
    corrected = bring(booked, path)
    assert "replaced, version 2" in corrected["notes"][0]
    assert found(booked) == set()

    path.write_text(STATEMENT, encoding="utf-8")
    bring(booked, path)
    assert len(found(booked)) == 2
    bring(booked, path, "--withdraw")
    assert found(booked) == set()
    assert booked.json("dead-letters", "--customer", CUSTOMER) == []


def test_a_report_is_filled_in_and_sent_again(booked: WholeService, tmp_path: Path) -> None:
    path = tmp_path / "damaged.csv"
    path.write_text(
        STATEMENT.replace("S-files", "S-damaged").replace("P-F1,121.00,,0.00", "P-F1,120.5O,,0.50"),
        encoding="utf-8",
    )
    damaged = bring(booked, path, code=1)
    assert damaged["rejected"] == {"BAD_AMOUNT": 1}
    report = Path(damaged["report"])
    with report.open(encoding="utf-8-sig", newline="") as stream:
        [row] = csv.DictReader(stream)
    assert (row["row"], row["column"], row["value"]) == ("7", "Debit", "120.5O")
    assert ("MISSING_IN_STATEMENT", "P-F1", 12_050) in found(booked)

    filled = tmp_path / "filled.csv"
    with filled.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.DictWriter(out, row)
        writer.writeheader()
        writer.writerow({**row, "corrected": "120.50"})
    mended = bring(booked, path, "--corrections", str(filled))
    assert mended["rejected"] == {}
    assert found(booked) == set()


def test_a_layout_is_remembered_for_the_customer(booked: WholeService, tmp_path: Path) -> None:
    path = tmp_path / "theirs.csv"
    text = "Wann;Was;Rauf;Runter\n05/01/2026;INV-F1;;121,00\n20/01/2026;P-F1;120,50;\n"
    path.write_text(text, encoding="utf-8")
    asked = ("--customer", CUSTOMER, "--opening", "0", "--period", "2026-01")
    columns = "date=Wann,document=Was,debit=Rauf,credit=Runter"
    refused = booked.run("import", "customer-statement", path, *asked)
    assert refused.returncode == 1
    assert "names a date" in refused.stderr
    bring(booked, path, *asked, "--columns", columns, "--currency", "EUR", "--remember")
    path.write_text(text.replace("120,50", "120,40"), encoding="utf-8")
    assert "replaced, version 2" in bring(booked, path, *asked)["notes"][0]
    assert ("AMOUNT_MISMATCH", "P-F1", 10) in found(booked)


def test_a_template_is_written(booked: WholeService, tmp_path: Path) -> None:
    target = tmp_path / "template.csv"
    booked.cli("template", "customer-statement", "--format", "csv", "--lang", "zh", "--output", target)
    assert "单据号" in target.read_text(encoding="utf-8-sig")
