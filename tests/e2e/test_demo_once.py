"""The demonstration scores itself: everything that was injected is found, and nothing else (I9)."""

from __future__ import annotations

import pytest

from tests.e2e.service import WholeService

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]


@pytest.mark.parametrize(
    ("options", "customers"),
    [
        (("--seed", "7", "--customers", "500", "--days", "60"), 500),
        (("--seed", "8", "--customers", "60", "--days", "45", "--shuffle"), 60),
    ],
    ids=["in order", "shuffled"],
)
def test_precision_and_recall_are_one(tieout: WholeService, options: tuple[str, ...], customers: int) -> None:
    summary = tieout.json("demo", "--once", *options, timeout_s=400)
    assert (summary["precision"], summary["recall"], summary["perfect"]) == (1, 1, True)
    assert (summary["spurious"], summary["missed"]) == ([], [])
    assert summary["discrepancies"]["found"] == summary["discrepancies"]["injected"] > 0
    assert summary["balances"]["equal"] is True
    assert summary["customers"] == customers
    assert summary["statements"]["documents"] > 0
    assert tieout.json("status")["ready"] is True  # it ran before, so it runs on
