"""Dead letters: input records that were refused, with the reason and where they lie in Kafka."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from services.queries.entries import SourceRow
from services.queries.filters import by_code_point, stream
from services.store.tables import dead_letters


@dataclass(frozen=True, slots=True)
class DeadLetterRow:
    r"""``raw_value`` is the refused record as text, with undecodable bytes written as ``\\xNN``; None if
    it was empty.
    """

    reason: str
    detail: str
    event_id: str | None
    customer_id: str | None
    recorded_at: dt.datetime
    source: SourceRow
    raw_value: str | None


def iterate_dead_letters(
    connection: sa.Connection, *, reason: str | None = None, customer_id: str | None = None
) -> Iterator[DeadLetterRow]:
    """By topic, partition, offset."""
    letter = dead_letters.c
    statement = sa.select(dead_letters).order_by(
        *by_code_point(letter.source_topic), letter.source_partition, letter.source_offset
    )
    if reason is not None:
        statement = statement.where(letter.reason == reason)
    if customer_id is not None:
        statement = statement.where(letter.customer_id == customer_id)
    return (
        DeadLetterRow(
            reason=row["reason"],
            detail=row["detail"],
            event_id=row["event_id"],
            customer_id=row["customer_id"],
            recorded_at=row["recorded_at"].astimezone(dt.UTC),
            source=SourceRow(row["source_topic"], row["source_partition"], row["source_offset"]),
            raw_value=None if row["raw_value"] is None else _as_text(bytes(row["raw_value"])),
        )
        for row in stream(connection, statement)
    )


def _as_text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="backslashreplace")
