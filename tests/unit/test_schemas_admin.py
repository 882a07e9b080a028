from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    ClusterMetadata,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    PartitionMetadata,
    TopicMetadata,
)

from schemas import admin as admin_module
from schemas import topics
from schemas.admin import FindingKind, TopicFinding, ensure_topics, ensure_topics_with, topic_settings
from schemas.errors import TopicsTimeout

NAMES = tuple(topic.name for topic in topics.ALL)
BROKER_DEFAULTS = {"retention.bytes": "-1", "retention.ms": "604800000", "cleanup.policy": "delete"}


class InMemoryBroker:
    """Topics with their settings, answered in the client library's own types.

    ``lag`` is how often the metadata are asked for before they show a topic that was just created.
    ``rivals`` are topics that another process creates between our look and our request.
    """

    def __init__(self, *, lag: int = 0, rivals: tuple[str, ...] = ()) -> None:
        self.stored: dict[str, NewTopic] = {}
        self.lag = lag
        self.rivals = rivals
        self.unseen: dict[str, int] = {}
        self.requests: list[list[str]] = []
        self.refusal: KafkaError | None = None

    def put(self, name: str, partitions: int, replicas: int, settings: dict[str, str]) -> None:
        self.stored[name] = NewTopic(
            name, num_partitions=partitions, replication_factor=replicas, config=settings
        )

    def list_topics(self, *, timeout: float) -> ClusterMetadata:
        assert timeout > 0
        cluster = ClusterMetadata()
        for name, stored in self.stored.items():
            shown = TopicMetadata()
            shown.topic = name
            left = self.unseen.get(name, 0)
            if left:
                self.unseen[name] = left - 1
                if left % 2:
                    shown.error = KafkaError(KafkaError.LEADER_NOT_AVAILABLE)
                    cluster.topics[name] = shown
                continue
            for number in range(stored.num_partitions):
                partition = PartitionMetadata()
                partition.replicas = list(range(stored.replication_factor))
                shown.partitions[number] = partition
            cluster.topics[name] = shown
        return cluster

    def create_topics(
        self, new_topics: list[NewTopic], *, request_timeout: float
    ) -> Mapping[str, Future[None]]:
        assert request_timeout > 0
        self.requests.append([topic.topic for topic in new_topics])
        for topic in new_topics:
            if topic.topic in self.rivals:
                self.put(topic.topic, topic.num_partitions, topic.replication_factor, topic.config or {})
        return {topic.topic: self._create(topic) for topic in new_topics}

    def _create(self, topic: NewTopic) -> Future[None]:
        future: Future[None] = Future()
        if self.refusal is not None:
            future.set_exception(KafkaException(self.refusal))
        elif topic.topic in self.stored:
            future.set_exception(KafkaException(KafkaError(KafkaError.TOPIC_ALREADY_EXISTS)))
        else:
            self.stored[topic.topic] = topic
            self.unseen[topic.topic] = self.lag
            future.set_result(None)
        return future

    def describe_configs(
        self, resources: list[ConfigResource], *, request_timeout: float
    ) -> Mapping[ConfigResource, Future[Mapping[str, Any]]]:
        assert request_timeout > 0
        answers: dict[ConfigResource, Future[Mapping[str, Any]]] = {}
        for resource in resources:
            settings = BROKER_DEFAULTS | (self.stored[resource.name].config or {})
            future: Future[Mapping[str, Any]] = Future()
            future.set_result({name: ConfigEntry(name, value) for name, value in settings.items()})
            answers[resource] = future
        return answers


def standing(partitions: int = 4, replicas: int = 1) -> InMemoryBroker:
    """A broker on which all topics stand as declared."""
    broker = InMemoryBroker()
    for topic in topics.ALL:
        broker.put(topic.name, partitions, replicas, topic_settings(topic, replicas))
    return broker


def test_missing_topics_are_created_in_one_request() -> None:
    broker = InMemoryBroker()

    report = ensure_topics_with(broker, 4, 1)

    assert report.created == NAMES
    assert report.existing == ()
    assert report.ok
    assert broker.requests == [list(NAMES)]
    assert {stored.num_partitions for stored in broker.stored.values()} == {4}


def test_topics_that_stand_are_left_alone() -> None:
    broker = standing()

    report = ensure_topics_with(broker, 4, 1)

    assert (report.created, report.existing, report.findings) == ((), NAMES, ())
    assert broker.requests == []


def test_only_what_is_missing_is_created() -> None:
    broker = standing()
    del broker.stored[topics.ORDERS.name]

    report = ensure_topics_with(broker, 4, 1)

    assert report.created == (topics.ORDERS.name,)
    assert broker.requests == [[topics.ORDERS.name]]


def test_a_topic_that_another_process_creates_meanwhile_is_fine() -> None:
    broker = InMemoryBroker(rivals=(topics.ORDERS.name,))

    report = ensure_topics_with(broker, 4, 1)

    assert set(report.created) == set(NAMES) - {topics.ORDERS.name}
    assert report.existing == (topics.ORDERS.name,)
    assert report.ok


