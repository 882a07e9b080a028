"""``/api/v1/adjustments``: what one person proposes and another approves, over HTTP, and the trail that it leaves."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from domain.events import AdjustmentType
from domain.work.adjustments import AdjustmentAction
from services.api.acting import ACTING_PROBLEMS, acting_user, as_problems, encoded, only_json
from services.api.parties import Accounts
from services.api.ports import ApiDependencies
from services.api.problems import ProblemCode, problem_responses
from services.api.rows import json_rows
from services.work.proposals import LineReading, Proposal
from services.work.trail import AdjustmentRow, Trail
from services.work.users import User, list_users

_LINKS_MAX: Final = 1_000
#: beyond this no ledger entry goes (signed 64 bits)
_MINOR_MAX: Final = 2**63 - 1
_SIGNED_IN: Final = problem_responses(ProblemCode.NOT_SIGNED_IN)
_Text = Annotated[str, Field(max_length=300)]


class Allocation(BaseModel):
    """What a payment pays."""

    model_config = ConfigDict(extra="forbid")
    document_no: _Text
    amount_minor: Annotated[int, Field(ge=0, le=_MINOR_MAX)]


class Reading(BaseModel):
    """How a line of a customer's statement is to be read; what is left out stays as it was sent."""

    model_config = ConfigDict(extra="forbid")
    document_no: _Text | None = None
    date: dt.date | None = None
    signed_minor: Annotated[
        int | None, Field(ge=-_MINOR_MAX, le=_MINOR_MAX, description="In our view: a debit is above 0.")
    ] = None


class ProposalBody(BaseModel):
    """``amount_minor``: a write-off without one takes what is open. ``target_document_no``: the document that it
    settles, or the payment that a reallocation or an unmatch is about. A statement_line has ``statement_id``,
    ``line_no`` and its ``reading``; without one the line is struck out.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "adjustment_type": "write_off",
                "customer_id": "C-1",
                "currency": "EUR",
                "target_document_no": "INV-1001",
                "reason": "50 cents",
            }
        },
    )
    adjustment_type: AdjustmentType
    customer_id: _Text
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    reason: Annotated[str, Field(max_length=4_000)]
    business_date: Annotated[dt.date | None, Field(description="Today without.")] = None
    amount_minor: Annotated[int | None, Field(ge=0, le=_MINOR_MAX)] = None
    target_document_no: _Text | None = None
    barred_document_no: _Text | None = None
    allocations: Annotated[list[Allocation], Field(max_length=_LINKS_MAX)] = []
    statement_id: _Text | None = None
    line_no: Annotated[int | None, Field(ge=0, le=2**31 - 1)] = None
    reading: Reading | None = None
    case_id: _Text | None = None


class AdjustmentActionBody(BaseModel):
    """``business_date`` is that of a reversal; today without."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"action": "approve"}})
    action: AdjustmentAction
    comment: str | None = Field(default=None, max_length=4_000)
    business_date: dt.date | None = None


def adjustment_router(deps: ApiDependencies) -> APIRouter:
    """Adjustments: read by anybody who may read, proposed and decided on by users."""
    router = APIRouter(prefix="/api/v1", tags=["work"])
    user = acting_user(deps)
    desk = deps.adjustment_desk

    @router.get("/me", summary="Who I am", responses={200: {"model": User}, **_SIGNED_IN})
    def me(by: User = user) -> Response:
        """The user of the token; where there is no user at all, `local` without one."""
        return encoded(by)

    @router.get("/users", summary="Who may work", responses={200: {"model": list[User]}, **_SIGNED_IN})
    def users(by: User = user) -> Response:
        """All users, by id, for those who are one."""
        with deps.engine.connect() as connection:
            return encoded(list_users(connection))

    @router.get(
        "/adjustments",
        summary="Adjustments",
        responses={200: {"model": list[AdjustmentRow]}, **problem_responses()},
    )
    def adjustments(
        accounts: Accounts,
        pending: Annotated[bool, Query(description="Only what waits for a decision.")] = False,
        case: Annotated[str | None, Query(description="Only those for this case.")] = None,
    ) -> Response:
        """By time of their proposal."""
        return json_rows(deps.engine, lambda c: desk.iterate(c, accounts, pending_only=pending, case_id=case))

    @router.get(
        "/adjustments/{adjustment_id}",
        summary="The trail of an adjustment",
        responses={200: {"model": Trail}, **problem_responses(ProblemCode.NOT_FOUND)},
    )
    def trail(adjustment_id: str) -> Response:
        """From proposal and decision to ledger entries, discrepancies that it settled, and statements that show it."""
        with as_problems(), deps.engine.connect() as connection:
            return encoded(desk.trail(connection, adjustment_id))

    @router.post(
        "/adjustments",
        summary="Propose an adjustment",
        status_code=201,
        dependencies=[Depends(only_json)],
        responses={201: {"model": AdjustmentRow}, **ACTING_PROBLEMS},
    )
    def propose(body: ProposalBody, by: User = user) -> Response:
        """Nothing changes in the books until another person approves it."""
        proposal = Proposal(
            adjustment_type=body.adjustment_type,
            customer_id=body.customer_id,
            currency=body.currency,
            reason=body.reason,
            business_date=body.business_date or deps.today(),
            amount_minor=body.amount_minor,
            target_document_no=body.target_document_no or None,
            barred_document_no=body.barred_document_no or None,
            allocations=[(link.document_no, link.amount_minor) for link in body.allocations],
            statement_id=body.statement_id or None,
            line_no=body.line_no,
            reading=None if body.reading is None else LineReading(**body.reading.model_dump()),
            case_id=body.case_id or None,
        )
        with as_problems():
            return encoded(desk.propose(by, proposal), 201)

    @router.post(
        "/adjustments/{adjustment_id}/actions",
        summary="Decide on an adjustment",
        dependencies=[Depends(only_json)],
        responses={200: {"model": AdjustmentRow}, **ACTING_PROBLEMS},
    )
    def act(adjustment_id: str, body: AdjustmentActionBody, by: User = user) -> Response:
        """`approve` posts it to the books, or reverses it where a reversal is proposed. Who proposed it cannot
        approve it. `withdraw` is the maker's own; `propose_reversal` asks to take back what is posted.
        """
        reverses = body.action is AdjustmentAction.PROPOSE_REVERSAL
        date = (body.business_date or deps.today()) if reverses else None
        with as_problems():
            return encoded(desk.act(by, adjustment_id, body.action, comment=body.comment, date=date))

    return router
