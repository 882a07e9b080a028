"""What every client of Kafka that lives for long is told, and how one that has fallen silent is noticed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from typing import Final

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

STAYS_IN_TOUCH: Final[Mapping[str, str]] = {
    # A client that asks for metadata in the moment in which a restarting broker is not yet back in them asks again only
    # after this time, five minutes unless told otherwise. A request every ten seconds costs nothing. (It does not heal
    # every client of librdkafka 2.16 that has lost its only broker in an orderly restart: see ``HeardEnds``.)
    "topic.metadata.refresh.interval.ms": "10000",
}

_ANSWER_WITHIN_S: Final = 10.0
_log: Final = logging.getLogger(__name__)


class HeardEnds:
    """Where partitions end, as somebody else hears it: a new client asks every ``every_s`` seconds, from a thread.

    A consumer of librdkafka 2.16 may fall silent for good when its only broker restarts in good order. What it knows of
    the ends stands still with it, so it takes itself to have read everything. Who compares with what is heard here
    sees that it has not. ``places``: (topic, partition) of what is to be asked for now, from any thread.
    """

    def __init__(
        self, bootstrap_servers: str, places: Callable[[], Collection[tuple[str, int]]], every_s: float = 15.0
    ) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._places = places
        self._every_s = every_s
        self._heard: dict[tuple[str, int], int] = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="heard-ends", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closed.set()

    def end(self, topic: str, partition: int) -> int:
        """The end of what is committed there, as of the last answer; 0 before there was one. Does not block."""
        return self._heard.get((topic, partition), 0)

    def ask(self) -> None:
        """Ask now; blocks for some seconds at most. Where nobody answers, what was heard before stays."""
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
                self._heard[place.topic, place.partition] = answer.result(2 * _ANSWER_WITHIN_S).offset
            except (KafkaException, TimeoutError) as error:
                _log.info("the end of %s[%s] was not heard: %s", place.topic, place.partition, error)
                return  # the others will not answer either

    def _listen(self) -> None:
        while not self._closed.wait(self._every_s):
            self.ask()
