"""The API over real PostgreSQL, Redis and Kafka: answers, problems, documents, events, the stream of changes."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import httpx
import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from deploy.stack import StackUrls
from domain.rules import Rules
from runtime.metrics import API_REQUESTS
from schemas.codec import Codec
from schemas.registry import FingerprintRegistry
from services import queries
from services.api import (
    ApiDependencies,
    FileAnswer,
    FileUpload,
    Lag,
    Publication,
    RefusedEvent,
    RejectedRow,
    create_app,
)
from services.api.__main__ import allowed_hosts
from services.api.adapters import ComparisonWriter, StatementIssuer
from services.api.examples import EXAMPLES
from services.api.problems import PROBLEMS, ProblemCode, ProblemError
from services.api.testing import served
from services.imports.canonical import record_of
from services.queries import testing as books
from services.reports.document import Letterhead
from services.store import tables
from services.store.engine import create_engine
from services.store.live_redis import connect_live
from services.web.routes import choose_language
from services.work.adjustments import AdjustmentDesk
from services.work.cases import CaseDesk
from services.work.dead_letters import DeadLetterDesk
from services.work.policy import read_policy
from services.work.record import WorkLog
from services.work.rule_sets import RuleDesk
from services.work.users import add_user

pytestmark = pytest.mark.integration

JAN = dt.date(2026, 1, 5)
CODEC = Codec(FingerprintRegistry())
POLICY = read_policy()
NOW = dt.datetime(2026, 2, 7, 12, tzinfo=dt.UTC)


class Publisher:
    """Accepts JSON objects with an ``event_id``; keeps the lines as they came."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def __call__(self, body: BinaryIO) -> Publication:
        lines = body.read().splitlines()
        good = [line for line in lines if b"event_id" in line]
        self.lines += good
        refused = [
            RefusedEvent(n, "UNREADABLE", "no event") for n, line in enumerate(lines, 1) if line not in good
        ]
        return Publication(len(good), refused)


def uploaded(upload: FileUpload) -> FileAnswer:
    """Answers with what it was given; the import itself is tried end to end."""
    if upload.content == b"bad":
        raise ProblemError(ProblemCode.FILE_REFUSED, "no heading", reason="NO_HEADING")
    row = RejectedRow(
        3, "Date", "soon", "BAD_DATE", f"{upload.statement.customer_id} {upload.language}", "INV-1"
    )
    notes = [upload.filename, *(f"{one.row} {one.column} {one.corrected}" for one in upload.corrections)]
    layout, period = upload.statement.layout, upload.statement.period
    if period is not None:
        columns = " ".join(f"{field}={heading}" for field, heading in layout.columns.items())
        kept = f"{columns} {layout.decimal} {layout.view} {upload.statement.remember}"
        notes.append(f"{period[0]}..{period[1]} {kept}")
    return FileAnswer(upload.kind, 2, {"customer_statement": 1}, {"BAD_DATE": 1}, [row], notes)


@pytest.fixture(scope="module")
def deps(stack: StackUrls) -> Iterator[ApiDependencies]:
    with books.fresh_database(stack.database_url) as url:
        engine = create_engine(url)
        live = connect_live(stack.redis_url.rsplit("/", 1)[0] + "/7")
        books.write(
            engine,
            tables.ledger_entries,
            [books.entry("C/1 中", "INV-1", 12_100, JAN), books.entry("C/1 中", "P-1", -12_050, JAN)],
        )
        books.write(
            engine,
            tables.open_items,
            [books.item("C/1 中", "INV-1", 12_100, JAN, allocated_minor=12_050)],
        )
        books.write(
            engine,
            tables.allocations,
            [books.allocation("C/1 中", "P-1", "INV-1", 12_050, JAN)],
        )
        books.write(engine, tables.discrepancies, [books.discrepancy("d-1", "SHORT_PAYMENT", "C/1 中", 50)])
        books.write(engine, tables.dead_letters, [books.dead_letter(1, "UNREADABLE")])
        books.project(engine, live, [books.balance("C/1 中", 50)])
        registry = CollectorRegistry()
        registry.register(API_REQUESTS)
        log = WorkLog(stack.kafka_bootstrap_servers, CODEC, engine, topic="none")
        yield ApiDependencies(
            engine=engine,
            live=live,
            clock=lambda: NOW,
            zone=ZoneInfo("UTC"),
            publish=Publisher(),
            import_file=uploaded,
            statement=StatementIssuer(engine, Letterhead(name="Meridian"), lambda: NOW),
            comparison=ComparisonWriter(engine, Letterhead(name="Meridian")),
            lag=lambda: Lag(3),
            case_desk=CaseDesk(log, POLICY, lambda: NOW, NOW.date),
            adjustment_desk=AdjustmentDesk(log, POLICY, lambda: NOW),
            letter_desk=DeadLetterDesk(log, CODEC, record_of, lambda: NOW),
            rule_desk=RuleDesk(log, POLICY, lambda: NOW, Rules(), 1),
            policy=POLICY,
            registry=registry,
            version="1.2.3",
            company_name='Meridian <b>&"',
            language="en",
            allowed_hosts=("127.0.0.1",),
            max_body_bytes=10_000,
        )
        live.close()
        engine.dispose()


