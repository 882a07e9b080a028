"""What the parts allow at best, on one core: an engine cannot be faster than what it is made of."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import fastavro
from confluent_kafka import Consumer, TopicPartition

from bench.broker import Input, produce_waiting
from bench.ours.worker import decode_events
from bench.sections.runs import Runner
from bench.workload.events import EVENT_SCHEMA, HEADER_BYTES
from bench.workload.generate import Workload

_TIMEOUT_S = 30.0
_DECODED = 200_000
_BATCH = 2_000
_VALUE = b"v" * 150


def limits(runner: Runner, workload: Workload, partitions: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Records per second of fetching, decoding and producing in transactions. Blocks for about a minute."""
    given = runner.broker.publish(workload, f"bench-limits-{runner.session}", partitions)
    fetch_per_s, values = _fetch(given)
    found = {
        "librdkafka_fetch_per_s": round(fetch_per_s),
        "fastavro_one_by_one_per_s": round(_rate(_decode_each, values[:_DECODED])),
        "fastavro_in_batches_per_s": round(_rate(_decode_batches, values[:_DECODED])),
        "produce_in_transactions_per_s": round(_produce(runner, partitions)),
    }
    runner.broker.delete(f"bench-limits-{runner.session}")
    say(f"limits: {found}")
    return found


def _fetch(given: Input) -> tuple[float, list[bytes]]:
    consumer = Consumer(
        {
            "bootstrap.servers": given.bootstrap_servers,
            "group.id": "bench-limits",
            "enable.auto.commit": False,
            "queued.min.messages": 100_000,
            "fetch.message.max.bytes": 2 << 20,
            "fetch.queue.backoff.ms": 5,
            "check.crcs": False,
        }
    )
    consumer.assign(
        [TopicPartition(topic, number, 0) for topic in given.topics for number in range(given.partitions)]
    )
    messages = [consumer.poll(_TIMEOUT_S)]
    began = time.perf_counter()
    while len(messages) < given.reference.events:
        messages += consumer.consume(1_000, 0.1)
    rate = len(messages) / (time.perf_counter() - began)
    consumer.close()
    return rate, [message.value() or b"" for message in messages[:_DECODED] if message is not None]


def _rate(work: Callable[[list[bytes]], None], values: list[bytes]) -> float:
    began = time.perf_counter()
    work(values)
    return len(values) / (time.perf_counter() - began)


def _decode_each(values: list[bytes]) -> None:
    for value in values:
        fastavro.schemaless_reader(io.BytesIO(value[HEADER_BYTES:]), EVENT_SCHEMA, None)


def _decode_batches(values: list[bytes]) -> None:
    for at in range(0, len(values), _BATCH):
        decode_events(values[at : at + _BATCH])


def _produce(runner: Runner, partitions: int) -> float:
    topic, records = f"bench-limits-{runner.session}-produced", 500_000
    runner.broker.create([topic], partitions)
    producer = runner.broker.producer(**{"transactional.id": topic})
    producer.init_transactions(_TIMEOUT_S)
    began = time.perf_counter()
    for first in range(0, records, 20_000):
        producer.begin_transaction()
        for number in range(first, min(first + 20_000, records)):
            produce_waiting(producer, topic, b"C%06d" % (number % 50_000), _VALUE)
        producer.commit_transaction(_TIMEOUT_S)
    return records / (time.perf_counter() - began)
