"""One record per released contract, as bytes that never change: what was written once stays readable.

``golden/<contract>.hex`` is the whole wire value, header included. A new release adds a sample and a file; a
file that is there is never edited.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from schemas import catalog
from schemas.codec import Codec
from schemas.registry import FingerprintRegistry

GOLDEN = Path(__file__).parent / "golden"

INSTANT = dt.datetime(2026, 1, 5, 9, 30, 0, 123456, tzinfo=dt.UTC)
JANUARY_5 = dt.date(2026, 1, 5)
JANUARY_20 = dt.date(2026, 1, 20)
FEBRUARY_4 = dt.date(2026, 2, 4)

ENVELOPE: Mapping[str, object] = {
    "event_id": "e-1",
    "schema_version": 1,
    "source_system": "shop",
    "source_version": 1,
    "occurred_at": INSTANT,
    "business_date": JANUARY_5,
    "customer_id": "C-1",
    "currency": "EUR",
    "correlation_id": "SO-1001",
    "causation_id": None,
    "metadata": {"渠道": "线上"},
}
ACCOUNT: Mapping[str, object] = {"customer_id": "C-1", "currency": "EUR", "account_version": 3}
LINE: Mapping[str, object] = {
    "sku": "A",
    "quantity": "4",
    "unit_price": "25.00",
    "tax_minor": 2100,
    "total_minor": 12100,
    "description": None,
}
POSITION: Mapping[str, object] = {"topic": "tieout.orders", "partition": 3, "offset": 4_294_967_296}

RULE_SET: Mapping[str, object] = {
    "event_id": "rule_set/2/activated",
    "event_type": "rule_set.activated",
    "version": 2,
    "name": "Kleinbeträge",
    "effective_from": JANUARY_5,
    "customers": ["C-1"],
    "rules": '{"tolerance_minor":50}',
    "occurred_at": INSTANT,
    "proposed_by": "ann",
    "approved_by": "bob",
}

SAMPLES: dict[str, dict[str, Any]] = {
    "order.v1": {
        **ENVELOPE,
        "event_type": "order.placed",
        "source_record_id": "order/SO-1001",
        "amount_minor": 12100,
        "document_no": "INV-1001",
        "order_id": "SO-1001",
        "invoice_no": "INV-1001",
        "due_date": FEBRUARY_4,
        "lines": [LINE],
        "net_minor": 10000,
        "tax_minor": 2100,
        "gross_minor": 12100,
        "salesperson": "Zoë",
        "department": None,
    },
    "payment.v1": {
        **ENVELOPE,
        "event_type": "payment.settled",
        "source_record_id": "payment/P-77",
        "amount_minor": 9_223_372_036_854_775_807,
        "document_no": "P-77",
        "payment_id": "P-77",
        "method": "SEPA",
        "gross_minor": None,
        "fee_minor": -1,
        "net_minor": 0,
        "payer_name": "Müller & Söhne",
        "payer_account_masked": "DE** **** 1234",
        "bank_reference": "",
        "end_to_end_id": "E2E-1",
        "remittance_text": "inv 1001 less 0.50",
        "value_date": JANUARY_20,
        "allocations": [{"document_no": "INV-1001", "amount_minor": 12050}],
    },
    "refund.v1": {
        **ENVELOPE,
        "event_type": "exchange.settled",
        "source_record_id": "refund/R-9",
        "amount_minor": 500,
        "document_no": "R-9",
        "refund_id": "R-9",
        "original_document_no": "INV-1001",
        "original_payment_id": None,
        "reason": "damaged",
        "lines": [LINE],
        "replacement_order_id": "SO-1002",
        "price_difference_minor": -500,
    },
    "customer_statement.v1": {
        **ENVELOPE,
        "event_type": "customer_statement.received",
        "source_record_id": "statement/S-1",
        "amount_minor": -50,
        "document_no": "S-1",
        "statement_id": "S-1",
        "statement_version": 2,
        "period_start": dt.date(1969, 12, 31),
        "period_end": JANUARY_20,
        "opening_balance_minor": -9_223_372_036_854_775_808,
        "closing_balance_minor": -50,
        "total_debit_minor": 12100,
        "total_credit_minor": 12150,
        "line_count": 2,
        "lines": [
            {
                "line_no": 1,
                "document_no": "INV-1001",
                "date": JANUARY_5,
                "debit_minor": 12100,
                "credit_minor": 0,
                "running_balance_minor": 12100,
                "their_reference": None,
            },
            {
                "line_no": 2,
                "document_no": "P-77",
                "date": JANUARY_20,
                "debit_minor": 0,
                "credit_minor": 12150,
                "running_balance_minor": None,
                "their_reference": "PO 4711",
            },
        ],
    },
    "ledger_entry.v1": {
        **ACCOUNT,
        "entry_id": "le-1",
        "kind": "INVOICE",
        "role": "POSTED",
        "side": "DEBIT",
        "amount_minor": 12100,
        "document_no": "INV-1001",
        "business_date": JANUARY_5,
        "due_date": FEBRUARY_4,
        "occurred_at": INSTANT,
        "recorded_at": dt.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC),
        "event_id": "e-1",
        "source_system": "shop",
        "source_record_id": "order/SO-1001",
        "source_version": 1,
        "correlation_id": "SO-1001",
        "description": "",
        "source": POSITION,
    },
    "open_item.v1": {
        **ACCOUNT,
        "item_id": "oi-1",
        "kind": "INVOICE",
        "side": "DEBIT",
        "document_no": "INV-1001",
        "business_date": JANUARY_5,
        "due_date": FEBRUARY_4,
        "original_minor": 12100,
        "allocated_minor": 12050,
        "open_minor": 50,
        "state": "PARTIALLY_ALLOCATED",
        "salesperson": None,
        "department": "EMEA",
    },
    "allocation.v1": {
        **ACCOUNT,
        "allocation_id": "al-1",
        "credit_item_id": "oi-2",
        "payment_document_no": "P-77",
        "debit_item_id": "oi-1",
        "document_no": "INV-1001",
        "amount_minor": 12050,
        "effective_date": JANUARY_20,
        "rule": "remittance_text",
        "rule_version": 1,
        "score_ppm": 1_000_000,
        "state": "confirmed",
    },
    "allocation.v2": {
        **ACCOUNT,
        "allocation_id": "al-1",
        "credit_item_id": "oi-2",
        "payment_document_no": "P-77",
        "debit_item_id": "oi-1",
        "document_no": "INV-1001",
        "amount_minor": 12050,
        "effective_date": JANUARY_20,
        "rule": "amount_and_date",
        "rule_version": 1,
        "score_ppm": 950_000,
        "state": "suggested",
        "score_parts": {"amount": 900_000, "date": 1_000_000},
    },
    "balance.v1": {
        **ACCOUNT,
        "balance_minor": -50,
        "entry_count": 2,
        "open_discrepancies": 1,
        "last_business_date": JANUARY_20,
        "event_id": "e-2",
        "occurred_at": INSTANT,
    },
    "discrepancy.v1": {
        **ACCOUNT,
        "discrepancy_id": "d-1",
        "kind": "SHORT_PAYMENT",
        "state": "OPENED",
        "document_no": "INV-1001",
        "amount_minor": 50,
        "ours_minor": 12100,
        "theirs_minor": None,
        "statement_id": None,
        "line_no": None,
        "rule": "short_payment",
        "rule_version": 1,
        "explanation": "0.50 EUR of INV-1001 is still open.",
        "reason_code": "short_payment",
        "reason_arguments": {"open": "0.50"},
        "evidence": [POSITION],
        "event_id": "e-2",
        "correlation_id": None,
        "business_date": JANUARY_5,
        "occurred_at": INSTANT,
    },
    "statement_comparison.v1": {
        **ACCOUNT,
        "statement_id": "S-1",
        "part": 1,
        "parts": 1,
        "statement_version": 2,
        "period_start": JANUARY_5,
        "period_end": JANUARY_20,
        "theirs_opening_minor": 0,
        "ours_opening_minor": -1,
        "theirs_closing_minor": 12100,
        "ours_closing_minor": 12050,
        "line_count": 2,
        "matched_count": 1,
        "pending_count": 0,
        "first_divergent_line_no": 2,
        "rows": [
            {
                "line_no": 2,
                "document_no": "P-77",
                "date": JANUARY_20,
                "theirs_minor": -12100,
                "our_kind": "PAYMENT",
                "our_document_no": "P-77",
                "our_date": JANUARY_20,
                "ours_minor": -12050,
                "outcome": "AMOUNT",
                "action": "ASK_FOR_REMITTANCE",
                "step_minor": 50,
                "reason_code": "line_amount",
                "reason_arguments": {"line": "2"},
                "explanation": "Line 2 shows …",
            },
            {
                "line_no": None,
                "document_no": None,
                "date": None,
                "theirs_minor": None,
                "our_kind": None,
                "our_document_no": None,
                "our_date": None,
                "ours_minor": None,
                "outcome": "BALANCE",
                "action": "COMPARE_EARLIER",
                "step_minor": -100,
                "reason_code": "opening_carried",
                "reason_arguments": {},
                "explanation": "",
            },
        ],
        "event_id": "e-3",
        "occurred_at": INSTANT,
    },
    "dead_letter.v1": {
        "reason": "UNDECODABLE",
        "detail": "EOFError",
        "event_id": None,
        "customer_id": "C-1",
        "recorded_at": INSTANT,
        "source": POSITION,
        "raw_key": b"C-1",
        "raw_value": b"\x00\xff\x80",
    },
    "notice.v1": {
        "notice_id": "n-1",
        "notice_kind": "OVERDUE_REMINDER",
        "customer_id": "C-1",
        "currency": "EUR",
        "document_no": None,
        "amount_minor": 12100,
        "level": 2,
        "severity": "warning",
        "language": "zh",
        "subject": "逾期提醒",
        "body": "…",
        "created_at": INSTANT,
    },
    "rule_set.v1": {**RULE_SET},
    "rule_set.v2": {**RULE_SET, "customers": ["C-1", "C-2", "C-3"], "groups": ["批发"], "members": 2},
}


def golden(label: str) -> bytes:
    return bytes.fromhex((GOLDEN / f"{label}.hex").read_text(encoding="ascii"))


def released() -> list[catalog.Contract]:
    return [known for known in catalog.contracts() if known.version is not None]


def test_every_released_contract_has_golden_bytes() -> None:
    labels = {known.label for known in released()}

    assert SAMPLES.keys() == labels
    assert {file.stem for file in GOLDEN.glob("*.hex")} == labels


@pytest.mark.parametrize("known", released(), ids=lambda known: known.label)
def test_golden_bytes_are_read(known: catalog.Contract) -> None:
    record = Codec(FingerprintRegistry()).decode(known.name, golden(known.label))

    # fields that a later version added stand at their defaults
    assert {name: record[name] for name in SAMPLES[known.label]} == SAMPLES[known.label]


@pytest.mark.parametrize("known", released(), ids=lambda known: known.label)
def test_golden_bytes_are_written(known: catalog.Contract) -> None:
    if known.fingerprint != catalog.todays(known.name).fingerprint:
        return  # an older version is read for ever, but written no more
    assert Codec(FingerprintRegistry()).encode(known.name, SAMPLES[known.label]) == golden(known.label)
