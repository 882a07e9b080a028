"""A bank's file: receipts find their customers, once, over the command line and over HTTP."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.e2e.service import WholeService

pytestmark = pytest.mark.e2e

CUSTOMER = "C-bank"
NARROW = """Account;DE1;;
Currency;EUR;;
Date;Document no.;Debit;Credit;Payer;Text
2026-01-20;BK-1;;121.00;Calder Tools;payment for INV-B77
2026-01-21;BK-2;;5.00;Somebody;hello
2026-01-22;BK-3;9.00;;Us;fee
"""


@pytest.fixture(scope="module")
def booked(tieout: WholeService) -> WholeService:
    tieout.publish(
        [
            {
                "event_id": "bank-files/INV-B77",
                "event_type": "invoice.placed",
                "source_system": "tests",
                "source_record_id": "INV-B77",
                "occurred_at": "2026-01-05T10:00:00Z",
                "business_date": "2026-01-05",
                "customer_id": CUSTOMER,
                "currency": "EUR",
                "amount_minor": 12_100,
                "document_no": "INV-B77",
                "invoice_no": "INV-B77",
            }
        ]
    )
    return tieout


def test_a_receipt_pays_the_invoice_that_its_text_names_and_only_once(
    booked: WholeService, tmp_path: Path
) -> None:
    path = tmp_path / "bank.csv"
    path.write_text(NARROW, encoding="utf-8")
    first = booked.json("import", "bank-statement", path, "--wait", "--anonymous-account", "C-unknown")
    assert first["accepted"] == {"payment": 2}
    assert first["rejected"] == {"NOT_A_RECEIPT": 1}
    [match] = booked.json("matches", "--customer", CUSTOMER)
    assert (match["document_no"], match["amount_minor"]) == ("INV-B77", 12_100)
    [unknown] = booked.json("balances", "--customer", "C-unknown")
    assert unknown["balance_minor"] == -500
    again = booked.json("import", "bank-statement", path, "--wait")
    assert again["accepted"] == {}
    assert "2 receipts were imported before" in again["notes"][0]


def test_a_statement_over_http(booked: WholeService) -> None:
    text = "Date,Document no.,Debit,Credit,Balance\n2026-01-05,INV-B77,,120.00,120.00\nsoon,X,1.00,,\n"
    where = f"{booked.page.rstrip('/')}/api/v1/imports/customer-statement"
    answer = httpx.post(
        where,
        params={"customer": CUSTOMER, "currency": "EUR", "filename": "../../jan.csv", "language": "zh"},
        content=text.encode(),
        headers={"content-type": "application/octet-stream"},
        timeout=60,
    )
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert (body["accepted"], body["rejected"]) == ({"customer_statement": 1}, {"BAD_DATE": 1})
    assert body["rejections"][0]["detail"] == "“soon”不是日期。"
    refused = httpx.post(
        where, content=b"a,b", headers={"content-type": "application/octet-stream"}, timeout=60
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "FILE_REFUSED")
