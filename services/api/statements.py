"""``GET /api/v1/customers/{customer_id}/statement``: a statement of account as a document to download."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.api.ports import (
    ApiDependencies,
    ComparisonRequest,
    StatementDocument,
    StatementFormat,
    StatementRequest,
)
from services.api.problems import ProblemCode, problem_responses
from services.language import Language


def statement_router(deps: ApiDependencies) -> APIRouter:
    """Statements, rendered by the report service behind ``deps.statement``."""
    router = APIRouter(prefix="/api/v1")

    @router.get(
        "/customers/{customer_id:path}/statement",  # an id may hold a slash
        tags=["statements"],
        summary="Statement of a period",
        response_class=Response,
        responses={
            200: {"description": "The document.", "content": {"application/pdf": {}, "application/json": {}}},
            **problem_responses(ProblemCode.UNKNOWN_CUSTOMER, ProblemCode.STATEMENT_DOES_NOT_PROVE),
        },
    )
    def statement(
        customer_id: Annotated[str, Path(examples=["C-1"])],
        period: Annotated[str, Query(examples=["2026-01", "2026"])],
        format: Annotated[StatementFormat, Query()] = "pdf",  # the word that people expect in the URL
        language: Annotated[Language | None, Query(description="The customer's own if none.")] = None,
        currency: Annotated[str | None, Query(pattern="^[A-Z]{3}$")] = None,
    ) -> Response:
        """`period` is a month (2026-01), quarter (2026-Q1), year (2026) or two dates joined by two dots.

        Without `currency` the document has a section for each.
        """
        return _download(deps.statement(StatementRequest(customer_id, period, format, language, currency)))

    @router.get(
        "/customers/{customer_id:path}/comparison",
        tags=["statements"],
        summary="Their statements against our books",
        response_class=Response,
        responses={
            200: {"description": "The document.", "content": {"application/pdf": {}, "application/json": {}}},
            **problem_responses(ProblemCode.UNKNOWN_CUSTOMER),
        },
    )
    def comparison(
        customer_id: Annotated[str, Path(examples=["C-1"])],
        statement: Annotated[str | None, Query(description="Only this statement of theirs.")] = None,
        period: Annotated[
            str | None, Query(description="Those that end in it.", examples=["2026-01", "2026"])
        ] = None,
        format: Annotated[StatementFormat, Query()] = "pdf",
        language: Annotated[Language | None, Query(description="The customer's own if none.")] = None,
        currency: Annotated[str | None, Query(pattern="^[A-Z]{3}$")] = None,
    ) -> Response:
        """The bridge from their closing balance to ours, and every line that differs by its kind; in `xlsx`, `csv` and
        `json` the lines that agree too.
        """
        request = ComparisonRequest(customer_id, statement, period, format, language, currency)
        return _download(deps.comparison(request))

    return router


def _download(document: StatementDocument) -> Response:
    return Response(
        document.content,
        media_type=document.media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{document.filename}"',
            "Cache-Control": "no-store",
        },
    )
