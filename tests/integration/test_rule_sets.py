"""Rule sets by two people over HTTP, on real Kafka, PostgreSQL and projector: to every partition, once and the same."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from domain.rule_changes import RuleBook, RuleChange, parse_rule_change
from domain.rule_sets import RulesInForce
from domain.rules import Rules
from schemas import topics
from services.api.ports import ApiDependencies
from services.api.problems import install_problem_handlers
from services.api.rules import rule_router
from services.api.testing import served
from services.imports.master import CUSTOMERS, upsert
from services.queries import testing as books
from services.store import tables
from services.store.producer import Parcel
from services.work.errors import ActionRefusedError, NotRecordedError
from services.work.policy import read_policy
from services.work.record import WorkLog
from services.work.rule_sets import RuleDesk
from services.work.users import User
from tests.integration.projector_bench import PARTITIONS, Bench, projecting
from tests.integration.test_api_adjustments import code, token

pytestmark = pytest.mark.integration

NOW = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
POLICY = read_policy()
BASE = Rules(terms_days=14)
SET: dict[str, Any] = {
    "name": "small change",
    "effective_from": "2026-01-01",
    "rules": {"tolerance_minor": 50},
}
ANN, CARLA = User("ann", "Ann", "approver"), User("carla", "Carla", "controller")
DORA = User("dora", "Dora", "controller")


class Failing(WorkLog):
    """Kafka does not take the record for one partition."""

    fails_at: int | None = None

    def send(self, parcels: Sequence[Parcel]) -> list[tuple[int, int]]:
        too_large = bytes(20_000_000)
        given = [
            dataclasses.replace(parcel, value=too_large) if parcel.partition == self.fails_at else parcel
            for parcel in parcels
        ]
        self.fails_at = None
        return super().send(given)


@pytest.fixture
def desk(bench: Bench) -> Iterator[RuleDesk]:
    log = Failing(bench.bootstrap, bench.codec, bench.engine, topic=bench.name(topics.WORK_EVENTS))
    rules = dataclasses.replace(topics.RULES, name=bench.name(topics.RULES))
    with projecting(bench):
        yield RuleDesk(log, POLICY, lambda: NOW, BASE, PARTITIONS, rules)


@pytest.fixture
def client(bench: Bench, desk: RuleDesk) -> Iterator[httpx.Client]:
    fields: dict[str, Any] = dict.fromkeys(ApiDependencies.__dataclass_fields__)
    app = FastAPI()
    install_problem_handlers(app)
    app.include_router(rule_router(ApiDependencies(**fields | {"engine": bench.engine, "rule_desk": desk})))
    with served(app) as url, httpx.Client(base_url=url, timeout=30) as http:
        yield http


def posted(bench: Bench) -> list[RuleChange]:
    """What stands on the partitions."""
    changes = [parse_rule_change(bench.codec.decode("rule_set", raw)) for raw in bench.records(topics.RULES)]
    assert all(isinstance(change, RuleChange) for change in changes)
    return [change for change in changes if isinstance(change, RuleChange)]


def test_one_proposes_and_another_puts_it_into_force_and_out_again(
    bench: Bench, client: httpx.Client
) -> None:
    bob, ann, carla = (
        token(bench, user, role)
        for user, role in (("bob", "clerk"), ("ann", "approver"), ("carla", "controller"))
    )
    assert code(client.post("/api/v1/rules", json=SET)) == (401, "NOT_SIGNED_IN")
    assert code(client.post("/api/v1/rules", json=SET, headers=bob)) == (403, "NOT_ALLOWED")
    asked = client.post("/api/v1/rules", json=SET, headers=ann)
    assert asked.status_code == 201
    assert (asked.json()["version"], asked.json()["state"]) == (2, "PROPOSED")
    assert client.get("/api/v1/rules?in_force=true").json() == []
    where = "/api/v1/rules/2/actions"
    refused = client.post(where, json={"action": "approve"}, headers=ann)
    assert (*code(refused), refused.json()["reason"]) == (409, "ACTION_REFUSED", "MAKER_IS_CHECKER")
    assert posted(bench) == []

    done = client.post(where, json={"action": "approve", "comment": "fine"}, headers=carla).json()
    assert (done["state"], done["proposed_by"], done["approved_by"]) == ("ACTIVE", "ann", "carla")
    changes = posted(bench)
    assert len(changes) == PARTITIONS
    assert len({repr(change) for change in changes}) == 1
    assert changes[0].rule_set.rules == expected_rules(2)
    assert [row["version"] for row in client.get("/api/v1/rules?in_force=true").json()] == [2]

    client.post(where, json={"action": "propose_retirement"}, headers=carla)
    assert code(client.post(where, json={"action": "approve"}, headers=carla))[1] == "ACTION_REFUSED"
    assert code(client.post(where, json={"action": "approve"}, headers=ann)) == (403, "NOT_ALLOWED")
    dan = token(bench, "dan", "controller")
    assert client.post(where, json={"action": "approve"}, headers=dan).json()["state"] == "RETIRED"
    assert [change.retires for change in posted(bench)].count(True) == PARTITIONS
    assert client.get("/api/v1/rules?in_force=true").json() == []
    trail = client.get("/api/v1/rules/2").json()
    assert [action["actor"] for action in trail["history"]] == ["ann", "carla", "carla", "dan"]
    assert (trail["rules"]["tolerance_minor"], trail["rules"]["terms_days"]) == (50, 14)
    assert code(client.get("/api/v1/rules/3")) == (404, "NOT_FOUND")
    assert client.post("/api/v1/rules", json=SET, headers=ann).json()["version"] == 3


def test_who_is_named_and_known_to_nobody_is_told(bench: Bench, desk: RuleDesk) -> None:
    put(bench, None, "C-1")
    books.write(bench.engine, tables.balances, [msgspec.structs.asdict(books.balance("C-2", 0))])
    named = {**SET, "customers": ["C-1", "C-2", "GHOST"]}
    assert desk.propose(ANN, named).unknown == ["GHOST"]
    assert desk.propose(ANN, SET).unknown == []
    desk.act(CARLA, 2, "reject")
    with bench.engine.connect() as connection:
        assert [row.unknown for row in desk.iterate(connection)] == [[], []]  # it will hold for nobody


def expected_rules(version: int) -> Rules:
    return Rules(version=version, terms_days=14, tolerance_minor=50)


@pytest.mark.parametrize(
    "wrong", [{"rules": {"tolerance": 1}}, {"effective_from": "soon"}, {"rules": {"tolerance_minor": 0.5}}]
)
def test_what_is_no_rule_set_is_never_proposed(
    bench: Bench, client: httpx.Client, wrong: dict[str, Any]
) -> None:
    refused = client.post("/api/v1/rules", json={**SET, **wrong}, headers=token(bench, "ann", "approver"))
    assert (*code(refused), refused.json()["reason"]) == (409, "ACTION_REFUSED", "FIELD_INVALID")
    assert bench.records(topics.WORK_EVENTS) == []


def test_an_approval_reaches_every_partition_or_none_and_again_it_is_the_same(
    bench: Bench, desk: RuleDesk
) -> None:
    version = desk.propose(ANN, SET).version
    assert isinstance(desk.log, Failing)
    desk.log.fails_at = 1
    with pytest.raises(NotRecordedError):
        desk.act(CARLA, version, "approve")
    assert posted(bench) == []
    with bench.engine.connect() as connection:
        assert desk.trail(connection, version).rule_set.state == "PROPOSED"
    desk.act(CARLA, version, "approve")
    done = desk.act(CARLA, version, "approve")
    assert done.next_offsets.keys() == {(desk.topic.name, 0), (desk.topic.name, 1)}
    desk.act(ANN, version, "propose_retirement")
    desk.act(ANN, version, "withdraw")
    desk.act(DORA, version, "approve")  # whoever may, and whatever was said since
    first, *again = posted(bench)
    assert again == [first] * 5
    known = RuleBook().after(first)
    assert isinstance(known, RuleBook)
    assert known.after(first) == known


def test_what_is_proposed_is_tried_as_the_set_that_it_will_be(bench: Bench, desk: RuleDesk) -> None:
    """Of two sets that cover the same from one date the later proposed decides, whichever is approved first."""
    older = desk.propose(ANN, SET).version
    newer = desk.propose(ANN, {**SET, "rules": {"tolerance_minor": 7}}).version

    def tried(version: int, in_force: RulesInForce) -> Rules:
        with bench.engine.connect() as connection:
            made = desk.would_decide(connection, version)(in_force)
        return made.of("C-1").on(dt.date(2026, 2, 1))

    nothing = RulesInForce((), BASE)
    assert [tried(version, nothing).tolerance_minor for version in (older, newer)] == [50, 7]
    desk.act(CARLA, newer, "approve")
    change = posted(bench)[0]
    in_force = RulesInForce((change.rule_set,), BASE)
    assert tried(older, in_force).tolerance_minor == 7
    with pytest.raises(ActionRefusedError, match="this is ACTIVE"):
        tried(newer, in_force)
    desk.act(ANN, newer, "propose_retirement")
    assert tried(newer, in_force).tolerance_minor == 0


def put(bench: Bench, group: str | None, *customers: str) -> None:
    """Master data of customers, as a file would bring them."""
    records = [
        {"customer_id": one, "name": one, "language": "en", "customer_group": group} for one in customers
    ]
    upsert(bench.engine, CUSTOMERS, records, NOW)


def test_a_set_by_group_is_posted_with_those_who_were_in_it_when_it_was_proposed(
    bench: Bench, client: httpx.Client
) -> None:
    ann, carla = (token(bench, user, role) for user, role in (("ann", "approver"), ("carla", "controller")))
    put(bench, "wholesale", "C-2", "C-1", "supplier:S-1")
    put(bench, " Wholesale", "C-3")  # as another file spelt it
    put(bench, "retail", "C-9")
    put(bench, None, "C-8")
    rows = [{"group": "retail", "members": 1}, {"group": "wholesale", "members": 4}]
    assert client.get("/api/v1/rules/groups").json() == rows
    content = {**SET, "groups": ["WHOLESALE"], "customers": ["C-1", "C-7"]}
    asked = client.post("/api/v1/rules", json=content, headers=ann).json()
    assert (asked["groups"], asked["customers"], asked["covers"]) == (["WHOLESALE"], ["C-1", "C-7"], 5)
    assert (asked["joined"], asked["left"]) == (0, 0)

    put(bench, "wholesale", "C-9", "C-10")
    put(bench, None, "C-1", "C-2")
    where = "/api/v1/rules/2"
    done = client.post(f"{where}/actions", json={"action": "approve"}, headers=carla).json()
    assert (done["state"], done["covers"], done["joined"], done["left"]) == ("ACTIVE", 5, 2, 1)
    change = posted(bench)[0].rule_set
    assert (change.customers, change.members) == (("C-1", "C-7"), ("C-2", "C-3", "supplier:S-1"))
    trail = client.get(where).json()
    assert (trail["joined"], trail["left"]) == (["C-10", "C-9"], ["C-2"])
    assert trail["members"] == ["C-2", "C-3", "supplier:S-1"]
    [row] = client.get("/api/v1/rules?in_force=true").json()
    assert (row["joined"], row["left"]) == (2, 1)

    client.post(f"{where}/actions", json={"action": "propose_retirement"}, headers=ann)
    retired = client.post(f"{where}/actions", json={"action": "approve"}, headers=carla).json()
    assert (retired["state"], retired["joined"], retired["left"]) == ("RETIRED", 0, 0)
    assert {one.rule_set for one in posted(bench)} == {change}


def test_a_group_that_is_nobodys_is_told_with_those_that_there_are(
    bench: Bench, client: httpx.Client
) -> None:
    ann = token(bench, "ann", "approver")

    def refusal(*groups: str) -> str:
        refused = client.post("/api/v1/rules", json={**SET, "groups": groups}, headers=ann)
        assert (*code(refused), refused.json()["reason"]) == (409, "ACTION_REFUSED", "FIELD_INVALID")
        return str(refused.json()["detail"])

    assert refusal("vip") == "The master data name no group 'vip'; groups with members are: none."
    put(bench, "retail", "C-1")
    put(bench, "wholesale", "C-2")
    assert refusal("retail", "vip") == (
        "The master data name no group 'vip'; groups with members are: 'retail', 'wholesale'."
    )
    put(bench, "wholesale", "C-1")
    assert refusal("Retail") == "Nobody is left in the group 'Retail'; groups with members are: 'wholesale'."
    for number in range(12):
        put(bench, f"g{number:02}", f"C-{number}")
    assert refusal("vip").endswith("'g09' and 2 more.")
    assert bench.records(topics.WORK_EVENTS) == []


def test_the_largest_group_is_one_event_and_one_of_too_many_is_refused(bench: Bench, desk: RuleDesk) -> None:
    """As many as a set may cover, with ids that come to what an event may hold of them."""
    put(bench, "all", *(f"C-{number:047}" for number in range(20_000)))
    row = desk.propose(ANN, {**SET, "groups": ["all"]})
    assert row.covers == 20_000
    desk.act(CARLA, row.version, "approve")
    assert [len(change.rule_set.members) for change in posted(bench)] == [20_000] * PARTITIONS
    put(bench, "one", "D-1")
    with pytest.raises(ActionRefusedError, match="covers 20001 customers, 20000 at most: part it"):
        desk.propose(ANN, {**SET, "groups": ["all", "one"]})