@pytest.fixture(scope="module")
def client(deps: ApiDependencies) -> Iterator[httpx.Client]:
    with served(create_app(deps)) as url, httpx.Client(base_url=url, timeout=30) as http:
        yield http


def problem(response: Any, code: ProblemCode) -> dict[str, Any]:
    document: dict[str, Any] = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert (document["code"], document["type"]) == (code, f"urn:tieout:problem:{code}")
    assert response.status_code == document["status"] == PROBLEMS[code][0]
    assert document["instance"] == f"urn:tieout:request:{response.headers['x-request-id']}"
    return document


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("balances", [{"customer_id": "C/1 中", "currency": "EUR", "balance_minor": 50}]),
        ("balances?as_of=2026-01-04", []),
        ("balances?customer=C/1 中&currency=USD", []),
    ],
)
def test_balances(client: httpx.Client, path: str, rows: list[dict[str, Any]]) -> None:
    answer = client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()) == (200, rows)


def test_reads_have_the_documented_shape(client: httpx.Client) -> None:
    def first(path: str) -> dict[str, Any]:
        row: dict[str, Any] = client.get(f"/api/v1/{path}").json()[0]
        return row

    entry = client.get("/api/v1/entries", params={"text": "p-1"}).json()[0]
    assert (entry["side"], entry["amount_minor"], entry["running_balance_minor"]) == ("CREDIT", 12_050, 50)
    assert entry["source"] == {"topic": "tieout.payments", "partition": 0, "offset": 0}
    item = first("open-items?overdue=true")
    assert (item["open_minor"], item["state"], item["overdue"], item["days_past_due"]) == (
        50,
        "PARTIALLY_ALLOCATED",
        True,
        3,
    )
    assert first("matches?document=INV-1")["score"] == "1.000000"
    assert first("discrepancies")["discrepancy_id"] == "d-1"
    ageing = first("ageing?edges=2&edges=9")
    assert ageing["buckets"] == {"current": 0, "1-2": 0, "3-9": 50, "10+": 0}
    assert first("dead-letters")["reason"] == "UNREADABLE"


def test_a_long_answer_streams_whole(client: httpx.Client, deps: ApiDependencies) -> None:
    rows = [books.dead_letter(n, "LONG", detail="x" * 200, source_partition=9) for n in range(6_000)]
    books.write(deps.engine, tables.dead_letters, rows)
    answer = client.get("/api/v1/dead-letters?reason=LONG")
    assert "content-length" not in answer.headers
    assert [row["source"]["offset"] for row in answer.json()] == list(range(6_000))


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("balances?as_of=2026-02-30", "as_of"),
        ("balances?currency=euro", "currency"),
        ("discrepancies?state=closed", "state"),
        ("customers/C-1/statement?period=2026-01&format=doc", "format"),
    ],
)
def test_a_bad_parameter_is_named(client: httpx.Client, path: str, parameter: str) -> None:
    document = problem(client.get(f"/api/v1/{path}"), ProblemCode.INVALID_PARAMETER)
    assert [fault["parameter"] for fault in document["errors"]] == [parameter]


