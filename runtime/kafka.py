"""What every client of Kafka that lives for long is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

STAYS_IN_TOUCH: Final[Mapping[str, str]] = {
    # In a storm of faults, no client of librdkafka took part again after its only broker had restarted: whoever asks
    # for metadata in the moment in which a broker is not yet back in them has nobody to ask until the next time, which
    # is after five minutes unless told otherwise. A request every ten seconds costs nothing.
    "topic.metadata.refresh.interval.ms": "10000",
}
