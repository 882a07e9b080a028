"""Master data, error reports, kinds of import, and reading streams of events."""

from __future__ import annotations

import csv
import io
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.codec import Codec
from schemas.registry import FingerprintRegistry
from services.imports import publisher as publishing
from services.imports.canonical import LineError, LineReason, Outgoing
from services.imports.errors import (
    Behind,
    DeliveryFailedError,
    NotReflectedError,
    PublishInterruptedError,
    SourceUnreadableError,
    UnknownImportKindError,
)
from services.imports.kinds import KINDS, find_import, known_kinds
from services.imports.master import CUSTOMERS, PRODUCTS, SUPPLIERS, read_master
from services.imports.publisher import Publisher, publish, publish_file, read_events
from services.imports.rejections import Rejection, RejectionReport, report_path
from tests.unit.test_imports_canonical import ORDER, line

NOT_SAID = {
    "salesperson": None,
    "department": None,
    "external_id": None,
    "customer_group": None,
    "accounts": [],
}
NOWHERE = "127.0.0.1:1"


def customers(tmp_path: Path, text: str) -> tuple[list[dict[str, Any]], list[Rejection]]:
    path = tmp_path / "customers.csv"
    path.write_text(text, encoding="utf-8")
    rejected: list[Rejection] = []
    return list(read_master(CUSTOMERS, path, rejected.append)), rejected


def test_customers_are_read_and_wrong_rows_reported(tmp_path: Path) -> None:
    rows, rejected = customers(
        tmp_path,
        "customer_id,name,language,email,address,country,terms_days\n"
        "C-1,上海恒信贸易有限公司,zh,a@b.example,上海市,CN,30\n"
        "C-2,Calder Tools Ltd,,,,,\n"
        ",Nobody,en,,,,\n"
        "C-4,Who,fr,,,,\n"
        "C-5,Who,en,,,,-3\n"
        "C-6,Who\n",
    )
    assert rows == [
        {
            "customer_id": "C-1",
            "name": "上海恒信贸易有限公司",
            "language": "zh",
            "email": "a@b.example",
            "address": "上海市",
            "country": "CN",
            "terms_days": 30,
            **NOT_SAID,
        },
        {
            "customer_id": "C-2",
            "name": "Calder Tools Ltd",
            "language": "en",
            "email": None,
            "address": None,
            "country": None,
            "terms_days": None,
            **NOT_SAID,
        },
    ]
    assert [r.row for r in rejected] == [4, 5, 6, 7]


def test_headings_of_master_data_are_known_in_chinese_and_accounts_are_parted(tmp_path: Path) -> None:
    rows, rejected = customers(
        tmp_path, '客户编号;客户名称;业务员;银行账号\nC-1;恒信;王芳;"DE89 3704; gb33bukb"\n'
    )
    assert rejected == []
    assert (rows[0]["salesperson"], rows[0]["accounts"]) == ("王芳", ["DE893704", "GB33BUKB"])


@pytest.mark.parametrize(
    "heading", ["group", "customer_group", "Customer Group", "客户组", "客户分组", "分组"]
)
def test_a_group_is_one_name(tmp_path: Path, heading: str) -> None:
    longest, longer = "G" * 100, "G" * 101
    rows, rejected = customers(
        tmp_path, f"customer_id,name,{heading}\nC-1,A, wholesale \nC-2,B,\nC-3,C,{longest}\nC-4,D,{longer}\n"
    )
    assert [row["customer_group"] for row in rows] == ["wholesale", None, longest]
    assert [(one.row, "100" in one.detail) for one in rejected] == [(5, True)]


@pytest.mark.parametrize("heading", ["group", "supplier group", "供应商组", "供应商分组", "分组"])
def test_suppliers_have_groups_too(tmp_path: Path, heading: str) -> None:
    path = tmp_path / "suppliers.csv"
    path.write_text(f"supplier_id,name,{heading}\nS-1,Mill,paper\n", encoding="utf-8")
    [row] = read_master(SUPPLIERS, path, lambda _: None)
    assert (row["customer_id"], row["customer_group"]) == ("supplier:S-1", "paper")


