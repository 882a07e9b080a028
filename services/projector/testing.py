"""Result records as the stream would write them, for tests of what reads them. Deterministic by seed."""

from __future__ import annotations

import datetime as dt
import logging
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Producer

from schemas import topics
from schemas.codec import Codec
from schemas.partitioner import PRODUCER_PARTITIONER

_BEGIN = dt.datetime(2026, 1, 1, 9, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Result:
    """One record of a result topic, not encoded yet."""

    topic: topics.Topic
    key: str
    record: Mapping[str, Any]


def results(seed: int, *, customers: int, events: int, prefix: str = "C") -> Iterator[list[Result]]:
    """The results of one event after another: invoices, payments and refused records, in two currencies."""
    chance = random.Random(seed)  # noqa: S311 - test data
    versions: dict[tuple[str, str], int] = {}
    balances: dict[tuple[str, str], int] = {}
    for number in range(events):
        customer = f"{prefix}-{chance.randrange(customers)}"
        if chance.random() < 0.02:
            yield [dead_letter(customer, number)]
            continue
        account = (customer, chance.choice(("EUR", "JPY")))
        versions[account] = versions.get(account, 0) + 1
        amount_minor = chance.randrange(1, 1_000_000)
        is_debit = chance.random() < 0.55
        balances[account] = balances.get(account, 0) + (amount_minor if is_debit else -amount_minor)
        common = {"customer_id": customer, "currency": account[1], "account_version": versions[account]}
        event_id = f"{prefix}-e{number}"
        found = [
            ledger_entry(common, event_id, number, amount_minor, is_debit=is_debit),
            open_item(common, f"item-{number % 7}", amount_minor, is_debit=is_debit),
            balance(common, event_id, number, balances[account]),
        ]
        if chance.random() < 0.4:
            state = chance.choice(("confirmed", "suggested", "withdrawn"))
            found.append(allocation(common, f"alloc-{number % 5}", amount_minor, state))
        if chance.random() < 0.3:
            state = chance.choice(("OPENED", "UPDATED", "RETRACTED"))
            about = f"{customer}/{account[1]}/d{number % 3}"
            found.append(discrepancy(common, about, event_id, number, amount_minor, state))
        if chance.random() < 0.2:
            found.append(comparison(common, f"S-{number % 3}", 1, chance.choice((0, 1)), number))
        yield found


def ledger_entry(
    common: Mapping[str, Any], event_id: str, number: int, amount_minor: int, *, is_debit: bool
) -> Result:
    """A posted line of the ledger."""
    record = {
        **common,
        "entry_id": f"{event_id}/1",
        "kind": "INVOICE" if is_debit else "PAYMENT",
        "role": "POSTED",
        "side": "DEBIT" if is_debit else "CREDIT",
        "amount_minor": amount_minor,
        "document_no": f"DOC-{number}",
        "business_date": (_BEGIN + dt.timedelta(hours=number)).date(),
        "due_date": None,
        "occurred_at": _BEGIN + dt.timedelta(hours=number),
        "recorded_at": _BEGIN + dt.timedelta(hours=number, microseconds=1000),
        "event_id": event_id,
        "source_system": "shop",
        "source_record_id": f"order/{number}",
        "source_version": 1,
        "correlation_id": None,
        "description": f"订单 {number}",
        "source": {"topic": topics.ORDERS.name, "partition": 0, "offset": number},
    }
    return Result(topics.LEDGER_ENTRIES, str(common["customer_id"]), record)


def open_item(common: Mapping[str, Any], item_id: str, amount_minor: int, *, is_debit: bool) -> Result:
    """An item of which nothing is allocated."""
    record = {
        **common,
        "item_id": item_id,
        "kind": "INVOICE" if is_debit else "PAYMENT",
        "side": "DEBIT" if is_debit else "CREDIT",
        "document_no": item_id,
        "business_date": _BEGIN.date(),
        "due_date": _BEGIN.date(),
        "original_minor": amount_minor,
        "allocated_minor": 0,
        "open_minor": amount_minor,
        "state": "OPEN",
        "salesperson": None,
        "department": "north",
    }
    return Result(topics.OPEN_ITEMS, str(common["customer_id"]), record)


def balance(common: Mapping[str, Any], event_id: str, number: int, balance_minor: int) -> Result:
    """The running balance after an event."""
    record = {
        **common,
        "balance_minor": balance_minor,
        "entry_count": common["account_version"],
        "open_discrepancies": 0,
        "last_business_date": (_BEGIN + dt.timedelta(hours=number)).date(),
        "event_id": event_id,
        "occurred_at": _BEGIN + dt.timedelta(hours=number),
    }
    return Result(topics.BALANCES, str(common["customer_id"]), record)


def allocation(common: Mapping[str, Any], allocation_id: str, amount_minor: int, state: str) -> Result:
    """An allocation; the amount is as given, also of a withdrawn one."""
    record = {
        **common,
        "allocation_id": allocation_id,
        "credit_item_id": "item-1",
        "payment_document_no": "P-1",
        "debit_item_id": "item-2",
        "document_no": "INV-2",
        "amount_minor": amount_minor,
        "effective_date": _BEGIN.date(),
        "rule": "remittance_text",
        "rule_version": 1,
        "score_ppm": 1_000_000,
        "score_parts": {"reference": 1_000_000},
        "state": state,
    }
    return Result(topics.ALLOCATIONS, str(common["customer_id"]), record)


def discrepancy(
    common: Mapping[str, Any], discrepancy_id: str, event_id: str, number: int, amount_minor: int, state: str
) -> Result:
    """A change of a finding."""
    record = {
        **common,
        "discrepancy_id": discrepancy_id,
        "kind": "SHORT_PAYMENT",
        "state": state,
        "document_no": f"DOC-{number}",
        "amount_minor": amount_minor,
        "ours_minor": amount_minor,
        "theirs_minor": None,
        "statement_id": None,
        "line_no": None,
        "rule": "short_payment",
        "rule_version": 1,
        "explanation": "Paid less than invoiced.",
        "reason_code": "short_payment",
        "reason_arguments": {"document": f"DOC-{number}"},
        "evidence": [{"topic": topics.PAYMENTS.name, "partition": 1, "offset": number}],
        "event_id": event_id,
        "correlation_id": None,
        "business_date": _BEGIN.date(),
        "occurred_at": _BEGIN + dt.timedelta(hours=number),
    }
    return Result(topics.DISCREPANCIES, str(common["customer_id"]), record)


def comparison(common: Mapping[str, Any], statement_id: str, part: int, parts: int, line_no: int) -> Result:
    """One part, with one row, of a comparison."""
    row = {
        "line_no": line_no,
        "document_no": "INV-1",
        "date": _BEGIN.date(),
        "theirs_minor": 70,
        "our_kind": "INVOICE",
        "our_document_no": "INV-1",
        "our_date": _BEGIN.date(),
        "ours_minor": 50,
        "outcome": "AMOUNT",
        "action": "AGREE_AMOUNT",
        "step_minor": -20,
        "reason_code": "line_amount",
        "reason_arguments": {"line": str(line_no)},
        "explanation": "They differ.",
    }
    record = {
        **common,
        "statement_id": statement_id,
        "part": part,
        "parts": parts,
        "statement_version": 1,
        "period_start": _BEGIN.date(),
        "period_end": _BEGIN.date() + dt.timedelta(days=30),
        "theirs_opening_minor": 0,
        "ours_opening_minor": 0,
        "theirs_closing_minor": 70,
        "ours_closing_minor": 50,
        "line_count": parts,
        "matched_count": 0,
        "pending_count": 0,
        "first_divergent_line_no": 1,
        "rows": [row] if parts else [],
        "event_id": "e-1",
        "occurred_at": _BEGIN,
    }
    return Result(topics.STATEMENT_COMPARISONS, str(common["customer_id"]), record)


def dead_letter(customer_id: str, number: int) -> Result:
    """A refused record with bytes that are no text."""
    record = {
        "reason": "UNDECODABLE",
        "detail": "EOFError",
        "event_id": None,
        "customer_id": customer_id,
        "recorded_at": _BEGIN + dt.timedelta(hours=number),
        "source": {"topic": topics.PAYMENTS.name, "partition": 0, "offset": number},
        "raw_key": customer_id.encode(),
        "raw_value": b"\x00\xff\\x\n\t" + str(number).encode(),
    }
    return Result(topics.DEAD_LETTERS, customer_id, record)


def publish(
    bootstrap_servers: str,
    codec: Codec,
    groups: Iterator[list[Result]] | Sequence[list[Result]],
    *,
    per_transaction: int = 50,
    name_of: Callable[[topics.Topic], str] = lambda topic: topic.name,
    transactional_id: str = "tieout-test-results",
) -> None:
    """Write the groups in Kafka transactions of that many; blocks until all are committed."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "transactional.id": transactional_id,
            "partitioner": PRODUCER_PARTITIONER,
        },
        logger=logging.getLogger("librdkafka"),
    )
    producer.init_transactions(30)
    pending = list(groups)
    for start in range(0, len(pending), per_transaction):
        producer.begin_transaction()
        for group in pending[start : start + per_transaction]:
            for result in group:
                value = codec.encode(result.topic.schema or "", result.record)
                producer.produce(name_of(result.topic), value, result.key.encode())
        producer.commit_transaction(30)
