"""Workers come and go in mid-flow, and stay when nothing happens for long."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from deploy.faults import wait_for
from deploy.stack.state import free_ports
from services.simulator.simulation import Simulation
from tests.e2e.service import SCRIPT, WholeService
from tests.fault.feeder import Feeder

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]


@contextmanager
def second_worker(service: WholeService) -> Iterator[subprocess.Popen[bytes]]:
    """``tieout worker --instance b``, ready, with partitions of its own."""
    (port,) = free_ports(1)
    with (service.home / "logs" / "worker-b.log").open("ab") as log:
        process = subprocess.Popen(
            [SCRIPT, "worker", "--instance", "b", "--metrics-port", str(port)],
            env=service.environment,
            stdout=log,
            stderr=log,
        )

    def has_partitions() -> bool:
        assert process.poll() is None, "the second worker has ended"
        try:
            return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200 and (
                "tieout_stream_state_keys{" in httpx.get(f"http://127.0.0.1:{port}/metrics").text
            )
        except httpx.HTTPError:
            return False

    try:
        wait_for(has_partitions, "the second worker has partitions")
        yield process
    finally:
        for child in psutil.Process(process.pid).children() if process.poll() is None else ():
            child.kill()
        process.wait(timeout=30)


def test_a_worker_that_joins_leaves_and_dies_changes_nothing(service: WholeService) -> None:
    events = list(Simulation(11, customers=120, days=60, tag="W").events())
    with Feeder(service, events, per_second=120) as feeder:
        feeder.wait_until_sent(feeder.total // 10)
        with second_worker(service) as worker:
            feeder.wait_until_sent(feeder.total * 4 // 10)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=30) == 0
        with second_worker(service) as worker:
            feeder.wait_until_sent(feeder.total * 7 // 10)
            (child,) = psutil.Process(worker.pid).children()
            child.kill()
            assert worker.wait(timeout=30) != 0
    service.settle(feeder.receipt())
    service.verify()
    balances = {
        (row["customer_id"], row["currency"]): row["balance_minor"] for row in service.json("balances")
    }
    expected = Simulation(11, customers=120, days=60, tag="W").expected_balances()
    assert {account: balances.get(account) for account in expected} == expected


def test_a_worker_stays_in_its_group_however_long_nothing_happens(tmp_path: Path, bytecode: Path) -> None:
    """Once, every worker fell silent for good after 1000 s without a poll of Faust's own consumer."""
    service = WholeService(tmp_path, bytecode)
    try:
        service.start_with("tests.fault.entries.long_idle")
        service.publish(Simulation(12, customers=5, days=10).events())
        service.verify()
    finally:
        service.stop()