def test_products_are_read(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("货号,商品名称,单位\nA-1,螺丝,件\n,空,\n", encoding="gb18030")
    rejected: list[Rejection] = []
    assert list(read_master(PRODUCTS, path, rejected.append)) == [
        {"sku": "A-1", "name": "螺丝", "category": None, "unit": "件"}
    ]
    assert [r.row for r in rejected] == [3]


def test_only_id_and_name_are_mandatory(tmp_path: Path) -> None:
    assert customers(tmp_path, "name,customer_id\nX,C-1\n")[0][0]["customer_id"] == "C-1"
    with pytest.raises(SourceUnreadableError, match="name"):
        customers(tmp_path, "customer_id\nC-1\n")


def test_a_report_names_file_row_and_reason(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    with RejectionReport(source) as report:
        assert report.path is None
        report.add(Rejection(3, "BAD_DATE", "no date", "INV-1", "=cmd()"))
    assert report.path == report_path(source) == tmp_path / "a.csv.rejected.csv"
    assert report.counts == {"BAD_DATE": 1}
    with report_path(source).open(encoding="utf-8-sig", newline="") as stream:
        [row] = csv.DictReader(stream)
    assert row == {
        "file": "a.csv",
        "row": "3",
        "reason": "BAD_DATE",
        "detail": "no date",
        "document_no": "INV-1",
        "excerpt": "'=cmd()",  # no formula in a spreadsheet
    }


def test_a_clean_run_leaves_no_report_of_an_earlier_one(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    report_path(source).write_text("old", encoding="utf-8")
    with RejectionReport(source):
        pass
    assert not report_path(source).exists()


def test_every_kind_is_found_by_its_name() -> None:
    assert {"events", "online-retail", "customers"} <= set(known_kinds())
    assert all(callable(find_import(kind)) for kind in KINDS)
    with pytest.raises(UnknownImportKindError) as caught:
        find_import("fax")
    assert "online-retail" in caught.value.known


def test_lines_are_numbered_blank_ones_skipped_and_a_mark_ignored() -> None:
    good = line(ORDER)
    stream = io.BytesIO(b"\xef\xbb\xbf" + good + b"\r\n\n  \n{\n" + good)
    read = list(read_events(stream))
    assert [(r.position if isinstance(r, Outgoing) else -r.line_no) for r in read] == [1, -4, 5]
    stream.seek(0)
    resumed = list(read_events(stream, after_line=4))
    assert [r.position for r in resumed if isinstance(r, Outgoing)] == [5]


def test_an_overlong_line_is_one_error_and_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    good = line(ORDER) + b"\n"
    monkeypatch.setattr(publishing, "LINE_BYTES_MAX", len(good) + 10)
    read = list(read_events(io.BytesIO(good + b"x" * 10 * len(good) + b"\n" + good)))
    assert isinstance(read[0], Outgoing)
    assert isinstance(read[1], LineError)
    assert (read[1].line_no, read[1].reason) == (2, LineReason.TOO_LONG)
    assert isinstance(read[2], Outgoing)
    assert read[2].position == 3
    assert len(read) == 3


def unreachable() -> Publisher:
    return Publisher(NOWHERE, Codec(FingerprintRegistry()), delivery_timeout_s=1)


def orders(count: int) -> Iterator[Outgoing | LineError]:
    return read_events(
        io.BytesIO(b"".join(line({**ORDER, "event_id": f"e-{n}"}) + b"\n" for n in range(count)))
    )


def test_a_failed_delivery_is_raised_with_its_position() -> None:
    with pytest.raises(DeliveryFailedError) as caught, unreachable() as publisher:
        publish(orders(3), publisher, on_error=lambda error: None)
    assert (caught.value.failed_position, caught.value.position) == (1, 0)
    assert caught.value.topic == "tieout.orders"
    assert caught.value.receipt.delivered == 0


def test_errors_are_counted_and_a_record_beyond_the_limit_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "RECORD_BYTES_MAX", 10)
    errors: list[LineError] = []
    with unreachable() as publisher:
        published = publish(
            read_events(io.BytesIO(line(ORDER) + b"\n{\n")), publisher, on_error=errors.append
        )
    assert published.refused == {LineReason.TOO_LONG: 1, LineReason.NOT_JSON: 1}
    assert [e.line_no for e in errors] == [1, 2]
    assert published.last_position == 2
    assert published.receipt.delivered == 0


def test_ctrl_c_says_how_far_it_got() -> None:
    def interrupted() -> Iterator[Outgoing | LineError]:
        yield LineError(1, LineReason.NOT_JSON, "", "")
        signal.raise_signal(signal.SIGINT)
        yield LineError(2, LineReason.NOT_JSON, "", "")
        raise AssertionError("it went on after Ctrl-C")

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(PublishInterruptedError) as caught, unreachable() as publisher:
        publish(interrupted(), publisher, on_error=lambda error: None)
    assert caught.value.position == 2
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_stops_at_once() -> None:
    def interrupted() -> Iterator[Outgoing | LineError]:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        yield LineError(1, LineReason.NOT_JSON, "", "")

    with pytest.raises(KeyboardInterrupt), unreachable() as publisher:
        publish(interrupted(), publisher, on_error=lambda error: None)


@pytest.mark.parametrize("name", ["none.ndjson", "broken.ndjson.gz", ""])
def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path, name: str) -> None:
    (tmp_path / "broken.ndjson.gz").write_bytes(b"\x1f\x8b\x08")
    with pytest.raises(SourceUnreadableError), unreachable() as publisher:
        publish_file(tmp_path / name, publisher, on_error=lambda error: None)


def test_a_timeout_names_the_store_that_is_most_behind() -> None:
    error = NotReflectedError(
        60, [Behind("PostgreSQL", "t", 0, 5, 6), Behind("Redis", "t", 0, 0, 6), Behind("Redis", "t", 1, 1, 3)]
    )
    assert "Redis is 8 offsets behind" in str(error)
    assert "partition 0: at 0, wanted 6" in str(error)
