"""What is common to everything that people work on: an action that was taken, and the refusal of one.

An action is immutable; the state of a subject is a fold of its actions in the order of time, ties by id. So the
history is the truth and nothing else has to be kept.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Mapping

import msgspec


class WorkRefusalReason(enum.StrEnum):
    UNKNOWN_ACTION = "UNKNOWN_ACTION"
    WRONG_STATE = "WRONG_STATE"
    FIELD_MISSING = "FIELD_MISSING"
    FIELD_INVALID = "FIELD_INVALID"
    MAKER_IS_CHECKER = "MAKER_IS_CHECKER"
    NOT_THE_MAKER = "NOT_THE_MAKER"


class WorkRefusal(msgspec.Struct, frozen=True):
    """Why an action is not taken. ``detail`` is one sentence for people."""

    reason: WorkRefusalReason
    detail: str


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that one person did. ``details`` holds what the action needs, by name."""

    event_id: str
    action: str
    actor: str
    occurred_at: dt.datetime
    comment: str | None = None
    details: Mapping[str, str] = {}


def in_order(actions: Iterable[Action]) -> list[Action]:
    """By time, then id: the same on every read."""
    return sorted(actions, key=lambda action: (action.occurred_at, action.event_id))
