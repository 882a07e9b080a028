"""How fast a worker takes its state back from the changelog, and what a million customers cost in memory.

The changelog is written here: one record per customer, an account as it stands after some twenty events. The
inputs are empty, so a worker restores and waits.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from bench.broker import Input, produce_waiting
from bench.ours import job
from bench.peers.kafka_streams import state as kafka_streams_state
from bench.peers.registry import KAFKA_STREAMS_MEMORY, KAFKA_STREAMS_ROCKSDB, OURS, Peer
from bench.sections.runs import Place, Runner
from bench.workload.events import KINDS
from bench.workload.reference import Reference
from schemas.progress import PROGRESS_KEY, STATE_HEADERS, Progress, encode_progress

_RUNNING_WITHIN_S = 180.0
_SETTLES_S = 2.0
_TRANSACTION_KEYS = 50_000
PEERS = (OURS, KAFKA_STREAMS_MEMORY, KAFKA_STREAMS_ROCKSDB)


def restore(
    runner: Runner, keys: int, rounds: int, partitions: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Records per second, resident memory, and bytes per key over the encoded value. Blocks for minutes.

    The memory of a worker that restored nothing is subtracted for the bytes per key. A JVM's heap is bounded by its
    setting and not returned, so its bytes are an upper bound.
    """
    found: dict[str, Any] = {"keys": keys, "peers": {}}
    for peer in PEERS:
        empty = runner.place(peer, partitions)
        base_rss, _, _ = _start(runner, peer, empty, partitions)
        runner.clear(empty)
        place = runner.place(peer, partitions)
        value_bytes = _fill(runner, peer, place, keys, partitions)
        rates, rss = [], []
        for _ in range(rounds):
            rss_bytes, restored, seconds = _start(runner, peer, place, partitions)
            if restored < keys:
                raise RuntimeError(f"{peer.name} restored {restored:,} of {keys:,} accounts")
            rates.append(restored / seconds)
            rss.append(rss_bytes)
        runner.clear(place)
        per_key = (statistics.median(rss) - base_rss) / keys
        found["peers"][peer.name] = {
            "title": peer.title,
            "records_per_s": {
                "median": round(statistics.median(rates)),
                "min": round(min(rates)),
                "max": round(max(rates)),
            },
            "rss_mb": round(statistics.median(rss) / 1e6),
            "bytes_per_key": round(per_key),
            "value_bytes": round(value_bytes),
            "bytes_per_key_over_value": round(per_key - value_bytes),
        }
        say(f"restore: {peer.title}: {found['peers'][peer.name]}")
    return found


def account_of(number: int) -> job.Account:
    """A customer after some twenty events: ids of each topic, one open order."""
    account = job.Account()
    account.balance, account.count = number * 7, 20
    first = number * 20
    for event_id in range(first, first + 9):
        account.order_ids += (event_id * 11).to_bytes(8, "little")
        account.payment_ids += (event_id * 13).to_bytes(8, "little")
    account.refund_ids = (first * 17).to_bytes(8, "little") * 2
    account.orders = {first: 12_345}
    return account


def _start(runner: Runner, peer: Peer, place: Place, partitions: int) -> tuple[int, int, float]:
    """Start once: resident bytes when running, records restored, seconds that took."""
    run = Place(place.app_id, place.folder / str(time.time_ns()))  # no local state of an earlier start
    topics = tuple(f"{place.app_id}-{kind}" for kind in KINDS)
    if not runner.broker.topics_of(topics[0]):
        runner.broker.create(list(topics), partitions)
    given = Input(runner.broker.bootstrap_servers, topics, partitions, Reference())
    command = runner.command(peer, given, run, total=0, warm_at=0)
    with runner.child(peer, command, run) as child:
        mark = child.wait_for("running", _RUNNING_WITHIN_S)
        time.sleep(_SETTLES_S)
        rss_bytes = child.rss_bytes()
    return rss_bytes, int(mark.more["restored"]), int(mark.more["restore_ns"]) / 1e9


def _fill(runner: Runner, peer: Peer, place: Place, keys: int, partitions: int) -> float:
    """Write the changelog in transactions, as a worker would; returns the mean bytes of a value."""
    changelog = peer.changelog.format(app_id=place.app_id)
    if not peer.creates_changelog:
        runner.broker.create([changelog], partitions, **{"cleanup.policy": "compact"})
    encode = job.encode if peer.creates_changelog else kafka_streams_state.write
    producer = runner.broker.producer(**{"transactional.id": f"{place.app_id}-fill"})
    producer.init_transactions(30)
    producer.begin_transaction()
    total = 0
    for number in range(keys):
        value = encode(account_of(number))
        total += len(value)
        if number % _TRANSACTION_KEYS == _TRANSACTION_KEYS - 1:
            producer.commit_transaction(60)
            producer.begin_transaction()
        produce_waiting(producer, changelog, b"C%07d" % number, value)
    if peer.creates_changelog:
        progress = encode_progress(Progress({f"{place.app_id}-{kind}": 0 for kind in KINDS}))
        for number in range(partitions):
            producer.produce(changelog, progress, PROGRESS_KEY, number, headers=list(STATE_HEADERS))
    producer.commit_transaction(60)
    return total / keys
