"""What people approved is in the inputs: a decision and what it posts go to Kafka in one transaction (ADR 0014)."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from domain.work import adjustments, rule_sets
from domain.work.actions import Action
from schemas.codec import Codec
from schemas.errors import WireError
from schemas.topics import ADJUSTMENTS, RULES, Topic
from services.operations.kafka_log import KafkaLog
from services.store.tables import work_events


@dataclass(frozen=True, slots=True)
class Approval:
    """``event_id`` is to be in ``topic``: on every partition where that is of the rules, else on one."""

    what: str
    topic: Topic
    event_id: str


def approved(connection: sa.Connection) -> list[Approval]:
    """Everything that was, reversals and retirements too."""
    found = []
    for number, actions in _actions(connection, adjustments.SUBJECT_KIND).items():
        # what was approved never lapses, so any moment will do
        adjustment = adjustments.adjustment_of(number, actions, actions[-1].occurred_at, dt.timedelta())
        found += [Approval(number, ADJUSTMENTS, event.event_id) for event in adjustment.events]
    for version, actions in _actions(connection, rule_sets.SUBJECT_KIND).items():
        decided = rule_sets.proposed_rule_set_of(actions).events
        found += [Approval(f"Rule set {version}", RULES, event.event_id) for event in decided]
    return found


def not_posted(
    approvals: Collection[Approval], log: KafkaLog, codec: Codec, partitions: int
) -> Iterator[str]:
    """Approvals whose event the topics do not have up to their present ends. Approving again posts it."""
    for topic in (ADJUSTMENTS, RULES):
        of_topic = [one for one in approvals if one.topic == topic]
        if not of_topic:
            continue
        posted = _posted(log, topic, codec, partitions)
        everywhere = set.intersection(*posted) if topic == RULES else set.union(*posted)
        for one in of_topic:
            if one.event_id not in everywhere:
                yield f"{one.what} was approved, and {topic.name} lacks {one.event_id}: approve it again"


def _actions(connection: sa.Connection, subject_kind: str) -> dict[str, list[Action]]:
    """By subject, each in order."""
    row, names = work_events.c, Action.__struct_fields__
    wanted = sa.select(row.subject, *(row[name] for name in names)).where(row.subject_kind == subject_kind)
    found: dict[str, list[Action]] = {}
    for subject, *fields in connection.execute(wanted.order_by(row.occurred_at, row.event_id)):
        found.setdefault(subject, []).append(Action(**dict(zip(names, fields, strict=True))))
    return found


def _posted(log: KafkaLog, topic: Topic, codec: Codec, partitions: int) -> list[set[str]]:
    """Ids of the events of a topic, by partition; what cannot be read is the dead letters' business."""
    assert topic.schema is not None
    found: list[set[str]] = [set() for _ in range(partitions)]
    for message in log.read(topic.name, {p: log.bounds(topic.name, p)[1] for p in range(partitions)}):
        partition = message.partition()
        assert partition is not None
        with contextlib.suppress(WireError):
            found[partition].add(codec.decode(topic.schema, message.value())["event_id"])
    return found
