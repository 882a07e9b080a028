"""The door: services read the state of this worker by key, over HTTP on the loopback, with a token.

``GET /state/{key}`` answers with the value as of a committed checkpoint: what it says cannot be taken back. It waits
for that checkpoint, a few milliseconds. 404: no such key. 421: the key is another worker's. 401: wrong token.
``GET /state`` says which partitions are here.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import faust
from aiohttp import web
from mode import Service

from streams.engine.engine import Engine
from streams.engine.partition import KeyNotHere, Status

_HOST = "127.0.0.1"
_TOKEN_MIN = 16
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_door(
    app: faust.App, engine: Engine[Any], port: int, token: str, to_json: Callable[[bytes], bytes]
) -> None:
    """Open the door while the app runs. ``to_json`` makes a JSON document of an encoded value."""
    assert len(token) >= _TOKEN_MIN, f"the door's token must have at least {_TOKEN_MIN} characters"

    @app.service
    class Door(Service):
        async def on_start(self) -> None:
            self._runner = web.AppRunner(door_application(engine, token, to_json), access_log=None)
            await self._runner.setup()
            await web.TCPSite(self._runner, _HOST, port).start()

        async def on_stop(self) -> None:
            await self._runner.cleanup()


def door_application(engine: Engine[Any], token: str, to_json: Callable[[bytes], bytes]) -> web.Application:
    """The HTTP application behind the door."""
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def authenticated(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, expected):
            return _problem(401, "unauthorized", "The door asks for the worker's token as a bearer token.")
        return await handler(request)

    async def value(request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"].encode()
        try:
            encoded = await engine.read_committed(key)
        except KeyNotHere as error:
            return _problem(421, "key-not-here", str(error), partition=error.partition)
        if encoded is None:
            return _problem(404, "no-such-key", "Nothing is known under this key.")
        return web.Response(body=to_json(encoded), content_type="application/json")

    async def partitions(request: web.Request) -> web.StreamResponse:
        del request
        return web.json_response(
            {
                "partitions": {
                    str(number): {"keys": len(partition.state), "progress": partition.committed_progress}
                    for number, partition in sorted(engine.partitions.items())
                    if partition.status is Status.ACTIVE
                }
            }
        )

    application = web.Application(middlewares=[authenticated])
    application.add_routes([web.get("/state", partitions), web.get("/state/{key:.+}", value)])
    return application


def _problem(status: int, code: str, detail: str, **more: object) -> web.Response:
    """RFC 9457, with the code as the type's last part."""
    body = {"type": f"urn:tieout:problem:{code}", "status": status, "detail": detail, **more}
    return web.json_response(body, status=status, content_type="application/problem+json")
