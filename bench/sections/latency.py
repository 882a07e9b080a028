"""From producing an event to its discrepancy at a reader of committed records, at a steady rate.

The clock of a finding starts when the last event that it needs is handed to the producer, and stops when the consumer
returns the finding. Both ends are in this process, so there is one clock. Only the second half of a run counts: the
first warms compilers and caches. Each rate begins with a run that does not count at all, for the broker's sake: whoever
came first would meet it cold.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from bench.broker import Input
from bench.peers.registry import KAFKA_STREAMS_MEMORY, OURS, Peer
from bench.sections.runs import Place, Runner
from bench.verify import WrongResult
from bench.workload.events import (
    KINDS,
    OPENED,
    ORDER,
    PAYMENT,
    REFUND,
    RETRACTED,
    Event,
    Finding,
    decode_finding,
)
from bench.workload.generate import Workload, generate
from bench.workload.reference import Reference

_ALL_ARRIVED_WITHIN_S = 60.0
_STARTED_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """``differing``: at a low rate more payments differ, so that there are enough findings to tell a p99."""

    events_per_s: int
    differing: float


PACES = (Pace(200, 0.5), Pace(10_000, 0.03))
#: (name, peer, options)
CANDIDATES: tuple[tuple[str, Peer, dict[str, str]], ...] = (
    ("ours_memory", OURS, {}),
    ("kafka_streams_10_ms", KAFKA_STREAMS_MEMORY, {"commit_ms": "10"}),
    ("kafka_streams_100_ms", KAFKA_STREAMS_MEMORY, {"commit_ms": "100"}),
)


def latency(runner: Runner, seconds: int, partitions: int, say: Callable[[str], None]) -> dict[str, Any]:
    """p50 and p99 in milliseconds per rate and peer. Blocks for ``seconds`` each. Raises on wrong findings."""
    found: dict[str, Any] = {}
    for pace in PACES:
        workload = Workload(events=pace.events_per_s * seconds, customers=5_000, differing=pace.differing)
        events = list(generate(workload))
        _measure(runner, OURS, {}, events, pace.events_per_s, partitions)
        at_rate: dict[str, Any] = {}
        for name, peer, options in CANDIDATES:
            at_rate[name] = _measure(runner, peer, options, events, pace.events_per_s, partitions)
            say(f"latency at {pace.events_per_s:,}/s: {name}: {at_rate[name]}")
        found[str(pace.events_per_s)] = at_rate
    return {"rates": found}


def triggers(events: Sequence[Event]) -> dict[tuple[int, int], int]:
    """(action, document) of each finding → the index of the last event that it needs."""
    needed: dict[tuple[int, int], int] = {}
    sides: tuple[dict[int, tuple[int, int]], ...] = ({}, {}, {})
    for index, event in enumerate(events):
        if not event.document or event.document in sides[event.kind]:
            continue  # a duplicate repeats its document
        sides[event.kind][event.document] = (index, event.amount)
        order, payment = sides[ORDER].get(event.document), sides[PAYMENT].get(event.document)
        if order is None or payment is None or order[1] == payment[1]:
            continue
        if event.kind != REFUND:
            needed[OPENED, event.document] = index
        refund = sides[REFUND].get(event.document)
        if refund is not None and order[1] - payment[1] + refund[1] == 0:
            needed[RETRACTED, event.document] = index
    return needed


def _measure(
    runner: Runner, peer: Peer, options: dict[str, str], events: list[Event], rate: int, partitions: int
) -> dict[str, float]:
    place = runner.place(peer, partitions)
    reference = Reference()
    for event in events:
        reference.add(event)
    topics = tuple(f"{place.app_id}-{kind}" for kind in KINDS)
    runner.broker.create(list(topics), partitions)
    given = Input(runner.broker.bootstrap_servers, topics, partitions, reference)
    reader = _Reader(runner, place, partitions, reference.findings())
    command = runner.command(peer, given, place, total=0, warm_at=0, **options)
    with runner.child(peer, command, place) as child, reader:
        child.wait_for("running", _STARTED_WITHIN_S)
        produced = runner.broker.produce_steadily(topics, events, rate)
        reader.wait_for_all(peer.name)
    needed = triggers(events)
    latencies_ms = sorted(
        (arrived - produced[needed[finding.action, finding.document]]) * 1000
        for finding, arrived in reader.arrived
        if needed[finding.action, finding.document] >= len(events) // 2
    )
    runner.clear(place)
    return {
        "samples": len(latencies_ms),
        "p50_ms": round(percentile(latencies_ms, 50), 1),
        "p99_ms": round(percentile(latencies_ms, 99), 1),
        "max_ms": round(latencies_ms[-1], 1),
    }


def percentile(values: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile of sorted values."""
    return values[max(0, -(-len(values) * percent // 100) - 1)]


class _Reader:
    """Reads findings in a thread of its own and notes when each arrived. A context manager."""

    def __init__(self, runner: Runner, place: Place, partitions: int, wanted: Counter[Finding]) -> None:
        self.arrived: list[tuple[Finding, float]] = []
        self._wanted = wanted
        self._complete = threading.Event()
        self._stop = threading.Event()
        self._consumer = Consumer(
            {
                "bootstrap.servers": runner.broker.bootstrap_servers,
                "group.id": f"{place.app_id}-reader",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 100,
            }
        )
        self._consumer.assign([TopicPartition(place.findings, number, 0) for number in range(partitions)])
        self._thread = threading.Thread(target=self._read, name="findings")

    def __enter__(self) -> _Reader:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def wait_for_all(self, peer: str) -> None:
        """Block until every finding came. Raises ``WrongResult`` if one is missing, or came twice."""
        complete = self._complete.wait(_ALL_ARRIVED_WITHIN_S)
        found = Counter(finding for finding, _ in self.arrived)
        if not complete or found != self._wanted:
            missing, extra = self._wanted - found, found - self._wanted
            raise WrongResult(peer, [f"{missing.total()} findings are missing, {extra.total()} too many"])

    def _read(self) -> None:
        while not self._stop.is_set():
            message = self._consumer.poll(0.1)
            if message is None:
                continue
            now = time.perf_counter()
            if message.error() is not None:
                raise KafkaException(message.error())
            self.arrived.append((decode_finding(message.key() or b"", message.value() or b""), now))
            if len(self.arrived) >= self._wanted.total():
                self._complete.set()
