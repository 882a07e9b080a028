"""The offline fold: the input topics put through the pure core once more, without Faust, engine or stores.

It is what everything that is stored is compared with (I2, I4). It reads topic by topic, so in another interleaving
than the stream did: that the digests agree is I6 at work.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from confluent_kafka import Message

from domain.books import Book, new_book
from domain.decide import decide, evolve
from domain.events import Source
from domain.outcomes import Duplicate, Refused
from domain.rules import Rules
from domain.validation import Refusal, parse_event
from schemas.codec import Codec
from schemas.errors import WireError
from schemas.partitioner import partition_for
from schemas.topics import Topic

Place = tuple[str, int, int]


@dataclass(slots=True)
class Folded:
    """What the inputs come to: books by customer, refused positions, and how many records went which way."""

    books: dict[str, Book] = field(default_factory=dict)
    refused: set[Place] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)


def fold_record(
    result: Folded, topic: Topic, message: Message, codec: Codec, rules: Rules, partitions: int
) -> None:
    """Fold one more record of ``topic`` into ``result``; records of a partition in their order."""
    key = message.key()
    place = (topic.name, message.partition() or 0, message.offset() or 0)
    recorded = dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(
        milliseconds=max(message.timestamp()[1], 0)
    )
    if not isinstance(key, bytes) or partition_for(key, partitions) != place[1]:
        taken = "refused"
    else:
        taken = fold_value(result.books, topic, key, message.value(), Source(*place), recorded, codec, rules)
    result.counts[taken] += 1
    if taken == "refused":
        result.refused.add(place)


def fold_value(
    books: dict[str, Book],
    topic: Topic,
    key: bytes,
    value: bytes | None,
    source: Source,
    recorded: dt.datetime,
    codec: Codec,
    rules: Rules,
) -> str:
    """Fold the bytes of one event into ``books``; returns ``applied``, ``duplicate`` or ``refused``."""
    if topic.schema is None:
        return "refused"
    try:
        event = parse_event(codec.decode(topic.schema, value), topic.kinds, key)
    except WireError:
        return "refused"
    if isinstance(event, Refusal):
        return "refused"
    book = books.setdefault(event.customer_id, new_book(event.customer_id))
    outcomes = decide(book, event, source, recorded, rules)
    if isinstance(outcomes[0], Refused):
        return "refused"
    for outcome in outcomes:
        evolve(book, outcome)
    return "duplicate" if isinstance(outcomes[0], Duplicate) else "applied"
