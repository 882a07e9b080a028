"""Negative controls: with a guarantee taken out, the same faults are seen by ``tieout verify``.

A suite that only ever passes proves nothing. Each sabotage is a module of its own under ``entries/``, never a
switch of the product; the first test runs the very same scenario with the guarantee in place.
"""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from confluent_kafka import Producer

from schemas.partitioner import PRODUCER_PARTITIONER
from schemas.topics import PAYMENTS
from services.simulator.simulation import Simulation
from tests.e2e.service import WholeService
from tests.fault.entries.held import GATES
from tests.fault.faults import frozen, wait_for
from tests.fault.feeder import Feeder

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

EVENTS = list(Simulation(3, customers=30, days=30, tag="Z").events())
PARTITIONS = 4


def partitions_of(service: WholeService, program: str) -> set[int]:
    """The partitions that a worker has taken over since it started, once it is ready."""
    address = f"http://127.0.0.1:{service.port_of(program)}"
    try:
        if httpx.get(f"{address}/readyz").status_code != 200:
            return set()
        metrics = httpx.get(f"{address}/metrics").text.splitlines()
    except httpx.HTTPError:
        return set()
    wanted = 'tieout_stream_state_keys{partition="'
    return {int(line.removeprefix(wanted).partition('"')[0]) for line in metrics if line.startswith(wanted)}


def broken_invariants(service: WholeService) -> list[str]:
    done = service.run("verify", "--timeout", "60", "--json")
    report = json.loads(done.stdout)
    broken = [check["invariant"] for check in report["checks"] if not check["ok"]]
    assert report["ok"] == (not broken)
    assert done.returncode == (1 if broken else 0)
    return broken


def two_owners(service: WholeService, folder: Path, module: str) -> list[str]:
    """A worker freezes with a checkpoint in hand, another takes its partitions over, the first wakes up.

    Returns how the checkpoints of the first ended.
    """
    service.start_with(module, workers=2, **{GATES: str(folder)})
    first, second = "worker-1", "worker-2"
    wait_for(
        lambda: len(partitions_of(service, first)) > 0 and len(partitions_of(service, second)) > 0,
        "both workers have partitions",
    )
    half = len(EVENTS) // 2
    service.publish(EVENTS[:half])
    (folder / f"{first}.hold").touch()
    with Feeder(service, EVENTS[half:], per_second=10_000) as feeder:
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
        ends = two_owners(stopped_service, tmp_path, "tests.fault.entries.held")
        assert ends
        assert all("committed" not in end for end in ends), ends
        assert broken_invariants(stopped_service) == []
    finally:
        stopped_service.stop()


def test_without_fencing_verify_sees_what_the_old_owner_wrote(
    stopped_service: WholeService, tmp_path: Path
) -> None:
    try:
        ends = two_owners(stopped_service, tmp_path, "tests.fault.entries.unfenced")
        assert "committed" in ends
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
