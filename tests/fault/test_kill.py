"""Processes and servers die in mid-flow: afterwards the books are what they would have been without it.

Two witnesses, neither of which knows of the other: ``tieout verify`` folds the input topics again through the pure
core (I1–I8, I10, I11), and the same events in another folder, undisturbed, come to the same digest.
"""

from __future__ import annotations

import logging
import random
from pathlib import Path

import pytest

from services.simulator.simulation import Simulation
from tests.e2e.service import WholeService, running
from tests.fault.faults import FAULTS
from tests.fault.feeder import Feeder

pytestmark = [pytest.mark.fault, pytest.mark.timeout(420)]

log = logging.getLogger(__name__)
SEED = 20_260_301


def simulation(tag: str, customers: int = 120, days: int = 60) -> Simulation:
    return Simulation(SEED, customers, days, tag=tag)


@pytest.fixture(scope="module")
def undisturbed_digest(tmp_path_factory: pytest.TempPathFactory, bytecode: Path) -> str:
    """The digest of the storm's events where nothing happens."""
    with running(tmp_path_factory.mktemp("undisturbed"), bytecode) as service:
        service.publish(simulation("S").events())
        return str(service.verify()["digest"])


def test_a_storm_of_faults_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, bytecode: Path, undisturbed_digest: str
) -> None:
    rng = random.Random(SEED)
    events = list(simulation("S").events())
    names = [*FAULTS, "kill -9 worker", "kill -9 broker", "kill -9 worker"]
    rng.shuffle(names)
    moments = sorted(rng.randrange(len(events) // 20, len(events)) for _ in names)
    log.warning("seed %s: %s", SEED, list(zip(moments, names, strict=True)))
    with running(tmp_path_factory.mktemp("storm"), bytecode) as service:
        with Feeder(service, events, per_second=100) as feeder:
            for moment, name in zip(moments, names, strict=True):
                feeder.wait_until_sent(moment, timeout_s=120)
                FAULTS[name](service)
        service.settle(feeder.receipt(), timeout_s=120)
        report = service.verify()
        balances = {
            (row["customer_id"], row["currency"]): row["balance_minor"] for row in service.json("balances")
        }
    assert report["digest"] == undisturbed_digest
    assert report["counts"]["refused"] > 0
    assert balances == simulation("S").expected_balances()


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_changes_nothing(service: WholeService, name: str) -> None:
    events = list(simulation(f"F{list(FAULTS).index(name)}", customers=20, days=60).events())
    with Feeder(service, events, per_second=150) as feeder:
        feeder.wait_until_sent(len(events) // 3)
        FAULTS[name](service)
    service.settle(feeder.receipt())
    service.verify()
