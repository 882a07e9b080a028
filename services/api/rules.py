"""``/api/v1/rules``: rule sets as data, proposed by one person and put into force, or retired, by another."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from domain.work.rule_sets import RuleSetAction
from services.api.acting import ACTING_PROBLEMS, acting_user, as_problems, encoded, only_json
from services.api.ports import ApiDependencies
from services.api.problems import ProblemCode, problem_responses
from services.api.rows import json_rows
from services.work.groups import GroupRow, groups
from services.work.rule_sets import RuleSetRow, RuleSetTrail
from services.work.users import User

_Comment = Annotated[str | None, Field(max_length=4_000)]


class RuleSetBody(BaseModel):
    """As a rule file says it (docs/guide/rules.md): ``rules`` holds only what is changed. ``groups`` are those of the
    master data; who is in them now is whom the set covers.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "name": "small change",
                "effective_from": "2026-01-01",
                "customers": ["C-1"],
                "groups": ["wholesale"],
                "rules": {"tolerance_minor": 50, "matching": {"confirm_ppm": 950000}},
            }
        },
    )
    name: str
    effective_from: str
    customers: list[str] = []
    groups: list[str] = []
    rules: dict[str, Any]
    comment: _Comment = None


class RuleSetActionBody(BaseModel):
    """``propose_retirement`` asks that the set no longer holds."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"action": "approve"}})
    action: RuleSetAction
    comment: _Comment = None


def rule_router(deps: ApiDependencies) -> APIRouter:
    """Rule sets: read by anybody who may read, proposed and decided on by users."""
    router = APIRouter(prefix="/api/v1/rules", tags=["work"])
    user = acting_user(deps)
    desk = deps.rule_desk

    @router.get("", summary="Rule sets", responses={200: {"model": list[RuleSetRow]}, **problem_responses()})
    def rule_sets(
        in_force: Annotated[bool, Query(description="Only what holds now.")] = False,
    ) -> Response:
        """By version. Where none in force says anything, the defaults hold."""
        return json_rows(deps.engine, lambda c: desk.iterate(c, in_force_only=in_force))

    @router.get(
        "/groups",
        summary="Groups that a rule set may be for",
        responses={200: {"model": list[GroupRow]}, **problem_responses()},
    )
    def every_group() -> Response:
        """As the master data of customers and suppliers name them."""
        return json_rows(deps.engine, groups)

    @router.get(
        "/{version}",
        summary="A rule set",
        responses={200: {"model": RuleSetTrail}, **problem_responses(ProblemCode.NOT_FOUND)},
    )
    def trail(version: int) -> Response:
        """Its complete rules, and its history."""
        with as_problems(), deps.engine.connect() as connection:
            return encoded(desk.trail(connection, version))

    @router.post(
        "",
        summary="Propose a rule set",
        status_code=201,
        dependencies=[Depends(only_json)],
        responses={201: {"model": RuleSetRow}, **ACTING_PROBLEMS},
    )
    def propose(body: RuleSetBody, by: User = user) -> Response:
        """Nothing changes until another person approves it. `tieout rules shadow` shows what would."""
        content = body.model_dump(exclude={"comment"})
        with as_problems():
            return encoded(desk.propose(by, content, body.comment), 201)

    @router.post(
        "/{version}/actions",
        summary="Decide on a rule set",
        dependencies=[Depends(only_json)],
        responses={200: {"model": RuleSetRow}, **ACTING_PROBLEMS},
    )
    def act(version: int, body: RuleSetActionBody, by: User = user) -> Response:
        """`approve` puts it into force, or retires it where that is proposed; who proposed cannot. Every customer whom
        it covers is reviewed then, as the stream comes to it.
        """
        with as_problems():
            return encoded(desk.act(by, version, body.action, body.comment).rule_set)

    return router
