"""Dead letters: input records that were refused, with the reason and where they lie in Kafka."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from domain.work.dead_letters import DeadLetterState, state_after
from services.queries.entries import SourceRow
from services.queries.filters import by_code_point, stream
from services.store.tables import dead_letters, work_events


@dataclass(frozen=True, slots=True)
class DeadLetterRow:
    r"""``state`` is what people have done about it. ``raw_value`` is the refused record as text, with
    undecodable bytes written as ``\\xNN``; None if it was empty.
    """

    dead_letter_id: str
    state: str
    reason: str
    detail: str
    event_id: str | None
    customer_id: str | None
    recorded_at: dt.datetime
    source: SourceRow
    raw_value: str | None


def dead_letter_id(topic: str, partition: int, offset: int) -> str:
    """Where the refused record lies: ``topic/partition/offset``."""
    return f"{topic}/{partition}/{offset}"


def iterate_dead_letters(
    connection: sa.Connection,
    *,
    reason: str | None = None,
    customer_id: str | None = None,
    states: frozenset[DeadLetterState] = frozenset(DeadLetterState),
) -> Iterator[DeadLetterRow]:
    """By topic, partition, offset."""
    letter, last = dead_letters.c, _last_actions()
    place = sa.func.concat(letter.source_topic, "/", letter.source_partition, "/", letter.source_offset)
    statement = (
        sa.select(dead_letters, last.c.action)
        .outerjoin(last, last.c.subject == place)
        .order_by(*by_code_point(letter.source_topic), letter.source_partition, letter.source_offset)
    )
    if reason is not None:
        statement = statement.where(letter.reason == reason)
    if customer_id is not None:
        statement = statement.where(letter.customer_id == customer_id)
    rows = ((row, state_after(row["action"])) for row in stream(connection, statement))
    return (
        DeadLetterRow(
            dead_letter_id=dead_letter_id(row["source_topic"], row["source_partition"], row["source_offset"]),
            state=state.value,
            reason=row["reason"],
            detail=row["detail"],
            event_id=row["event_id"],
            customer_id=row["customer_id"],
            recorded_at=row["recorded_at"].astimezone(dt.UTC),
            source=SourceRow(row["source_topic"], row["source_partition"], row["source_offset"]),
            raw_value=None if row["raw_value"] is None else _as_text(bytes(row["raw_value"])),
        )
        for row, state in rows
        if state in states
    )


def count_dead_letters(
    connection: sa.Connection, first: Mapping[tuple[str, int], int], end: Mapping[tuple[str, int], int]
) -> int:
    """How many of the records from ``first`` to before ``end``, by (topic, partition), were refused."""
    letter = dead_letters.c
    between = [
        sa.and_(
            letter.source_topic == topic,
            letter.source_partition == partition,
            letter.source_offset >= offset,
            letter.source_offset < end[topic, partition],
        )
        for (topic, partition), offset in first.items()
    ]
    if not between:
        return 0
    return (
        connection.scalar(sa.select(sa.func.count()).select_from(dead_letters).where(sa.or_(*between))) or 0
    )


def _last_actions() -> sa.Subquery:
    done = work_events.c
    return (
        sa.select(done.subject, done.action)
        .ext(distinct_on(done.subject))
        .where(done.subject_kind == "dead_letter")
        .order_by(done.subject, done.occurred_at.desc(), done.event_id.desc())
        .subquery()
    )


def _as_text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="backslashreplace")
