"""The records that leave the stream fit their contracts, and an unreadable record becomes a dead letter."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from confluent_kafka import Message
from faust.types import TP

from domain.rules import Rules
from schemas.codec import Codec
from schemas.partitioner import partition_for
from schemas.registry import FingerprintRegistry
from schemas.topics import ADJUSTMENTS, BY_NAME, ORDERS, Topic
from services.imports.canonical import Outgoing, read_event
from streams.books_table import StoredBook
from streams.engine.faust_seams import moved_seams
from streams.engine.faust_transport import BatchConsumerThread
from streams.reconcile import Reconciler
from streams.results import ROWS_PER_PART

CODEC = Codec(FingerprintRegistry())
PARTITIONS = 4
EXAMPLES = Path("docs/reference/events.md")


class ListView:
    """A batch view over plain lists."""

    def __init__(self, records: list[Message]) -> None:
        self.records = records
        self.state: dict[bytes, StoredBook] = {}
        self.parts: dict[tuple[bytes, int], bytes] = {}
        self.emitted: list[tuple[Topic, bytes | None, dict[str, object]]] = []

    def in_turn(self, seconds: float) -> list[Message]:
        assert seconds >= 0
        return self.records

    def get(self, key: bytes) -> StoredBook | None:
        return self.state.get(key)

    def put(self, key: bytes, value: StoredBook) -> None:
        self.state[key] = value

    def keys(self) -> list[bytes]:
        return list(self.state)

    def find_part(self, key: bytes, number: int) -> bytes | None:
        return self.parts.get((key, number))

    def get_part(self, key: bytes, number: int) -> bytes:
        return self.parts[key, number]

    def put_part(self, key: bytes, number: int, part: bytes | None) -> None:
        if part is None:
            del self.parts[key, number]
        else:
            self.parts[key, number] = part

    def emit(self, topic: str, key: bytes | None, value: bytes) -> None:
        schema = BY_NAME[topic].schema
        assert schema is not None
        self.emitted.append((BY_NAME[topic], key, CODEC.decode(schema, value)))


def message(
    topic: str, key: bytes | None, value: bytes | None, offset: int, partition: int | None = None
) -> Message:
    number = partition_for(key, PARTITIONS) if partition is None and key else partition or 0
    return Message(
        topic=topic, partition=number, offset=offset, key=key, value=value, timestamp=(1, 1_700_000_000_000)
    )


def example_events() -> list[Outgoing]:
    lines = [line for line in EXAMPLES.read_text().splitlines() if line.startswith('{"event_id"')]
    found = [read_event(number, json.loads(line)) for number, line in enumerate(lines, start=1)]
    assert all(isinstance(each, Outgoing) for each in found)
    return [each for each in found if isinstance(each, Outgoing)]


def encoded(outgoing: Outgoing) -> bytes:
    assert outgoing.topic.schema is not None
    return CODEC.encode(outgoing.topic.schema, outgoing.value)


def run(view: ListView, topic: Topic) -> None:
    Reconciler(CODEC, Rules(), PARTITIONS).apply(view, topic)  # type: ignore[arg-type]


def test_the_documented_example_gives_the_documented_findings() -> None:
    state: dict[bytes, StoredBook] = {}
    emitted = []
    for offset, outgoing in enumerate(example_events()):
        view = ListView([message(outgoing.topic.name, outgoing.key, encoded(outgoing), offset)])
        view.state = state
        run(view, outgoing.topic)
        emitted += view.emitted
    kinds = {topic.schema for topic, _, _ in emitted}
    results = {"ledger_entry", "open_item", "allocation", "balance", "discrepancy", "statement_comparison"}
    assert kinds == results
    (comparison,) = [row for topic, _, row in emitted if topic.schema == "statement_comparison"]
    assert (comparison["theirs_closing_minor"], comparison["ours_closing_minor"]) == (0, 50)
    assert [(row["line_no"], row["outcome"], row["step_minor"]) for row in comparison["rows"]] == [
        (1, "MATCHED", 0),
        (2, "AMOUNT", 50),
    ]
    open_findings = {}
    for topic, _, row in emitted:
        if topic.schema == "discrepancy":
            open_findings[row["discrepancy_id"]] = (
                row["kind"],
                row["document_no"],
                row["amount_minor"],
                row["state"],
            )
    left = {finding[:3] for finding in open_findings.values() if finding[3] in ("OPENED", "UPDATED")}
    assert left == {
        ("SHORT_PAYMENT", "INV-1001", 50),
        ("AMOUNT_MISMATCH", "P-77", 50),
        ("CLOSING_BALANCE_BREAK", None, 50),
    }
    assert [row["balance_minor"] for topic, _, row in emitted if topic.schema == "balance"] == [12100, 50, 50]


def test_what_an_adjustment_clears_is_resolved_and_names_it() -> None:
    state: dict[bytes, StoredBook] = {}
    order, payment, _ = example_events()
    envelope = ("schema_version", "source_version", "occurred_at", "business_date", "customer_id", "currency")
    adjustment = {
        **{name: order.value[name] for name in envelope},
        "source_system": "tieout",
        "event_id": "ADJ-1/posted",
        "event_type": "adjustment.posted",
        "source_record_id": "adjustment/ADJ-1",
        "amount_minor": 50,
        "document_no": "ADJ-1",
        "adjustment_id": "ADJ-1",
        "adjustment_type": "write_off",
        "proposed_by": "ann",
        "approved_by": "bob",
        "reason": "small change",
        "target_document_no": "INV-1001",
        "write_off_side": "CREDIT",
        "allocations": [],
    }
    values = [(order.topic, encoded(order)), (payment.topic, encoded(payment))]
    values.append((ADJUSTMENTS, CODEC.encode("adjustment", adjustment)))
    for offset, (topic, value) in enumerate(values):
        view = ListView([message(topic.name, order.key, value, offset)])
        view.state = state
        run(view, topic)
    (found,) = [row for topic, _, row in view.emitted if topic.schema == "discrepancy"]
    assert (found["state"], found["kind"], found["reason_code"]) == ("RESOLVED", "SHORT_PAYMENT", "resolved")
    assert found["reason_arguments"] == {
        "adjustment": "ADJ-1",
        "maker": "ann",
        "checker": "bob",
        "also": "SO-1001",
    }
    assert found["explanation"] == "Resolved by adjustment ADJ-1, proposed by ann, approved by bob."


def test_a_long_comparison_goes_out_in_parts_and_a_withdrawn_one_as_none() -> None:
    statement = example_events()[2]
    lines = [
        {
            "line_no": number,
            "document_no": f"INV-{number:04d}",
            "date": statement.value["period_end"],
            "debit_minor": 1,
            "credit_minor": 0,
            "running_balance_minor": None,
            "their_reference": None,
        }
        for number in range(1, 2 * ROWS_PER_PART + 1)
    ]
    received = dict(statement.value) | {"lines": lines, "total_debit_minor": 2_000, "total_credit_minor": 0}
    withdrawn = dict(statement.value) | {
        "event_type": "customer_statement.withdrawn",
        "event_id": "e-9",
        "statement_version": 2,
    }
    schema = statement.topic.schema
    assert schema is not None
    view = ListView(
        [
            message(statement.topic.name, statement.key, CODEC.encode(schema, value), offset)
            for offset, value in enumerate((received, withdrawn))
        ]
    )
    run(view, statement.topic)
    parts = [row for topic, _, row in view.emitted if topic.schema == "statement_comparison"]
    assert [(row["part"], row["parts"], len(row["rows"])) for row in parts] == [
        (1, 3, ROWS_PER_PART),
        (2, 3, ROWS_PER_PART),
        (3, 3, 1),  # the lines do not come to their closing balance
        (1, 0, 0),
    ]
    steps = sum(line["step_minor"] for row in parts[:3] for line in row["rows"])
    assert parts[0]["theirs_closing_minor"] + steps == parts[0]["ours_closing_minor"]


def test_every_line_of_a_document_that_differs_is_explained() -> None:
    """Two lines make up one document, and their sum is not ours: each has the reason that stands on both."""
    (order, _, statement) = example_events()
    lines = [dict(line, line_no=number) for number, line in enumerate(statement.value["lines"][:1] * 2, 1)]
    lines[1]["debit_minor"] = 50
    value = {**statement.value, "lines": lines, "line_count": 2, "closing_balance_minor": 12_150}
    state: dict[bytes, StoredBook] = {}
    for offset, outgoing in enumerate((order, Outgoing(3, statement.topic, statement.key, value))):
        view = ListView([message(outgoing.topic.name, outgoing.key, encoded(outgoing), offset)])
        view.state = state
        run(view, outgoing.topic)
    (comparison,) = [row for topic, _, row in view.emitted if topic.schema == "statement_comparison"]
    rows = comparison["rows"]
    assert isinstance(rows, list)
    assert [(row["line_no"], row["outcome"], row["step_minor"]) for row in rows] == [
        (1, "AMOUNT", 0),
        (2, "AMOUNT", -50),
    ]
    assert {row["explanation"] for row in rows} == {
        "Line 2 shows 121.50 EUR for INV-1001; the books show 121.00 EUR."
    }


def test_every_result_goes_under_the_customers_key() -> None:
    outgoing = example_events()[0]
    view = ListView([message(outgoing.topic.name, outgoing.key, encoded(outgoing), 0)])
    run(view, outgoing.topic)
    assert {key for _, key, _ in view.emitted} == {b"C-1"}


@pytest.mark.parametrize(
    ("key", "value", "partition", "reason"),
    [
        (b"C-1", b"garbage", None, "NOT_FRAMED"),
        (b"C-1", None, None, "NOT_FRAMED"),
        (b"C-1", b"\0\0\0\0\1x", None, "UNKNOWN_SCHEMA"),
        (b"other", "good", None, "KEY_MISMATCH"),
        (None, "good", 0, "KEY_MISMATCH"),
        (b"C-1", "good", (partition_for(b"C-1", PARTITIONS) + 1) % PARTITIONS, "WRONG_PARTITION"),
    ],
)
def test_what_is_no_event_of_its_customer_is_a_dead_letter(
    key: bytes | None, value: bytes | str | None, partition: int | None, reason: str
) -> None:
    good = encoded(example_events()[0])
    raw = good if value == "good" else value
    assert not isinstance(raw, str)
    view = ListView([message(ORDERS.name, key, raw, 41, partition)])
    run(view, ORDERS)
    ((topic, _, row),) = view.emitted
    assert (topic.schema, row["reason"], row["raw_value"]) == ("dead_letter", reason, raw)
    assert row["source"] == {"topic": ORDERS.name, "partition": view.records[0].partition(), "offset": 41}
    assert row["recorded_at"] == dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=dt.UTC)
    assert view.state == {}


def test_a_redelivered_event_gives_no_result() -> None:
    outgoing = example_events()[0]
    again = [message(outgoing.topic.name, outgoing.key, encoded(outgoing), offset) for offset in (0, 1)]
    once, twice = ListView(again[:1]), ListView(again)
    run(once, outgoing.topic)
    run(twice, outgoing.topic)
    assert len(once.emitted) == len(twice.emitted)


def test_faust_does_not_watch_fetches_that_it_does_not_make() -> None:
    thread = BatchConsumerThread.__new__(
        BatchConsumerThread
    )  # that has nothing: Faust's own would look into it
    thread.verify_event_path(1e9, TP("tieout.orders", 0))


def test_this_faust_has_the_seams_that_the_engine_stands_on() -> None:
    assert moved_seams() == []