def test_created_topics_are_waited_for() -> None:
    broker = InMemoryBroker(lag=3)

    report = ensure_topics_with(broker, 4, 1, pause_s=0)

    assert report.ok
    assert set(broker.unseen.values()) == {0}


def test_topics_that_stay_invisible_are_an_error() -> None:
    broker = InMemoryBroker(lag=10**9)

    with pytest.raises(TopicsTimeout) as caught:
        ensure_topics_with(broker, 4, 1, timeout_s=0.05, pause_s=0.001)
    assert caught.value.topics == NAMES
    assert caught.value.timeout_s == 0.05


def test_a_refusal_of_the_broker_is_an_error() -> None:
    broker = InMemoryBroker()
    broker.refusal = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)

    with pytest.raises(KafkaException) as caught:
        ensure_topics_with(broker, 4, 1)
    assert caught.value.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


@pytest.mark.parametrize(
    ("topic", "partitions", "replicas", "changed", "finding"),
    [
        (topics.ORDERS, 5, 3, {}, (FindingKind.PARTITION_COUNT, "partitions", "4", "5")),
        (topics.ORDERS, 4, 2, {}, (FindingKind.REPLICATION_FACTOR, "replicas", "3", "2")),
        (
            topics.ORDERS,
            4,
            3,
            {"cleanup.policy": "compact"},
            (FindingKind.CLEANUP_POLICY, "cleanup.policy", "delete", "compact"),
        ),
        (
            topics.BOOKS_CHANGELOG,
            4,
            3,
            {"cleanup.policy": "compact,delete"},
            (FindingKind.CLEANUP_POLICY, "cleanup.policy", "compact", "compact,delete"),
        ),
        (
            topics.PAYMENTS,
            4,
            3,
            {"retention.ms": "604800000"},
            (FindingKind.RETENTION, "retention.ms", "-1", "604800000"),
        ),
        (
            topics.NOTICES,
            4,
            3,
            {"retention.ms": "-1"},
            (FindingKind.RETENTION, "retention.ms", str(400 * topics.DAY_MS), "-1"),
        ),
        (
            topics.BALANCES,
            4,
            3,
            {"retention.bytes": "1000"},
            (FindingKind.RETENTION, "retention.bytes", "-1", "1000"),
        ),
        (
            topics.BOOKS_CHANGELOG,
            4,
            3,
            {"max.message.bytes": "1048588"},
            (FindingKind.RECORD_SIZE, "max.message.bytes", "at least 67108864", "1048588"),
        ),
    ],
)
def test_what_deviates_is_a_finding(
    topic: topics.Topic,
    partitions: int,
    replicas: int,
    changed: dict[str, str],
    finding: tuple[FindingKind, str, str, str],
) -> None:
    broker = standing(replicas=3)
    broker.put(topic.name, partitions, replicas, topic_settings(topic, 3) | changed)

    report = ensure_topics_with(broker, 4, 3)

    assert report.findings == (TopicFinding(topic.name, *finding),)
    assert not report.ok


def test_a_finding_reads_as_a_sentence() -> None:
    finding = TopicFinding("tieout.orders", FindingKind.PARTITION_COUNT, "partitions", "4", "5")

    assert str(finding) == "tieout.orders: partitions is 5, declared is 4"


def test_a_changelog_keeps_the_newest_of_each_key_only() -> None:
    settings = topic_settings(topics.BOOKS_CHANGELOG, 1)

    assert settings["cleanup.policy"] == "compact"
    assert settings["min.cleanable.dirty.ratio"] == "0.3"
    assert "min.cleanable.dirty.ratio" not in topic_settings(topics.ORDERS, 1)


def test_a_dead_letter_has_room_for_the_record_that_it_holds() -> None:
    room = {topic.name: int(topic_settings(topic, 1)["max.message.bytes"]) for topic in topics.ALL}

    assert all(room[topics.DEAD_LETTERS.name] > room[topic.name] for topic in topics.INPUTS)


@pytest.mark.parametrize(("replicas", "needed"), [(1, "1"), (2, "1"), (3, "2")])
def test_one_broker_may_be_lost_where_there_are_others(replicas: int, needed: str) -> None:
    assert topic_settings(topics.ORDERS, replicas)["min.insync.replicas"] == needed


def test_the_client_gets_servers_and_security(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = standing()
    configs: list[dict[str, object]] = []

    def connect(config: dict[str, object], logger: object) -> InMemoryBroker:
        configs.append(config)
        return broker

    monkeypatch.setattr(admin_module, "AdminClient", connect)

    assert ensure_topics("kafka:9092", 4, 1, {"security.protocol": "SSL"}).existing == NAMES
    assert configs == [{"security.protocol": "SSL", "bootstrap.servers": "kafka:9092"}]
