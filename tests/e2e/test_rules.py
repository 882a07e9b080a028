"""A shadow run over a running service: the outcomes that a changed tolerance would change, and no other."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from services.simulator.simulation import Simulation
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


def outcomes(tieout: WholeService) -> dict[tuple[str, ...], tuple[str, int]]:
    """What people see of every account: the state and the amount of each match, discrepancy and open item."""
    found: dict[tuple[str, ...], tuple[str, int]] = {}
    for row in tieout.json("matches"):
        pair = (row["payment_document_no"], row["document_no"])
        state = f"{row['state']} by {row['rule']}"
        found["match", row["customer_id"], row["currency"], *pair] = (state, row["amount_minor"])
    for row in tieout.json("discrepancies"):
        what = f"{row['kind']} {row['discrepancy_id']}"
        found["discrepancy", row["customer_id"], row["currency"], what] = ("OPEN", row["amount_minor"])
    for row in tieout.json("open-items", "--settled"):
        state = f"{row['state']} due {row['due_date']}"
        found["open_item", row["customer_id"], row["currency"], row["item_id"]] = (state, row["open_minor"])
    return found


def with_changes(
    before: dict[tuple[str, ...], tuple[str, int]], changes: list[dict[str, Any]]
) -> dict[tuple[str, ...], tuple[str, int]]:
    """``before`` and what a shadow run says would be other."""
    after = dict(before)
    for change in changes:
        account = (change["outcome"], change["customer_id"], change["currency"])
        if change["outcome"] == "match":
            key = (*account, change["payment_document_no"], change["document_no"])
        else:
            key = (*account, change["what"])
        if change["before"] is not None:
            assert after.pop(key) == (change["before"], change["before_minor"])
        if change["after"] is not None:
            after[key] = (change["after"], change["after_minor"])
    return after


@pytest.mark.timeout(420)
def test_an_activation_changes_exactly_what_the_shadow_run_showed_and_a_retirement_takes_it_back(
    tieout: WholeService, tmp_path: Path
) -> None:
    tieout.publish(Simulation(31, customers=60, days=60, tag="R").events())
    for user, role in (("rita", "approver"), ("carl", "controller")):
        tieout.cli("users", "add", user, "--role", role)
    before, digest = outcomes(tieout), tieout.verify()["digest"]
    draft = tmp_path / "draft.toml"
    draft.write_text(
        'name = "generous"\neffective_from = 2026-01-20\n[rules]\ntolerance_minor = 5000\ntolerance_ppm = 100000\n'
        "date_window_days = 6\n"
    )
    changes = tieout.json("rules", "shadow", draft)["changes"]
    kinds = {(one["outcome"], one["change"]) for one in changes}
    assert ("discrepancy", "vanishes") in kinds
    assert tieout.json("rules", "show")["in_force"] == []

    asked = tieout.json("rules", "propose", draft, "--as", "rita")
    version = str(asked["version"])
    assert asked["state"] == "PROPOSED"
    assert "cannot approve" in tieout.run("rules", "approve", version, "--as", "rita").stderr
    assert outcomes(tieout) == before
    done = tieout.json("rules", "approve", version, "--as", "carl", "--wait")
    assert (done["state"], done["proposed_by"], done["approved_by"]) == ("ACTIVE", "rita", "carl")
    during = outcomes(tieout)
    assert during == with_changes(before, changes) != before
    changed = {key for key in during if key[0] == "match" and during[key] != before.get(key)}
    versions = {
        row["rule_version"]
        for row in tieout.json("matches")
        if ("match", row["customer_id"], row["currency"], row["payment_document_no"], row["document_no"])
        in changed
    }
    assert versions == {asked["version"]}
    assert tieout.verify()["digest"] != digest
    assert [row["version"] for row in tieout.json("rules", "show")["in_force"]] == [asked["version"]]
    assert tieout.json("rules", "shadow", draft)["changes"] == []

    changes = tieout.json("rules", "shadow", "--without", version)["changes"]
    assert with_changes(during, changes) == before
    tieout.cli("rules", "retire", version, "--as", "rita")
    tieout.cli("rules", "approve", version, "--as", "carl")
    # its successor goes on with the reviews that were asked for
    os.kill(tieout.pid_of("worker-1"), signal.SIGKILL)
    tieout.settle_rules()
    assert tieout.verify()["digest"] == digest
    assert outcomes(tieout) == before
    [retired] = [row for row in tieout.json("rules", "list") if row["version"] == asked["version"]]
    assert retired["state"] == "RETIRED"
    assert retired["since"] < retired["until"]


GROUPED = [f"C-GROUP-{number}" for number in range(1, 5)]


def still_short(tieout: WholeService) -> list[str]:
    """Which of the customers stand with the discrepancy that each was given."""
    short = {row["customer_id"] for row in tieout.json("discrepancies")}
    return [one for one in GROUPED if one in short]


@pytest.mark.timeout(420)
def test_a_rule_set_for_a_group_holds_for_exactly_its_members(tieout: WholeService, tmp_path: Path) -> None:
    master, draft = tmp_path / "customers.csv", tmp_path / "draft.toml"
    members = "".join(f"{one},{one},wholesale\n" for one in GROUPED[:3])
    master.write_text(f"客户编号,客户名称,客户组\n{members}{GROUPED[3]},Other,retail\n", encoding="utf-8")
    tieout.cli("import", "customers", master)
    assert {"group": "wholesale", "members": 3} in tieout.json("rules", "groups")
    for user, role in (("gina", "approver"), ("gus", "controller")):
        tieout.cli("users", "add", user, "--role", role)
    history = []
    for one in GROUPED:
        document, links = f"{one}/I", {"document_no": f"{one}/I", "amount_minor": 12_050}
        placed = event("order.placed", document, "2026-01-05", 12_100, order_id=document)
        payment = event(
            "payment.settled", f"{one}/P", "2026-02-05", 12_050, payment_id=f"{one}/P", allocations=[links]
        )
        history += [{**record, "customer_id": one} for record in (placed, payment)]
    tieout.publish(history)
    assert still_short(tieout) == GROUPED

    head = 'name = "for wholesale"\neffective_from = 2026-01-01\n'
    draft.write_text(head + 'groups = ["whole sail"]\n[rules]\ntolerance_minor = 60\n')
    assert tieout.json("rules", "validate", draft)["groups"] == ["whole sail"]  # needs no server
    for command in (("shadow", draft), ("propose", draft, "--as", "gina")):
        refused = tieout.run("rules", *command)
        assert refused.returncode == 1
        assert "no group 'whole sail'" in refused.stderr
        assert "tieout import customers" in refused.stderr

    draft.write_text(head + 'groups = ["wholesale"]\n[rules]\ntolerance_minor = 60\n')
    changes = tieout.json("rules", "shadow", draft)["changes"]
    gone = [one["customer_id"] for one in changes if one["outcome"] == "discrepancy"]
    assert sorted(gone) == GROUPED[:3]
    asked = tieout.json("rules", "propose", draft, "--as", "gina")
    version = str(asked["version"])
    assert (asked["groups"], asked["covers"]) == (["wholesale"], 3)
    assert tieout.json("rules", "shadow", "--proposed", version)["changes"] == changes
    before = outcomes(tieout)
    tieout.cli("rules", "approve", version, "--as", "gus", "--wait")
    assert still_short(tieout) == GROUPED[3:]
    assert outcomes(tieout) == with_changes(before, changes)
    tieout.verify()

    # who comes later is not under it before somebody decides so
    master.write_text(f"customer_id,name,group\n{GROUPED[3]},Other,Wholesale\n{GROUPED[0]},One,\n")
    tieout.cli("import", "customers", master)
    assert still_short(tieout) == GROUPED[3:]
    shown = tieout.run("rules", "show")
    assert "group wholesale" in shown.stdout
    assert f"version {version} has changed" in shown.stderr.replace("\n", " ")
    assert "1 joined, 1 left" in shown.stderr.replace("\n", " ")
    trail = tieout.json("rules", "show", version)
    assert (trail["members"], trail["joined"], trail["left"]) == (GROUPED[:3], [GROUPED[3]], [GROUPED[0]])

    # what names a customer goes before, though it begins before
    draft.write_text(
        f'name = "but one"\neffective_from = 2025-12-01\ncustomers = ["{GROUPED[1]}"]\n[rules]\nterms_days = 9\n'
    )
    but_one = str(tieout.json("rules", "propose", draft, "--as", "gina")["version"])
    tieout.cli("rules", "approve", but_one, "--as", "gus", "--wait")
    assert still_short(tieout) == [GROUPED[1], GROUPED[3]]
    for one in (version, but_one):
        tieout.cli("rules", "retire", one, "--as", "gina")
        tieout.cli("rules", "approve", one, "--as", "gus", "--wait")
    assert still_short(tieout) == GROUPED
    tieout.verify()


def test_a_wrong_rule_set_is_one_sentence(tieout: WholeService, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"name": "x", "effective_from": "2026-01-01", "rules": {"tolerance_minor": 0.5}}')
    done = tieout.run("rules", "validate", wrong)
    assert done.returncode != 0
    assert "tolerance_minor" in done.stderr
    assert "Traceback" not in done.stderr
