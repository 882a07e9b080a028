"""``/api/v1/cases``: the work on discrepancies, over HTTP. Whoever acts is known by their token.

Bodies are ``application/json``, which no page of another site can send here without our leave.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from domain.work.cases import CaseAction, CaseState
from services.api.acting import ACTING_PROBLEMS, acting_user, as_problems, encoded, only_json
from services.api.parties import Accounts
from services.api.ports import ApiDependencies
from services.api.problems import ProblemCode, ProblemError, problem_responses
from services.api.rows import json_rows
from services.work.cases import (
    OPEN_STATES,
    CaseDetail,
    CaseFilter,
    CaseOrder,
    CaseRow,
    Outcome,
    iterate_cases,
    read_attachment,
    read_case,
)
from services.work.evidence import Evidence, read_evidence
from services.work.users import User

_CASE_IDS_MAX: Final = 1_000


class AttachedFile(BaseModel):
    """A file as text. Its type is told from its bytes."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=300)
    content_base64: str = Field(max_length=8 * 1024 * 1024)


class CaseActionBody(BaseModel):
    """One action. ``details``: assign ``assignee`` · resolve ``reason`` · set_due ``due_date``. A resolve may say which
    ``seen_version`` of the case it is about: where the figures have changed since, it is refused.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"action": "resolve", "details": {"reason": "TIMING"}, "comment": "In June."}
        },
    )
    action: CaseAction
    comment: str | None = Field(default=None, max_length=4_000)
    details: dict[str, Annotated[str, Field(max_length=300)]] = Field(default_factory=dict, max_length=10)
    file: AttachedFile | None = None


class BulkBody(BaseModel):
    """The same action on many cases. ``seen_versions``: by id, of those to be resolved."""

    model_config = ConfigDict(extra="forbid")
    case_ids: list[str] = Field(min_length=1, max_length=_CASE_IDS_MAX)
    action: CaseAction
    comment: str | None = Field(default=None, max_length=4_000)
    details: dict[str, Annotated[str, Field(max_length=300)]] = Field(default_factory=dict, max_length=10)
    seen_versions: dict[str, int] = Field(default_factory=dict, max_length=_CASE_IDS_MAX)


def case_router(deps: ApiDependencies) -> APIRouter:
    """Cases: read by anybody who may read, worked on by users."""
    router = APIRouter(prefix="/api/v1", tags=["work"])
    user = acting_user(deps)

    @router.get("/cases", summary="Cases", responses={200: {"model": list[CaseRow]}, **problem_responses()})
    def cases(
        accounts: Accounts,
        state: Annotated[list[CaseState] | None, Query(description="Open ones without.")] = None,
        assignee: str | None = None,
        kind: str | None = None,
        text: Annotated[
            str | None,
            Query(
                max_length=200,
                description="A number of either side, a customer's id or name, any text, or an amount.",
            ),
        ] = None,
        overdue: bool = False,
        limit: Annotated[
            int | None, Query(ge=1, le=1_000_000, description="At most so many; all without.")
        ] = None,
        order: Annotated[
            CaseOrder, Query(description="By business date, or what is due first.")
        ] = CaseOrder.DATE,
    ) -> Response:
        """Every discrepancy has a case of the same id."""
        wanted = CaseFilter(
            accounts=accounts,
            states=frozenset(state) if state else OPEN_STATES,
            assignee=assignee,
            kind=kind,
            search=text,
            overdue_only=overdue,
            limit=limit,
            order=order,
        )
        return json_rows(deps.engine, lambda c: iterate_cases(c, wanted, deps.today(), deps.policy))

    @router.get(
        "/cases/{case_id}",
        summary="One case with its history",
        responses={200: {"model": CaseDetail}, **problem_responses(ProblemCode.NOT_FOUND)},
    )
    def case(case_id: str) -> Response:
        """The history is in order of time and complete."""
        with as_problems(), deps.engine.connect() as connection:
            return encoded(read_case(connection, case_id, deps.today(), deps.policy))

    @router.get(
        "/cases/{case_id}/evidence",
        summary="What a case rests on",
        responses={200: {"model": Evidence}, **problem_responses(ProblemCode.NOT_FOUND)},
    )
    def evidence(case_id: str) -> Response:
        """Figures of both sides, our entries, what settles them, their lines, and how the discrepancy came about."""
        with as_problems(), deps.engine.connect() as connection:
            return encoded(read_evidence(connection, case_id))

    @router.get(
        "/cases/{case_id}/attachments/{event_id}",
        summary="An attachment",
        response_class=Response,
        responses=problem_responses(ProblemCode.NOT_FOUND),
    )
    def attachment(case_id: str, event_id: str) -> Response:
        """Always offered as a download, never shown within the page."""
        with as_problems(), deps.engine.connect() as connection:
            details, content = read_attachment(connection, case_id, event_id)
        headers = {"Content-Disposition": "attachment", "ETag": f'"{details["sha256"]}"'}
        return Response(content, media_type=details["media_type"], headers=headers)

    @router.post(
        "/cases/{case_id}/actions",
        summary="Work on a case",
        dependencies=[Depends(only_json)],
        responses={200: {"model": CaseDetail}, **ACTING_PROBLEMS},
    )
    def act(case_id: str, body: CaseActionBody, by: User = user) -> Response:
        """Answers with the case as it then is; everybody can read it by then."""
        file = None if body.file is None else (body.file.name, decoded(body.file.content_base64))
        with as_problems():
            detail = deps.case_desk.act(
                by, case_id, body.action, comment=body.comment, details=body.details, file=file
            )
        return encoded(detail)

    @router.post(
        "/cases/actions",
        summary="Work on many cases",
        dependencies=[Depends(only_json)],
        responses={200: {"model": list[Outcome]}, **ACTING_PROBLEMS},
    )
    def act_on_all(body: BulkBody, by: User = user) -> Response:
        """One outcome per case: what one cannot take does not stop the rest."""
        with as_problems():
            outcomes: Sequence[Outcome] = deps.case_desk.act_on_all(
                by,
                body.case_ids,
                body.action,
                comment=body.comment,
                details=body.details,
                seen_versions=body.seen_versions,
            )
        return encoded(outcomes)

    return router


def decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProblemError(ProblemCode.INVALID_PARAMETER, "content_base64 is not base64.") from error
