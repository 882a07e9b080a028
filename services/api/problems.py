"""Errors as RFC 9457 problem documents: one table of stable codes, one place that turns failures into them.

``type`` is ``urn:tieout:problem:<code>``; ``code`` repeats the code, which never changes its meaning;
``instance`` is the request id that the log carries too. Nothing of an unexpected failure is told but that id.
"""

from __future__ import annotations

import enum
import logging
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from domain.ageing import BucketEdgesError
from services.store.errors import LiveStoreUnavailable

_log: Final = logging.getLogger(__name__)
MEDIA_TYPE: Final = "application/problem+json"


class ProblemCode(enum.StrEnum):
    INVALID_PARAMETER = "INVALID_PARAMETER"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    UNKNOWN_CUSTOMER = "UNKNOWN_CUSTOMER"
    STATEMENT_DOES_NOT_PROVE = "STATEMENT_DOES_NOT_PROVE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    BODY_TOO_LARGE = "BODY_TOO_LARGE"
    MALFORMED_JSON = "MALFORMED_JSON"
    NO_EVENT_ACCEPTED = "NO_EVENT_ACCEPTED"
    FILE_REFUSED = "FILE_REFUSED"
    ACTION_REFUSED = "ACTION_REFUSED"
    ATTACHMENT_REFUSED = "ATTACHMENT_REFUSED"
    NOT_SIGNED_IN = "NOT_SIGNED_IN"
    NOT_ALLOWED = "NOT_ALLOWED"
    DATABASE_UNAVAILABLE = "DATABASE_UNAVAILABLE"
    LIVE_STORE_UNAVAILABLE = "LIVE_STORE_UNAVAILABLE"
    KAFKA_UNAVAILABLE = "KAFKA_UNAVAILABLE"
    NOT_SHOWN_YET = "NOT_SHOWN_YET"
    HTTP_ERROR = "HTTP_ERROR"
    INTERNAL = "INTERNAL"


#: code -> (HTTP status, title)
PROBLEMS: Final[dict[ProblemCode, tuple[int, str]]] = {
    ProblemCode.INVALID_PARAMETER: (422, "A parameter is missing or has no valid value."),
    ProblemCode.NOT_FOUND: (404, "There is nothing under this path."),
    ProblemCode.METHOD_NOT_ALLOWED: (405, "This path does not take this method."),
    ProblemCode.UNKNOWN_CUSTOMER: (404, "The books hold nothing of this customer for that."),
    ProblemCode.STATEMENT_DOES_NOT_PROVE: (409, "The figures do not add up, so no statement is issued."),
    ProblemCode.UNSUPPORTED_MEDIA_TYPE: (415, "The body is of a type that this path does not take."),
    ProblemCode.BODY_TOO_LARGE: (413, "The body is too large: send it in parts."),
    ProblemCode.MALFORMED_JSON: (400, "The body is no JSON array of objects."),
    ProblemCode.NO_EVENT_ACCEPTED: (422, "None of the events has the shape of an event."),
    ProblemCode.FILE_REFUSED: (422, "Nothing of the file can be taken in."),
    ProblemCode.ACTION_REFUSED: (409, "As things stand, this cannot be done."),
    ProblemCode.ATTACHMENT_REFUSED: (422, "This file cannot be attached."),
    ProblemCode.NOT_SIGNED_IN: (401, "Send the token of an active user: Authorization: Bearer …."),
    ProblemCode.NOT_ALLOWED: (403, "This user's role does not cover that."),
    ProblemCode.DATABASE_UNAVAILABLE: (503, "PostgreSQL cannot be reached: try again shortly."),
    ProblemCode.LIVE_STORE_UNAVAILABLE: (503, "Redis cannot be reached: try again shortly."),
    ProblemCode.NOT_SHOWN_YET: (503, "It is recorded; the projector will show it."),
    ProblemCode.KAFKA_UNAVAILABLE: (503, "Kafka did not take the events: send them again, that is safe."),
    ProblemCode.HTTP_ERROR: (400, "The request cannot be answered."),
    ProblemCode.INTERNAL: (500, "Something unexpected failed; the log has it under this instance."),
}


