from __future__ import annotations

import base64
import json
from collections.abc import Callable

import httpx
import pytest

from schemas import catalog
from schemas.configured import registry_for
from schemas.confluent import ConfluentRegistry
from schemas.errors import RegistryDenied, RegistryUnavailable, SchemaRefused
from schemas.registry import FingerprintRegistry, all_schemas

URL = "http://registry:8081"
SUBJECT = "tieout.orders-value"
ORDER = catalog.todays("order")

Answer = httpx.Response | Exception


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Script(httpx.BaseTransport):
    """Answers in turn, the last one for ever; keeps the requests."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, content=answer.content)


def registry(
    script: Script, attempts: int = 3, clock: Callable[[], float] | None = None
) -> ConfluentRegistry:
    return ConfluentRegistry(
        URL, attempts=attempts, pause_s=0, transport=script, clock=clock or Clock(), timeout_s=1
    )


FOUND = httpx.Response(200, json={"schema": ORDER.schema_json})
NOT_FOUND = httpx.Response(404, json={"error_code": 40403, "message": "Schema 7 not found"})


def test_a_schema_is_registered_once() -> None:
    script = Script(httpx.Response(200, json={"id": 12}))
    remote = registry(script)

    assert [remote.id_of(ORDER.subject, ORDER.schema_json) for _ in range(3)] == [12, 12, 12]
    (request,) = script.requests
    assert (request.method, request.url.path) == ("POST", "/subjects/tieout.orders-value/versions")
    assert json.loads(request.content) == {"schema": ORDER.schema_json}


def test_a_password_in_the_url_is_used_and_not_shown() -> None:
    script = Script(httpx.Response(401, json={"message": "Unauthorized"}))
    remote = ConfluentRegistry("http://user:s3cr%40t@registry:8081/", transport=script)

    with pytest.raises(RegistryDenied) as caught:
        remote.schema_of(7)
    (request,) = script.requests
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(b"user:s3cr@t").decode()
    assert caught.value.url == URL
    assert "s3cr" not in str(caught.value)


def test_all_schemas_are_rows_of_the_id_table() -> None:
    rows = all_schemas()

    assert rows == sorted(rows, key=lambda row: (row.subject, row.id))
    assert {row.subject for row in rows} == {known.subject for known in catalog.contracts()}
    assert len({row.id for row in rows}) == len({row.fingerprint for row in rows}) == len(rows)
    for schema_id, fingerprint, subject, schema_json in rows:
        assert FingerprintRegistry().schema_of(schema_id) == schema_json
        assert FingerprintRegistry().id_of(subject, schema_json) == schema_id
        assert catalog.fingerprint(schema_json) == fingerprint


def test_a_schema_that_other_processes_would_not_know_is_refused() -> None:
    foreign = '{"type": "record", "name": "R", "fields": []}'

    with pytest.raises(SchemaRefused, match="none of the package's released schemas"):
        FingerprintRegistry().id_of(SUBJECT, foreign)
    with pytest.raises(SchemaRefused, match=r"belongs to tieout\.orders-value"):
        FingerprintRegistry().id_of("tieout.payments-value", ORDER.schema_json)
    with pytest.raises(SchemaRefused, match="not an Avro schema"):
        FingerprintRegistry().id_of(SUBJECT, "nonsense")


def test_the_setting_decides_who_gives_ids() -> None:
    assert isinstance(registry_for(""), FingerprintRegistry)
    remote = registry_for(URL, ("user", "password"))
    assert isinstance(remote, ConfluentRegistry)
    remote.close()


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("connection refused"),
        httpx.ReadTimeout("timed out"),
        httpx.Response(500, text="oops"),
        httpx.Response(503, json={"message": "leader unknown"}),
        httpx.Response(429),
        httpx.Response(408),
    ],
    ids=["refused", "timeout", "500", "503", "429", "408"],
)
def test_passing_faults_are_tried_again(fault: Answer) -> None:
    script = Script(fault, fault, FOUND)

    assert registry(script).schema_of(7) == ORDER.schema_json
    assert len(script.requests) == 3


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        (httpx.ConnectError("connection refused"), "connection refused"),
        (httpx.Response(503, json={"message": "leader unknown"}), "503 leader unknown"),
        (httpx.Response(500, text="<html>oops"), "500 <html>oops"),
        (httpx.Response(500, json=["oops"]), '500 ["oops"]'),
    ],
)
def test_faults_that_stay_are_an_unavailable_registry(fault: Answer, detail: str) -> None:
    script = Script(fault)

    with pytest.raises(RegistryUnavailable) as caught:
        registry(script, attempts=4).schema_of(7)
    assert len(script.requests) == 4
    assert (caught.value.url, caught.value.detail) == (URL, detail)


@pytest.mark.parametrize(
    "nonsense",
    [
        httpx.Response(200, text="<html>a proxy's page"),
        httpx.Response(200, json={}),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"schema": None, "id": "7"}),
    ],
    ids=["no JSON", "empty", "a list", "wrong types"],
)
def test_an_answer_that_says_nothing_is_an_unavailable_registry(nonsense: httpx.Response) -> None:
    with pytest.raises(RegistryUnavailable):
        registry(Script(nonsense)).schema_of(7)
    with pytest.raises(RegistryUnavailable):
        registry(Script(nonsense)).id_of(SUBJECT, ORDER.schema_json)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_to_talk_is_not_tried_again(status: int) -> None:
    script = Script(httpx.Response(status, json={"message": "no"}))

    with pytest.raises(RegistryDenied) as caught:
        registry(script).id_of(SUBJECT, ORDER.schema_json)
    assert len(script.requests) == 1
    assert (caught.value.url, caught.value.status, caught.value.detail) == (URL, status, "no")


@pytest.mark.parametrize("status", [409, 422])
def test_a_schema_that_the_registry_does_not_take_is_refused(status: int) -> None:
    script = Script(httpx.Response(status, json={"message": "incompatible"}))

    with pytest.raises(SchemaRefused) as caught:
        registry(script).id_of(SUBJECT, ORDER.schema_json)
    assert (caught.value.subject, caught.value.detail) == (SUBJECT, "incompatible")


def test_that_an_id_is_unknown_is_believed_for_a_short_while_only() -> None:
    clock = Clock()
    script = Script(NOT_FOUND, FOUND)
    remote = registry(script, clock=clock)

    assert remote.schema_of(7) is None
    clock.now += 9.9
    assert remote.schema_of(7) is None
    assert len(script.requests) == 1
    clock.now += 0.2
    assert remote.schema_of(7) == ORDER.schema_json
    assert len(script.requests) == 2


def test_unknown_ids_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.confluent._UNKNOWN_KEPT", 10)
    script = Script(NOT_FOUND)
    remote = registry(script)

    for schema_id in range(25):
        assert remote.schema_of(schema_id) is None
    assert len(remote._unknown_until) <= 10


def test_ids_from_fingerprints_stay_readable_with_a_registry() -> None:
    script = Script(NOT_FOUND)
    remote = registry(script)
    schema_id = FingerprintRegistry().id_of(ORDER.subject, ORDER.schema_json)

    assert remote.schema_of(schema_id) == ORDER.schema_json
    assert script.requests == []
    assert remote.schema_of(schema_id ^ 1) is None
    assert len(script.requests) == 1


def test_a_closed_registry_answers_what_it_knows() -> None:
    with registry(Script(FOUND)) as remote:
        remote.schema_of(7)

    assert remote.schema_of(7) == ORDER.schema_json
