"""Maker-checker: what one person proposes another decides on. The one home of who may decide.

Source: the four-eyes principle of internal control (segregation of duties, COSO principle 10).
"""

from __future__ import annotations

import enum

from domain.work.actions import Action, WorkRefusal, WorkRefusalReason


class Decision(enum.StrEnum):
    """What may be done with a proposal that waits."""

    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"


def judge_decision(
    what: str, state: str, pending: Action | None, action: str, actor: str
) -> WorkRefusal | None:
    """Whether this person may decide so on what is ``pending``; ``None`` means yes. ``what``: a noun for people."""
    if action not in tuple(Decision):
        return WorkRefusal(WorkRefusalReason.UNKNOWN_ACTION, f"There is no action {action!r} on {what}.")
    if pending is None:
        return WorkRefusal(WorkRefusalReason.WRONG_STATE, f"Nothing waits for a decision; this is {state}.")
    is_maker = pending.actor.casefold() == actor.casefold()
    if action == Decision.WITHDRAW and not is_maker:
        return WorkRefusal(WorkRefusalReason.NOT_THE_MAKER, "Only who proposed it withdraws it.")
    if action == Decision.APPROVE and is_maker:
        return WorkRefusal(WorkRefusalReason.MAKER_IS_CHECKER, "Who proposed it cannot approve it.")
    return None