def test_other_problems(client: httpx.Client) -> None:
    problem(client.get("/api/v1/nothing"), ProblemCode.NOT_FOUND)
    problem(client.delete("/api/v1/balances"), ProblemCode.METHOD_NOT_ALLOWED)
    problem(client.get("/api/v1/ageing?edges=9&edges=2"), ProblemCode.INVALID_PARAMETER)
    problem(client.get("/api/v1/customers/nobody/statement?period=2026-01"), ProblemCode.UNKNOWN_CUSTOMER)
    problem(client.get("/api/v1/customers/nobody/statement?period=soon"), ProblemCode.INVALID_PARAMETER)


@pytest.mark.parametrize("path", ["entries?text=a%00b", "cases?text=%00", "balances?customer=%00"])
def test_a_sign_that_no_text_can_hold_is_a_bad_parameter(client: httpx.Client, path: str) -> None:
    problem(client.get(f"/api/v1/{path}"), ProblemCode.INVALID_PARAMETER)


def test_who_may_only_look_brings_nothing_in(client: httpx.Client, deps: ApiDependencies) -> None:
    """Neither events nor files: what they book needs no second person."""
    with deps.engine.begin() as connection:
        token = add_user(connection, "eve", "Eve", "viewer", NOW)
    try:
        for path, media_type in (("events", "application/x-ndjson"), ("imports/products", "text/csv")):
            headers = {"Authorization": f"Bearer {token}", "content-type": media_type}
            refused = client.post(f"/api/v1/{path}", content=b"{}\n", headers=headers)
            problem(refused, ProblemCode.NOT_ALLOWED)
            del headers["Authorization"]
            problem(
                client.post(f"/api/v1/{path}", content=b"{}\n", headers=headers), ProblemCode.NOT_SIGNED_IN
            )
    finally:
        with deps.engine.begin() as connection:
            connection.execute(sa.delete(tables.users))


def test_a_statement_is_a_document_to_download(client: httpx.Client) -> None:
    answer = client.get(
        "/api/v1/customers/C%2F1%20%E4%B8%AD/statement?period=2026-01&format=json&language=zh"
    )
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"].startswith('attachment; filename="')
    assert "120.50" in answer.text or "12050" in answer.text


def test_a_comparison_is_a_document_to_download(client: httpx.Client, deps: ApiDependencies) -> None:
    books.write(
        deps.engine, tables.statement_comparisons, [books.comparison_part("C/1 中", "S-1", 1, 1, [100])]
    )
    where = "/api/v1/customers/C%2F1%20%E4%B8%AD/comparison?period=2026-01"
    answer = client.get(f"{where}&statement=S-1&format=json")
    [comparison] = answer.json()["comparisons"]
    assert (comparison["ours_closing_minor"], comparison["lines"][0]["step_minor"]) == (100, 100)
    assert "CMP-S-1-EUR" in answer.headers["content-disposition"]
    assert client.get(where).content.startswith(b"%PDF")
    problem(client.get(f"{where}&statement=S-9"), ProblemCode.UNKNOWN_CUSTOMER)
    problem(client.get(f"{where[:-7]}soon"), ProblemCode.INVALID_PARAMETER)


EVENT = {"event_id": "e-1", "unit_price": 0.1}


@pytest.mark.parametrize(
    ("media_type", "body", "lines"),
    [
        ("application/x-ndjson", b'{"event_id":1}\n{"event_id":2}\n', [b'{"event_id":1}', b'{"event_id":2}']),
        (
            "application/json; charset=utf-8",
            b'[{"event_id":"a\\nb",\n "amount":0.10000000000000000001}]',
            [b'{"event_id":"a\\nb",  "amount":0.10000000000000000001}'],
        ),
    ],
)
def test_events_reach_the_publisher_byte_for_byte(
    client: httpx.Client, deps: ApiDependencies, media_type: str, body: bytes, lines: list[bytes]
) -> None:
    publisher = deps.publish
    assert isinstance(publisher, Publisher)
    publisher.lines.clear()
    answer = client.post("/api/v1/events", content=body, headers={"content-type": media_type})
    assert (answer.status_code, answer.json()) == (
        202,
        {"accepted": len(lines), "refused": 0, "refusals": []},
    )
    assert publisher.lines == lines


