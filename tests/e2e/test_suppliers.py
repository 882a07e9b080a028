"""A supplier from purchase to paper: events and their statement in; what differs, what we owe, a letter out."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.e2e.service import Event, WholeService, event_of
from tests.unit.reports_samples import pdf_text

pytestmark = pytest.mark.e2e

SUPPLIER, PARTY = "S-paper", "supplier:S-paper"
#: in their books: what we owe stands in debit. They ask 13.00 more for R-1, lack our last payment, and list R-9.
STATEMENT = """Supplier no.,S-paper
Customer no.,4711
Currency,EUR
Statement no.,SA-1
Period,2026-01
Date,Document no.,Debit,Credit,Balance
2026-01-05,R-1,134.00,,134.00
2026-01-12,R-9,30.00,,164.00
2026-01-20,PAY-1,,100.00,64.00
2026-01-28,R-2,80.00,,144.00
"""


def purchase(kind: str, number: str, date: str, amount_minor: int, **more: Any) -> Event:
    """As an integrator writes it: whose it is says ``supplier_id``."""
    event = event_of(PARTY, kind, number, date, amount_minor, **more)
    del event["customer_id"]
    return {**event, "supplier_id": SUPPLIER}


@pytest.fixture(scope="module")
def booked(tieout: WholeService, tmp_path_factory: pytest.TempPathFactory) -> WholeService:
    report = tieout.publish(
        [
            purchase("invoice.placed", "R-1", "2026-01-05", 12_100, due_date="2026-01-31"),
            purchase("invoice.placed", "R-2", "2026-01-28", 8_000, due_date="2026-02-27"),
            purchase("payment.settled", "PAY-1", "2026-01-20", 10_000, remittance_text="R-1"),
            purchase("payment.settled", "PAY-2", "2026-01-31", 2_000, remittance_text="R-1"),
        ]
    )
    assert report["accepted"] == {"invoice": 2, "payment": 2}
    folder = tmp_path_factory.mktemp("supplier")
    master, statement = folder / "suppliers.csv", folder / "january.csv"
    master.write_text("supplier_id,name,language\nS-paper,Calder Tools Ltd,en\n", encoding="utf-8")
    statement.write_text(STATEMENT, encoding="utf-8")
    assert tieout.json("import", "suppliers", master)["accepted"] == {"supplier": 1}
    imported = tieout.json("import", "supplier-statement", statement, "--wait")
    assert imported["accepted"] == {"customer_statement": 1}
    assert "the supplier's view, turned round" in imported["notes"][0]
    return tieout


def rows(service: WholeService, command: str, *options: str) -> list[dict[str, Any]]:
    found = service.json(command, "--supplier", SUPPLIER, *options)
    assert isinstance(found, list)
    return found


def test_what_we_owe_is_below_zero(booked: WholeService) -> None:
    assert rows(booked, "balances") == [{"customer_id": PARTY, "currency": "EUR", "balance_minor": -8_100}]
    entries = [
        (row["document_no"], row["side"], row["running_balance_minor"]) for row in rows(booked, "entries")
    ]
    assert entries == [
        ("R-1", "CREDIT", -12_100),
        ("PAY-1", "DEBIT", -2_100),
        ("R-2", "CREDIT", -10_100),
        ("PAY-2", "DEBIT", -8_100),
    ]
    matches = {(row["payment_document_no"], row["document_no"]) for row in rows(booked, "matches")}
    assert matches == {("PAY-1", "R-1"), ("PAY-2", "R-1")}


def test_what_is_due_to_be_paid(booked: WholeService) -> None:
    late = rows(booked, "open-items", "--overdue", "--as-of", "2026-02-10")
    assert [(row["document_no"], row["open_minor"], row["days_past_due"]) for row in late] == [
        ("R-1", 100, 10)
    ]
    (ageing,) = rows(booked, "ageing", "--as-of", "2026-02-10")
    assert {name: minor for name, minor in ageing["buckets"].items() if minor} == {
        "current": -8_000,
        "1-30": -100,
    }
    assert ageing["total_minor"] == -8_100


def test_their_statement_is_laid_against_our_purchases(booked: WholeService) -> None:
    found = {(row["kind"], row["document_no"], row["amount_minor"]) for row in rows(booked, "discrepancies")}
    assert found == {
        ("SHORT_PAYMENT", "R-1", 100),
        ("AMOUNT_MISMATCH", "R-1", 1_300),
        ("MISSING_IN_LEDGER", "R-9", 3_000),
        ("MISSING_IN_STATEMENT", "PAY-2", 2_000),
        ("CLOSING_BALANCE_BREAK", None, 6_300),
    }
    short = next(row for row in rows(booked, "discrepancies") if row["kind"] == "SHORT_PAYMENT")
    assert short["explanation"] == ("We paid 120.00 EUR on R-1 of 121.00 EUR; 1.00 EUR is still to be paid.")
    (comparison,) = booked.json("compare", "--supplier", SUPPLIER)
    assert (comparison["theirs_closing_minor"], comparison["ours_closing_minor"]) == (-14_400, -8_100)
    steps = {
        (line["document_no"] or line["our_document_no"], line["step_minor"], line["action"])
        for line in comparison["lines"]
        if line["step_minor"]
    }
    assert steps == {
        ("R-1", 1_300, "AGREE_AMOUNT"),
        ("R-9", 3_000, "BOOK_DOCUMENT"),
        ("PAY-2", 2_000, "SEND_COPY"),
    }
    amount = next(line for line in comparison["lines"] if line["outcome"] == "AMOUNT")
    assert amount["explanation"] == "Line 7 shows -134.00 EUR for R-1; the books show -121.00 EUR."
    shown = booked.cli("compare", "--supplier", SUPPLIER, "--language", "zh")
    assert "向供应商索取单据并补记" in "".join(shown.split())


def test_a_letter_to_confirm_the_balance(booked: WholeService, tmp_path: Path) -> None:
    for language, owed in (("en", "we owe you EUR\xa081.00"), ("zh", "我方尚欠贵方 EUR\xa081.00")):
        target = tmp_path / f"letter-{language}.pdf"
        booked.cli(
            *("statement", "--supplier", SUPPLIER, "--period", "2026-01", "--language", language),
            *("--output", str(target)),
        )
        text = pdf_text(target.read_bytes())
        assert "".join(owed.split()) in text
        assert SUPPLIER in text
    book = tmp_path / "letter.xlsx"
    booked.cli(
        "statement", "--supplier", SUPPLIER, "--period", "2026-01", "--format", "xlsx", "--output", str(book)
    )
    values = [
        cell.value
        for sheet in openpyxl.load_workbook(io.BytesIO(book.read_bytes()), data_only=True)
        for row in sheet.iter_rows()
        for cell in row
    ]
    assert "Your invoice" in values
    assert "Our payment" in values


def asked(service: WholeService, path: str) -> Any:
    with urllib.request.urlopen(f"{service.page}api/v1/{path}", timeout=20) as answer:
        return json.loads(answer.read())


def test_the_api_asks_by_supplier_and_role(booked: WholeService) -> None:
    (row,) = asked(booked, f"balances?supplier={SUPPLIER}")
    assert (row["customer_id"], row["balance_minor"]) == (PARTY, -8_100)
    assert asked(booked, f"balances?supplier={SUPPLIER}&role=customer") == []
    everybody = {one["customer_id"] for one in asked(booked, "balances?role=supplier")}
    assert PARTY in everybody
    assert all(party.startswith("supplier:") for party in everybody)
    with pytest.raises(urllib.error.HTTPError) as caught:
        asked(booked, f"balances?supplier={SUPPLIER}&customer=C-1")
    with caught.value as refusal:
        assert refusal.code == 422


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("balances", "--supplier", SUPPLIER, "--customer", "C-1"), "A customer and a supplier are named."),
        (("balances", "--supplier", PARTY), "no supplier's own number"),
        (("statement", "--period", "2026-01"), "Nobody is named."),
        (("compare",), "Nobody is named."),
    ],
)
def test_who_is_meant_is_said_once(booked: WholeService, arguments: tuple[str, ...], said: str) -> None:
    done = booked.run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_books_agree_everywhere(booked: WholeService) -> None:
    booked.verify()


@pytest.mark.timeout(300)
def test_a_demonstration_with_suppliers_scores_itself(booked: WholeService) -> None:
    options = ("--seed", "5", "--customers", "10", "--suppliers", "40", "--days", "45", "--shuffle")
    summary = booked.json("demo", "--once", *options, timeout_s=280)
    assert (summary["suppliers"], summary["customers"]) == (40, 10)
    assert (summary["precision"], summary["recall"], summary["perfect"]) == (1, 1, True)
    assert summary["discrepancies"]["found"] == summary["discrepancies"]["injected"] > 10
    assert summary["balances"]["equal"] is True
