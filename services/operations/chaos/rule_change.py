"""Other rules in the middle of the storm, and what the events come to where those held from the beginning.

That both come to the same is I6 at work: when a change of the rules was put into force, before which event and between
which faults, must not be seen in the books (ADR 0016).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

import msgspec

from domain.books import Book
from domain.digest import digest_of, figures
from domain.events import Source
from domain.rule_changes import event_of
from domain.rule_sets import FIRST_VERSION, RuleSet, RulesInForce, read_rule_set
from domain.rules import Rules
from schemas.codec import Codec
from schemas.topics import BY_NAME, RULES
from services.operations.chaos.feeder import FedRecord
from services.operations.offline_fold import fold_value

#: what a quarter of the simulated accounts come to other figures under: short payments that are accepted, repeated
#: ones that are taken for what they are, later due dates
_OTHER: Final = {"tolerance_ppm": 200_000, "duplicate_window_days": 0, "terms_days": 60}
_EPOCH: Final = dt.datetime.fromtimestamp(0, dt.UTC)


def other_rules(base: Rules, effective_from: dt.date) -> RuleSet:
    """A rule set for everyone."""
    content = {"name": "chaos", "effective_from": effective_from, "rules": _OTHER}
    return read_rule_set(content, base, FIRST_VERSION)


def activation(rule_set: RuleSet, codec: Codec, partitions: int) -> list[FedRecord]:
    """The event that puts ``rule_set`` into force, for every partition, as the desk posts it."""
    assert RULES.schema is not None
    event = event_of(
        rule_set, retires=False, proposed_by="chaos", approved_by="seed", occurred_at=_EPOCH + dt.timedelta(1)
    )
    value = codec.encode(RULES.schema, msgspec.to_builtins(event, builtin_types=(dt.date, dt.datetime)))
    key = str(rule_set.version).encode()
    return [FedRecord(RULES.name, key, value, number) for number in range(partitions)]


def undisturbed_digest(fed: Iterable[FedRecord], codec: Codec, in_force: RulesInForce) -> str:
    """What the records come to where there is no Kafka, no process and no fault, and where the rules never change:
    folded here, in order.
    """
    books: dict[str, Book] = {}
    for number, record in enumerate(fed):
        source = Source(record.topic, 0, number)
        rules = in_force.of(record.key.decode())
        fold_value(books, BY_NAME[record.topic], record.key, record.value, source, _EPOCH, codec, rules)
    return digest_of(row for book in books.values() for row in figures(book))