def test_refused_events_are_named(client: httpx.Client) -> None:
    def post(body: bytes, media_type: str = "application/x-ndjson") -> Any:
        return client.post("/api/v1/events", content=body, headers={"content-type": media_type})

    partly = post(b'{"event_id":1}\nnonsense\n').json()
    assert partly["refusals"] == [{"position": 2, "code": "UNREADABLE", "detail": "no event"}]
    document = problem(post(b"nonsense\n"), ProblemCode.NO_EVENT_ACCEPTED)
    assert document["refusals"][0]["position"] == 1
    problem(post(b"[{]", "application/json"), ProblemCode.MALFORMED_JSON)
    problem(post(b"x" * 10_001), ProblemCode.BODY_TOO_LARGE)
    problem(post(b"{}", "text/plain"), ProblemCode.UNSUPPORTED_MEDIA_TYPE)


def test_ids_of_requests_are_kept_or_made(client: httpx.Client) -> None:
    given = client.get("/healthz", headers={"X-Request-ID": "r-1", "X-Correlation-ID": "c-1"})
    assert (given.headers["x-request-id"], given.headers["x-correlation-id"]) == ("r-1", "c-1")
    made = client.get("/healthz", headers={"X-Request-ID": 'bad "id"'})
    assert len(made.headers["x-request-id"]) == 32


def test_metrics_count_by_route_template(client: httpx.Client) -> None:
    client.get("/api/v1/customers/somebody/statement?period=2026-01")
    text = client.get("/metrics").text
    assert 'route="/api/v1/customers/{customer_id:path}/statement",status="404"' in text
    assert "somebody" not in text


def test_another_sites_name_is_not_answered(client: httpx.Client) -> None:
    assert client.get("/api/v1/balances", headers={"host": "evil.example"}).status_code == 400
    assert allowed_hosts("0.0.0.0") == ("*",)
    assert "*" not in allowed_hosts("127.0.0.1") + allowed_hosts("localhost")


def test_ready_and_not(client: httpx.Client, deps: ApiDependencies) -> None:
    assert client.get("/readyz").json() == {"status": "ok", "problems": []}
    nowhere = dataclasses.replace(
        deps,
        engine=create_engine("postgresql://nobody@127.0.0.1:1/none", connect_timeout_s=1),
        live=connect_live("redis://127.0.0.1:1/0"),
    )
    with served(create_app(nowhere)) as url, httpx.Client(base_url=url, timeout=30) as broken:
        answer = broken.get("/readyz")
        assert (answer.status_code, len(answer.json()["problems"])) == (503, 2)
        assert broken.get("/healthz").status_code == 200
        problem(broken.get("/api/v1/balances"), ProblemCode.DATABASE_UNAVAILABLE)


