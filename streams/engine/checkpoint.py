"""A checkpoint and the transactional producer that commits it.

One transaction holds the changed state values, the outputs, and last the progress record under its reserved key
in the same changelog partition. So state, outputs and progress are one consistent prefix of the inputs.
``transactional.id`` is the app and partition number: a new owner fences the old one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.admin import CHANGELOG_MAX_BYTES
from schemas.progress import PROGRESS_KEY, STATE_HEADERS, Progress, encode_progress

log = logging.getLogger(__name__)
TRANSACTION_TIMEOUT_MS = 30_000
_CALL_TIMEOUT_S = 20.0
_CONNECTED_WITHIN_S = 1.0
#: with one connected client after the other: an answer takes some milliseconds, under load more
_PATIENCE_S = (0.05, 0.1, 0.15, 0.2, 0.3)
_ABORTS_MAX = 5
_FENCED = frozenset(
    {
        KafkaError._FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_ID_MAPPING,
    }
)


class OutcomeUnknown(RuntimeError):
    """The broker was asked to commit, did not answer, and then refused: it may have committed before.

    A retry from the snapshot could write everything twice. The next owner reads in the log what became of it.
    """


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What one transaction commits. ``progress``: source topic → next offset."""

    partition: int
    values: list[tuple[bytes, bytes | None]]
    outputs: list[tuple[str, bytes | None, bytes]]
    progress: dict[str, int]


def is_fenced(error: KafkaException) -> bool:
    """True when another producer with our transactional id has taken over."""
    return error.args[0].code() in _FENCED


def fencing_producer(config: dict[str, Any], changelog: str) -> Producer:
    """A producer that has fenced any previous owner of its ``transactional.id``. Blocking.

    Where no broker is connected yet, or the coordinator is still aborting what a killed owner left open,
    ``init_transactions`` of librdkafka asks again only after half a second. So a client is connected first, and one
    that is not answered at once gives way to a new one, which asks at once. The last has time, and its error is raised.
    """
    for patience_s in _PATIENCE_S:
        producer = Producer(config, logger=logging.getLogger("librdkafka"))
        try:
            producer.list_topics(changelog, timeout=_CONNECTED_WITHIN_S)
            producer.init_transactions(patience_s)
            return producer
        except KafkaException as error:
            log.debug("%s is not fenced yet: %s", config["transactional.id"], error)
    producer = Producer(config, logger=logging.getLogger("librdkafka"))
    producer.init_transactions(_CALL_TIMEOUT_S)
    return producer


class Committer:
    """The transactional producer of one partition number. Blocking; used from one thread at a time."""

    def __init__(self, kafka: Mapping[str, str], transactional_id: str, changelog: str) -> None:
        """Fences any previous owner of ``transactional_id`` and aborts what it left open."""
        self._changelog = changelog
        self._producer = fencing_producer(
            {
                **kafka,
                "transactional.id": transactional_id,
                "transaction.timeout.ms": TRANSACTION_TIMEOUT_MS,
                "linger.ms": 1,
                "compression.type": "lz4",
                "queue.buffering.max.messages": 1_000_000,
                "message.max.bytes": CHANGELOG_MAX_BYTES,
                "log_level": 2,
            },
            changelog,
        )

    def commit(self, checkpoint: Checkpoint) -> int:
        """Commit ``checkpoint`` and return the changelog offset after it.

        An abortable error is retried from the same snapshot, a bounded number of times; a fencing or fatal
        error is raised as ``KafkaException``, one that leaves the outcome open as ``OutcomeUnknown``.
        """
        for _ in range(_ABORTS_MAX):
            try:
                return self._attempt(checkpoint)
            except KafkaException as error:
                reason = error.args[0]
                if is_fenced(error) or reason.fatal() or not reason.txn_requires_abort():
                    raise
                last = error
                self._producer.abort_transaction(_CALL_TIMEOUT_S)
        raise last

    def _attempt(self, checkpoint: Checkpoint) -> int:
        producer = self._producer
        producer.begin_transaction()
        produce = producer.produce
        number = checkpoint.partition
        for key, value in checkpoint.values:
            produce(self._changelog, key=key, value=value, partition=number)
        for topic, out_key, out_value in checkpoint.outputs:
            produce(topic, key=out_key, value=out_value, partition=number)
        next_offset = -1

        def delivered(error: KafkaError | None, message: Message) -> None:
            nonlocal next_offset
            if error is None:
                offset = message.offset()
                assert offset is not None
                next_offset = offset + 1

        progress = encode_progress(Progress(checkpoint.progress))
        produce(
            self._changelog,
            key=PROGRESS_KEY,
            value=progress,
            partition=number,
            headers=list(STATE_HEADERS),
            on_delivery=delivered,
        )
        asked = False
        while True:
            try:
                # Waits for every record's delivery; one that failed makes the transaction abortable.
                producer.commit_transaction(_CALL_TIMEOUT_S)
                break
            except KafkaException as error:
                reason = error.args[0]
                if asked and reason.txn_requires_abort():
                    raise OutcomeUnknown(str(reason)) from error
                if not reason.retriable():
                    raise
                asked = True
        assert next_offset > 0, "a committed transaction has delivered its progress record"
        return next_offset
