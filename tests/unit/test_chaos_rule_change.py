"""The change of rules in the middle of a storm: it matters, and what it comes to does not depend on when it comes."""

from __future__ import annotations

import itertools

import pytest
from confluent_kafka import Message

from domain.digest import digest_of, figures
from domain.rule_sets import RulesInForce
from domain.rules import Rules
from schemas.codec import Codec
from schemas.partitioner import partition_for
from schemas.registry import FingerprintRegistry
from schemas.topics import BY_NAME, RULES
from services.cli.chaos import events, records, rule_set
from services.operations.chaos.feeder import FedRecord
from services.operations.chaos.rule_change import activation, undisturbed_digest
from services.operations.offline_fold import Folded, fold_record

BASE = Rules()
PARTITIONS = 4
COUNT = 600


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec(FingerprintRegistry())


@pytest.fixture(scope="module")
def fed(codec: Codec) -> list[FedRecord]:
    return list(itertools.islice(records(events(7), codec), COUNT))


def at_its_place(record: FedRecord, offset: int) -> Message:
    number = record.partition if record.topic == RULES.name else partition_for(record.key, PARTITIONS)
    return Message(
        topic=record.topic,
        partition=number,
        offset=offset,
        key=record.key,
        value=record.value,
        timestamp=(1, 0),
    )


@pytest.mark.parametrize("changed_after", [0, COUNT // 2, COUNT])
def test_a_change_at_any_time_comes_to_the_undisturbed_digest(
    fed: list[FedRecord], codec: Codec, changed_after: int
) -> None:
    other = rule_set(BASE)
    change = activation(other, codec, PARTITIONS)
    folded = Folded(BASE)
    for offset, record in enumerate([*fed[:changed_after], *change, *fed[changed_after:]]):
        fold_record(folded, BY_NAME[record.topic], at_its_place(record, offset), codec, PARTITIONS)
    assert [folded.rule_books[number].sets for number in range(PARTITIONS)] == [(other,)] * PARTITIONS
    digest = digest_of(row for book in folded.books.values() for row in figures(book))
    assert digest == undisturbed_digest(fed, codec, RulesInForce((other,), BASE))


def test_the_books_come_to_something_else_under_the_other_rules(fed: list[FedRecord], codec: Codec) -> None:
    other = RulesInForce((rule_set(BASE),), BASE)
    assert undisturbed_digest(fed, codec, other) != undisturbed_digest(fed, codec, RulesInForce((), BASE))
