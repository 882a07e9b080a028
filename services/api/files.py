"""Files in over HTTP: ``POST /api/v1/imports/{kind}`` takes what ``tieout import`` takes, and templates to download.

The body is the file as it is, so that no form is parsed; what the file does not say stands in the query. A body of
JSON holds the file in base64 and, beside it, the corrections of rows that were refused before.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from services.api.acting import acting_user
from services.api.parties import party_asked
from services.api.ports import ApiDependencies, Correction, FileUpload
from services.api.problems import ProblemCode, ProblemError, problem_responses
from services.imports.errors import OptionUnreadableError
from services.imports.statements.dates import Order
from services.imports.statements.draft import View
from services.imports.statements.numbers import Mark
from services.imports.statements.options import Layout, StatementOptions, columns_of, period_of
from services.imports.statements.template import TemplateFormat, make_template
from services.language import Language

OCTETS: Final = "application/octet-stream"
JSON: Final = "application/json"
FileKind = Literal[
    "customer-statement", "supplier-statement", "bank-statement", "customers", "suppliers", "products"
]
_MASTER: Final = ("customers", "suppliers", "products")
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


class CorrectedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body of JSON. ``corrections``: of the rows of an earlier answer's ``rejections``, the right values."""

    content_base64: bytes
    corrections: tuple[Correction, ...] = ()


_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            OCTETS: {"schema": {"type": "string", "format": "binary"}},
            JSON: {
                "schema": {"type": "object"},
                "example": {
                    "content_base64": "ZGF0ZSxhbW91bnQK",
                    "corrections": [{"row": 3, "column": "Date", "corrected": "2026-01-05"}],
                },
            },
        },
    }
}


def statement_options(
    customer: Annotated[str | None, Query(description="Whose it is, if it does not say.")] = None,
    supplier: Annotated[str | None, Query(description="The same of a supplier: its number.")] = None,
    currency: Annotated[str | None, Query(pattern="^[A-Z]{3}$")] = None,
    opening: Annotated[str | None, Query(description="Opening balance, if it does not say.")] = None,
    period: Annotated[str | None, Query(description="2026-01, 2026-01-01..2026-01-31")] = None,
    statement_id: Annotated[str | None, Query(max_length=200)] = None,
    view: Annotated[View, Query(description="In whose books debit and credit stand.")] = View.AUTO,
    format: Annotated[str | None, Query(description="If not by its content.")] = None,
    columns: Annotated[
        list[str] | None,
        Query(description="FIELD=HEADING, for headings that nobody knows.", examples=[["date=Buchung"]]),
    ] = None,
    date_order: Annotated[Order | None, Query(description="Of 05/01/2026.")] = None,
    decimal: Annotated[Mark | None, Query(description="The decimal mark.")] = None,
    encoding: Annotated[str | None, Query(max_length=40)] = None,
    sheet: Annotated[str | None, Query(max_length=200, description="Of a workbook.")] = None,
    remember: Annotated[bool, Query(description="Keep columns, marks and view for the customer.")] = False,
    withdraw: Annotated[bool, Query(description="Its statements no longer stand.")] = False,
) -> StatementOptions:
    """Dependency: what is said about a statement file beside it."""
    party = party_asked(customer, supplier)
    if remember and party is None:
        raise ProblemError(ProblemCode.INVALID_PARAMETER, "A layout is kept for a customer: name it.")
    try:
        headings, dates = columns_of(columns or ()), period_of(period)
    except OptionUnreadableError as error:
        raise ProblemError(ProblemCode.INVALID_PARAMETER, str(error)) from error
    layout = Layout(
        columns=headings,
        date_order=date_order,
        decimal=decimal,
        view=view,
        encoding=encoding,
        sheet=sheet,
        currency=currency,
    )
    return StatementOptions(
        customer_id=party,
        statement_id=statement_id,
        period=dates,
        opening=opening,
        format=format,
        layout=layout,
        remember=remember,
        withdraw=withdraw,
    )


def file_router(deps: ApiDependencies) -> APIRouter:
    """Upload of files, and their templates."""
    router = APIRouter(prefix="/api/v1", tags=["files"])

    async def body(request: Request) -> CorrectedFile:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in (OCTETS, JSON):  # also what keeps other sites' pages out, as for events
            raise ProblemError(
                ProblemCode.UNSUPPORTED_MEDIA_TYPE,
                f"Content-Type is {media_type or 'missing'}, neither {OCTETS} nor {JSON}",
            )
        received = bytearray()
        async for piece in request.stream():
            received += piece
            if len(received) > deps.max_body_bytes:
                raise ProblemError(
                    ProblemCode.BODY_TOO_LARGE, f"At most {deps.max_body_bytes} bytes are taken at once"
                )
        if media_type == OCTETS:
            return CorrectedFile(bytes(received))
        try:
            return await run_in_threadpool(msgspec.json.decode, bytes(received), type=CorrectedFile)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ProblemError(ProblemCode.MALFORMED_JSON, str(error)) from error

    @router.post(
        "/imports/{kind}",
        dependencies=[acting_user(deps, least="clerk")],
        summary="Import a file",
        status_code=202,
        openapi_extra=_BODY,
        responses={
            202: {"description": "What became of it.", "content": {JSON: {"example": _EXAMPLE}}},
            **problem_responses(
                ProblemCode.UNSUPPORTED_MEDIA_TYPE,
                ProblemCode.BODY_TOO_LARGE,
                ProblemCode.MALFORMED_JSON,
                ProblemCode.FILE_REFUSED,
                ProblemCode.NOT_SIGNED_IN,
                ProblemCode.NOT_ALLOWED,
                ProblemCode.KAFKA_UNAVAILABLE,
            ),
        },
    )
    def upload(
        kind: Annotated[FileKind, Path()],
        body: CorrectedFile = Depends(body),
        statement: StatementOptions = Depends(statement_options),
        filename: Annotated[str, Query(max_length=200, examples=["january.xlsx"])] = "upload",
        hold_incomplete: Annotated[
            bool, Query(description="Hold a statement back of which a row cannot be read.")
        ] = False,
        language: Annotated[Language | None, Query(description="Of the reasons.")] = None,
    ) -> Response:
        """The file is the body. Rows that cannot be read are named, the rest is taken in. The same file again changes
        nothing; with `corrections` the rows that were refused are taken in, and the statement replaces the incomplete
        one.
        """
        if body.corrections and kind in _MASTER:
            raise ProblemError(
                ProblemCode.INVALID_PARAMETER, f"{kind}: send the mended file, not corrections."
            )
        answer = deps.import_file(
            FileUpload(
                kind=kind,
                filename=filename,
                content=body.content_base64,
                corrections=body.corrections,
                statement=statement,
                hold_incomplete=hold_incomplete,
                language=language or deps.language,
            )
        )
        return Response(msgspec.json.encode(answer), 202, media_type=JSON)

    @router.get("/templates/{kind}", summary="Template to fill in", response_class=Response)
    def template(
        kind: Annotated[Literal["customer-statement", "supplier-statement"], Path()],
        format: Annotated[TemplateFormat, Query()] = "xlsx",  # the word that people expect in the URL
        language: Annotated[Language | None, Query()] = None,
    ) -> Response:
        """An empty statement file whose headings are understood by the import."""
        content = make_template(kind, format, language or deps.language)
        return Response(
            content,
            media_type=_MEDIA_TYPES[format],
            headers={"Content-Disposition": f'attachment; filename="{kind}.{format}"'},
        )

    return router
