"""Formats of banks as banks write them: pages, days, several accounts, announced entries, files that are cut off."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import fastavro
import pytest

from services.imports.statements import sheet
from services.imports.statements.draft import View
from services.imports.statements.events import Statement, statements_of
from services.imports.statements.formats import FileContent, Source, read_file
from services.imports.statements.options import Layout, StatementOptions
from services.imports.statements.reasons import FileRefusedError, Problem, Reason


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read_bytes(data: str | bytes, **asked: Any) -> FileContent:
        path = tmp_path / "a"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return read_file(Source(path, StatementOptions(customer_id="C-1", **asked), Layout(currency="EUR")))

    return read_bytes


def made(content: FileContent) -> list[Statement]:
    found = [statements_of(draft, View.AUTO) for draft in content.drafts]
    return [statement for one in found if not isinstance(one, Problem) for statement in one]


def lines(statement: Statement) -> list[tuple[str, int]]:
    return [
        (line["document_no"], line["debit_minor"] - line["credit_minor"]) for line in statement.body["lines"]
    ]


def reasons(content: FileContent) -> list[tuple[int, str]]:
    problems = [*content.problems, *(problem for draft in content.drafts for problem in draft.problems)]
    return [(problem.row, str(problem.reason)) for problem in problems]


# ---- MT940


def mt940(number: str, opening: str, entries: str, closing: str, account: str = "1") -> str:
    return f":20:X\n:25:{account}\n:28C:{number}\n{opening}\n{entries}{closing}\n-\n"


def test_pages_are_one_statement(read: Any) -> None:
    content = read(
        mt940("1/1", ":60F:C260101EUR1,00", ":61:2601050105C2,00NMSCINV-1\n", ":62M:C260105EUR3,00")
        + mt940("1/2", ":60M:C260105EUR3,00", ":61:2601050105C4,00NMSCINV-2\n", ":62F:C260131EUR7,00")
    )
    [statement] = made(content)
    assert (statement.opening_minor, statement.closing_minor) == (100, 700)
    assert lines(statement) == [("INV-1", 200), ("INV-2", 400)]
    assert (str(statement.period_start), str(statement.period_end)) == ("2026-01-01", "2026-01-31")


def test_a_page_of_another_statement_is_not_joined(read: Any) -> None:
    first = mt940("1/1", ":60F:C260101EUR1,00", ":61:2601050105C2,00NMSCINV-1\n", ":62M:C260105EUR3,00")
    other = mt940("1/2", ":60M:C260105EUR9,00", "", ":62F:C260131EUR9,00")
    assert len(made(read(first + other))) == 2


def test_the_statements_of_days_have_no_day_in_common(read: Any) -> None:
    days = [
        mt940(f"{day}/1", f":60F:C2601{day - 1:02}EUR{day},00", entry, f":62F:C2601{day:02}EUR{day + 1},00")
        for day, entry in ((5, ":61:2601050105C1,00NMSCINV-1\n"), (6, ":61:2601060106C1,00NMSCINV-2\n"))
    ]
    periods = [f"{one.period_start}..{one.period_end}" for one in made(read("".join(days)))]
    assert periods == ["2026-01-05..2026-01-05", "2026-01-06..2026-01-06"]


@pytest.mark.parametrize("amount", ["5.00", "1.005,00", "5,00.", "5,00", "1234567890123456,00"])
def test_an_amount_of_an_entry_is_read_whole_or_not_at_all(read: Any, amount: str) -> None:
    content = read(
        mt940("1/1", ":60F:C260101EUR0,00", f":61:260105C{amount}NMSCINV-1\n", ":62F:C260131EUR5,00")
    )
    assert [lines(one) for one in made(content)] == ([[("INV-1", 500)]] if amount == "5,00" else [[]])
    assert reasons(content) == ([] if amount == "5,00" else [(5, "BAD_ROW")])


def test_a_file_that_is_cut_off_says_so(read: Any) -> None:
    content = read(
        mt940("1/1", ":60F:C260101EUR0,00", ":61:260105C5,00NMSCINV-1\n", ":62F:C260131EUR5,00")[:-25]
    )
    assert reasons(content) == [(0, "NO_CLOSING")]


def test_a_statement_that_ends_before_it_begins_has_no_period(read: Any) -> None:
    [draft] = read(mt940("1/1", ":60F:C260105EUR0,00", "", ":62F:C251231EUR0,00")).drafts
    refused = statements_of(draft, View.AUTO)
    assert isinstance(refused, Problem)
    assert (refused.reason, refused.value) == (Reason.BAD_PERIOD, "2026-01-05..2025-12-31")


def test_one_statement_that_is_damaged_leaves_the_others(read: Any) -> None:
    good = mt940("1/1", ":60F:C260101EUR0,00", ":61:260105C5,00NMSCINV-1\n", ":62F:C260131EUR5,00")
    content = read(good + good.replace("EUR", "EUX"))
    assert [lines(one) for one in made(content)] == [[("INV-1", 500)]]
    assert {reason for _, reason in reasons(content)} == {"BAD_BALANCE", "BAD_CURRENCY"}


def test_codes_between_slashes_are_no_part_of_the_document(read: Any) -> None:
    entry = ":61:260105C5,00NTRFNONREF\n:86:/EREF/INV-5/REMI/Payment\n of invoice\n"
    [statement] = made(read(mt940("1/1", ":60F:C260101EUR0,00", entry, ":62F:C260131EUR5,00")))
    assert lines(statement) == [("INV-5", 500)]


ING = (
    ":61:2601050105C5,00NTRFEREF//00000000001005\n/TRCD/00100/\n"
    ":86:/EREF/{id}//CNTP/NL32INGB0000012345/INGBNL2A/Klant BV///REMI/{text}/\n"
)


@pytest.mark.parametrize(
    ("id_", "text", "document"),
    [
        ("NOTPROVIDED", "USTD//factuur RE-2026-0002", "RE-2026-0002"),
        ("E2E0001", "USTD//RE-2026-0001", "E2E0001"),
        ("NOTPROVIDED", "STRD/CUR/9001000012345678", "9001000012345678"),
    ],
)
def test_the_codes_of_a_details_field_are_read_and_no_word_of_the_format_is_a_document(
    read: Any, id_: str, text: str, document: str
) -> None:
    entry = ING.replace("{id}", id_).replace("{text}", text)
    content = read(mt940("1/1", ":60F:C260101EUR1,00", entry, ":62F:C260131EUR6,00"))
    [statement] = made(content)
    assert lines(statement) == [(document, 500)]
    party = content.drafts[0].lines[0].party
    assert (party.name, party.account) == ("Klant BV", "NL32INGB0000012345")


def test_the_text_stands_beside_a_document_that_is_the_payers_own_number(read: Any) -> None:
    entry = ING.replace("{id}", "E2E0001").replace("{text}", "USTD//RE-2026-0001")
    [statement] = made(read(mt940("1/1", ":60F:C260101EUR1,00", entry, ":62F:C260131EUR6,00")))
    [line] = statement.body["lines"]
    assert (line["document_no"], line["their_reference"]) == ("E2E0001", "RE-2026-0001")


def test_without_a_banks_reference_an_entry_is_known_by_what_it_was_known_by_before(read: Any) -> None:
    entry = ING.replace("{id}", "E2E0001").replace("//00000000001005", "")
    content = read(mt940("1/1", ":60F:C260101EUR1,00", entry, ":62F:C260131EUR6,00"))
    party = content.drafts[0].lines[0].party
    assert (party.name, party.account, party.end_to_end_id) == (None, None, None)


# ---- camt


def camt(*statements: str) -> str:
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
        + "".join(statements)
        + "</BkToCstmrStmt></Document>"
    )


def stmt(*parts: str, account: str = "DE1") -> str:
    head = f"<Id>S1</Id><Acct><Id><IBAN>{account}</IBAN></Id></Acct>"
    return f"<Stmt>{head}{''.join(parts)}</Stmt>"


def balance(code: str, amount: str, date: str, currency: str = "EUR") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='{currency}'>{amount}</Amt>"
        f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{date}</Dt></Dt></Bal>"
    )


def entry(amount: str, reference: str, details: str = "", status: str = "BOOK") -> str:
    return (
        f"<Ntry><Amt Ccy='EUR'>{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>{status}</Cd></Sts>"
        f"<BookgDt><Dt>2026-01-05</Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef>{details}</Ntry>"
    )


OPENING, CLOSING = balance("OPBD", "0", "2026-01-01"), balance("CLBD", "5", "2026-01-31")


def test_pages_of_a_camt_statement_are_one(read: Any) -> None:
    interim = balance("ITBD", "2", "2026-01-05")
    content = read(camt(stmt(OPENING, interim, entry("2", "R1")), stmt(interim, CLOSING, entry("3", "R2"))))
    [statement] = made(content)
    assert (lines(statement), statement.gap_minor) == ([("R1", 200), ("R2", 300)], 0)


def test_transactions_without_amounts_are_one_line_that_is_of_none_of_them(read: Any) -> None:
    details = "<NtryDtls>{}{}</NtryDtls>".format(
        *(f"<TxDtls><Refs><EndToEndId>INV-{at}</EndToEndId></Refs></TxDtls>" for at in (1, 2))
    )
    content = read(camt(stmt(OPENING, CLOSING, entry("5", "R1", details))))
    assert [lines(one) for one in made(content)] == [[("R1", 500)]]
    assert content.drafts[0].lines[0].party.end_to_end_id is None


def test_a_camt_statement_in_no_currency_leaves_the_others(read: Any) -> None:
    bad = stmt(balance("OPBD", "1", "2026-01-01", "ZZZ"))
    content = read(camt(stmt(OPENING, CLOSING, entry("5", "R1")), bad))
    assert [lines(one) for one in made(content)] == [[("R1", 500)]]
    assert reasons(content) == [(0, "BAD_BALANCE")]


# ---- OFX


def ofx(transactions: str, end: str = "</OFX>") -> str:
    return (
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\nCOMPRESSION:NONE\n"
        "OLDFILEUID:NONE\nNEWFILEUID:NONE\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STMTRS><CURDEF>EUR"
        "<BANKACCTFROM><BANKID>1<ACCTID>1<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST><DTSTART>20260101"
        f"<DTEND>20260131{transactions}</BANKTRANLIST><LEDGERBAL><BALAMT>7.00<DTASOF>20260131</LEDGERBAL>"
        f"</STMTRS></STMTTRNRS></BANKMSGSRSV1>{end}"
    )


def test_empty_elements_without_an_end_swallow_nothing(read: Any) -> None:
    one = "<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260105<TRNAMT>{}<FITID>F{}<NAME><MEMO>{}</STMTTRN>\n"
    content = read(
        ofx(one.format("2.00", 1, "\n") + one.format("4.00", 2, "INV-1001") + one.format("x", 3, ""))
    )
    assert content.rows == 3
    assert reasons(content) == [(3, "BAD_AMOUNT")]
    whole = read(ofx(one.format("2.00", 1, "\n") + one.format("4.00", 2, "INV-1001")))
    [statement] = made(whole)
    assert (lines(statement), statement.opening_minor) == ([("F1", 200), ("INV-1001", 400)], 100)


def test_an_ofx_file_that_is_cut_off_says_so(read: Any) -> None:
    one = "<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260105<TRNAMT>2.00<FITID>F1</STMTTRN>"
    assert reasons(read(ofx(one))) == []
    assert reasons(read(ofx(one, end=""), opening="1")) == [(0, "NO_CLOSING")]


# ---- QIF


def test_accounts_of_a_qif_file_are_not_put_together(read: Any) -> None:
    one = "!Account\nN{}\nTBank\n^\n!Type:Bank\nD1/13/26\nPOpening Balance\nT1\n^\nD1/14/26\nT{}\nNINV-1001\n^\n"
    content = read(one.format("A", "2.00") + "!Type:Cat\nNfood\n^\n" + one.format("B", "3.00"))
    assert [(draft.account, len(draft.lines)) for draft in content.drafts] == [("A", 1), ("B", 1)]
    assert [draft.account for draft in read(one.format("A", "2.00")).drafts] == [
        None
    ]  # as in a file that names none


def test_a_record_whose_end_is_missing_is_named(read: Any) -> None:
    content = read("!Type:Bank\nD1/13/26\nT5.00\nD1/14/26\nT6.00\n^\nD1/15/26\nT7.00\n^\n", opening="0")
    assert reasons(content) == [(2, "BAD_ROW")]
    assert [one.body["total_debit_minor"] for one in made(content)] == [700]


# ---- limits


def test_no_format_takes_more_entries_than_a_sheet_has_rows(
    read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "mt940": mt940(
            "1/1", ":60F:C260101EUR0,00", ":61:260105C5,00NMSCINV-1\n" * 9, ":62F:C260131EUR45,00"
        ),
        "camt": camt(stmt(OPENING, CLOSING, entry("1", "R1") * 5)),
        "qif": "!Type:Bank\n" + "D1/13/26\nT5\n^\n" * 5,
    }
    for text in files.values():
        read(text)
    monkeypatch.setattr(sheet, "ROWS_MAX", 4)
    for text in files.values():
        with pytest.raises(FileRefusedError, match="at most 4 rows"):
            read(text)


# ---- JSON and Avro

LINE = {"date": "2026-01-05", "document_no": "INV-1", "debit": "1.00", "credit": ""}
EVENT = {
    "event_type": "customer_statement.received",
    "event_id": "e",
    "source_system": "mail",
    "source_record_id": "S-1",
    "occurred_at": "2026-02-02T08:00:00Z",
    "business_date": "2026-01-31",
    "customer_id": "C-1",
    "currency": "EUR",
    "amount_minor": 100,
    "document_no": "S-1",
    "statement_id": "S-1",
    "statement_version": 1,
    "period_start": "2026-01-01",
    "period_end": "2026-01-31",
    "opening_balance_minor": 0,
    "closing_balance_minor": 100,
    "total_debit_minor": 100,
    "total_credit_minor": 0,
    "line_count": 1,
    "lines": [
        {"line_no": 1, "document_no": "I", "date": "2026-01-05", "debit_minor": 100, "credit_minor": 0}
    ],
}


def test_a_damaged_line_of_json_leaves_the_others(read: Any) -> None:
    content = read("\n".join([json.dumps(LINE), '{"date":', "5", json.dumps(LINE)]), opening="0")
    assert reasons(content) == [(2, "BAD_ROW"), (3, "BAD_ROW")]
    assert [len(lines(one)) for one in made(content)] == [2]


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030", "utf-8-sig"])
def test_json_is_read_in_every_encoding(read: Any, encoding: str) -> None:
    given = {"客户编号": "C-1", "币种": "EUR", "期初余额": "0", "附件": ["货款"], "lines": [LINE]}
    assert [
        len(lines(one)) for one in made(read(json.dumps(given, ensure_ascii=False).encode(encoding)))
    ] == [1]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"event_type": "customer_statement.withdrawn"}, "withdraws"),
        ({"lines": [{**EVENT["lines"][0], "debit_minor": -100}]}, "negative"),  # type: ignore[index]
        ({"line_count": 2}, "line_count says 2"),
    ],
)
def test_an_event_is_not_made_to_say_something_else(read: Any, changed: dict[str, Any], why: str) -> None:
    content = read(
        "\n".join([json.dumps({**EVENT, **changed}), json.dumps({**EVENT, "statement_id": "S-2"})])
    )
    problems = [*content.problems, *content.drafts[0].problems]
    assert [why in problem.value for problem in problems] == [True]


def avro(text: str, count: int = 1, codec: str = "deflate") -> bytes:
    names = ("date", "document_no", "debit", "credit")
    schema = {"type": "record", "name": "L", "fields": [{"name": name, "type": "string"} for name in names]}
    stream = io.BytesIO()
    fastavro.writer(stream, schema, [{**LINE, "document_no": text}] * count, codec=codec)
    return stream.getvalue()


def test_avro_is_counted_before_it_is_unpacked(read: Any) -> None:
    for codec in ("null", "deflate"):
        assert [len(lines(one)) for one in made(read(avro("INV-1", 3, codec), opening="0"))] == [3]
    with pytest.raises(FileRefusedError) as caught:
        read(avro(" " * 80_000_000))
    assert caught.value.problem.reason is Reason.TOO_LARGE
    for damaged in (
        avro("INV-1")[:-20],
        avro("INV-1")[:-1] + b"\xff\xff\xff",
        avro("INV-1").replace(b"deflate", b"deflat3"),
    ):
        with pytest.raises(FileRefusedError) as caught:
            read(damaged)
        assert caught.value.problem.reason is Reason.UNREADABLE


EMPTY = {"type": "record", "name": "a.E", "fields": []}


@pytest.mark.parametrize(
    "items",
    ["null", EMPTY, "E", {"type": "fixed", "name": "F", "size": 0}, {"type": "null"}, ["null"], "string"],
)
def test_avro_that_counts_what_takes_no_bytes_is_refused(read: Any, items: Any) -> None:
    many = {"type": "array", "items": items}
    fields = (
        [{"name": "e", "type": ["null", EMPTY]}, {"name": "many", "type": many}] if items == "E" else None
    )
    schema = {
        "type": "record",
        "name": "L",
        "namespace": "a",
        "fields": fields or [{"name": "many", "type": many}],
    }
    stream = io.BytesIO()
    fastavro.writer(stream, schema, [{"e": None, "many": []}])
    with pytest.raises(FileRefusedError) as caught:
        read(stream.getvalue())
    hostile = items not in (["null"], "string")
    assert (caught.value.problem.reason is Reason.HOSTILE) is hostile


@pytest.mark.parametrize(
    "page", ["<html><table></table></html>", '<?xml version="1.0"?><?mso-application x?><W/>', "<META x>"]
)
def test_a_web_page_that_is_called_excel_is_told_from_a_banks_file(read: Any, page: str) -> None:
    with pytest.raises(FileRefusedError, match="web page"):
        read(page)
