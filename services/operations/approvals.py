"""What people approved is in the inputs: a decision and what it posts go to Kafka in one transaction (ADR 0014)."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator

import sqlalchemy as sa

from domain.work.actions import Action
from domain.work.adjustments import SUBJECT_KIND, adjustment_of
from schemas.codec import Codec
from schemas.errors import WireError
from schemas.topics import ADJUSTMENTS
from services.operations.kafka_log import KafkaLog
from services.store.tables import work_events


def approved(connection: sa.Connection) -> dict[str, str]:
    """Id of the event of each approval, a reversal's too -> its adjustment."""
    row = work_events.c
    wanted = sa.select(row.subject, *(row[name] for name in Action.__struct_fields__))
    wanted = wanted.where(row.subject_kind == SUBJECT_KIND).order_by(row.occurred_at, row.event_id)
    done: dict[str, list[Action]] = {}
    for subject, *fields in connection.execute(wanted):
        done.setdefault(subject, []).append(
            Action(**dict(zip(Action.__struct_fields__, fields, strict=True)))
        )
    found: dict[str, str] = {}
    for number, actions in done.items():
        # what was approved never lapses, so any moment will do
        adjustment = adjustment_of(number, actions, actions[-1].occurred_at, dt.timedelta())
        found |= {event.event_id: number for event in adjustment.events}
    return found


def posted(log: KafkaLog, codec: Codec, partitions: int) -> set[str]:
    """Ids of the adjustments' events in their topic; what cannot be read is the dead letters' business."""
    assert ADJUSTMENTS.schema is not None
    ends = {p: log.bounds(ADJUSTMENTS.name, p)[1] for p in range(partitions)}
    found: set[str] = set()
    for message in log.read(ADJUSTMENTS.name, ends):
        with contextlib.suppress(WireError):
            found.add(codec.decode(ADJUSTMENTS.schema, message.value())["event_id"])
    return found


def not_posted(approvals: dict[str, str], in_topic: set[str]) -> Iterator[str]:
    """Approvals whose event the topic does not have. Approving again posts it."""
    for event_id, number in sorted(approvals.items(), key=lambda pair: pair[1]):
        if event_id not in in_topic:
            yield f"{number} was approved, and {ADJUSTMENTS.name} has no {event_id}: approve it again"
