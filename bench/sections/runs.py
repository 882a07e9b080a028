"""One run of one peer over a published input: fresh application id, topics and state; measured and verified."""

from __future__ import annotations

import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.broker import Broker, Input
from bench.child import Child
from bench.peers.registry import Peer
from bench.verify import Digests, verify
from bench.workload.events import KINDS

ROOT = Path(__file__).parents[2]
_STARTED_WITHIN_S = 90.0
_SLOWEST_EVENTS_PER_S = 1_000


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. ``all``: from the first record; ``warm``: from the first warm one; both until everything is committed.

    CPU is of the process tree, in seconds per million events. ``checkpoint_p99_ms``: at most so long did 99 % of the
    checkpoints take from their start to their commit; 0 where a peer does not tell.
    """

    events_per_s_all: float
    events_per_s_warm: float
    cpu_s_per_million_all: float
    cpu_s_per_million_warm: float
    peak_rss_mb: float
    checkpoint_p99_ms: float

    def as_json(self) -> dict[str, float]:
        """For the results file."""
        return {name: round(value, 2) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Place:
    """Names of one run: everything of it begins with ``app_id``."""

    app_id: str
    folder: Path

    @property
    def findings(self) -> str:
        """The output topic."""
        return f"{self.app_id}-findings"


class Runner:
    """Starts peers on one broker, with their state under ``work``. Application ids never repeat."""

    def __init__(self, broker: Broker, work: Path) -> None:
        self.broker = broker
        self.work = work
        self.session = f"{time.time_ns() // 1_000_000:x}"
        self._runs = 0

    def place(self, peer: Peer, partitions: int) -> Place:
        """A place for a new run, with its topics created."""
        self._runs += 1
        app_id = f"bench-{self.session}-{self._runs}-{peer.name.replace('_', '-')}"
        place = Place(app_id, self.work / app_id)
        self.broker.create([place.findings], partitions)
        if peer.creates_changelog:
            changelog = peer.changelog.format(app_id=app_id)
            self.broker.create([changelog], partitions, **{"cleanup.policy": "compact"})
        return place

    def command(
        self, peer: Peer, given: Input, place: Place, *, total: int, warm_at: int, **options: Any
    ) -> list[str]:
        """What starts the peer; ``options`` stand in for the peer's own."""
        arguments = {
            "app_id": place.app_id,
            "bootstrap_servers": given.bootstrap_servers,
            **dict(zip(KINDS, given.topics, strict=True)),
            "findings": place.findings,
            "partitions": given.partitions,
            "total": total,
            "warm_at": warm_at,
            "state_dir": place.folder / "state",
            **peer.options,
            **options,
        }
        return [*peer.command(self.work), *(f"{name}={value}" for name, value in arguments.items())]

    def child(self, peer: Peer, command: list[str], place: Place) -> Child:
        """The peer, not yet started."""
        return Child(peer.name, command, place.folder, ROOT)

    def clear(self, place: Place) -> None:
        """Delete a run's topics and files."""
        self.broker.delete(place.app_id)
        self.broker.delete(f"changelog__{place.app_id}")  # Quix Streams
        shutil.rmtree(place.folder, ignore_errors=True)

    def clear_all(self) -> None:
        """Delete the topics of every run, inputs included."""
        self.broker.delete("bench-")
        self.broker.delete("changelog__bench-")

    def measure(self, peer: Peer, given: Input, warm_events: int, **options: Any) -> tuple[Measured, Digests]:
        """Process the whole input once. Raises ``PeerFailed``, ``WrongResult``."""
        total = given.reference.events
        warm_at = max(1, total - warm_events)
        place = self.place(peer, given.partitions)
        command = self.command(peer, given, place, total=total, warm_at=warm_at, **options)
        with self.child(peer, command, place) as child:
            first = child.wait_for("first", _STARTED_WITHIN_S)
            warm = child.wait_for("warm", 30 + total / _SLOWEST_EVENTS_PER_S)
            done = child.wait_for("done", 30 + total / _SLOWEST_EVENTS_PER_S)
            peak = child.peak_rss_bytes()
        warm_count = total - int(warm.more["seen"])
        measured = Measured(
            total / (done.at_s - first.at_s),
            warm_count / (done.at_s - warm.at_s),
            (done.cpu_s - first.cpu_s) / total * 1e6,
            (done.cpu_s - warm.cpu_s) / warm_count * 1e6,
            peak / 1e6,
            int(done.more.get("checkpoint_p99_us", 0)) / 1000,
        )
        changelog = peer.changelog.format(app_id=place.app_id)
        digests = verify(self.broker, peer, given, changelog, place.findings)
        self.clear(place)
        return measured, digests
