"""Maker-checker: what one person proposes another decides on. The one home of who may decide.

Source: the four-eyes principle of internal control (segregation of duties, COSO principle 10).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec

from domain.identity import same_person
from domain.work.actions import Action, WorkRefusal, WorkRefusalReason, in_order


class Decision(enum.StrEnum):
    """What may be done with a proposal that waits."""

    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"


class Decided(msgspec.Struct, frozen=True):
    """What became of the proposals about one subject: first of the thing itself, then of its being taken back."""

    proposal: Action
    """The first."""
    pending: Action | None
    """The proposal that waits for a decision."""
    approvals: tuple[tuple[Action, Action], ...]
    """(what was proposed, its approval): at most one of the thing and one of its being taken back."""
    refused: Decision | None
    """How the proposal ended where nothing was ever approved."""


def decided(actions: Iterable[Action]) -> Decided:
    """The fold. ``actions`` begin with a proposal; those that are no decision propose again."""
    proposal, *later = in_order(actions)
    pending: Action | None = proposal
    approvals: tuple[tuple[Action, Action], ...] = ()
    refused: Decision | None = None
    for action in later:
        if action.action not in tuple(Decision):
            pending = action
            continue
        if action.action == Decision.APPROVE:
            approvals += () if pending is None else ((pending, action),)
        elif not approvals:
            refused = Decision(action.action)
        pending = None
    return Decided(proposal=proposal, pending=pending, approvals=approvals, refused=refused)


def judge_decision(
    what: str, state: str, pending: Action | None, action: str, actor: str
) -> WorkRefusal | None:
    """Whether this person may decide so on what is ``pending``; ``None`` means yes. ``what``: a noun for people."""
    if action not in tuple(Decision):
        return WorkRefusal(WorkRefusalReason.UNKNOWN_ACTION, f"There is no action {action!r} on {what}.")
    if pending is None:
        return WorkRefusal(WorkRefusalReason.WRONG_STATE, f"Nothing waits for a decision; this is {state}.")
    is_maker = same_person(pending.actor, actor)
    if action == Decision.WITHDRAW and not is_maker:
        return WorkRefusal(WorkRefusalReason.NOT_THE_MAKER, "Only who proposed it withdraws it.")
    if action == Decision.APPROVE and is_maker:
        return WorkRefusal(WorkRefusalReason.MAKER_IS_CHECKER, "Who proposed it cannot approve it.")
    return None
