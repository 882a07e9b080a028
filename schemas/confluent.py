"""A schema registry of one's own, asked over Confluent's REST API (also Apicurio's and Redpanda's).

Why not confluent-kafka's client: it pulls in an OAuth stack for two requests. Invariants: an answer is kept
for the life of the process, for ids never change their schema; that an id is unknown is kept for seconds, so
that a flood of broken records is no flood of requests; a registry that is down is ``RegistryUnavailable``,
never "unknown schema", for that would dead-letter good records. Ids from fingerprints stay readable, so that
a topic begun without a registry can be replayed with one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
import tenacity

from schemas.catalog import FIRST_FINGERPRINT_ID
from schemas.errors import RegistryDenied, RegistryUnavailable, SchemaRefused
from schemas.registry import FingerprintRegistry

_MEDIA_TYPE: Final = "application/vnd.schemaregistry.v1+json"
_REFUSED: Final = frozenset({httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY})
_PASSING: Final = frozenset({httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS})

_UNKNOWN_FOR_S: Final = 10.0
_UNKNOWN_KEPT: Final = 10_000

_T = TypeVar("_T")


class _PassingError(Exception):
    """The registry answered with a status that trying again may change."""


class ConfluentRegistry:
    """Ids of a schema registry; registers under the subject it is given (``<topic>-value``).

    ``auth`` is (user, password) for HTTP basic authentication; it may stand in the URL instead, and is never
    shown in an error. Each request waits at most ``timeout_s`` and is tried ``attempts`` times with growing
    pauses. May be used from several threads. ``clock`` counts seconds.
    """

    def __init__(
        self,
        url: str,
        auth: tuple[str, str] | None = None,
        *,
        timeout_s: float = 5.0,
        attempts: int = 5,
        pause_s: float = 0.2,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        address = httpx.URL(url.rstrip("/"))
        if auth is None and address.userinfo:
            auth = (address.username, address.password)
        self._url = str(address.copy_with(userinfo=b""))
        self._client = httpx.Client(
            auth=auth,
            timeout=timeout_s,
            transport=transport,
            headers={"Accept": f"{_MEDIA_TYPE}, application/json", "Content-Type": _MEDIA_TYPE},
        )
        self._retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(attempts),
            wait=tenacity.wait_exponential(multiplier=pause_s, max=5.0) + tenacity.wait_random(0, pause_s),
            retry=tenacity.retry_if_exception_type((httpx.TransportError, _PassingError)),
            reraise=True,
        )
        self._clock = clock
        self._released = FingerprintRegistry()
        self._ids: dict[tuple[str, str], int] = {}
        self._schemas: dict[int, str] = {}
        self._unknown_until: dict[int, float] = {}

    def __enter__(self) -> ConfluentRegistry:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; further calls answer from what is known and fail otherwise."""
        self._client.close()

    def id_of(self, subject: str, schema_json: str) -> int:
        """Register a schema, or find it registered. Blocks; see ``SchemaRegistry`` and ``errors``."""
        known = self._ids.get((subject, schema_json))
        if known is not None:
            return known
        path = f"/subjects/{quote(subject, safe='')}/versions"
        answer = self._ask("POST", path, {"schema": schema_json})
        if answer.status_code in _REFUSED:
            raise SchemaRefused(subject, _message(answer))
        schema_id = self._field(answer, "id", int)
        self._ids[subject, schema_json] = schema_id
        return schema_id

    def schema_of(self, schema_id: int) -> str | None:
        """Look a schema up. Blocks the first time; see ``SchemaRegistry`` and ``errors``."""
        known = self._schemas.get(schema_id)
        if known is not None:
            return known
        if schema_id >= FIRST_FINGERPRINT_ID:
            released = self._released.schema_of(schema_id)
            if released is not None:
                return released
        if self._clock() < self._unknown_until.get(schema_id, float("-inf")):
            return None
        answer = self._ask("GET", f"/schemas/ids/{schema_id}", None)
        if answer.status_code == httpx.codes.NOT_FOUND:
            if len(self._unknown_until) >= _UNKNOWN_KEPT:
                self._unknown_until.clear()
            self._unknown_until[schema_id] = self._clock() + _UNKNOWN_FOR_S
            return None
        text = self._field(answer, "schema", str)
        self._schemas[schema_id] = text
        return text

    def _ask(self, method: str, path: str, body: dict[str, str] | None) -> httpx.Response:
        def once() -> httpx.Response:
            answer = self._client.request(method, self._url + path, json=body)
            if answer.status_code in _PASSING or answer.is_server_error:
                raise _PassingError(f"{answer.status_code} {_message(answer)}")
            return answer

        try:
            return self._retrying(once)
        except (httpx.HTTPError, _PassingError) as error:
            raise RegistryUnavailable(self._url, str(error)) from error

    def _field(self, answer: httpx.Response, name: str, kind: type[_T]) -> _T:
        if not answer.is_success:
            raise RegistryDenied(self._url, answer.status_code, _message(answer))
        try:
            value = answer.json()[name]
        except (ValueError, LookupError, TypeError) as error:
            raise RegistryUnavailable(self._url, f"no {name} in its answer") from error
        if not isinstance(value, kind):
            raise RegistryUnavailable(self._url, f"its {name} is {value!r}")
        return value


def _message(answer: httpx.Response) -> str:
    """What the registry says of an error: its ``message``, else the beginning of the body."""
    try:
        document: Any = answer.json()
    except ValueError:
        document = None
    return str(document.get("message")) if isinstance(document, dict) else answer.text[:200]
