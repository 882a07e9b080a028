"""Two hundred malformed records among good ones, straight onto the input topics: each becomes one dead letter.

Its reason, position and raw bytes are kept in Kafka and PostgreSQL; every good event is booked all the same (I2, I7).
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest
import sqlalchemy as sa
from confluent_kafka import KafkaError, Message, Producer

from schemas.codec import HEADER_BYTES, Codec
from schemas.partitioner import PRODUCER_PARTITIONER, partition_for
from schemas.registry import FingerprintRegistry
from schemas.topics import DEAD_LETTERS, PAYMENTS
from services.imports.canonical import Outgoing, read_event
from services.imports.errors import Receipt
from services.operations.kafka_log import KafkaLog
from services.simulator.simulation import Simulation
from services.store import tables
from services.store.engine import create_engine
from tests.e2e.service import WholeService

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

SEED: Final = 20_260_401
MALFORMED: Final = 200
PARTITIONS: Final = 4
CUSTOMER: Final = "C-MALFORMED"
Place = tuple[str, int, int]

codec = Codec(FingerprintRegistry())


@dataclass(frozen=True)
class Record:
    """What goes onto a topic; ``reason`` is why it must be refused, ``None`` for a good one."""

    topic: str
    value: bytes | None
    key: bytes | None = CUSTOMER.encode()
    partition: int | None = None
    reason: str | None = None


def payment(number: int, **changes: Any) -> dict[str, Any]:
    """A payment that is good but for the changes."""
    happened = dt.datetime(2026, 1, 20, 11, tzinfo=dt.UTC)
    return {
        "event_id": f"malformed/{number}",
        "event_type": "payment.settled",
        "schema_version": 1,
        "source_system": "test",
        "source_record_id": f"malformed/{number}",
        "source_version": 1,
        "occurred_at": happened,
        "business_date": happened.date(),
        "customer_id": CUSTOMER,
        "currency": "EUR",
        "amount_minor": 100,
        "document_no": f"P-{number}",
        "correlation_id": None,
        "causation_id": None,
        "metadata": {},
        "payment_id": f"P-{number}",
        **changes,
    }


def wrong_field(reason: str, **changes: Any) -> Callable[[int, random.Random], Record]:
    """A record whose Avro is right and whose content is not."""

    def make(number: int, rng: random.Random) -> Record:
        value = payment(number, **changes)
        return Record(
            PAYMENTS.name, codec.encode("payment", value), key=value["customer_id"].encode(), reason=reason
        )

    return make


def wrong_bytes(
    reason: str, spoil: Callable[[bytes, random.Random], bytes | None]
) -> Callable[[int, random.Random], Record]:
    """A record whose bytes are no payment."""

    def make(number: int, rng: random.Random) -> Record:
        return Record(PAYMENTS.name, spoil(codec.encode("payment", payment(number)), rng), reason=reason)

    return make


def wrong_place(reason: str, **changes: Any) -> Callable[[int, random.Random], Record]:
    """A good payment under a wrong key or on a wrong partition."""

    def make(number: int, rng: random.Random) -> Record:
        record = Record(PAYMENTS.name, codec.encode("payment", payment(number)), reason=reason)
        return replace(record, **changes)

    return make


def order_on_payments(number: int, rng: random.Random) -> Record:
    value = {
        name: v for name, v in payment(number, event_type="order.placed").items() if name != "payment_id"
    }
    return Record(PAYMENTS.name, codec.encode("order", {**value, "order_id": "SO-1"}), reason="WRONG_SCHEMA")


ELSEWHERE: Final = (partition_for(CUSTOMER.encode(), PARTITIONS) + 1) % PARTITIONS

KINDS: Final[dict[str, Callable[[int, random.Random], Record]]] = {
    "truncated": wrong_bytes("UNDECODABLE", lambda data, rng: data[: rng.randrange(HEADER_BYTES, len(data))]),
    "only the header": wrong_bytes("UNDECODABLE", lambda data, rng: data[:HEADER_BYTES]),
    "half a header": wrong_bytes("NOT_FRAMED", lambda data, rng: data[:3]),
    "unknown schema id": wrong_bytes("UNKNOWN_SCHEMA", lambda data, rng: b"\x00\x00\x00\x00\x01" + data[5:]),
    "wrong magic byte": wrong_bytes("NOT_FRAMED", lambda data, rng: b"\x01" + data[1:]),
    "trailing bytes": wrong_bytes("UNDECODABLE", lambda data, rng: data + rng.randbytes(rng.randint(1, 40))),
    "invalid UTF-8": wrong_bytes(
        "UNDECODABLE", lambda data, rng: data.replace(b"malformed/", b"malf\xff\xfemed/")
    ),
    "random bytes": wrong_bytes("NOT_FRAMED", lambda data, rng: b"\xfa" + rng.randbytes(rng.randint(0, 500))),
    "random bytes in a frame": wrong_bytes(
        "UNDECODABLE", lambda data, rng: data[:HEADER_BYTES] + b"\xff" * 10 + rng.randbytes(80)
    ),
    "JSON": wrong_bytes("NOT_FRAMED", lambda data, rng: b'{"event_id": "e-1", "amount_minor": 100}'),
    "empty value": wrong_bytes("NOT_FRAMED", lambda data, rng: b""),
    "tombstone": wrong_bytes("NOT_FRAMED", lambda data, rng: None),
    "wrong schema": order_on_payments,
    "unknown currency": wrong_field("UNKNOWN_CURRENCY", currency="XXQ"),
    "lower-case currency": wrong_field("UNKNOWN_CURRENCY", currency="eur"),
    "negative amount": wrong_field("NEGATIVE_AMOUNT", amount_minor=-1),
    "absurd amount": wrong_field("AMOUNT_OUT_OF_RANGE", amount_minor=10**15 + 1),
    "greatest amount": wrong_field("AMOUNT_OUT_OF_RANGE", amount_minor=2**63 - 1),
    "empty customer": wrong_field("MISSING_PARTY", customer_id=""),
    "blank customer": wrong_field("MISSING_PARTY", customer_id=" \t "),
    "NUL in a text": wrong_field("INVALID_FIELD", document_no="P-\x00-1"),
    "NUL in metadata": wrong_field("INVALID_FIELD", metadata={"note": "a\x00b"}),
    "NUL in the customer": wrong_field("INVALID_FIELD", customer_id="C-\x00"),
    "no document": wrong_field("INVALID_FIELD", document_no=" "),
    "no event id": wrong_field("INVALID_FIELD", event_id=""),
    "version 0": wrong_field("INVALID_FIELD", source_version=0),
    "a later contract": wrong_field("UNSUPPORTED_VERSION", schema_version=2),
    "unknown life": wrong_field("UNKNOWN_EVENT_TYPE", event_type="payment.exploded"),
    "another topic's event": wrong_field("UNKNOWN_EVENT_TYPE", event_type="refund.settled"),
    "far future": wrong_field("DATE_OUT_OF_RANGE", business_date=dt.date(9999, 12, 31)),
    "negative allocation": wrong_field(
        "NEGATIVE_AMOUNT", allocations=[{"document_no": "INV-1", "amount_minor": -5}]
    ),
    "key is not the customer": wrong_place("KEY_MISMATCH", key=b"C-SOMEBODY-ELSE"),
    "no key": wrong_place("KEY_MISMATCH", key=None),
    "key is no text": wrong_place("KEY_MISMATCH", key=b"\xff\xfe\x00"),
    "wrong partition": wrong_place("WRONG_PARTITION", partition=ELSEWHERE),
}


@dataclass(frozen=True)
class Written:
    """What was written where, and what must become of it."""

    simulation: Simulation
    refused: dict[Place, Record]


@pytest.fixture(scope="module")
def written(tieout: WholeService) -> Written:
    rng = random.Random(SEED)
    simulation = Simulation(SEED, customers=25, days=45, tag="M")
    good = [
        Record(o.topic.name, codec.encode(str(o.topic.schema), o.value), o.key) for o in _outgoing(simulation)
    ]
    names = [list(KINDS)[number % len(KINDS)] for number in range(MALFORMED - 2)]
    bad = [KINDS[name](number, rng) for number, name in enumerate(names)]
    # The same event id with other content, and the same version of a record with other content: both come after
    # the good ones that they contradict, which stand on the same partition.
    first = codec.encode("payment", payment(900))
    good_twins = [Record(PAYMENTS.name, first)]
    conflicts = [
        Record(
            PAYMENTS.name, codec.encode("payment", payment(900, amount_minor=101)), reason="EVENT_ID_CONFLICT"
        ),
        Record(
            PAYMENTS.name,
            codec.encode("payment", payment(901, source_record_id="malformed/900", amount_minor=102)),
            reason="VERSION_CONFLICT",
        ),
    ]
    positions = sorted(rng.sample(range(len(good) + len(bad)), len(bad)))
    mixed: list[Record] = list(good)
    for position, record in zip(positions, bad, strict=True):
        mixed.insert(position, record)
    refused = _write(tieout, [*good_twins, *mixed, *conflicts])
    assert len(refused) == MALFORMED
    return Written(simulation, refused)


def _outgoing(simulation: Simulation) -> Iterator[Outgoing]:
    for number, event in enumerate(simulation.events(), start=1):
        outgoing = read_event(number, event)
        assert isinstance(outgoing, Outgoing), outgoing
        yield outgoing


def _write(service: WholeService, records: list[Record]) -> dict[Place, Record]:
    """Put records onto their topics and wait until they are worked through; the places of those to be refused."""
    places: dict[int, Place] = {}

    def note(number: int) -> Callable[[KafkaError | None, Message], None]:
        def delivered(error: KafkaError | None, message: Message) -> None:
            assert error is None, error
            topic, partition, offset = message.topic(), message.partition(), message.offset()
            assert topic is not None
            assert partition is not None
            assert offset is not None
            places[number] = (topic, partition, offset)

        return delivered

    producer = Producer(
        {
            "bootstrap.servers": service.urls.kafka_bootstrap_servers,
            "partitioner": PRODUCER_PARTITIONER,
            "enable.idempotence": True,
        }
    )
    for number, record in enumerate(records):
        where = {} if record.partition is None else {"partition": record.partition}
        producer.produce(record.topic, record.value, record.key, on_delivery=note(number), **where)
    assert producer.flush(30) == 0
    ends: dict[tuple[str, int], int] = {}
    for topic, partition, offset in places.values():
        ends[topic, partition] = max(ends.get((topic, partition), 0), offset + 1)
    service.settle(Receipt(ends, {}))
    return {places[number]: record for number, record in enumerate(records) if record.reason is not None}


def test_each_is_in_the_topic_once(tieout: WholeService, written: Written) -> None:
    letters: Counter[Place] = Counter()
    with KafkaLog(tieout.urls.kafka_bootstrap_servers) as log:
        ends = {partition: log.bounds(DEAD_LETTERS.name, partition)[1] for partition in range(PARTITIONS)}
        for message in log.read(DEAD_LETTERS.name, ends):
            row = codec.decode("dead_letter", message.value())
            place = (row["source"]["topic"], row["source"]["partition"], row["source"]["offset"])
            letters[place] += 1
            record = written.refused.get(place)
            if record is not None:
                assert (row["reason"], row["raw_value"], row["raw_key"]) == (
                    record.reason,
                    record.value,
                    record.key,
                )
                assert row["detail"]
    assert {place: letters[place] for place in written.refused} == dict.fromkeys(written.refused, 1)


def test_each_is_in_the_table_with_reason_and_position(tieout: WholeService, written: Written) -> None:
    engine = create_engine(tieout.urls.database_url)
    letters = tables.dead_letters.c
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(
                *(letters.source_topic, letters.source_partition, letters.source_offset),
                *(letters.reason, letters.raw_value, letters.raw_key),
            )
        )
        found = {tuple(row[:3]): tuple(row[3:]) for row in rows}
    engine.dispose()
    for place, record in written.refused.items():
        assert found[place] == (record.reason, record.value, record.key), place


def test_people_see_them(tieout: WholeService, written: Written) -> None:
    rows = tieout.json("dead-letters")
    shown = {
        (r["source"]["topic"], r["source"]["partition"], r["source"]["offset"]): r["reason"] for r in rows
    }
    for place, record in written.refused.items():
        assert shown[place] == record.reason
    only = tieout.json("dead-letters", "--reason", "WRONG_PARTITION")
    assert {row["reason"] for row in only} == {"WRONG_PARTITION"}
    assert "WRONG_PARTITION" in tieout.cli("dead-letters", "--reason", "WRONG_PARTITION")


def test_every_good_event_is_booked(tieout: WholeService, written: Written) -> None:
    balances = {(r["customer_id"], r["currency"]): r["balance_minor"] for r in tieout.json("balances")}
    expected = written.simulation.expected_balances()
    assert {account: balances.get(account) for account in expected} == expected
    assert balances[CUSTOMER, "EUR"] == -100
    assert not any("\0" in customer or not customer.strip() for customer, _ in balances)


def test_nothing_is_lost(tieout: WholeService, written: Written) -> None:
    report = tieout.verify()
    assert report["counts"]["refused"] >= MALFORMED
