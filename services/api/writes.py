"""``POST /api/v1/events``: events enter by the front door, their topics; nothing is written to a table
here.
"""

from __future__ import annotations

import io
from typing import Final

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from services.api.acting import acting_user
from services.api.examples import EVENT
from services.api.ports import ApiDependencies, Publication, RefusedEvent
from services.api.problems import ProblemCode, ProblemError, problem_responses
from services.work.users import User

NDJSON: Final = "application/x-ndjson"
JSON: Final = "application/json"
#: refused lines that an answer names one by one
NAMED_REFUSALS: Final = 100

_REQUEST_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            NDJSON: {"schema": {"type": "string"}, "example": msgspec.json.encode(EVENT).decode() + "\n"},
            JSON: {"schema": {"type": "array", "items": {"type": "object"}}, "example": [EVENT]},
        },
    }
}
_ACCEPTED: Final = {
    "description": "The accepted events are on their topics; refused ones are named.",
    "content": {JSON: {"example": {"accepted": 1, "refused": 0, "refusals": []}}},
}


def write_router(deps: ApiDependencies) -> APIRouter:
    """The one way in over HTTP."""
    router = APIRouter(prefix="/api/v1")
    user = acting_user(deps, least="clerk")

    async def body(request: Request) -> bytes:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        # Also what keeps other sites' pages out: browsers send these types only where we allow it.
        if media_type not in (NDJSON, JSON):
            raise ProblemError(
                ProblemCode.UNSUPPORTED_MEDIA_TYPE, f"Content-Type is {media_type or 'missing'}"
            )
        received = bytearray()
        async for piece in request.stream():
            received += piece
            if len(received) > deps.max_body_bytes:
                raise ProblemError(
                    ProblemCode.BODY_TOO_LARGE, f"At most {deps.max_body_bytes} bytes are taken at once"
                )
        return await run_in_threadpool(_as_lines, bytes(received)) if media_type == JSON else bytes(received)

    @router.post(
        "/events",
        tags=["events"],
        summary="Publish canonical events",
        status_code=202,
        openapi_extra=_REQUEST_BODY,
        responses={
            202: _ACCEPTED,
            **problem_responses(
                ProblemCode.UNSUPPORTED_MEDIA_TYPE,
                ProblemCode.BODY_TOO_LARGE,
                ProblemCode.MALFORMED_JSON,
                ProblemCode.NO_EVENT_ACCEPTED,
                ProblemCode.KAFKA_UNAVAILABLE,
                ProblemCode.NOT_SIGNED_IN,
                ProblemCode.NOT_ALLOWED,
            ),
        },
    )
    def events(_by: User = user, lines: bytes = Depends(body)) -> Response:
        """NDJSON, or a JSON array. Sending the same events again changes nothing: the books know an
        `event_id`.
        """
        publication = deps.publish(io.BytesIO(lines))
        if publication.refused and not publication.accepted:
            raise ProblemError(
                ProblemCode.NO_EVENT_ACCEPTED,
                f"{len(publication.refused)} of {len(publication.refused)} events were refused",
                refusals=_named(publication),
            )
        answer = {
            "accepted": publication.accepted,
            "refused": len(publication.refused),
            "refusals": _named(publication),
        }
        return Response(msgspec.json.encode(answer), 202, media_type=JSON)

    return router


def _named(publication: Publication) -> list[RefusedEvent]:
    return list(publication.refused[:NAMED_REFUSALS])


def _as_lines(array: bytes) -> bytes:
    """A JSON array as NDJSON, each element byte for byte, so that no number passes through a float.

    A raw line break in JSON is white space only (strings escape theirs), so it may become a blank.
    """
    try:
        elements = msgspec.json.decode(array, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProblemError(ProblemCode.MALFORMED_JSON, str(error)) from error
    return b"".join(bytes(one).replace(b"\n", b" ").replace(b"\r", b" ") + b"\n" for one in elements)
