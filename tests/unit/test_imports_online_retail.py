"""Online Retail files: documents, rounding, signs, customers, wrong rows; and the real file to the penny."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from services.imports.canonical import LineError, read_event
from services.imports.errors import SourceUnreadableError
from services.imports.online_retail import Reading, customer_of, read_documents
from services.imports.rejections import Rejection

HEADING = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
FILE = f"""{HEADING}
536365,85123A,WHITE HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536366,22633,HAND WARMER,6,2010-12-01 08:28:00,1.85,17850.0,United Kingdom
536365,71053,"LANTERN, METAL",6,2010-12-01 08:25:00,3.39,17850.0,United Kingdom
C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527.0,United Kingdom
536544,21773,ROSE,1,2010-12-01 14:32:00,2.51,,United Kingdom
550193,PADS,PADS,1,2011-04-15 09:27:00,0.001,13952.0,United Kingdom
550193,22,CUP,1,2011-04-15 09:27:00,1.01,13952.0,United Kingdom
536400,22,CUP,many,2010-12-01 10:00:00,1.01,17850.0,United Kingdom
536400,23,CUP,2,2010-12-01 10:00:00,1.01,17850.0,United Kingdom
536401,23,CUP,2,last week,1.01,17850.0,United Kingdom
536402,24,FREE,2,2010-07-01 00:30:00,0.0,17850.0,France
536403,25
C600001,26,WRONG SIGN,3,2010-12-02 10:00:00,1.00,12346.0,France
600002,27,WRONG SIGN,-3,2010-12-02 10:00:00,1.00,12346.0,France

