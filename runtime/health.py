"""A small HTTP server beside the work of a process that serves no HTTP itself: metrics, alive, ready.

``/metrics``: Prometheus. ``/healthz``: 200 while the process gets on, 503 with the reasons when it is
stuck (a supervisor should restart it). ``/readyz``: 200 when it does its job, 503 with the reasons when it
cannot for now. Bound to loopback unless told otherwise, because it knows no authentication.
"""

from __future__ import annotations

import json
import logging
import socketserver
import threading
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Final, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from prometheus_client import CollectorRegistry, make_wsgi_app

_log: Final = logging.getLogger(__name__)

#: Returns what is wrong, one sentence each; empty when nothing is. Called in the server's threads.
Problems = Callable[[], Sequence[str]]


def no_problems() -> Sequence[str]:
    """The check of a process that is alive as long as it answers."""
    return ()


class HealthServer:
    """Listens from construction, answers from `start` (or ``with``) until `stop`. Port 0 takes any free port.

    Raises OSError when the port is taken.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        port: int,
        host: str = "127.0.0.1",
        alive: Problems = no_problems,
        ready: Problems = no_problems,
    ) -> None:
        self._metrics = make_wsgi_app(registry)
        self._checks: dict[str, Problems] = {"/healthz": alive, "/readyz": ready}
        self._server = make_server(host, port, self._answer, _ThreadingServer, _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._server.server_port

    def start(self) -> None:
        """Answer from now on, in a daemon thread."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port. Blocks until the thread has ended."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.stop()

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        if path == "/metrics":
            served: Iterable[bytes] = self._metrics(environ, start_response)
            return served
        check = self._checks.get(path)
        if check is None:
            return _json(start_response, "404 Not Found", {"paths": ["/metrics", *self._checks]})
        problems = list(check())
        if problems:
            return _json(
                start_response, "503 Service Unavailable", {"status": "problems", "problems": problems}
            )
        return _json(start_response, "200 OK", {"status": "ok"})


def _json(start_response: StartResponse, status: str, body: dict[str, Any]) -> list[bytes]:
    payload = json.dumps(body).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(payload)))]
    start_response(status, [*headers, ("Cache-Control", "no-store")])
    return [payload]


class _ThreadingServer(socketserver.ThreadingMixIn, WSGIServer):
    """One thread per request: a slow scrape must not make the process look dead."""

    daemon_threads = True


class _Handler(WSGIRequestHandler):
    """Requests go to the debug log, not to stderr."""

    timeout = 10

    def address_string(self) -> str:
        """The address as it is: no reverse look-up, which may block."""
        return str(self.client_address[0])

    def log_message(self, format: str, *args: Any) -> None:
        """See the class."""
        _log.debug(format, *args)
