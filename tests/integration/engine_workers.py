"""Workers of the engine's test app as processes, with the topics they share and the truth of what was sent to them."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.stack.state import free_ports
from schemas.partitioner import PRODUCER_PARTITIONER
from schemas.progress import PROGRESS_KEY
from tests.integration.engine_app import TOKEN, Tally, decode

PARTITIONS = 4
ROOT = Path(__file__).resolve().parents[2]


def wait_for(condition: Callable[[], bool], what: str, timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.05)


@dataclass
class Worker:
    """One process of the test's app."""

    number: int
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def get(self, path: str, token: str = TOKEN) -> httpx.Response:
        address = f"http://127.0.0.1:{self.port}{path}"
        return httpx.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=10)

    def partitions(self) -> set[int]:
        try:
            return {int(number) for number in self.get("/state").json()["partitions"]}
        except httpx.HTTPError:
            return set()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass
class App:
    """Topics of one test, its workers and its truth."""

    bootstrap: str
    home: Path
    store: str
    prefix: str = field(default_factory=lambda: f"engine-{secrets.token_hex(4)}")
    workers: dict[int, Worker] = field(default_factory=dict)
    sent: dict[bytes, Tally] = field(default_factory=dict)
    outputs: list[tuple[bytes, bytes]] = field(default_factory=list)
    next_id: int = 0
    watchdog_s: float = 60.0

    def __post_init__(self) -> None:
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        plain = [NewTopic(f"{self.prefix}-{name}", PARTITIONS, 1) for name in ("numbers", "notes", "sums")]
        changelog = NewTopic(f"{self.prefix}-changelog", PARTITIONS, 1, config={"cleanup.policy": "compact"})
        for created in admin.create_topics([*plain, changelog]).values():
            created.result(30)
        self.producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "partitioner": PRODUCER_PARTITIONER,
                "enable.idempotence": True,  # else a retry may change the order of the input
                "linger.ms": 5,
            }
        )

    def start(self, number: int = 1) -> Worker:
        (port,) = free_ports(1)
        settings = {
            "prefix": self.prefix,
            "bootstrap": self.bootstrap,
            "partitions": PARTITIONS,
            "instance": f"w{number}",
            "home": str(self.home),
            "store": self.store,
            "door_port": port,
            "watchdog_s": self.watchdog_s,
        }
        log = self.home / f"w{number}.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.engine_app"],
                cwd=ROOT,
                env={**os.environ, "ENGINE_APP": json.dumps(settings)},
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        worker = self.workers[number] = Worker(number, process, port, log)
        return worker

    def send(self, events: int, *, duplicates: bool = True) -> None:
        for _ in range(events):
            self.next_id += 1
            key = b"k%d" % (self.next_id * self.next_id % 97)
            number = self.next_id % 31
            value = self.next_id.to_bytes(8, "big") + b"%d" % number
            for _ in range(2 if duplicates and self.next_id % 5 == 0 else 1):
                self.producer.produce(f"{self.prefix}-numbers", value, key)
            tally = self.sent.setdefault(key, Tally())
            tally.total += number
            tally.count += 1
            if number % 10 == 0:
                self.outputs.append((key, b"%d" % tally.total))
        assert self.producer.flush(30) == 0

    def records(self, name: str) -> list[tuple[bytes, bytes | None]]:
        """All committed records of one of the topics."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": secrets.token_hex(4),
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
            }
        )
        consumer.assign([TopicPartition(f"{self.prefix}-{name}", n, 0) for n in range(PARTITIONS)])
        found: list[tuple[bytes, bytes | None]] = []
        ends: set[int | None] = set()
        while len(ends) < PARTITIONS:
            for message in consumer.consume(1000, 1.0):
                if message.error():
                    ends.add(message.partition())
                else:
                    key = message.key()
                    assert isinstance(key, bytes)
                    found.append((key, message.value()))
        consumer.close()
        return found

    def state(self) -> dict[bytes, tuple[int, int]]:
        """What the changelog holds of each key: total and count."""
        held = {key: value for key, value in self.records("changelog") if b"\x00" not in key}
        held.pop(PROGRESS_KEY, None)
        return {key: (decode(v).total, decode(v).count) for key, v in held.items() if v is not None}

    def truth(self) -> dict[bytes, tuple[int, int]]:
        return {key: (tally.total, tally.count) for key, tally in self.sent.items()}

    def settled(self) -> None:
        wait_for(lambda: self.state() == self.truth(), "the state is that of the input")

    def owned(self) -> set[int]:
        return set().union(*(w.partitions() for w in self.workers.values() if w.process.poll() is None))


def everything(*workers: Worker) -> Callable[[], bool]:
    return lambda: set().union(*(w.partitions() for w in workers)) == set(range(PARTITIONS))
