"""``/api/v1/dead-letters``: refused records, and what is done about them, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from domain.work.dead_letters import DeadLetterAction, DeadLetterState
from services import queries
from services.api.acting import ACTING_PROBLEMS, acting_user, as_problems, encoded, only_json
from services.api.ports import ApiDependencies
from services.api.problems import ProblemCode, ProblemError, problem_responses
from services.api.reads import documented
from services.api.rows import json_rows
from services.queries.dead_letters import dead_letter_id
from services.work.dead_letters import DeadLetterDetail
from services.work.users import User

_Offset = Annotated[int, Path(ge=0, le=2**63 - 1)]
_Partition = Annotated[int, Path(ge=0, le=2**31 - 1)]


class DeadLetterBody(BaseModel):
    """repair: ``changes`` to its fields by name, or a whole ``event`` in its place · discard: ``comment`` says why."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"action": "repair", "changes": {"currency": "USD"}}}
    )
    action: DeadLetterAction
    changes: dict[str, Any] | None = None
    event: dict[str, Any] | None = None
    comment: str | None = Field(default=None, max_length=4_000)


def dead_letter_router(deps: ApiDependencies) -> APIRouter:
    """Dead letters: read by anybody who may read, worked on by users."""
    router = APIRouter(prefix="/api/v1", tags=["work"])
    user = acting_user(deps)
    desk = deps.letter_desk

    @router.get(
        "/dead-letters",
        summary="Input records that were refused",
        responses=documented(queries.DeadLetterRow, "dead_letters"),
    )
    def dead_letters(
        customer: Annotated[str | None, Query(description="Only this customer.")] = None,
        reason: Annotated[str | None, Query(description="Only this reason code.")] = None,
        state: Annotated[list[DeadLetterState] | None, Query(description="All without.")] = None,
    ) -> Response:
        """The quarantine: with the reason, the position in Kafka, the content, and what was done about each."""
        states = frozenset(state or DeadLetterState)
        return json_rows(
            deps.engine,
            lambda c: queries.iterate_dead_letters(c, reason=reason, customer_id=customer, states=states),
        )

    @router.get(
        "/dead-letters/{topic}/{partition}/{offset}",
        summary="One refused record with its history",
        responses={200: {"model": DeadLetterDetail}, **problem_responses(ProblemCode.NOT_FOUND)},
    )
    def dead_letter(topic: str, partition: _Partition, offset: _Offset) -> Response:
        """`event` holds its fields, where they can be read at all."""
        with as_problems(), deps.engine.connect() as connection:
            return encoded(desk.read(connection, dead_letter_id(topic, partition, offset)))

    @router.post(
        "/dead-letters/{topic}/{partition}/{offset}/actions",
        summary="Work on a refused record",
        dependencies=[Depends(only_json)],
        responses={200: {"model": DeadLetterDetail}, **ACTING_PROBLEMS},
    )
    def act(
        topic: str, partition: _Partition, offset: _Offset, body: DeadLetterBody, by: User = user
    ) -> Response:
        """`repair` sends it mended, by its topic, as an event that names it as its cause; `replay` sends its very
        bytes again; `discard` leaves it be. The refused record itself never changes.
        """
        letter = dead_letter_id(topic, partition, offset)
        with as_problems():
            match body.action:
                case DeadLetterAction.REPAIR:
                    if not body.changes and body.event is None:
                        raise ProblemError(ProblemCode.INVALID_PARAMETER, "Give changes or an event.")
                    found = desk.repair(
                        by, letter, changes=body.changes, event=body.event, comment=body.comment
                    )
                case DeadLetterAction.REPLAY:
                    found = desk.replay(by, letter, comment=body.comment)
                case DeadLetterAction.DISCARD:
                    found = desk.discard(by, letter, comment=body.comment or "")
        return encoded(found)

    return router
