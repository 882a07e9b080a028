"""Imports of statement files with what is remembered of them in PostgreSQL; Kafka is played by a list."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import sqlalchemy as sa

from deploy.stack import StackUrls
from schemas.codec import Codec
from schemas.registry import FingerprintRegistry
from services.api import Correction, FileAnswer, FileUpload, adapters
from services.api.problems import ProblemCode, ProblemError
from services.imports.canonical import Outgoing
from services.imports.errors import Receipt
from services.imports.kinds import find_import
from services.imports.statements.draft import View
from services.imports.statements.options import Layout, StatementOptions
from services.imports.summary import Options, Summary, Targets
from services.queries import testing as books
from services.store import tables
from services.store.engine import create_engine

pytestmark = pytest.mark.integration

SAMPLES = Path(__file__).parents[1] / "samples" / "statements"
PENDING = (
    b'<Ntry><Amt Ccy="EUR">9.99</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>PDNG</Sts>'
    b"<BookgDt><Dt>2026-01-30</Dt></BookgDt></Ntry>"
)


class Sent:
    """Takes records as a publisher does."""

    def __init__(self) -> None:
        self.values: list[dict[str, Any]] = []
        self.receipt = Receipt()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is queued."""

    def send(self, outgoing: Outgoing) -> None:
        self.values.append(outgoing.value)

    def flush(self) -> Receipt:
        return self.receipt


@pytest.fixture
def engine(stack: StackUrls) -> Iterator[sa.Engine]:
    with books.fresh_database(stack.database_url) as url:
        engine = create_engine(url)
        yield engine
        engine.dispose()


