"""Dead letters: the last thing that was done decides; what is repaired or discarded is done with."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.work.actions import Action
from domain.work.dead_letters import (
    DeadLetterAction,
    DeadLetterState,
    dead_letter_state,
    judge_dead_letter_action,
)

NOON = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)


def done(minute: int, action: DeadLetterAction) -> Action:
    at = NOON + dt.timedelta(minutes=minute)
    return Action(event_id=f"w-{minute}", action=action, actor="ann", occurred_at=at)


@pytest.mark.parametrize(
    ("actions", "state", "open_"),
    [
        ([], DeadLetterState.REFUSED, True),
        ([DeadLetterAction.REPLAY], DeadLetterState.REPLAYED, True),
        ([DeadLetterAction.REPLAY, DeadLetterAction.REPAIR], DeadLetterState.REPAIRED, False),
        ([DeadLetterAction.DISCARD], DeadLetterState.DISCARDED, False),
    ],
)
def test_the_last_action_decides(
    actions: list[DeadLetterAction], state: DeadLetterState, open_: bool
) -> None:
    history = [done(minute, action) for minute, action in enumerate(actions)]
    assert dead_letter_state(reversed(history)) is state
    assert (judge_dead_letter_action(state) is None) is open_
