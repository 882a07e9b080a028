"""A shadow run over a running service: the outcomes that a changed tolerance would change, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.service import WholeService
from tests.e2e.test_work_of_people import event

pytestmark = pytest.mark.e2e

CUSTOMER = "C-RULES"


def test_a_shadow_run_shows_what_a_changed_tolerance_changes_and_writes_nothing(
    tieout: WholeService, tmp_path: Path
) -> None:
    history = []
    for number, (day, paid) in enumerate(((5, 12_050), (20, 12_000)), start=1):
        document, links = f"RI-{number}", {"document_no": f"RI-{number}", "amount_minor": paid}
        placed = event("order.placed", document, f"2026-01-{day:02}", 12_100, order_id=f"RO-{number}")
        payment = event(
            "payment.settled",
            f"RP-{number}",
            f"2026-02-{day:02}",
            paid,
            payment_id=f"RP-{number}",
            allocations=[links],
        )
        history += [{**one, "customer_id": CUSTOMER} for one in (placed, payment)]
    tieout.publish(history)
    before = tieout.json("discrepancies", "--customer", CUSTOMER)
    assert sorted((row["document_no"], row["amount_minor"]) for row in before) == [
        ("RI-1", 50),
        ("RI-2", 100),
    ]
    draft = tmp_path / "draft.toml"
    draft.write_text('name = "small change"\neffective_from = 2026-01-01\n[rules]\ntolerance_minor = 60\n')
    run = tieout.json("rules", "shadow", draft, "--customer", CUSTOMER)
    assert [
        (one["outcome"], one["change"], one["document_no"], one["before_minor"], one["after_minor"])
        for one in run["changes"]
    ] == [("discrepancy", "vanishes", "RI-1", 50, 0)]
    [at_stake] = [one for one in run["sums"] if one["outcome"] == "discrepancy"]
    assert (at_stake["before"], at_stake["after"]) == (2, 1)
    assert (at_stake["before_minor"], at_stake["after_minor"]) == (150, 100)
    later = tieout.json("rules", "shadow", draft, "--customer", CUSTOMER, "--from", "2026-02-06")
    assert later["changes"] == []
    draft.write_text('name = "later"\neffective_from = 2026-02-06\n[rules]\ntolerance_minor = 60\n')
    assert tieout.json("rules", "shadow", draft, "--customer", CUSTOMER)["changes"] == []
    assert tieout.json("discrepancies", "--customer", CUSTOMER) == before
    tieout.verify()


def test_a_wrong_rule_set_is_one_sentence(tieout: WholeService, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"name": "x", "effective_from": "2026-01-01", "rules": {"tolerance_minor": 0.5}}')
    done = tieout.run("rules", "validate", wrong)
    assert done.returncode != 0
    assert "tolerance_minor" in done.stderr
    assert "Traceback" not in done.stderr