class ProblemError(Exception):
    """A failure that the caller is told about. ``extensions`` are further members of the document."""

    def __init__(self, code: ProblemCode, detail: str, **extensions: object) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.extensions = extensions


def problem_response(
    request: Request,
    code: ProblemCode,
    detail: str,
    extensions: dict[str, object] | None = None,
    status: int | None = None,
) -> Response:
    """The problem document for this request."""
    declared, title = PROBLEMS[code]
    document = {
        "type": f"urn:tieout:problem:{code}",
        "title": title,
        "status": status or declared,
        "code": code.value,
        "detail": detail,
        "instance": f"urn:tieout:request:{getattr(request.state, 'request_id', 'unknown')}",
        **(extensions or {}),
    }
    headers = {"Retry-After": "2"} if declared == 503 else None
    return Response(msgspec.json.encode(document), status or declared, headers, MEDIA_TYPE)


def install_problem_handlers(app: FastAPI) -> None:
    """Every failure of a request leaves as a problem document."""

    @app.exception_handler(ProblemError)
    async def told(request: Request, error: ProblemError) -> Response:
        return problem_response(request, error.code, error.detail, dict(error.extensions))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        faults = [
            {"parameter": ".".join(str(part) for part in fault["loc"][1:]), "reason": fault["msg"]}
            for fault in error.errors()
        ]
        detail = "; ".join(f"{fault['parameter']}: {fault['reason']}" for fault in faults)
        return problem_response(request, ProblemCode.INVALID_PARAMETER, detail, {"errors": faults})

    @app.exception_handler(BucketEdgesError)
    async def edges(request: Request, error: BucketEdgesError) -> Response:
        return problem_response(request, ProblemCode.INVALID_PARAMETER, str(error))

    @app.exception_handler(DataError)
    async def unheld(request: Request, error: DataError) -> Response:
        _log.warning("a request holds a value that no column can", exc_info=error)
        return problem_response(request, ProblemCode.INVALID_PARAMETER, str(error.orig))

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        codes = {404: ProblemCode.NOT_FOUND, 405: ProblemCode.METHOD_NOT_ALLOWED}
        code = codes.get(error.status_code, ProblemCode.HTTP_ERROR)
        response = problem_response(request, code, str(error.detail), status=error.status_code)
        response.headers.update(error.headers or {})
        return response

    async def unavailable(request: Request, error: Exception) -> Response:
        store = isinstance(error, LiveStoreUnavailable)
        code = ProblemCode.LIVE_STORE_UNAVAILABLE if store else ProblemCode.DATABASE_UNAVAILABLE
        _log.warning("a store cannot be reached", exc_info=error)
        return problem_response(request, code, PROBLEMS[code][1])

    for kind in (OperationalError, InterfaceError, PoolTimeoutError, LiveStoreUnavailable):
        app.add_exception_handler(kind, unavailable)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        _log.error("a request failed unexpectedly", exc_info=error)
        return problem_response(request, ProblemCode.INTERNAL, PROBLEMS[ProblemCode.INTERNAL][1])


def problem_responses(*codes: ProblemCode) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: the problems that a path may answer with, besides those that all may."""
    responses: dict[int | str, dict[str, Any]] = {}
    for code in (*codes, ProblemCode.INVALID_PARAMETER, ProblemCode.DATABASE_UNAVAILABLE):
        status, title = PROBLEMS[code]
        example = {"type": f"urn:tieout:problem:{code}", "title": title, "status": status, "code": code.value}
        known = responses.setdefault(
            status, {"description": title, "content": {MEDIA_TYPE: {"examples": {}}}}
        )
        known["content"][MEDIA_TYPE]["examples"][code.value] = {"value": example}
    return responses