class Bringing:
    """Imports files and keeps what was sent."""

    def __init__(self, engine: sa.Engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.sent = Sent()

    def __call__(self, kind: str, name: str, text: bytes, **asked: Any) -> Summary:
        path = self.folder / name
        path.write_bytes(text)
        targets = Targets(lambda: self.sent, lambda: self.engine)  # type: ignore[arg-type, return-value]
        return find_import(kind)(path, targets, Options(statement=StatementOptions(**asked)), None)

    def lives(self) -> list[tuple[str, int]]:
        return [
            (value["event_type"].partition(".")[2], value["source_version"]) for value in self.sent.values
        ]


@pytest.fixture
def bring(engine: sa.Engine, tmp_path: Path) -> Bringing:
    return Bringing(engine, tmp_path)


def said(summary: Summary) -> tuple[str, ...]:
    return tuple(map(str, summary.notes))


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def test_a_statement_is_received_known_replaced_withdrawn_and_received_again(bring: Bringing) -> None:
    january = sample("csv_theirs.csv")
    bring("customer-statement", "a.csv", january)
    known = bring("customer-statement", "other-name.csv", january)
    assert "imported before as version 1" in said(known)[0]
    bring("customer-statement", "a.csv", january.replace(b"our order 77", b"our order 78"))
    bring("customer-statement", "a.csv", january, withdraw=True)
    again = bring("customer-statement", "a.csv", january, withdraw=True)
    assert "nothing was sent" in said(again)[0]
    bring("customer-statement", "a.csv", january)
    assert bring.lives() == [("received", 1), ("replaced", 2), ("withdrawn", 3), ("replaced", 4)]
    assert len({value["event_id"] for value in bring.sent.values}) == 4


def test_an_opening_balance_that_is_not_the_last_closing_balance_is_said(bring: Bringing) -> None:
    january = sample("csv_ours.csv")
    february = january.replace(b"2026-01", b"2026-02")
    assert len(said(bring("customer-statement", "1.csv", january))) == 1
    [_, warned] = said(bring("customer-statement", "2.csv", february))
    assert "opening balance 100.00 EUR is not the closing balance 121.00" in warned


def test_another_statement_of_the_same_days_is_said_until_it_is_withdrawn(bring: Bringing) -> None:
    january = sample("csv_ours.csv")
    bring("customer-statement", "1.csv", january, statement_id="A")
    [_, warned] = said(bring("customer-statement", "2.csv", january, statement_id="B"))
    assert warned.startswith("B: A is of the same days")
    bring("customer-statement", "1.csv", january, statement_id="A", withdraw=True)
    assert len(said(bring("customer-statement", "3.csv", january + b"\n", statement_id="C"))) == 2  # B stands
    bring("customer-statement", "2.csv", january, statement_id="B", withdraw=True)
    february = january.replace(b"2026-01", b"2026-02")
    assert not any("same days" in note for note in said(bring("customer-statement", "f.csv", february)))


def test_a_statement_that_does_not_add_up_is_taken_in_and_said(bring: Bringing) -> None:
    summary = bring("customer-statement", "a.csv", sample("csv_does_not_add_up.csv"))
    assert "misses closing by 279.00 EUR" in said(summary)[-1]
    assert len(bring.sent.values) == 1


def test_a_damaged_file_that_comes_again_does_not_undo_what_was_mended(bring: Bringing) -> None:
    damaged = sample("bad_rows.csv")
    first = bring("customer-statement", "a.csv", damaged)
    assert first.damaged
    bring("customer-statement", "b.csv", sample("csv_ours.csv"), customer_id="C-1", statement_id="other")
    lives = len(bring.lives())
    mended = damaged.replace(b"2026-13-05", b"2026-01-05") + b"\n"
    bring(
        "customer-statement",
        "a.csv",
        mended.replace(b"our order", b"order").replace(b"INV-1001", b"INV-1002"),
    )
    assert len(bring.lives()) == lives + 1
    again = bring("customer-statement", "a.csv", damaged)
    assert len(bring.lives()) == lives + 1
    assert "imported before as version 1" in said(again)[-1]


MT940 = """:20:X
:25:{account}
:28C:1/1
:60F:C260101EUR0,00
:61:2601050105C{amount},00NMSC{document}
:62F:C260131EUR{amount},00
-
"""


def test_two_statements_of_one_name_in_a_file_are_not_both_sent(bring: Bringing) -> None:
    one = MT940.format(account="1", amount=5, document="INV-1")
    other = MT940.format(account="1", amount=6, document="INV-1")
    summary = bring("customer-statement", "a.sta", (one + other + one).encode(), customer_id="C-1")
    assert summary.rejected == {"SAME_STATEMENT": 1}
    assert [value["closing_balance_minor"] for value in bring.sent.values] == [500]


def test_accounts_of_one_file_are_not_taken_for_one_customers(bring: Bringing) -> None:
    text = MT940.format(account="1", amount=5, document="INV-1") + MT940.format(
        account="2", amount=6, document="INV-2"
    )
    summary = bring("customer-statement", "a.sta", text.encode(), customer_id="C-1")
    assert summary.rejected == {"SEVERAL_ACCOUNTS": 2}
    assert bring.sent.values == []


def test_what_a_bank_has_announced_is_named_and_no_line(bring: Bringing) -> None:
    announced = sample("camt053_v08.xml").replace(b"BOOK", b"PDNG", 1)
    summary = bring("customer-statement", "a.xml", announced, customer_id="C-1")
    assert (summary.rejected, summary.damaged) == ({"NOT_BOOKED": 1}, 0)
    assert [len(value["lines"]) for value in bring.sent.values] == [1]


def test_what_a_bank_has_announced_is_in_no_balance_that_the_lines_tell(bring: Bringing) -> None:
    announced = sample("camt054.xml").replace(b"</Ntfctn>", PENDING + b"</Ntfctn>")
    summary = bring("customer-statement", "a.xml", announced, customer_id="C-1", opening="100")
    plain = bring("customer-statement", "b.xml", sample("camt054.xml"), customer_id="C-1", opening="100")
    assert summary.rejected == {"NOT_BOOKED": 1}
    assert not any("misses closing" in note for note in said(summary))
    assert any("imported before" in note for note in said(plain))


@pytest.mark.parametrize(
    ("sample_name", "column", "right"),
    [
        ("bad_mt940_entry.sta", ":61:", "2601200120D100,00NMSCPAY-9"),
        ("bad_qif_rows.qif", "T", "5.00"),
    ],
)
def test_an_entry_of_a_bank_is_mended_by_the_report(
    bring: Bringing, sample_name: str, column: str, right: str
) -> None:
    asked: dict[str, Any] = {"customer_id": "C-1", "layout": Layout(currency="EUR"), "opening": "0"}
    before = bring("customer-statement", "a", sample(sample_name), **asked)
    assert before.report is not None
    with before.report.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    wrong = next(row for row in rows if row["column"] == column)
    report = bring.folder / "mended.csv"
    report.write_text(f'row,column,corrected\n{wrong["row"]},{column},"{right}"\n', encoding="utf-8")
    after = bring("customer-statement", "a", sample(sample_name), corrections=str(report), **asked)
    assert sum(after.rejected.values()) < sum(before.rejected.values())
    assert not any("not put in" in note for note in said(after))


def test_a_correction_that_cannot_be_put_in_is_said(bring: Bringing) -> None:
    report = bring.folder / "mended.csv"
    report.write_text("row,column,corrected\n2,,2026-01-05\n", encoding="utf-8")
    corrections = str(report)
    damaged = b'Date,Document no.,Debit,Credit,Balance\n2026-01-05,"INV-1" x,,5.00,5.00\n2026-01-06,INV-2,,1.00,6.00\n'
    layout = Layout(currency="EUR")
    told = bring(
        "customer-statement", "a.csv", damaged, customer_id="C-1", layout=layout, corrections=corrections
    )
    assert said(told)[0].startswith("the corrections of rows 2 were not put in")
    report.write_text("row,column,corrected\n1,Amt,5.00\n", encoding="utf-8")
    camt = sample("camt053_v08.xml")
    told = bring("customer-statement", "a.xml", camt, customer_id="C-1", corrections=corrections)
    assert said(told)[0].startswith("the corrections of rows 1 were not put in")


def test_a_statement_is_held_back_for_a_row_of_which_nothing_is_known(bring: Bringing) -> None:
    path = bring.folder / "a.csv"
    path.write_bytes(sample("csv_ours.csv") + b'2026-01-22,"INV-7,5.00,,\n')
    targets = Targets(lambda: bring.sent, lambda: bring.engine)  # type: ignore[arg-type, return-value]
    summary = find_import("customer-statement")(path, targets, Options(hold_incomplete=True), None)
    assert summary.rejected == {"BAD_ROW": 1, "STATEMENT_HELD_BACK": 1}
    assert bring.sent.values == []


def test_a_statement_that_is_the_books_turned_round_is_said(bring: Bringing) -> None:
    text = b"Date,Document no.,Debit,Credit,Balance\n2026-01-05,PAY-1,,50.00,-50.00\n2026-01-06,INV-1,20.00,,-30.00\n"
    layout = Layout(currency="EUR")
    silent = bring("customer-statement", "a.csv", text, customer_id="C-1", layout=layout)
    day = dt.date(2026, 1, 5)
    entries = [
        books.entry("C-1", "PAY-1", -5000, day),
        books.entry("C-1", "INV-1", 2000, day),
        books.entry("C-2", "INV-1", -2000, day),
    ]
    books.write(bring.engine, tables.ledger_entries, entries)
    warned = bring("customer-statement", "b.csv", text, customer_id="C-1", statement_id="X", layout=layout)
    assert not any("other side" in note for note in said(silent))
    assert "2 of its 2 documents" in said(warned)[-1]
    assert said(warned)[-1].endswith("--view ours.")
    layout = Layout(currency="EUR", view=View.OURS)
    told = bring("customer-statement", "c.csv", text, customer_id="C-1", statement_id="X", layout=layout)
    assert not any("other side" in note for note in said(told))
    assert [value["closing_balance_minor"] for value in bring.sent.values] == [3000, 3000, -3000]


def test_a_layout_is_kept_for_its_customer_alone(bring: Bringing) -> None:
    text = b"Date,Document no.,Debit,Credit,Balance\n2026-01-05,INV-1,5.00,,5.00\n"
    layout = Layout(currency="EUR", view=View.THEIRS)
    bring("customer-statement", "a.csv", text, customer_id="C-1", layout=layout, remember=True)
    bring("customer-statement", "b.csv", text.replace(b"5.00", b"6.00"), customer_id="C-1")
    closing = [value["closing_balance_minor"] for value in bring.sent.values]
    assert closing == [-500, -600]  # our view, if it had not been kept that it is theirs
    with pytest.raises(Exception, match="names no currency"):
        bring("customer-statement", "c.csv", text, customer_id="C-2")


def test_receipts_are_sent_once_whatever_message_shows_them(bring: Bringing) -> None:
    first = bring("bank-statement", "a.xml", sample("camt052.xml"), customer_id="C-1")
    assert first.rejected == {"NOT_A_RECEIPT": 1}
    assert first.damaged == 0
    for name in ("camt053_v08.xml", "camt054.xml"):
        assert "1 receipts were imported before" in said(bring("bank-statement", name, sample(name)))[0]
    [payment] = bring.sent.values
    assert (payment["event_type"], payment["customer_id"], payment["amount_minor"]) == (
        "payment.settled",
        "C-1",
        12100,
    )


def test_a_receipt_that_was_decided_and_not_sent_goes_to_the_same_customer(bring: Bringing) -> None:
    def broken(outgoing: Outgoing) -> None:
        raise ConnectionError("no broker")

    taking = bring.sent.send
    bring.sent.send = broken  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        bring("bank-statement", "a.xml", sample("camt053_v08.xml"), customer_id="C-1")
    bring.sent.send = taking  # type: ignore[method-assign]
    bring("bank-statement", "a.xml", sample("camt053_v08.xml"), customer_id="C-2")
    assert [value["customer_id"] for value in bring.sent.values] == ["C-1"]


def test_what_we_paid_is_booked_on_the_supplier_that_is_known_and_else_named(bring: Bringing) -> None:
    purchase = books.entry("supplier:S-1", "PAY-9", -10_000, dt.date(2026, 1, 2), kind="INVOICE")
    # a customer's document of the same number: what goes out may be a refund
    sale = books.entry("C-1", "PAY-9", 10_000, dt.date(2026, 1, 2))
    first = bring("bank-statement", "a.xml", sample("camt053_v08.xml"))
    assert first.rejected == {"NOT_A_RECEIPT": 1}
    books.write(bring.engine, tables.ledger_entries, [sale])
    assert bring("bank-statement", "a.xml", sample("camt053_v08.xml")).rejected == {"NOT_A_RECEIPT": 1}
    books.write(bring.engine, tables.ledger_entries, [purchase])
    both = bring("bank-statement", "a.xml", sample("camt053_v08.xml"))
    assert both.rejected == {"NOT_A_RECEIPT": 1}, "people decide whose it is"
    with bring.engine.begin() as connection:
        entry = tables.ledger_entries.c
        connection.execute(sa.delete(tables.ledger_entries).where(entry.customer_id == "C-1"))
    again = bring("bank-statement", "a.xml", sample("camt053_v08.xml"))
    assert again.rejected == {}
    assert said(again) == (
        "1 receipts were imported before; the books know them.",
        "1 payments to suppliers known by document.",
    )
    received, paid = bring.sent.values
    assert (received["customer_id"], paid["customer_id"]) == ("UNIDENTIFIED", "supplier:S-1")
    assert (paid["event_type"], paid["amount_minor"], paid["payer_name"]) == ("payment.settled", 10_000, None)
    known = bring("bank-statement", "a.xml", sample("camt053_v08.xml"))
    assert "2 receipts were imported before" in said(known)[0]
    assert len(bring.sent.values) == 2


def test_a_suppliers_statement_is_remembered_apart_from_a_customers(bring: Bringing) -> None:
    text = (
        b"Supplier no.,S-1\nCurrency,EUR\nStatement no.,X-1\nPeriod,2026-01\n"
        b"Date,Document no.,Debit,Credit,Balance\n2026-01-05,R-1,5.00,,5.00\n"
    )
    first = bring("supplier-statement", "a.csv", text)
    assert first.kind == "supplier-statement"
    [value] = bring.sent.values
    assert (value["customer_id"], value["closing_balance_minor"]) == ("supplier:S-1", -500)
    assert value["source_system"] == "supplier-file"
    assert "imported before as version 1" in said(bring("supplier-statement", "b.csv", text))[0]
    bring("customer-statement", "c.csv", text.replace(b"Supplier no.,S-1", b"Customer no.,S-1"))
    assert [one["customer_id"] for one in bring.sent.values] == ["supplier:S-1", "S-1"]
    assert bring.lives() == [("received", 1), ("received", 1)]


def test_an_upload_is_imported_and_its_rows_named_in_the_language_asked_for(
    bring: Bringing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters, "Publisher", lambda *_, **__: bring.sent)
    importer = adapters.FileImporter("127.0.0.1:1", Codec(FingerprintRegistry()), bring.engine)
    content = b"Date,Document no.,Debit,Credit,Balance\n2026-01-05,INV-1,,120.00,120.00\nsoon,X,1.00,,\n"
    said = StatementOptions(customer_id="C-1", layout=Layout(currency="EUR"))

    def upload(content: bytes, **more: Any) -> FileAnswer:
        fields: dict[str, Any] = {"kind": "customer-statement", "filename": "../../jan.csv"}
        fields |= {"statement": said, **more}
        return importer(FileUpload(content=content, language="zh", **fields))

    answer = upload(content)
    [value] = bring.sent.values
    assert (value["customer_id"], value["closing_balance_minor"]) == ("C-1", 12_000)
    [row] = answer.rejections
    assert (row.row, row.column, row.value, row.code) == (3, "Date", "soon", "BAD_DATE")
    assert row.detail == "“soon”不是日期。"
    assert answer.notes[0] == "C-1 EUR：未写明期间，按 2026-01-01 至 2026-01-31 处理。"
    with pytest.raises(ProblemError) as caught:
        upload(b"a,b", filename="", statement=StatementOptions())
    assert caught.value.code is ProblemCode.FILE_REFUSED
    assert caught.value.extensions["reason"] == "NO_HEADING"
    corrected = upload(content, corrections=[Correction(3, "Date", "2026-01-06")])
    assert corrected.rejected == {}
    assert [(v["statement_version"], v["line_count"]) for v in bring.sent.values] == [(1, 1), (2, 2)]
    held = upload(content.replace(b"INV-1", b"INV-2"), hold_incomplete=True)
    assert held.rejected == {"BAD_DATE": 1, "STATEMENT_HELD_BACK": 1}
    assert len(bring.sent.values) == 2


def test_an_upload_for_a_party_of_another_role_is_a_wrong_parameter(bring: Bringing) -> None:
    importer = adapters.FileImporter("127.0.0.1:1", Codec(FingerprintRegistry()), bring.engine)
    said = StatementOptions(customer_id="C-1", layout=Layout(currency="EUR"))
    upload = FileUpload(
        kind="supplier-statement", filename="a.csv", statement=said, content=b"a,b\n1,2\n", language="en"
    )
    with pytest.raises(ProblemError) as caught:
        importer(upload)
    assert caught.value.code is ProblemCode.INVALID_PARAMETER
    assert "is a customer" in str(caught.value)


def test_customers_are_uploaded_and_a_file_without_its_columns_is_refused(
    bring: Bringing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters, "Publisher", lambda *_, **__: bring.sent)
    importer = adapters.FileImporter("127.0.0.1:1", Codec(FingerprintRegistry()), bring.engine)

    def upload(content: bytes) -> FileAnswer:
        fields: dict[str, Any] = {"kind": "customers", "filename": "c.csv", "statement": StatementOptions()}
        return importer(FileUpload(content=content, language="en", **fields))

    answer = upload(b"customer_id,name,terms_days\nC-1,Alder,30\nC-2,Birch,soon\n")
    assert answer.accepted == {"customer": 1}
    [row] = answer.rejections
    assert (row.row, row.document_no or row.value) == (3, "C-2")
    with pytest.raises(ProblemError) as caught:
        upload(b"a,b\n1,2\n")
    assert caught.value.code is ProblemCode.FILE_REFUSED
    assert "/" not in caught.value.detail
