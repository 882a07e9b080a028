"""What every path of work has in common: who acts, what bodies are taken, and how a refusal is told."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec
from fastapi import Depends, Header, Request, Response

from services.api.ports import ApiDependencies
from services.api.problems import ProblemCode, ProblemError, problem_responses
from services.work.errors import (
    ActionRefusedError,
    AttachmentRefusedError,
    NobodyInGroupError,
    NoSuchSubjectError,
    NotAllowedError,
    NotRecordedError,
    NotShownError,
    UnknownUserError,
    UserRefusedError,
    WorkError,
)
from services.work.users import User, user_of_token

_CODES: Final[dict[type[WorkError], ProblemCode]] = {
    NoSuchSubjectError: ProblemCode.NOT_FOUND,
    ActionRefusedError: ProblemCode.ACTION_REFUSED,
    NobodyInGroupError: ProblemCode.ACTION_REFUSED,
    AttachmentRefusedError: ProblemCode.ATTACHMENT_REFUSED,
    UnknownUserError: ProblemCode.NOT_SIGNED_IN,
    UserRefusedError: ProblemCode.ACTION_REFUSED,
    NotAllowedError: ProblemCode.NOT_ALLOWED,
    NotRecordedError: ProblemCode.KAFKA_UNAVAILABLE,
    NotShownError: ProblemCode.NOT_SHOWN_YET,
}
#: what may be done wrong by whoever acts
ACTING_PROBLEMS: Final = problem_responses(
    ProblemCode.NOT_FOUND,
    ProblemCode.ACTION_REFUSED,
    ProblemCode.NOT_SIGNED_IN,
    ProblemCode.NOT_ALLOWED,
    ProblemCode.UNSUPPORTED_MEDIA_TYPE,
    ProblemCode.KAFKA_UNAVAILABLE,
    ProblemCode.NOT_SHOWN_YET,
)


@contextlib.contextmanager
def as_problems() -> Iterator[None]:
    """Failures of the work become problems."""
    try:
        yield
    except WorkError as error:
        code = _CODES[type(error)]
        extensions: dict[str, object] = (
            {"reason": error.refusal.reason.value} if isinstance(error, ActionRefusedError) else {}
        )
        raise ProblemError(code, str(error), **extensions) from error


def acting_user(deps: ApiDependencies, least: str = "viewer") -> Any:
    """Dependency: the user of the bearer token, whose role is at least that."""

    def user(authorization: Annotated[str | None, Header()] = None) -> User:
        scheme, _, token = (authorization or "").partition(" ")
        given = token.strip() if scheme.lower() == "bearer" else None
        with as_problems(), deps.engine.connect() as connection:
            found = user_of_token(connection, given)
            if not found.at_least(least):
                raise NotAllowedError(
                    found.user_id,
                    f"{found.user_id} may not do that as {found.role}; it takes the role {least}.",
                )
            return found

    return Depends(user)


async def only_json(request: Request) -> None:
    """Dependency: other content types, which other sites' pages could send, are turned away."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ProblemError(ProblemCode.UNSUPPORTED_MEDIA_TYPE, "Send application/json")


def encoded(value: object, status: int = 200) -> Response:
    """The value as JSON."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")
