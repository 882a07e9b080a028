"""Processes and servers die in mid-flow: afterwards the books are what they would have been without it.

Two witnesses, neither of which knows of the other: ``tieout verify`` folds the input topics again through the pure
core (I1–I8, I10, I11), and the same events, folded where nothing happens, come to the same digest.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from services.simulator.simulation import Simulation
from tests.e2e.service import SCRIPT, WholeService
from tests.fault.faults import FAULTS
from tests.fault.feeder import Feeder

pytestmark = [pytest.mark.fault, pytest.mark.timeout(420)]

SEED = 20_260_301
#: at least one of every kind
FAULTS_OF_A_STORM = 22


def test_a_storm_of_faults_changes_nothing(bytecode: Path, tmp_path: Path) -> None:
    """``tieout chaos`` in short: two workers, every check after each fault, the undisturbed fold at the end."""
    done = subprocess.run(
        [SCRIPT, "chaos", "--seed", str(SEED), "--faults", str(FAULTS_OF_A_STORM), "--json"],
        env={**WholeService(tmp_path, bytecode).environment, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["broken"] == []
    assert summary["faults"] == FAULTS_OF_A_STORM
    struck = summary["by_kind"].keys()
    assert {
        "broker hangs",
        "produce errors",
        "disk full for worker-2",
        "late input",
        "duplicate input",
    } <= struck
    assert summary["digest"] == summary["undisturbed_digest"]
    assert summary["events"] > 0
    assert list(tmp_path.glob("tieout-chaos-*")) == []


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_changes_nothing(service: WholeService, name: str) -> None:
    events = list(Simulation(SEED, customers=20, days=60, tag=f"F{list(FAULTS).index(name)}").events())
    with Feeder(service, events, per_second=150) as feeder:
        feeder.wait_until_sent(len(events) // 3)
        FAULTS[name](service)
    service.settle(feeder.receipt())
    service.verify()
