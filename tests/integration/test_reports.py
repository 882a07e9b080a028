"""Statements and ageing from a real PostgreSQL, in every format, issued once and issued again."""

from __future__ import annotations

import datetime as dt
import io
import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pypdf
import pytest
import sqlalchemy as sa

from deploy.stack import StackUrls
from domain.ageing import DEFAULT_EDGES
from domain.statements import StatementDoesNotProveError, digest_of, parse_period
from services.reports import read
from services.reports.ageing_report import ageing_rows
from services.reports.document import Letterhead
from services.reports.errors import NothingToStateError, UnknownFormatError, UnknownLanguageError
from services.reports.register import versions
from services.reports.restatement import compare
from services.reports.service import (
    BatchProgress,
    BatchResult,
    IssuedStatement,
    issue_all,
    issue_statement,
    prove_statements,
)
from services.store.engine import create_engine
from services.store.tables import allocations, customers, ledger_entries, metadata, statements

pytestmark = pytest.mark.integration

JANUARY = parse_period("2011-01")
ISSUED = dt.datetime(2011, 2, 2, 8, 0, tzinfo=dt.UTC)
LETTERHEAD = Letterhead(name="Tieout Demo Ltd", address="12 Finance Street")


class Books:
    """Writes the rows that the projector would write, from one short line each."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.offset = 0

    def entry(
        self,
        customer: str,
        document: str,
        signed_minor: int,
        date: str,
        *,
        due: str | None = None,
        currency: str = "EUR",
        role: str = "POSTED",
        record: str | None = None,
        version: int = 1,
    ) -> None:
        self.offset += 1
        is_invoice = signed_minor > 0
        with self.engine.begin() as connection:
            connection.execute(
                sa.insert(ledger_entries).values(
                    entry_id=f"e-{self.offset}",
                    customer_id=customer,
                    currency=currency,
                    account_version=self.offset,
                    kind="INVOICE" if is_invoice else "PAYMENT",
                    role=role,
                    side="DEBIT" if is_invoice else "CREDIT",
                    amount_minor=abs(signed_minor),
                    document_no=document,
                    business_date=date,
                    due_date=due,
                    occurred_at=ISSUED,
                    recorded_at=ISSUED,
                    event_id=f"event-{self.offset}",
                    source_system="shop",
                    source_record_id=record or document,
                    source_version=version,
                    description="",
                    source_topic="tieout.orders" if is_invoice else "tieout.payments",
                    source_partition=2,
                    source_offset=self.offset,
                )
            )

    def allocate(self, customer: str, credit: str, debit: str, amount: int, date: str, **more: Any) -> None:
        self.offset += 1
        row = {
            "customer_id": customer,
            "currency": "EUR",
            "allocation_id": f"a-{self.offset}",
            "account_version": self.offset,
            "credit_item_id": f"payment:shop/{credit}",
            "payment_document_no": credit,
            "debit_item_id": f"order:shop/{debit}",
            "document_no": debit,
            "amount_minor": amount,
            "effective_date": date,
            "rule": "remittance",
            "rule_version": 1,
            "score_ppm": 1_000_000,
            "state": "confirmed",
        }
        with self.engine.begin() as connection:
            connection.execute(sa.insert(allocations).values(row | more))

    def customer(self, customer_id: str, name: str, **more: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.insert(customers).values(customer_id=customer_id, name=name, **more))


@pytest.fixture
def engine(stack: StackUrls) -> Iterator[sa.Engine]:
    name = f"reports_{secrets.token_hex(4)}"
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        connection.execute(f'create database "{name}"'.encode())
        url = sa.make_url(stack.database_url).set(database=name).render_as_string(hide_password=False)
        engine = create_engine(url, application="tieout-reports-test")
        metadata.create_all(engine)
        yield engine
        engine.dispose()
        connection.execute(f'drop database "{name}" with (force)'.encode())


@pytest.fixture
def books(engine: sa.Engine) -> Books:
    books = Books(engine)
    books.customer("C-1", "Blue Harbour 蓝港贸易", language="zh", address="88 Century Avenue", terms_days=30)
    books.entry("C-1", "INV-1", 10000, "2010-12-10", due="2011-01-09")
    books.entry("C-1", "INV-2", 5000, "2011-01-05", due="2011-02-04")
    books.entry("C-1", "P-1", -9500, "2011-01-20")
    books.allocate("C-1", "P-1", "INV-1", 9500, "2011-01-20")
    books.allocate("C-1", "P-1", "INV-2", 77, "2011-01-20", state="suggested")
    books.allocate("C-1", "P-1", "INV-2", 88, "2011-01-20", state="withdrawn")
    books.entry("C-1", "INV-3", 700, "2011-02-01", due="2011-03-03")
    books.entry("C-1", "YEN-1", 1200, "2011-01-31", due="2011-03-02", currency="JPY")
    books.entry("C-2", "INV-9", 4200, "2011-01-02", due="2011-02-01")
    return books


def issue(engine: sa.Engine, customer: str = "C-1", fmt: str = "json", **more: Any) -> IssuedStatement:
    arguments = {"currency": None, "period": JANUARY, "language": None, "issued_at": ISSUED} | more
    return issue_statement(engine, customer, fmt=fmt, letterhead=LETTERHEAD, **arguments)


def test_one_document_holds_a_proven_section_per_currency(engine: sa.Engine, books: Books) -> None:
    issued = issue(engine)
    content = json.loads(issued.content)
    euro, yen = (entry["figures"] for entry in content["statements"])
    assert (euro["currency"], euro["opening_minor"], euro["closing_minor"]) == ("EUR", 10000, 5500)
    assert [line["document_no"] for line in euro["lines"]] == ["INV-2", "P-1"]
    assert {item["document_no"]: item["open_minor"] for item in euro["open_items"]} == {
        "INV-1": 500,
        "INV-2": 5000,
    }
    assert {b["bucket"]: b["amount_minor"] for b in euro["ageing"] if b["amount_minor"]} == {
        "current": 5000,
        "1-30": 500,
    }
    assert (yen["currency"], yen["closing_minor"]) == ("JPY", 1200)
    assert issued.statement_no == "ST-2011-01-MULTI-C-1"
    assert issued.filename == "ST-2011-01-MULTI-C-1-zh.json"


def test_the_file_proves_itself(engine: sa.Engine, books: Books) -> None:
    for entry in json.loads(issue(engine).content)["statements"]:
        assert digest_of(entry["figures"]) == entry["digest"]
    euro = json.loads(issue(engine, currency="EUR").content)["statements"][0]
    assert euro["sources"] == [
        {
            "topic": topic,
            "partition": 2,
            "first_offset": offset,
            "last_offset": offset,
            "line_count": 1,
        }
        for topic, offset in (("tieout.orders", 2), ("tieout.payments", 3))
    ]


@pytest.mark.parametrize("fmt", ["pdf", "xlsx", "csv", "html", "json"])
def test_issuing_again_later_gives_the_same_bytes_and_no_new_version(
    engine: sa.Engine, books: Books, fmt: str
) -> None:
    first = issue(engine, fmt=fmt)
    again = issue(engine, fmt=fmt, issued_at=ISSUED + dt.timedelta(days=400))
    assert first.content == again.content
    assert first.filename == again.filename
    assert [row.is_new for row in first.sections] == [True, True]
    assert [row.is_new for row in again.sections] == [False, False]


def test_the_customers_own_language_is_the_default(engine: sa.Engine, books: Books) -> None:
    chinese = pypdf.PdfReader(io.BytesIO(issue(engine, fmt="pdf").content)).pages[0].extract_text()
    assert "往来对账函" in chinese
    assert "蓝港贸易" in chinese
    english = pypdf.PdfReader(io.BytesIO(issue(engine, fmt="pdf", language="en").content))
    assert "Statement of account" in english.pages[0].extract_text()
    assert issue(engine, customer="C-2").document.language == "en"


def test_a_customer_without_master_data_is_named_by_its_id(engine: sa.Engine, books: Books) -> None:
    assert issue(engine, customer="C-2").document.customer.name == "C-2"


def test_a_late_event_gives_a_numbered_restatement_with_a_line_diff(engine: sa.Engine, books: Books) -> None:
    assert issue(engine, currency="EUR").statement_no == "ST-2011-01-EUR-C-1"
    books.entry("C-1", "INV-LATE", 300, "2011-01-15", due="2011-02-14")
    restated = issue(engine, currency="EUR", issued_at=ISSUED + dt.timedelta(days=9))
    assert restated.statement_no == "ST-2011-01-EUR.2-C-1"
    assert restated.document.issued_at == ISSUED + dt.timedelta(days=9)
    with read.snapshot(engine) as connection:
        first, second = versions(connection, "C-1", "EUR", JANUARY)
    assert first.proves
    assert second.proves
    difference = compare(first.figures, second.figures)
    assert [line["document_no"] for line in difference.added_lines] == ["INV-LATE"]
    assert difference.removed_lines == ()
    assert difference.totals == {"debit_minor": (5000, 5300), "closing_minor": (5500, 5800)}
    assert issue(engine).statement_no == "ST-2011-01-MULTI.2-C-1"


def test_an_event_of_the_next_period_restates_nothing(engine: sa.Engine, books: Books) -> None:
    issue(engine, currency="EUR")
    books.entry("C-1", "P-2", -5500, "2011-02-10")
    books.allocate("C-1", "P-2", "INV-2", 5000, "2011-02-10")
    assert not issue(engine, currency="EUR").sections[0].is_new


def test_issuing_at_once_gives_one_version(engine: sa.Engine, books: Books) -> None:
    with ThreadPoolExecutor(4) as pool:
        issued = list(pool.map(lambda _: issue(engine, currency="EUR"), range(8)))
    assert sum(row.is_new for document in issued for row in document.sections) == 1
    assert len({document.content for document in issued}) == 1


def test_a_store_that_is_behind_issues_nothing(engine: sa.Engine, books: Books) -> None:
    books.allocate("C-1", "P-UNSEEN", "INV-2", 100, "2011-01-25")
    with pytest.raises(StatementDoesNotProveError, match="payment:shop/P-UNSEEN"):
        issue(engine, currency="EUR")
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(statements)) == 0


def test_what_cannot_be_issued_says_why(engine: sa.Engine, books: Books) -> None:
    with pytest.raises(NothingToStateError):
        issue(engine, customer="nobody")
    with pytest.raises(NothingToStateError):
        issue(engine, currency="USD")
    with pytest.raises(UnknownFormatError):
        issue(engine, fmt="docx")
    with pytest.raises(UnknownLanguageError):
        issue(engine, language="de")


def test_a_read_cannot_write(engine: sa.Engine, books: Books) -> None:
    with read.snapshot(engine) as connection, pytest.raises(sa.exc.InternalError, match="read-only"):
        connection.execute(sa.insert(customers).values(customer_id="x", name="x"))


def test_ageing_of_all_accounts_streams_in_order_and_sums_to_the_balances(
    engine: sa.Engine, books: Books
) -> None:
    books.entry("b", "LOW", 1, "2011-01-01", due="2011-01-01")
    books.entry("中", "HIGH", 2, "2011-01-01", due="2011-01-01")
    books.entry("C-1", "INV-4", 900, "2011-01-30", due="2011-01-31", currency="EUR")
    rows = list(ageing_rows(engine, dt.date(2011, 1, 31)))
    assert [(row.customer_id, row.currency, row.total_minor) for row in rows] == [
        ("C-1", "EUR", 6400),
        ("C-1", "JPY", 1200),
        ("C-2", "EUR", 4200),
        ("b", "EUR", 1),
        ("中", "EUR", 2),
    ]
    assert all(sum(row.buckets.values()) == row.total_minor for row in rows)
    assert rows[0].buckets == {"current": 5900, "1-30": 500, "31-60": 0, "61-90": 0, "91-120": 0, "121+": 0}
    assert [row.customer_id for row in ageing_rows(engine, dt.date(2011, 1, 31), "C-2")] == ["C-2"]
    assert list(ageing_rows(engine, dt.date(2010, 1, 1))) == []


def test_ageing_agrees_with_the_statement(engine: sa.Engine, books: Books) -> None:
    for statement in prove_statements(engine, "C-1", None, JANUARY, DEFAULT_EDGES):
        row = next(
            row for row in ageing_rows(engine, JANUARY.end, "C-1") if row.currency == statement.currency
        )
        assert row.total_minor == statement.closing_minor
        assert list(row.buckets.values()) == [b.amount_minor for b in statement.ageing.buckets]


def run_all(engine: sa.Engine, directory: Path, progress: Any = lambda _: None) -> BatchResult:
    return issue_all(
        engine, JANUARY, "json", None, directory, ISSUED, letterhead=LETTERHEAD, progress=progress
    )


def test_a_batch_writes_every_customer_once(engine: sa.Engine, books: Books, tmp_path: Path) -> None:
    seen: list[BatchProgress] = []
    first = run_all(engine, tmp_path / "out", seen.append)
    assert first == BatchResult(documents=2, written=2, registered=3)
    assert [(step.done, step.total, step.customer_id, step.written) for step in seen] == [
        (1, 2, "C-1", True),
        (2, 2, "C-2", True),
    ]
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert set(before) == {"ST-2011-01-MULTI-C-1-zh.json", "ST-2011-01-EUR-C-2-en.json"}
    assert run_all(engine, tmp_path / "out") == BatchResult(documents=2, written=0, registered=0)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_a_batch_that_was_interrupted_is_taken_up_again(
    engine: sa.Engine, books: Books, tmp_path: Path
) -> None:
    def stop(_: BatchProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all(engine, tmp_path, stop)
    assert [path.name for path in tmp_path.iterdir()] == ["ST-2011-01-MULTI-C-1-zh.json"]
    (tmp_path / "ST-2011-01-MULTI-C-1-zh.json").write_bytes(b"torn")
    assert run_all(engine, tmp_path) == BatchResult(documents=2, written=2, registered=1)
    assert json.loads((tmp_path / "ST-2011-01-MULTI-C-1-zh.json").read_bytes())["customer_id"] == "C-1"
