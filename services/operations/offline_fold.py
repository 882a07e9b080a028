"""The offline fold: the input topics put through the pure core once more, without Faust, engine or stores.

It is what everything that is stored is compared with (I2, I4). It reads topic by topic, so in another interleaving
than the stream did: that the digests agree is I6 at work.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from confluent_kafka import Message

from domain.books import Book, new_book
from domain.decide import decide, decide_again, evolve
from domain.events import Source
from domain.outcomes import Duplicate, Refused
from domain.rule_changes import RuleBook, parse_rule_change
from domain.rule_sets import RulesInForce
from domain.rules import Rules, RulesByDate
from domain.validation import Refusal, parse_event
from schemas.codec import Codec
from schemas.errors import WireError
from schemas.partitioner import partition_for
from schemas.topics import RULES, Topic

Place = tuple[str, int, int]


@dataclass(slots=True)
class Folded:
    """What the inputs come to: books by customer, rule sets by partition, refused positions, and how many records went
    which way. ``base``: the rules where no rule set says anything.
    """

    base: Rules
    books: dict[str, Book] = field(default_factory=dict)
    rule_books: dict[int, RuleBook] = field(default_factory=dict)
    refused: set[Place] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    _in_force: dict[int, RulesInForce] = field(default_factory=dict)

    def in_force(self, partition: int) -> RulesInForce:
        """The rules that a partition is under."""
        found = self._in_force.get(partition)
        if found is None:
            sets = self.rule_books.get(partition, RuleBook()).sets
            found = self._in_force[partition] = RulesInForce(sets, self.base)
        return found

    def change_rules(self, partition: int, after: RuleBook) -> None:
        """Put the partition under other rule sets."""
        self.rule_books[partition] = after
        self._in_force.pop(partition, None)


def fold_record(result: Folded, topic: Topic, message: Message, codec: Codec, partitions: int) -> set[str]:
    """Fold one more record of ``topic`` into ``result``; records of a partition in their order. Returns whose books
    it can have changed.
    """
    key = message.key()
    place = (topic.name, message.partition() or 0, message.offset() or 0)
    touched: set[str] = set()
    if topic == RULES:
        taken = _fold_rules(result, place[1], message.value(), codec, partitions, touched)
    elif not isinstance(key, bytes) or partition_for(key, partitions) != place[1]:
        taken = "refused"
    else:
        recorded = dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(
            milliseconds=max(message.timestamp()[1], 0)
        )
        customer = key.decode(errors="replace")
        touched.add(customer)
        rules = result.in_force(place[1]).of(customer)
        taken = fold_value(result.books, topic, key, message.value(), Source(*place), recorded, codec, rules)
    result.counts[taken] += 1
    if taken == "refused":
        result.refused.add(place)
    return touched


def _fold_rules(
    result: Folded, partition: int, value: bytes | None, codec: Codec, partitions: int, touched: set[str]
) -> str:
    assert RULES.schema is not None
    try:
        change = parse_rule_change(codec.decode(RULES.schema, value))
    except WireError:
        return "refused"
    if isinstance(change, Refusal):
        return "refused"
    before = result.rule_books.get(partition, RuleBook())
    after = before.after(change)
    if isinstance(after, Refusal):
        return "refused"
    if after == before:
        return "duplicate"
    result.change_rules(partition, after)
    whom = change.rule_set.whom()
    for customer in _customers_of(result, partition, partitions):
        if whom is None or customer in whom:
            book = result.books[customer]
            for outcome in decide_again(book, result.in_force(partition).of(customer)):
                evolve(book, outcome)
            touched.add(customer)
    return "applied"


def _customers_of(result: Folded, partition: int, partitions: int) -> Iterator[str]:
    return (name for name in result.books if partition_for(name.encode(), partitions) == partition)


def fold_value(
    books: dict[str, Book],
    topic: Topic,
    key: bytes,
    value: bytes | None,
    source: Source,
    recorded: dt.datetime,
    codec: Codec,
    rules: RulesByDate,
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
