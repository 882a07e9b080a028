"""What every client of Kafka that lives for long is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

STAYS_IN_TOUCH: Final[Mapping[str, str]] = {
    # A client that asks for metadata in the moment in which a restarting broker is not yet back in them asks again only
    # after this time, five minutes unless told otherwise. A request every ten seconds costs nothing. (It does not heal
    # every client of librdkafka 2.16 that has lost its only broker in an orderly restart; some stay silent for longer.)
    "topic.metadata.refresh.interval.ms": "10000",
}
