"""The command line as scripts use it: documented events in, documented rows and documents out, stable exit codes."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest

from tests.e2e.service import Event, WholeService

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
CUSTOMER = "C-1"
PERIOD = "2026-01"


@pytest.fixture(scope="module")
def documented() -> list[Event]:
    """The three events that the reference shows."""
    text = (ROOT / "docs" / "reference" / "events.md").read_text()
    found = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return [json.loads(line) for line in found[1].splitlines()]


@pytest.fixture(scope="module")
def published(tieout: WholeService, documented: list[Event]) -> WholeService:
    """The service with the documented events in its books."""
    report = tieout.publish(documented)
    assert report["accepted"] == {"order": 1, "payment": 1, "customer_statement": 1}
    assert report["rejected"] == {}
    assert report["reflected"] is True
    return tieout


def rows(service: WholeService, command: str, *options: str) -> list[dict[str, Any]]:
    found = service.json(command, "--customer", CUSTOMER, *options)
    assert isinstance(found, list)
    return found


def picked(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


# -- rows


def test_compare(published: WholeService) -> None:
    (comparison,) = published.json("compare", CUSTOMER, "--period", PERIOD)
    assert picked(
        comparison, "statement_id", "difference_minor", "matched_count", "first_divergent_line_no"
    ) == (
        "S-1",
        50,
        1,
        2,
    )
    lines = [picked(line, "line_no", "outcome", "step_minor", "action") for line in comparison["lines"]]
    assert lines == [(1, "MATCHED", 0, "NONE"), (2, "AMOUNT", 50, "ASK_FOR_REMITTANCE")]
    assert published.json("compare", CUSTOMER, "--statement", "S-9") == []


def test_a_comparison_is_a_document_too(published: WholeService, tmp_path: Path) -> None:
    target = tmp_path / "comparison.csv"
    published.cli("compare", CUSTOMER, "--format", "csv", "--language", "zh", "--output", str(target))
    records = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8-sig"))))
    assert [record["record"] for record in records] == ["THEIRS_CLOSING", "LINE", "LINE", "OURS_CLOSING"]
    assert [record["step"] for record in records] == ["0.00", "0.00", "0.50", "0.50"]


def test_balances(published: WholeService) -> None:
    assert rows(published, "balances") == [{"customer_id": CUSTOMER, "currency": "EUR", "balance_minor": 50}]
    assert rows(published, "balances", "--as-of", "2026-01-19")[0]["balance_minor"] == 12_100
    assert rows(published, "balances", "--as-of", "2026-01-20")[0]["balance_minor"] == 50
    assert rows(published, "balances", "--as-of", "2026-01-04") == []
    assert rows(published, "balances", "--currency", "USD") == []
    assert published.json("balances", "--customer", "C-1 ") == []


def test_entries(published: WholeService) -> None:
    names = ("document_no", "business_date", "side", "amount_minor", "running_balance_minor")
    found = rows(published, "entries")
    assert [picked(row, *names) for row in found] == [
        ("INV-1001", "2026-01-05", "DEBIT", 12_100, 12_100),
        ("P-77", "2026-01-20", "CREDIT", 12_050, 50),
    ]
    assert [row["source"]["topic"] for row in found] == ["tieout.orders", "tieout.payments"]
    assert all(set(row["source"]) == {"topic", "partition", "offset"} for row in found)
    assert [row["event_id"] for row in found] == ["e-1", "e-2"]
    assert rows(published, "entries", "--as-of", "2026-01-19") == found[:1]
    assert rows(published, "entries", "--from", "2026-01-06") == found[1:]
    assert rows(published, "entries", "--kind", "PAYMENT") == found[1:]
    assert rows(published, "entries", "--document", "INV-1001") == found[:1]


def test_open_items(published: WholeService) -> None:
    names = ("document_no", "original_minor", "allocated_minor", "open_minor", "due_date", "state")
    item = ("INV-1001", 12_100, 12_050, 50, "2026-02-04", "PARTIALLY_ALLOCATED")
    assert [picked(row, *names) for row in rows(published, "open-items")] == [item]
    payment = ("P-77", 12_050, 12_050, 0, "2026-01-20", "CLEARED")
    assert [picked(row, *names) for row in rows(published, "open-items", "--settled")] == [payment, item]
    before = ("INV-1001", 12_100, 0, 12_100, "2026-02-04", "OPEN")
    assert [picked(row, *names) for row in rows(published, "open-items", "--as-of", "2026-01-19")] == [before]
    assert rows(published, "open-items", "--as-of", "2026-02-04", "--overdue") == []
    overdue = rows(published, "open-items", "--as-of", "2026-02-05", "--overdue")
    assert [(row["document_no"], row["days_past_due"]) for row in overdue] == [("INV-1001", 1)]


def test_matches(published: WholeService) -> None:
    names = ("payment_document_no", "document_no", "amount_minor", "rule", "score", "state")
    (match,) = rows(published, "matches")
    assert picked(match, *names) == (
        "P-77",
        "INV-1001",
        12_050,
        "remittance_text:normalised_document",
        "0.980000",
        "confirmed",
    )
    assert rows(published, "matches", "--document", "P-77") == [match]
    assert rows(published, "matches", "--as-of", "2026-01-19") == []


def test_discrepancies(published: WholeService) -> None:
    found = rows(published, "discrepancies")
    names = ("kind", "document_no", "amount_minor", "statement_id", "line_no")
    assert {picked(row, *names) for row in found} == {
        ("SHORT_PAYMENT", "INV-1001", 50, None, None),
        ("AMOUNT_MISMATCH", "P-77", 50, "S-1", 2),
        ("CLOSING_BALANCE_BREAK", None, 50, "S-1", None),
    }
    for row in found:
        assert row["discrepancy_id"]
        assert row["state"] in {"OPENED", "UPDATED"}
        assert picked(row, "customer_id", "currency") == (CUSTOMER, "EUR")
        assert row["explanation"].endswith(".")
    assert len({row["discrepancy_id"] for row in found}) == 3
    (short,) = rows(published, "discrepancies", "--kind", "SHORT_PAYMENT")
    assert "0.50 EUR is still open" in short["explanation"]
    assert rows(published, "discrepancies", "--as-of", "2026-01-19") == []


def test_ageing(published: WholeService) -> None:
    (row,) = rows(published, "ageing", "--as-of", "2026-03-10")
    assert row == {
        "customer_id": CUSTOMER,
        "currency": "EUR",
        "as_of": "2026-03-10",
        "buckets": {"current": 0, "1-30": 0, "31-60": 50, "61-90": 0, "91-120": 0, "121+": 0},
        "total_minor": 50,
    }
    (row,) = rows(published, "ageing", "--as-of", "2026-01-10")
    assert (row["buckets"]["current"], row["total_minor"]) == (12_100, 12_100)


def test_rows_for_people_hold_the_same_figures(published: WholeService) -> None:
    assert "0.50" in published.cli("balances", "--customer", CUSTOMER)
    assert "0.50" in published.cli("ageing", "--customer", CUSTOMER)
    assert "120.50" in published.cli("entries", "--customer", CUSTOMER)
    assert published.cli("balances", "--customer", "C-nobody").strip() == "Nothing found."


@pytest.mark.parametrize("command", [("discrepancies",), ("entries",), ("cases", "list")])
def test_a_kind_that_there_is_not_is_named_with_those_that_there_are(
    published: WholeService, command: tuple[str, ...]
) -> None:
    done = published.run(*command, "--kind", "NOPE")
    assert done.returncode == 2
    assert "'NOPE' is not one of" in done.stderr


# -- documents


def document(service: WholeService, fmt: str, language: str) -> bytes:
    done = service.run(
        *("statement", CUSTOMER, "--period", PERIOD, "--format", fmt, "--language", language, "-o", "-"),
        text=False,
    )
    assert done.returncode == 0, done.stderr
    return bytes(done.stdout)


def text_of(content: bytes, fmt: str) -> str:
    """What a person reads in a document."""
    if fmt == "pdf":
        return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    if fmt == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(content))
        cells = (cell.value for sheet in book for row in sheet.iter_rows() for cell in row)
        return "\n".join(str(cell) for cell in cells if cell is not None)
    return content.decode("utf-8-sig")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("fmt", ["pdf", "xlsx", "csv", "html"])
def test_statement(published: WholeService, fmt: str, language: str) -> None:
    text = text_of(document(published, fmt, language), fmt)
    for wanted in (
        "INV-1001",
        "P-77",
        "ST-2026-01-EUR-C-1",
        "期末余额" if language == "zh" else "alance",
    ):
        assert wanted in text, text[:2000]
    if fmt == "xlsx":
        figures = {line.rstrip("0").rstrip(".") for line in text.splitlines()}
        assert {"121", "120.5", "0.5"} <= figures
    else:
        assert "121.00" in text
        assert "120.50" in text
        assert "0.50" in text


def test_statement_adds_up(published: WholeService) -> None:
    (english,) = json.loads(document(published, "json", "en"))["statements"]
    (chinese,) = json.loads(document(published, "json", "zh"))["statements"]
    figures = english["figures"]
    assert figures == chinese["figures"]
    movements = sum(line["debit_minor"] - line["credit_minor"] for line in figures["lines"])
    assert figures["opening_minor"] + movements == figures["closing_minor"] == 50
    assert sum(bucket["amount_minor"] for bucket in figures["ageing"]) == 50
    records = list(csv.DictReader(io.StringIO(text_of(document(published, "csv", "en"), "csv"))))
    assert [row["balance"] for row in records if row["record"] in {"OPENING", "LINE", "CLOSING"}] == [
        "0.00",
        "121.00",
        "0.50",
        "0.50",
    ]


def test_statements_of_a_period_are_written_once(published: WholeService, tmp_path: Path) -> None:
    options = ("--period", PERIOD, "--format", "csv", "--output", str(tmp_path))
    first = published.json("statements", *options)
    again = published.json("statements", *options)
    files = [path for path in tmp_path.rglob("*") if path.suffix == ".csv"]
    assert first["documents"] == first["written"] == len(files) > 0
    assert (again["documents"], again["written"]) == (first["documents"], 0)
    assert any(CUSTOMER in path.name for path in files)


# -- proof and life


def test_verify_and_status(published: WholeService) -> None:
    report = published.verify()
    assert {check["invariant"] for check in report["checks"]} == {
        *("I1", "I2", "I3", "I4", "I5", "I8", "I10", "I11")
    }
    assert re.fullmatch(r"[0-9a-f]{64}", report["digest"])
    status = published.json("status")
    assert status["ready"] is True
    names = {row["name"] for row in status["services"]}
    assert {"kafka", "postgres", "valkey", "worker-1", "projector", "alerts", "reminders", "api"} <= names
    assert all(row["running"] and row["ready"] for row in status["services"])
    assert published.json("topics") == {"topics": "ok", "database": "ok"}


def test_publishing_twice_changes_nothing(published: WholeService, documented: list[Event]) -> None:
    def everything() -> list[Any]:
        commands = ("balances", "entries", "open-items", "matches", "discrepancies")
        return [published.json(command) for command in commands] + [published.verify()["digest"]]

    before = everything()
    assert published.publish(documented)["rejected"] == {}
    assert everything() == before


def test_wrong_lines_are_reported_and_the_rest_goes_on(tieout: WholeService, tmp_path: Path) -> None:
    good: Event = {
        "event_id": "cli-good",
        "event_type": "payment.settled",
        "schema_version": 1,
        "source_system": "bank",
        "source_record_id": "cli/1",
        "source_version": 1,
        "occurred_at": "2026-01-20T11:00:00Z",
        "business_date": "2026-01-20",
        "customer_id": "C-CLI",
        "currency": "EUR",
        "amount_minor": 700,
        "document_no": "P-CLI",
        "payment_id": "P-CLI",
        "an_unknown_field": "kept in metadata",
    }
    nameless = {name: value for name, value in good.items() if name != "customer_id"}
    path = tmp_path / "wrong.ndjson"
    path.write_bytes(
        b'{"cut": 1\n\nnot json\n[]\n\xff\xfe\n'
        + json.dumps(nameless).encode()
        + b"\n"
        + json.dumps(good).encode()
    )
    done = tieout.run("publish", path, "--wait", "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["accepted"] == {"payment": 1}
    assert report["rejected"] == {"NOT_JSON": 3, "NOT_AN_OBJECT": 1, "MISSING_FIELD": 1}
    assert report["reflected"] is True
    with Path(report["report"]).open(encoding="utf-8-sig", newline="") as stream:
        refused = [(int(row["row"]), row["reason"]) for row in csv.DictReader(stream)]
    assert refused == [
        (1, "NOT_JSON"),
        (3, "NOT_JSON"),
        (4, "NOT_AN_OBJECT"),
        (5, "NOT_JSON"),
        (6, "MISSING_FIELD"),
    ]
    assert tieout.json("balances", "--customer", "C-CLI")[0]["balance_minor"] == -700


def test_import_customers(tieout: WholeService, tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text(
        "customer_id,name,language,email,country,terms_days\n"
        "C-1,环球贸易,zh,books@example.com,CN,45\n"
        "C-2,No Language,fr,,,\n"
    )
    done = tieout.run("import", "customers", path, "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert (report["rows"], report["rejected"]) == (2, {"BAD_VALUE": 1})
    path.write_text("customer_id,name,language\nC-3,Three Ltd,en\n")
    assert tieout.json("import", "customers", path)["rejected"] == {}


@pytest.mark.parametrize(
    ("arguments", "code", "says", "next_step"),
    [
        (("statement", "C-nobody", "--period", PERIOD), 1, "C-nobody", "tieout balances"),
        (("statement", CUSTOMER, "--period", "2026-13"), 2, "2026-13", "2011-01"),
        (("statement", CUSTOMER, "--period", PERIOD, "--format", "docx"), 1, "docx", "pdf"),
        (("balances", "--as-of", "yesterday"), 2, "yesterday", "2026-01-31"),
        (("publish", "/nowhere/at/all.ndjson"), 2, "/nowhere/at/all.ndjson", "Check the path"),
        (("import", "horoscopes", "/dev/null"), 2, "horoscopes", "online-retail"),
        (("reconcile-everything",), 2, "reconcile-everything", "tieout --help"),
    ],
)
def test_failures_are_one_sentence_and_a_next_step(
    published: WholeService, arguments: tuple[str, ...], code: int, says: str, next_step: str
) -> None:
    done = published.run(*arguments)
    assert done.returncode == code
    assert says in done.stderr
    assert next_step in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_without_servers_every_command_says_what_to_do(tieout: WholeService, tmp_path: Path) -> None:
    bytecode = Path(tieout.environment["PYTHONPYCACHEPREFIX"])
    elsewhere = WholeService(tmp_path / "empty", bytecode)
    for command in ("balances", "verify", "topics"):
        done = elsewhere.run(command)
        assert done.returncode == 1
        assert "tieout up --detach" in done.stderr
        assert "Traceback" not in done.stderr
    assert elsewhere.run("status", "--json").returncode == 1
    assert elsewhere.run("down").returncode == 0
    gone = WholeService(tieout.home, bytecode, DATABASE_URL="postgresql://nobody:no@127.0.0.1:1/none")
    done = gone.run("balances")
    assert done.returncode == 1
    assert "PostgreSQL does not answer." in done.stderr