def test_openapi_examples_are_rows(client: httpx.Client) -> None:
    description = client.get("/openapi.json").json()
    types = {
        "balances": queries.BalanceRow,
        "entries": queries.EntryRow,
        "open_items": queries.OpenItemRow,
        "matches": queries.MatchRow,
        "discrepancies": queries.DiscrepancyRow,
        "discrepancy_changes": queries.DiscrepancyChangeRow,
        "comparisons": queries.ComparisonRow,
        "ageing": queries.AgeingRow,
        "dead_letters": queries.DeadLetterRow,
    }
    assert types.keys() == EXAMPLES.keys()
    for name, row in types.items():
        assert [set(example) for example in EXAMPLES[name]] == [{f.name for f in dataclasses.fields(row)}]
        path = f"/api/v1/{name.replace('_', '-')}"
        shown = description["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        assert shown["example"] == [_without_none(example) for example in EXAMPLES[name]]
    assert not any(path.startswith("/live") for path in description["paths"])
    assert all(op["tags"] for path in description["paths"].values() for op in path.values())


def test_the_page_is_strict_escaped_and_in_both_languages(client: httpx.Client) -> None:
    english = client.get("/", headers={"accept-language": "fr"})
    assert "default-src 'none'" in english.headers["content-security-policy"]
    assert "unsafe" not in english.headers["content-security-policy"]
    assert "Meridian &lt;b&gt;&amp;" in english.text
    assert "<b>&" not in english.text
    assert 'lang="en"' in english.text
    assert "style=" not in english.text
    assert "onclick" not in english.text
    assert "账户余额" in client.get("/?lang=zh").text
    assert "账户余额" in client.get("/", headers={"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"}).text
    assert choose_language("xx", None, "zh") == "zh"


def test_the_snapshot_has_amounts_as_text(client: httpx.Client) -> None:
    snapshot = client.get("/live/snapshot").json()
    assert snapshot["figures"]["currencies"][0]["overdue_minor"] == "50"
    assert snapshot["figures"]["lag_records"] == 3
    assert snapshot["discrepancies"]["rows"][0]["amount_minor"] == "50"
    accounts = client.get("/live/accounts?search=C/1&order=overdue").json()
    assert [(row["balance_minor"], row["overdue_minor"]) for row in accounts["rows"]] == [("50", "50")]
    problem(client.get("/live?after=yesterday"), ProblemCode.INVALID_PARAMETER)


def test_json_stays_exact_beyond_floats(client: httpx.Client, deps: ApiDependencies) -> None:
    books.project(deps.engine, deps.live, [books.balance("big", 2**63 - 1)])  # type: ignore[arg-type]
    [row] = json.loads(client.get("/api/v1/balances?customer=big").text)
    assert row["balance_minor"] == 2**63 - 1
    [shown] = client.get("/live/accounts?search=big").json()["rows"]
    assert shown["balance_minor"] == str(2**63 - 1)


def _without_none(example: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in example.items() if value is not None}  # FastAPI leaves them out


def test_a_file_is_taken_with_what_is_said_beside_it(client: httpx.Client) -> None:
    octets = {"content-type": "application/octet-stream"}
    where = "/api/v1/imports/customer-statement?customer=C-1&filename=a.csv&language=zh"
    answer = client.post(where, content=b"x", headers=octets)
    assert answer.status_code == 202
    assert answer.json()["notes"] == ["a.csv"]
    assert answer.json()["rejections"][0]["detail"] == "C-1 zh"
    mended = {
        "content_base64": "eA==",
        "corrections": [{"row": 3, "column": "Date", "corrected": "2026-01-06"}],
    }
    more = "&period=2026-01&columns=date=Wann&columns=debit=Rauf&decimal=comma&view=theirs&remember=true"
    answer = client.post(where + more, json=mended)
    assert answer.json()["notes"] == [
        "a.csv",
        "3 Date 2026-01-06",
        "2026-01-01..2026-01-31 date=Wann debit=Rauf comma theirs True",
    ]
    for wrong in ("&columns=nonsense", "&period=soon", "&decimal=dot"):
        problem(client.post(where + wrong, json=mended), ProblemCode.INVALID_PARAMETER)
    for body in ({"content_base64": "%"}, {"corrections": []}, {"content_base64": "", "else": 1}):
        problem(client.post(where, json=body), ProblemCode.MALFORMED_JSON)
    unnamed = where.replace("customer=C-1", "remember=true")
    problem(client.post(unnamed, content=b"x", headers=octets), ProblemCode.INVALID_PARAMETER)
    for kind in ("customers", "products"):
        assert client.post(f"/api/v1/imports/{kind}", content=b"x", headers=octets).json()["kind"] == kind
        problem(client.post(f"/api/v1/imports/{kind}", json=mended), ProblemCode.INVALID_PARAMETER)
    refused = problem(client.post(where, content=b"bad", headers=octets), ProblemCode.FILE_REFUSED)
    assert refused["reason"] == "NO_HEADING"
    large = client.post(where, content=bytes(10_001), headers=octets)
    problem(large, ProblemCode.BODY_TOO_LARGE)
    problem(client.post(where, content=b"x"), ProblemCode.UNSUPPORTED_MEDIA_TYPE)
    problem(
        client.post("/api/v1/imports/letters", content=b"x", headers=octets), ProblemCode.INVALID_PARAMETER
    )


def test_a_template_is_a_download(client: httpx.Client) -> None:
    answer = client.get("/api/v1/templates/customer-statement?format=csv&language=zh")
    assert "attachment" in answer.headers["content-disposition"]
    assert "单据号" in answer.content.decode("utf-8-sig")
