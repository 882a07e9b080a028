"""What can keep an action from being taken::

WorkError
├── NoSuchSubjectError     there is no such case, adjustment or dead letter
├── ActionRefusedError     the rules say no; carries the domain's refusal
│   └── NobodyInGroupError a rule set is for a group that is nobody's
├── UnknownUserError       nobody of this name may act here
├── UserRefusedError       nobody is added under this id
├── NotAllowedError        the user's role does not cover this
├── AttachmentRefusedError too large, or of a type that is not taken
└── NotRecordedError       Kafka did not take the event in time: nothing is done
    └── NotShownError      Kafka has it, and it holds; the projector has not shown it in time
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domain.work.actions import WorkRefusal, WorkRefusalReason

#: names of groups that a refusal lists
_SHOWN: Final = 10


class WorkError(Exception):
    """Any failure of this room."""


class NoSuchSubjectError(WorkError):
    def __init__(self, kind: str, subject: str) -> None:
        super().__init__(f"There is no {kind} {subject!r}.")
        self.kind = kind
        self.subject = subject


class ActionRefusedError(WorkError):
    def __init__(self, subject: str, refusal: WorkRefusal) -> None:
        super().__init__(refusal.detail)
        self.subject = subject
        self.refusal = refusal


class NobodyInGroupError(ActionRefusedError):
    """``known``: the groups that there are; ``once``: somebody was in it before."""

    def __init__(self, subject: str, group: str, known: Sequence[str], *, once: bool) -> None:
        more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
        listed = ", ".join(repr(name) for name in known[:_SHOWN]) + more if known else "none"
        said = (
            f"Nobody is left in the group {group!r}" if once else f"The master data name no group {group!r}"
        )
        detail = f"{said}; groups with members are: {listed}."
        super().__init__(subject, WorkRefusal(WorkRefusalReason.FIELD_INVALID, detail))
        self.group = group
        self.known = known
        self.once = once


class UnknownUserError(WorkError):
    def __init__(self, user_id: str) -> None:
        super().__init__(f"There is no active user {user_id!r}." if user_id else "The token is nobody's.")
        self.user_id = user_id


class UserRefusedError(WorkError):
    pass


class NotAllowedError(WorkError):
    def __init__(self, user_id: str, detail: str) -> None:
        super().__init__(detail)
        self.user_id = user_id


class AttachmentRefusedError(WorkError):
    pass


class NotRecordedError(WorkError):
    def __init__(self, detail: str) -> None:
        super().__init__(f"The action was not recorded: {detail}")


class NotShownError(NotRecordedError):
    def __init__(self, within_s: int) -> None:
        WorkError.__init__(
            self,
            f"The action is recorded and holds, but the projector has not shown it within {within_s} s: "
            "look again before you repeat it.",
        )
