"""Examples of answers and requests, shown in the OpenAPI document. A test holds them against the row
types.
"""

from __future__ import annotations

from typing import Any, Final

from schemas.topics import PAYMENTS

_ACCOUNT: Final = {"customer_id": "C-1", "currency": "EUR"}
_SOURCE: Final = {"topic": PAYMENTS.name, "partition": 2, "offset": 41}

EXAMPLES: Final[dict[str, list[dict[str, Any]]]] = {
    "balances": [{**_ACCOUNT, "balance_minor": 50}],
    "entries": [
        {
            **_ACCOUNT,
            "entry_id": "e-0a1b2c3d4e5f60718293a4b5",
            "kind": "PAYMENT",
            "role": "POSTED",
            "document_no": "P-77",
            "business_date": "2026-01-20",
            "due_date": None,
            "side": "CREDIT",
            "amount_minor": 12050,
            "running_balance_minor": 50,
            "description": "inv 1001 less 0.50",
            "event_id": "e-2",
            "correlation_id": "P-77",
            "source_system": "bank",
            "source_record_id": "payment/P-77",
            "source_version": 1,
            "occurred_at": "2026-01-20T11:00:00Z",
            "source": _SOURCE,
        }
    ],
    "open_items": [
        {
            **_ACCOUNT,
            "item_id": "order:shop/order/SO-1001",
            "kind": "INVOICE",
            "side": "DEBIT",
            "document_no": "INV-1001",
            "business_date": "2026-01-05",
            "due_date": "2026-02-04",
            "original_minor": 12100,
            "allocated_minor": 12050,
            "open_minor": 50,
            "state": "PARTIALLY_ALLOCATED",
            "overdue": True,
            "days_past_due": 3,
        }
    ],
    "matches": [
        {
            **_ACCOUNT,
            "payment_document_no": "P-77",
            "document_no": "INV-1001",
            "amount_minor": 12050,
            "rule": "remittance_text",
            "rule_version": 1,
            "score": "0.950000",
            "score_ppm": 950000,
            "score_parts": {"reference": 950000},
            "state": "confirmed",
            "effective_date": "2026-01-20",
        }
    ],
    "discrepancies": [
        {
            "discrepancy_id": "d-0a1b2c3d4e5f60718293a4b5",
            "kind": "SHORT_PAYMENT",
            "state": "OPENED",
            **_ACCOUNT,
            "document_no": "INV-1001",
            "amount_minor": 50,
            "ours_minor": 12100,
            "theirs_minor": 12050,
            "statement_id": None,
            "line_no": None,
            "explanation": "INV-1001 of 121.00 EUR received 120.50 EUR; 0.50 EUR is still open.",
            "reason_code": "paid_short",
            "reason_arguments": {
                "document": "INV-1001",
                "amount": "121.00 EUR",
                "received": "120.50 EUR",
                "open": "0.50 EUR",
            },
            "business_date": "2026-01-05",
        }
    ],
    "discrepancy_changes": [
        {
            **_ACCOUNT,
            "discrepancy_id": "d-0a1b2c3d4e5f60718293a4b5",
            "kind": "SHORT_PAYMENT",
            "document_no": "INV-1001",
            "statement_id": None,
            "line_no": None,
            "account_version": 2,
            "state": "OPENED",
            "amount_minor": 50,
            "explanation": "INV-1001 of 121.00 EUR received 120.50 EUR; 0.50 EUR is still open.",
            "event_id": "e-2",
            "occurred_at": "2026-01-20T11:00:00Z",
        }
    ],
    "comparisons": [
        {
            **_ACCOUNT,
            "statement_id": "S-1",
            "statement_version": 1,
            "period_start": "2026-01-01",
            "period_end": "2026-01-31",
            "theirs_opening_minor": 0,
            "ours_opening_minor": 0,
            "theirs_closing_minor": 0,
            "ours_closing_minor": 50,
            "difference_minor": 50,
            "line_count": 2,
            "matched_count": 1,
            "pending_count": 0,
            "first_divergent_line_no": 2,
            "occurred_at": "2026-02-02T08:00:00Z",
            "lines": [
                {
                    "line_no": 2,
                    "document_no": "P-77",
                    "date": "2026-01-20",
                    "theirs_minor": -12100,
                    "our_kind": "PAYMENT",
                    "our_document_no": "P-77",
                    "our_date": "2026-01-20",
                    "ours_minor": -12050,
                    "outcome": "AMOUNT",
                    "action": "ASK_FOR_REMITTANCE",
                    "step_minor": 50,
                    "reason_code": "line_amount",
                    "reason_arguments": {
                        "line": "2",
                        "document": "P-77",
                        "theirs": "-121.00 EUR",
                        "ours": "-120.50 EUR",
                    },
                    "explanation": "Line 2 shows -121.00 EUR for P-77; the books show -120.50 EUR.",
                }
            ],
        }
    ],
    "ageing": [
        {
            **_ACCOUNT,
            "as_of": "2026-02-07",
            "buckets": {"current": 0, "1-30": 50, "31-60": 0, "61-90": 0, "91-120": 0, "121+": 0},
            "total_minor": 50,
        }
    ],
    "dead_letters": [
        {
            "dead_letter_id": f"{PAYMENTS.name}/2/41",
            "state": "REFUSED",
            "reason": "UNKNOWN_CURRENCY",
            "detail": "XXE is not an ISO 4217 currency",
            "event_id": "e-9",
            "customer_id": "C-1",
            "recorded_at": "2026-01-20T11:00:01Z",
            "source": _SOURCE,
            "raw_value": "{…}",
        }
    ],
}

EVENT: Final[dict[str, Any]] = {
    "event_id": "e-2",
    "event_type": "payment.settled",
    "schema_version": 1,
    "source_system": "bank",
    "source_record_id": "payment/P-77",
    "source_version": 1,
    "occurred_at": "2026-01-20T11:00:00Z",
    "business_date": "2026-01-20",
    "customer_id": "C-1",
    "currency": "EUR",
    "amount_minor": 12050,
    "document_no": "P-77",
    "payment_id": "P-77",
    "remittance_text": "inv 1001 less 0.50",
}
