"""Adjustments and dead letters over HTTP, on real Kafka, PostgreSQL and projector: two tokens, two people."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from schemas import topics
from services.api.adjustments import adjustment_router
from services.api.dead_letters import dead_letter_router
from services.api.ports import ApiDependencies
from services.api.problems import install_problem_handlers
from services.api.testing import served
from services.imports.canonical import record_of
from services.queries import testing as books
from services.store import tables
from services.work.adjustments import AdjustmentDesk
from services.work.dead_letters import DeadLetterDesk
from services.work.policy import read_policy
from services.work.record import WorkLog
from services.work.users import add_user
from tests.integration.projector_bench import Bench, projecting

pytestmark = pytest.mark.integration

NOW = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
JAN = dt.date(2026, 1, 5)
POLICY = read_policy()
PAYMENT = {
    "event_id": "e-9",
    "event_type": "payment.settled",
    "schema_version": 1,
    "source_system": "bank",
    "source_record_id": "payment/P-1",
    "source_version": 1,
    "occurred_at": NOW,
    "business_date": NOW.date(),
    "customer_id": "C-1",
    "currency": "XXE",
    "amount_minor": 500,
    "document_no": "P-1",
    "metadata": {},
    "allocations": [],
}
WRITE_OFF = {
    "adjustment_type": "write_off",
    "customer_id": "C-1",
    "currency": "EUR",
    "target_document_no": "INV-1",
    "reason": "small change",
}


@pytest.fixture
def client(bench: Bench) -> Iterator[httpx.Client]:
    raw = bench.codec.encode("payment", PAYMENT)
    letters = [
        books.dead_letter(n, "UNKNOWN_CURRENCY", raw_value=raw, customer_id="C-1", source_topic="t")
        for n in range(3)
    ]
    books.write(bench.engine, tables.dead_letters, letters)
    books.write(
        bench.engine, tables.open_items, [books.item("C-1", "INV-1", 12_100, JAN, allocated_minor=12_050)]
    )
    books.write(bench.engine, tables.discrepancies, [books.discrepancy("d-1", "SHORT_PAYMENT", "C-1", 50)])
    log = WorkLog(bench.bootstrap, bench.codec, bench.engine, topic=bench.name(topics.WORK_EVENTS))
    inputs = dataclasses.replace(topics.ADJUSTMENTS, name=bench.name(topics.ADJUSTMENTS))
    payments = dataclasses.replace(topics.PAYMENTS, name=bench.name(topics.PAYMENTS))
    fields: dict[str, Any] = dict.fromkeys(ApiDependencies.__dataclass_fields__)
    fields |= {"engine": bench.engine, "policy": POLICY, "clock": lambda: NOW, "zone": dt.UTC}
    fields["adjustment_desk"] = AdjustmentDesk(log, POLICY, lambda: NOW, inputs)
    fields["letter_desk"] = DeadLetterDesk(
        log, bench.codec, record_of, lambda: NOW, {"t": payments, payments.name: payments}
    )
    app = FastAPI()
    install_problem_handlers(app)
    deps = ApiDependencies(**fields)
    app.include_router(adjustment_router(deps))
    app.include_router(dead_letter_router(deps))
    with projecting(bench), served(app) as url, httpx.Client(base_url=url, timeout=30) as http:
        yield http


def token(bench: Bench, user: str, role: str) -> dict[str, str]:
    with bench.engine.begin() as connection:
        return {"Authorization": f"Bearer {add_user(connection, user, user.title(), role, NOW)}"}


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_the_maker_cannot_approve_and_another_can(bench: Bench, client: httpx.Client) -> None:
    ann, bob, eve = (
        token(bench, "ann", "clerk"),
        token(bench, "bob", "approver"),
        token(bench, "eve", "viewer"),
    )
    assert client.get("/api/v1/me", headers=bob).json()["role"] == "approver"
    assert code(client.get("/api/v1/me")) == (401, "NOT_SIGNED_IN")
    assert code(client.post("/api/v1/adjustments", json=WRITE_OFF)) == (401, "NOT_SIGNED_IN")
    assert code(client.post("/api/v1/adjustments", json=WRITE_OFF, headers=eve)) == (403, "NOT_ALLOWED")
    asked = client.post("/api/v1/adjustments", json=WRITE_OFF, headers=bob)
    assert asked.status_code == 201
    number = asked.json()["adjustment_id"]
    assert (asked.json()["state"], asked.json()["amount_minor"]) == ("PROPOSED", 50)
    where = f"/api/v1/adjustments/{number}/actions"
    refused = client.post(where, json={"action": "approve"}, headers=bob)
    assert (*code(refused), refused.json()["reason"]) == (409, "ACTION_REFUSED", "MAKER_IS_CHECKER")
    assert code(client.post(where, json={"action": "approve"}, headers=ann)) == (403, "NOT_ALLOWED")
    assert bench.records(topics.ADJUSTMENTS) == []
    assert code(client.get("/api/v1/users")) == (401, "NOT_SIGNED_IN")
    users = client.get("/api/v1/users", headers=eve).json()
    assert [user["user_id"] for user in users] == ["ann", "bob", "eve"]
    assert all(user.keys() == {"user_id", "name", "role", "active"} for user in users)
    assert [row["adjustment_id"] for row in client.get("/api/v1/adjustments?pending=true").json()] == [number]

    carla = token(bench, "carla", "controller")
    done = client.post(where, json={"action": "approve", "comment": "fine"}, headers=carla).json()
    assert (done["state"], done["proposed_by"], done["approved_by"]) == ("POSTED", "bob", "carla")
    assert len(bench.records(topics.ADJUSTMENTS)) == 1
    assert client.get("/api/v1/adjustments?pending=true").json() == []
    trail = client.get(f"/api/v1/adjustments/{number}").json()
    assert [(a["action"], a["actor"]) for a in trail["history"]] == [("propose", "bob"), ("approve", "carla")]
    assert code(client.get("/api/v1/adjustments/ADJ-0")) == (404, "NOT_FOUND")


def test_a_line_of_theirs_is_corrected_for_a_case(bench: Bench, client: httpx.Client) -> None:
    line = {"line_no": 2, "document_no": "INV-1", "date": "2026-01-05", "theirs_minor": 11_200}
    rows = [line | {"outcome": "AMOUNT", "our_document_no": "INV-1", "reason_arguments": {}}]
    books.write(
        bench.engine, tables.statement_comparisons, [books.comparison_part("C-1", "S-1", 1, 1, [], rows=rows)]
    )
    body = {
        "adjustment_type": "statement_line",
        "customer_id": "C-1",
        "currency": "EUR",
        "statement_id": "S-1",
        "line_no": 2,
        "reading": {"signed_minor": 12_100},
        "reason": "they typed 112",
        "case_id": "d-1",
    }
    asked = client.post("/api/v1/adjustments", json=body).json()
    assert (asked["moved_minor"], asked["corrected_line"]["debit_minor"]) == (900, 12_100)
    assert asked["sent_line"] == {"document_no": "INV-1", "date": "2026-01-05", "signed_minor": 11_200}
    for case, number in (("d-1", 1), ("d-2", 0)):
        assert len(client.get(f"/api/v1/adjustments?case={case}").json()) == number
    assert code(client.post("/api/v1/adjustments", json=body | {"line_no": 3})) == (409, "ACTION_REFUSED")


def test_proposals_are_rejected_withdrawn_and_taken_back(bench: Bench, client: httpx.Client) -> None:
    ann, bob = token(bench, "ann", "clerk"), token(bench, "bob", "approver")

    def propose(**other: Any) -> str:
        answer = client.post("/api/v1/adjustments", json={**WRITE_OFF, **other}, headers=ann)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["adjustment_id"])

    def act(number: str, by: dict[str, str], **body: Any) -> Any:
        return client.post(f"/api/v1/adjustments/{number}/actions", json=body, headers=by).json()

    first, second = propose(), propose(adjustment_type="debit", amount_minor=70, target_document_no=None)
    third = propose(adjustment_type="credit", amount_minor=30)
    assert act(first, bob, action="reject", comment="no")["state"] == "REJECTED"
    assert act(second, bob, action="withdraw")["reason"] == "NOT_THE_MAKER"
    assert act(second, ann, action="withdraw")["state"] == "WITHDRAWN"
    assert act(third, bob, action="approve")["state"] == "POSTED"
    back = act(third, ann, action="propose_reversal", business_date="2026-03-01", comment="was wrong")
    assert back["state"] == "REVERSAL_PROPOSED"
    assert act(third, bob, action="approve")["state"] == "REVERSED"
    reversal = bench.codec.decode("adjustment", bench.records(topics.ADJUSTMENTS)[-1])
    assert (reversal["event_type"], reversal["business_date"]) == ("adjustment.reversed", dt.date(2026, 3, 1))
    listed = client.get("/api/v1/adjustments?customer=C-1").json()
    states = {row["adjustment_id"]: row["state"] for row in listed}
    assert states == {first: "REJECTED", second: "WITHDRAWN", third: "REVERSED"}
    assert client.get("/api/v1/adjustments?customer=C-2").json() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": " "},
        {"target_document_no": "INV-9"},
        {"amount_minor": 51},
        {"adjustment_type": "unmatch"},
    ],
)
def test_what_the_books_would_refuse_is_refused_at_once(client: httpx.Client, wrong: dict[str, Any]) -> None:
    answer = client.post("/api/v1/adjustments", json={**WRITE_OFF, **wrong})
    assert (*code(answer), answer.json()["reason"]) == (409, "ACTION_REFUSED", "FIELD_INVALID")


@pytest.mark.parametrize(
    "wrong", [{"adjustment_type": "gift"}, {"amount_minor": -1}, {"amount_minor": 0.5}, {"more": 1}]
)
def test_what_is_no_proposal_is_named(client: httpx.Client, wrong: dict[str, Any]) -> None:
    answer = client.post("/api/v1/adjustments", json={**WRITE_OFF, **wrong})
    assert code(answer) == (422, "INVALID_PARAMETER")
    plain = client.post("/api/v1/adjustments", content=b"{}", headers={"content-type": "text/plain"})
    assert code(plain) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_refused_records_are_mended_sent_again_and_left_be(bench: Bench, client: httpx.Client) -> None:
    ann, eve = token(bench, "ann", "clerk"), token(bench, "eve", "viewer")

    def act(offset: int, by: dict[str, str] = ann, **body: Any) -> httpx.Response:
        return client.post(f"/api/v1/dead-letters/t/0/{offset}/actions", json=body, headers=by)

    shown = client.get("/api/v1/dead-letters/t/0/0").json()
    assert (shown["state"], shown["event"]["currency"]) == ("REFUSED", "XXE")
    assert code(client.get("/api/v1/dead-letters/t/0/9")) == (404, "NOT_FOUND")
    assert code(act(0, action="repair")) == (422, "INVALID_PARAMETER")
    assert code(act(0, eve, action="replay")) == (403, "NOT_ALLOWED")
    assert code(act(0, action="repair", changes={"currency": "XXX1"})) == (409, "ACTION_REFUSED")
    assert act(0, action="repair", changes={"currency": "EUR"}, comment="typo").json()["state"] == "REPAIRED"
    assert act(1, action="replay").json()["state"] == "REPLAYED"
    assert act(2, action="discard").json()["reason"] == "FIELD_MISSING"
    assert act(2, action="discard", comment="a test of theirs").json()["state"] == "DISCARDED"
    mended, again = (bench.codec.decode("payment", value) for value in bench.records(topics.PAYMENTS))
    assert (mended["currency"], mended["causation_id"]) == ("EUR", "dead-letter/t/0/0")
    assert again["event_id"] == "e-9"
    rows = client.get("/api/v1/dead-letters").json()
    assert [row["state"] for row in rows] == ["REPAIRED", "REPLAYED", "DISCARDED"]
    [left] = client.get("/api/v1/dead-letters?state=DISCARDED").json()
    assert left["dead_letter_id"] == "t/0/2"
