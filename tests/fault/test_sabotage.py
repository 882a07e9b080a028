"""Negative controls: with a guarantee taken out, the same faults are seen by ``tieout verify``.

A suite that only ever passes proves nothing. Each sabotage is a module of its own under ``entries/``, never a
switch of the product; the first test runs the very same scenario with the guarantee in place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Producer

from deploy.faults import frozen, partitions_of, wait_for
from domain.rules import Rules
from schemas.codec import Codec
from schemas.partitioner import PRODUCER_PARTITIONER
from schemas.registry import FingerprintRegistry
from schemas.topics import PAYMENTS
from services.operations.verify import Report, Verifier, VerifyTargets
from services.simulator.simulation import Simulation
from services.store.engine import create_engine
from services.store.live_redis import connect_live
from tests.e2e.service import Event, WholeService
from tests.fault.entries.held import GATES
from tests.fault.feeder import Feeder

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

EVENTS = list(Simulation(3, customers=30, days=30, tag="Z").events())
PARTITIONS = 4


def broken_invariants(service: WholeService) -> list[str]:
    done = service.run("verify", "--timeout", "60", "--json")
    report = json.loads(done.stdout)
    broken = [check["invariant"] for check in report["checks"] if not check["ok"]]
    assert report["ok"] == (not broken)
    assert done.returncode == (1 if broken else 0)
    return broken


@contextmanager
def kept_verifier(service: WholeService) -> Iterator[Verifier]:
    """The verifier that ``tieout chaos`` keeps: it reads on from fault to fault."""
    engine, live = create_engine(service.urls.database_url), connect_live(service.urls.redis_url)
    codec = Codec(FingerprintRegistry())
    servers = service.urls.kafka_bootstrap_servers
    try:
        yield Verifier(VerifyTargets(servers, engine, live, codec, Rules(), PARTITIONS))
    finally:
        live.close()
        engine.dispose()


def two_owners(service: WholeService, folder: Path, module: str) -> tuple[list[str], Report]:
    """A worker freezes with a checkpoint in hand, another takes its partitions over, the first wakes up.

    Returns how the checkpoints of the first ended, and what a verifier says that has read the first half before.
    """
    service.start_with(module, workers=2, **{GATES: str(folder)})
    first, second = "worker-1", "worker-2"
    wait_for(
        lambda: len(partitions_of(service, first)) > 0 and len(partitions_of(service, second)) > 0,
        "both workers have partitions",
    )
    half = len(EVENTS) // 2
    service.publish(EVENTS[:half])
    with kept_verifier(service) as verifier:
        assert verifier.run().ok
        ends = _wake_up_too_late(service, folder, EVENTS[half:])
        return ends, verifier.run(whole=False)


def _wake_up_too_late(service: WholeService, folder: Path, events: list[Event]) -> list[str]:
    first, second = "worker-1", "worker-2"
    (folder / f"{first}.hold").touch()
    with Feeder(service, events, per_second=10_000) as feeder:
        receipt = feeder.receipt()
    wait_for(lambda: any(folder.glob(f"{first}.held-*")), "the first worker has a checkpoint in hand")
    with frozen(service.pid_of(first)):
        wait_for(
            lambda: partitions_of(service, second) == set(range(PARTITIONS)), "the second has all partitions"
        )
        service.settle(receipt)
        held = len(list(folder.glob(f"{first}.held-*")))
        (folder / f"{first}.hold").unlink()
    wait_for(
        lambda: len(list(folder.glob(f"{first}.ended-*"))) == held, "the first has ended its checkpoints"
    )
    wait_for(lambda: all(status.ready for status in service.fleet.status()), "both workers are ready again")
    return [path.read_text() for path in folder.glob(f"{first}.ended-*")]


@pytest.fixture
def stopped_service(tmp_path: Path, bytecode: Path) -> WholeService:
    return WholeService(tmp_path / "home", bytecode)


def test_with_fencing_the_old_owner_cannot_write(stopped_service: WholeService, tmp_path: Path) -> None:
    try:
        ends, next_check = two_owners(stopped_service, tmp_path, "tests.fault.entries.held")
        assert ends
        assert next_check.ok, next_check.checks
        assert all("committed" not in end for end in ends), ends
        assert broken_invariants(stopped_service) == []
    finally:
        stopped_service.stop()


def test_without_fencing_verify_sees_what_the_old_owner_wrote(
    stopped_service: WholeService, tmp_path: Path
) -> None:
    try:
        ends, next_check = two_owners(stopped_service, tmp_path, "tests.fault.entries.unfenced")
        assert "committed" in ends
        assert not next_check.ok
        assert broken_invariants(stopped_service)
    finally:
        stopped_service.stop()


def test_progress_beside_the_transaction_is_seen(stopped_service: WholeService) -> None:
    """Its positive control is ``test_one_fault_changes_nothing[kill -9 worker]``, whose events hold garbage too."""
    service = stopped_service
    try:
        service.start_with("tests.fault.entries.group_offsets")
        producer = Producer(
            {
                "bootstrap.servers": service.urls.kafka_bootstrap_servers,
                "partitioner": PRODUCER_PARTITIONER,
            }
        )
        producer.produce(PAYMENTS.name, key=b"C-POISON", value=b"no Avro at all")
        assert producer.flush(20) == 0
        service.publish(EVENTS)
        assert len(service.json("dead-letters")) == 1
        killed = service.fleet.kill("worker-1")
        wait_for(lambda: service.pid_of("worker-1") not in (0, killed), "the worker was started again")
        wait_for(lambda: all(status.ready for status in service.fleet.status()), "it is ready")
        later = Simulation(4, customers=10, days=10, tag="Y")
        service.publish(later.events())
        assert broken_invariants(service) == ["I2"]
    finally:
        service.stop()