"""
SHARED = Path(__file__).parents[3] / "shared" / "data" / "online-retail"


def read(
    tmp_path: Path, text: str = FILE, name: str = "retail.csv", **options: Any
) -> tuple[dict[str, dict[str, Any]], list[Rejection], Reading]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_path(path, **options)


def read_path(path: Path, **options: Any) -> tuple[dict[str, dict[str, Any]], list[Rejection], Reading]:
    rejected: list[Rejection] = []
    reading = Reading()
    events = list(read_documents(path, rejected.append, reading, **options))
    by_record = {event["source_record_id"]: event for event in events}
    assert len(by_record) == len(events)
    for number, event in enumerate(events):
        assert not isinstance(read_event(number, event), LineError)
    return by_record, rejected, reading


def test_the_lines_of_a_document_are_one_invoice_wherever_they_stand(tmp_path: Path) -> None:
    events, _, reading = read(tmp_path)
    invoice = events["536365@17850"]
    assert invoice["event_type"] == "invoice.placed"
    assert invoice["amount_minor"] == 6 * 255 + 6 * 339
    assert [line["total_minor"] for line in invoice["lines"]] == [1530, 2034]
    assert invoice["lines"][1]["description"] == "LANTERN, METAL"
    assert (invoice["customer_id"], invoice["currency"]) == ("17850", "GBP")
    assert invoice["occurred_at"] == "2010-12-01T08:25:00+00:00"  # the earliest of its lines
    assert invoice["invoice_no"] == invoice["document_no"] == "536365"
    assert (reading.rows, reading.invoices, reading.credit_notes) == (14, 6, 2)


def test_a_cancellation_is_a_credit_note_without_original(tmp_path: Path) -> None:
    credit = read(tmp_path)[0]["C536379@14527"]
    assert (credit["event_type"], credit["amount_minor"]) == ("credit_note.settled", 2750)
    assert credit["refund_id"] == "C536379"
    assert "original_document_no" not in credit


def test_the_sign_decides_where_it_contradicts_the_number(tmp_path: Path) -> None:
    events, _, _ = read(tmp_path)
    assert (events["C600001@12346"]["event_type"], events["C600001@12346"]["amount_minor"]) == (
        "invoice.placed",
        300,
    )
    assert (events["600002@12346"]["event_type"], events["600002@12346"]["amount_minor"]) == (
        "credit_note.settled",
        300,
    )
    assert "sign_rule" in events["600002@12346"]["metadata"]
    assert "sign_rule" not in events["C536379@14527"]["metadata"]


def test_a_document_is_rounded_once_and_named(tmp_path: Path) -> None:
    events, _, reading = read(tmp_path)
    assert events["550193@13952"]["amount_minor"] == 101
    assert events["550193@13952"]["lines"][0]["total_minor"] is None
    [rounded] = reading.rounded
    assert (rounded.document_no, rounded.exact, rounded.booked_minor, rounded.rows) == (
        "550193",
        Decimal("1.011"),
        101,
        (7,),
    )


@pytest.mark.parametrize(("price", "pence"), [("0.005", 0), ("0.015", 2), ("0.0051", 1), ("0.025", 2)])
def test_rounding_is_half_to_even(tmp_path: Path, price: str, pence: int) -> None:
    text = f"{HEADING}\n1,A,B,1,2011-01-01 10:00:00,{price},7,X\n"
    assert read(tmp_path, text)[0]["1@7"]["amount_minor"] == pence


def test_rounding_is_of_the_sum_not_of_the_lines(tmp_path: Path) -> None:
    row = "1,A,B,1,2011-01-01 10:00:00,0.004,7,X\n"
    assert read(tmp_path, f"{HEADING}\n{row * 3}")[0]["1@7"]["amount_minor"] == 1


def test_a_document_of_zero_is_legal(tmp_path: Path) -> None:
    free = read(tmp_path)[0]["536402@17850"]
    assert (free["event_type"], free["amount_minor"]) == ("invoice.placed", 0)


def test_the_shop_is_in_london(tmp_path: Path) -> None:
    free = read(tmp_path)[0]["536402@17850"]  # half past midnight in summer time
    assert free["business_date"] == "2010-07-01"
    assert free["occurred_at"] == "2010-06-30T23:30:00+00:00"


def test_wrong_rows_are_reported_with_their_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    events, rejected, _ = read(tmp_path)
    assert [(r.row, r.reason, r.document_no) for r in rejected] == [
        (6, "MISSING_CUSTOMER", "536544"),
        (9, "BAD_NUMBER", "536400"),
        (11, "BAD_DATE", "536401"),
        (13, "BAD_ROW", "536403"),
    ]
    assert events["536400@17850"]["amount_minor"] == 202
    assert events["536400@17850"]["metadata"]["rows_left_out"] == "1"
    assert "rows_left_out" not in events["536365@17850"]["metadata"]
    assert "536401@17850" not in events


def test_an_incomplete_document_can_be_held_back(tmp_path: Path) -> None:
    events, rejected, _ = read(tmp_path, hold_incomplete=True)
    assert "536400@17850" not in events
    assert (10, "DOCUMENT_HELD_BACK") in [(r.row, r.reason) for r in rejected]
    assert "536365@17850" in events


@pytest.mark.parametrize("quantity", ["1e3", "0x10", "NaN", "1,000", "", "--1", "١"])
def test_numbers_are_plain_decimals_only(tmp_path: Path, quantity: str) -> None:
    text = f'{HEADING}\n1,A,B,"{quantity}",2011-01-01 10:00:00,1.00,7,X\n'
    events, rejected, _ = read(tmp_path, text)
    assert not events
    assert [r.reason for r in rejected] == ["BAD_NUMBER"]


def test_rows_without_customer_go_to_one_account_if_it_is_named(tmp_path: Path) -> None:
    events, rejected, reading = read(tmp_path, anonymous_account="CASH-SALES")
    assert events["536544@CASH-SALES"]["amount_minor"] == 251
    assert reading.anonymous_rows == 1
    assert "MISSING_CUSTOMER" not in [r.reason for r in rejected]


def test_the_same_file_again_is_the_same_events_whatever_its_name(tmp_path: Path) -> None:
    shifted = FILE.replace(HEADING + "\n", f"{HEADING}\n999999,A,B,1,2010-12-01 08:00:00,1.00,1,X\n")
    first, _, _ = read(tmp_path)
    second, _, _ = read(tmp_path, shifted, name="other.csv")
    assert {k: v for k, v in second.items() if k != "999999@1"} == first
    assert len({event["event_id"] for event in first.values()}) == len(first)


def test_a_mended_file_amends(tmp_path: Path) -> None:
    first, _, _ = read(tmp_path)
    second, _, _ = read(tmp_path, source_version=2)
    for record, event in second.items():
        assert event["source_version"] == 2
        assert event["event_id"] != first[record]["event_id"]


def test_one_number_of_two_customers_is_two_documents(tmp_path: Path) -> None:
    rows = "".join(f"1,A,B,1,2011-01-01 10:00:00,{price},{c},X\n" for c, price in ((7, "1"), (8, "2")))
    events, _, _ = read(tmp_path, f"{HEADING}\n{rows}")
    assert {r: e["amount_minor"] for r, e in events.items()} == {"1@7": 100, "1@8": 200}


def test_packed_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "retail.csv.gz"
    path.write_bytes(gzip.compress(FILE.encode("utf-8-sig")))
    assert read_path(path)[0] == read(tmp_path)[0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"a,b\n1,2\n"),
        ("b.csv", b""),
        ("c.csv.gz", b"not packed"),
        ("d.csv.gz", gzip.compress(FILE.encode())[:-20]),
    ],
)
def test_what_is_no_such_file_is_said_so(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceUnreadableError) as caught:
        read_path(path)
    assert caught.value.path == path


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadableError):
        read_path(tmp_path / "nothing.csv")


@pytest.mark.parametrize(
    ("text", "customer"),
    [("17850.0", "17850"), (" 17850 ", "17850"), ("A1.0", "A1.0"), ("12.50", "12.50"), ("", "")],
)
def test_customer_ids(text: str, customer: str) -> None:
    assert customer_of(text) == customer


@pytest.mark.no_cover
def test_the_real_file_gives_the_balances_of_all_customers_to_the_penny() -> None:
    files = sorted(SHARED.glob("online_retail_*.csv.gz"))
    if not files:
        pytest.skip(f"the Online Retail data is not in {SHARED}")
    with next(SHARED.glob("expected_customer_net_*.csv")).open(encoding="utf-8", newline="") as stream:
        expected = {
            row["customer_id"].removesuffix(".0"): int(
                Decimal(row["net"]).scaleb(2).to_integral_value(ROUND_HALF_EVEN)
            )
            for row in csv.DictReader(stream)
            if row["customer_id"]
        }
    events, rejected, reading = read_path(files[0])
    balances: Counter[str] = Counter()
    for event in events.values():
        sign = 1 if event["event_type"] == "invoice.placed" else -1
        balances[event["customer_id"]] += sign * event["amount_minor"]
    assert dict(balances) == expected
    assert len(expected) == 2767
    assert (reading.rows, len(events)) == (209_029, 8_998)
    assert Counter(r.reason for r in rejected) == {"MISSING_CUSTOMER": 59_976}
    assert [(r.document_no, len(r.rows)) for r in reading.rounded] == [("550193", 1)]
