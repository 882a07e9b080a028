"""Files in over HTTP: ``POST /api/v1/imports/{kind}`` takes what ``tieout import`` takes, and templates to download.

The body is the file as it is, so that no form is parsed; what the file does not say stands in the query.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.api.ports import ApiDependencies, FileUpload
from services.api.problems import ProblemCode, ProblemError, problem_responses
from services.api.work import acting_user
from services.imports.statements.template import TemplateFormat, make_template
from services.language import Language

OCTETS: Final = "application/octet-stream"
JSON: Final = "application/json"
FileKind = Literal["customer-statement", "bank-statement"]
_MEDIA_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_EXAMPLE: Final = {
    "kind": "customer-statement",
    "rows": 2,
    "accepted": {"customer_statement": 1},
    "rejected": {},
    "rejections": [],
    "notes": ["S-1: received, version 1, 2 lines, read in the customer's view, turned round."],
}


def file_router(deps: ApiDependencies) -> APIRouter:
    """Upload of files, and their templates."""
    router = APIRouter(prefix="/api/v1", tags=["files"])

    async def body(request: Request) -> bytes:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != OCTETS:  # also what keeps other sites' pages out, as for events
            raise ProblemError(
                ProblemCode.UNSUPPORTED_MEDIA_TYPE, f"Content-Type is {media_type or 'missing'}, not {OCTETS}"
            )
        received = bytearray()
        async for piece in request.stream():
            received += piece
            if len(received) > deps.max_body_bytes:
                raise ProblemError(
                    ProblemCode.BODY_TOO_LARGE, f"At most {deps.max_body_bytes} bytes are taken at once"
                )
        return bytes(received)

    @router.post(
        "/imports/{kind}",
        dependencies=[acting_user(deps)],
        summary="Import a statement file",
        status_code=202,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}},
            }
        },
        responses={
            202: {"description": "What became of it.", "content": {JSON: {"example": _EXAMPLE}}},
            **problem_responses(
                ProblemCode.UNSUPPORTED_MEDIA_TYPE,
                ProblemCode.BODY_TOO_LARGE,
                ProblemCode.FILE_REFUSED,
                ProblemCode.NOT_SIGNED_IN,
                ProblemCode.KAFKA_UNAVAILABLE,
            ),
        },
    )
    def upload(
        kind: Annotated[FileKind, Path()],
        content: bytes = Depends(body),
        filename: Annotated[str, Query(max_length=200, examples=["january.xlsx"])] = "upload",
        customer: Annotated[str | None, Query(description="Whose it is, if it does not say.")] = None,
        currency: Annotated[str | None, Query(pattern="^[A-Z]{3}$")] = None,
        opening: Annotated[str | None, Query(description="Opening balance, if it does not say.")] = None,
        language: Annotated[Language | None, Query(description="Of the reasons.")] = None,
    ) -> Response:
        """The file is the body. Rows that cannot be read are named, the rest is taken in. The same file again changes
        nothing.
        """
        answer = deps.import_file(
            FileUpload(kind, filename, content, customer, currency, opening, language or deps.language)
        )
        return Response(msgspec.json.encode(answer), 202, media_type=JSON)

    @router.get("/templates/customer-statement", summary="Template to fill in", response_class=Response)
    def template(
        format: Annotated[TemplateFormat, Query()] = "xlsx",  # the word that people expect in the URL
        language: Annotated[Language | None, Query()] = None,
    ) -> Response:
        """An empty statement file whose headings are understood by the import."""
        content = make_template("customer-statement", format, language or deps.language)
        return Response(
            content,
            media_type=_MEDIA_TYPES[format],
            headers={"Content-Disposition": f'attachment; filename="customer-statement.{format}"'},
        )

    return router
