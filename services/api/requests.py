"""Around every request: its ids, its metrics, its log line, and the headers that keep browsers strict.

Plain ASGI, not ``BaseHTTPMiddleware``: that one buffers and would hold back server-sent events.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.logs import correlated
from runtime.metrics import API_REQUEST_SECONDS, API_REQUESTS

_log: Final = logging.getLogger(__name__)
_ID: Final = re.compile(r"[A-Za-z0-9._:/-]{1,100}")
#: only what this process serves itself; styles and scripts come from files, never from the page
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_SECURITY_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class RequestMiddleware:
    """``X-Request-ID`` and ``X-Correlation-ID`` are taken from the caller where they are plain words,
    else made.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the module."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _plain(headers.get("x-request-id")) or uuid.uuid4().hex
        correlation_id = _plain(headers.get("x-correlation-id")) or request_id
        scope.setdefault("state", {}).update(request_id=request_id, correlation_id=correlation_id)
        started = time.perf_counter()
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                outgoing = MutableHeaders(scope=message)
                outgoing["X-Request-ID"] = request_id
                outgoing["X-Correlation-ID"] = correlation_id
                for name, value in _SECURITY_HEADERS.items():
                    outgoing.setdefault(name, value)
            await send(message)

        with correlated(correlation_id=correlation_id):
            try:
                await self._app(scope, receive, send_with_headers)
            finally:
                self._account(scope, status, time.perf_counter() - started, request_id)

    def _account(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        # The template, never the path: a path has as many values as there are customers.
        route = getattr(scope.get("route"), "path", "(none)")
        method = scope["method"]
        API_REQUESTS.labels(method, route, str(status)).inc()
        if route != "/live":  # its duration is how long somebody looked at the page
            API_REQUEST_SECONDS.labels(method, route).observe(seconds)
        _log.info(
            "request",
            extra={
                "method": method,
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 1),
                "request_id": request_id,
            },
        )


def _plain(given: str | None) -> str | None:
    return given if given is not None and _ID.fullmatch(given) else None
