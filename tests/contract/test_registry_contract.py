"""One suite for every ``SchemaRegistry``: ids from fingerprints, and a schema registry behind its REST API.

The registry is a test double, but a real HTTP server with the real paths, status codes and error bodies of
Confluent's API (version 7), so that the client's whole way is walked: connection, URL quoting, JSON, errors.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import pytest

from schemas import catalog
from schemas.codec import Codec, frame
from schemas.confluent import ConfluentRegistry
from schemas.errors import RegistryDenied, SchemaRefused, UnknownSchema
from schemas.registry import FingerprintRegistry, SchemaRegistry

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
USER, PASSWORD = "tieout", "s3cret"
RELEASED = [known for known in catalog.contracts() if known.version is not None]
UNKNOWN_ID = 999
BALANCE = {
    "customer_id": "客户",
    "currency": "EUR",
    "account_version": 1,
    "balance_minor": -5,
    "entry_count": 1,
    "open_discrepancies": 0,
    "last_business_date": dt.date(2026, 1, 5),
    "event_id": "e-1",
    "occurred_at": dt.datetime(2026, 1, 5, 9, 30, tzinfo=dt.UTC),
}


class RegistryServer(ThreadingHTTPServer):
    """Ids by canonical form, across subjects; a subject takes versions of one record only."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), RegistryHandler)
        self.ids: dict[str, int] = {}
        self.texts: dict[int, str] = {}
        self.names: dict[str, str] = {}
        self.requests: list[str] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def register(self, subject: str, text: str) -> tuple[int, dict[str, Any]]:
        try:
            name = str(catalog.parse(text)["name"])
        except ValueError as error:
            return 422, {"error_code": 42201, "message": f"Invalid schema: {error}"}
        with self.lock:
            if self.names.setdefault(subject, name) != name:
                return 409, {"error_code": 409, "message": "Schema being registered is incompatible"}
            schema_id = self.ids.setdefault(catalog.fingerprint(text), len(self.ids) + 1)
            self.texts.setdefault(schema_id, text)
        return 200, {"id": schema_id}


class RegistryHandler(BaseHTTPRequestHandler):
    server: RegistryServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        match self.path.split("/"):
            case ["", "schemas", "ids", number]:
                text = self.server.texts.get(int(number))
                if text is None:
                    self.answer(404, {"error_code": 40403, "message": f"Schema {number} not found"})
                else:
                    self.answer(200, {"schema": text})
            case _:
                self.answer(404, {"error_code": 404, "message": "HTTP 404 Not Found"})

    def do_POST(self) -> None:
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        match self.path.split("/"):
            case ["", "subjects", subject, "versions"]:
                self.answer(*self.server.register(unquote(subject), document["schema"]))
            case _:
                self.answer(404, {"error_code": 404, "message": "HTTP 404 Not Found"})

    def answer(self, status: int, document: dict[str, Any]) -> None:
        self.server.requests.append(f"{self.command} {self.path}")
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers["Authorization"] != expected:
            status, document = 401, {"error_code": 401, "message": "Unauthorized"}
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", MEDIA_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the test reads ``requests``."""


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    with RegistryServer() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@dataclass(frozen=True)
class Subject:
    """A registry under test, and another process's view of the same one."""

    registry: SchemaRegistry
    elsewhere: Callable[[], SchemaRegistry]


