"""What every client of Kafka that lives for long is told, and how one that has fallen silent is noticed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Final

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

STAYS_IN_TOUCH: Final[Mapping[str, str]] = {
    # A client that asks for metadata in the moment in which a restarting broker is not yet back in them asks again only
    # after this time, five minutes unless told otherwise. A request every ten seconds costs nothing. (It does not heal
    # every client of librdkafka 2.16 that has lost its only broker in an orderly restart: see ``HeardEnds``.)
    "topic.metadata.refresh.interval.ms": "10000",
}

#: what clients hear of a broker that goes or has only just come back; such errors of questions are not marked retriable
_PASSING: Final = frozenset(
    {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
    }
)


def passes(error: BaseException) -> bool:
    """True for what Kafka says while a broker restarts: the same question is answered a little later."""
    return isinstance(error, KafkaException) and error.args[0].code() in _PASSING


_ANSWER_WITHIN_S: Final = 10.0
_log: Final = logging.getLogger(__name__)


class HeardEnds:
    """Where partitions end, as somebody else hears it: a new client asks every ``every_s`` seconds, from a thread.

    A consumer of librdkafka 2.16 may fall silent for good when its only broker restarts in good order. What it knows of
    the ends stands still with it, so it takes itself to have read everything. Who compares with what is heard here
    sees that it has not. What was heard counts for two rounds: a broker that does not answer is away, not silent.
    ``places``: (topic, partition) of what is to be asked for now, from any thread.
    """

    def __init__(
        self, bootstrap_servers: str, places: Callable[[], Collection[tuple[str, int]]], every_s: float = 15.0
    ) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._places = places
        self._every_s = every_s
        self._heard: dict[tuple[str, int], tuple[int, float]] = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="heard-ends", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closed.set()

    def end(self, topic: str, partition: int) -> int:
        """The end of what is committed there; 0 where it was not heard of late. Does not block."""
        end, heard_s = self._heard.get((topic, partition), (0, 0.0))
        return end if time.monotonic() - heard_s <= 2 * self._every_s else 0

    def ask(self) -> None:
        """Ask now; blocks for some seconds at most."""
        wanted = {TopicPartition(*place): OffsetSpec.latest() for place in self._places()}  # type: ignore[no-untyped-call]
        if not wanted:
            return
        client = AdminClient(
            {"bootstrap.servers": self._bootstrap_servers}, logger=logging.getLogger("librdkafka")
        )
        answers = client.list_offsets(
            wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=_ANSWER_WITHIN_S
        )
        for place, answer in answers.items():
            try:
                end = answer.result(2 * _ANSWER_WITHIN_S).offset
                self._heard[place.topic, place.partition] = (end, time.monotonic())
            except (KafkaException, TimeoutError) as error:
                _log.info("the end of %s[%s] was not heard: %s", place.topic, place.partition, error)

    def _listen(self) -> None:
        while not self._closed.wait(self._every_s):
            try:
                self.ask()
            except Exception:
                # Whatever it was, the next round may hear again; what was heard before soon counts no more.
                _log.exception("the ends of partitions could not be asked for")
