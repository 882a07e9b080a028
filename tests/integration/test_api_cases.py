"""Cases over HTTP, on real Kafka, PostgreSQL and projector: tokens decide who acts."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from schemas import topics
from services.api.cases import case_router
from services.api.ports import ApiDependencies
from services.api.problems import install_problem_handlers
from services.api.testing import served
from services.queries import testing as books
from services.store import tables
from services.work.cases import CaseDesk
from services.work.policy import read_policy
from services.work.record import WorkLog
from services.work.users import add_user
from tests.integration.projector_bench import Bench, projecting

pytestmark = pytest.mark.integration

NOW = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
POLICY = read_policy()


@pytest.fixture
def client(bench: Bench) -> Iterator[httpx.Client]:
    found = [
        books.discrepancy(f"d-{n}", "SHORT_PAYMENT", "C-1", 5_000, document_no=f"INV-{n}") for n in (1, 2)
    ]
    books.write(bench.engine, tables.discrepancies, found)
    log = WorkLog(bench.bootstrap, bench.codec, bench.engine, topic=bench.name(topics.WORK_EVENTS))
    fields: dict[str, Any] = dict.fromkeys(ApiDependencies.__dataclass_fields__)
    fields |= {"engine": bench.engine, "policy": POLICY, "clock": lambda: NOW, "zone": dt.UTC}
    fields["case_desk"] = CaseDesk(log, POLICY, lambda: NOW, NOW.date)
    app = FastAPI()
    install_problem_handlers(app)
    app.include_router(case_router(ApiDependencies(**fields)))
    with projecting(bench), served(app) as url, httpx.Client(base_url=url, timeout=30) as http:
        yield http


def act(client: httpx.Client, case: str, token: str | None, **body: Any) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return client.post(f"/api/v1/cases/{case}/actions", json=body, headers=headers)


def test_one_person_on_a_laptop_needs_no_token(client: httpx.Client) -> None:
    answer = act(client, "d-1", None, action="resolve", details={"reason": "TIMING"})
    assert (answer.status_code, answer.json()["case"]["state"]) == (200, "RESOLVED")
    assert [row["case_id"] for row in client.get("/api/v1/cases").json()] == ["d-2"]
    assert client.get("/api/v1/cases?state=RESOLVED").json()[0]["reason"] == "TIMING"


def test_a_list_may_be_short_and_a_case_tells_what_it_rests_on(client: httpx.Client) -> None:
    assert [row["case_id"] for row in client.get("/api/v1/cases?limit=1").json()] == ["d-1"]
    assert client.get("/api/v1/cases?role=customer&order=due&limit=1").json() != []
    assert client.get("/api/v1/cases?role=supplier").json() == []
    assert client.get("/api/v1/cases?customer=C-1&supplier=S-1").status_code == 422
    evidence = client.get("/api/v1/cases/d-1/evidence").json()
    assert (evidence["case_id"], evidence["rule"], evidence["entries"]) == ("d-1", "paid_short", [])
    assert client.get("/api/v1/cases/d-9/evidence").json()["code"] == "NOT_FOUND"


def test_with_users_a_token_decides_who_acts(bench: Bench, client: httpx.Client) -> None:
    with bench.engine.begin() as connection:
        ann = add_user(connection, "ann", "Ann", "clerk", NOW)
        eve = add_user(connection, "eve", "Eve", "viewer", NOW)
    for token, status, code in (
        (None, 401, "NOT_SIGNED_IN"),
        ("x", 401, "NOT_SIGNED_IN"),
        (eve, 403, "NOT_ALLOWED"),
    ):
        answer = act(client, "d-1", token, action="comment", comment="hm")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert act(client, "d-1", ann, action="comment", comment="hm").json()["history"][0]["actor"] == "ann"


def test_what_cannot_be_done_is_a_problem_with_its_reason(client: httpx.Client) -> None:
    refused = act(client, "d-1", None, action="reopen")
    assert (refused.status_code, refused.json()["reason"]) == (409, "WRONG_STATE")
    assert act(client, "d-9", None, action="comment", comment="x").status_code == 404
    assert act(client, "d-1", None, action="dance").status_code == 422
    body = b'{"action":"comment","comment":"x"}'
    plain = client.post("/api/v1/cases/d-1/actions", content=body, headers={"content-type": "text/plain"})
    assert plain.status_code == 415


def test_figures_that_changed_since_they_were_seen_are_not_resolved(
    bench: Bench, client: httpx.Client
) -> None:
    versions = {row["case_id"]: row["version"] for row in client.get("/api/v1/cases").json()}
    changed = sa.update(tables.discrepancies).where(tables.discrepancies.c.discrepancy_id == "d-1")
    with bench.engine.begin() as connection:
        connection.execute(changed.values(amount_minor=99, account_version=versions["d-1"] + 5))
    details = {"reason": "TIMING", "seen_version": str(versions["d-1"])}
    assert act(client, "d-1", None, action="resolve", details=details).json()["reason"] == "WRONG_STATE"
    body = {"action": "resolve", "details": {"reason": "TIMING"}, "seen_versions": versions}
    outcomes = client.post("/api/v1/cases/actions", json={**body, "case_ids": ["d-1", "d-2"]}).json()
    assert [(outcome["case_id"], outcome["done"]) for outcome in outcomes] == [("d-1", False), ("d-2", True)]
    now = client.get("/api/v1/cases/d-1").json()["case"]["version"]
    seen = {"reason": "TIMING", "seen_version": str(now)}
    assert act(client, "d-1", None, action="resolve", details=seen).json()["case"]["state"] == "RESOLVED"


def test_files_and_many_cases_at_once(client: httpx.Client) -> None:
    content = base64.b64encode(b"%PDF-1.7").decode()
    attached = act(client, "d-1", None, action="attach", file={"name": "a.pdf", "content_base64": content})
    event_id = attached.json()["history"][0]["event_id"]
    got = client.get(f"/api/v1/cases/d-1/attachments/{event_id}")
    assert (got.content, got.headers["content-type"]) == (b"%PDF-1.7", "application/pdf")
    assert got.headers["content-disposition"] == "attachment"
    wrong = act(client, "d-1", None, action="attach", file={"name": "a", "content_base64": "%%%"})
    assert wrong.status_code == 422
    bulk = {"case_ids": ["d-1", "d-7", "d-2"], "action": "comment", "comment": "all"}
    outcomes = client.post("/api/v1/cases/actions", json=bulk).json()
    assert [outcome["done"] for outcome in outcomes] == [True, False, True]
    assert client.get("/api/v1/cases/d-2").json()["case"]["comments"] == 1
