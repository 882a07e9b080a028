"""The peers: how each is made ready, started, and its changelog read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.ours import compiled, job
from bench.peers.kafka_streams import build as kafka_streams
from bench.peers.kafka_streams import state as kafka_streams_state
from bench.peers.quix import environment as quix
from bench.workload.reference import AccountState
from schemas.progress import PROGRESS_KEY

#: (record key, record value) of the changelog → (customer, account); ``None`` for a record that is no account
ReadState = Callable[[bytes, bytes], "tuple[bytes, AccountState] | None"]


def read_python_state(key: bytes, value: bytes) -> tuple[bytes, AccountState] | None:
    """A changelog record of our engine."""
    return None if key == PROGRESS_KEY else (key, plain(job.decode(value)))


def read_quix_state(key: bytes, value: bytes) -> tuple[bytes, AccountState]:
    """A changelog record of Quix Streams: its key is the record key, a bar and the state's own key."""
    return key.rpartition(b"|")[0], plain(job.decode(value))


def plain(account: job.Account) -> AccountState:
    """The part of an account that the reference knows too."""
    return AccountState(
        account.balance,
        account.count,
        account.orders or {},
        account.payments or {},
        account.refunds or {},
        account.differences or {},
    )


@dataclass(frozen=True, slots=True)
class Peer:
    """How one peer is run.

    ``command`` gets the work folder and returns what to run; arguments follow as ``name=value``: the common ones
    (``bench.sections.runs``) and ``options``. ``share``: the part of the input that it gets, because a slow peer would
    take hours. ``changelog``: what the name of its changelog begins with; ``creates_changelog``: the harness has
    to create it. ``compared_with``: which of our variants its ratio is taken against, when that ran.
    """

    name: str
    title: str
    command: Callable[[Path], list[str]]
    read_state: ReadState
    changelog: str = "{app_id}-accounts-changelog"
    options: Mapping[str, str] = field(default_factory=dict)
    share: float = 1.0
    rounds_max: int = 1_000
    creates_changelog: bool = False
    compared_with: str = "ours_memory"


def _module(name: str) -> Callable[[Path], list[str]]:
    return lambda work: [sys.executable, "-m", name]


OURS_OPTIONS = {
    "commit_ms": "500",
    "checkpoint_events": "50000",
    "batch_records": "4000",
    "store": "memory",
    "instance": "1",
}
# The same checkpoint interval as ours; its cache spares it a changelog record per event, as our dirty keys spare us.
KAFKA_STREAMS_OPTIONS = {"commit_ms": "500", "cache_bytes": str(256 << 20), "store": "memory"}

OURS = Peer(
    "ours_memory",
    "Tieout, memory",
    _module("bench.ours.worker"),
    read_python_state,
    options=OURS_OPTIONS,
    creates_changelog=True,
)
OURS_ROCKSDB = replace(
    OURS, name="ours_rocksdb", title="Tieout, RocksDB", options=OURS_OPTIONS | {"store": "rocksdb"}
)
OURS_COMPILED = replace(
    OURS, name="ours_compiled", title="Tieout, memory, compiled by mypyc", command=compiled.command
)
KAFKA_STREAMS_MEMORY = Peer(
    "kafka_streams_eos_memory",
    "Kafka Streams EOS v2, memory",
    kafka_streams.command,
    kafka_streams_state.read,
    options=KAFKA_STREAMS_OPTIONS,
)
KAFKA_STREAMS_ROCKSDB = Peer(
    "kafka_streams_eos_rocksdb",
    "Kafka Streams EOS v2, RocksDB, 10 MB cache",
    kafka_streams.command,
    kafka_streams_state.read,
    options=KAFKA_STREAMS_OPTIONS | {"store": "rocksdb", "cache_bytes": str(10 << 20)},
    compared_with="ours_rocksdb",
)
QUIX = Peer(
    "quix_streams",
    "Quix Streams, exactly once, RocksDB",
    quix.command,
    read_quix_state,
    changelog="changelog__{app_id}--",
    options={"commit_ms": "5000"},
    share=0.2,
    rounds_max=3,
)
FAUST = Peer(
    "faust_plain",
    "Faust, at least once, memory",
    _module("bench.peers.plain_faust"),
    read_python_state,
    options={"guarantee": "at_least_once"},
    share=0.04,
    rounds_max=3,
)
PEERS = (OURS, OURS_COMPILED, OURS_ROCKSDB, KAFKA_STREAMS_MEMORY, KAFKA_STREAMS_ROCKSDB, QUIX, FAUST)