@pytest.fixture(params=["fingerprint", "confluent"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    if request.param == "fingerprint":
        yield Subject(FingerprintRegistry(), FingerprintRegistry)
        return
    server = request.getfixturevalue("server")
    opened: list[ConfluentRegistry] = []

    def connect() -> ConfluentRegistry:
        opened.append(ConfluentRegistry(server.url, (USER, PASSWORD), attempts=1))
        return opened[-1]

    yield Subject(connect(), connect)
    for registry in opened:
        registry.close()


def canonical(text: str | None) -> str:
    assert text is not None
    return catalog.fingerprint(text)


@pytest.mark.parametrize("known", RELEASED, ids=lambda known: known.label)
def test_an_id_leads_back_to_its_schema_in_every_process(subject: Subject, known: catalog.Contract) -> None:
    schema_id = subject.registry.id_of(known.subject, known.schema_json)

    assert canonical(subject.registry.schema_of(schema_id)) == known.fingerprint
    assert canonical(subject.elsewhere().schema_of(schema_id)) == known.fingerprint


def test_an_id_fits_the_header(subject: Subject) -> None:
    for known in RELEASED:
        assert 0 < subject.registry.id_of(known.subject, known.schema_json) < 2**31


def test_the_same_schema_gets_the_same_id_in_every_process(subject: Subject) -> None:
    ids = [subject.registry.id_of(known.subject, known.schema_json) for known in RELEASED]
    elsewhere = subject.elsewhere()

    assert [elsewhere.id_of(known.subject, known.schema_json) for known in RELEASED] == ids
    assert len(set(ids)) == len(RELEASED)


def test_spaces_and_order_of_attributes_make_no_other_schema(subject: Subject) -> None:
    known = RELEASED[0]
    document = json.loads(known.schema_json)
    spread = json.dumps(dict(reversed(document.items())), indent=4)

    assert spread != known.schema_json
    first = subject.registry.id_of(known.subject, known.schema_json)
    assert subject.registry.id_of(known.subject, spread) == first


def test_an_id_that_was_never_given_is_unknown(subject: Subject) -> None:
    assert subject.registry.schema_of(UNKNOWN_ID) is None
    assert subject.registry.schema_of(2**31 - 1) is None
    assert subject.registry.schema_of(0) is None


def test_a_subject_takes_no_schema_of_another(subject: Subject) -> None:
    first = RELEASED[0]
    second = next(known for known in RELEASED if known.subject != first.subject)
    subject.registry.id_of(first.subject, first.schema_json)

    with pytest.raises(SchemaRefused) as caught:
        subject.registry.id_of(first.subject, second.schema_json)
    assert caught.value.subject == first.subject


@pytest.mark.parametrize("text", ["", "{", '{"type": "record"}', '"nothing"'])
def test_what_is_no_schema_is_refused(subject: Subject, text: str) -> None:
    with pytest.raises(SchemaRefused):
        subject.registry.id_of(RELEASED[0].subject, text)


def test_records_written_in_one_process_are_read_in_another(subject: Subject) -> None:
    data = Codec(subject.registry).encode("balance", BALANCE)

    assert Codec(subject.elsewhere()).decode("balance", data) == BALANCE
    with pytest.raises(UnknownSchema):
        Codec(subject.registry).decode("balance", frame(UNKNOWN_ID) + data[5:])


def test_the_rest_api_is_asked_once_per_schema(server: RegistryServer) -> None:
    known = RELEASED[0]
    with ConfluentRegistry(server.url + "/", (USER, PASSWORD)) as registry:
        for _ in range(3):
            schema_id = registry.id_of(known.subject, known.schema_json)
            registry.schema_of(schema_id)

    assert server.requests == [f"POST /subjects/{known.subject}/versions", f"GET /schemas/ids/{schema_id}"]


def test_a_subject_is_quoted_in_the_path(server: RegistryServer) -> None:
    with ConfluentRegistry(server.url, (USER, PASSWORD)) as registry:
        registry.id_of("a/b c?-value", RELEASED[0].schema_json)

    assert server.names.keys() == {"a/b c?-value"}


def test_a_wrong_password_is_told(server: RegistryServer) -> None:
    with ConfluentRegistry(server.url, (USER, "wrong")) as registry, pytest.raises(RegistryDenied) as caught:
        registry.schema_of(1)

    assert (caught.value.status, caught.value.detail) == (401, "Unauthorized")
    assert "wrong" not in str(caught.value)
