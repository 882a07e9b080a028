"""Dead letters: a refused record is repaired, replayed or discarded by people; the record itself never changes."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from domain.work.actions import Action, WorkRefusal, WorkRefusalReason, in_order


class DeadLetterAction(enum.StrEnum):
    REPAIR = "repair"
    REPLAY = "replay"
    DISCARD = "discard"


class DeadLetterState(enum.StrEnum):
    REFUSED = "REFUSED"
    REPAIRED = "REPAIRED"
    REPLAYED = "REPLAYED"
    DISCARDED = "DISCARDED"


_STATE_AFTER = {
    DeadLetterAction.REPAIR: DeadLetterState.REPAIRED,
    DeadLetterAction.REPLAY: DeadLetterState.REPLAYED,
    DeadLetterAction.DISCARD: DeadLetterState.DISCARDED,
}


def dead_letter_state(actions: Iterable[Action]) -> DeadLetterState:
    """The last action decides."""
    return state_after(next((action.action for action in reversed(in_order(actions))), None))


def state_after(last_action: str | None) -> DeadLetterState:
    """The state that the last action left; ``None``: there was none yet."""
    return DeadLetterState.REFUSED if last_action is None else _STATE_AFTER[DeadLetterAction(last_action)]


def judge_dead_letter_action(state: DeadLetterState) -> WorkRefusal | None:
    """Whether anything may still be done; ``None`` means yes. What was replayed may have been refused once more."""
    if state in (DeadLetterState.REPAIRED, DeadLetterState.DISCARDED):
        return WorkRefusal(WorkRefusalReason.WRONG_STATE, f"It is {state} already.")
    return None
