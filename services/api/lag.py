"""How far the figures on the page are behind the sources, from offsets alone.

Records not processed: end of the input topics less the worker group's commits. Records not shown: end of
the result topics less the place that Redis reflects (the projector counts transaction markers as read, so
that this is 0 when nothing is left).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Final

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from runtime.kafka import STAYS_IN_TOUCH
from schemas.topics import INPUTS, RESULTS, Topic
from services.store.errors import LiveStoreUnavailable
from services.store.live import LiveReader
from services.web.hub import Lag

_log: Final = logging.getLogger(__name__)
_TIMEOUT_S: Final = 2.0
_KEPT_S: Final = 1.0


class KafkaLag:
    """Callable as ``ApiDependencies.lag``; asks Kafka at most once a second. Thread-safe enough: a race
    asks twice.
    """

    def __init__(self, bootstrap_servers: str, worker_group: str, partitions: int, live: LiveReader) -> None:
        self._admin = AdminClient(
            {**STAYS_IN_TOUCH, "bootstrap.servers": bootstrap_servers, "client.id": "tieout-api-lag"},
            logger=logging.getLogger("librdkafka"),
        )
        self._group = worker_group
        self._partitions = partitions
        self._live = live
        self._kept: tuple[float, Lag] | None = None

    def __call__(self) -> Lag:
        """Blocks up to a few seconds. Unknown (None) while Kafka or Redis does not answer."""
        now = time.monotonic()
        if self._kept is not None and now - self._kept[0] < _KEPT_S:
            return self._kept[1]
        try:
            lag = Lag(self._unprocessed() + self._unshown())
        except (KafkaException, LiveStoreUnavailable, TimeoutError) as error:
            _log.warning("the lag is unknown", exc_info=error)
            lag = Lag(None)
        self._kept = (time.monotonic(), lag)
        return lag

    def _unprocessed(self) -> int:
        asked = [ConsumerGroupTopicPartitions(self._group, self._places(INPUTS))]
        answer = self._admin.list_consumer_group_offsets(asked, request_timeout=_TIMEOUT_S)
        done = answer[self._group].result(_TIMEOUT_S).topic_partitions
        committed = {(place.topic, place.partition): max(0, place.offset) for place in done}
        return sum(max(0, end - committed.get(place, 0)) for place, end in self._ends(INPUTS).items())

    def _unshown(self) -> int:
        shown = self._live.projected()
        return sum(max(0, end - shown.get(place, 0)) for place, end in self._ends(RESULTS).items())

    def _places(self, topics: Sequence[Topic]) -> list[TopicPartition]:
        return [TopicPartition(topic.name, number) for topic in topics for number in range(self._partitions)]

    def _ends(self, topics: Sequence[Topic]) -> dict[tuple[str, int], int]:
        asked = {place: OffsetSpec.latest() for place in self._places(topics)}  # type: ignore[no-untyped-call]
        futures = self._admin.list_offsets(asked, request_timeout=_TIMEOUT_S)
        return {
            (place.topic, place.partition): future.result(_TIMEOUT_S).offset
            for place, future in futures.items()
        }
