"""Bulk read of changelog partitions: how state comes back.

Reads with read_committed from the locally applied offset to the high watermark. The previous owner must have
been fenced before (``Committer``), so no transaction of ours is open and the watermark is final.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from runtime import metrics
from schemas.progress import PROGRESS_KEY, check_state_format, decode_progress

_CALL_TIMEOUT_S = 20.0
_SILENCE_MAX_S = 60.0


class RestoreFailed(RuntimeError):
    """The changelog cannot be what the local state was made from, or it does not answer."""


@dataclass(slots=True)
class Restored:
    """New values by key (``None``: deleted), the newest progress if any, and the next changelog offset."""

    values: dict[bytes, bytes | None] = field(default_factory=dict)
    progress: dict[str, int] | None = None
    next_offset: int = 0


def restore(kafka: Mapping[str, str], changelog: str, applied: Mapping[int, int]) -> dict[int, Restored]:
    """Read the changelog partitions in ``applied`` (partition → applied offset) to their ends. Blocking."""
    consumer = Consumer(
        {
            **kafka,
            "group.id": f"restore-{uuid.uuid4()}",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
            "fetch.message.max.bytes": 4 << 20,
            "queued.max.messages.kbytes": 131_072,
            "queued.min.messages": 200_000,
            "fetch.wait.max.ms": 10,
            "fetch.queue.backoff.ms": 5,  # a full queue stops the fetcher that long: a second unless told otherwise
            "check.crcs": False,
        },
        logger=logging.getLogger("librdkafka"),
    )
    try:
        return _read(consumer, changelog, applied)
    finally:
        consumer.close()


def _read(consumer: Consumer, changelog: str, applied: Mapping[int, int]) -> dict[int, Restored]:
    result: dict[int, Restored] = {}
    assignment, ends = [], {}
    for number, offset in applied.items():
        low, high = consumer.get_watermark_offsets(TopicPartition(changelog, number), timeout=_CALL_TIMEOUT_S)
        if offset > high:
            raise RestoreFailed(
                f"local state of {changelog}[{number}] is at {offset}, ahead of the changelog's end {high}"
            )
        result[number] = Restored(next_offset=high)
        if max(offset, low) < high:
            assignment.append(TopicPartition(changelog, number, max(offset, low)))
            ends[number] = high
    consumer.assign(assignment)
    values_of: dict[int | None, dict[bytes, bytes | None]] = {
        number: restored.values for number, restored in result.items()
    }
    heard = time.monotonic()
    total = 0
    while ends:
        messages = consumer.consume(1_000, timeout=0.1)
        for message in messages:
            # The hot loop of a restore: nothing but what a record needs (bench: restore).
            key = message.key()
            if key is None:
                _note_end(message, ends)
                continue
            if key == PROGRESS_KEY:
                headers = message.headers()
                check_state_format(headers.items() if isinstance(headers, dict) else headers)
            values_of[message.partition()][key] = message.value()
        total += len(messages)
        if messages:
            heard = time.monotonic()
        elif time.monotonic() - heard > _SILENCE_MAX_S:
            raise RestoreFailed(
                f"no answer from {changelog} for {_SILENCE_MAX_S:.0f} s, still reading {ends}"
            )
    for restored in result.values():
        record = restored.values.pop(PROGRESS_KEY, None)
        if record is not None:
            restored.progress = dict(decode_progress(record).offsets)
    metrics.STREAM_RESTORED_RECORDS.inc(total)
    return result


def _note_end(message: Message, ends: dict[int, int]) -> None:
    """Take an end of partition out of ``ends``; raise any other error. No record of a changelog is without a key."""
    error = message.error()
    if error is None:
        raise RestoreFailed(
            f"a record without a key at {message.topic()}[{message.partition()}]@{message.offset()}"
        )
    if error.code() != KafkaError._PARTITION_EOF:
        raise KafkaException(error)
    number, end = message.partition(), message.offset()
    assert number is not None
    assert end is not None
    if end >= ends.get(number, 0):
        ends.pop(number, None)
